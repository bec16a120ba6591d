//! The numbers that people write: `8%`, `200/s`, `11 minutes`, `p95 of 2s`, `above 0.05`.
//!
//! Each reader takes the whole text and gives the value, or what would have been a value: the same words stand
//! in the message, wherever the text was written.

use super::{Comparison, Latency};
use crate::diagnostic::{Diagnostic, Span};
use crate::documents::yaml::Node;
use crate::promql;
use crate::stack::alertmanager::IntegrationKind;
use crate::time::{Duration, Timestamp};

/// What was wanted, with an example; it completes "wanted …".
pub type Wanted = &'static str;

pub const DURATION: Wanted = "a length of time such as `90s`, `1h30m` or `11 minutes`";
pub const NUMBER: Wanted = "a number such as `42`, `0.05`, `8%` or `10k`";
pub const RATIO: Wanted = "a share such as `8%` or `0.08`, between 0 and 1";
pub const RATE: Wanted = "a rate such as `200`, `200/s` or `12k per minute`";
pub const LATENCY: Wanted = "a latency such as `250ms`, `p95 of 2s` or `p99=1.5s`";
pub const COMPARISON: Wanted = "a comparison such as `above 0.05`, `at most 3`, `> 0.05` or `0`";
pub const TIMESTAMP: Wanted = "a time such as `2025-01-31T10:00:00Z` or seconds since 1970";
pub const COUNT: Wanted = "a whole number such as `3`";
pub const TIMES: Wanted = "a count such as `once`, `3 times` or `at least twice`";
pub const INTEGRATION: Wanted = "a kind of receiver such as `email`, `slack` or `pagerduty`";

pub fn bad_value(got: &str, wanted: Wanted, span: &Span) -> Diagnostic {
    let what = wanted.split(" such as").next().unwrap_or(wanted);
    let diagnostic = Diagnostic::error("bad-value", format!("`{got}` is not {what}"))
        .at(span)
        .label(format!("wanted {wanted}"));
    let bare = number(got).is_ok() && got.ends_with(|c: char| c.is_ascii_digit());
    match wanted {
        RATIO if bare => diagnostic.help(format!("did you mean `{got}%`?")),
        DURATION if bare => diagnostic.help(format!("a unit is missing: `{got}s`, `{got}m`?")),
        _ => diagnostic,
    }
}

/// `1h30m`, `1.5s`, `11 minutes`, `1 hour and 30 minutes`.
pub fn duration(text: &str) -> Result<Duration, Wanted> {
    if let Ok(duration) = Duration::parse(text) {
        return Ok(duration);
    }
    let mut total = 0.0;
    let mut last_unit = i64::MAX;
    let mut rest = text.trim();
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
        let after = rest[digits..].trim_start();
        let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let count: f64 = match &rest[..digits] {
            // "a minute", "an hour"
            "" if letters > 0 && total == 0.0 => match after.split_once(' ') {
                Some(("a" | "an" | "one", unit)) => return unit_of(unit).map(Duration).ok_or(DURATION),
                _ => return Err(DURATION),
            },
            digits => digits.parse().map_err(|_| DURATION)?,
        };
        // From the largest unit down, so that "between 5m and 7m" holds two lengths and not their sum.
        let unit = unit_of(&after[..letters]).filter(|unit| *unit < last_unit).ok_or(DURATION)?;
        last_unit = unit;
        total += count * unit as f64;
        rest = after[letters..].trim_start();
        if let Some(next) = rest.strip_prefix("and ") {
            // "5 minutes and" with nothing after it is no duration.
            rest = Some(next.trim_start()).filter(|next| !next.is_empty()).ok_or(DURATION)?;
        }
    }
    // Longer than Prometheus can count is longer than anybody waits.
    let whole = total.round();
    if text.trim().is_empty() || !(0.0..=(i64::MAX / 1_000_000) as f64).contains(&whole) {
        return Err(DURATION);
    }
    Ok(Duration(whole as i64))
}

fn unit_of(word: &str) -> Option<i64> {
    Some(match word.to_ascii_lowercase().as_str() {
        "ms" | "millisecond" | "milliseconds" => 1,
        "s" | "sec" | "secs" | "second" | "seconds" => 1000,
        "m" | "min" | "mins" | "minute" | "minutes" => 60_000,
        "h" | "hour" | "hours" => 3_600_000,
        "d" | "day" | "days" => 86_400_000,
        "w" | "week" | "weeks" => 7 * 86_400_000,
        "y" | "year" | "years" => 365 * 86_400_000,
        _ => return None,
    })
}

/// `42`, `-0.5`, `8%`, `10k`, `1.5M`, `+Inf`, `NaN`; powers are decimal.
pub fn number(text: &str) -> Result<f64, Wanted> {
    let text = text.trim();
    match text.to_ascii_lowercase().as_str() {
        "nan" => return Ok(f64::NAN),
        "inf" | "+inf" => return Ok(f64::INFINITY),
        "-inf" => return Ok(f64::NEG_INFINITY),
        _ => {}
    }
    let (digits, factor) = match text.as_bytes().last() {
        Some(b'%') => (&text[..text.len() - 1], 0.01),
        Some(b'k') => (&text[..text.len() - 1], 1e3),
        Some(b'M') => (&text[..text.len() - 1], 1e6),
        Some(b'G') => (&text[..text.len() - 1], 1e9),
        _ => match text.strip_suffix("percent") {
            Some(digits) => (digits, 0.01),
            None => (text, 1.0),
        },
    };
    let digits = digits.trim_end();
    // Rust also reads "infinity" and "1e5"; only the latter is meant.
    if !digits.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) || digits.contains(['n', 'N']) {
        return Err(NUMBER);
    }
    let plain = digits.replace('_', "");
    let value: f64 = plain.parse().map_err(|_| NUMBER)?;
    // 8% is 0.08 exactly as written, not 8 × 0.01.
    Ok(if factor == 0.01 { value / 100.0 } else { value * factor })
}

pub fn ratio(text: &str) -> Result<f64, Wanted> {
    // "with no errors"
    let text = if text == "no" { "0" } else { text };
    number(text).ok().filter(|ratio| (0.0..=1.0).contains(ratio)).ok_or(RATIO)
}

/// Per second.
pub fn rate(text: &str) -> Result<f64, Wanted> {
    let (count, seconds) = match text.split_once('/').or_else(|| text.split_once(" per ")) {
        Some((count, unit)) => (count, unit_of(unit.trim()).ok_or(RATE)? as f64 / 1000.0),
        None => (text, 1.0),
    };
    let count = ["requests", "request", "times"]
        .iter()
        .find_map(|word| count.trim().strip_suffix(word))
        .unwrap_or(count);
    number(count)
        .ok()
        .filter(|count| count.is_finite() && *count >= 0.0)
        .map(|count| count / seconds)
        .ok_or(RATE)
}

/// `250ms`, `p95 of 2s`, `p99 2s`, `p99=2s`, `a p50 of 100ms`.
pub fn latency(text: &str) -> Result<Latency, Wanted> {
    let text = text.trim();
    if let Ok(fixed) = duration(text) {
        return Ok(Latency::Fixed(fixed));
    }
    let text = text.strip_prefix("a ").unwrap_or(text);
    let rest = text.strip_prefix(['p', 'P']).ok_or(LATENCY)?;
    let digits = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    let percent: f64 = rest[..digits].parse().map_err(|_| LATENCY)?;
    let length = rest[digits..].trim_start();
    let length = ["latency", "of", "=", ":"]
        .iter()
        .fold(length, |rest, word| rest.strip_prefix(word).map_or(rest, str::trim_start));
    if !(percent > 0.0 && percent < 100.0) {
        return Err(LATENCY);
    }
    Ok(Latency::Quantile(percent / 100.0, duration(length).map_err(|_| LATENCY)?))
}

/// `above 0.05`, `at least 3`, `> 0.05`, `not 0`, `0`.
pub fn comparison(text: &str) -> Result<(Comparison, f64), Wanted> {
    use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
    const WORDS: [(&str, Comparison); 24] = [
        (">=", GreaterOrEqual),
        ("<=", LessOrEqual),
        ("==", Equal),
        ("!=", NotEqual),
        (">", Greater),
        ("<", Less),
        ("=", Equal),
        ("at least ", GreaterOrEqual),
        ("at most ", LessOrEqual),
        ("greater than ", Greater),
        ("more than ", Greater),
        ("larger than ", Greater),
        ("higher than ", Greater),
        ("above ", Greater),
        ("over ", Greater),
        ("less than ", Less),
        ("fewer than ", Less),
        ("lower than ", Less),
        ("smaller than ", Less),
        ("below ", Less),
        ("under ", Less),
        ("not ", NotEqual),
        ("exactly ", Equal),
        ("equal to ", Equal),
    ];
    let text = text.trim();
    let (compare, rest) = WORDS
        .iter()
        .find_map(|(word, compare)| text.strip_prefix(word).map(|rest| (*compare, rest)))
        .unwrap_or((Equal, text));
    Ok((compare, number(rest).map_err(|_| COMPARISON)?))
}

/// `once`, `twice`, `3 times`, `at least once`, `at most 3 times`, `more than once`.
pub fn times(text: &str) -> Result<(Comparison, u64), Wanted> {
    const WORDS: [(&str, Comparison); 7] = [
        ("at least ", Comparison::GreaterOrEqual),
        ("at most ", Comparison::LessOrEqual),
        ("more than ", Comparison::Greater),
        ("fewer than ", Comparison::Less),
        ("less than ", Comparison::Less),
        ("exactly ", Comparison::Equal),
        ("only ", Comparison::Equal),
    ];
    let text = text.trim();
    let (compare, rest) = WORDS
        .iter()
        .find_map(|(word, compare)| text.strip_prefix(word).map(|rest| (*compare, rest)))
        .unwrap_or((Comparison::Equal, text));
    let count = match rest.trim() {
        "once" => 1,
        "twice" => 2,
        rest => {
            let digits = rest.strip_suffix(" times").or_else(|| rest.strip_suffix(" time")).ok_or(TIMES)?;
            digits.trim().parse().map_err(|_| TIMES)?
        }
    };
    Ok((compare, count))
}

/// Alertmanager's name of a kind of receiver, in any case.
pub fn integration(text: &str) -> Result<IntegrationKind, Wanted> {
    IntegrationKind::named(text).ok_or(INTEGRATION)
}

/// RFC 3339, or seconds since 1970.
pub fn timestamp(text: &str) -> Result<Timestamp, Wanted> {
    let text = text.trim();
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Ok(Timestamp(at.as_millisecond()));
    }
    let seconds: f64 = text.parse().map_err(|_| TIMESTAMP)?;
    // The years that RFC 3339 can write.
    if !(-62_135_596_800.0..=253_402_300_799.0).contains(&seconds) {
        return Err(TIMESTAMP);
    }
    Ok(Timestamp((seconds * 1000.0).round() as i64))
}

/// A PromQL expression inside somebody's YAML; what is wrong with it is pointed out in their text.
pub fn check_expression(node: &Node, problems: &mut Vec<Diagnostic>) -> bool {
    let Some(text) = node.scalar() else { return true };
    match promql::parse_for_any(text) {
        Ok(_) => true,
        Err(error) => {
            let place = node.span_within(error.range.clone());
            problems.push(bad_expression(&error, &place));
            false
        }
    }
}

pub fn bad_expression(error: &promql::ParseError, place: &Span) -> Diagnostic {
    Diagnostic::error("promql-syntax", "this PromQL expression can't be parsed".to_owned())
        .at(place)
        .label(error.message.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check<T: PartialEq + std::fmt::Debug>(got: Result<T, Wanted>, expected: Result<T, Wanted>) {
        assert_eq!(got, expected);
    }

    #[test]
    fn lengths_of_time_are_written_in_prometheus_form_or_in_words() {
        check(duration("1h30m"), Ok(Duration(5_400_000)));
        check(duration("1.5s"), Ok(Duration(1500)));
        check(duration("11 minutes"), Ok(Duration(660_000)));
        check(duration("1 hour and 30 minutes"), Ok(Duration(5_400_000)));
        check(duration("90 seconds"), Ok(Duration(90_000)));
        check(duration("a minute"), Ok(Duration(60_000)));
        check(duration("0"), Ok(Duration(0)));
        for wrong in [
            "",
            "5",
            "5 parsecs",
            "minutes",
            "5 minutes and",
            "-5m",
            "1e30 years",
            "99999999999y",
            "1.2.3s",
            "5m and 7m",
        ] {
            check(duration(wrong), Err(DURATION));
        }
    }

    #[test]
    fn shares_are_written_in_percent_or_as_fractions() {
        check(ratio("8%"), Ok(0.08));
        check(ratio("0.1%"), Ok(0.001));
        check(ratio("0.08"), Ok(0.08));
        check(ratio("8 percent"), Ok(0.08));
        check(ratio("8"), Err(RATIO));
        check(ratio("120%"), Err(RATIO));
        check(ratio("-1%"), Err(RATIO));
        check(ratio("NaN"), Err(RATIO));
    }

    #[test]
    fn numbers_may_have_a_magnitude() {
        check(number("10k"), Ok(10_000.0));
        check(number("1.5M"), Ok(1_500_000.0));
        check(number("1e3"), Ok(1000.0));
        check(number("-Inf"), Ok(f64::NEG_INFINITY));
        check(number("1_000"), Ok(1000.0));
        check(number("ten"), Err(NUMBER));
        check(number("infinity"), Err(NUMBER));
        check(number("%"), Err(NUMBER));
    }

    #[test]
    fn rates_are_per_second_unless_they_say_otherwise() {
        check(rate("200"), Ok(200.0));
        check(rate("200/s"), Ok(200.0));
        check(rate("200 requests per second"), Ok(200.0));
        check(rate("12k per minute"), Ok(200.0));
        check(rate("-1"), Err(RATE));
        check(rate("200 per parsec"), Err(RATE));
    }

    #[test]
    fn latencies_are_fixed_or_a_quantile() {
        check(latency("250ms"), Ok(Latency::Fixed(Duration(250))));
        check(latency("p95 of 2s"), Ok(Latency::Quantile(0.95, Duration(2000))));
        check(latency("p99.9=1.5s"), Ok(Latency::Quantile(0.9990000000000001, Duration(1500))));
        check(latency("a p50 latency of 100 milliseconds"), Ok(Latency::Quantile(0.5, Duration(100))));
        check(latency("p100 of 2s"), Err(LATENCY));
        check(latency("slow"), Err(LATENCY));
    }

    #[test]
    fn comparisons_are_words_or_signs() {
        check(comparison("above 0.05"), Ok((Comparison::Greater, 0.05)));
        check(comparison("at most 3"), Ok((Comparison::LessOrEqual, 3.0)));
        check(comparison(">= 8%"), Ok((Comparison::GreaterOrEqual, 0.08)));
        check(comparison("0"), Ok((Comparison::Equal, 0.0)));
        check(comparison("above"), Err(COMPARISON));
    }

    #[test]
    fn how_often_is_said_in_words_or_with_a_number() {
        check(times("once"), Ok((Comparison::Equal, 1)));
        check(times("exactly 3 times"), Ok((Comparison::Equal, 3)));
        check(times("at least twice"), Ok((Comparison::GreaterOrEqual, 2)));
        check(times("more than once"), Ok((Comparison::Greater, 1)));
        for wrong in ["", "3", "thrice", "at least", "-1 times", "once within 5m"] {
            check(times(wrong), Err(TIMES));
        }
    }

    #[test]
    fn times_are_rfc_3339_or_unix_seconds() {
        check(timestamp("1970-01-01T00:01:00Z"), Ok(Timestamp(60_000)));
        check(timestamp("1700000000.5"), Ok(Timestamp(1_700_000_000_500)));
        check(timestamp("yesterday"), Err(TIMESTAMP));
        check(timestamp("1e300"), Err(TIMESTAMP));
    }
}
