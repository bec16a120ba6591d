//! The samples that expressions are evaluated over: an in-memory, append-only time series database.
//!
//! A series keeps its floats, its histograms and its stale markers in columns of their own, so that a range of
//! floats is a slice. Series are found through an index of all label pairs.

use std::collections::HashMap;
use std::sync::Arc;

use super::ast::Matcher;
use super::histogram::{CounterResetHint, FloatHistogram};
use super::value::is_absent;
use crate::labels::Labels;
use crate::time::Timestamp;

/// Prometheus' staleness marker: a NaN with bits of its own.
pub const STALE_NAN: f64 = f64::from_bits(0x7ff0_0000_0000_0002);

pub fn is_stale(value: f64) -> bool {
    value.to_bits() == STALE_NAN.to_bits()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesId(pub u32);

#[derive(Clone, Debug, Default)]
pub struct Storage {
    series: Vec<StoredSeries>,
    ids: HashMap<Labels, SeriesId>,
    /// Label name → value → the series that have it, in the order of their making.
    index: HashMap<Arc<str>, HashMap<Arc<str>, Vec<SeriesId>>>,
}

/// One series' samples, each column ascending in time.
#[derive(Clone, Debug, Default)]
pub struct StoredSeries {
    pub(super) labels: Labels,
    pub(super) floats: Column<f64>,
    pub(super) histograms: Column<Arc<FloatHistogram>>,
    /// When the series ended, for now.
    pub(super) stale: Vec<i64>,
}

#[derive(Clone, Debug)]
pub struct Column<T> {
    pub times: Vec<i64>,
    pub values: Vec<T>,
    /// When what each sample counts began, 0 where that is unknown; empty while no sample states it.
    pub starts: Vec<i64>,
}

/// A sample as the storage holds it.
#[derive(Clone, Debug, PartialEq)]
pub enum StoredValue {
    Float(f64),
    Histogram(Arc<FloatHistogram>),
}

impl Storage {
    /// The series with exactly these labels, made where there was none.
    pub fn series(&mut self, labels: &Labels) -> SeriesId {
        if let Some(id) = self.ids.get(labels) {
            return *id;
        }
        let id = SeriesId(self.series.len() as u32);
        for (name, value) in labels.iter() {
            if !self.index.contains_key(name) {
                self.index.insert(name.into(), HashMap::new());
            }
            if let Some(values) = self.index.get_mut(name) {
                match values.get_mut(value) {
                    Some(ids) => ids.push(id),
                    None => drop(values.insert(value.into(), vec![id])),
                }
            }
        }
        self.series.push(StoredSeries { labels: labels.clone(), ..StoredSeries::default() });
        self.ids.insert(labels.clone(), id);
        id
    }

    /// Appends a sample; one that is not newer than the series' last is refused (`false`).
    pub fn append(&mut self, id: SeriesId, at: Timestamp, value: f64) -> bool {
        self.append_since(id, Timestamp(0), at, value)
    }

    /// As [`Storage::append`], for a sample that counts since `start` (0: unknown).
    pub fn append_since(&mut self, id: SeriesId, start: Timestamp, at: Timestamp, value: f64) -> bool {
        let Some(series) = self.series.get_mut(id.0 as usize).filter(|series| series.last() < at.0) else {
            return false;
        };
        match is_stale(value) {
            true => series.stale.push(at.0),
            // The engine's own mark for no value is no value that a sample may have.
            false if is_absent(value) => series.floats.push(start.0, at.0, f64::NAN),
            false => series.floats.push(start.0, at.0, value),
        }
        true
    }

    pub fn append_histogram(&mut self, id: SeriesId, at: Timestamp, value: FloatHistogram) -> bool {
        self.append_histogram_since(id, Timestamp(0), at, value)
    }

    pub fn append_histogram_since(
        &mut self,
        id: SeriesId,
        start: Timestamp,
        at: Timestamp,
        value: FloatHistogram,
    ) -> bool {
        let Some(series) = self.series.get_mut(id.0 as usize).filter(|series| series.last() < at.0) else {
            return false;
        };
        match is_stale(value.sum) {
            true => series.stale.push(at.0),
            false => {
                let hint = series.stored_hint(&value);
                series.histograms.push(start.0, at.0, Arc::new(FloatHistogram { hint, ..value }));
            }
        }
        true
    }

    /// Forgets every sample later than `at`.
    pub fn truncate_after(&mut self, at: Timestamp) {
        for series in &mut self.series {
            series.floats.truncate_after(at.0);
            series.histograms.truncate_after(at.0);
            series.stale.truncate(series.stale.partition_point(|time| *time <= at.0));
        }
    }

    pub fn labels(&self, id: SeriesId) -> &Labels {
        &self.series[id.0 as usize].labels
    }

    pub fn len(&self) -> usize {
        self.series.len()
    }

    pub fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    /// The newest sample at or before `at`, with its time; stale markers are `None`.
    pub fn latest(&self, id: SeriesId, at: Timestamp) -> Option<(Timestamp, StoredValue)> {
        self.series.get(id.0 as usize)?.latest(at.0)
    }

    /// The series that match, in the order of their making.
    pub fn select(&self, matchers: &[Matcher]) -> Vec<&StoredSeries> {
        const NONE: &[SeriesId] = &[];
        let mut candidates: Option<&[SeriesId]> = None;
        let mut used = usize::MAX;
        for (at, matcher) in matchers.iter().enumerate() {
            let Some(value) = matcher.only_value().filter(|value| !value.is_empty()) else { continue };
            let ids = self.index.get(&*matcher.name).and_then(|values| values.get(value));
            let ids = ids.map_or(NONE, Vec::as_slice);
            if candidates.is_none_or(|known| ids.len() < known.len()) {
                (candidates, used) = (Some(ids), at);
            }
        }
        let matches = |series: &&StoredSeries| {
            let mut matchers = matchers.iter().enumerate().filter(|(at, _)| *at != used);
            matchers.all(|(_, matcher)| matcher.matches(series.labels.value(&matcher.name)))
        };
        match candidates {
            Some(ids) => ids.iter().map(|id| &self.series[id.0 as usize]).filter(matches).collect(),
            None => self.series.iter().filter(matches).collect(),
        }
    }
}

impl StoredSeries {
    fn last(&self) -> i64 {
        let last = |times: &[i64]| times.last().copied().unwrap_or(i64::MIN);
        last(&self.floats.times).max(last(&self.histograms.times)).max(last(&self.stale))
    }

    /// What Prometheus' storage later says of a histogram's resets: that there was none where the sample could be
    /// stored as a continuation of the one before, else nothing; a gauge stays one.
    fn stored_hint(&self, value: &FloatHistogram) -> CounterResetHint {
        if value.hint == CounterResetHint::Gauge {
            return CounterResetHint::Gauge;
        }
        let last = self.histograms.times.last().zip(self.histograms.values.last());
        let continues = last.filter(|(time, _)| **time == self.last()).is_some_and(|(_, before)| {
            let counted = FloatHistogram { hint: CounterResetHint::Unknown, ..value.clone() };
            before.hint != CounterResetHint::Gauge
                && value.hint != CounterResetHint::Reset
                && value.schema == before.schema
                && value.zero_threshold == before.zero_threshold
                && value.bounds() == before.bounds()
                && !counted.is_reset_from(before)
        });
        if continues { CounterResetHint::NotReset } else { CounterResetHint::Unknown }
    }

    fn latest(&self, at: i64) -> Option<(Timestamp, StoredValue)> {
        let before = |times: &[i64]| times.partition_point(|time| *time <= at).checked_sub(1);
        let float = before(&self.floats.times).map(|index| (self.floats.times[index], index));
        let histogram = before(&self.histograms.times).map(|index| (self.histograms.times[index], index));
        let newest = float.max(histogram)?;
        if before(&self.stale).is_some_and(|index| self.stale[index] > newest.0) {
            return None;
        }
        let value = match float == Some(newest) {
            true => StoredValue::Float(self.floats.values[newest.1]),
            false => StoredValue::Histogram(Arc::clone(&self.histograms.values[newest.1])),
        };
        Some((Timestamp(newest.0), value))
    }
}

impl<T> Column<T> {
    pub(super) fn push(&mut self, start: i64, at: i64, value: T) {
        if start != 0 && self.starts.is_empty() {
            self.starts.resize(self.times.len(), 0);
        }
        if start != 0 || !self.starts.is_empty() {
            self.starts.push(start);
        }
        self.times.push(at);
        self.values.push(value);
    }

    fn truncate_after(&mut self, at: i64) {
        let keep = self.times.partition_point(|time| *time <= at);
        self.times.truncate(keep);
        self.values.truncate(keep);
        self.starts.truncate(keep);
    }
}

impl<T> Default for Column<T> {
    fn default() -> Self {
        Column { times: Vec::new(), values: Vec::new(), starts: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::ast::MatchOp;

    fn three_series() -> Storage {
        let mut storage = Storage::default();
        for instance in ["a", "b", "c"] {
            storage.series(&Labels::from_pairs([("__name__", "up"), ("instance", instance)]));
        }
        storage
    }

    #[test]
    fn series_are_found_by_their_labels() {
        let storage = three_series();
        let check = |name: &str, op, value: &str, expected: &[&str]| {
            let found = storage.select(&[
                Matcher::new("__name__", MatchOp::Equal, "up").unwrap(),
                Matcher::new(name, op, value).unwrap(),
            ]);
            let found: Vec<&str> = found.iter().map(|series| series.labels.value("instance")).collect();
            assert_eq!(found, expected, "{name} {op:?} {value}");
        };
        check("instance", MatchOp::Equal, "b", &["b"]);
        check("instance", MatchOp::NotEqual, "b", &["a", "c"]);
        check("instance", MatchOp::Regex, "a|c", &["a", "c"]);
        check("instance", MatchOp::Equal, "", &[]);
        check("missing", MatchOp::Equal, "", &["a", "b", "c"]);
        check("__name__", MatchOp::Equal, "down", &[]);
    }

    #[test]
    fn a_sample_must_be_newer_than_the_last() {
        let mut storage = three_series();
        let id = SeriesId(0);
        assert!(storage.append(id, Timestamp(10), 1.0));
        assert!(!storage.append(id, Timestamp(10), 2.0));
        assert!(storage.append(id, Timestamp(20), STALE_NAN));
        assert!(!storage.append_histogram(id, Timestamp(15), FloatHistogram::default()));
        assert_eq!(storage.latest(id, Timestamp(19)), Some((Timestamp(10), StoredValue::Float(1.0))));
        assert_eq!(storage.latest(id, Timestamp(20)), None);
    }

    #[test]
    fn what_is_cut_off_can_be_written_anew() {
        let mut storage = three_series();
        let id = SeriesId(1);
        for time in [10, 20, 30] {
            assert!(storage.append(id, Timestamp(time), time as f64));
        }
        storage.truncate_after(Timestamp(20));
        assert_eq!(storage.latest(id, Timestamp(99)), Some((Timestamp(20), StoredValue::Float(20.0))));
        assert!(storage.append(id, Timestamp(25), 1.0));
    }
}
