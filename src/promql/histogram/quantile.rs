//! Quantiles and fractions of native histograms, with Prometheus' interpolation.

use super::{BucketRange, FloatHistogram};
use crate::promql::functions::kahan_add;

/// What a reader should know about a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuantileNote {
    /// The quantile falls among observations of NaN.
    NanResult,
    /// Observations of NaN count as larger than all others.
    NanSkew,
    /// Observations of NaN belong to no fraction.
    NanExcluded,
}

impl BucketRange {
    /// The part of the bucket below `value`, which lies in it: on a linear or on a logarithmic scale.
    pub(super) fn fraction_below(&self, value: f64, linear: bool) -> f64 {
        if linear {
            return (value - self.lower) / (self.upper - self.lower);
        }
        let (lower, upper) = (self.lower.abs().log2(), self.upper.abs().log2());
        let value_log = value.abs().log2();
        if value > 0.0 {
            (value_log - lower) / (upper - lower)
        } else {
            1.0 - (value_log - upper) / (lower - upper)
        }
    }
}

impl FloatHistogram {
    /// The φ-quantile; linear within custom and zero buckets, exponential within the others.
    pub fn quantile(&self, q: f64) -> (f64, Option<QuantileNote>) {
        self.quantile_by(q, true)
    }

    /// As Prometheus 2 had it: linear within every bucket.
    pub fn linear_quantile(&self, q: f64) -> f64 {
        self.quantile_by(q, false).0
    }

    fn quantile_by(&self, q: f64, exponential: bool) -> (f64, Option<QuantileNote>) {
        if q < 0.0 {
            return (f64::NEG_INFINITY, None);
        }
        if q > 1.0 {
            return (f64::INFINITY, None);
        }
        if self.count == 0.0 || q.is_nan() {
            return (f64::NAN, None);
        }
        let has_nan = self.sum.is_nan();
        // From the nearer end, so that less is summed up.
        let forward = !exponential || has_nan || q < 0.5;
        let mut rank = if forward { q * self.count } else { (1.0 - q) * self.count };
        let mut buckets = self.buckets();
        if !forward {
            buckets.reverse();
        }
        let mut count = 0.0;
        let mut bucket = BucketRange {
            lower: 0.0,
            upper: 0.0,
            lower_inclusive: false,
            upper_inclusive: false,
            count: 0.0,
        };
        let mut rest = buckets.iter();
        for next in rest.by_ref() {
            bucket = *next;
            count += bucket.count;
            if (bucket.count != 0.0 || !exponential) && count >= rank {
                break;
            }
        }
        let custom = self.uses_custom_buckets();
        if !custom && bucket.lower < 0.0 && bucket.upper > 0.0 {
            self.narrow_zero(&mut bucket);
        } else if custom && bucket.lower == f64::NEG_INFINITY {
            if bucket.upper <= 0.0 {
                return (bucket.upper, None);
            }
            bucket.lower = 0.0;
        } else if custom && bucket.upper == f64::INFINITY {
            return (bucket.lower, None);
        }
        // Rounding must not lift the count above all there is.
        count = if count > self.count { self.count } else { count };
        if count < rank {
            return match has_nan && exponential {
                true => (f64::NAN, Some(QuantileNote::NanResult)),
                false => (bucket.upper, None),
            };
        }
        rank = if forward { rank - (count - bucket.count) } else { count - rank };
        let mut note = None;
        if has_nan && exponential {
            let all = count + rest.map(|bucket| bucket.count).sum::<f64>();
            note = (all < self.count).then_some(QuantileNote::NanSkew);
        }
        let fraction = rank / bucket.count;
        if !exponential || custom || (bucket.lower <= 0.0 && bucket.upper >= 0.0) {
            return (bucket.lower + (bucket.upper - bucket.lower) * fraction, note);
        }
        let (lower, upper) = (bucket.lower.abs().log2(), bucket.upper.abs().log2());
        let value = match bucket.lower > 0.0 {
            true => (lower + (upper - lower) * fraction).exp2(),
            false => -(upper + (lower - upper) * (1.0 - fraction)).exp2(),
        };
        (value, note)
    }

    /// The fraction of the observations between two values.
    pub fn fraction(&self, lower: f64, upper: f64) -> (f64, Option<QuantileNote>) {
        if self.count == 0.0 || lower.is_nan() || upper.is_nan() {
            return (f64::NAN, None);
        }
        if lower >= upper {
            return (0.0, None);
        }
        let (mut lower_rank, mut upper_rank) = (None, None);
        let mut rank = 0.0;
        let buckets = self.buckets();
        for bucket in &buckets {
            let mut bucket = *bucket;
            let is_zero = bucket.lower <= 0.0 && bucket.upper >= 0.0;
            if is_zero {
                self.narrow_zero(&mut bucket);
            }
            let linear = is_zero || self.uses_custom_buckets();
            let rank_of = |value: f64, known: Option<f64>| {
                known.or_else(|| {
                    if bucket.lower >= value {
                        return Some(rank);
                    }
                    (bucket.upper > value).then(|| {
                        if linear && bucket.lower == f64::NEG_INFINITY {
                            // Nothing to interpolate in a bucket without beginning.
                            return bucket.count;
                        }
                        rank + bucket.count * bucket.fraction_below(value, linear)
                    })
                })
            };
            lower_rank = rank_of(lower, lower_rank);
            upper_rank = rank_of(upper, upper_rank);
            if lower_rank.is_some() && upper_rank.is_some() {
                break;
            }
            rank += bucket.count;
        }
        let (mut count, mut note) = (self.count, None);
        if self.sum.is_nan() {
            count = buckets.iter().map(|bucket| bucket.count).sum();
            note = (count < self.count).then_some(QuantileNote::NanExcluded);
        }
        let capped = |rank: Option<f64>| rank.filter(|rank| *rank <= count).unwrap_or(count);
        ((capped(upper_rank) - capped(lower_rank)) / self.count, note)
    }

    /// The variance of the observations, each taken for its bucket's middle.
    pub fn variance(&self) -> f64 {
        let mean = self.sum / self.count;
        let (mut variance, mut lost) = (0.0, 0.0);
        for bucket in self.buckets().iter().filter(|bucket| bucket.count != 0.0) {
            let middle = if self.uses_custom_buckets() {
                (bucket.upper + bucket.lower) / 2.0
            } else if bucket.lower <= 0.0 && bucket.upper >= 0.0 {
                0.0
            } else if bucket.upper < 0.0 {
                -(bucket.upper * bucket.lower).sqrt()
            } else {
                (bucket.upper * bucket.lower).sqrt()
            };
            let delta = middle - mean;
            (variance, lost) = kahan_add(bucket.count * delta * delta, variance, lost);
        }
        (variance + lost) / self.count
    }

    /// A histogram with buckets on one side only has nothing on the zero bucket's other side.
    fn narrow_zero(&self, bucket: &mut BucketRange) {
        if self.negative.is_empty() && !self.positive.is_empty() {
            bucket.lower = 0.0;
        } else if self.positive.is_empty() && !self.negative.is_empty() {
            bucket.upper = 0.0;
        }
    }
}
