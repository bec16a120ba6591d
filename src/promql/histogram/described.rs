//! Histograms from the notation for test series.

use super::{Bucket, CUSTOM_BUCKETS_SCHEMA, FloatHistogram};
use crate::promql::series::{HistogramDescription, HistogramRun};

impl From<&HistogramDescription> for FloatHistogram {
    fn from(described: &HistogramDescription) -> Self {
        let buckets = |counts: &[f64], offset: i32| {
            let numbered = (0_i32..).zip(counts);
            numbered.map(|(at, count)| Bucket { index: offset.saturating_add(at), count: *count }).collect()
        };
        let custom = described.schema == CUSTOM_BUCKETS_SCHEMA;
        FloatHistogram {
            hint: described.counter_reset_hint.unwrap_or_default(),
            schema: described.schema,
            zero_threshold: described.zero_threshold,
            zero_count: described.zero_count,
            count: described.count,
            sum: described.sum,
            positive: buckets(&described.positive, described.positive_offset),
            negative: buckets(&described.negative, described.negative_offset),
            custom_bounds: custom.then(|| described.custom_values.as_deref().unwrap_or_default().into()),
        }
    }
}

impl HistogramRun {
    /// The histograms; each is the one before plus or minus the change.
    pub fn values(&self) -> impl Iterator<Item = FloatHistogram> + use<> {
        let change = self.change.as_ref().map(|change| (change.subtract, FloatHistogram::from(&*change.by)));
        let mut next = FloatHistogram::from(&*self.first);
        (0..self.count).map(move |_| {
            let this = next.clone();
            if let Some((subtract, by)) = &change {
                // The notation's reader has refused what cannot be combined.
                let _ = if *subtract { next.sub(by) } else { next.add(by) };
            }
            this
        })
    }
}
