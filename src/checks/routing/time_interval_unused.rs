//! A time interval that no route uses.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::routing::Routing;

pub const CHECK: Check = Check {
    id: "time-interval-unused",
    harm: Harm::Style,
    title: "no route uses a time interval",
    explanation: "An interval mutes nothing by itself: a route names it under `mute_time_intervals` or `active_time_intervals`, and its child routes do not inherit that.",
    example: "# alertmanager.yml\nroute: {receiver: team}\nreceivers:\n- name: team\n  webhook_configs:\n  - url: http://relay:8080/\ntime_intervals:\n- name: nights\n  time_intervals:\n  - times: [{start_time: '00:00', end_time: '06:00'}]\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n    labels: {severity: critical}\n  - alert: ApiSlow\n    expr: slow > 1\n    labels: {severity: warning}\n",
    mended: "# alertmanager.yml\nroute:\n  receiver: team\n  routes:\n  - matchers: [severity=warning]\n    mute_time_intervals: [nights]\n  - matchers: [severity=critical]\nreceivers:\n- name: team\n  webhook_configs:\n  - url: http://relay:8080/\ntime_intervals:\n- name: nights\n  time_intervals:\n  - times: [{start_time: '00:00', end_time: '06:00'}]\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n    labels: {severity: critical}\n  - alert: ApiSlow\n    expr: slow > 1\n    labels: {severity: warning}\n",
    find: |wiring| super::alone(wiring, CHECK.id),
};

pub(super) fn check(routing: &Routing<'_>) -> Vec<Diagnostic> {
    let used = |name: &str| {
        routing.tree.nodes().iter().any(|node| {
            let route = &node.route;
            route
                .mute_time_intervals
                .iter()
                .chain(&route.active_time_intervals)
                .any(|used| used.value == name)
        })
    };
    let unused = routing.alertmanager.time_intervals.iter().filter(|interval| !used(&interval.name.value));
    unused
        .map(|interval| {
            Diagnostic::warning(CHECK.id, format!("no route uses time interval `{}`", interval.name.value))
                .at(&interval.name.span)
                .label("mutes nothing")
                .help(
                    "name it under a route's `mute_time_intervals` or `active_time_intervals`, or remove it",
                )
        })
        .collect()
}
