//! Numbers for people, as the template functions of Prometheus and Alertmanager write them.

use crate::golang::template::Value;
use crate::golang::template::value::{IntKind, StrKind};
use crate::golang::time::GoTime;
use crate::golang::{FloatFormat, format_float, parse_float};

/// A number, a text with a number or a duration (in seconds) as a float.
pub fn to_float(value: &Value) -> Result<f64, String> {
    match value {
        Value::Float(number) => Ok(*number),
        Value::Int(nanoseconds, IntKind::Duration) => {
            const SECOND: i64 = 1_000_000_000;
            Ok((nanoseconds / SECOND) as f64 + (nanoseconds % SECOND) as f64 / SECOND as f64)
        }
        Value::Int(number, IntKind::Int | IntKind::Int64) => Ok(*number as f64),
        Value::Str(text, StrKind::Plain) => parse_float(text).map_err(|error| error.to_string()),
        value => Err(format!("can't convert {} to float", value.type_name())),
    }
}

/// Go's `%.4g`.
fn four_digits(number: f64) -> String {
    format_float(number, FloatFormat::General, Some(4))
}

const LARGE: [&str; 8] = ["k", "M", "G", "T", "P", "E", "Z", "Y"];
const LARGE_BINARY: [&str; 8] = ["ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"];
const SMALL: [&str; 8] = ["m", "u", "n", "p", "f", "a", "z", "y"];

/// The number divided until it is less than `base`, and the prefix for that.
fn shrunk(mut number: f64, base: f64, prefixes: [&'static str; 8]) -> (f64, &'static str) {
    let mut prefix = "";
    for next in prefixes {
        if number.abs() < base {
            break;
        }
        prefix = next;
        number /= base;
    }
    (number, prefix)
}

fn grown(mut number: f64) -> (f64, &'static str) {
    let mut prefix = "";
    for next in SMALL {
        if number.abs() >= 1.0 {
            break;
        }
        prefix = next;
        number *= 1000.0;
    }
    (number, prefix)
}

/// `humanize`: 1234567 → `1.235M`.
pub fn humanize(value: &Value) -> Result<String, String> {
    let number = to_float(value)?;
    if number == 0.0 || !number.is_finite() {
        return Ok(four_digits(number));
    }
    let (number, prefix) = if number.abs() >= 1.0 { shrunk(number, 1000.0, LARGE) } else { grown(number) };
    Ok(four_digits(number) + prefix)
}

/// `humanize1024`: 2048 → `2ki`.
pub fn humanize_1024(value: &Value) -> Result<String, String> {
    let number = to_float(value)?;
    if number.abs() <= 1.0 || !number.is_finite() {
        return Ok(four_digits(number));
    }
    let (number, prefix) = shrunk(number, 1024.0, LARGE_BINARY);
    Ok(four_digits(number) + prefix)
}

/// `humanizePercentage`: 0.05 → `5%`.
pub fn humanize_percentage(value: &Value) -> Result<String, String> {
    Ok(format!("{}%", four_digits(to_float(value)? * 100.0)))
}

/// `humanizeDuration`: 3661 seconds → `1h 1m 1s`.
pub fn humanize_duration(value: &Value) -> Result<String, String> {
    let number = to_float(value)?;
    if !number.is_finite() {
        return Ok(four_digits(number));
    }
    if number == 0.0 {
        return Ok(four_digits(number) + "s");
    }
    if number.abs() < 1.0 {
        let (number, prefix) = grown(number);
        return Ok(format!("{}{prefix}s", four_digits(number)));
    }
    let (sign, number) = if number < 0.0 { ("-", -number) } else { ("", number) };
    // A number that no integer holds becomes the smallest one, as the processor that Go runs on has it.
    let whole = if number >= 9.223_372_036_854_776e18 { i64::MIN } else { number as i64 };
    let (days, hours, minutes, seconds) = (whole / 86_400, whole / 3600 % 24, whole / 60 % 60, whole % 60);
    Ok(match (days, hours, minutes) {
        (0, 0, 0) => format!("{sign}{}s", four_digits(number)),
        (0, 0, _) => format!("{sign}{minutes}m {seconds}s"),
        (0, ..) => format!("{sign}{hours}h {minutes}m {seconds}s"),
        _ => format!("{sign}{days}d {hours}h {minutes}m {seconds}s"),
    })
}

/// `humanizeTimestamp`: seconds since the epoch as a date and time in UTC.
pub fn humanize_timestamp(value: &Value) -> Result<String, String> {
    let number = to_float(value)?;
    match number.is_finite() {
        true => to_time(number).map(|time| time.to_string()),
        false => Ok(four_digits(number)),
    }
}

/// The instant so many seconds after the epoch, to the millisecond.
pub fn to_time(seconds: f64) -> Result<GoTime, String> {
    if !seconds.is_finite() {
        return Err("value is NaN or Inf".into());
    }
    let nanoseconds = seconds * 1e9;
    if nanoseconds > i64::MAX as f64 || nanoseconds < i64::MIN as f64 {
        let shown = format_float(seconds, FloatFormat::General, None);
        return Err(format!(
            "{shown} cannot be represented as a nanoseconds timestamp since it overflows int64"
        ));
    }
    Ok(GoTime::from_milliseconds(nanoseconds as i64 / 1_000_000))
}

/// Go's `strings.Title`: every letter that follows no letter, digit or underscore in upper case.
pub fn title_by_letter(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut previous = ' ';
    for c in text.chars() {
        let is_start = match previous {
            c if c.is_ascii() => !(c.is_ascii_alphanumeric() || c == '_'),
            c if c.is_alphanumeric() => false,
            c => c.is_whitespace(),
        };
        if is_start {
            push_title(&mut out, c)
        } else {
            out.push(c)
        }
        previous = c;
    }
    out
}

/// What `cases.Title` makes of a text: the first letter of every word in upper case, the rest in lower case unless
/// `keeps_case`. An apostrophe or a full stop between letters doesn't end a word.
pub fn title_by_word(text: &str, keeps_case: bool) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut is_inside = false;
    for (at, c) in characters.iter().enumerate() {
        let next_is = |test: fn(char) -> bool| characters.get(at + 1).is_some_and(|c| test(*c));
        let previous = at.checked_sub(1).map(|at| characters[at]);
        let is_joint = match c {
            '\'' | '.' | ':' | '·' | '’' | '‘' | '․' => {
                previous.is_some_and(char::is_alphabetic) && next_is(char::is_alphabetic)
            }
            '_' => true,
            _ => false,
        };
        match c {
            c if c.is_alphabetic() && !is_inside => {
                push_title(&mut out, *c);
                is_inside = true;
            }
            c if c.is_alphabetic() => match keeps_case {
                true => out.push(*c),
                false => out.extend(c.to_lowercase()),
            },
            c => {
                is_inside &= is_joint || c.is_numeric();
                out.push(*c);
            }
        }
    }
    out
}

fn push_title(out: &mut String, c: char) {
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(only), None) => out.push(only),
        // One letter that is two in upper case: only the first of them stands for it in a title.
        (Some(first), Some(_)) => {
            out.push(first);
            out.extend(upper_rest(c));
        }
        _ => out.push(c),
    }
}

fn upper_rest(c: char) -> impl Iterator<Item = char> {
    c.to_uppercase().skip(1).flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_humanized_as_in_prometheus() {
        for (number, plain, binary, duration, percentage) in [
            (0.0, "0", "0", "0s", "0%"),
            (1.0, "1", "1", "1s", "100%"),
            (1234567.0, "1.235M", "1.177Mi", "14d 6h 56m 7s", "1.235e+08%"),
            (0.00123, "1.23m", "0.00123", "1.23ms", "0.123%"),
            (-3661.5, "-3.662k", "-3.576ki", "-1h 1m 1s", "-3.662e+05%"),
            (f64::INFINITY, "+Inf", "+Inf", "+Inf", "+Inf%"),
            (59.994, "59.99", "59.99", "59.99s", "5999%"),
            (1e30, "1e+06Y", "8.272e+05Yi", "-106751991167300d -15h -30m -8s", "1e+32%"),
        ] {
            let value = Value::Float(number);
            assert_eq!(humanize(&value).as_deref(), Ok(plain));
            assert_eq!(humanize_1024(&value).as_deref(), Ok(binary));
            assert_eq!(humanize_duration(&value).as_deref(), Ok(duration));
            assert_eq!(humanize_percentage(&value).as_deref(), Ok(percentage));
        }
    }

    #[test]
    fn titles_begin_words_in_upper_case() {
        for (text, by_letter, by_word) in [
            ("hello wORLD", "Hello WORLD", "Hello World"),
            ("it's foo-bar", "It'S Foo-Bar", "It's Foo-Bar"),
            ("foo_bar a.b", "Foo_bar A.B", "Foo_bar A.b"),
            ("élan", "Élan", "Élan"),
        ] {
            assert_eq!(title_by_letter(text), by_letter);
            assert_eq!(title_by_word(text, false), by_word);
        }
    }
}
