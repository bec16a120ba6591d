//! No route leads to a receiver.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::routing::Routing;

pub const CHECK: Check = Check {
    id: "receiver-unused",
    harm: Harm::Style,
    title: "no route leads to a receiver",
    explanation: "Alertmanager accepts it. Whoever it was made for hears nothing through it.",
    example: "# alertmanager.yml\nroute: {receiver: team}\nreceivers:\n- name: team\n  webhook_configs:\n  - url: http://relay:8080/\n- name: pager\n  pagerduty_configs:\n  - routing_key_file: /etc/alertmanager/key\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n    labels: {severity: critical}\n  - alert: ApiSlow\n    expr: slow > 1\n    labels: {severity: warning}\n",
    mended: "# alertmanager.yml\nroute:\n  receiver: team\n  routes:\n  - matchers: [severity=critical]\n    receiver: pager\nreceivers:\n- name: team\n  webhook_configs:\n  - url: http://relay:8080/\n- name: pager\n  pagerduty_configs:\n  - routing_key_file: /etc/alertmanager/key\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n    labels: {severity: critical}\n  - alert: ApiSlow\n    expr: slow > 1\n    labels: {severity: warning}\n",
    find: |wiring| super::alone(wiring, CHECK.id),
};

pub(super) fn check(routing: &Routing<'_>) -> Vec<Diagnostic> {
    let used = |name: &str| routing.tree.nodes().iter().any(|node| node.route.receiver.value == name);
    let unused = routing.alertmanager.receivers.iter().filter(|receiver| !used(&receiver.name.value));
    unused
        .map(|receiver| {
            Diagnostic::warning(CHECK.id, format!("no route leads to receiver `{}`", receiver.name.value))
                .at(&receiver.name.span)
                .label("nobody is told through this")
                .help("name it as the `receiver` of a route, or remove it")
        })
        .collect()
}
