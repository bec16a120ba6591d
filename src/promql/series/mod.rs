//! The notation for test series, shared by promtool's unit tests and Prometheus' own engine tests:
//! `name{label="value"} 1+2x3 _x2 stale {{schema:1 count:3 sum:5 buckets:[1 2]}}`.
//!
//! What repeats is kept as a run and not written out, so that a short text stays small.

mod histogram;
mod start_timestamps;

use std::sync::Arc;

use super::ast::TextRange;
use super::lexer::{Lexer, is_alpha, is_alphanumeric, quote_char, unquote};
use super::number::parse_number;
use super::token::{Token, TokenKind};
use super::{ParseError, STALE_NAN, Semantics};
use crate::golang::quote;
use crate::labels::{Labels, LabelsBuilder, METRIC_NAME};

pub use histogram::{HistogramChange, HistogramDescription};
pub use start_timestamps::{StartTimestamps, is_start_timestamps, parse_start_timestamps};

/// More values than this in one series are refused. Teams write `0x10000000` for "always", so it is more than that.
pub const MAX_VALUES: u64 = 1_000_000_000;

/// A series and its values, one a step.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesDescription {
    pub labels: Labels,
    pub values: Vec<Run>,
}

/// Values that follow one another.
#[derive(Clone, Debug, PartialEq)]
pub enum Run {
    /// `_`: steps without a value.
    Gap {
        count: u64,
    },
    Floats(FloatRun),
    Histograms(HistogramRun),
}

/// `first+changexN`: N+1 values. `stale` is one, [`STALE_NAN`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FloatRun {
    pub first: f64,
    pub change: f64,
    pub count: u64,
}

/// `{{first}}+{{change}}xN`: N+1 histograms, each the one before changed once more.
#[derive(Clone, Debug, PartialEq)]
pub struct HistogramRun {
    pub first: Arc<HistogramDescription>,
    pub change: Option<HistogramChange>,
    pub count: u64,
}

/// Parses a series with its values.
pub fn parse_series(text: &str) -> Result<SeriesDescription, ParseError> {
    let (labels, end) = metric(text)?;
    let mut reader = Reader { text, pos: end };
    let values = reader.values()?;
    Ok(SeriesDescription { labels, values })
}

/// Parses a series' name and labels alone, as `exp_samples` have them.
pub fn parse_metric(text: &str) -> Result<Labels, ParseError> {
    let (labels, end) = metric(text)?;
    let rest = &text[end..];
    if rest.trim_matches(is_space).is_empty() {
        return Ok(labels);
    }
    let moved = |range: std::ops::Range<usize>| range.start + end..range.end + end;
    let error = match Lexer::new(rest, Semantics::V3).next() {
        Ok(token) => unexpected(rest, token, "", ""),
        Err(error) => error,
    };
    Err(ParseError { range: moved(error.range), ..error })
}

impl SeriesDescription {
    /// How many steps the values take.
    pub fn steps(&self) -> u64 {
        self.values.iter().map(Run::steps).sum()
    }
}

impl Run {
    pub fn steps(&self) -> u64 {
        match self {
            Run::Gap { count } => *count,
            Run::Floats(run) => run.count,
            Run::Histograms(run) => run.count,
        }
    }
}

impl FloatRun {
    /// The values; each is the one before plus the change, with the rounding that repeated addition has.
    pub fn values(self) -> impl Iterator<Item = f64> {
        let mut value = self.first;
        (0..self.count).map(move |_| {
            let this = value;
            value += self.change;
            this
        })
    }
}

/// The name and labels at the start of the text, and where they end.
fn metric(text: &str) -> Result<(Labels, usize), ParseError> {
    let mut labels = LabelsBuilder::default();
    let mut lexer = Lexer::new(text, Semantics::V3);
    let mut token = lexer.next()?;
    let mut end = token.span.start as usize;
    if token.kind.names_a_metric() {
        labels.set(METRIC_NAME, &text[token.span.range()]);
        end = token.span.end as usize;
        if !text[end..].starts_with('{') {
            return Ok((labels.build(), end));
        }
        token = lexer.next()?;
    }
    match token.kind {
        TokenKind::LeftBrace => end = label_set(text, &mut lexer, &mut labels)?,
        TokenKind::EndOfInput => {}
        _ => return Err(unexpected(text, token, "", "")),
    }
    Ok((labels.build(), end))
}

/// Reads up to the closing brace and says where it ends.
fn label_set(text: &str, lexer: &mut Lexer, labels: &mut LabelsBuilder) -> Result<usize, ParseError> {
    const CONTEXT: &str = " in label set";
    let name = labels.get(METRIC_NAME).to_owned();
    loop {
        let mut token = lexer.next()?;
        let word = &text[token.span.range()];
        let (label, alone) = match token.kind {
            TokenKind::RightBrace => return Ok(token.span.end as usize),
            TokenKind::Identifier => (word.to_owned(), false),
            TokenKind::String => (unquote(word), true),
            _ => return Err(unexpected(text, token, CONTEXT, "identifier or \"}\"")),
        };
        token = lexer.next()?;
        match token.kind {
            TokenKind::Assign => {
                token = lexer.next()?;
                let TokenKind::String = token.kind else {
                    return Err(unexpected(text, token, CONTEXT, "string"));
                };
                labels.set(label, unquote(&text[token.span.range()]));
                token = lexer.next()?;
            }
            // A string alone is the metric's name.
            _ if alone => labels.set(METRIC_NAME, label),
            _ => return Err(unexpected(text, token, CONTEXT, "\"=\"")),
        }
        // The name in front of the braces wins.
        if !name.is_empty() {
            labels.set(METRIC_NAME, name.clone());
        }
        match token.kind {
            TokenKind::Comma => {}
            TokenKind::RightBrace => return Ok(token.span.end as usize),
            _ => return Err(unexpected(text, token, CONTEXT, "\",\" or \"}\"")),
        }
    }
}

fn unexpected(text: &str, token: Token, context: &str, expected: &str) -> ParseError {
    let mut message = format!("unexpected {}{context}", token.describe(text));
    if !expected.is_empty() {
        message.push_str(&format!(", expected {expected}"));
    }
    ParseError { message, range: token.span.range() }
}

/// Reads the values, character by character: a space separates, and nothing else may hold one.
struct Reader<'a> {
    text: &'a str,
    pos: usize,
}

const VALUES: &str = "series values";

impl<'a> Reader<'a> {
    fn values(&mut self) -> Result<Vec<Run>, ParseError> {
        let mut runs = Vec::new();
        let mut steps = 0;
        loop {
            let spaces = self.take_while(is_space);
            if self.peek().is_none() {
                return Ok(runs);
            }
            if spaces.is_empty() {
                return self.unexpected(VALUES, "");
            }
            let start = self.pos;
            let run = self.run()?;
            steps = run.steps().saturating_add(steps);
            if steps > MAX_VALUES {
                let message = format!("too many series values, at most {MAX_VALUES} are allowed");
                return Err(ParseError { message, range: start..self.pos });
            }
            runs.push(run);
        }
    }

    fn run(&mut self) -> Result<Run, ParseError> {
        if self.text[self.pos..].starts_with("{{") {
            return self.histogram_run().map(Run::Histograms);
        }
        if self.accept('_') {
            let count = if self.accept('x') { self.repetition()? } else { 1 };
            return Ok(Run::Gap { count });
        }
        let first = match self.peek() {
            Some('+' | '-') => self.signed_number(VALUES)?,
            _ if self.word() == "stale" => {
                self.pos += "stale".len();
                STALE_NAN
            }
            _ => self.number(VALUES, "number or \"stale\"")?,
        };
        let change = match self.peek() {
            Some('+' | '-') => Some(self.signed_number(VALUES)?),
            _ => None,
        };
        let times = match (self.accept('x'), change) {
            (true, _) => self.repetition()?,
            (false, None) => 0,
            (false, Some(_)) => return self.unexpected(VALUES, "\"x\""),
        };
        Ok(Run::Floats(FloatRun { first, change: change.unwrap_or(0.0), count: times.saturating_add(1) }))
    }

    fn signed_number(&mut self, context: &str) -> Result<f64, ParseError> {
        let negative = self.accept('-') || !self.accept('+');
        let number = self.number(context, "number")?;
        Ok(if negative { -number } else { number })
    }

    fn number(&mut self, context: &str, expected: &str) -> Result<f64, ParseError> {
        let word = self.word();
        if word.eq_ignore_ascii_case("inf") || word.eq_ignore_ascii_case("nan") {
            let value = if word.eq_ignore_ascii_case("inf") { f64::INFINITY } else { f64::NAN };
            self.pos += word.len();
            return Ok(value);
        }
        let start = self.pos;
        let digits = self.take_number();
        if digits.is_empty() {
            return self.unexpected(context, expected);
        }
        let range = start..self.pos;
        if self.peek().is_some_and(|c| is_alphanumeric(c) && c != 'x') {
            let message = format!("bad number syntax: {}", quote(digits));
            return Err(ParseError { message, range });
        }
        parse_number(digits).map_err(|message| ParseError { message, range })
    }

    fn take_number(&mut self) -> &'a str {
        let start = self.pos;
        let is_digit = |c: char| c.is_ascii_digit() || c == '_';
        let starts = |c: char| c.is_ascii_digit() || c == '.';
        if self.peek().is_some_and(starts) {
            self.take_while(is_digit);
            if self.accept('.') {
                self.take_while(is_digit);
            }
            if self.accept('e') || self.accept('E') {
                let _sign = self.accept('+') || self.accept('-');
                self.take_while(is_digit);
            }
        }
        &self.text[start..self.pos]
    }

    /// The N of `xN`.
    fn repetition(&mut self) -> Result<u64, ParseError> {
        let start = self.pos;
        let digits = self.take_number();
        let message = match digits.parse::<u64>() {
            Ok(count) if !digits.starts_with('+') => return Ok(count),
            _ if digits.is_empty() => return self.unexpected(VALUES, "number"),
            _ => {
                let why = match digits.bytes().all(|digit| digit.is_ascii_digit()) {
                    true => "value out of range",
                    false => "invalid syntax",
                };
                let digits = quote(digits);
                format!("invalid repetition in series values: strconv.ParseUint: parsing {digits}: {why}")
            }
        };
        Err(ParseError { message, range: start..self.pos })
    }

    /// The letters and digits ahead.
    fn word(&self) -> &'a str {
        let rest = &self.text[self.pos..];
        match rest.starts_with(is_alpha) {
            true => &rest[..rest.find(|c| !is_alphanumeric(c)).unwrap_or(rest.len())],
            false => "",
        }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.pos..].chars().next()
    }

    fn accept(&mut self, wanted: char) -> bool {
        let accepted = self.peek() == Some(wanted);
        if accepted {
            self.pos += wanted.len_utf8();
        }
        accepted
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = &self.text[self.pos..];
        let length = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.pos += length;
        &rest[..length]
    }

    fn unexpected<T>(&self, context: &str, expected: &str) -> Result<T, ParseError> {
        let word = self.word();
        let (found, length) = match self.peek() {
            None => ("end of input".to_owned(), 0),
            Some(_) if !word.is_empty() => (format!("identifier {}", quote(word)), word.len()),
            Some(c) => (format!("character {}", quote_char(Some(c))), c.len_utf8()),
        };
        let mut message = format!("unexpected {found} in {context}");
        if !expected.is_empty() {
            message.push_str(&format!(", expected {expected}"));
        }
        Err(ParseError { message, range: TextRange::new(self.pos, self.pos + length).range() })
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

#[cfg(test)]
mod tests;
