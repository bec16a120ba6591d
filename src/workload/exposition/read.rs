//! Reading the text formats: Prometheus' 0.0.4 and what of OpenMetrics is commonly written.
//!
//! Never panics, whatever it is given. Exemplars are skipped; created timestamps (`_created`) are samples like any other, as
//! Prometheus takes them by default.

use crate::labels::{LabelsBuilder, METRIC_NAME};
use crate::time::Timestamp;
use crate::workload::exposition::{ExposedSample, Exposition, Metadata};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `text/plain; version=0.0.4`: timestamps in milliseconds.
    Prometheus,
    /// `application/openmetrics-text`: timestamps in seconds, ends with `# EOF`.
    OpenMetrics,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct ExpositionError {
    pub line: usize,
    pub reason: String,
}

pub fn read(text: &str, format: Format) -> Result<Exposition, ExpositionError> {
    let mut out = Exposition::default();
    let mut ended = false;
    for (index, line) in text.split('\n').enumerate() {
        let fail = |reason: String| ExpositionError { line: index + 1, reason };
        let line = line.strip_suffix('\r').filter(|_| format == Format::Prometheus).unwrap_or(line);
        if ended && !line.is_empty() {
            return Err(fail("unexpected data after # EOF".into()));
        }
        let trimmed = line.trim_matches([' ', '\t']);
        if trimmed.is_empty() {
            continue;
        }
        if let Some(comment) = trimmed.strip_prefix('#') {
            let comment = comment.trim_start_matches([' ', '\t']);
            if format == Format::OpenMetrics && comment == "EOF" {
                ended = true;
            } else {
                metadata(comment, &mut out.metadata);
            }
            continue;
        }
        out.samples.push(sample(trimmed, format).map_err(fail)?);
    }
    if format == Format::OpenMetrics && !ended {
        let line = text.split('\n').count();
        return Err(ExpositionError { line, reason: "data does not end with # EOF".into() });
    }
    Ok(out)
}

/// `HELP name text`, `TYPE name kind`, `UNIT name unit`; any other comment says nothing.
fn metadata(comment: &str, known: &mut Vec<Metadata>) {
    let mut words = comment.splitn(3, [' ', '\t']);
    let (Some(keyword), Some(name)) = (words.next(), words.next()) else { return };
    if !matches!(keyword, "HELP" | "TYPE" | "UNIT") || !is_metric_name(name) {
        return;
    }
    let text = words.next().unwrap_or("").trim_start_matches([' ', '\t']);
    let at = known.iter().position(|metadata| metadata.name == name).unwrap_or_else(|| {
        known.push(Metadata { name: name.to_owned(), ..Metadata::default() });
        known.len() - 1
    });
    match keyword {
        "HELP" => known[at].help = Some(unescape(text)),
        "TYPE" => known[at].kind = Some(text.to_owned()),
        _ => known[at].unit = Some(text.to_owned()),
    }
}

fn sample(line: &str, format: Format) -> Result<ExposedSample, String> {
    let mut labels = LabelsBuilder::default();
    let name_end = line.find(['{', ' ', '\t']).unwrap_or(line.len());
    let name = &line[..name_end];
    if !name.is_empty() {
        if !is_metric_name(name) {
            return Err(format!("invalid metric name {name:?}"));
        }
        labels.set(METRIC_NAME, name);
    }
    let mut rest = line[name_end..].trim_start_matches([' ', '\t']);
    if let Some(inside) = rest.strip_prefix('{') {
        rest = label_pairs(inside, &mut labels)?;
    }
    if labels.get(METRIC_NAME).is_empty() {
        return Err("a sample without a metric name".into());
    }
    // An exemplar (OpenMetrics) says nothing about the sample's value.
    let (numbers, _exemplar) = rest.split_once(" # ").unwrap_or((rest, ""));
    let mut words = numbers.split([' ', '\t']).filter(|word| !word.is_empty());
    let value = words.next().ok_or("expected a value")?;
    let value = number(value).ok_or_else(|| format!("invalid value {value:?}"))?;
    let timestamp = match words.next() {
        None => None,
        Some(word) => Some(timestamp(word, format).ok_or_else(|| format!("invalid timestamp {word:?}"))?),
    };
    match words.next() {
        Some(extra) => Err(format!("unexpected {extra:?} after the sample")),
        None => Ok(ExposedSample { labels: labels.build(), value, timestamp }),
    }
}

/// Everything up to the closing brace; what stands after it is returned.
fn label_pairs<'t>(mut rest: &'t str, labels: &mut LabelsBuilder) -> Result<&'t str, String> {
    let mut seen: Vec<&str> = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if let Some(after) = rest.strip_prefix('}') {
            return Ok(after);
        }
        // Prometheus 3 writes a name that needs quotes as the first thing in the braces.
        if rest.starts_with('"') {
            let (name, after) = quoted(rest)?;
            labels.set(METRIC_NAME, name);
            rest = after;
            continue;
        }
        let (name, after) = rest.split_once('=').ok_or("expected a label name, `=` and a value")?;
        let name = name.trim_matches([' ', '\t']);
        if !is_label_name(name) {
            return Err(format!("invalid label name {name:?}"));
        }
        if seen.contains(&name) {
            return Err(format!("label {name:?} is not unique"));
        }
        seen.push(name);
        let (value, after) = quoted(after.trim_start_matches([' ', '\t']))?;
        labels.set(name, value);
        rest = after.trim_start_matches([' ', '\t']);
        if !rest.starts_with([',', '}']) {
            return Err("expected `,` or `}` after a label".into());
        }
    }
}

/// A text in double quotes, and what stands after it.
fn quoted(text: &str) -> Result<(String, &str), String> {
    let inside = text.strip_prefix('"').ok_or("expected a value in double quotes")?;
    let mut escaped = false;
    for (at, c) in inside.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Ok((unescape(&inside[..at]), &inside[at + 1..])),
            _ => {}
        }
    }
    Err("a label value without its closing quote".into())
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('n') => out.push('\n'),
                Some(c @ ('\\' | '"')) => out.push(c),
                Some(c) => out.extend(['\\', c]),
                None => out.push('\\'),
            },
            (c, false) => out.push(c),
        }
    }
    out
}

/// As Go's `ParseFloat` reads it, in the forms that expositions have.
fn number(text: &str) -> Option<f64> {
    let digits = text.trim_start_matches(['+', '-']);
    match digits.to_ascii_lowercase().as_str() {
        "inf" | "infinity" | "nan" => text.parse().ok(),
        _ if digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') => text.parse().ok(),
        _ => None,
    }
}

fn timestamp(word: &str, format: Format) -> Option<Timestamp> {
    match format {
        Format::Prometheus => word.parse().ok().map(Timestamp),
        Format::OpenMetrics => {
            let seconds = number(word).filter(|seconds| seconds.is_finite())?;
            Some(Timestamp((seconds * 1000.0) as i64))
        }
    }
}

fn is_metric_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == ':')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':')
}

fn is_label_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(format: Format, text: &str, expected: Result<&[&str], &str>) {
        let got = read(text, format).map_err(|error| error.to_string()).map(|exposition| {
            exposition
                .samples
                .iter()
                .map(|sample| {
                    let at = sample.timestamp.map_or(String::new(), |at| format!(" @{}", at.0));
                    format!("{} {}{at}", sample.labels, sample.value)
                })
                .collect::<Vec<_>>()
        });
        let expected = expected
            .map(|lines| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>())
            .map_err(str::to_owned);
        assert_eq!(got, expected);
    }

    #[test]
    fn samples_are_read_with_labels_escapes_and_timestamps() {
        check(
            Format::Prometheus,
            "# HELP a Some help.\n# TYPE a counter\na{b=\"c\", d=\"e\\\"f\\n\",} 1.5e3 1395066363000\n\n  up 1\nx NaN\ny -Inf\n",
            Ok(&["a{b=\"c\", d=\"e\\\"f\\n\"} 1500 @1395066363000", "up 1", "x NaN", "y -inf"]),
        );
    }

    #[test]
    fn openmetrics_has_seconds_exemplars_and_an_end() {
        check(
            Format::OpenMetrics,
            "a_bucket{le=\"1\"} 5 1.5 # {trace_id=\"x\"} 0.67\n# EOF\n",
            Ok(&["a_bucket{le=\"1\"} 5 @1500"]),
        );
        check(Format::OpenMetrics, "a 1\n", Err("line 2: data does not end with # EOF"));
        check(Format::OpenMetrics, "# EOF\na 1\n", Err("line 2: unexpected data after # EOF"));
    }

    #[test]
    fn what_is_no_exposition_is_refused_with_its_line() {
        check(Format::Prometheus, "a 1\na", Err("line 2: expected a value"));
        check(Format::Prometheus, "a{b=\"c} 1", Err("line 1: a label value without its closing quote"));
        check(Format::Prometheus, "a{b=c} 1", Err("line 1: expected a value in double quotes"));
        check(Format::Prometheus, "a{b=\"1\",b=\"2\"} 1", Err("line 1: label \"b\" is not unique"));
        check(Format::Prometheus, "1a 1", Err("line 1: invalid metric name \"1a\""));
        check(Format::Prometheus, "a one", Err("line 1: invalid value \"one\""));
        check(Format::Prometheus, "a 1 2 3", Err("line 1: unexpected \"3\" after the sample"));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC*", lines in "([a-z{}\"=\\\\,# 0-9é]{0,20}\n){0,5}") {
            for text in [text, lines] {
                let _ = read(&text, Format::Prometheus);
                let _ = read(&text, Format::OpenMetrics);
            }
        }
    }
}
