//! The samples that expressions are evaluated over: an in-memory, append-only time series database.

use std::collections::HashMap;

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
    series: Vec<Series>,
    ids: HashMap<Labels, SeriesId>,
}

#[derive(Clone, Debug)]
struct Series {
    labels: Labels,
    times: Vec<i64>,
    values: Vec<f64>,
}

impl Storage {
    /// The series with exactly these labels, made where there was none.
    pub fn series(&mut self, labels: &Labels) -> SeriesId {
        if let Some(id) = self.ids.get(labels) {
            return *id;
        }
        let id = SeriesId(self.series.len() as u32);
        self.series.push(Series { labels: labels.clone(), times: Vec::new(), values: Vec::new() });
        self.ids.insert(labels.clone(), id);
        id
    }

    /// Appends a sample; one that is not newer than the series' last is refused (`false`).
    pub fn append(&mut self, id: SeriesId, at: Timestamp, value: f64) -> bool {
        let series = &mut self.series[id.0 as usize];
        if series.times.last().is_some_and(|last| *last >= at.0) {
            return false;
        }
        series.times.push(at.0);
        series.values.push(value);
        true
    }

    /// Forgets every sample later than `at`.
    pub fn truncate_after(&mut self, at: Timestamp) {
        for series in &mut self.series {
            let keep = series.times.partition_point(|time| *time <= at.0);
            series.times.truncate(keep);
            series.values.truncate(keep);
        }
    }

    pub fn labels(&self, id: SeriesId) -> &Labels {
        &self.series[id.0 as usize].labels
    }
}
