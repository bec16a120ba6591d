//! What a routing drill answers, for a person or for a machine.

mod alerts;
mod expectations;
mod json;
mod markdown;
mod message;
mod seen;
mod story;
mod table;

pub use expectations::{expectations, expectations_json, expectations_junit, expectations_markdown};
pub use json::{story_json, table_json};
pub use markdown::{story_markdown, table_markdown};
pub use story::story;
pub use table::{findings_junit, table};

use crate::time::Timestamp;

/// `2026-03-01 03:00:10` in UTC.
fn instant(at: Timestamp) -> String {
    match jiff::Timestamp::from_millisecond(at.0) {
        Ok(instant) => instant.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => format!("{at:?}"),
    }
}

fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
