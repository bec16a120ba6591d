//! Go's regular expressions (RE2 syntax), translated for the `regex` crate.
//!
//! Promises: what Go accepts is accepted and matches the same text, what Go refuses is refused with Go's own
//! words. A pattern is read by Go's rules and written anew in a form that the `regex` crate can only read in one
//! way, so nothing that is special to that crate (`&&`, nested classes, `(?x)`) ever reaches it.
//! Refused though Go takes it: groups nested more than 200 deep.

mod class;
mod parser;

use std::borrow::Cow;

use regex::{Captures, Regex, RegexBuilder};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("error parsing regexp: {0}")]
pub struct RegexError(pub String);

/// Compiles `pattern` as Go's `regexp.Compile` would.
pub fn compile(pattern: &str) -> Result<Regex, RegexError> {
    let translated = parser::translate(pattern).map_err(RegexError)?;
    RegexBuilder::new(&translated)
        .size_limit(64 << 20)
        .dfa_size_limit(8 << 20)
        .nest_limit(2000)
        .build()
        .map_err(|_| RegexError(format!("expression too large: `{pattern}`")))
}

/// Compiles `pattern` to match whole values only, `.` including newlines, as Prometheus' relabel configs and
/// matchers do: `^(?s:pattern)$`. Like there, an error quotes the pattern with these additions.
pub fn compile_anchored(pattern: &str) -> Result<Regex, RegexError> {
    compile(&format!("^(?s:{pattern})$"))
}

/// Compiles `pattern` to match whole values only, `^(?:pattern)$`, as Alertmanager and Prometheus 2 do.
pub fn compile_whole(pattern: &str) -> Result<Regex, RegexError> {
    compile(&format!("^(?:{pattern})$"))
}

/// Go's `Regexp.ReplaceAllString`.
pub fn replace_all(regex: &Regex, text: &str, replacement: &str) -> String {
    regex.replace_all(text, |captures: &Captures<'_>| expand(replacement, captures)).into_owned()
}

/// Go's `Regexp.Expand`: `$1`, `${1}`, `$name`, `${name}` and `$$`. A name is as long as it can be, so `$1x` is the
/// group named `1x`; a group that doesn't exist or took no part is empty; any other `$` stands for itself.
pub fn expand(template: &str, captures: &Captures<'_>) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        match group_name(rest) {
            Some((name, after)) => {
                out.push_str(group(name, captures));
                rest = after;
            }
            None => out.push('$'),
        }
    }
    out.push_str(rest);
    out
}

/// The name after a `$`, and what follows it.
fn group_name(text: &str) -> Option<(&str, &str)> {
    let (braced, body) = match text.strip_prefix('{') {
        Some(body) => (true, body),
        None => (false, text),
    };
    let end = body.find(|c: char| !(c == '_' || c.is_alphabetic() || c.is_numeric())).unwrap_or(body.len());
    let (name, after) = body.split_at(end);
    match braced {
        _ if name.is_empty() => None,
        true => after.strip_prefix('}').map(|after| (name, after)),
        false => Some((name, after)),
    }
}

fn group<'a>(name: &str, captures: &Captures<'a>) -> &'a str {
    let is_number = name.bytes().all(|b| b.is_ascii_digit()) && (name.len() == 1 || !name.starts_with('0'));
    let found = match is_number.then(|| name.parse::<usize>()) {
        Some(Ok(number)) => captures.get(number),
        Some(Err(_)) => None,
        None => captures.name(&crate_name(name)),
    };
    found.map_or("", |found| found.as_str())
}

/// A group's name as the `regex` crate takes it: there a name can't begin with a digit. No name in Go has a dot.
fn crate_name(name: &str) -> Cow<'_, str> {
    match name.starts_with(|c: char| c.is_ascii_digit()) {
        true => Cow::Owned(format!("_.{name}")),
        false => Cow::Borrowed(name),
    }
}

/// Go's `regexp.QuoteMeta`.
pub fn quote_meta(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if r"\.+*?()|[]{}^$".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests;
