//! A route or an inhibit rule names an alert that no rule defines.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Span, nearest};
use crate::routing::{Routing, only_values};
use crate::stack::alertmanager::Matcher;

pub const CHECK: Check = Check {
    id: "alert-unknown",
    harm: Harm::Silent,
    title: "a route or an inhibit rule is for an alert that no rule defines",
    explanation: "Names are compared to the letter. An alert that was renamed leaves a route behind that nothing takes any more, and goes elsewhere. Not reported where a chart brings rules that the documents do not show.",
    example: "# alertmanager.yml\nroute:\n  receiver: team\n  routes:\n  - matchers: [alertname=ApiDwon]\n    receiver: pager\nreceivers:\n- name: team\n  webhook_configs:\n  - url: http://relay:8080/\n- name: pager\n  pagerduty_configs:\n  - routing_key_file: /etc/alertmanager/key\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n    labels: {severity: critical}\n  - alert: ApiSlow\n    expr: slow > 1\n    labels: {severity: warning}\n",
    mended: "# alertmanager.yml\nroute:\n  receiver: team\n  routes:\n  - matchers: [alertname=ApiDown]\n    receiver: pager\nreceivers:\n- name: team\n  webhook_configs:\n  - url: http://relay:8080/\n- name: pager\n  pagerduty_configs:\n  - routing_key_file: /etc/alertmanager/key\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n    labels: {severity: critical}\n  - alert: ApiSlow\n    expr: slow > 1\n    labels: {severity: warning}\n",
    find: |wiring| super::alone(wiring, CHECK.id),
};

pub(super) fn check(routing: &Routing<'_>) -> Vec<Diagnostic> {
    if !routing.knows_all_alerts() {
        return Vec::new();
    }
    let known = routing.alert_names();
    let mut found = Vec::new();
    for node in routing.tree.nodes() {
        for matcher in &node.route.matchers {
            for name in missing(&matcher.value, &known) {
                found.push(unknown("route", name, &matcher.span, &known));
            }
        }
    }
    for rule in &routing.alertmanager.inhibit_rules {
        for matcher in rule.source.iter().chain(&rule.target) {
            for name in missing(matcher, &known) {
                found.push(unknown("inhibit rule", name, &rule.place, &known));
            }
        }
    }
    found
}

/// The alerts that a matcher names and that there are not.
fn missing<'m>(matcher: &'m Matcher, known: &[&str]) -> Vec<&'m str> {
    if matcher.name != "alertname" {
        return Vec::new();
    }
    let named = only_values(matcher).unwrap_or_default();
    named.into_iter().filter(|name| !name.is_empty() && !known.contains(name)).collect()
}

fn unknown(what: &str, name: &str, place: &Span, known: &[&str]) -> Diagnostic {
    let diagnostic =
        Diagnostic::warning(CHECK.id, format!("this {what} is for alert `{name}`, which no rule defines"))
            .at(place)
            .label("no alert has this name");
    match nearest(name, known.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help("define the alert, or remove what is for it"),
    }
}
