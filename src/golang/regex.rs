//! Go's regular expressions (RE2 syntax), translated for the `regex` crate.

use regex::Regex;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("error parsing regexp: {0}")]
pub struct RegexError(pub String);

/// Compiles `pattern` as Go's `regexp.Compile` would.
pub fn compile(pattern: &str) -> Result<Regex, RegexError> {
    Regex::new(pattern).map_err(|error| RegexError(error.to_string()))
}

/// Compiles `pattern` to match whole values only, `.` including newlines, as Prometheus' matchers and
/// relabel configs do: `^(?s:pattern)$`.
pub fn compile_anchored(pattern: &str) -> Result<Regex, RegexError> {
    compile(pattern)?;
    compile(&format!("^(?s:{pattern})$"))
}
