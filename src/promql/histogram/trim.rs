//! Observations cut off above or below a value: the operators `</` and `>/`.

use super::{Bucket, BucketRange, FloatHistogram};

/// Which part stays.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    Below,
    Above,
}

impl FloatHistogram {
    /// Keeps the observations up to `limit`.
    pub fn trim_above(&mut self, limit: f64) {
        self.trim(limit, Keep::Below);
    }

    /// Keeps the observations from `limit` on.
    pub fn trim_below(&mut self, limit: f64) {
        self.trim(limit, Keep::Above);
    }

    fn trim(&mut self, limit: f64, keep: Keep) {
        let custom = self.uses_custom_buckets();
        let (mut count, mut sum, mut trimmed) = (0.0, 0.0, false);
        let mut trim_side = |buckets: &mut [Bucket], range_of: &dyn Fn(Bucket) -> BucketRange, positive| {
            let mut any = false;
            for bucket in buckets.iter_mut().filter(|bucket| bucket.count != 0.0) {
                any = true;
                let range = range_of(*bucket);
                let (kept, middle) = if keep.whole(&range, limit) {
                    (range.count, middle(range.lower, range.upper, positive, custom))
                } else if keep.part(&range, limit) {
                    keep.cut(&range, limit, positive, custom)
                } else {
                    (0.0, 0.0)
                };
                count += kept;
                sum += middle * kept;
                trimmed |= bucket.count != kept;
                bucket.count = kept;
            }
            any
        };
        let ranges = FloatHistogram { positive: Vec::new(), negative: Vec::new(), ..self.clone() };
        let has_positive = trim_side(&mut self.positive, &|bucket| ranges.positive_range(bucket), true);
        let has_negative = trim_side(&mut self.negative, &|bucket| ranges.negative_range(bucket), false);
        if self.zero_count > 0.0 {
            let (kept, middle) = keep.cut_zero(self.zero_range(), limit, has_negative, has_positive);
            trimmed |= self.zero_count != kept;
            self.zero_count = kept;
            sum += middle * kept;
            count += kept;
        }
        if trimmed {
            (self.count, self.sum) = (count, sum);
            self.compact();
        }
    }
}

impl Keep {
    fn whole(self, range: &BucketRange, limit: f64) -> bool {
        match self {
            Keep::Below => range.upper <= limit,
            Keep::Above => range.lower >= limit,
        }
    }

    fn part(self, range: &BucketRange, limit: f64) -> bool {
        match self {
            Keep::Below => range.lower < limit,
            Keep::Above => range.upper > limit,
        }
    }

    /// What stays of a bucket that the limit cuts, and its middle.
    fn cut(self, range: &BucketRange, limit: f64, positive: bool, custom: bool) -> (f64, f64) {
        if range.lower == f64::NEG_INFINITY || range.upper == f64::INFINITY {
            return self.cut_infinite(range, limit);
        }
        let below = if limit <= range.lower {
            0.0
        } else if limit >= range.upper {
            range.count
        } else {
            range.count * range.fraction_below(limit, custom)
        };
        match self {
            Keep::Below => (below, middle(range.lower, limit, positive, custom)),
            Keep::Above => (range.count - below, middle(limit, range.upper, positive, custom)),
        }
    }

    fn cut_infinite(self, range: &BucketRange, limit: f64) -> (f64, f64) {
        let finite_or_zero = |value: f64| if value.is_infinite() { 0.0 } else { value };
        let (lower, upper) = (range.lower, range.upper);
        if lower == f64::NEG_INFINITY {
            let bounded = upper != f64::INFINITY;
            return match self {
                Keep::Below if limit >= upper => (range.count, 0.0),
                Keep::Below if limit > 0.0 && upper > 0.0 && bounded => {
                    (range.count * limit / upper, limit / 2.0)
                }
                Keep::Below if upper <= 0.0 => (range.count, limit),
                Keep::Above if limit <= lower => (range.count, 0.0),
                Keep::Above if limit >= 0.0 && upper > limit && bounded => {
                    (range.count * (1.0 - limit / upper), (limit + upper) / 2.0)
                }
                _ => (0.0, finite_or_zero(upper)),
            };
        }
        match self {
            Keep::Above if limit >= lower => (range.count, limit),
            _ => (0.0, finite_or_zero(lower)),
        }
    }

    fn cut_zero(self, range: BucketRange, limit: f64, has_negative: bool, has_positive: bool) -> (f64, f64) {
        let lower = if has_positive && !has_negative { 0.0 } else { range.lower };
        let upper = if has_negative && !has_positive { 0.0 } else { range.upper };
        let (none, whole) = ((0.0, 0.0), (range.count, (lower + upper) / 2.0));
        let (fraction, middle) = match self {
            Keep::Below if limit <= lower => return none,
            Keep::Below if limit >= upper => return whole,
            Keep::Below => ((limit - lower) / (upper - lower), (lower + limit) / 2.0),
            Keep::Above if limit <= lower => return whole,
            Keep::Above if limit >= upper => return none,
            Keep::Above => ((upper - limit) / (upper - lower), (limit + upper) / 2.0),
        };
        (range.count * fraction, middle)
    }
}

/// The value that stands for all observations between two bounds.
fn middle(lower: f64, upper: f64, positive: bool, linear: bool) -> f64 {
    match (lower.is_infinite(), upper.is_infinite()) {
        (true, true) => 0.0,
        (true, false) if upper > 0.0 => upper / 2.0,
        (true, false) => upper,
        (false, true) => lower,
        (false, false) if linear => (lower + upper) / 2.0,
        (false, false) => {
            let geometric = (lower * upper).abs().sqrt();
            if positive { geometric } else { -geometric }
        }
    }
}
