//! Where buckets begin and end.

use super::{CUSTOM_BUCKETS_SCHEMA, FloatHistogram};

impl FloatHistogram {
    /// The upper bound of the bucket with this index; on the negative side its mirror image.
    pub(super) fn bound(&self, index: i32) -> f64 {
        if self.schema != CUSTOM_BUCKETS_SCHEMA {
            return exponential_bound(index, self.schema);
        }
        match usize::try_from(index) {
            Err(_) => f64::NEG_INFINITY,
            Ok(at) => self.bounds().get(at).copied().unwrap_or(f64::INFINITY),
        }
    }
}

/// The upper bound of an exponential bucket. The last finite bucket ends at the largest number there is.
pub(super) fn exponential_bound(index: i32, schema: i32) -> f64 {
    let index = i64::from(index);
    if schema < 0 {
        let exponent = index << -schema.max(-31);
        return if exponent == 1024 { f64::MAX } else { scale(1.0, exponent) };
    }
    let per_power = 1_i64 << schema.min(31);
    let fraction = ((index & (per_power - 1)) as f64 / per_power as f64).exp2() / 2.0;
    let exponent = (index >> schema.min(31)) + 1;
    if fraction == 0.5 && exponent == 1025 { f64::MAX } else { scale(fraction, exponent) }
}

/// `value · 2^exponent`, also where 2^exponent alone is no number.
fn scale(value: f64, exponent: i64) -> f64 {
    let exponent = exponent.clamp(-2200, 2200) as i32;
    let half = exponent / 2;
    value * 2f64.powi(half) * 2f64.powi(exponent - half)
}

/// The index, in a coarser schema, of the bucket that swallows this one.
pub(super) fn coarser_index(index: i32, from: i32, to: i32) -> i32 {
    let shift = (from - to).clamp(0, 31);
    (index.saturating_sub(1) >> shift) + 1
}

/// The bounds that two sets of custom bounds have in common; both ascend.
pub(super) fn common_bounds(a: &[f64], b: &[f64]) -> Vec<f64> {
    let mut common = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        if a[i] == b[j] {
            common.push(a[i]);
            i += 1;
            j += 1;
        } else if a[i] < b[j] {
            i += 1;
        } else {
            j += 1;
        }
    }
    common
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponential_bounds_are_powers_of_two_split_evenly() {
        for (index, schema, expected) in [
            (0, 0, 1.0),
            (1, 0, 2.0),
            (-1, 0, 0.5),
            (1, -1, 4.0),
            (2, 1, 2.0),
            (4, 2, 2.0),
            (1024, 0, f64::MAX),
            (1025, 0, f64::INFINITY),
        ] {
            assert_eq!(exponential_bound(index, schema), expected, "bound {index} of schema {schema}");
        }
        assert!((exponential_bound(1, 1) - std::f64::consts::SQRT_2).abs() < 1e-15);
    }

    #[test]
    fn four_fine_buckets_make_a_coarse_one() {
        for (index, expected) in [(1, 1), (4, 1), (5, 2), (0, 0), (-3, 0), (-4, -1)] {
            assert_eq!(coarser_index(index, 2, 0), expected);
        }
    }
}
