//! No alert of the stack can take a route, and no other check says why.

use super::{alert_unknown, route_shadowed};
use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::routing::{Known, Routing, matchers_text, matches};

pub const CHECK: Check = Check {
    id: "route-unreachable",
    harm: Harm::Risk,
    title: "no documented alert can take a route",
    explanation: "No rule gives its alerts labels that the route's matchers hold for. Either the route is for alerts that are gone, or a label is written differently. Not reported where a chart brings rules that the documents do not show.",
    example: "# alertmanager.yml\nroute:\n  receiver: team\n  routes:\n  - matchers: [severity=page]\n    receiver: pager\nreceivers:\n- name: team\n  webhook_configs:\n  - url: http://relay:8080/\n- name: pager\n  pagerduty_configs:\n  - routing_key_file: /etc/alertmanager/key\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n    labels: {severity: critical}\n  - alert: ApiSlow\n    expr: slow > 1\n    labels: {severity: warning}\n",
    mended: "# alertmanager.yml\nroute:\n  receiver: team\n  routes:\n  - matchers: [severity=critical]\n    receiver: pager\nreceivers:\n- name: team\n  webhook_configs:\n  - url: http://relay:8080/\n- name: pager\n  pagerduty_configs:\n  - routing_key_file: /etc/alertmanager/key\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n    labels: {severity: critical}\n  - alert: ApiSlow\n    expr: slow > 1\n    labels: {severity: warning}\n",
    find: |wiring| super::alone(wiring, CHECK.id),
};

pub(super) fn check(routing: &Routing<'_>) -> Vec<Diagnostic> {
    if !routing.knows_all_alerts() {
        return Vec::new();
    }
    let shadowed = route_shadowed::shadowed(routing);
    let unknown = alert_unknown::check(routing);
    let mut found = Vec::new();
    for (at, node) in routing.tree.nodes().iter().enumerate().skip(1) {
        // Under a route that nothing reaches all else follows from that.
        let follows = node.parent.is_some_and(|parent| parent != 0 && !routing.is_reached(parent));
        let told = shadowed.iter().any(|(node, _)| *node == at)
            || unknown.iter().any(|diagnostic| {
                let place = diagnostic.place.as_ref();
                node.route.matchers.iter().any(|matcher| {
                    place.is_some_and(|place| {
                        (place.start, place.end) == (matcher.span.start, matcher.span.end)
                    })
                })
            });
        if routing.is_reached(at) || follows || told {
            continue;
        }
        let message = format!("no alert comes to the route for {}", matchers_text(&node.route));
        let mut diagnostic = Diagnostic::warning(CHECK.id, message)
            .at(&node.route.place)
            .label(format!("receiver `{}` is not told through this", node.route.receiver.value));
        // The matcher that holds for none of the alerts, if one alone is to blame.
        let never = node.route.matchers.iter().find(|matcher| {
            routing.alerts.iter().all(|alert| matches(&matcher.value, &alert.labels) == Some(false))
        });
        if let Some(matcher) = never {
            let name = &matcher.value.name;
            let mut values: Vec<&str> = routing
                .alerts
                .iter()
                .filter_map(|alert| match alert.labels.get(name) {
                    Known::Value(value) => Some(&**value),
                    _ => None,
                })
                .collect();
            values.sort_unstable();
            values.dedup();
            diagnostic = diagnostic.because(match values.as_slice() {
                [] => format!("no alert has the label `{name}`"),
                values => format!("alerts have {name}: {}", super::listed(values.iter().copied())),
            });
            if let Some(near) = crate::diagnostic::nearest(&matcher.value.value, values.iter().copied()) {
                diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
            }
        }
        found.push(diagnostic);
    }
    found
}
