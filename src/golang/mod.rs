//! What Go does differently: quoting, numbers, regular expressions, templates.
//!
//! Prometheus and Alertmanager are written in Go, and its habits show in what people read: `%q` in an
//! error, `1e+06` in a label, `(?s)` in a matcher. Each habit has its file here.

mod float;
mod quote;
pub mod regex;
pub mod template;
pub mod time;
mod time_parse;
pub mod url;

pub use float::{FloatError, FloatFormat, format_float, parse_float};
pub use quote::{is_print, quote, quote_bytes, quote_char, quote_to_ascii, unquote};
