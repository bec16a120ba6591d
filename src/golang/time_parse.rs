//! Go's `time.Parse`: a text read by a layout.

use super::quote;
use super::time::{GoTime, MONTHS, Part, WEEKDAYS, Zone, days_before, element, fraction};

/// What was read so far. Go's defaults: the first day of year 0.
struct Fields {
    year: i64,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    nanoseconds: u32,
    is_afternoon: Option<bool>,
    offset: Option<i32>,
}

pub(super) fn parse(layout: &str, text: &str) -> Result<GoTime, String> {
    let mut fields = Fields {
        year: 0,
        month: 1,
        day: 1,
        hour: 0,
        minute: 0,
        second: 0,
        nanoseconds: 0,
        is_afternoon: None,
        offset: None,
    };
    let shown = || format!("parsing time {} as {}", quote(text), quote(layout));
    let mismatch =
        |rest: &str, wanted: &str| format!("{}: cannot parse {} as {}", shown(), quote(rest), quote(wanted));
    let (mut layout_rest, mut rest) = (layout, text);
    while let Some(c) = layout_rest.chars().next() {
        if let Some((part, name, after)) = element(layout_rest) {
            let before = rest;
            rest = fields.read(part, rest).map_err(|range| match range {
                Some(what) => format!("parsing time {}: {what} out of range", quote(text)),
                None => mismatch(before, name),
            })?;
            // A fraction may follow the seconds though the layout has none.
            let is_second = matches!(part, Part::Second | Part::ZeroSecond);
            if is_second && rest.starts_with(['.', ',']) && fraction(after).is_none() {
                rest = fields.read_fraction(rest);
            }
            layout_rest = after;
            continue;
        }
        if let Some((_, is_optional, after)) = fraction(layout_rest) {
            let wanted = &layout_rest[..layout_rest.len() - after.len()];
            match rest.starts_with(['.', ',']) {
                true => rest = fields.read_fraction(rest),
                false if is_optional => {}
                false => return Err(mismatch(rest, wanted)),
            }
            layout_rest = after;
            continue;
        }
        rest = rest.strip_prefix(c).ok_or_else(|| {
            let wanted: String = layout_rest.chars().take(1).collect();
            mismatch(rest, &wanted)
        })?;
        layout_rest = &layout_rest[c.len_utf8()..];
    }
    if !rest.is_empty() {
        return Err(format!("{}: extra text: {}", format_args!("parsing time {}", quote(text)), quote(rest)));
    }
    fields.time().ok_or_else(|| format!("parsing time {}: day out of range", quote(text)))
}

impl Fields {
    /// Reads one element; `Err(Some(…))` names what is out of its range.
    fn read<'t>(&mut self, part: Part, text: &'t str) -> Result<&'t str, Option<&'static str>> {
        let rest = match part {
            Part::Year => digits(text, 4, 4).map(|(value, rest)| {
                self.year = i64::from(value);
                rest
            }),
            Part::ShortYear => digits(text, 2, 2).map(|(value, rest)| {
                self.year = i64::from(value) + if value >= 69 { 1900 } else { 2000 };
                rest
            }),
            Part::Month => word(text, &MONTHS, usize::MAX).map(|(at, rest)| {
                self.month = at + 1;
                rest
            }),
            Part::ShortMonth => word(text, &MONTHS, 3).map(|(at, rest)| {
                self.month = at + 1;
                rest
            }),
            Part::Weekday => word(text, &WEEKDAYS, usize::MAX).map(|(_, rest)| rest),
            Part::ShortWeekday => word(text, &WEEKDAYS, 3).map(|(_, rest)| rest),
            Part::ZeroMonth => number(text, 2, &mut self.month),
            Part::NumberMonth => number(text, 1, &mut self.month),
            Part::Day | Part::SpaceDay => number(text.strip_prefix(' ').unwrap_or(text), 1, &mut self.day),
            Part::ZeroDay => number(text, 2, &mut self.day),
            Part::ZeroYearDay | Part::SpaceYearDay => {
                digits(text.trim_start_matches(' '), 1, 3).map(|(value, rest)| {
                    (self.month, self.day) = (1, value);
                    rest
                })
            }
            Part::Hour => number(text, 2, &mut self.hour),
            Part::Hour12 => number(text, 1, &mut self.hour),
            Part::ZeroHour12 => number(text, 2, &mut self.hour),
            Part::Minute => number(text, 1, &mut self.minute),
            Part::ZeroMinute => number(text, 2, &mut self.minute),
            Part::Second => number(text, 1, &mut self.second),
            Part::ZeroSecond => number(text, 2, &mut self.second),
            Part::UpperHalf => self.half(text, "AM", "PM"),
            Part::LowerHalf => self.half(text, "am", "pm"),
            Part::ZoneName => text.strip_prefix("UTC").or_else(|| {
                let length = text.bytes().take_while(u8::is_ascii_uppercase).count();
                (3..=5).contains(&length).then(|| &text[length..])
            }),
            Part::Offset { has_z, colon, hours_only, seconds } => match text.strip_prefix('Z') {
                Some(rest) if has_z => {
                    self.offset = Some(0);
                    Some(rest)
                }
                _ => self.read_offset(text, colon, hours_only, seconds),
            },
        };
        let rest = rest.ok_or(None)?;
        match () {
            () if !(1..=12).contains(&self.month) => Err(Some("month")),
            () if self.hour > 23 => Err(Some("hour")),
            () if self.minute > 59 => Err(Some("minute")),
            () if self.second > 59 => Err(Some("second")),
            () => Ok(rest),
        }
    }

    fn half<'t>(&mut self, text: &'t str, morning: &str, afternoon: &str) -> Option<&'t str> {
        if let Some(rest) = text.strip_prefix(morning) {
            self.is_afternoon = Some(false);
            return Some(rest);
        }
        self.is_afternoon = Some(true);
        text.strip_prefix(afternoon)
    }

    fn read_offset<'t>(
        &mut self,
        text: &'t str,
        colon: bool,
        hours_only: bool,
        seconds: bool,
    ) -> Option<&'t str> {
        let sign = match text.as_bytes().first()? {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let mut rest = &text[1..];
        let mut total = 0;
        let wanted = if seconds {
            3
        } else if hours_only {
            1
        } else {
            2
        };
        for unit in [3600, 60, 1].iter().take(wanted) {
            if colon && *unit != 3600 {
                rest = rest.strip_prefix(':')?;
            }
            let (value, after) = digits(rest, 2, 2)?;
            total += value as i32 * unit;
            rest = after;
        }
        self.offset = Some(sign * total);
        Some(rest)
    }

    fn read_fraction<'t>(&mut self, text: &'t str) -> &'t str {
        let length = text[1..].bytes().take_while(u8::is_ascii_digit).count();
        let nine: String = text[1..1 + length].chars().chain("000000000".chars()).take(9).collect();
        self.nanoseconds = nine.parse().unwrap_or(0);
        &text[1 + length..]
    }

    fn time(&self) -> Option<GoTime> {
        let hour = match self.is_afternoon {
            Some(true) if self.hour < 12 => self.hour + 12,
            Some(false) if self.hour == 12 => 0,
            _ => self.hour,
        };
        let next_month = match self.month {
            12 => days_before(self.year + 1, 1, 1),
            month => days_before(self.year, month + 1, 1),
        };
        let days = days_before(self.year, self.month, 1) + i64::from(self.day) - 1;
        // A day of the year is counted from January.
        let last = if self.day > 31 { days_before(self.year + 1, 1, 1) } else { next_month };
        if self.day == 0 || days >= last {
            return None;
        }
        let local = days * 86_400 + i64::from(hour * 3600 + self.minute * 60 + self.second);
        let zone = match self.offset {
            None | Some(0) => Zone::Utc,
            Some(offset) => Zone::Offset(offset),
        };
        Some(GoTime {
            seconds: local - i64::from(self.offset.unwrap_or(0)),
            nanoseconds: self.nanoseconds,
            zone,
        })
    }
}

fn digits(text: &str, least: usize, most: usize) -> Option<(u32, &str)> {
    let length = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if length < least {
        return None;
    }
    Some((text[..length].parse().ok()?, &text[length..]))
}

fn number<'t>(text: &'t str, least: usize, into: &mut u32) -> Option<&'t str> {
    let (value, rest) = digits(text, least, 2)?;
    *into = value;
    Some(rest)
}

/// The place of the word that `text` begins with, each word cut to `length`.
fn word<'t>(text: &'t str, words: &[&str], length: usize) -> Option<(u32, &'t str)> {
    words.iter().enumerate().find_map(|(at, word)| {
        let word = &word[..length.min(word.len())];
        let start = text.get(..word.len())?;
        start.eq_ignore_ascii_case(word).then(|| (at as u32, &text[word.len()..]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_by_their_layout() {
        for (layout, text, expected) in [
            ("2006-01-02", "2026-03-01", Ok("2026-03-01 00:00:00 +0000 UTC")),
            (
                "2006-01-02T15:04:05Z07:00",
                "2026-03-01T08:05:09.5+02:00",
                Ok("2026-03-01 08:05:09.5 +0200 +02"),
            ),
            (
                "Jan 2, 2006 at 3:04pm (MST)",
                "Feb 3, 2013 at 7:54pm (UTC)",
                Ok("2013-02-03 19:54:00 +0000 UTC"),
            ),
            (
                "2006-01-02",
                "01.03.2026",
                Err("parsing time \"01.03.2026\" as \"2006-01-02\": cannot parse \"01.03.2026\" as \"2006\""),
            ),
            ("2006-01-02", "2026-13-01", Err("parsing time \"2026-13-01\": month out of range")),
            ("2006-01-02", "2026-02-30", Err("parsing time \"2026-02-30\": day out of range")),
            ("2006", "2026x", Err("parsing time \"2026x\": extra text: \"x\"")),
        ] {
            assert_eq!(
                parse(layout, text).map(|time| time.to_string()),
                expected.map(str::to_owned).map_err(str::to_owned)
            );
        }
    }
}
