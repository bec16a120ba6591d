//! The parts of a date in UTC, for any number of seconds that there is.

/// A moment's day and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub year: i64,
    /// From 1.
    pub month: i64,
    /// From 1.
    pub day: i64,
    pub hour: i64,
    pub minute: i64,
    /// From Sunday, which is 0.
    pub weekday: i64,
}

impl Moment {
    pub fn of_unix_seconds(seconds: i64) -> Self {
        // Go counts from the year -292277022399 in 64 bits, and what lies before it wraps to the far future:
        // so do NaN and the infinities, which become the smallest integer.
        const GO_ZERO: i128 = -9_223_372_028_715_321_600;
        let seconds = i128::from(seconds);
        let seconds = if seconds < GO_ZERO { seconds + (1 << 64) } else { seconds };
        let (days, rest) = (seconds.div_euclid(86_400) as i64, seconds.rem_euclid(86_400) as i64);
        // Years are counted from March, so that the leap day is the last: 400 of them are 146097 days.
        let since_march_0000 = days + 719_468;
        let era = since_march_0000.div_euclid(146_097);
        let day_of_era = since_march_0000.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        let weekday = (days + 4).rem_euclid(7);
        Moment { year, month, day, hour: rest / 3600, minute: rest % 3600 / 60, weekday }
    }

    pub fn is_leap_year(&self) -> bool {
        self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0)
    }

    pub fn days_in_month(&self) -> i64 {
        match self.month {
            2 if self.is_leap_year() => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }

    /// From 1.
    pub fn day_of_year(&self) -> i64 {
        const BEFORE: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
        let leap_day = i64::from(self.month > 2 && self.is_leap_year());
        BEFORE[(self.month - 1).clamp(0, 11) as usize] + leap_day + self.day
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_off_seconds() {
        let check = |seconds: i64, expected: (i64, i64, i64, i64, i64, i64), days: (i64, i64)| {
            let moment = Moment::of_unix_seconds(seconds);
            let Moment { year, month, day, hour, minute, weekday } = moment;
            assert_eq!((year, month, day, hour, minute, weekday), expected);
            assert_eq!((moment.days_in_month(), moment.day_of_year()), days);
        };
        check(0, (1970, 1, 1, 0, 0, 4), (31, 1));
        check(951_782_400, (2000, 2, 29, 0, 0, 2), (29, 60));
        check(1_735_689_599, (2024, 12, 31, 23, 59, 2), (31, 366));
        check(i64::MIN, (292_277_026_596, 12, 4, 15, 30, 0), (31, 339));
        check(-1, (1969, 12, 31, 23, 59, 3), (31, 365));
    }
}
