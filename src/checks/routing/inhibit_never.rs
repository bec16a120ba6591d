//! An inhibit rule that no two alerts of the stack can satisfy.

use super::listed;
use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::routing::{Known, Routing};
use crate::stack::alertmanager::{InhibitRule, Matcher};

pub const CHECK: Check = Check {
    id: "inhibit-never",
    harm: Harm::Silent,
    title: "an inhibit rule that no two documented alerts can satisfy",
    explanation: "A source mutes a target only where both have the same values of all `equal` labels. `alertname` is the usual mistake: two alerts of one name seldom have two severities. Not reported where a chart brings rules that the documents do not show.",
    example: "# alertmanager.yml\nroute: {receiver: team}\nreceivers:\n- name: team\n  webhook_configs:\n  - url: http://relay:8080/\ninhibit_rules:\n- source_matchers: [severity=critical]\n  target_matchers: [severity=warning]\n  equal: [alertname]\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n    labels: {severity: critical}\n  - alert: ApiSlow\n    expr: slow > 1\n    labels: {severity: warning}\n",
    mended: "# alertmanager.yml\nroute: {receiver: team}\nreceivers:\n- name: team\n  webhook_configs:\n  - url: http://relay:8080/\ninhibit_rules:\n- source_matchers: [severity=critical]\n  target_matchers: [severity=warning]\n  equal: [instance]\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n    labels: {severity: critical}\n  - alert: ApiSlow\n    expr: slow > 1\n    labels: {severity: warning}\n",
    find: |wiring| super::alone(wiring, CHECK.id),
};

pub(super) fn check(routing: &Routing<'_>) -> Vec<Diagnostic> {
    if !routing.knows_all_alerts() {
        return Vec::new();
    }
    let rules = routing.alertmanager.inhibit_rules.iter().zip(&routing.inhibition.pairings);
    rules
        .filter(|(_, pairing)| !pairing.is_possible())
        .map(|(rule, pairing)| {
            let (label, because) = match (pairing.has_source(), pairing.has_target()) {
                (false, _) => ("no alert is a source", format!("no alert matches {}", text(&rule.source))),
                (_, false) => ("no alert is a target", format!("no alert matches {}", text(&rule.target))),
                _ => unequal(routing, rule, &pairing.parts()),
            };
            Diagnostic::warning(CHECK.id, "this inhibit rule never mutes anything")
                .at(&rule.place)
                .label(label)
                .because(because)
        })
        .collect()
}

/// Why sources and targets never agree in what must be equal.
fn unequal(
    routing: &Routing<'_>,
    rule: &InhibitRule,
    (sources, targets): &(Vec<usize>, Vec<usize>),
) -> (&'static str, String) {
    let values = |alerts: &[usize], name: &str| -> Option<Vec<String>> {
        let known = alerts.iter().map(|alert| match routing.alerts[*alert].labels.get(name) {
            Known::Value(value) => Some(value.to_string()),
            Known::Absent => Some("(none)".to_owned()),
            Known::Open => None,
        });
        let mut values: Vec<String> = known.collect::<Option<_>>()?;
        values.sort();
        values.dedup();
        Some(values)
    };
    for name in &rule.equal {
        let (Some(of_sources), Some(of_targets)) = (values(sources, name), values(targets, name)) else {
            continue;
        };
        if of_sources.iter().any(|value| of_targets.contains(value)) {
            continue;
        }
        let because = format!(
            "`{name}` must be equal, and never is: sources have {}; targets have {}",
            listed(of_sources.iter().map(String::as_str)),
            listed(of_targets.iter().map(String::as_str))
        );
        return ("no source and target agree in the `equal` labels", because);
    }
    let because = match rule.equal.is_empty() {
        true => "every source is a target too, and such alerts do not mute one another".to_owned(),
        false => format!("no source and target agree in {}", rule.equal.join(", ")),
    };
    ("no source has a target", because)
}

fn text(matchers: &[Matcher]) -> String {
    matchers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
