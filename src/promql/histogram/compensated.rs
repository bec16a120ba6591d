//! Sums with less rounding: what a plain sum loses is kept beside it (Kahan's way, as Neumaier improved it).

use super::arithmetic::{Combined, IncompatibleBuckets, Sign};
use super::{Bucket, FloatHistogram};
use crate::promql::functions::kahan_add;

/// What the sum in a histogram has lost, number by number; the buckets stand in the histogram's order.
#[derive(Clone, Debug, Default)]
pub struct Compensation {
    pub(super) zero_count: f64,
    pub(super) count: f64,
    pub(super) sum: f64,
    pub(super) positive: Vec<f64>,
    pub(super) negative: Vec<f64>,
}

impl Compensation {
    /// Nothing lost yet.
    pub fn of(histogram: &FloatHistogram) -> Self {
        Compensation {
            positive: vec![0.0; histogram.positive.len()],
            negative: vec![0.0; histogram.negative.len()],
            ..Compensation::default()
        }
    }

    pub fn scale(&mut self, by: impl Fn(f64) -> f64) {
        for number in [&mut self.zero_count, &mut self.count, &mut self.sum]
            .into_iter()
            .chain(&mut self.positive)
            .chain(&mut self.negative)
        {
            *number = by(*number);
        }
    }
}

impl FloatHistogram {
    /// Adds `other`, noting in `lost` what rounding takes away.
    pub fn add_compensated(
        &mut self,
        other: &FloatHistogram,
        lost: &mut Compensation,
    ) -> Result<Combined, IncompatibleBuckets> {
        self.combine(other, Sign::Plus, Some(lost))
    }

    /// Adds what was lost.
    pub fn settle(&mut self, lost: &Compensation) {
        self.zero_count += lost.zero_count;
        self.count += lost.count;
        self.sum += lost.sum;
        let add = |buckets: &mut [Bucket], lost: &[f64]| {
            for (bucket, lost) in buckets.iter_mut().zip(lost) {
                bucket.count += lost;
            }
        };
        add(&mut self.positive, &lost.positive);
        add(&mut self.negative, &lost.negative);
    }
}

/// Adds `count` to a sum, with or without keeping what is lost.
pub(super) fn add_to(total: &mut f64, lost: Option<&mut f64>, count: f64) {
    match lost {
        Some(lost) => (*total, *lost) = kahan_add(count, *total, *lost),
        None => *total += count,
    }
}
