//! Alerts go to a receiver that tells nobody. One that is named for it (`null`, `blackhole`) is meant so.

use super::listed;
use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::routing::Routing;

pub const CHECK: Check = Check {
    id: "receiver-silent",
    harm: Harm::Silent,
    title: "alerts go to a receiver that tells nobody",
    explanation: "A receiver without an integration takes alerts and does nothing with them. Where that is meant, its name should say so: `null`, `blackhole`, `devnull` and the like are not reported.",
    example: "# alertmanager.yml\nroute: {receiver: team}\nreceivers:\n- name: team\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n    labels: {severity: critical}\n  - alert: ApiSlow\n    expr: slow > 1\n    labels: {severity: warning}\n",
    mended: "# alertmanager.yml\nroute: {receiver: team}\nreceivers:\n- name: team\n  webhook_configs:\n  - url: http://relay:8080/\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n    labels: {severity: critical}\n  - alert: ApiSlow\n    expr: slow > 1\n    labels: {severity: warning}\n",
    find: |wiring| super::alone(wiring, CHECK.id),
};

const ON_PURPOSE: [&str; 10] =
    ["null", "none", "nil", "blackhole", "black-hole", "devnull", "dev-null", "drop", "noop", "ignore"];

pub(super) fn check(routing: &Routing<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for receiver in &routing.alertmanager.receivers {
        let name = receiver.name.value.as_str();
        if !receiver.integrations.is_empty() || ON_PURPOSE.contains(&name.to_lowercase().as_str()) {
            continue;
        }
        let mut alerts: Vec<&str> = routing.told_to(name).map(|alert| alert.name()).collect();
        alerts.dedup();
        if alerts.is_empty() {
            continue;
        }
        found.push(
            Diagnostic::warning(CHECK.id, format!("receiver `{name}` tells nobody"))
                .at(&receiver.name.span)
                .label("has no integration, such as `email_configs` or `slack_configs`")
                .because(format!("it is where these go: {}", listed(alerts)))
                .help("if nobody is to be told, call it `null`"),
        );
    }
    found
}
