//! Alerts that no route below the default one takes. Those with the same labels are told together.

use std::collections::BTreeMap;

use super::listed;
use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::documents::chart_defaults;
use crate::routing::{Known, RoutedAlert, Routing};
use crate::twin::alertmanager::RouteNode;

pub const CHECK: Check = Check {
    id: "alert-reaches-only-default",
    harm: Harm::Risk,
    title: "an alert reaches nothing but the default route",
    explanation: "There are routes for other alerts, and none of them takes this one. That may be meant: then give it a route of its own, so that it is seen to be meant.",
    example: "# alertmanager.yml\nroute:\n  receiver: team\n  routes:\n  - matchers: [severity=critical]\n    receiver: pager\nreceivers:\n- name: team\n  webhook_configs:\n  - url: http://relay:8080/\n- name: pager\n  pagerduty_configs:\n  - routing_key_file: /etc/alertmanager/key\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n    labels: {severity: critical}\n  - alert: ApiSlow\n    expr: slow > 1\n    labels: {severity: warning}\n",
    mended: "# alertmanager.yml\nroute:\n  receiver: team\n  routes:\n  - matchers: [severity=critical]\n    receiver: pager\n  - matchers: [severity=warning]\n    receiver: team\nreceivers:\n- name: team\n  webhook_configs:\n  - url: http://relay:8080/\n- name: pager\n  pagerduty_configs:\n  - routing_key_file: /etc/alertmanager/key\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n    labels: {severity: critical}\n  - alert: ApiSlow\n    expr: slow > 1\n    labels: {severity: warning}\n",
    find: |wiring| super::alone(wiring, CHECK.id),
};

pub(super) fn check(routing: &Routing<'_>) -> Vec<Diagnostic> {
    // Where a team has no route of its own, all is meant for the default one.
    let own = |node: &RouteNode| !chart_defaults::is_default(&node.route.place);
    if !routing.tree.nodes().iter().skip(1).any(own) {
        return Vec::new();
    }
    // The labels by which routes choose.
    let mut names: Vec<&str> = routing
        .tree
        .nodes()
        .iter()
        .flat_map(|node| node.route.matchers.iter().map(|matcher| matcher.value.name.as_str()))
        .filter(|name| *name != "alertname")
        .collect();
    names.sort_unstable();
    names.dedup();
    let mut alike: BTreeMap<String, Vec<&RoutedAlert<'_>>> = BTreeMap::new();
    for alert in &routing.alerts {
        if matches!(alert.destinations.as_slice(), [only] if only.node == 0 && only.is_certain()) {
            alike.entry(described(alert, &names)).or_default().push(alert);
        }
    }
    let receiver = &routing.route(0).receiver;
    let mut found: Vec<Diagnostic> = alike
        .iter()
        .filter_map(|(labels, alerts)| {
            let first = alerts.first()?;
            let mut all: Vec<&str> = alerts.iter().map(|alert| alert.name()).collect();
            all.dedup();
            let message = match all.as_slice() {
                [one] => format!("`{one}` only reaches the default route"),
                more => format!("{} alerts only reach the default route", more.len()),
            };
            let mut diagnostic = Diagnostic::warning(CHECK.id, message)
                .at(&first.rule.name().span)
                .label(format!("has {labels}; no route takes that"))
                .related(&receiver.span, "so this receiver is told");
            if all.len() > 1 {
                diagnostic =
                    diagnostic.because(format!("the same holds for {}", listed(all[1..].iter().copied())));
            }
            Some(diagnostic.help("add a route for them, or a label that a route matches"))
        })
        .collect();
    found.sort_by_key(|diagnostic| {
        diagnostic.place.as_ref().map(|place| (place.file.path().to_owned(), place.start))
    });
    found
}

fn described(alert: &RoutedAlert<'_>, names: &[&str]) -> String {
    let labels: Vec<String> = names
        .iter()
        .filter_map(|name| match alert.labels.get(name) {
            Known::Value(value) => Some(format!("{name}=\"{value}\"")),
            Known::Open => None,
            Known::Absent => Some(format!("no {name}")),
        })
        .collect();
    if labels.is_empty() { "no label that routes look at".to_owned() } else { labels.join(", ") }
}
