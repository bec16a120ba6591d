//! Lifecycle policies whose delete phase deletes nothing.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Span};
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "ilm-policy-keeps",
    harm: Harm::Breaks,
    title: "the delete phase has no delete action",
    explanation: "A phase of a lifecycle policy says when, its `actions` say what. A delete phase without actions is refused since \
                  Elasticsearch 7.11; before, and with other actions than `delete`, it is entered, and nothing is deleted: indices \
                  stay for ever.",
    example: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ilm}\ndata:\n  policy.json: |\n    {\"policy\": {\"phases\": {\"delete\": {\"min_age\": \"30d\"}}}}\n",
    mended: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ilm}\ndata:\n  policy.json: |\n    {\"policy\": {\"phases\": {\"delete\": {\"min_age\": \"30d\", \"actions\": {\"delete\": {}}}}}}\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let inline = wiring.settings.iter().filter(|setting| setting.value.value.contains("\"phases\""));
    let inline = inline.filter_map(|setting| {
        // Within a block its text stands as it is written.
        let phase = delete_phase(&setting.value.value)?;
        let span = &setting.value.span;
        let at = span.text().find("\"delete\"").map_or(span.start, |at| span.start + at);
        let found = told(&span.file.span(at..at + "\"delete\"".len()), &phase);
        // What nothing reads is not refused, either.
        Some(match setting.path.ends_with("setup.ilm.policy") {
            true => found.follows_from("filebeat-setting-unknown", span),
            false => found,
        })
    });
    let files = wiring.parts.iter().filter_map(|part| {
        let text = part.place.file.text();
        let json = part.name.as_deref().is_some_and(|name| name.ends_with(".json"));
        if !json || part.place.start != 0 || !text.contains("\"phases\"") {
            return None;
        }
        let phase = delete_phase(text)?;
        let at = text.find("\"delete\"")?;
        Some(told(&part.place.file.span(at..at + "\"delete\"".len()), &phase))
    });
    inline.chain(files).collect()
}

/// A delete phase that deletes nothing.
enum Phase {
    /// No actions at all.
    Empty,
    Other,
}

fn told(place: &Span, phase: &Phase) -> Diagnostic {
    let found = match phase {
        Phase::Empty => {
            Diagnostic::error("", "Elasticsearch refuses this policy: its delete phase has no actions")
                .because("since version 7.11; earlier ones enter the phase and delete nothing")
        }
        Phase::Other => Diagnostic::error("", "this policy never deletes an index")
            .because("the phase is entered after `min_age`, and nothing is deleted in it"),
    };
    found
        .at(place)
        .label("a phase without the action `delete`")
        .help("add `\"actions\": {\"delete\": {}}` to the phase")
}

/// The delete phase of a policy that deletes nothing.
fn delete_phase(text: &str) -> Option<Phase> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    let policy = value.get("policy").unwrap_or(&value);
    let phase = policy.get("phases")?.get("delete")?;
    match phase.get("actions").and_then(serde_json::Value::as_object) {
        Some(actions) if actions.contains_key("delete") => None,
        Some(actions) if !actions.is_empty() => Some(Phase::Other),
        _ => Some(Phase::Empty),
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn a_phase_without_actions_is_refused_and_one_with_others_keeps() {
        let guide = |actions: &str| {
            format!(
                "```yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: ilm}}\ndata:\n  policy.json: |\n    {{\"policy\": {{\"phases\": {{\"delete\": {{\"min_age\": \"30d\"{actions}}}}}}}}}\n```\n"
            )
        };
        let id = "ilm-policy-keeps";
        let refused = "7:28 Elasticsearch refuses this policy: its delete phase has no actions";
        check(id, &guide(""), &[refused]);
        check(id, &guide(", \"actions\": {}"), &[refused]);
        let other = ", \"actions\": {\"wait_for_snapshot\": {\"policy\": \"p\"}}";
        check(id, &guide(other), &["7:28 this policy never deletes an index"]);
        check(id, &guide(", \"actions\": {\"delete\": {}}"), &[]);
    }
}
