//! Single values as Go's YAML reads them into a type.

use serde_json::Value;

use crate::documents::yaml::{Kind, Node};
use crate::golang::quote;
use crate::time::Duration;

/// YAML 1.1's booleans, unquoted.
pub fn flag(node: &Node) -> Option<bool> {
    match plain(node)? {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "true" | "True" | "TRUE" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" | "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// A whole number, unquoted: decimal, `0x`, `0o` or a leading 0, `0b`, with `_` between digits. A fraction is
/// cut off, as Go's YAML does.
pub fn number(node: &Node) -> Option<i64> {
    let text = plain(node)?.replace('_', "");
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(&text)),
    };
    let radix =
        |prefix: &str, radix| digits.strip_prefix(prefix).and_then(|d| i64::from_str_radix(d, radix).ok());
    let octal = || match digits.len() > 1 && digits.starts_with('0') {
        true => i64::from_str_radix(digits, 8).ok(),
        false => None,
    };
    let value = radix("0x", 16)
        .or_else(|| radix("0o", 8))
        .or_else(|| radix("0b", 2))
        .or_else(octal)
        .or_else(|| digits.parse::<i64>().ok());
    match value {
        Some(value) => Some(sign * value),
        None => float(&text).filter(|value| value.abs() < i64::MAX as f64).map(|value| value as i64),
    }
}

fn float(text: &str) -> Option<f64> {
    let number_like =
        text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
    (number_like && text.bytes().any(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

fn plain(node: &Node) -> Option<&str> {
    match &node.kind {
        Kind::Scalar(scalar) if scalar.plain => Some(&scalar.text),
        _ => None,
    }
}

/// The value as JSON would have it, types guessed as YAML 1.1 does.
pub fn json(node: &Node) -> Value {
    match &node.kind {
        Kind::Null => Value::Null,
        Kind::Scalar(scalar) => {
            if let Some(flag) = flag(node) {
                return Value::Bool(flag);
            }
            match (plain(node).and_then(float), number(node)) {
                (Some(value), _) if value.fract() != 0.0 => {
                    serde_json::Number::from_f64(value).map_or(Value::Null, Value::Number)
                }
                (_, Some(number)) => Value::Number(number.into()),
                _ => Value::String(scalar.text.clone()),
            }
        }
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
    let refuse = |reason: String| Err(format!("parse {}: {reason}", quote(text)));
    if text.chars().any(|c| c < ' ' || c == '\x7f') {
        return refuse("net/url: invalid control character in URL".into());
    }
    let text_before_fragment = text.split('#').next().unwrap_or_default();
    let first_segment = text_before_fragment.split(['/', '?']).next().unwrap_or_default();
    let (scheme, rest) = match first_segment.split_once(':') {
        None => ("", text_before_fragment),
        Some(("", _)) => return refuse("missing protocol scheme".into()),
        Some((scheme, _)) => {
            let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
            if !is_scheme {
                return refuse("first path segment in URL cannot contain colon".into());
            }
            (scheme, &text_before_fragment[scheme.len() + 1..])
        }
    };
    let before_query = rest.split('?').next().unwrap_or_default();
    let authority =
        before_query.strip_prefix("//").map_or("", |rest| rest.split('/').next().unwrap_or_default());
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let mut escapes = before_query.match_indices('%');
    if let Some((at, _)) = escapes.find(|(at, _)| {
        let digits = before_query.as_bytes().get(at + 1..at + 3);
        !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    }) {
        let bad: String = before_query[at..].chars().take(3).collect();
        return refuse(format!("invalid URL escape {}", quote(&bad)));
    }
    let after_brackets = host.rsplit_once(']').map_or(host, |(_, port)| port);
    if let Some((_, port)) = after_brackets.split_once(':')
        && !port.bytes().all(|byte| byte.is_ascii_digit())
    {
        return refuse(format!("invalid port {} after host", quote(&format!(":{port}"))));
    }
    if let Some(c) = host.chars().find(|c| " <>\"{}\\^`|".contains(*c)) {
        return refuse(format!("invalid character {} in host name", quote(&c.to_string())));
    }
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
