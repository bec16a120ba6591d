//! Instants and durations in milliseconds, written and printed as Prometheus does.
//!
//! Nothing here reads a clock: time is always an argument.

use std::fmt;
use std::ops::{Add, Sub};

/// Milliseconds since the Unix epoch, in the world's own time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

/// A length of time in milliseconds; may be negative (an `offset` can be).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Duration(pub i64);

impl Timestamp {
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }
}

impl Duration {
    pub const ZERO: Duration = Duration(0);

    pub const fn from_secs(seconds: i64) -> Self {
        Duration(seconds * 1000)
    }

    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// Prometheus' own form: `1h30m`, units from `y` to `ms` in that order, each once; `0` alone is allowed.
    pub fn parse(text: &str) -> Result<Self, DurationError> {
        const UNITS: [(&str, i64); 7] = [
            ("y", 365 * 86_400_000),
            ("w", 7 * 86_400_000),
            ("d", 86_400_000),
            ("h", 3_600_000),
            ("m", 60_000),
            ("s", 1000),
            ("ms", 1),
        ];
        if text == "0" {
            return Ok(Duration::ZERO);
        }
        if text.is_empty() {
            return Err(DurationError::Empty);
        }
        let wrong = || DurationError::NotADuration(text.to_owned());
        let mut total: i64 = 0;
        let mut next_unit = 0;
        let mut rest = text;
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let letters = rest[digits..].bytes().take_while(u8::is_ascii_alphabetic).count();
            if digits == 0 || letters == 0 {
                return Err(wrong());
            }
            let unit = &rest[digits..digits + letters];
            let at = UNITS.iter().position(|(name, _)| *name == unit).ok_or_else(wrong)?;
            if at < next_unit {
                return Err(wrong());
            }
            next_unit = at + 1;
            total = rest[..digits]
                .parse::<i64>()
                .ok()
                .and_then(|count| count.checked_mul(UNITS[at].1))
                .and_then(|part| total.checked_add(part))
                // Prometheus counts in nanoseconds in 64 bits.
                .filter(|total| *total <= i64::MAX / 1_000_000)
                .ok_or_else(|| DurationError::TooLong(text.to_owned()))?;
            rest = &rest[digits + letters..];
        }
        Ok(Duration(total))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    #[error("empty duration string")]
    Empty,
    #[error("not a valid duration string: {0:?}")]
    NotADuration(String),
    #[error("duration out of range: {0:?}")]
    TooLong(String),
}

/// Prometheus' canonical form: `1h30m`, `2d`, `500ms`, `0s`. Years, weeks and days only where they divide.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        if self.0 < 0 {
            f.write_str("-")?;
        }
        let mut rest = self.0.unsigned_abs();
        const UNITS: [(&str, u64, bool); 7] = [
            ("y", 365 * 86_400_000, true),
            ("w", 7 * 86_400_000, true),
            ("d", 86_400_000, false),
            ("h", 3_600_000, false),
            ("m", 60_000, false),
            ("s", 1000, false),
            ("ms", 1, false),
        ];
        for (unit, size, exact) in UNITS {
            if exact && !rest.is_multiple_of(size) {
                continue;
            }
            let count = rest / size;
            if count > 0 {
                write!(f, "{count}{unit}")?;
            }
            rest -= count * size;
        }
        Ok(())
    }
}

impl fmt::Debug for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}ms", self.0)
    }
}

impl Add<Duration> for Timestamp {
    type Output = Timestamp;
    fn add(self, by: Duration) -> Timestamp {
        Timestamp(self.0 + by.0)
    }
}

impl Add for Duration {
    type Output = Duration;
    fn add(self, other: Duration) -> Duration {
        Duration(self.0 + other.0)
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Timestamp;
    fn sub(self, by: Duration) -> Timestamp {
        Timestamp(self.0 - by.0)
    }
}

impl Sub for Timestamp {
    type Output = Duration;
    fn sub(self, other: Timestamp) -> Duration {
        Duration(self.0 - other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<i64, &str>) {
        let got = Duration::parse(text).map(|d| d.0).map_err(|e| e.to_string());
        assert_eq!(got, expected.map_err(str::to_owned));
    }

    #[test]
    fn durations_are_read_as_prometheus_reads_them() {
        check("0", Ok(0));
        check("5m", Ok(300_000));
        check("1h30m", Ok(5_400_000));
        check("1y2w3d4h5m6s7ms", Ok(33_019_506_007));
        check("", Err("empty duration string"));
        check("5", Err("not a valid duration string: \"5\""));
        check("1m1h", Err("not a valid duration string: \"1m1h\""));
        check("1.5h", Err("not a valid duration string: \"1.5h\""));
        check("-5m", Err("not a valid duration string: \"-5m\""));
        check("300y", Err("duration out of range: \"300y\""));
    }

    #[test]
    fn durations_are_printed_as_prometheus_prints_them() {
        for text in ["0s", "1h30m", "15d", "2w", "1y", "500ms", "1m1s1ms"] {
            assert_eq!(Duration::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Duration(86_400_000 * 15).to_string(), "15d");
        assert_eq!(Duration(-300_000).to_string(), "-5m");
    }
}
