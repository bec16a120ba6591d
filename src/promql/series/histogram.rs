//! Native histograms in the notation: `{{schema:1 sum:5 count:3 z_bucket:1 buckets:[1 1] offset:-1}}`.

use std::sync::Arc;

use super::{HistogramRun, Reader, VALUES, is_space};
use crate::golang::quote;
use crate::promql::ParseError;
use crate::promql::histogram::CounterResetHint;

/// What was written between the double braces; what was not is zero or empty.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct HistogramDescription {
    pub schema: i32,
    pub sum: f64,
    pub count: f64,
    pub zero_count: f64,
    pub zero_threshold: f64,
    /// The upper bounds of custom buckets.
    pub custom_values: Option<Vec<f64>>,
    /// The counts of consecutive buckets, the first of them at `positive_offset`.
    pub positive: Vec<f64>,
    pub positive_offset: i32,
    pub negative: Vec<f64>,
    pub negative_offset: i32,
    /// `None`: not written, which a comparison does not look at.
    pub counter_reset_hint: Option<CounterResetHint>,
}

/// What each histogram of a run adds to the one before, or takes away from it.
#[derive(Clone, Debug, PartialEq)]
pub struct HistogramChange {
    pub subtract: bool,
    pub by: Arc<HistogramDescription>,
}

const CONTEXT: &str = "histogram description";

impl Reader<'_> {
    pub(super) fn histogram_run(&mut self) -> Result<HistogramRun, ParseError> {
        let start = self.pos;
        let first = Arc::new(self.histogram()?);
        let change = match self.peek() {
            Some(sign @ ('+' | '-')) => {
                self.accept(sign);
                let by = Arc::new(self.histogram()?);
                if first.schema > by.schema {
                    let (from, to) = (by.schema, first.schema);
                    let message =
                        format!("error combining histograms: cannot merge from schema {from} to {to}");
                    return Err(ParseError { message, range: start..self.pos });
                }
                Some(HistogramChange { subtract: sign == '-', by })
            }
            _ => None,
        };
        let times = match (self.accept('x'), &change) {
            (true, _) => self.repetition()?,
            (false, None) => 0,
            (false, Some(_)) => return self.unexpected(VALUES, "\"x\""),
        };
        Ok(HistogramRun { first, change, count: times.saturating_add(1) })
    }

    fn histogram(&mut self) -> Result<HistogramDescription, ParseError> {
        for _ in 0..2 {
            if !self.accept('{') {
                return self.unexpected(VALUES, "\"{{\"");
            }
        }
        let mut description = HistogramDescription::default();
        let mut seen = Vec::new();
        self.take_while(is_space);
        while !self.text[self.pos..].starts_with("}}") {
            let start = self.pos;
            let key = self.histogram_key()?;
            if seen.contains(&key) {
                let message = format!("duplicate key {} in histogram", quote(&key));
                return Err(ParseError { message, range: start..self.pos });
            }
            self.histogram_value(&key, &mut description)?;
            seen.push(key);
            let separated = !self.take_while(is_space).is_empty();
            if !separated && !self.text[self.pos..].starts_with("}}") {
                return self.unexpected(CONTEXT, "\"}}\"");
            }
        }
        self.pos += 2;
        Ok(description)
    }

    fn histogram_key(&mut self) -> Result<String, ParseError> {
        const KEYS: [&str; 11] = [
            "schema",
            "sum",
            "count",
            "z_bucket",
            "z_bucket_w",
            "custom_values",
            "buckets",
            "offset",
            "n_buckets",
            "n_offset",
            "counter_reset_hint",
        ];
        let start = self.pos;
        let key = self.word().to_ascii_lowercase();
        if key.is_empty() {
            return self.unexpected(CONTEXT, "histogram description key, e.g. buckets:[5 10 7]");
        }
        self.pos += key.len();
        if !KEYS.contains(&&*key) {
            let message = format!("bad histogram descriptor found: {}", quote(&key));
            return Err(ParseError { message, range: start..self.pos });
        }
        match self.accept(':') {
            true => Ok(key),
            false => self.unexpected(CONTEXT, "\":\""),
        }
    }

    fn histogram_value(
        &mut self,
        key: &str,
        description: &mut HistogramDescription,
    ) -> Result<(), ParseError> {
        match key {
            "schema" => description.schema = self.histogram_integer()?,
            "sum" => description.sum = self.histogram_number()?,
            "count" => description.count = self.histogram_number()?,
            "z_bucket" => description.zero_count = self.histogram_number()?,
            "z_bucket_w" => description.zero_threshold = self.number(CONTEXT, "number")?,
            "custom_values" => description.custom_values = Some(self.histogram_buckets()?),
            "buckets" => description.positive = self.histogram_buckets()?,
            "offset" => description.positive_offset = self.histogram_integer()?,
            "n_buckets" => description.negative = self.histogram_buckets()?,
            "n_offset" => description.negative_offset = self.histogram_integer()?,
            _ => description.counter_reset_hint = Some(self.counter_reset_hint()?),
        }
        Ok(())
    }

    fn histogram_number(&mut self) -> Result<f64, ParseError> {
        match self.peek() {
            Some('+' | '-') => self.signed_number(CONTEXT),
            _ => self.number(CONTEXT, "number"),
        }
    }

    fn histogram_integer(&mut self) -> Result<i32, ParseError> {
        let start = self.pos;
        let negative = self.accept('-');
        let magnitude = i64::try_from(self.repetition()?).unwrap_or(i64::MAX);
        let value = if negative { -magnitude } else { magnitude };
        i32::try_from(value).map_err(|_| {
            let message = format!("number out of range in {CONTEXT}");
            ParseError { message, range: start..self.pos }
        })
    }

    fn histogram_buckets(&mut self) -> Result<Vec<f64>, ParseError> {
        if !self.accept('[') {
            return self.unexpected(CONTEXT, "\"[\"");
        }
        let mut counts = Vec::new();
        loop {
            let spaces = self.take_while(is_space).len();
            if !counts.is_empty() && self.accept(']') {
                return Ok(counts);
            }
            if spaces == 0 && !counts.is_empty() {
                return self.unexpected(CONTEXT, "\"]\"");
            }
            counts.push(self.histogram_number()?);
        }
    }

    fn counter_reset_hint(&mut self) -> Result<CounterResetHint, ParseError> {
        let hint = match &*self.word().to_ascii_lowercase() {
            "unknown" => CounterResetHint::Unknown,
            "reset" => CounterResetHint::Reset,
            "not_reset" => CounterResetHint::NotReset,
            "gauge" => CounterResetHint::Gauge,
            _ => return self.unexpected(CONTEXT, "unknown, reset, not_reset or gauge"),
        };
        self.pos += self.word().len();
        Ok(hint)
    }
}
