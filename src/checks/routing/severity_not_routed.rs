//! Severities that no route looks at: what is critical is told like what can wait.

use std::collections::BTreeMap;

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::documents::chart_defaults;
use crate::routing::{Known, Routing};
use crate::stack::alertmanager::{IntegrationKind, Setting, Settings};

pub const CHECK: Check = Check {
    id: "severity-not-routed",
    harm: Harm::Style,
    title: "no route looks at the severity that the rules give",
    explanation: "Rules that are `critical` and rules that are a `warning` go to the same receiver in the same way: nobody is woken \
                  for the one, or everybody for the other. Nothing is said where a message shows the severity to what decides by it.",
    example: "# alertmanager.yml\nroute: {receiver: team}\nreceivers:\n- name: team\n  webhook_configs: [{url: 'http://relay:8080/'}]\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n    labels: {severity: critical}\n  - alert: ApiSlow\n    expr: slow > 1\n    labels: {severity: warning}\n",
    mended: "# alertmanager.yml\nroute:\n  receiver: team\n  routes:\n  - matchers: [severity=critical]\n    receiver: pager\nreceivers:\n- name: team\n  webhook_configs: [{url: 'http://relay:8080/'}]\n- name: pager\n  pagerduty_configs: [{routing_key_file: /etc/alertmanager/key}]\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n    labels: {severity: critical}\n  - alert: ApiSlow\n    expr: slow > 1\n    labels: {severity: warning}\n",
    find: |wiring| super::alone(wiring, CHECK.id),
};

const LABEL: &str = "severity";

pub(super) fn check(routing: &Routing<'_>) -> Vec<Diagnostic> {
    let nodes = routing.tree.nodes();
    let looked_at =
        nodes.iter().flat_map(|node| &node.route.matchers).any(|matcher| matcher.value.name == LABEL);
    let shown = routing.alertmanager.receivers.iter().flat_map(|receiver| &receiver.integrations);
    if looked_at || shown.into_iter().any(|integration| mentions(&integration.settings)) {
        return Vec::new();
    }
    let mut given: BTreeMap<&str, &crate::stack::Rule> = BTreeMap::new();
    for alert in &routing.alerts {
        if let Known::Value(value) = alert.labels.get(LABEL) {
            given.entry(value).or_insert(alert.rule);
        }
    }
    let (Some(urgent), Some((other, _))) = (
        given.get("critical").or(given.get("page")),
        given.iter().find(|(value, _)| !matches!(**value, "critical" | "page")),
    ) else {
        return Vec::new();
    };
    let receiver = &routing.route(0).receiver;
    if chart_defaults::is_default(&receiver.span) {
        return Vec::new();
    }
    let found = Diagnostic::warning(CHECK.id, "no route looks at the alerts' severity")
        .at(&receiver.span)
        .label(format!("told of what is critical like of what is {other}"))
        .related(&urgent.name().span, "this one is critical")
        .help("add a route for `severity=\"critical\"`, to what wakes somebody");
    let relayed =
        routing.integrations(0).iter().any(|integration| integration.kind == IntegrationKind::Webhook);
    vec![match relayed {
        true => found.because("assuming that what is behind the webhook does not decide by it"),
        false => found,
    }]
}

/// Whether a message is made to have the severity, so that what receives it can decide.
fn mentions(settings: &Settings) -> bool {
    settings.iter().any(|(_, setting)| match setting {
        Setting::Text(text) => text.to_lowercase().contains(LABEL),
        Setting::TextMap(texts) => texts.values().any(|text| text.to_lowercase().contains(LABEL)),
        Setting::Object(inner) => mentions(inner),
        Setting::List(inner) => inner.iter().any(mentions),
        _ => false,
    })
}
