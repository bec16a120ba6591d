//! Expected values, and how they are compared: with Prometheus' own tolerance.

use std::collections::BTreeMap;

use firedrill::labels::Labels;
use firedrill::promql::functions::almost_equal;
use firedrill::promql::histogram::{Bucket, CounterResetHint, FloatHistogram};
use firedrill::promql::series::Run;
use firedrill::promql::{SampleValue, parse_series};

const EPSILON: f64 = 0.000_001;

#[derive(Clone, Debug)]
pub enum Point {
    Float(f64),
    /// With the hint only where it was written.
    Histogram(FloatHistogram, Option<CounterResetHint>),
}

/// Each expected series: its place in the text and its value at each step.
pub type Expected = BTreeMap<Labels, (usize, Vec<Option<Point>>)>;

pub fn read(lines: &[String]) -> Result<Expected, String> {
    let mut expected = Expected::new();
    for (place, line) in lines.iter().enumerate() {
        let series = parse_series(line).map_err(|error| format!("{line:?}: {error}"))?;
        let mut points = Vec::new();
        for run in &series.values {
            match run {
                Run::Gap { count } => points.extend((0..*count).map(|_| None)),
                Run::Floats(run) => points.extend(run.values().map(|value| Some(Point::Float(value)))),
                Run::Histograms(run) => {
                    let hint = run.first.counter_reset_hint;
                    points.extend(run.values().map(|value| Some(Point::Histogram(value, hint))));
                }
            }
        }
        expected.insert(series.labels, (place, points));
    }
    Ok(expected)
}

pub fn same(expected: &Point, got: &SampleValue) -> bool {
    match (expected, got) {
        (Point::Float(expected), SampleValue::Float(got)) => almost_equal(*expected, *got, EPSILON),
        (Point::Histogram(expected, hint), SampleValue::Histogram(got)) => {
            hint.is_none_or(|hint| hint == got.hint) && same_histogram(expected, got)
        }
        _ => false,
    }
}

fn same_histogram(a: &FloatHistogram, b: &FloatHistogram) -> bool {
    let close = |a: f64, b: f64| almost_equal(a, b, EPSILON);
    let same_buckets = |a: &[Bucket], b: &[Bucket]| {
        let counted = |buckets: &[Bucket]| -> Vec<Bucket> {
            buckets.iter().filter(|bucket| bucket.count != 0.0).copied().collect()
        };
        let (a, b) = (counted(a), counted(b));
        a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a.index == b.index && close(a.count, b.count))
    };
    a.schema == b.schema
        && close(a.count, b.count)
        && close(a.sum, b.sum)
        && a.bounds() == b.bounds()
        && a.zero_threshold == b.zero_threshold
        && close(a.zero_count, b.zero_count)
        && same_buckets(&a.positive, &b.positive)
        && same_buckets(&a.negative, &b.negative)
}

/// A number alone on a line, as Go reads it.
pub fn number(text: &str) -> Option<f64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if let Some(hex) = digits.strip_prefix("0x").or(digits.strip_prefix("0X")) {
        return i64::from_str_radix(hex, 16).ok().map(|value| (sign * value) as f64);
    }
    let is_octal =
        digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_octal && let Ok(value) = i64::from_str_radix(&digits[1..], 8) {
        return Some((sign * value) as f64);
    }
    text.parse().ok()
}

/// A quoted text: double quotes with escapes, or back quotes without.
pub fn unquote(text: &str) -> Result<String, String> {
    if let Some(raw) = text.strip_prefix('`').and_then(|text| text.strip_suffix('`')) {
        return Ok(raw.to_owned());
    }
    match serde_json::from_str(text) {
        Ok(text) => Ok(text),
        Err(_) => Err(format!("expected string literal not valid: {text}")),
    }
}
