//! What PromQL's functions compute, free of expressions and series.

mod float;

pub use float::{almost_equal, go_int64, go_max, go_min, kahan_add, kahan_add_v2, nan_first, quantile};
