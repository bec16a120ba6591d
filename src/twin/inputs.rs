//! The samples that a unit test gives: fed to the storage as the clock comes near them.

use crate::promql::histogram::FloatHistogram;
use crate::promql::{SeriesId, Storage};
use crate::time::{Duration, Timestamp};

/// One series of a unit test: its values, a fixed interval apart from the start.
pub struct Input {
    pub series: SeriesId,
    pub values: Box<dyn Iterator<Item = InputValue> + Send>,
}

pub enum InputValue {
    Gap,
    Float(f64),
    Histogram(Box<FloatHistogram>),
}

pub struct Inputs {
    pub start: Timestamp,
    interval: Duration,
    series: Vec<Input>,
    /// How many values of each series were taken.
    taken: usize,
}

impl Inputs {
    pub fn new(start: Timestamp, interval: Duration, series: Vec<Input>) -> Self {
        Inputs { start, interval, series, taken: 0 }
    }

    /// Every sample up to `until` is in the storage afterwards.
    pub fn feed(&mut self, until: Timestamp, storage: &mut Storage) {
        let passed = (until - self.start).0;
        if passed < 0 || self.interval.0 <= 0 {
            return;
        }
        let wanted = (passed / self.interval.0) as usize + 1;
        let more = wanted.saturating_sub(self.taken);
        for Input { series, values } in &mut self.series {
            for (index, value) in values.by_ref().take(more).enumerate() {
                let at = self.start + Duration(self.interval.0 * (self.taken + index) as i64);
                match value {
                    InputValue::Gap => {}
                    InputValue::Float(value) => drop(storage.append(*series, at, value)),
                    InputValue::Histogram(value) => drop(storage.append_histogram(*series, at, *value)),
                }
            }
        }
        self.taken = self.taken.max(wanted);
    }
}
