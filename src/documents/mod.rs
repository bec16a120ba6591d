//! Finding and reading what people wrote. Every value read here keeps its place.

pub mod alertmanager;
pub mod chart_defaults;
pub mod check_settings;
mod collector;
pub mod compose;
pub mod dashboard;
pub mod expectations;
mod filebeat;
pub mod find;
pub mod firedrill;
mod fluent_bit;
mod grafana;
pub mod guessed;
pub mod helm;
pub mod images;
pub mod instrumentation;
pub mod kubernetes;
mod log_code;
pub mod loki;
pub mod markdown;
pub mod metrics_page;
pub mod parts;
pub mod prometheus;
mod promql_blocks;
mod promtail;
mod prose;
pub mod relabel;
pub mod rules;
pub mod services;
pub mod shape;
pub mod shell;
mod trace_code;
pub mod value;
pub mod wiring;
pub mod yaml;

pub use find::{Loaded, load, load_rules, read_file};
