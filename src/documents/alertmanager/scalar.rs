//! Single values as Go's YAML reads them into a type.

use serde_json::Value;

use crate::documents::value::{Resolved, resolve};
use crate::documents::yaml::{Kind, Node};
use crate::golang::quote;
use crate::time::Duration;

/// YAML 1.1's booleans, unquoted.
pub fn flag(node: &Node) -> Option<bool> {
    match resolved(node) {
        Resolved::Bool(flag) => Some(flag),
        _ => None,
    }
}

/// A whole number, unquoted. A fraction is cut off, as Go's YAML does.
pub fn number(node: &Node) -> Option<i64> {
    match resolved(node) {
        Resolved::Integer(number) => i64::try_from(number).ok(),
        Resolved::Float(number) if number.abs() < i64::MAX as f64 => Some(number as i64),
        _ => None,
    }
}

fn resolved(node: &Node) -> Resolved {
    match &node.kind {
        Kind::Scalar(scalar) if scalar.plain => resolve(&scalar.text),
        _ => Resolved::Text,
    }
}

/// The value as JSON would have it, types guessed as YAML 1.1 does.
pub fn json(node: &Node) -> Value {
    match &node.kind {
        Kind::Null => Value::Null,
        Kind::Scalar(scalar) => match resolved(node) {
            Resolved::Bool(flag) => Value::Bool(flag),
            Resolved::Integer(_) => number(node).map_or(Value::Null, Value::from),
            Resolved::Float(number) => {
                serde_json::Number::from_f64(number).map_or(Value::Null, Value::Number)
            }
            Resolved::Text => Value::String(scalar.text.clone()),
        },
        Kind::Sequence(items) => Value::Array(items.iter().map(json).collect()),
        Kind::Mapping(entries) => {
            let mut entries: Vec<(String, Value)> = entries
                .iter()
                .map(|(name, value)| (name.scalar().unwrap_or_default().to_owned(), json(value)))
                .collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(entries.into_iter().collect())
        }
    }
}

/// Go's `time.ParseDuration`, whole milliseconds kept.
pub fn go_duration(text: &str) -> Result<Duration, String> {
    let invalid = || format!("time: invalid duration {}", quote(text));
    let (sign, mut rest) = match text.as_bytes().first() {
        Some(b'-') => (-1.0, &text[1..]),
        Some(b'+') => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut milliseconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let unit_length = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_length);
        let number: f64 = number.parse().map_err(|_| invalid())?;
        let scale = match unit {
            "ns" => 1e-6,
            "us" | "µs" | "μs" => 1e-3,
            "ms" => 1.0,
            "s" => 1e3,
            "m" => 60e3,
            "h" => 3600e3,
            "" => return Err(format!("time: missing unit in duration {}", quote(text))),
            unit => {
                return Err(format!("time: unknown unit {} in duration {}", quote(unit), quote(text)));
            }
        };
        milliseconds += number * scale;
        rest = after;
    }
    // Go counts nanoseconds in 64 bits.
    if milliseconds > i64::MAX as f64 / 1e6 {
        return Err(invalid());
    }
    Ok(Duration((sign * milliseconds) as i64))
}

/// A bare number is nanoseconds to Go's YAML.
pub fn go_duration_node(node: &Node, text: &str) -> Result<Duration, String> {
    match (number(node), text) {
        (Some(nanoseconds), text) if !text.contains('.') => Ok(Duration(nanoseconds / 1_000_000)),
        _ => go_duration(text),
    }
}

/// Refuses what Alertmanager refuses as a URL to send to.
pub fn url(text: &str) -> Result<(), String> {
    // How the API prints a URL that it hides; reading it back is allowed.
    if text == "<secret>" {
        return Ok(());
    }
    let (scheme, host) = parse_url(text)?;
    match scheme.as_str() {
        "http" | "https" if host.is_empty() => Err("missing host for URL".into()),
        "http" | "https" => Ok(()),
        _ => Err(format!("unsupported scheme {} for URL", quote(&scheme))),
    }
}

/// Scheme and host, refused where Go's `url.Parse` refuses.
pub fn parse_url(text: &str) -> Result<(String, &str), String> {
    crate::golang::url::check(text).map_err(|reason| format!("parse {}: {reason}", quote(text)))?;
    let text = text.split('#').next().unwrap_or_default();
    let (scheme, rest) = match text.split(['/', '?']).next().unwrap_or_default().split_once(':') {
        Some((scheme, _)) => (scheme, &text[scheme.len() + 1..]),
        None => ("", text),
    };
    let authority =
        rest.strip_prefix("//").and_then(|rest| rest.split(['/', '?']).next()).unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    Ok((scheme.to_lowercase(), host))
}

/// `host:port`, neither split nor looked up here.
pub fn host_port(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Ok(());
    }
    let address = |reason: &str| Err(format!("address {text}: {reason}"));
    let port = if let Some(rest) = text.strip_prefix('[') {
        match rest.split_once(']') {
            None => return address("missing ']' in address"),
            Some((_, port)) => match port.strip_prefix(':') {
                Some(port) => port,
                None => return address("missing port in address"),
            },
        }
    } else {
        match text.split_once(':') {
            None => return address("missing port in address"),
            Some((_, port)) if port.contains(':') => return address("too many colons in address"),
            Some((_, port)) => port,
        }
    };
    match port.is_empty() {
        true => Err(format!("address {}: port cannot be empty", quote(text))),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_refused_in_gos_words() {
        for (text, expected) in [
            ("http://localhost:9093/x?y={{z}}", Ok(())),
            ("https://user:pass@example.com", Ok(())),
            ("http://[::1]:80/", Ok(())),
            ("example.com/hook", Err("unsupported scheme \"\" for URL")),
            ("localhost:8080", Err("unsupported scheme \"localhost\" for URL")),
            ("ftp://example.com", Err("unsupported scheme \"ftp\" for URL")),
            ("http://", Err("missing host for URL")),
            ("http:/x", Err("missing host for URL")),
            ("://x", Err("parse \"://x\": missing protocol scheme")),
            ("http://h:port/", Err("parse \"http://h:port/\": invalid port \":port\" after host")),
            ("http://h/%zz", Err("parse \"http://h/%zz\": invalid URL escape \"%zz\"")),
        ] {
            assert_eq!(url(text), expected.map_err(str::to_owned), "{text}");
        }
    }

    #[test]
    fn a_smarthost_needs_a_port() {
        for (text, expected) in [
            ("smtp.example.com:587", Ok(())),
            ("[::1]:25", Ok(())),
            ("smtp.example.com", Err("address smtp.example.com: missing port in address")),
            ("smtp.example.com:", Err("address \"smtp.example.com:\": port cannot be empty")),
            ("a:b:c", Err("address a:b:c: too many colons in address")),
        ] {
            assert_eq!(host_port(text), expected.map_err(str::to_owned), "{text}");
        }
    }

    #[test]
    fn gos_durations_have_fractions_and_no_days() {
        for (text, expected) in [
            ("1h30m", Ok(5_400_000)),
            ("1.5s", Ok(1500)),
            ("-2ms", Ok(-2)),
            ("0", Ok(0)),
            ("5", Err("time: missing unit in duration \"5\"")),
            ("1d", Err("time: unknown unit \"d\" in duration \"1d\"")),
            ("", Err("time: invalid duration \"\"")),
        ] {
            assert_eq!(go_duration(text).map(|d| d.0), expected.map_err(str::to_owned), "{text}");
        }
    }
}
