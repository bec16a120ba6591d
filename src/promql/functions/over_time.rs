//! Aggregates of floats over time, in Prometheus' order of summing.

use super::{kahan_add, kahan_add_v2, quantile};
use crate::promql::value::ABSENT;

/// The sum with what rounding took made good.
pub fn sum(values: &[f64], v2: bool) -> f64 {
    let (mut sum, mut lost) = (0.0, 0.0);
    for value in values {
        (sum, lost) = match v2 {
            true => kahan_add_v2(*value, sum, lost),
            false => kahan_add(*value, sum, lost),
        };
    }
    if sum.is_infinite() { sum } else { sum + lost }
}

/// The mean: the sum divided, or, where that would overflow, a running mean from there on.
pub fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values = values.into_iter();
    let Some(first) = values.next() else { return ABSENT };
    let (mut sum, mut lost, mut count) = (first, 0.0, 1.0);
    let mut running: Option<f64> = None;
    for value in values {
        count += 1.0;
        let mean = match running {
            Some(mean) => mean,
            None => {
                let (next, next_lost) = kahan_add(value, sum, lost);
                if !next.is_infinite() {
                    (sum, lost) = (next, next_lost);
                    continue;
                }
                lost /= count - 1.0;
                sum / (count - 1.0)
            }
        };
        let weight = (count - 1.0) / count;
        let (next, next_lost) = kahan_add(value / count, weight * mean, weight * lost);
        running = Some(next);
        lost = next_lost;
    }
    match running {
        Some(mean) => mean + lost,
        None => sum / count + lost / count,
    }
}

/// The running mean of Prometheus 2; with what rounding took made good, or (in aggregations) not.
pub fn mean_v2(values: impl IntoIterator<Item = f64>, compensated: bool) -> f64 {
    let (mut mean, mut lost, mut count) = (0.0_f64, 0.0, 0.0);
    for value in values {
        count += 1.0;
        if !compensated && count == 1.0 {
            mean = value;
            continue;
        }
        if mean.is_infinite() {
            let same_infinity = value.is_infinite() && (mean > 0.0) == (value > 0.0);
            if same_infinity || value.is_finite() {
                continue;
            }
        }
        if compensated {
            (mean, lost) = kahan_add_v2(value / count - mean / count, mean, lost);
        } else {
            mean += value / count - mean / count;
        }
    }
    if mean.is_infinite() { mean } else { mean + lost }
}

pub fn variance(values: &[f64]) -> f64 {
    let (mut mean, mut mean_lost, mut squares, mut squares_lost, mut count) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for value in values {
        count += 1.0;
        let delta = value - (mean + mean_lost);
        (mean, mean_lost) = kahan_add(delta / count, mean, mean_lost);
        (squares, squares_lost) = kahan_add(delta * (value - (mean + mean_lost)), squares, squares_lost);
    }
    (squares + squares_lost) / count
}

/// NaN only where there is nothing else.
pub fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(
        f64::NAN,
        |best, value| {
            if value < best || best.is_nan() { value } else { best }
        },
    )
}

/// NaN only where there is nothing else.
pub fn greatest(values: &[f64]) -> f64 {
    values.iter().copied().fold(
        f64::NAN,
        |best, value| {
            if value > best || best.is_nan() { value } else { best }
        },
    )
}

/// When the last of the best values was, in seconds.
pub fn time_of(times: &[i64], values: &[f64], is_better: impl Fn(f64, f64) -> bool) -> f64 {
    let mut best = 0;
    for (at, value) in values.iter().enumerate() {
        if is_better(*value, values[best]) || values[best].is_nan() {
            best = at;
        }
    }
    times[best] as f64 / 1000.0
}

/// The median of the distances to the median.
pub fn median_deviation(values: &[f64]) -> f64 {
    if values.iter().any(|value| value.is_nan()) {
        return f64::NAN;
    }
    let mut values = values.to_vec();
    let median = quantile(0.5, &mut values);
    values.iter_mut().for_each(|value| *value = (*value - median).abs());
    quantile(0.5, &mut values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_does_not_overflow() {
        assert_eq!(mean([f64::MAX, f64::MAX]), f64::MAX);
        assert_eq!(mean([1.0, 2.0, 6.0]), 3.0);
        assert_eq!(mean_v2([1.0, 2.0, 6.0], true), 3.0);
        assert!(mean([f64::INFINITY, f64::NEG_INFINITY]).is_nan());
        assert_eq!(mean_v2([f64::INFINITY, 1.0], true), f64::INFINITY);
    }

    #[test]
    fn nan_is_neither_least_nor_greatest() {
        assert_eq!(least(&[f64::NAN, 3.0, 1.0, f64::NAN]), 1.0);
        assert_eq!(greatest(&[f64::NAN, 3.0, 1.0]), 3.0);
        assert!(greatest(&[f64::NAN]).is_nan());
    }
}
