//! Time intervals: when a route is muted or active.
//!
//! Days, months, years and weekdays are inclusive ranges; a time of day ends before its `end_time`. All is
//! judged in UTC unless a `location` is given.

use jiff::Timestamp as Instant;
use jiff::civil::{DateTime, Weekday};
use jiff::tz::TimeZone;

use crate::time::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InclusiveRange {
    pub begin: i64,
    pub end: i64,
}

/// Minutes of the day: `start` belongs to it, `end` does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRange {
    pub start: i64,
    pub end: i64,
}

/// A part that was not written (`None`) holds always; one written empty never does.
#[derive(Clone, Debug, Default)]
pub struct TimeInterval {
    pub times: Option<Vec<TimeRange>>,
    /// 0 is Sunday.
    pub weekdays: Option<Vec<InclusiveRange>>,
    /// Negative days count from the month's end.
    pub days_of_month: Option<Vec<InclusiveRange>>,
    pub months: Option<Vec<InclusiveRange>>,
    pub years: Option<Vec<InclusiveRange>>,
    pub location: Option<TimeZone>,
}

impl TimeInterval {
    pub fn contains(&self, at: Timestamp) -> bool {
        let Ok(instant) = Instant::from_millisecond(at.0) else { return false };
        let zone = self.location.clone().unwrap_or(TimeZone::UTC);
        let local = zone.to_datetime(instant);
        let minute = i64::from(local.hour()) * 60 + i64::from(local.minute());
        let within = |ranges: &Option<Vec<InclusiveRange>>, value: i64| {
            ranges
                .as_ref()
                .is_none_or(|ranges| ranges.iter().any(|range| range.begin <= value && value <= range.end))
        };
        self.times.as_ref().is_none_or(|times| times.iter().any(|t| t.start <= minute && minute < t.end))
            && self
                .days_of_month
                .as_ref()
                .is_none_or(|ranges| ranges.iter().any(|range| contains_day(*range, local)))
            && within(&self.months, i64::from(local.month()))
            && within(&self.weekdays, weekday_number(local.weekday()))
            && within(&self.years, i64::from(local.year()))
    }
}

/// Where a range begins after the month's last day it does not hold at all; past its end it is cut.
fn contains_day(range: InclusiveRange, local: DateTime) -> bool {
    let days = i64::from(local.days_in_month());
    let from_end = |day: i64| if day < 0 { days + day + 1 } else { day };
    let (begin, end) = (from_end(range.begin), from_end(range.end));
    if begin > days {
        return false;
    }
    let day = i64::from(local.day());
    begin.clamp(-days, days) <= day && day <= end.clamp(-days, days)
}

fn weekday_number(day: Weekday) -> i64 {
    i64::from(day.to_sunday_zero_offset())
}

const WEEKDAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// `monday:friday`, `saturday`. Errors are in Alertmanager's own words.
pub fn weekday_range(text: &str) -> Result<InclusiveRange, String> {
    let range = range(text, |word| {
        WEEKDAYS
            .iter()
            .position(|name| *name == word)
            .map(|at| at as i64)
            .ok_or_else(|| format!("{word} is not a valid weekday"))
    })?;
    match range.begin > range.end {
        true => Err("start day cannot be before end day".into()),
        false => Ok(range),
    }
}

/// `january:march`, `5`.
pub fn month_range(text: &str) -> Result<InclusiveRange, String> {
    let range = range(text, |word| match MONTHS.iter().position(|name| *name == word) {
        Some(at) => Ok(at as i64 + 1),
        None => integer(word).map_err(|_| format!("{word} is not a valid month")),
    })?;
    if range.begin > range.end {
        let name = |month: i64| {
            usize::try_from(month - 1).ok().and_then(|at| MONTHS.get(at)).copied().unwrap_or_default()
        };
        return Err(format!("end month {} is before start month {}", name(range.end), name(range.begin)));
    }
    Ok(range)
}

/// `2025:2027`.
pub fn year_range(text: &str) -> Result<InclusiveRange, String> {
    let range = range(text, integer)?;
    match range.begin > range.end {
        true => Err(format!("end year {} is before start year {}", range.end, range.begin)),
        false => Ok(range),
    }
}

/// `1:15`, `-7:-1`.
pub fn day_range(text: &str) -> Result<InclusiveRange, String> {
    let range = range(text, integer)?;
    for day in [range.begin, range.end] {
        if day == 0 || !(-31..=31).contains(&day) {
            return Err(format!("{day} is not a valid day of the month: out of range"));
        }
    }
    if range.begin < 0 && range.end > 0 {
        return Err("end day must be negative if start day is negative".into());
    }
    // No month has fewer than 28 days, so what is backwards there is backwards always.
    let in_shortest_month = |day: i64| if day < 0 { 28 + day } else { day };
    if in_shortest_month(range.begin) > in_shortest_month(range.end) {
        return Err(format!("end day {} is always before start day {}", range.end, range.begin));
    }
    Ok(range)
}

/// `HH:MM` up to `24:00`, in minutes.
pub fn minutes(text: &str) -> Result<i64, String> {
    let wrong = || format!("couldn't parse timestamp {text}, invalid format");
    let digits = |part: &str| match part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit()) {
        true => part.parse::<i64>().ok(),
        false => None,
    };
    let (hours, minutes) = text.split_once(':').ok_or_else(wrong)?;
    match (digits(hours), digits(minutes)) {
        (Some(24), Some(0)) => Ok(24 * 60),
        (Some(hours), Some(minutes)) if hours < 24 && minutes < 60 => Ok(hours * 60 + minutes),
        _ => Err(wrong()),
    }
}

fn range(text: &str, member: impl Fn(&str) -> Result<i64, String>) -> Result<InclusiveRange, String> {
    let text = text.to_lowercase();
    let parts: Vec<&str> = text.split(':').collect();
    match parts[..] {
        [one] => member(one).map(|value| InclusiveRange { begin: value, end: value }),
        [begin, end] => Ok(InclusiveRange { begin: member(begin)?, end: member(end)? }),
        _ => Err(format!("couldn't parse range {text}, invalid format")),
    }
}

/// Go's `strconv.Atoi`.
fn integer(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| format!("strconv.Atoi: parsing {}: invalid syntax", crate::golang::quote(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp(text.parse::<Instant>().unwrap().as_millisecond())
    }

    #[track_caller]
    fn check(interval: &TimeInterval, text: &str, expected: bool) {
        assert_eq!(interval.contains(at(text)), expected, "{text}");
    }

    #[test]
    fn business_hours_end_before_their_end_and_know_the_zone() {
        let hours = TimeInterval {
            times: Some(vec![TimeRange { start: minutes("09:00").unwrap(), end: minutes("17:00").unwrap() }]),
            weekdays: Some(vec![weekday_range("Monday:Friday").unwrap()]),
            location: Some(TimeZone::get("Europe/Berlin").unwrap()),
            ..TimeInterval::default()
        };
        // Summer: two hours ahead of UTC.
        check(&hours, "2026-07-01T07:00:00Z", true);
        check(&hours, "2026-07-01T06:59:59Z", false);
        check(&hours, "2026-07-01T14:59:59Z", true);
        check(&hours, "2026-07-01T15:00:00Z", false);
        // Winter: one hour.
        check(&hours, "2026-01-07T07:30:00Z", false);
        check(&hours, "2026-01-07T08:00:00Z", true);
        // A Saturday.
        check(&hours, "2026-07-04T10:00:00Z", false);
    }

    #[test]
    fn negative_days_count_from_the_end_of_the_month() {
        let days =
            |text| TimeInterval { days_of_month: Some(vec![day_range(text).unwrap()]), ..Default::default() };
        check(&days("-1"), "2026-02-28T12:00:00Z", true);
        check(&days("-1"), "2028-02-28T12:00:00Z", false);
        check(&days("-1"), "2028-02-29T12:00:00Z", true);
        check(&days("29:31"), "2026-02-28T12:00:00Z", false);
        check(&days("25:31"), "2026-02-28T12:00:00Z", true);
        check(&days("1:-2"), "2026-04-29T00:00:00Z", true);
        check(&days("1:-2"), "2026-04-30T00:00:00Z", false);
    }

    #[test]
    fn a_part_written_empty_never_holds() {
        check(&TimeInterval::default(), "2026-04-29T00:00:00Z", true);
        check(&TimeInterval { months: Some(vec![]), ..Default::default() }, "2026-04-29T00:00:00Z", false);
    }

    #[test]
    fn ranges_are_refused_in_alertmanagers_words() {
        for (got, expected) in [
            (weekday_range("fri"), "fri is not a valid weekday"),
            (weekday_range("friday:monday"), "start day cannot be before end day"),
            (month_range("march:january"), "end month january is before start month march"),
            (month_range("foo"), "foo is not a valid month"),
            (year_range("2027:2026"), "end year 2026 is before start year 2027"),
            (day_range("0"), "0 is not a valid day of the month: out of range"),
            (day_range("-2:1"), "end day must be negative if start day is negative"),
            (day_range("20:-10"), "end day -10 is always before start day 20"),
            (day_range("1:2:3"), "couldn't parse range 1:2:3, invalid format"),
            (day_range("x"), "strconv.Atoi: parsing \"x\": invalid syntax"),
        ] {
            assert_eq!(got, Err(expected.to_owned()));
        }
        assert_eq!(minutes("24:00"), Ok(1440));
        assert_eq!(minutes("24:01"), Err("couldn't parse timestamp 24:01, invalid format".into()));
        assert_eq!(minutes("9:00"), Err("couldn't parse timestamp 9:00, invalid format".into()));
    }
}
