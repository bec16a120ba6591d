//! A repeat_interval that group_interval stretches: a group is only looked at every group_interval.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::routing::Routing;
use crate::time::Duration;

pub const CHECK: Check = Check {
    id: "repeat-interval-off-beat",
    harm: Harm::Risk,
    title: "a repeat_interval that group_interval stretches",
    explanation: "A group is looked at every `group_interval`, and told again at the first look at which `repeat_interval` has passed. One that is no multiple of the other is stretched to the next look. One that equals it is missed by a hair at every other look: the last notification is then a moment younger than `repeat_interval`, so that it comes half as often as it says.",
    example: "# alertmanager.yml\nroute:\n  receiver: team\n  group_interval: 5m\n  repeat_interval: 5m\nreceivers:\n- name: team\n  webhook_configs:\n  - url: http://relay:8080/\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n    labels: {severity: critical}\n  - alert: ApiSlow\n    expr: slow > 1\n    labels: {severity: warning}\n",
    mended: "# alertmanager.yml\nroute:\n  receiver: team\n  group_interval: 1m\n  repeat_interval: 5m\nreceivers:\n- name: team\n  webhook_configs:\n  - url: http://relay:8080/\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n    labels: {severity: critical}\n  - alert: ApiSlow\n    expr: slow > 1\n    labels: {severity: warning}\n",
    find: |wiring| super::alone(wiring, CHECK.id),
};

pub(super) fn check(routing: &Routing<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (at, node) in routing.tree.nodes().iter().enumerate() {
        // Where no alert comes, nothing is told and nothing repeated.
        if routing.knows_all_alerts() && !routing.is_reached(at) {
            continue;
        }
        let (repeat, interval) = (node.route.repeat_interval, node.route.group_interval);
        let inherited = node.parent.map(|parent| {
            let parent = routing.route(parent);
            (parent.repeat_interval, parent.group_interval)
        });
        if inherited == Some((repeat, interval)) || interval == Duration::ZERO {
            continue;
        }
        let beats = repeat.0 / interval.0 + 1;
        let real = Duration(beats.saturating_mul(interval.0));
        let (what, how, because) = if repeat == interval {
            (
                "the same as",
                format!("repeats every {real}, now and then every {repeat}"),
                "a group is looked at every group_interval, and then the last notification is a moment younger than that",
            )
        } else if repeat.0 % interval.0 != 0 {
            (
                if repeat < interval { "shorter than" } else { "no multiple of" },
                format!("repeats every {real}"),
                "a group is looked at every group_interval, and repeated at the first look that is late enough",
            )
        } else {
            continue;
        };
        let message = format!("repeat_interval {repeat} is {what} group_interval {interval}");
        found.push(
            Diagnostic::warning(CHECK.id, message.clone())
                .at(&node.route.place)
                .label(how)
                .because(because)
                .shared(message),
        );
    }
    found
}
