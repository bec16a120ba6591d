//! Histograms added, subtracted, scaled; brought to one resolution and one zero bucket first.

use super::bounds::{coarser_index, common_bounds, exponential_bound};
use super::compensated::{Compensation, add_to};
use super::{Bucket, CounterResetHint, FloatHistogram};
use crate::promql::functions::kahan_add;

/// What was noticed while two histograms were made one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Combined {
    /// One said that its counter was reset, the other that it was not.
    pub resets_collide: bool,
    /// The custom bounds differed; only those that both have remain.
    pub bounds_reconciled: bool,
}

/// Exponential and custom buckets cannot be combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IncompatibleBuckets;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Plus,
    Minus,
}

#[derive(Clone, Copy)]
enum Side {
    Positive,
    Negative,
}

impl FloatHistogram {
    pub fn add(&mut self, other: &FloatHistogram) -> Result<Combined, IncompatibleBuckets> {
        self.combine(other, Sign::Plus, None)
    }

    pub fn sub(&mut self, other: &FloatHistogram) -> Result<Combined, IncompatibleBuckets> {
        self.combine(other, Sign::Minus, None)
    }

    pub fn mul(&mut self, factor: f64) {
        self.each_count(|count| count * factor);
        if factor < 0.0 {
            self.hint = CounterResetHint::Gauge;
        }
    }

    pub fn div(&mut self, divisor: f64) {
        if divisor == 0.0 {
            self.positive.clear();
            self.negative.clear();
        }
        self.each_count(|count| count / divisor);
        if divisor < 0.0 {
            self.hint = CounterResetHint::Gauge;
        }
    }

    fn each_count(&mut self, change: impl Fn(f64) -> f64) {
        self.zero_count = change(self.zero_count);
        self.count = change(self.count);
        self.sum = change(self.sum);
        for bucket in self.positive.iter_mut().chain(&mut self.negative) {
            bucket.count = change(bucket.count);
        }
    }

    /// The same histogram in a coarser schema; a finer one is not to be had.
    pub fn to_schema(&self, schema: i32) -> FloatHistogram {
        let mut copy = self.clone();
        if schema < self.schema && !self.uses_custom_buckets() {
            reduce(&mut copy.positive, None, self.schema, schema);
            reduce(&mut copy.negative, None, self.schema, schema);
            copy.schema = schema;
            copy.hint = CounterResetHint::Unknown;
        }
        copy
    }

    pub(super) fn combine(
        &mut self,
        other: &FloatHistogram,
        sign: Sign,
        mut lost: Option<&mut Compensation>,
    ) -> Result<Combined, IncompatibleBuckets> {
        if self.uses_custom_buckets() != other.uses_custom_buckets() {
            return Err(IncompatibleBuckets);
        }
        let mut combined = Combined { resets_collide: self.merge_hint(other.hint), ..Combined::default() };
        let signed = |count: f64| if sign == Sign::Minus { -count } else { count };
        if !self.uses_custom_buckets() {
            let zero_count = self.reconcile_zero_buckets(other, lost.as_deref_mut());
            let lost = lost.as_deref_mut().map(|lost| &mut lost.zero_count);
            add_to(&mut self.zero_count, lost, signed(zero_count));
        }
        add_to(&mut self.count, lost.as_deref_mut().map(|lost| &mut lost.count), signed(other.count));
        add_to(&mut self.sum, lost.as_deref_mut().map(|lost| &mut lost.sum), signed(other.sum));

        if self.uses_custom_buckets() {
            if self.bounds() == other.bounds() {
                let lost = lost.map(|lost| &mut lost.positive);
                merge(&mut self.positive, lost, &other.positive, sign, |_| false);
            } else {
                combined.bounds_reconciled = true;
                self.merge_into_common_bounds(other, sign, lost);
            }
            return Ok(combined);
        }
        if other.schema < self.schema {
            let (from, to) = (self.schema, other.schema);
            reduce(&mut self.positive, lost.as_deref_mut().map(|lost| &mut lost.positive), from, to);
            reduce(&mut self.negative, lost.as_deref_mut().map(|lost| &mut lost.negative), from, to);
            self.schema = to;
        }
        let (schema, threshold) = (self.schema, self.zero_threshold);
        let within_zero = move |index: i32| exponential_bound(index, schema) <= threshold;
        for side in [Side::Positive, Side::Negative] {
            let mut theirs = other.side(side).clone();
            if other.schema > schema {
                reduce(&mut theirs, None, other.schema, schema);
            }
            let lost = lost.as_deref_mut().map(|lost| match side {
                Side::Positive => &mut lost.positive,
                Side::Negative => &mut lost.negative,
            });
            merge(self.side_mut(side), lost, &theirs, sign, within_zero);
        }
        Ok(combined)
    }

    fn side(&self, side: Side) -> &Vec<Bucket> {
        match side {
            Side::Positive => &self.positive,
            Side::Negative => &self.negative,
        }
    }

    fn side_mut(&mut self, side: Side) -> &mut Vec<Bucket> {
        match side {
            Side::Positive => &mut self.positive,
            Side::Negative => &mut self.negative,
        }
    }

    /// The hint of a combination; whether the two contradict each other.
    fn merge_hint(&mut self, other: CounterResetHint) -> bool {
        use CounterResetHint::{Gauge, Unknown};
        match (self.hint, other) {
            (mine, theirs) if mine == theirs => false,
            (Gauge, _) => false,
            (_, Gauge) => {
                self.hint = Gauge;
                false
            }
            (Unknown, _) => false,
            (_, Unknown) => {
                self.hint = Unknown;
                false
            }
            _ => {
                self.hint = Unknown;
                true
            }
        }
    }

    /// Widens the narrower zero bucket until both are equally wide; what the other's then counts.
    fn reconcile_zero_buckets(&mut self, other: &FloatHistogram, mut lost: Option<&mut Compensation>) -> f64 {
        let (mut zero_count, mut threshold) = (other.zero_count, other.zero_threshold);
        // A threshold only ever grows, and NaN ends it.
        while threshold.partial_cmp(&self.zero_threshold).is_some_and(std::cmp::Ordering::is_ne) {
            if self.zero_threshold > threshold {
                (zero_count, threshold, _) = other.widened_zero(self.zero_threshold, None);
            }
            if threshold > self.zero_threshold {
                let (mine, wider, lost_count) = self.widened_zero(threshold, lost.as_deref());
                (self.zero_count, self.zero_threshold) = (mine, wider);
                if let Some(lost) = lost.as_deref_mut() {
                    lost.zero_count = lost_count;
                }
                self.drop_buckets_within_zero(lost.as_deref_mut());
            }
        }
        zero_count
    }

    /// The zero bucket's count and threshold after widening it to at least `threshold`, and what rounding lost.
    pub(super) fn widened_zero(&self, threshold: f64, lost: Option<&Compensation>) -> (f64, f64, f64) {
        let mut lost_count = lost.map_or(0.0, |lost| lost.zero_count);
        let mut threshold = threshold;
        if threshold == self.zero_threshold {
            return (self.zero_count, threshold, lost_count);
        }
        'wider: loop {
            let mut count = self.zero_count;
            let sides = [
                (&self.positive, lost.map(|lost| &lost.positive)),
                (&self.negative, lost.map(|lost| &lost.negative)),
            ];
            for (at_side, (buckets, lost)) in sides.into_iter().enumerate() {
                for (at, bucket) in buckets.iter().enumerate() {
                    let range = self.positive_range(*bucket);
                    if range.lower >= threshold {
                        break;
                    }
                    (count, lost_count) = kahan_add(bucket.count, count, lost_count);
                    if let Some(lost) = lost.and_then(|lost| lost.get(at)) {
                        (count, lost_count) = kahan_add(*lost, count, lost_count);
                    }
                    if range.upper > threshold {
                        if bucket.count != 0.0 {
                            threshold = range.upper;
                            if at_side == 1 {
                                // The positive side has to be counted anew, up to the wider threshold.
                                continue 'wider;
                            }
                        }
                        break;
                    }
                }
            }
            return (count, threshold, lost_count);
        }
    }

    fn drop_buckets_within_zero(&mut self, lost: Option<&mut Compensation>) {
        let (schema, threshold) = (self.schema, self.zero_threshold);
        let keep = |bucket: &Bucket| {
            exponential_bound(bucket.index.saturating_sub(1), schema) >= threshold && bucket.count != 0.0
        };
        if let Some(lost) = lost {
            let filter = |lost: &mut Vec<f64>, buckets: &[Bucket]| {
                let mut buckets = buckets.iter();
                lost.retain(|_| buckets.next().is_some_and(keep));
            };
            filter(&mut lost.positive, &self.positive);
            filter(&mut lost.negative, &self.negative);
        }
        self.positive.retain(keep);
        self.negative.retain(keep);
    }

    fn merge_into_common_bounds(
        &mut self,
        other: &FloatHistogram,
        sign: Sign,
        lost: Option<&mut Compensation>,
    ) {
        let common = common_bounds(self.bounds(), other.bounds());
        let mut sums = vec![(0.0, 0.0); common.len() + 1];
        let mut pour = |histogram: &FloatHistogram, sign: Sign, lost: Option<&[f64]>| {
            for (at, bucket) in histogram.positive.iter().enumerate() {
                let upper = histogram.bound(bucket.index);
                let target = common.partition_point(|bound| *bound < upper);
                let (sum, rest) = sums[target];
                let count = if sign == Sign::Minus { -bucket.count } else { bucket.count };
                sums[target] = kahan_add(count, sum, rest);
                if let Some(lost) = lost.and_then(|lost| lost.get(at)) {
                    let (sum, rest) = sums[target];
                    sums[target] = kahan_add(*lost, sum, rest);
                }
            }
        };
        pour(self, Sign::Plus, lost.as_ref().map(|lost| &lost.positive[..]));
        pour(other, sign, None);
        let filled = || sums.iter().enumerate().filter(|(_, (sum, rest))| *sum != 0.0 || *rest != 0.0);
        self.positive = filled().map(|(at, (sum, _))| Bucket { index: at as i32, count: *sum }).collect();
        if let Some(lost) = lost {
            lost.positive = filled().map(|(_, (_, rest))| *rest).collect();
        }
        self.custom_bounds = Some(common.into());
    }
}

/// Merges buckets into those of a coarser schema.
fn reduce(buckets: &mut Vec<Bucket>, lost: Option<&mut Vec<f64>>, from: i32, to: i32) {
    let mut reduced: Vec<Bucket> = Vec::with_capacity(buckets.len());
    let mut reduced_lost: Vec<f64> = Vec::new();
    for (at, bucket) in buckets.iter().enumerate() {
        let index = coarser_index(bucket.index, from, to);
        let rest = lost.as_ref().and_then(|lost| lost.get(at)).copied().unwrap_or(0.0);
        match reduced.last_mut().filter(|last| last.index == index) {
            None => {
                reduced.push(Bucket { index, count: bucket.count });
                reduced_lost.push(rest);
            }
            Some(last) if lost.is_some() => {
                let known = reduced_lost.last().copied().unwrap_or(0.0);
                let (sum, known) = kahan_add(bucket.count, last.count, known);
                let (sum, known) = kahan_add(rest, sum, known);
                last.count = sum;
                if let Some(lost) = reduced_lost.last_mut() {
                    *lost = known;
                }
            }
            Some(last) => last.count += bucket.count,
        }
    }
    *buckets = reduced;
    if let Some(lost) = lost {
        *lost = reduced_lost;
    }
}

/// Adds `theirs` to `mine`, bucket by bucket; their first buckets may lie within the zero bucket.
fn merge(
    mine: &mut Vec<Bucket>,
    mut lost: Option<&mut Vec<f64>>,
    theirs: &[Bucket],
    sign: Sign,
    within_zero: impl Fn(i32) -> bool,
) {
    let mut at = 0;
    for bucket in theirs.iter().skip_while(|bucket| within_zero(bucket.index)) {
        let count = if sign == Sign::Minus { -bucket.count } else { bucket.count };
        at += mine[at..].partition_point(|known| known.index < bucket.index);
        match mine.get_mut(at).filter(|known| known.index == bucket.index) {
            Some(known) => {
                let lost = lost.as_deref_mut().and_then(|lost| lost.get_mut(at));
                add_to(&mut known.count, lost, count);
            }
            None => {
                mine.insert(at, Bucket { index: bucket.index, count });
                if let Some(lost) = lost.as_deref_mut() {
                    lost.insert(at.min(lost.len()), 0.0);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exponential(schema: i32, counts: &[(i32, f64)]) -> FloatHistogram {
        let positive: Vec<Bucket> =
            counts.iter().map(|(index, count)| Bucket { index: *index, count: *count }).collect();
        let count = positive.iter().map(|bucket| bucket.count).sum();
        FloatHistogram { schema, count, positive, ..FloatHistogram::default() }
    }

    #[track_caller]
    fn check(mine: FloatHistogram, theirs: FloatHistogram, expected: &str) {
        let mut sum = mine;
        sum.add(&theirs).unwrap();
        assert_eq!(sum.to_string(), expected);
    }

    #[test]
    fn a_sum_has_the_coarser_resolution() {
        check(
            exponential(1, &[(1, 1.0), (2, 2.0), (3, 4.0)]),
            exponential(0, &[(1, 10.0)]),
            "{count:17, sum:0, (1,2]:13, (2,4]:4}",
        );
        check(
            exponential(0, &[(1, 10.0)]),
            exponential(1, &[(1, 1.0), (2, 2.0), (3, 4.0)]),
            "{count:17, sum:0, (1,2]:13, (2,4]:4}",
        );
    }

    #[test]
    fn the_wider_zero_bucket_swallows_what_it_covers() {
        let mut narrow = exponential(0, &[(0, 5.0), (1, 1.0)]);
        narrow.zero_threshold = 0.001;
        let mut wide = exponential(0, &[(1, 2.0)]);
        wide.zero_threshold = 0.75;
        wide.zero_count = 3.0;
        check(narrow, wide, "{count:8, sum:0, [-1,1]:8, (1,2]:3}");
    }

    #[test]
    fn exponential_and_custom_buckets_do_not_mix() {
        let custom = FloatHistogram { schema: super::super::CUSTOM_BUCKETS_SCHEMA, ..Default::default() };
        assert_eq!(exponential(0, &[]).add(&custom), Err(IncompatibleBuckets));
    }
}
