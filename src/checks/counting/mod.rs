//! What the application's code counts, and how.

pub mod default_metrics_missing;
pub mod default_metrics_timeout;
pub mod failure_counted_as_success;
pub mod gauge_only_rises;
pub mod instrumentation_uncalled;
pub mod label_without_bound;
pub mod metric_never_changes;
pub mod metric_unused;
