//! Lines through samples, and smoothing.

use super::kahan_add;
use crate::promql::value::ABSENT;

/// Least squares: the slope a second, and the value at `origin`. Takes at least one sample.
pub fn linear(times: &[i64], values: &[f64], origin: i64) -> (f64, f64) {
    let first = values[0];
    let (mut n, mut constant) = (0.0, true);
    let (mut x_sum, mut y_sum, mut xy_sum, mut xx_sum) = ((0.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0));
    let add = |sum: &mut (f64, f64), value: f64| *sum = kahan_add(value, sum.0, sum.1);
    for (time, y) in times.iter().zip(values) {
        constant &= n == 0.0 || *y == first;
        n += 1.0;
        let x = time.saturating_sub(origin) as f64 / 1e3;
        add(&mut x_sum, x);
        add(&mut y_sum, *y);
        add(&mut xy_sum, x * y);
        add(&mut xx_sum, x * x);
    }
    if constant {
        return if first.is_infinite() { (f64::NAN, f64::NAN) } else { (0.0, first) };
    }
    let total = |sum: (f64, f64)| sum.0 + sum.1;
    let (x, y, xy, xx) = (total(x_sum), total(y_sum), total(xy_sum), total(xx_sum));
    let slope = (xy - x * y / n) / (xx - x * x / n);
    (slope, y / n - slope * x / n)
}

/// Double exponential smoothing, both factors between 0 and 1.
pub fn double_exponential(values: &[f64], smoothing: f64, trending: f64) -> f64 {
    let [first, second, ..] = values else { return ABSENT };
    let (mut before, mut smoothed, mut trend) = (0.0, *first, second - first);
    for (at, value) in values.iter().enumerate().skip(1) {
        if at > 1 {
            trend = trending * (smoothed - before) + (1.0 - trending) * trend;
        }
        let next = smoothing * value + (1.0 - smoothing) * (smoothed + trend);
        (before, smoothed) = (smoothed, next);
    }
    smoothed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_through_its_points() {
        let times = [0, 10_000, 20_000];
        assert_eq!(linear(&times, &[1.0, 2.0, 3.0], 0), (0.1, 1.0));
        assert_eq!(linear(&times, &[5.0, 5.0, 5.0], 0), (0.0, 5.0));
    }
}
