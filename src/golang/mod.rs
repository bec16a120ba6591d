//! What Go does differently: quoting, numbers, regular expressions, templates.
//!
//! Prometheus and Alertmanager are written in Go, and its habits show in what people read: `%q` in an
//! error, `1e+06` in a label, `(?s)` in a matcher. Each habit has its file here.

mod float;
mod quote;
pub mod regex;
pub mod url;

pub use float::{FloatFormat, format_float};
pub use quote::quote;
