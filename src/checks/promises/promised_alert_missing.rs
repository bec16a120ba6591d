//! Alerts that a list promises and no rule raises.

use super::{folded, lists, named, subject};
use crate::checks::{Check, Harm, rules};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{Listed, Wiring};
use crate::stack::{Rule, RuleKind};

pub const CHECK: Check = Check {
    id: "promised-alert-missing",
    harm: Harm::Silent,
    title: "the guide lists alerts that no rule raises",
    explanation: "Whoever reads the list believes that they would be told. An item counts as kept if any rule's name, \
                  metrics or annotations are about it.",
    example: "# rules.yml\ngroups:\n- name: a\n  rules:\n  - alert: ServiceDown\n    expr: up == 0\n```\n\n## Critical Alerts\n- Service down\n- Certificate expiration\n\n```sh\necho\n",
    mended: "# rules.yml\ngroups:\n- name: a\n  rules:\n  - alert: ServiceDown\n    expr: up == 0\n  - alert: CertificateExpiresSoon\n    expr: probe_ssl_earliest_cert_expiry - time() < 86400 * 14\n```\n\n## Critical Alerts\n- Service down\n- Certificate expiration\n\n```sh\necho\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let of_logs = wiring.logs.rules.iter().map(subject::of_log_rule);
    let alerts: Vec<String> = alerts(wiring).map(subject::of_rule).chain(of_logs).collect();
    // Without any rule it is not a list of theirs.
    if alerts.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for list in lists(wiring.prose.iter().filter(|item| is_alert_list(item))) {
        let missing: Vec<&Listed> = list
            .iter()
            .copied()
            .filter(|item| {
                let words = subject::words(&item.text.value);
                !words.is_empty() && !alerts.iter().any(|alert| subject::is_about(alert, &words))
            })
            .collect();
        if missing.is_empty() {
            continue;
        }
        let message = match missing.len() == list.len() {
            true => format!("no rule raises any of these {} alerts: {}", list.len(), named(&missing)),
            false => format!(
                "no rule raises {} of these {} alerts: {}",
                missing.len(),
                list.len(),
                named(&missing)
            ),
        };
        found.push(
            folded(&missing, message, "no rule is about this")
                .because("looked for rules whose name, metrics or annotations are about it"),
        );
    }
    found
}

fn alerts(wiring: &Wiring) -> impl Iterator<Item = &Rule> {
    rules(wiring).filter(|rule| matches!(rule.kind, RuleKind::Alerting { .. }))
}

/// Lists of alerts, not of what is done about them.
pub fn is_alert_list(item: &Listed) -> bool {
    let heading = item.heading().to_lowercase();
    let names = ["alerts", "alert list", "alert conditions", "alerting rules", "alert rules"];
    let other =
        ["test", "channel", "notification", "dashboard", "rout", "practice", "checklist", "criteria", "step"];
    names.iter().any(|name| heading.ends_with(name) || heading.contains(&format!("{name} (")))
        && !other.iter().any(|word| heading.contains(word))
}
