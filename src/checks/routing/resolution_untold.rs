//! Receivers that are told of an alert, and never that it is over.

use crate::checks::no_watchdog;
use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::routing::{Routing, channel};
use crate::stack::alertmanager::{Integration, IntegrationKind};

pub const CHECK: Check = Check {
    id: "resolution-untold",
    harm: Harm::Style,
    title: "nobody is told when an alert is over",
    explanation: "`send_resolved` is off by default for email, Slack, WeChat and Rocket.Chat, and on for all other kinds. Where it is \
                  left out, the last message of an incident is one that says it goes on: people look again, or stop looking. Where \
                  that is meant, write `send_resolved: false`.",
    example: "# alertmanager.yml\nroute: {receiver: team}\nreceivers:\n- name: team\n  slack_configs:\n  - api_url_file: /etc/alertmanager/slack\n    channel: '#alerts'\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n",
    mended: "# alertmanager.yml\nroute: {receiver: team}\nreceivers:\n- name: team\n  slack_configs:\n  - api_url_file: /etc/alertmanager/slack\n    channel: '#alerts'\n    send_resolved: true\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n",
    find: |wiring| super::alone(wiring, CHECK.id),
};

/// What this and an unmet requirement have in common.
pub const CAUSE: &str = "that nobody is told when an alert is over";

pub(super) fn check(routing: &Routing<'_>) -> Vec<Diagnostic> {
    // What always fires is never over.
    let told: Vec<(&str, &Integration)> = routing
        .alertmanager
        .receivers
        .iter()
        .filter(|receiver| {
            let mut alerts = routing.told_to(&receiver.name.value);
            alerts.any(|alert| !no_watchdog::always_fires(alert.rule))
        })
        .flat_map(|receiver| receiver.integrations.iter().map(move |it| (receiver.name.value.as_str(), it)))
        .collect();
    let silent: Vec<&(&str, &Integration)> = told.iter().filter(|(_, it)| is_left_out(it)).collect();
    let Some((receiver, first)) = silent.first().map(|it| **it) else { return Vec::new() };
    let others = silent.iter().skip(1);
    let found = match told.iter().find(|(_, it)| it.kind == first.kind && it.send_resolved) {
        _ if silent.len() == told.len() => {
            Diagnostic::warning(CHECK.id, "nobody is told when an alert is over")
                .at(&first.place)
                .because(format!("for {} `send_resolved` is off where it is left out", kinds(&silent)))
                .shared(CAUSE)
        }
        // Of one kind some are told, and some forgotten.
        Some((sibling, it)) => Diagnostic::warning(
            CHECK.id,
            format!("receiver `{receiver}` is not told when an alert is over, as `{sibling}` is"),
        )
        .at(&first.place)
        .related(it.settings.place("send_resolved").unwrap_or(&it.place), "this one is told")
        .because(format!("for {} `send_resolved` is off where it is left out", kinds(&silent))),
        None => return Vec::new(),
    };
    let found = found.label(format!("{} has no `send_resolved`", channel(first)));
    let found =
        others.fold(found, |found, (_, it)| found.related(&it.place, format!("nor has {}", channel(it))));
    vec![found.help("add `send_resolved: true`; where it is meant so, `send_resolved: false`")]
}

/// Whether it is off, and nobody says so.
fn is_left_out(integration: &Integration) -> bool {
    !integration.send_resolved && integration.settings.place("send_resolved").is_none()
}

fn kinds(silent: &[&(&str, &Integration)]) -> String {
    let mut kinds: Vec<IntegrationKind> = silent.iter().map(|(_, it)| it.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(" and ")
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    fn guide(receivers: &str) -> String {
        format!(
            "```yaml\n# alertmanager.yml\nroute: {{receiver: a, routes: [{{matchers: [severity=critical], receiver: b}}]}}\nreceivers:\n{receivers}```\n```yaml\ngroups:\n- name: g\n  rules:\n  - {{alert: A, expr: up == 0}}\n  - {{alert: B, expr: up == 0, labels: {{severity: critical}}}}\n```\n"
        )
    }

    const A: &str = "- name: a\n  slack_configs: [{api_url_file: /s, channel: '#a'}]\n";

    #[test]
    fn somebody_who_is_told_is_enough_and_a_word_against_it_too() {
        let all = ["6:19 nobody is told when an alert is over"];
        let mail = "- name: b\n  email_configs: [{to: a@x.org, from: b@x.org, smarthost: 'm:25'}]\n";
        check("resolution-untold", &guide(&format!("{A}{mail}")), &all);
        let pager = "- name: b\n  pagerduty_configs: [{routing_key_file: /k}]\n";
        check("resolution-untold", &guide(&format!("{A}{pager}")), &[]);
        let meant = A.replace("'#a'", "'#a', send_resolved: false");
        check("resolution-untold", &guide(&format!("{meant}- name: b\n")), &[]);
    }

    #[test]
    fn one_of_a_kind_that_was_forgotten_is_told() {
        let other = "- name: b\n  slack_configs: [{api_url_file: /s, channel: '#b', send_resolved: true}]\n";
        check(
            "resolution-untold",
            &guide(&format!("{A}{other}")),
            &["6:19 receiver `a` is not told when an alert is over, as `b` is"],
        );
    }

    #[test]
    fn what_always_fires_is_never_over() {
        let guide = guide(&format!("{A}- name: b\n")).replace("expr: up == 0", "expr: vector(1)");
        check("resolution-untold", &guide, &[]);
    }
}
