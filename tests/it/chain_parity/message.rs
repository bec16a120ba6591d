//! What a receiver got, with its instants as seconds of the play, so that two plays can be compared.

use serde_json::Value;

/// One message: when, where, what.
#[derive(Clone, Debug)]
pub struct Message {
    pub at: f64,
    pub path: String,
    pub body: Value,
}

/// Why two messages are not the same, if they aren't. `zero` is the instant at which each play began, in milliseconds.
pub fn difference(real: (&Value, i64), twin: (&Value, i64), tolerance: f64) -> Option<String> {
    differ(real, twin, tolerance, "")
}

fn differ(real: (&Value, i64), twin: (&Value, i64), tolerance: f64, path: &str) -> Option<String> {
    match (real.0, twin.0) {
        (Value::Object(a), Value::Object(b)) => {
            let mut names: Vec<&String> = a.keys().chain(b.keys()).collect();
            names.sort();
            names.dedup();
            names.into_iter().find_map(|name| {
                let null = Value::Null;
                let (a, b) = (a.get(name).unwrap_or(&null), b.get(name).unwrap_or(&null));
                differ((a, real.1), (b, twin.1), tolerance, &format!("{path}.{name}"))
            })
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let pairs = a.iter().zip(b).enumerate();
            pairs
                .map(|(at, (a, b))| differ((a, real.1), (b, twin.1), tolerance, &format!("{path}[{at}]")))
                .find_map(|difference| difference)
        }
        (a, b) if a == b => None,
        (a, b) => {
            let near = |(a, b): (f64, f64)| (a - b).abs() <= tolerance;
            let instants = seconds(a, real.1).zip(seconds(b, twin.1));
            (!instants.is_some_and(near)).then(|| format!("{path} is {a}, in the twin {b}"))
        }
    }
}

/// The seconds since `zero` of a text that is an instant.
fn seconds(value: &Value, zero: i64) -> Option<f64> {
    let at: jiff::Timestamp = value.as_str()?.parse().ok()?;
    let since = at.as_millisecond() - zero;
    // The zero time says "none", and is as far from any play as can be.
    Some(since as f64 / 1000.0)
}
