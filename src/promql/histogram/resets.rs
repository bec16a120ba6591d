//! Whether a counter was reset between two histograms.

use super::bounds::{coarser_index, exponential_bound};
use super::{Bucket, CounterResetHint, FloatHistogram};

impl FloatHistogram {
    /// Whether the counter must have been reset since `previous`: something it counts has become less.
    pub fn is_reset_from(&self, previous: &FloatHistogram) -> bool {
        match self.hint {
            CounterResetHint::Reset => return true,
            CounterResetHint::NotReset => return false,
            CounterResetHint::Unknown | CounterResetHint::Gauge => {}
        }
        if self.count < previous.count {
            return true;
        }
        if self.uses_custom_buckets() {
            return !previous.uses_custom_buckets() || self.custom_counts_fell(previous);
        }
        if previous.uses_custom_buckets() || self.schema > previous.schema {
            return true;
        }
        if self.zero_threshold < previous.zero_threshold {
            return true;
        }
        let (zero_count, threshold, _) = previous.widened_zero(self.zero_threshold, None);
        if threshold != self.zero_threshold || self.zero_count < zero_count {
            return true;
        }
        self.counts_fell(&self.positive, &previous.positive, previous.schema)
            || self.counts_fell(&self.negative, &previous.negative, previous.schema)
    }

    fn counts_fell(&self, now: &[Bucket], before: &[Bucket], schema_before: i32) -> bool {
        let beyond_zero = |bucket: &Bucket| {
            self.zero_threshold == 0.0 || exponential_bound(bucket.index, self.schema) > self.zero_threshold
        };
        let mut coarse: Vec<Bucket> = Vec::with_capacity(before.len());
        for bucket in before {
            let index = coarser_index(bucket.index, schema_before, self.schema);
            match coarse.last_mut().filter(|last| last.index == index) {
                Some(last) => last.count += bucket.count,
                None => coarse.push(Bucket { index, count: bucket.count }),
            }
        }
        coarse.iter().filter(|bucket| beyond_zero(bucket)).any(|bucket| {
            match now.binary_search_by_key(&bucket.index, |bucket| bucket.index) {
                Ok(at) => now[at].count < bucket.count,
                Err(_) => bucket.count != 0.0,
            }
        })
    }

    /// Compares what lies below each bound that both have, and in all.
    fn custom_counts_fell(&self, previous: &FloatHistogram) -> bool {
        let common = super::bounds::common_bounds(self.bounds(), previous.bounds());
        let rolled_up = |histogram: &FloatHistogram| {
            let mut counts = vec![0.0; common.len() + 1];
            for bucket in &histogram.positive {
                let upper = histogram.bound(bucket.index);
                counts[common.partition_point(|bound| *bound < upper)] += bucket.count;
            }
            counts
        };
        rolled_up(self).iter().zip(rolled_up(previous)).any(|(now, before)| *now < before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(schema: i32, counts: &[(i32, f64)]) -> FloatHistogram {
        let positive: Vec<Bucket> =
            counts.iter().map(|(index, count)| Bucket { index: *index, count: *count }).collect();
        FloatHistogram { schema, count: 10.0, positive, ..FloatHistogram::default() }
    }

    #[test]
    fn a_bucket_that_counts_less_tells_a_reset() {
        let check = |before: FloatHistogram, now: FloatHistogram, expected: bool| {
            assert_eq!(now.is_reset_from(&before), expected, "{before} → {now}");
        };
        check(histogram(0, &[(1, 4.0), (2, 6.0)]), histogram(0, &[(1, 4.0), (2, 7.0)]), false);
        check(histogram(0, &[(1, 4.0), (2, 6.0)]), histogram(0, &[(1, 5.0), (2, 5.0)]), true);
        check(histogram(0, &[(1, 4.0), (2, 6.0)]), histogram(0, &[(2, 10.0)]), true);
        check(histogram(1, &[(1, 2.0), (2, 2.0)]), histogram(0, &[(1, 4.0)]), false);
        check(histogram(0, &[(1, 4.0)]), histogram(1, &[(1, 2.0), (2, 2.0)]), true);
    }

    #[test]
    fn a_stated_hint_is_believed() {
        let before = histogram(0, &[(1, 4.0)]);
        let mut now = before.clone();
        now.hint = CounterResetHint::Reset;
        assert!(now.is_reset_from(&before));
        now = histogram(0, &[]);
        now.hint = CounterResetHint::NotReset;
        assert!(!now.is_reset_from(&before));
    }
}
