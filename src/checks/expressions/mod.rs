//! Expressions that say something else than was meant, always or never.

pub mod compared_per_series;
pub mod comparison_always_true;
pub mod comparison_never_true;
pub mod counter_without_rate;
pub mod division_by_nothing;
pub mod errors_not_as_a_share;
pub mod fires_at_a_single_event;
pub mod instance_of_a_proxy;
pub mod misleading_metric;
pub mod pod_counted_too;
pub mod quantile_beyond_buckets;
pub mod quantile_per_series;
pub mod quantile_without_le;
pub mod range_too_short;
pub mod rate_of_gauge;
mod spoken;
pub mod threshold_between_buckets;
pub mod up_blind_spot;
