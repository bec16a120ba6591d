//! Arithmetic on floats with Go's and Prometheus' habits.

/// Adds `value` to a sum and to what the sum has lost by rounding so far: Kahan's way with Neumaier's improvement.
/// An infinite sum has lost nothing.
#[inline]
pub fn kahan_add(value: f64, sum: f64, lost: f64) -> (f64, f64) {
    let total = sum + value;
    if total.is_infinite() {
        (total, 0.0)
    } else if sum.abs() >= value.abs() {
        (total, lost + ((sum - total) + value))
    } else {
        (total, lost + ((value - total) + sum))
    }
}

/// As [`kahan_add`], the way Prometheus 2 did it: infinities are not set apart.
#[inline]
pub fn kahan_add_v2(value: f64, sum: f64, lost: f64) -> (f64, f64) {
    let total = sum + value;
    let rest = if sum.abs() >= value.abs() { (sum - total) + value } else { (value - total) + sum };
    (total, lost + rest)
}

/// Whether two numbers differ by less than `epsilon`, relative to their size. NaN equals NaN.
pub fn almost_equal(a: f64, b: f64, epsilon: f64) -> bool {
    if crate::promql::is_stale(a) || crate::promql::is_stale(b) {
        return crate::promql::is_stale(a) && crate::promql::is_stale(b);
    }
    if (a.is_nan() && b.is_nan()) || a == b {
        return true;
    }
    let size = a.abs() + b.abs();
    let difference = (a - b).abs();
    if a == 0.0 || b == 0.0 || size < f64::MIN_POSITIVE {
        return difference < epsilon * f64::MIN_POSITIVE;
    }
    difference / size.min(f64::MAX) < epsilon
}

/// Go's `math.Max`: an infinity wins, then NaN.
pub fn go_max(a: f64, b: f64) -> f64 {
    if a == f64::INFINITY || b == f64::INFINITY {
        f64::INFINITY
    } else if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if a == 0.0 && b == 0.0 {
        if a.is_sign_negative() { b } else { a }
    } else if a > b {
        a
    } else {
        b
    }
}

/// Go's `math.Min`: an infinity wins, then NaN.
pub fn go_min(a: f64, b: f64) -> f64 {
    -go_max(-a, -b)
}

/// Go's conversion to an integer: what does not fit becomes the smallest one.
pub fn go_int64(value: f64) -> i64 {
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value) {
        value as i64
    } else {
        i64::MIN
    }
}

/// The φ-quantile of values, interpolated between the two nearest; the values are sorted in place, NaN first.
pub fn quantile(q: f64, values: &mut [f64]) -> f64 {
    if values.is_empty() || q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    values.sort_unstable_by(nan_first);
    let last = (values.len() - 1) as f64;
    let rank = q * last;
    let lower = rank.floor().max(0.0);
    let upper = (lower + 1.0).min(last);
    let weight = rank - rank.floor();
    values[lower as usize] * (1.0 - weight) + values[upper as usize] * weight
}

/// Ascending, NaN before everything.
pub fn nan_first(a: &f64, b: &f64) -> std::cmp::Ordering {
    a.partial_cmp(b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_made_good() {
        let (mut sum, mut lost) = (0.0, 0.0);
        for value in [1e100, 1.0, -1e100] {
            (sum, lost) = kahan_add(value, sum, lost);
        }
        assert_eq!(sum + lost, 1.0);
        assert_eq!(kahan_add(f64::INFINITY, 1.0, 0.5), (f64::INFINITY, 0.0));
    }

    #[test]
    fn infinity_beats_nan_as_in_go() {
        assert_eq!(go_max(f64::NAN, f64::INFINITY), f64::INFINITY);
        assert_eq!(go_min(f64::NAN, f64::NEG_INFINITY), f64::NEG_INFINITY);
        assert!(go_max(f64::NAN, 1.0).is_nan());
        assert_eq!(go_min(2.0, 1.0), 1.0);
    }

    #[test]
    fn a_quantile_lies_between_its_neighbours() {
        for (q, expected) in [(0.0, 1.0), (0.5, 2.5), (1.0, 4.0), (2.0, f64::INFINITY)] {
            assert_eq!(quantile(q, &mut [4.0, 1.0, 3.0, 2.0]), expected);
        }
        assert!(quantile(0.5, &mut []).is_nan());
    }
}
