//! How observations spread, and what a histogram, a summary and a sum show of it.
//!
//! A `Quantile(q, v)` is log-normal with σ = 0.5 (p99 is about 1.4 times p95, the median 0.44 of it). Inside the bucket
//! that holds `v`, counts are shifted between neighbours so that Prometheus' linear interpolation gives
//! exactly `v` for the quantile `q`. Two ends are out of any histogram's reach: past the last finite bound,
//! `histogram_quantile` says that bound; below `q` times the first bound, it says `q` times the first bound.

use crate::scenario::Latency;

/// The spread of the logarithm; typical of web services.
const SIGMA: f64 = 0.5;

/// Of durations (seconds) or of any other amount.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Distribution {
    Fixed(f64),
    /// The quantile (between 0 and 1, neither included) lies at the value.
    Quantile(f64, f64),
}

impl From<Latency> for Distribution {
    fn from(latency: Latency) -> Self {
        match latency {
            Latency::Fixed(length) => Distribution::Fixed(length.seconds()),
            Latency::Quantile(quantile, length) => Distribution::Quantile(quantile, length.seconds()),
        }
    }
}

impl Distribution {
    pub fn mean(self) -> f64 {
        match self {
            Distribution::Fixed(value) => value,
            Distribution::Quantile(..) => (self.location() + SIGMA * SIGMA / 2.0).exp(),
        }
    }

    /// The share of observations at or below `value`.
    pub fn share_up_to(self, value: f64) -> f64 {
        self.share_from(self.location(), value)
    }

    fn share_from(self, location: f64, value: f64) -> f64 {
        match self {
            Distribution::Fixed(fixed) => f64::from(u8::from(fixed <= value)),
            Distribution::Quantile(..) if value <= 0.0 => 0.0,
            Distribution::Quantile(quantile, at) if value == at => quantile,
            Distribution::Quantile(..) => normal_share((value.ln() - location) / SIGMA),
        }
    }

    /// The cumulative share in each bucket of a histogram with these upper bounds.
    pub fn bucket_shares(self, bounds: &[f64]) -> Vec<f64> {
        let location = self.location();
        let mut shares: Vec<f64> = bounds.iter().map(|bound| self.share_from(location, *bound)).collect();
        let Distribution::Quantile(quantile, value) = self else { return shares };
        let upper = bounds.partition_point(|bound| *bound < value);
        if upper == bounds.len() || bounds[upper] == value {
            return shares;
        }
        let (low_bound, low_share) = match upper.checked_sub(1) {
            Some(lower) => (bounds[lower], shares[lower]),
            None => (0.0, 0.0),
        };
        // How far up its bucket the value lies, and so how the bucket's counts must lie around the quantile.
        let part = (value - low_bound) / (bounds[upper] - low_bound);
        let raised = low_share + (quantile - low_share) / part;
        let lowered = (quantile - part * shares[upper]) / (1.0 - part);
        let (low, high) = if upper == 0 {
            (0.0, (quantile / part).min(1.0))
        } else if part >= 0.5 && raised <= 1.0 {
            (low_share, raised)
        } else if part >= 0.5 {
            ((quantile - part) / (1.0 - part), 1.0)
        } else if lowered >= 0.0 {
            (lowered, shares[upper])
        } else {
            (0.0, quantile / part)
        };
        for share in &mut shares[..upper] {
            *share = share.min(low);
        }
        if upper > 0 {
            shares[upper - 1] = low;
        }
        shares[upper] = high;
        for share in &mut shares[upper + 1..] {
            *share = share.max(high);
        }
        shares
    }

    fn location(self) -> f64 {
        match self {
            Distribution::Fixed(value) => value.ln(),
            Distribution::Quantile(quantile, value) => value.ln() - SIGMA * normal_quantile(quantile),
        }
    }
}

/// The quantile of several streams together, each with its weight; `None` where there is nothing.
pub fn mixed_quantile(streams: &[(f64, Distribution)], quantile: f64) -> Option<f64> {
    let total: f64 = streams.iter().map(|(weight, _)| weight).sum();
    if total <= 0.0 {
        return None;
    }
    if let [(_, only)] = streams {
        return Some(match only {
            Distribution::Fixed(value) => *value,
            Distribution::Quantile(known, value) if *known == quantile => *value,
            Distribution::Quantile(..) => (only.location() + SIGMA * normal_quantile(quantile)).exp(),
        });
    }
    let reached = |value: f64| {
        streams.iter().map(|(weight, stream)| weight * stream.share_up_to(value)).sum::<f64>()
            >= quantile * total
    };
    let (mut low, mut high) = (0.0, 1.0);
    while !reached(high) && high < 1e300 {
        high *= 2.0;
    }
    for _ in 0..100 {
        let middle = (low + high) / 2.0;
        if reached(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

/// The standard normal distribution up to `z`; its error is below 2e-7, far inside what a bucket can show.
fn normal_share(z: f64) -> f64 {
    const TERMS: [f64; 10] = [
        -1.26551223,
        1.00002368,
        0.37409196,
        0.09678418,
        -0.18628806,
        0.27886807,
        -1.13520398,
        1.48851587,
        -0.82215223,
        0.17087277,
    ];
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.5 * x);
    let polynomial = TERMS.iter().rev().fold(0.0, |sum, term| sum * t + term);
    let above = 0.5 * t * (-x * x + polynomial).exp();
    if z > 0.0 { 1.0 - above } else { above }
}

/// The inverse of [`normal_share`], by bisection so that the two agree.
fn normal_quantile(share: f64) -> f64 {
    let (mut low, mut high) = (-10.0, 10.0);
    for _ in 0..80 {
        let middle = (low + high) / 2.0;
        if normal_share(middle) < share { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUCKETS: [f64; 9] = [0.1, 0.3, 0.5, 0.7, 1.0, 3.0, 5.0, 7.0, 10.0];

    /// Prometheus' interpolation for classic histograms.
    fn histogram_quantile(quantile: f64, bounds: &[f64], shares: &[f64]) -> f64 {
        let at = shares.partition_point(|share| *share < quantile);
        if at == bounds.len() {
            return bounds[bounds.len() - 1];
        }
        let (low, before) = if at == 0 { (0.0, 0.0) } else { (bounds[at - 1], shares[at - 1]) };
        low + (bounds[at] - low) * (quantile - before) / (shares[at] - before)
    }

    #[test]
    fn histogram_quantile_gives_exactly_the_latency_that_was_asked_for() {
        for quantile in [0.5, 0.9, 0.95, 0.99, 0.999] {
            for value in [0.051, 0.0995, 0.1, 0.11, 0.29, 0.6, 1.1, 1.9, 2.0, 2.1, 2.99, 9.9, 10.0] {
                let shares = Distribution::Quantile(quantile, value).bucket_shares(&BUCKETS);
                assert!(shares.is_sorted(), "q{quantile} at {value}: {shares:?}");
                assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)), "{shares:?}");
                let got = histogram_quantile(quantile, &BUCKETS, &shares);
                // The least that a first bucket can say.
                let value = value.max(quantile * BUCKETS[0]);
                assert!((got - value).abs() < 1e-9, "q{quantile} at {value}: got {got} from {shares:?}");
            }
        }
    }

    #[test]
    fn past_the_last_bound_the_quantile_is_that_bound() {
        let shares = Distribution::Quantile(0.95, 60.0).bucket_shares(&BUCKETS);
        assert_eq!(histogram_quantile(0.95, &BUCKETS, &shares), 10.0);
    }

    #[test]
    fn a_fixed_value_lies_wholly_in_its_bucket() {
        assert_eq!(Distribution::Fixed(0.5).bucket_shares(&[0.3, 0.5, 0.7]), [0.0, 1.0, 1.0]);
        assert_eq!(Distribution::Fixed(0.5).mean(), 0.5);
    }

    #[test]
    fn a_summary_over_two_streams_shows_the_slower_one_in_its_tail() {
        let streams = [(90.0, Distribution::Fixed(0.1)), (10.0, Distribution::Fixed(3.0))];
        assert!((mixed_quantile(&streams, 0.5).unwrap() - 0.1).abs() < 1e-9);
        assert!((mixed_quantile(&streams, 0.95).unwrap() - 3.0).abs() < 1e-9);
        assert_eq!(mixed_quantile(&[(1.0, Distribution::Quantile(0.95, 2.0))], 0.95), Some(2.0));
        assert_eq!(mixed_quantile(&[], 0.95), None);
    }
}
