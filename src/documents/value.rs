//! Typed values out of YAML nodes, as Go's YAML decoder takes them: what all readers of files share.
//!
//! Each function gives the value, or pushes one diagnostic with what was wanted and what was got, and
//! gives `None`. Words such as `on` are booleans only where a boolean is wanted, so that a label value
//! `on` stays text.

use std::ops::RangeInclusive;

use regex::Regex;

use super::yaml::{Kind, Node, Scalar, wrong_type};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::golang;
use crate::time::{Duration, Timestamp};

/// What Go's decoder takes a plain scalar for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Resolved {
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text,
}

/// Any single value is a string: numbers and booleans as they are written.
pub fn string(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Spanned<String>> {
    match &node.kind {
        Kind::Scalar(scalar) => Some(Spanned::new(scalar.text.clone(), node.span.clone())),
        Kind::Null => Some(Spanned::new(String::new(), node.span.clone())),
        _ => fail(problems, wrong_type(node, "text")),
    }
}

/// A string that may not be empty; `what` names it ("a job name").
pub fn filled(node: &Node, what: &str, problems: &mut Vec<Diagnostic>) -> Option<Spanned<String>> {
    let text = string(node, problems)?;
    if text.value.is_empty() {
        return fail(
            problems,
            Diagnostic::error("empty-value", format!("{what} may not be empty"))
                .at(&node.span)
                .label("empty"),
        );
    }
    Some(text)
}

/// A string that no message may show.
pub fn secret(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Spanned<String>> {
    node.span.conceal();
    string(node, problems)
}

pub fn boolean(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<bool> {
    match plain(node).map(resolve) {
        Some(Resolved::Bool(value)) => Some(value),
        _ => fail(problems, unquoted(node, "true or false")),
    }
}

/// A whole number within a range; as in Go, `1e3` and `1.5` are taken for 1000 and 1.
pub fn integer(node: &Node, range: RangeInclusive<i64>, problems: &mut Vec<Diagnostic>) -> Option<i64> {
    let got = match plain(node).map(resolve) {
        Some(Resolved::Integer(value)) => Some(value),
        Some(Resolved::Float(value)) if value.is_finite() => Some(value as i128),
        _ => None,
    };
    match got.map(i64::try_from) {
        Some(Ok(value)) if range.contains(&value) => Some(value),
        Some(_) if *range.end() == i64::MAX => fail(
            problems,
            Diagnostic::error("out-of-range", "this number is out of range")
                .at(&node.span)
                .label(format!("wanted {} or more, and 64 bits at most", range.start())),
        ),
        Some(_) => {
            fail(
                problems,
                Diagnostic::error("out-of-range", "this number is out of range")
                    .at(&node.span)
                    .label(format!("wanted a number from {} to {}", range.start(), range.end())),
            )
        }
        None => fail(problems, unquoted(node, "a whole number")),
    }
}

/// A size as Prometheus writes it: a number with a unit, `512MB`, or a bare `0`. Every unit is a power of 1024.
pub fn bytes(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<u64> {
    let text = string(node, problems)?.value;
    let size = size(&text);
    if size.is_none() {
        problems.push(
            Diagnostic::error("bad-size", format!("not a size: {}", golang::quote(&text)))
                .at(&node.span)
                .label("wanted a number with a unit, such as `512KB` or `10MB`"),
        );
    }
    size
}

fn size(text: &str) -> Option<u64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if unsigned == "0" {
        return Some(0);
    }
    let (mut rest, mut total) = (unsigned, 0.0);
    while !rest.is_empty() {
        let is_of_number = |c: char| c.is_ascii_digit() || c == '.';
        let number = rest.find(|c| !is_of_number(c)).unwrap_or(rest.len());
        let unit = rest[number..].find(is_of_number).map_or(rest.len(), |at| number + at);
        let power = match rest[number..unit].strip_suffix('B')? {
            "" => 0,
            prefix => {
                1 + "KMGTPE"
                    .find(prefix.strip_suffix('i').unwrap_or(prefix))
                    .filter(|_| matches!(prefix.len(), 1 | 2) && prefix != "i")?
            }
        };
        total += rest[..number].parse::<f64>().ok()? * 1024_f64.powi(power as i32);
        rest = &rest[unit..];
    }
    // A size below zero is no limit, like zero.
    (!unsigned.is_empty()).then_some(if text.starts_with('-') { 0 } else { total as u64 })
}

/// Zero or more.
pub fn unsigned(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<u64> {
    integer(node, 0..=i64::MAX, problems).map(i64::unsigned_abs)
}

pub fn float(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<f64> {
    match plain(node).map(resolve) {
        Some(Resolved::Float(value)) => Some(value),
        Some(Resolved::Integer(value)) => Some(value as f64),
        _ => fail(problems, unquoted(node, "a number")),
    }
}

/// An instant as RFC 3339 writes it, such as the example.
pub fn instant(node: &Node, example: &str, problems: &mut Vec<Diagnostic>) -> Option<Timestamp> {
    let text = string(node, problems)?;
    match text.value.parse::<jiff::Timestamp>() {
        Ok(instant) => Some(Timestamp(instant.as_millisecond())),
        Err(_) => {
            problems.push(
                Diagnostic::error("bad-time", "this is not an instant")
                    .at(&node.span)
                    .label(format!("wanted a time such as `{example}`")),
            );
            None
        }
    }
}

/// A duration as Prometheus writes it: `30s`, `1h30m`.
pub fn duration(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Duration> {
    let text = string(node, problems)?.value;
    match Duration::parse(&text) {
        Ok(duration) => Some(duration),
        Err(error) => {
            let diagnostic = Diagnostic::error("bad-duration", error.to_string())
                .at(&node.span)
                .label("wanted a duration such as `30s`, `5m` or `1h30m`");
            let bare = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            fail(
                problems,
                if bare { diagnostic.help(format!("a unit is missing: `{text}s`?")) } else { diagnostic },
            )
        }
    }
}

/// Go's `time.Duration`, as some options have it: `1.5h`, `300ms`, `-2m`.
pub fn go_duration(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<f64> {
    let text = string(node, problems)?.value;
    match go_duration_seconds(&text) {
        Some(seconds) => Some(seconds),
        None => fail(
            problems,
            Diagnostic::error("bad-duration", format!("not a valid duration: {}", golang::quote(&text)))
                .at(&node.span)
                .label("wanted a duration such as `300ms`, `30s` or `1.5h`"),
        ),
    }
}

/// A regular expression that must match the whole value.
pub fn regex(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Spanned<Regex>> {
    let text = string(node, problems)?;
    match golang::regex::compile_anchored(&text.value) {
        Ok(regex) => Some(Spanned::new(regex, text.span)),
        Err(error) => {
            let diagnostic = Diagnostic::error("bad-regex", error.to_string())
                .at(&node.span)
                .label("not a regular expression that Go can read");
            fail(
                problems,
                if text.value.starts_with('*') {
                    diagnostic.help(format!("to match anything, write `.{}`", text.value))
                } else {
                    diagnostic
                },
            )
        }
    }
}

/// `[a-zA-Z_][a-zA-Z0-9_]*`, or with `utf8` anything but nothing.
pub fn label_name(node: &Node, utf8: bool, problems: &mut Vec<Diagnostic>) -> Option<Spanned<String>> {
    let text = string(node, problems)?;
    if is_label_name(&text.value) || (utf8 && !text.value.is_empty()) {
        return Some(text);
    }
    fail(
        problems,
        Diagnostic::error(
            "bad-label-name",
            format!("{} is not a valid label name", golang::quote(&text.value)),
        )
        .at(&node.span)
        .label("wanted letters, digits and `_`, not starting with a digit"),
    )
}

/// A mapping of label names to values, in the order written.
pub fn label_pairs(
    node: &Node,
    utf8: bool,
    problems: &mut Vec<Diagnostic>,
) -> Vec<(Spanned<String>, Spanned<String>)> {
    let Some(entries) = node.entries() else {
        problems.push(wrong_type(node, "a mapping of label names to values"));
        return Vec::new();
    };
    entries
        .iter()
        .filter_map(|(name, value)| {
            let name = label_name(name, utf8, problems);
            let value = string(value, problems);
            Some((name?, value?))
        })
        .collect()
}

/// Each item of a list that can be read; nothing where the node is no list.
pub fn list<T>(
    node: &Node,
    problems: &mut Vec<Diagnostic>,
    mut item: impl FnMut(&Node, &mut Vec<Diagnostic>) -> Option<T>,
) -> Vec<T> {
    match node.items() {
        Some(items) => items.iter().filter_map(|node| item(node, problems)).collect(),
        None => {
            problems.push(wrong_type(node, "a list"));
            Vec::new()
        }
    }
}

pub fn strings(node: &Node, problems: &mut Vec<Diagnostic>) -> Vec<Spanned<String>> {
    list(node, problems, string)
}

/// One of the known words, exactly as written here; `what` names it ("a scheme").
pub fn one_of<'w>(
    node: &Node,
    what: &str,
    words: &[&'w str],
    problems: &mut Vec<Diagnostic>,
) -> Option<&'w str> {
    let text = string(node, problems)?.value;
    match words.iter().find(|word| **word == text) {
        Some(word) => Some(word),
        None => fail(
            problems,
            Diagnostic::error("unknown-word", format!("{} is not {what}", golang::quote(&text)))
                .at(&node.span)
                .label(format!("wanted {}", words.join(", ")))
                .suggest(&text, words.iter().copied()),
        ),
    }
}

/// As Go's `net/url` reads it. Credentials in it are kept out of messages.
pub fn url(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Spanned<String>> {
    let text = string(node, problems)?;
    if let Some(range) = golang::url::credentials(&text.value) {
        node.span_within(range).conceal();
    }
    match golang::url::check(&text.value) {
        Ok(()) => Some(text),
        Err(error) => fail(
            problems,
            Diagnostic::error("bad-url", format!("not a URL: {error}"))
                .at(&node.span)
                .label("wanted a URL such as `http://host:9090/path`"),
        ),
    }
}

pub fn is_label_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

pub fn is_metric_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':'))
}

/// YAML 1.1, as Go's decoder has it.
pub fn resolve(text: &str) -> Resolved {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "true" | "True" | "TRUE" => {
            return Resolved::Bool(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" | "false" | "False" | "FALSE" => {
            return Resolved::Bool(false);
        }
        ".nan" | ".NaN" | ".NAN" => return Resolved::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Resolved::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Resolved::Float(f64::NEG_INFINITY),
        _ => {}
    }
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return Resolved::Text;
    }
    let digits = text.replace('_', "");
    if let Some(value) = whole(&digits) {
        return Resolved::Integer(value);
    }
    match digits.parse::<f64>() {
        Ok(value) if is_float(&digits) => Resolved::Float(value),
        _ => Resolved::Text,
    }
}

/// `strconv.ParseInt(text, 0, 64)` and `ParseUint`: a sign, then decimal, `0x`, `0o`, `0b`, or octal after a `0`.
fn whole(text: &str) -> Option<i128> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (digits, radix) = match (lower.get(..2), lower.as_str()) {
        (Some("0x"), _) => (&lower[2..], 16),
        (Some("0o"), _) => (&lower[2..], 8),
        (Some("0b"), _) => (&lower[2..], 2),
        (_, "0") => ("0", 10),
        _ if lower.starts_with('0') => (&lower[1..], 8),
        _ => (lower.as_str(), 10),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let value = i128::from(u64::from_str_radix(digits, radix).ok()?);
    let value = if negative { -value } else { value };
    (value >= i128::from(i64::MIN)).then_some(value)
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa_fits = match mantissa.split_once('.') {
        Some(("", fraction)) => !fraction.is_empty() && digits(fraction),
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => !mantissa.is_empty() && digits(mantissa),
    };
    let exponent_fits = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    mantissa_fits && exponent_fits
}

fn go_duration_seconds(text: &str) -> Option<f64> {
    let (sign, mut rest) = match text.as_bytes().first()? {
        b'-' => (-1.0, &text[1..]),
        b'+' => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    if rest == "0" {
        return Some(0.0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let unit_end = rest[number..]
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .map_or(rest.len(), |at| number + at);
        let scale = match &rest[number..unit_end] {
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        total +=
            format!("0{}", &rest[..number]).parse::<f64>().ok().filter(|_| rest[..number] != *".")? * scale;
        rest = &rest[unit_end..];
    }
    // 63 bits of nanoseconds.
    (total < 9_223_372_036.854_775).then_some(sign * total)
}

fn plain(node: &Node) -> Option<&str> {
    match &node.kind {
        Kind::Scalar(Scalar { text, plain: true, .. }) => Some(text),
        _ => None,
    }
}

/// The wrong type, with the commonest cause pointed out: quotes around a number or a boolean.
fn unquoted(node: &Node, wanted: &str) -> Diagnostic {
    let diagnostic = wrong_type(node, wanted);
    match &node.kind {
        Kind::Scalar(Scalar { text, plain: false, .. }) if resolve(text) != Resolved::Text => {
            diagnostic.help("in quotes it is text: write it without them")
        }
        _ => diagnostic,
    }
}

fn fail<T>(problems: &mut Vec<Diagnostic>, diagnostic: Diagnostic) -> Option<T> {
    problems.push(diagnostic);
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::SourceFile;
    use crate::documents::yaml;

    /// What `read` makes of a value, or the message and label of its complaint.
    #[track_caller]
    fn check<T: std::fmt::Debug>(
        text: &str,
        read: impl Fn(&Node, &mut Vec<Diagnostic>) -> Option<T>,
        expected: &str,
    ) {
        let (root, problems) = yaml::read_one(&SourceFile::new("file.yaml", format!("a: {text}\n")));
        assert!(problems.is_empty(), "{problems:?}");
        let root = root.expect("a document");
        let mut problems = Vec::new();
        let got = match read(root.get("a").expect("key a"), &mut problems) {
            Some(value) => format!("{value:?}"),
            None => problems.iter().map(|p| format!("{}: {}", p.message, p.label)).collect(),
        };
        assert_eq!(got, expected, "{text}");
    }

    #[test]
    fn booleans_are_the_words_of_yaml_1_1() {
        check("yes", boolean, "true");
        check("Off", boolean, "false");
        check("y", boolean, "true");
        check("'true'", boolean, "expected true or false: wanted true or false, got text in quotes");
        check("1", boolean, "expected true or false: wanted true or false, got a number");
    }

    #[test]
    fn numbers_are_what_go_takes_for_numbers() {
        check("1_000", unsigned, "1000");
        check("0x10", unsigned, "16");
        check("010", unsigned, "8");
        check("0b11", unsigned, "3");
        check("1e3", unsigned, "1000");
        check("1.5", unsigned, "1");
        check("+5", unsigned, "5");
        check("-1", unsigned, "this number is out of range: wanted 0 or more, and 64 bits at most");
        check("'5'", unsigned, "expected a whole number: wanted a whole number, got text in quotes");
        check("five", unsigned, "expected a whole number: wanted a whole number, got text");
        check("[5]", unsigned, "expected a whole number: wanted a whole number, got a list");
        check(
            "70000",
            |n, p| integer(n, 0..=65535, p),
            "this number is out of range: wanted a number from 0 to 65535",
        );
        check("1.5", float, "1.5");
        check("-.inf", float, "-inf");
        check("1e", float, "expected a number: wanted a number, got text");
    }

    #[test]
    fn text_is_anything_single() {
        check("5", |n, p| string(n, p).map(|s| s.value), "\"5\"");
        check("on", |n, p| string(n, p).map(|s| s.value), "\"on\"");
        check("{}", |n, p| string(n, p).map(|s| s.value), "expected text: wanted text, got a mapping");
    }

    #[test]
    fn durations_names_and_patterns_are_refused_in_the_words_of_prometheus() {
        check("90s", duration, "1m30s");
        check(
            "5",
            duration,
            "not a valid duration string: \"5\": wanted a duration such as `30s`, `5m` or `1h30m`",
        );
        check("-1.5h", go_duration, "-5400.0");
        check(
            "1.5",
            go_duration,
            "not a valid duration: \"1.5\": wanted a duration such as `300ms`, `30s` or `1.5h`",
        );
        check("a-b", |n, p| label_name(n, true, p).map(|s| s.value), "\"a-b\"");
        check(
            "a-b",
            |n, p| label_name(n, false, p).map(|s| s.value),
            "\"a-b\" is not a valid label name: wanted letters, digits and `_`, not starting with a digit",
        );
    }
}
