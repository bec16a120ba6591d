//! Start timestamps in the notation of Prometheus 3: `name{label="value"}@st _ -1m -30s-1mx3`, on the line
//! before the series' values, each relative to its sample's time.

use super::parse_metric;
use crate::golang::quote;
use crate::labels::Labels;
use crate::promql::ParseError;
use crate::time::Duration;

#[derive(Clone, Debug, PartialEq)]
pub struct StartTimestamps {
    pub labels: Labels,
    /// One a sample, relative to the sample's time; `None`: no start timestamp.
    pub offsets: Vec<Option<Duration>>,
}

/// They are written out, unlike values: more than this on one line are refused.
const MAX_OFFSETS: u64 = 10_000_000;

/// Whether a line describes start timestamps and not values.
pub fn is_start_timestamps(line: &str) -> bool {
    split(line).is_some()
}

pub fn parse_start_timestamps(line: &str) -> Result<StartTimestamps, ParseError> {
    let (metric, items) = split(line).unwrap_or((line, ""));
    let before = metric.as_ptr() as usize - line.as_ptr() as usize;
    let labels = parse_metric(metric).map_err(|error| ParseError {
        range: error.range.start + before..error.range.end + before,
        ..error
    })?;
    let mut offsets = Vec::new();
    for item in items.split_ascii_whitespace() {
        let run =
            run(item).filter(|run| offsets.len() as u64 + run.count <= MAX_OFFSETS).ok_or_else(|| {
                let start = item.as_ptr() as usize - line.as_ptr() as usize;
                let message = format!("invalid start timestamp item {}", quote(item));
                ParseError { message, range: start..start + item.len() }
            })?;
        let mut next = run.first;
        for _ in 0..run.count {
            offsets.push(next);
            next = next.map(|offset| Duration(offset.0.saturating_add(run.change.0)));
        }
    }
    Ok(StartTimestamps { labels, offsets })
}

struct OffsetRun {
    first: Option<Duration>,
    change: Duration,
    count: u64,
}

fn split(line: &str) -> Option<(&str, &str)> {
    let (metric, items) = line.trim().split_once([' ', '\t'])?;
    Some((metric.strip_suffix("@st")?, items))
}

/// `_`, `_x3`, `-1m`, `-1mx3`, `-30s-1mx3`
fn run(item: &str) -> Option<OffsetRun> {
    if let Some(rest) = item.strip_prefix('_') {
        let count = match rest {
            "" => 1,
            rest => count(rest).filter(|count| *count > 0)?,
        };
        return Some(OffsetRun { first: None, change: Duration::ZERO, count });
    }
    let (first, rest) = signed_duration(item)?;
    if rest.is_empty() {
        return Some(OffsetRun { first: Some(first), change: Duration::ZERO, count: 1 });
    }
    let (change, rest) = match rest.starts_with('x') {
        true => (Duration::ZERO, rest),
        false => signed_duration(rest)?,
    };
    Some(OffsetRun { first: Some(first), change, count: count(rest)?.checked_add(1)? })
}

fn count(text: &str) -> Option<u64> {
    text.strip_prefix('x').filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))?.parse().ok()
}

/// One number with its unit, and what follows it.
fn signed_duration(text: &str) -> Option<(Duration, &str)> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = unsigned.bytes().take_while(u8::is_ascii_digit).count();
    let unit = unsigned[digits..].bytes().take_while(|c| c.is_ascii_alphabetic() && *c != b'x').count();
    let duration = Duration::parse(&unsigned[..digits + unit]).ok()?;
    let duration = if text.starts_with('-') { Duration(-duration.0) } else { duration };
    Some((duration, &unsigned[digits + unit..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &[Option<&str>]) {
        let offsets: Vec<_> = parse_start_timestamps(line)
            .unwrap()
            .offsets
            .into_iter()
            .map(|offset| offset.map(|offset| offset.to_string()))
            .collect();
        let expected: Vec<_> = expected.iter().map(|offset| offset.map(str::to_owned)).collect();
        assert_eq!(offsets, expected);
    }

    #[test]
    fn offsets_repeat_like_values() {
        check("m@st _ -30s-1mx2", &[None, Some("-30s"), Some("-1m30s"), Some("-2m30s")]);
        check("m{a=\"b\"}@st -1msx1 0 _x2", &[Some("-1ms"), Some("-1ms"), Some("0s"), None, None]);
        check("m@st 0-1mx1", &[Some("0s"), Some("-1m")]);
    }

    #[test]
    fn only_lines_with_the_mark_are_start_timestamps() {
        assert!(is_start_timestamps("m{a=\"b\"}@st _ 1m"));
        assert!(!is_start_timestamps("m 1 2 3"));
        let error = parse_start_timestamps("m@st 1m 5").unwrap_err();
        assert_eq!((error.message.as_str(), error.range), ("invalid start timestamp item \"5\"", 8..9));
        let error = parse_start_timestamps("  ü@st 1m").unwrap_err();
        assert_eq!((error.message.as_str(), error.range), ("unexpected character: 'ü'", 2..4));
        assert!(parse_start_timestamps("m@st 1mx99999999999999999999").is_err());
        assert!(parse_start_timestamps("m@st 1mx18446744073709551615").is_err());
    }
}
