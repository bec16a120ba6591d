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
    /// Most instances and routes behave alike, and shares cost more to find out than to remember.
    shapes: Vec<Shapes>,
}

struct Shapes {
    distribution: Distribution,
    bounds: Vec<f64>,
    shares: Vec<f64>,
    mean: f64,
}

impl Rates {
    /// For the next instance.
    pub fn clear(&mut self) {
        self.growth.clear();
        self.streams.clear();
    }

    pub fn growth(&self, position: usize) -> f64 {
        self.growth.get(&position).copied().unwrap_or(0.0)
    }

    pub fn add(&mut self, position: usize, rate: f64) {
        *self.growth.entry(position).or_default() += rate;
    }

    pub fn observe(&mut self, instrument: &Instrument, rate: f64, distribution: Distribution) {
        let (bounds, sum, count) = match instrument {
            Instrument::Histogram { bounds, sum, count, .. } => (bounds.as_slice(), *sum, *count),
            Instrument::Summary { quantiles, sum, count } => {
                for (_, position) in quantiles {
                    self.streams.entry(*position).or_default().push((rate, distribution));
                }
                (&[][..], *sum, *count)
            }
        };
        let shapes = self.shapes(distribution, bounds);
        let mean = self.shapes[shapes].mean;
        if let Instrument::Histogram { buckets, .. } = instrument {
            let shares = self.shapes[shapes].shares.iter().copied().chain([1.0]);
            for (bucket, share) in buckets.iter().zip(shares) {
                *self.growth.entry(*bucket).or_default() += rate * share;
            }
        }
        self.add(sum, rate * mean);
        self.add(count, rate);
    }

    fn shapes(&mut self, distribution: Distribution, bounds: &[f64]) -> usize {
        let alike = |known: &Shapes| known.distribution == distribution && known.bounds == bounds;
        self.shapes.iter().position(alike).unwrap_or_else(|| {
            let (shares, mean) = (distribution.bucket_shares(bounds), distribution.mean());
            self.shapes.push(Shapes { distribution, bounds: bounds.to_vec(), shares, mean });
            self.shapes.len() - 1
        })
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
