//! What PromQL's functions compute, free of expressions and series.

pub mod calendar;
mod float;
pub mod natural_order;
pub mod over_time;
pub mod over_time_histograms;
pub mod rates;
pub mod regression;
pub mod windows;
pub mod xxhash;

pub use float::{almost_equal, go_int64, go_max, go_min, kahan_add, kahan_add_v2, nan_first, quantile};
pub use xxhash::xxhash64;
