//! A series' value over time: pieces, each a pure function of the instant, never of when or how often it was asked.
//!
//! Counters keep fractions. A real counter is whole, but a whole one would move a rate by up to one event per
//! window: 3% at 0.1 per second over 5 minutes, and a threshold could not be tried to within a percent.

use crate::time::{Duration, Timestamp};

/// Noise on a counter is drawn anew for each stretch of this many milliseconds.
const NOISE_CELL: i64 = 10_000;

/// Before its first piece a series does not exist.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    pieces: Vec<(Timestamp, Shape)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// Not exported.
    Absent,
    /// From a value on, in a straight line.
    Line { from: f64, per_second: f64 },
    /// A counter that a client library makes with its first event: not exported while it is zero.
    Tally { from: f64, per_second: f64 },
    /// A gauge anywhere within `spread` of its mean.
    Noise { mean: f64, spread: f64 },
    /// A counter that never falls, whose growth strays from its mean by at most `spread`.
    NoisyGrowth { from: f64, per_second: f64, spread: f64 },
}

impl Course {
    /// `salt` tells series apart, so that no two have the same noise.
    pub fn value(&self, at: Timestamp, salt: u64) -> Option<f64> {
        let (since, shape) = self.piece(at)?;
        shape.value(at - since, at, salt)
    }

    pub fn shape(&self, at: Timestamp) -> Shape {
        self.piece(at).map_or(Shape::Absent, |(_, shape)| shape)
    }

    /// From `at` on the series is so; what was planned for later is forgotten.
    pub fn set(&mut self, at: Timestamp, shape: Shape) {
        let keep = self.pieces.partition_point(|(since, _)| *since < at);
        self.pieces.truncate(keep);
        self.pieces.push((at, shape));
    }

    pub fn ramp(&mut self, at: Timestamp, from: f64, to: f64, over: Duration) {
        if over > Duration::ZERO {
            self.set(at, Shape::Line { from, per_second: (to - from) / over.seconds() });
            self.pieces.push((at + over, Shape::Line { from: to, per_second: 0.0 }));
        } else {
            self.set(at, Shape::Line { from: to, per_second: 0.0 });
        }
    }

    /// A growing series goes on from its present value at another rate.
    pub fn turn(&mut self, at: Timestamp, per_second: f64) {
        match self.shape(at) {
            Shape::Tally { per_second: now, .. } if now == per_second => {}
            Shape::Absent if per_second == 0.0 => {}
            Shape::Tally { .. } | Shape::Absent => {
                let from = self.value(at, 0).unwrap_or(0.0);
                self.set(at, Shape::Tally { from, per_second });
            }
            _ => {
                let from = self.value(at, 0).unwrap_or(0.0);
                self.set(at, Shape::Line { from, per_second });
            }
        }
    }

    /// A counter has grown for `long` as it grows now, or to what is stated; one that is on its way somewhere stays so.
    pub fn has_counted(&mut self, now: Timestamp, long: Duration, stated: Option<f64>) {
        if self.pieces.last().is_some_and(|(since, _)| *since > now) {
            return;
        }
        let grown = |per_second: f64| stated.unwrap_or(per_second * long.seconds());
        let shape = match self.shape(now) {
            Shape::Tally { per_second, .. } => Shape::Tally { from: grown(per_second), per_second },
            Shape::Line { per_second, .. } => Shape::Line { from: grown(per_second), per_second },
            Shape::NoisyGrowth { per_second, spread, .. } => {
                Shape::NoisyGrowth { from: grown(per_second), per_second, spread }
            }
            Shape::Absent | Shape::Noise { .. } => return,
        };
        self.set(now, shape);
    }

    /// A counter begins at zero again, and grows as it did.
    pub fn reset(&mut self, at: Timestamp) {
        let shape = match self.shape(at) {
            Shape::Absent => return,
            Shape::Tally { per_second, .. } => Shape::Tally { from: 0.0, per_second },
            Shape::Line { per_second, .. } => Shape::Line { from: 0.0, per_second },
            Shape::NoisyGrowth { per_second, spread, .. } => {
                Shape::NoisyGrowth { from: 0.0, per_second, spread }
            }
            Shape::Noise { .. } => Shape::Line { from: 0.0, per_second: 0.0 },
        };
        self.set(at, shape);
    }

    fn piece(&self, at: Timestamp) -> Option<(Timestamp, Shape)> {
        let after = self.pieces.partition_point(|(since, _)| *since <= at);
        after.checked_sub(1).map(|index| self.pieces[index])
    }
}

impl Shape {
    fn value(self, elapsed: Duration, at: Timestamp, salt: u64) -> Option<f64> {
        match self {
            Shape::Absent => None,
            Shape::Line { from, per_second } => Some(from + per_second * elapsed.seconds()),
            Shape::Tally { from, per_second } => {
                Some(from + per_second * elapsed.seconds()).filter(|count| *count > 0.0)
            }
            Shape::Noise { mean, spread } => Some(mean + spread * signed_unit(salt, at.0)),
            Shape::NoisyGrowth { from, per_second, spread } => {
                // The stray is a bounded walk between cells: zero at the start, so that growth over any stretch of cells stays
                // within `spread` of its mean, and the value needs no sum over the past.
                let spread = spread.min(per_second);
                let cell = elapsed.0.div_euclid(NOISE_CELL);
                let stray = |cell: i64| if cell <= 0 { 0.0 } else { signed_unit(salt, cell) / 2.0 };
                let part = elapsed.0.rem_euclid(NOISE_CELL) as f64 / NOISE_CELL as f64;
                let wander = stray(cell) + (stray(cell + 1) - stray(cell)) * part;
                let scale = spread * Duration(NOISE_CELL).seconds();
                Some(from + per_second * elapsed.seconds() + scale * wander)
            }
        }
    }
}

/// Uniform in [-1, 1), the same for the same arguments on every machine.
fn signed_unit(salt: u64, position: i64) -> f64 {
    let bits = mix(salt ^ mix(position as u64));
    (bits >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}

/// SplitMix64's finalizer.
pub fn mix(mut bits: u64) -> u64 {
    bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp(1_000_000);

    fn after(seconds: i64) -> Timestamp {
        START + Duration::from_secs(seconds)
    }

    #[track_caller]
    fn check(course: &Course, expected: &[(i64, Option<f64>)]) {
        let got: Vec<_> =
            expected.iter().map(|(seconds, _)| (*seconds, course.value(after(*seconds), 7))).collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn a_counter_is_the_integral_of_its_rates() {
        let mut course = Course::default();
        course.turn(START, 10.0);
        course.turn(after(60), 20.0);
        course.turn(after(120), 0.0);
        check(&course, &[(-1, None), (0, None), (60, Some(600.0)), (90, Some(1200.0)), (500, Some(1800.0))]);
    }

    #[test]
    fn a_reset_counter_grows_from_zero_at_the_same_rate() {
        let mut course = Course::default();
        course.turn(START, 10.0);
        course.reset(after(60));
        check(&course, &[(59, Some(590.0)), (60, None), (70, Some(100.0))]);
    }

    #[test]
    fn a_ramp_ends_at_its_goal_and_a_later_change_cuts_it() {
        let mut course = Course::default();
        course.ramp(START, 10.0, 70.0, Duration::from_secs(60));
        check(&course, &[(0, Some(10.0)), (30, Some(40.0)), (60, Some(70.0)), (600, Some(70.0))]);
        course.set(after(30), Shape::Absent);
        check(&course, &[(29, Some(39.0)), (30, None), (600, None)]);
    }

    #[test]
    fn noise_keeps_its_bounds_and_a_noisy_counter_never_falls() {
        let mut gauge = Course::default();
        gauge.set(START, Shape::Noise { mean: 50.0, spread: 5.0 });
        let mut counter = Course::default();
        counter.set(START, Shape::NoisyGrowth { from: 0.0, per_second: 2.0, spread: 2.0 });
        let mut last = 0.0;
        let mut seen = Vec::new();
        for second in 0..1000 {
            let value = gauge.value(after(second), 3).unwrap();
            assert!((45.0..=55.0).contains(&value));
            seen.push(value);
            let count = counter.value(after(second), 3).unwrap();
            assert!(count >= last, "{count} after {last}");
            last = count;
        }
        assert!((last - 2.0 * 999.0).abs() <= 20.0);
        let mean = seen.iter().sum::<f64>() / seen.len() as f64;
        assert!((mean - 50.0).abs() < 0.5, "{mean}");
        assert_ne!(gauge.value(START, 3), gauge.value(START, 4), "two series, two noises");
    }
}
