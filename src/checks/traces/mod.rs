//! Spans that nobody takes, traces that do not join, stores that forget them.

pub mod collector_component_unused;
pub mod collector_config_refused;
pub mod import_not_exported;
pub mod metric_reader_misused;
pub mod samples_everything;
pub mod scraped_port_without_metrics;
pub mod sdk_call_gone;
pub mod span_name_without_bound;
pub mod span_status_constant;
pub mod trace_agent_missing;
pub mod trace_client_in_browser;
pub mod trace_client_retired;
pub mod trace_context_dropped;
pub mod trace_storage_unused;
pub mod trace_variable_ignored;
pub mod tracer_without_service;
pub mod traces_in_memory;
pub mod tracing_not_loaded;
