//! Go's `time.Time` and `time.Duration`: printed, laid out and read as Go does.

use jiff::tz::TimeZone;

/// An instant with the zone it is shown in.
#[derive(Clone, Debug)]
pub struct GoTime {
    /// Since the Unix epoch; Go's zero time lies far before it.
    pub seconds: i64,
    pub nanoseconds: u32,
    pub zone: Zone,
}

#[derive(Clone, Debug)]
pub enum Zone {
    Utc,
    /// As a text like `2026-03-01T00:00:00+02:00` leaves it: without a name.
    Offset(i32),
    Named(TimeZone),
}

/// Date and time of day in the time's own zone.
pub struct Clock {
    pub year: i64,
    pub month: u32,
    pub day: u32,
    pub hour: u32,
    pub minute: u32,
    pub second: u32,
    /// Sunday is 0.
    pub weekday: u32,
    pub year_day: u32,
}

pub const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
pub const WEEKDAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

const ZERO_SECONDS: i64 = -62_135_596_800;

impl GoTime {
    /// The time that Go has where none was set: year 1.
    pub const ZERO: GoTime = GoTime { seconds: ZERO_SECONDS, nanoseconds: 0, zone: Zone::Utc };

    pub fn from_milliseconds(milliseconds: i64) -> Self {
        GoTime {
            seconds: milliseconds.div_euclid(1000),
            nanoseconds: milliseconds.rem_euclid(1000) as u32 * 1_000_000,
            zone: Zone::Utc,
        }
    }

    pub fn is_zero(&self) -> bool {
        self.seconds == ZERO_SECONDS && self.nanoseconds == 0
    }

    pub fn in_zone(&self, zone: Zone) -> Self {
        GoTime { zone, ..*self }
    }

    /// Later by so many nanoseconds, or earlier.
    pub fn plus(&self, nanoseconds: i64) -> Self {
        let total = i64::from(self.nanoseconds) + nanoseconds.rem_euclid(1_000_000_000);
        GoTime {
            seconds: self.seconds + nanoseconds.div_euclid(1_000_000_000) + total.div_euclid(1_000_000_000),
            nanoseconds: total.rem_euclid(1_000_000_000) as u32,
            zone: self.zone.clone(),
        }
    }

    /// Nanoseconds from `other` to this time, cut to what a duration can hold.
    pub fn since(&self, other: &GoTime) -> i64 {
        let difference = i128::from(self.seconds - other.seconds) * 1_000_000_000
            + i128::from(self.nanoseconds)
            - i128::from(other.nanoseconds);
        difference.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
    }

    /// The zone's offset in seconds and its name, as `MST` shows it.
    fn offset(&self) -> (i32, String) {
        match &self.zone {
            Zone::Utc => (0, "UTC".to_owned()),
            Zone::Offset(seconds) => (*seconds, String::new()),
            Zone::Named(zone) => match jiff::Timestamp::from_second(self.seconds) {
                Ok(timestamp) => {
                    let info = zone.to_offset_info(timestamp);
                    (info.offset().seconds(), info.abbreviation().to_owned())
                }
                Err(_) => (0, "UTC".to_owned()),
            },
        }
    }

    pub fn clock(&self) -> Clock {
        let local = self.seconds.saturating_add(self.offset().0.into());
        let (days, time) = (local.div_euclid(86_400), local.rem_euclid(86_400));
        let (year, month, day) = civil(days);
        Clock {
            year,
            month,
            day,
            hour: (time / 3600) as u32,
            minute: (time / 60 % 60) as u32,
            second: (time % 60) as u32,
            weekday: (days + 4).rem_euclid(7) as u32,
            year_day: (days - days_before(year, 1, 1) + 1) as u32,
        }
    }

    /// Go's `Format`: a layout written as the reference time `Mon Jan 2 15:04:05 MST 2006`.
    pub fn format(&self, layout: &str) -> String {
        let clock = self.clock();
        let (offset, zone_name) = self.offset();
        let mut out = String::with_capacity(layout.len() + 10);
        let mut rest = layout;
        while let Some(c) = rest.chars().next() {
            if let Some((element, _, after)) = element(rest) {
                self.push(element, &clock, offset, &zone_name, &mut out);
                rest = after;
                continue;
            }
            if let Some((digits, is_trimmed, after)) = fraction(rest) {
                let text = format!("{:09}", self.nanoseconds);
                let mut text = &text[..digits];
                if is_trimmed {
                    text = text.trim_end_matches('0');
                }
                if !text.is_empty() {
                    out.push_str(&rest[..1]);
                    out.push_str(text);
                }
                rest = after;
                continue;
            }
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
        out
    }

    fn push(&self, element: Part, clock: &Clock, offset: i32, zone_name: &str, out: &mut String) {
        let hour12 = (clock.hour + 11) % 12 + 1;
        let month = MONTHS[clock.month as usize - 1];
        let weekday = WEEKDAYS[clock.weekday as usize];
        let text = match element {
            Part::Year => format!("{:04}", clock.year),
            Part::ShortYear => format!("{:02}", clock.year.rem_euclid(100)),
            Part::Month => month.to_owned(),
            Part::ShortMonth => month[..3].to_owned(),
            Part::ZeroMonth => format!("{:02}", clock.month),
            Part::NumberMonth => clock.month.to_string(),
            Part::Weekday => weekday.to_owned(),
            Part::ShortWeekday => weekday[..3].to_owned(),
            Part::Day => clock.day.to_string(),
            Part::SpaceDay => format!("{:2}", clock.day),
            Part::ZeroDay => format!("{:02}", clock.day),
            Part::ZeroYearDay => format!("{:03}", clock.year_day),
            Part::SpaceYearDay => format!("{:3}", clock.year_day),
            Part::Hour => format!("{:02}", clock.hour),
            Part::Hour12 => hour12.to_string(),
            Part::ZeroHour12 => format!("{hour12:02}"),
            Part::Minute => clock.minute.to_string(),
            Part::ZeroMinute => format!("{:02}", clock.minute),
            Part::Second => clock.second.to_string(),
            Part::ZeroSecond => format!("{:02}", clock.second),
            Part::UpperHalf => if clock.hour < 12 { "AM" } else { "PM" }.to_owned(),
            Part::LowerHalf => if clock.hour < 12 { "am" } else { "pm" }.to_owned(),
            Part::ZoneName if zone_name.is_empty() => {
                let (sign, minutes) = signed_minutes(offset);
                match minutes % 60 {
                    0 => format!("{sign}{:02}", minutes / 60),
                    rest => format!("{sign}{:02}{rest:02}", minutes / 60),
                }
            }
            Part::ZoneName => zone_name.to_owned(),
            Part::Offset { has_z: true, .. } if offset == 0 => "Z".to_owned(),
            Part::Offset { colon, hours_only, seconds, .. } => {
                let (sign, minutes) = signed_minutes(offset);
                let colon = if colon { ":" } else { "" };
                let mut text = format!("{sign}{:02}", minutes / 60);
                if !hours_only {
                    text.push_str(&format!("{colon}{:02}", minutes % 60));
                }
                if seconds {
                    text.push_str(&format!("{colon}{:02}", offset.abs() % 60));
                }
                text
            }
        };
        out.push_str(&text);
    }

    /// Go's `time.ParseInLocation(layout, text, time.UTC)`.
    pub fn parse(layout: &str, text: &str) -> Result<Self, String> {
        super::time_parse::parse(layout, text)
    }

    /// RFC 3339 with as many digits of the second as there are: what JSON has.
    pub fn to_rfc3339(&self) -> String {
        self.format("2006-01-02T15:04:05.999999999Z07:00")
    }

    /// Reads RFC 3339.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let (date, rest) = (text.get(..10)?, text.get(11..)?);
        if !matches!(text.as_bytes()[10], b'T' | b't') {
            return None;
        }
        let mut numbers = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
        let (year, month, day) = (numbers.next()??, numbers.next()??, numbers.next()??);
        let (time, zone_at) = match rest.find(['Z', 'z', '+', '-']) {
            Some(at) => (&rest[..at], at),
            None => return None,
        };
        let (whole, fraction) = time.split_once('.').unwrap_or((time, ""));
        let mut parts = whole.splitn(3, ':').map(|part| part.parse::<i64>().ok());
        let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let digits: String = fraction.chars().chain("000000000".chars()).take(9).collect();
        let zone = &rest[zone_at..];
        let zone = match zone {
            "Z" | "z" => Zone::Utc,
            _ => {
                let (hours, minutes) = zone[1..].split_once(':')?;
                let seconds = hours.parse::<i32>().ok()? * 3600 + minutes.parse::<i32>().ok()? * 60;
                match if zone.starts_with('-') { -seconds } else { seconds } {
                    0 => Zone::Utc,
                    seconds => Zone::Offset(seconds),
                }
            }
        };
        let offset = if let Zone::Offset(seconds) = zone { i64::from(seconds) } else { 0 };
        let seconds =
            days_before(year, month as u32, day as u32) * 86_400 + hour * 3600 + minute * 60 + second;
        Some(GoTime { seconds: seconds - offset, nanoseconds: digits.parse().ok()?, zone })
    }
}

/// Go's `Time.String`.
impl std::fmt::Display for GoTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.format("2006-01-02 15:04:05.999999999 -0700 MST"))
    }
}

impl PartialEq for GoTime {
    fn eq(&self, other: &GoTime) -> bool {
        (self.seconds, self.nanoseconds) == (other.seconds, other.nanoseconds)
    }
}

/// Go's `Duration.String`: `1h5m0s`, `1.5s`, `300ms`, `0s`.
pub fn format_duration(nanoseconds: i64) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let total = nanoseconds.unsigned_abs();
    let decimal = |value: u64, unit: u64| {
        let width = unit.ilog10() as usize;
        let text = match width {
            0 => value.to_string(),
            _ => format!("{}.{:0width$}", value / unit, value % unit),
        };
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    };
    match total {
        0 => "0s".to_owned(),
        1..1_000 => format!("{sign}{total}ns"),
        1_000..1_000_000 => format!("{sign}{}µs", decimal(total, 1_000)),
        1_000_000..1_000_000_000 => format!("{sign}{}ms", decimal(total, 1_000_000)),
        _ => {
            let minutes = total / 60_000_000_000;
            let seconds = decimal(total % 60_000_000_000, 1_000_000_000);
            match (minutes / 60, minutes % 60) {
                (0, 0) => format!("{sign}{seconds}s"),
                (0, minutes) => format!("{sign}{minutes}m{seconds}s"),
                (hours, minutes) => format!("{sign}{hours}h{minutes}m{seconds}s"),
            }
        }
    }
}

#[derive(Clone, Copy)]
pub(super) enum Part {
    Year,
    ShortYear,
    Month,
    ShortMonth,
    ZeroMonth,
    NumberMonth,
    Weekday,
    ShortWeekday,
    Day,
    SpaceDay,
    ZeroDay,
    ZeroYearDay,
    SpaceYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    UpperHalf,
    LowerHalf,
    ZoneName,
    Offset { has_z: bool, colon: bool, hours_only: bool, seconds: bool },
}

const fn zone(has_z: bool, colon: bool, hours_only: bool, seconds: bool) -> Part {
    Part::Offset { has_z, colon, hours_only, seconds }
}

/// The elements of a layout, the longer of two with a common start first.
const ELEMENTS: &[(Part, &str)] = &[
    (Part::Month, "January"),
    (Part::ShortMonth, "Jan"),
    (Part::Weekday, "Monday"),
    (Part::ShortWeekday, "Mon"),
    (Part::ZoneName, "MST"),
    (Part::ZeroYearDay, "002"),
    (Part::ZeroMonth, "01"),
    (Part::ZeroDay, "02"),
    (Part::ZeroHour12, "03"),
    (Part::ZeroMinute, "04"),
    (Part::ZeroSecond, "05"),
    (Part::ShortYear, "06"),
    (Part::Hour, "15"),
    (Part::NumberMonth, "1"),
    (Part::Year, "2006"),
    (Part::Day, "2"),
    (Part::SpaceYearDay, "__2"),
    (Part::SpaceDay, "_2"),
    (Part::Hour12, "3"),
    (Part::Minute, "4"),
    (Part::Second, "5"),
    (Part::UpperHalf, "PM"),
    (Part::LowerHalf, "pm"),
    (zone(false, false, false, true), "-070000"),
    (zone(false, true, false, true), "-07:00:00"),
    (zone(false, false, false, false), "-0700"),
    (zone(false, true, false, false), "-07:00"),
    (zone(false, false, true, false), "-07"),
    (zone(true, false, false, true), "Z070000"),
    (zone(true, true, false, true), "Z07:00:00"),
    (zone(true, false, false, false), "Z0700"),
    (zone(true, true, false, false), "Z07:00"),
    (zone(true, false, true, false), "Z07"),
];

/// The element of a layout that stands at the start, its text and what follows.
pub(super) fn element(layout: &str) -> Option<(Part, &'static str, &str)> {
    ELEMENTS.iter().find_map(|(part, name)| {
        let after = layout.strip_prefix(name)?;
        // `January` and `Monday` stand before them in the table.
        let is_longer_word =
            matches!(*name, "Jan" | "Mon") && after.starts_with(|c: char| c.is_ascii_lowercase());
        let is_year = *name == "_2" && after.starts_with("006");
        (!is_longer_word && !is_year).then_some((*part, *name, after))
    })
}

/// `.000` or `,999` at the start: the number of digits, whether trailing zeros go, and what follows.
pub(super) fn fraction(text: &str) -> Option<(usize, bool, &str)> {
    let digits = text.strip_prefix(['.', ','])?;
    let digit = digits.chars().next().filter(|c| matches!(c, '0' | '9'))?;
    let length = digits.chars().take_while(|c| *c == digit).count();
    let after = &digits[length..];
    (length <= 9 && !after.starts_with(|c: char| c.is_ascii_digit())).then_some((length, digit == '9', after))
}

fn signed_minutes(offset: i32) -> (char, i32) {
    (if offset < 0 { '-' } else { '+' }, offset.abs() / 60)
}

/// Days from the Unix epoch to that date.
pub fn days_before(year: i64, month: u32, day: u32) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted_month = (i64::from(month) + 9) % 12;
    let day_of_year = (153 * shifted_month + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The date so many days after the Unix epoch.
fn civil(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * shifted_month + 2) / 5 + 1) as u32;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 } as u32;
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_laid_out_as_in_go() {
        let time = GoTime::parse_rfc3339("2026-03-01T08:05:09.120Z").unwrap();
        for (layout, expected) in [
            ("2006-01-02 15:04:05 MST", "2026-03-01 08:05:09 UTC"),
            ("Mon Jan _2 3:04PM 2006", "Sun Mar  1 8:05AM 2026"),
            ("Monday, 02-Jan-06 15:04:05 -0700", "Sunday, 01-Mar-26 08:05:09 +0000"),
            ("January 2, 2006 at 3pm (MST)", "March 1, 2026 at 8am (UTC)"),
            ("15:04:05.000 .999 .99999", "08:05:09.120 .12 .12"),
            ("002 __2 Z07:00 1/2", "060  60 Z 3/1"),
            ("plain text", "plain text"),
        ] {
            assert_eq!(time.format(layout), expected, "{layout}");
        }
        assert_eq!(time.to_string(), "2026-03-01 08:05:09.12 +0000 UTC");
        assert_eq!(GoTime::ZERO.to_string(), "0001-01-01 00:00:00 +0000 UTC");
        let berlin = GoTime::parse_rfc3339("2026-03-01T08:05:09+02:00").unwrap();
        assert_eq!(berlin.to_string(), "2026-03-01 08:05:09 +0200 +02");
    }

    #[test]
    fn durations_are_printed_as_in_go() {
        for (nanoseconds, expected) in [
            (0, "0s"),
            (1, "1ns"),
            (1_100, "1.1µs"),
            (2_200_000, "2.2ms"),
            (3_300_000_000, "3.3s"),
            (245_000_000_000, "4m5s"),
            (-18_367_001_000_000, "-5h6m7.001s"),
            (i64::MIN, "-2562047h47m16.854775808s"),
        ] {
            assert_eq!(format_duration(nanoseconds), expected);
        }
    }
}
