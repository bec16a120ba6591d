//! What requests and observations make of the series that record them.

use std::collections::HashMap;

use crate::time::Timestamp;
use crate::workload::course::{Course, Shape};
use crate::workload::distribution::{Distribution, mixed_quantile};
use crate::workload::instrument::Instrument;

/// What each series grows by per second, and what each summary has to show.
#[derive(Default)]
pub struct Rates {
    growth: HashMap<usize, f64>,
    streams: HashMap<usize, Vec<(f64, Distribution)>>,
}

impl Rates {
    pub fn growth(&self, position: usize) -> f64 {
        self.growth.get(&position).copied().unwrap_or(0.0)
    }

    pub fn add(&mut self, position: usize, rate: f64) {
        *self.growth.entry(position).or_default() += rate;
    }

    pub fn observe(&mut self, instrument: &Instrument, rate: f64, distribution: Distribution) {
        let (sum, count) = match instrument {
            Instrument::Histogram { bounds, buckets, sum, count } => {
                let shares = distribution.bucket_shares(bounds);
                for (bucket, share) in buckets.iter().zip(shares.into_iter().chain([1.0])) {
                    self.add(*bucket, rate * share);
                }
                (sum, count)
            }
            Instrument::Summary { quantiles, sum, count } => {
                for (_, position) in quantiles {
                    self.streams.entry(*position).or_default().push((rate, distribution));
                }
                (sum, count)
            }
        };
        self.add(*sum, rate * distribution.mean());
        self.add(*count, rate);
    }

    /// A summary shows what is observed now (a real one: over some minutes), and NaN where nothing is.
    pub fn show_quantiles(&self, instrument: &Instrument, at: Timestamp, courses: &mut [Course]) {
        let Instrument::Summary { quantiles, .. } = instrument else { return };
        for (quantile, position) in quantiles {
            let streams = self.streams.get(position).map_or(&[][..], Vec::as_slice);
            let from = mixed_quantile(streams, *quantile).unwrap_or(f64::NAN);
            courses[*position].set(at, Shape::Line { from, per_second: 0.0 });
        }
    }
}
