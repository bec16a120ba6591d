//! Lifecycle policies whose delete phase deletes nothing.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Span};
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "ilm-policy-keeps",
    harm: Harm::Silent,
    title: "the delete phase has no delete action",
    explanation: "A phase of a lifecycle policy says when, its `actions` say what. A delete phase without the action `delete` is \
                  entered, and nothing happens: indices stay for ever.",
    example: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ilm}\ndata:\n  policy.json: |\n    {\"policy\": {\"phases\": {\"delete\": {\"min_age\": \"30d\"}}}}\n",
    mended: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ilm}\ndata:\n  policy.json: |\n    {\"policy\": {\"phases\": {\"delete\": {\"min_age\": \"30d\", \"actions\": {\"delete\": {}}}}}}\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let inline = wiring.settings.iter().filter(|setting| setting.value.value.contains("\"phases\""));
    let inline = inline.filter_map(|setting| {
        // Within a block its text stands as it is written.
        let at = delete_phase(&setting.value.value)?;
        let span = &setting.value.span;
        let inside = span.text().find("\"delete\"").map_or(span.start, |at| span.start + at);
        debug_assert!(at <= setting.value.value.len());
        Some(told(&span.file.span(inside..inside + "\"delete\"".len())))
    });
    let files = wiring.parts.iter().filter_map(|part| {
        let text = part.place.file.text();
        let json = part.name.as_deref().is_some_and(|name| name.ends_with(".json"));
        if !json || part.place.start != 0 || !text.contains("\"phases\"") {
            return None;
        }
        let at = delete_phase(text)?;
        Some(told(&part.place.file.span(at..at + "\"delete\"".len())))
    });
    inline.chain(files).collect()
}

fn told(place: &Span) -> Diagnostic {
    Diagnostic::error("", "this policy never deletes an index")
        .at(place)
        .label("a phase without the action `delete`")
        .because("the phase is entered after `min_age`, and nothing happens in it")
        .help("add `\"actions\": {\"delete\": {}}` to the phase")
}

/// Where the delete phase of a policy starts, if it has no action.
fn delete_phase(text: &str) -> Option<usize> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    let policy = value.get("policy").unwrap_or(&value);
    let phase = policy.get("phases")?.get("delete")?;
    let acts = phase.get("actions").is_some_and(|actions| actions.get("delete").is_some());
    if acts { None } else { text.find("\"delete\"") }
}
