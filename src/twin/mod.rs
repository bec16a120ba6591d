//! The embedded world: virtual time, no I/O, never the machine's clock.

pub mod alert;
pub mod alertmanager;
pub mod humanize;
pub mod prometheus_template;
pub mod scrape;
