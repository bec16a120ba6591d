//! Native histograms: exponential buckets, or custom ones (a classic histogram's bounds).
//!
//! Buckets are kept sparse, as pairs of index and count, sorted by index; Prometheus' spans are only another
//! way to write the same. Operations follow Prometheus' own, so that results agree with it.

mod arithmetic;
mod bounds;
mod classic;
mod compensated;
mod described;
mod quantile;
mod resets;
mod trim;

use std::fmt;
use std::sync::Arc;

use crate::golang::{FloatFormat, format_float};

pub use arithmetic::{Combined, IncompatibleBuckets};
pub use classic::{ClassicBucket, ForcedMonotonicity, classic_fraction, classic_quantile, from_classic};
pub use compensated::Compensation;
pub use quantile::QuantileNote;

/// The schema number that stands for custom buckets.
pub const CUSTOM_BUCKETS_SCHEMA: i32 = -53;
/// The coarsest and the finest exponential schema.
pub const EXPONENTIAL_SCHEMAS: std::ops::RangeInclusive<i32> = -4..=8;

#[derive(Clone, Debug, PartialEq, Default)]
pub struct FloatHistogram {
    pub hint: CounterResetHint,
    /// The resolution: each power of two has 2^schema buckets; or [`CUSTOM_BUCKETS_SCHEMA`].
    pub schema: i32,
    pub zero_threshold: f64,
    pub zero_count: f64,
    pub count: f64,
    pub sum: f64,
    pub positive: Vec<Bucket>,
    pub negative: Vec<Bucket>,
    /// The upper bounds of custom buckets, without the last, infinite one.
    pub custom_bounds: Option<Arc<[f64]>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Bucket {
    pub index: i32,
    pub count: f64,
}

/// What is known about the counter's reset between the sample before and this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum CounterResetHint {
    #[default]
    Unknown,
    Reset,
    NotReset,
    Gauge,
}

/// A bucket with its bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BucketRange {
    pub lower: f64,
    pub upper: f64,
    pub lower_inclusive: bool,
    pub upper_inclusive: bool,
    pub count: f64,
}

impl FloatHistogram {
    pub fn uses_custom_buckets(&self) -> bool {
        self.schema == CUSTOM_BUCKETS_SCHEMA
    }

    /// The bounds of custom buckets; none for exponential ones.
    pub fn bounds(&self) -> &[f64] {
        self.custom_bounds.as_deref().unwrap_or(&[])
    }

    /// All buckets in ascending order, those with no count included; the zero bucket only when it counts.
    pub fn buckets(&self) -> Vec<BucketRange> {
        let mut all = Vec::with_capacity(self.positive.len() + self.negative.len() + 1);
        all.extend(self.negative.iter().rev().map(|bucket| self.clip_to_zero(self.negative_range(*bucket))));
        if self.zero_count > 0.0 {
            all.push(self.zero_range());
        }
        all.extend(self.positive.iter().map(|bucket| self.clip_to_zero(self.positive_range(*bucket))));
        all
    }

    pub fn positive_range(&self, bucket: Bucket) -> BucketRange {
        let custom = self.uses_custom_buckets();
        let (lower, upper) = (self.bound(bucket.index.saturating_sub(1)), self.bound(bucket.index));
        BucketRange {
            lower,
            upper,
            lower_inclusive: if custom { bucket.index == 0 } else { lower < 0.0 },
            upper_inclusive: custom || upper > 0.0,
            count: bucket.count,
        }
    }

    pub fn negative_range(&self, bucket: Bucket) -> BucketRange {
        let (lower, upper) = (-self.bound(bucket.index), -self.bound(bucket.index.saturating_sub(1)));
        BucketRange {
            lower,
            upper,
            lower_inclusive: lower < 0.0,
            upper_inclusive: upper > 0.0,
            count: bucket.count,
        }
    }

    pub fn zero_range(&self) -> BucketRange {
        BucketRange {
            lower: -self.zero_threshold,
            upper: self.zero_threshold,
            lower_inclusive: true,
            upper_inclusive: true,
            count: self.zero_count,
        }
    }

    /// A bucket that reaches into the zero bucket begins where that ends.
    fn clip_to_zero(&self, mut range: BucketRange) -> BucketRange {
        if range.upper < 0.0 && range.upper > -self.zero_threshold {
            range.upper = -self.zero_threshold;
        }
        if range.lower > 0.0 && range.lower < self.zero_threshold {
            range.lower = self.zero_threshold;
        }
        range
    }

    /// Drops the buckets that count nothing.
    pub fn compact(&mut self) {
        self.positive.retain(|bucket| bucket.count != 0.0);
        self.negative.retain(|bucket| bucket.count != 0.0);
    }

    pub fn compacted(mut self) -> Self {
        self.compact();
        self
    }

    pub fn has_overflow(&self) -> bool {
        let infinite = |buckets: &[Bucket]| buckets.iter().any(|bucket| bucket.count.is_infinite());
        self.zero_count.is_infinite()
            || self.count.is_infinite()
            || self.sum.is_infinite()
            || infinite(&self.positive)
            || infinite(&self.negative)
            || self.bounds().iter().any(|bound| bound.is_infinite())
    }

    /// Whether both hold the same, bit for bit; what is known about resets does not count.
    pub fn same_as(&self, other: &FloatHistogram) -> bool {
        let same = |a: &[Bucket], b: &[Bucket]| {
            a.len() == b.len()
                && a.iter().zip(b).all(|(a, b)| a.index == b.index && same_bits(a.count, b.count))
        };
        self.schema == other.schema
            && same_bits(self.count, other.count)
            && same_bits(self.sum, other.sum)
            && self.bounds() == other.bounds()
            && self.zero_threshold == other.zero_threshold
            && same_bits(self.zero_count, other.zero_count)
            && same(&self.negative, &other.negative)
            && same(&self.positive, &other.positive)
    }
}

fn same_bits(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits()
}

/// As Prometheus prints a histogram: `{count:3, sum:4, (0.5,1]:3}`.
impl fmt::Display for FloatHistogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |value: f64| format_float(value, FloatFormat::General, None);
        write!(f, "{{count:{}, sum:{}", number(self.count), number(self.sum))?;
        let negative = self.negative.iter().rev().map(|bucket| self.negative_range(*bucket));
        let zero = (!self.uses_custom_buckets()).then(|| self.zero_range());
        let positive = self.positive.iter().map(|bucket| self.positive_range(*bucket));
        for range in negative.chain(zero).chain(positive).filter(|range| range.count != 0.0) {
            let open = if range.lower_inclusive { '[' } else { '(' };
            let close = if range.upper_inclusive { ']' } else { ')' };
            let (lower, upper, count) = (number(range.lower), number(range.upper), number(range.count));
            write!(f, ", {open}{lower},{upper}{close}:{count}")?;
        }
        f.write_str("}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_prints_as_in_prometheus() {
        let histogram = FloatHistogram {
            schema: 0,
            zero_threshold: 0.001,
            zero_count: 2.0,
            count: 7.0,
            sum: 2.5,
            positive: vec![Bucket { index: 0, count: 1.0 }, Bucket { index: 2, count: 3.0 }],
            negative: vec![Bucket { index: 1, count: 1.0 }],
            ..FloatHistogram::default()
        };
        assert_eq!(
            histogram.to_string(),
            "{count:7, sum:2.5, [-2,-1):1, [-0.001,0.001]:2, (0.5,1]:1, (2,4]:3}"
        );
    }

    #[test]
    fn custom_buckets_reach_from_bound_to_bound() {
        let histogram = FloatHistogram {
            schema: CUSTOM_BUCKETS_SCHEMA,
            count: 3.0,
            sum: 6.0,
            positive: vec![Bucket { index: 0, count: 1.0 }, Bucket { index: 2, count: 2.0 }],
            custom_bounds: Some(Arc::from([5.0, 10.0])),
            ..FloatHistogram::default()
        };
        assert_eq!(histogram.to_string(), "{count:3, sum:6, [-Inf,5]:1, (10,+Inf]:2}");
    }
}
