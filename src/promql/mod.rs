//! PromQL: parse and evaluate. Pure: no I/O, no clock.

pub mod annotations;
pub mod ast;
mod check;
mod engine;
pub mod functions;
pub mod histogram;
mod lexer;
mod number;
mod parser;
mod printer;
pub mod series;
pub mod signatures;
mod storage;
mod token;
mod value;

pub use annotations::Annotations;
pub use ast::{Expr, MAX_DEPTH, VectorSelector};
pub use engine::{Engine, EvalCache, EvalError};
pub use series::{parse_metric, parse_series};
pub use storage::{STALE_NAN, SeriesId, Storage, StoredValue, is_stale};
pub use value::{ABSENT, Answer, Matrix, Sample, SampleRange, SampleValue, Series, Value, is_absent};

use crate::time::Duration;

/// Which Prometheus is imitated, where its answers differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Semantics {
    /// Ranges and look-back include both ends.
    V2,
    /// Ranges and look-back leave their left end out.
    #[default]
    V3,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// Prometheus' own words where it has them.
    pub message: String,
    /// Bytes of the expression's text.
    pub range: std::ops::Range<usize>,
}

/// Which grammar an expression is read with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ParseOptions {
    /// Prometheus 2 lacks quoted names, durations as numbers and some functions.
    pub semantics: Semantics,
    /// Everything that Prometheus 3 hides behind a feature flag: functions, duration expressions,
    /// `anchored` and `smoothed`, `fill`.
    pub experimental: bool,
}

/// The longest duration, in seconds: Prometheus counts nanoseconds in 64 bits.
const MAX_DURATION_SECONDS: f64 = i64::MAX as f64 / 1e9;

/// Parses and checks an expression as Prometheus 3 does without feature flags.
pub fn parse(text: &str) -> Result<Expr, ParseError> {
    parse_with(text, ParseOptions::default())
}

/// Parses and checks an expression: what it returns can be evaluated.
pub fn parse_with(text: &str, options: ParseOptions) -> Result<Expr, ParseError> {
    let mut expr = parser::Parser::new(fitting(text)?, options).whole_expression()?;
    check::check(&mut expr)?;
    Ok(expr)
}

/// Parses an expression as the imitated Prometheus does; of 2, the last one, which read what 3 reads.
pub fn parse_as(text: &str, semantics: Semantics) -> Result<Expr, ParseError> {
    let parsed = parse_with(text, ParseOptions { semantics, experimental: false });
    match (parsed, semantics) {
        (Err(error), Semantics::V2) => parse(text).map_err(|_| error),
        (parsed, _) => parsed,
    }
}

/// Parses an expression before it is known which version is imitated: one of them reads it.
pub fn parse_for_any(text: &str) -> Result<Expr, ParseError> {
    parse(text).or_else(|error| parse_as(text, Semantics::V2).map_err(|_| error))
}

/// A range, step or offset where it is written, its sign included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrittenLength {
    pub span: ast::TextRange,
    /// `None`: computed when the query is evaluated.
    pub duration: Option<Duration>,
}

/// Every range, step and offset of an expression, in the order in which they are written.
pub fn written_lengths(text: &str, options: ParseOptions) -> Result<Vec<WrittenLength>, ParseError> {
    parser::Parser::new(fitting(text)?, options).written_lengths()
}

/// Parses a selector alone: `name{label="value"}`.
pub fn parse_selector(text: &str) -> Result<VectorSelector, ParseError> {
    parser::Parser::new(fitting(text)?, ParseOptions::default()).whole_selector()
}

/// Places are kept in 32 bits.
fn fitting(text: &str) -> Result<&str, ParseError> {
    match u32::try_from(text.len()) {
        Ok(_) => Ok(text),
        Err(_) => Err(ParseError { message: "expression is longer than 4 GiB".to_owned(), range: 0..0 }),
    }
}
