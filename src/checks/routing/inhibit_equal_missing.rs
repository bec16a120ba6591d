//! An inhibit rule whose `equal` labels no alert has: two missing labels are equal, so any source mutes every target.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::routing::Routing;

pub const CHECK: Check = Check {
    id: "inhibit-equal-missing",
    harm: Harm::Risk,
    title: "an inhibit rule whose `equal` labels no alert has",
    explanation: "A label that both alerts lack counts as equal. Where none of them has it, any source mutes every target, of whatever service it is.",
    example: "# alertmanager.yml\nroute: {receiver: team}\nreceivers:\n- name: team\n  webhook_configs:\n  - url: http://relay:8080/\ninhibit_rules:\n- source_matchers: [severity=critical]\n  target_matchers: [severity=warning]\n  equal: [cluster]\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: sum(up) == 0\n    labels: {severity: critical}\n  - alert: ApiSlow\n    expr: sum(slow) > 1\n    labels: {severity: warning}\n",
    mended: "# alertmanager.yml\nroute: {receiver: team}\nreceivers:\n- name: team\n  webhook_configs:\n  - url: http://relay:8080/\ninhibit_rules:\n- source_matchers: [severity=critical]\n  target_matchers: [severity=warning]\n  equal: [instance]\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: sum by (instance) (up) == 0\n    labels: {severity: critical}\n  - alert: ApiSlow\n    expr: sum by (instance) (slow) > 1\n    labels: {severity: warning}\n",
    find: |wiring| super::alone(wiring, CHECK.id),
};

pub(super) fn check(routing: &Routing<'_>) -> Vec<Diagnostic> {
    let rules = routing.alertmanager.inhibit_rules.iter().zip(&routing.inhibition.pairings);
    rules
        .filter(|(rule, pairing)| !rule.equal.is_empty() && pairing.nobody_has_what_must_be_equal())
        .map(|(rule, pairing)| {
            let (sources, targets) = pairing.parts();
            let labels = rule.equal.join(", ");
            Diagnostic::warning(CHECK.id, format!("no alert has {labels}, so any source mutes every target"))
                .at(&rule.place)
                .label(format!("{} alerts each mute all of {}", sources.len(), targets.len()))
                .because("a label that both lack is equal")
                .help("give the alerts these labels, or make labels equal that they have")
        })
        .collect()
}
