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
pub mod subject;

use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Listed;

/// More places than anybody looks at.
const SHOWN: usize = 12;

/// An item of a list that is not kept, and what is said of it.
type Missing<'w> = (&'w Listed, String);

/// One finding for the items of one list: the first is where it stands, the others stand beside it.
fn folded(items: &[Missing], message: String) -> Diagnostic {
    let (first, label) = &items[0];
    let first = Diagnostic::error("", message).at(&first.text.span).label(label.clone());
    items
        .iter()
        .skip(1)
        .take(SHOWN)
        .fold(first, |found, (item, label)| found.related(&item.text.span, label.clone()))
}

/// `a`, `b` and 3 more
fn named(items: &[Missing]) -> String {
    let names: Vec<String> =
        items.iter().take(3).map(|(item, _)| format!("\"{}\"", short(&item.text.value))).collect();
    match items.len().saturating_sub(3) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

/// Up to the first explanation.
pub fn short(text: &str) -> &str {
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
