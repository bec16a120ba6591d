//! What a guide promises in prose and nothing implements.
//!
//! Promises: an item counts as kept as soon as anything documented may be meant by it. What is told to be missing is
//! said with what was looked for.

pub mod promised_alert_missing;
pub mod promised_component_missing;
pub mod promised_dashboard_missing;
pub mod promised_metric_missing;
pub mod promised_threshold_differs;
pub mod promised_traces_missing;
pub mod requirement_not_shown;
pub mod requirement_unmet;
mod requirements;
mod subject;

use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Listed;

/// More places than anybody looks at.
const SHOWN: usize = 12;

/// One finding for the items of one list: the first is where it stands, the others stand beside it.
fn folded(items: &[&Listed], message: String, label: &str) -> Diagnostic {
    let first = Diagnostic::error("", message).at(&items[0].text.span).label(label);
    items
        .iter()
        .skip(1)
        .take(SHOWN)
        .fold(first, |found, item| found.related(&item.text.span, label.to_owned()))
}

/// `a`, `b` and 3 more
fn named(items: &[&Listed]) -> String {
    let names: Vec<String> =
        items.iter().take(3).map(|item| format!("\"{}\"", short(&item.text.value))).collect();
    match items.len().saturating_sub(3) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

/// Up to the first explanation.
fn short(text: &str) -> &str {
    text.split([':', '(', '—']).next().unwrap_or(text).trim()
}

/// The items by the list that they stand in.
fn lists<'w>(items: impl Iterator<Item = &'w Listed>) -> Vec<Vec<&'w Listed>> {
    let mut lists: Vec<Vec<&Listed>> = Vec::new();
    for item in items {
        let place = |item: &Listed| item.headings.last().map(|heading| heading.span.in_own_file().start);
        match lists.last_mut().filter(|list| place(list[0]) == place(item)) {
            Some(list) => list.push(item),
            None => lists.push(vec![item]),
        }
    }
    lists
}
