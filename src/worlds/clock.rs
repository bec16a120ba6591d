//! A real world's clock: the machine's, from a stated instant on and as many times as fast.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::time::{Duration, Timestamp};

/// Copied freely: all that measure with one clock agree.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    began: Instant,
    /// The machine's time of day at that instant, which the real programs write into what they say.
    machine: Timestamp,
    start: Timestamp,
    speed: u32,
}

impl Clock {
    /// A clock that shows `start` now, and in which `speed` seconds pass in each of the machine's.
    pub fn starting(start: Timestamp, speed: u32) -> Clock {
        let machine = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Clock { began: Instant::now(), machine: Timestamp(millis(machine)), start, speed: speed.max(1) }
    }

    pub fn now(&self) -> Timestamp {
        self.at(Instant::now())
    }

    pub fn speed(&self) -> u32 {
        self.speed
    }

    /// The world's time at that instant; what was before the clock began counts as its beginning.
    pub fn at(&self, instant: Instant) -> Timestamp {
        let passed = instant.saturating_duration_since(self.began);
        self.start + Duration((passed.as_nanos() * u128::from(self.speed) / 1_000_000) as i64)
    }

    /// The world's time at a machine's time of day, as the programs tell it.
    pub fn at_time_of_day(&self, machine: Timestamp) -> Timestamp {
        let passed = machine.0.saturating_sub(self.machine.0).saturating_mul(i64::from(self.speed));
        Timestamp(self.start.0.saturating_add(passed))
    }

    /// The machine's time of day at an instant of the world.
    pub fn time_of_day(&self, world: Timestamp) -> Timestamp {
        Timestamp(self.machine.0 + (world - self.start).0.div_euclid(i64::from(self.speed)))
    }

    /// How long it is, for the machine, until the world's clock shows that.
    pub fn until(&self, world: Timestamp) -> std::time::Duration {
        let passed = Instant::now().saturating_duration_since(self.began);
        let due = self.machine_time(world - self.start);
        due.saturating_sub(passed)
    }

    /// How long the machine takes for that much of the world's time.
    pub fn machine_time(&self, duration: Duration) -> std::time::Duration {
        std::time::Duration::from_micros(duration.0.max(0) as u64 * 1000 / u64::from(self.speed))
    }
}

fn millis(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fast_clock_counts_more_seconds_than_the_machine() {
        let clock = Clock::starting(Timestamp(1_000_000), 60);
        let later = clock.began + std::time::Duration::from_millis(500);
        assert_eq!(clock.at(later), Timestamp(1_030_000));
        assert_eq!(clock.at(clock.began - std::time::Duration::from_secs(1)), Timestamp(1_000_000));
        assert_eq!(clock.machine_time(Duration::from_secs(30)), std::time::Duration::from_millis(500));
    }

    #[test]
    fn the_machine_is_told_when_it_will_be_that_late_in_the_world() {
        let clock = Clock::starting(Timestamp(1_000_000), 60);
        assert_eq!(clock.time_of_day(Timestamp(1_030_000)), clock.machine + Duration(500));
        let wait = clock.until(Timestamp(1_600_000));
        assert!(wait <= std::time::Duration::from_secs(10) && wait > std::time::Duration::from_secs(5));
        assert_eq!(clock.until(Timestamp(999_000)), std::time::Duration::ZERO);
    }

    #[test]
    fn what_a_program_says_of_its_time_of_day_becomes_the_worlds_time() {
        let clock = Clock::starting(Timestamp(1_000_000), 10);
        assert_eq!(clock.at_time_of_day(clock.machine + Duration(250)), Timestamp(1_002_500));
        assert_eq!(clock.at_time_of_day(clock.machine + Duration(-250)), Timestamp(997_500));
        assert_eq!(clock.at_time_of_day(Timestamp(i64::MAX)), Timestamp(i64::MAX));
    }
}
