//! Classic histograms: one series a bucket, each counting all observations up to its `le`.

use super::{Bucket, CUSTOM_BUCKETS_SCHEMA, FloatHistogram};
use crate::promql::functions::almost_equal;

/// Counts that differ relatively by less than this differ by rounding only.
const SMALL_DELTA: f64 = 1e-12;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassicBucket {
    pub upper: f64,
    /// All observations up to `upper`.
    pub count: f64,
}

/// Where counts fell from one bucket to the next and had to be raised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ForcedMonotonicity {
    pub lowest: f64,
    pub highest: f64,
    pub largest_drop: f64,
}

/// The φ-quantile, linear within the bucket. Small differences between counts are taken for rounding
/// (Prometheus 3 only), larger falls are raised and told.
pub fn classic_quantile(
    q: f64,
    buckets: &mut Vec<ClassicBucket>,
    ignore_small_deltas: bool,
) -> (f64, Option<ForcedMonotonicity>) {
    if q.is_nan() {
        return (f64::NAN, None);
    }
    if q < 0.0 {
        return (f64::NEG_INFINITY, None);
    }
    if q > 1.0 {
        return (f64::INFINITY, None);
    }
    if !sort_and_merge(buckets) {
        return (f64::NAN, None);
    }
    let forced = make_monotonic(buckets, ignore_small_deltas);
    let last = buckets.len() - 1;
    let observations = buckets[last].count;
    if last == 0 || observations == 0.0 {
        return (f64::NAN, forced);
    }
    let mut rank = q * observations;
    // Not `count < rank`: a NaN count must not be passed over differently than in Prometheus' search.
    let at = first_where(last, |at| buckets[at].count >= rank);
    if at == last {
        return (buckets[last - 1].upper, forced);
    }
    if at == 0 && buckets[0].upper <= 0.0 {
        return (buckets[0].upper, forced);
    }
    let (mut start, mut count) = (0.0, buckets[at].count);
    if at > 0 {
        start = buckets[at - 1].upper;
        count -= buckets[at - 1].count;
        rank -= buckets[at - 1].count;
    }
    (start + (buckets[at].upper - start) * (rank / count), forced)
}

/// The fraction of the observations between two values.
pub fn classic_fraction(lower: f64, upper: f64, buckets: &mut Vec<ClassicBucket>) -> f64 {
    if !sort_and_merge(buckets) {
        return f64::NAN;
    }
    let total = buckets[buckets.len() - 1].count;
    if total == 0.0 || lower.is_nan() || upper.is_nan() {
        return f64::NAN;
    }
    if lower >= upper {
        return 0.0;
    }
    let (mut lower_rank, mut upper_rank) = (None, None);
    let mut rank = 0.0;
    let mut start = if buckets[0].upper <= 0.0 { f64::NEG_INFINITY } else { 0.0 };
    for bucket in buckets.iter() {
        let rank_of = |value: f64, known: Option<f64>| {
            known.or_else(|| {
                if start >= value {
                    return Some(rank);
                }
                (bucket.upper > value).then(|| {
                    if start == f64::NEG_INFINITY {
                        return bucket.count;
                    }
                    rank + (bucket.count - rank) * (value - start) / (bucket.upper - start)
                })
            })
        };
        lower_rank = rank_of(lower, lower_rank);
        upper_rank = rank_of(upper, upper_rank);
        if lower_rank.is_some() && upper_rank.is_some() {
            break;
        }
        rank = bucket.count;
        start = bucket.upper;
    }
    let capped = |rank: Option<f64>| rank.filter(|rank| *rank <= total).unwrap_or(total);
    (capped(upper_rank) - capped(lower_rank)) / total
}

/// A native histogram with custom buckets from a classic one; `None` where its counts contradict each other.
pub fn from_classic(
    buckets: &[ClassicBucket],
    count: Option<f64>,
    sum: Option<f64>,
) -> Option<FloatHistogram> {
    let mut buckets = buckets.to_vec();
    buckets.sort_by(|a, b| a.upper.total_cmp(&b.upper));
    buckets.dedup_by(|a, b| a.upper == b.upper);
    let count = count.or(buckets.last().map(|bucket| bucket.count)).unwrap_or(0.0);
    if buckets.last().is_none_or(|bucket| bucket.upper != f64::INFINITY) {
        buckets.push(ClassicBucket { upper: f64::INFINITY, count });
    }
    let falls = buckets.windows(2).any(|pair| pair[1].count < pair[0].count);
    if falls || buckets[0].count < 0.0 || buckets[buckets.len() - 1].count != count {
        return None;
    }
    let mut positive = Vec::with_capacity(buckets.len());
    let mut before = 0.0;
    for (index, bucket) in buckets.iter().enumerate() {
        if bucket.count != before {
            positive.push(Bucket { index: index as i32, count: bucket.count - before });
        }
        before = bucket.count;
    }
    let bounds = buckets[..buckets.len() - 1].iter().map(|bucket| bucket.upper).collect();
    Some(FloatHistogram {
        schema: CUSTOM_BUCKETS_SCHEMA,
        count,
        sum: sum.unwrap_or(0.0),
        positive,
        custom_bounds: Some(bounds),
        ..FloatHistogram::default()
    })
}

/// Sorts by bound and adds up equal bounds; `false` where there is no infinite one, and so no total.
fn sort_and_merge(buckets: &mut Vec<ClassicBucket>) -> bool {
    buckets.sort_by(|a, b| a.upper.total_cmp(&b.upper));
    if buckets.last().is_none_or(|bucket| bucket.upper != f64::INFINITY) {
        return false;
    }
    buckets.dedup_by(|next, kept| {
        let same = next.upper == kept.upper;
        if same {
            kept.count += next.count;
        }
        same
    });
    true
}

fn make_monotonic(buckets: &mut [ClassicBucket], ignore_small_deltas: bool) -> Option<ForcedMonotonicity> {
    let mut forced: Option<ForcedMonotonicity> = None;
    let mut before = buckets[0].count;
    for bucket in &mut buckets[1..] {
        let count = bucket.count;
        if count == before {
            continue;
        }
        if ignore_small_deltas && almost_equal(before, count, SMALL_DELTA) {
            bucket.count = before;
        } else if count < before {
            bucket.count = before;
            let (upper, drop) = (bucket.upper, before - count);
            forced = Some(match forced {
                None => ForcedMonotonicity { lowest: upper, highest: upper, largest_drop: drop },
                Some(known) => ForcedMonotonicity {
                    lowest: known.lowest.min(upper),
                    highest: known.highest.max(upper),
                    largest_drop: known.largest_drop.max(drop),
                },
            });
        } else if ignore_small_deltas || count > before {
            before = count;
        }
    }
    forced
}

/// Go's `sort.Search`: the first index below `end` where `found` holds, by bisection; `end` where none does.
fn first_where(end: usize, found: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, end);
    while low < high {
        let middle = (low + high) / 2;
        if found(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets(pairs: &[(f64, f64)]) -> Vec<ClassicBucket> {
        pairs.iter().map(|(upper, count)| ClassicBucket { upper: *upper, count: *count }).collect()
    }

    #[test]
    fn a_quantile_is_interpolated_within_its_bucket() {
        let mut classic = buckets(&[(1.0, 10.0), (2.0, 30.0), (f64::INFINITY, 40.0)]);
        for (q, expected) in [(0.0, 0.0), (0.25, 1.0), (0.5, 1.5), (0.9, 2.0), (-1.0, f64::NEG_INFINITY)] {
            assert_eq!(classic_quantile(q, &mut classic, true).0, expected, "quantile {q}");
        }
        assert!(classic_quantile(0.5, &mut buckets(&[(1.0, 10.0)]), true).0.is_nan());
    }

    #[test]
    fn a_falling_count_is_raised_and_told() {
        let mut classic = buckets(&[(1.0, 10.0), (2.0, 8.0), (f64::INFINITY, 20.0)]);
        let (_, forced) = classic_quantile(0.5, &mut classic, true);
        assert_eq!(forced, Some(ForcedMonotonicity { lowest: 2.0, highest: 2.0, largest_drop: 2.0 }));
    }

    #[test]
    fn a_classic_histogram_becomes_a_native_one() {
        let classic = buckets(&[(1.0, 10.0), (2.0, 10.0), (f64::INFINITY, 12.0)]);
        let native = from_classic(&classic, Some(12.0), Some(30.0)).unwrap();
        assert_eq!(native.to_string(), "{count:12, sum:30, [-Inf,1]:10, (2,+Inf]:2}");
        assert_eq!(from_classic(&classic, Some(13.0), None), None);
    }
}
