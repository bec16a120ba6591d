//! Alerts that a list promises and no rule raises.

use super::{Missing, folded, lists, named, subject};
use crate::checks::sources::Sources;
use crate::checks::{Check, Harm, rules, unknown_metric};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{Listed, Wiring};
use crate::stack::{Rule, RuleKind};

pub const CHECK: Check = Check {
    id: "promised-alert-missing",
    harm: Harm::Silent,
    title: "the guide lists alerts that no rule raises",
    explanation: "Whoever reads the list believes that they would be told. An item counts as kept if any rule's name, \
                  metrics or annotations are about it and its \
                  metrics exist; \"resource utilization\" only if there are rules for CPU, memory and disk.",
    example: "# rules.yml\ngroups:\n- name: a\n  rules:\n  - alert: ServiceDown\n    expr: up == 0\n```\n\n## Critical Alerts\n- Service down\n- Certificate expiration\n\n```sh\necho\n",
    mended: "# rules.yml\ngroups:\n- name: a\n  rules:\n  - alert: ServiceDown\n    expr: up == 0\n  - alert: CertificateExpiresSoon\n    expr: probe_ssl_earliest_cert_expiry - time() < 86400 * 14\n```\n\n## Critical Alerts\n- Service down\n- Certificate expiration\n\n```sh\necho\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let sources = Sources::new(wiring);
    let of_metrics = alerts(wiring).map(|rule| Alert {
        name: &rule.name().value,
        about: subject::of_rule(rule),
        dead: unknown_metric::is_dead(&sources, rule),
    });
    let of_logs = wiring.logs.rules.iter().map(|rule| Alert {
        name: &rule.name.value,
        about: subject::of_log_rule(rule),
        dead: false,
    });
    let alerts: Vec<Alert> = of_metrics.chain(of_logs).collect();
    // Without any rule it is not a list of theirs.
    if alerts.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for list in lists(wiring.prose.iter().filter(|item| is_alert_list(item))) {
        let missing: Vec<Missing> =
            list.iter().filter_map(|item| Some((*item, why_missing(item, &alerts)?))).collect();
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
            folded(&missing, message)
                .because("looked for rules whose name, metrics or annotations are about it")
                .shared("alerts that lists promise"),
        );
    }
    found
}

struct Alert<'w> {
    name: &'w str,
    about: String,
    /// It asks for a metric that there is not.
    dead: bool,
}

/// Why an item is not kept; `None` where it is, or where nobody can tell what it is about.
fn why_missing(item: &Listed, alerts: &[Alert]) -> Option<String> {
    let words = subject::words(&item.text.value);
    if words.is_empty() {
        return None;
    }
    if alerts.iter().any(|alert| !alert.dead && subject::says(&alert.about, &words)) {
        return None;
    }
    let parts = subject::parts_of(&words);
    let keeps = |words: &[String], dead: bool| {
        alerts.iter().find(|alert| alert.dead == dead && subject::is_about(&alert.about, words))
    };
    let unkept: Vec<&(&str, Vec<String>)> =
        parts.iter().filter(|(_, words)| keeps(words, false).is_none()).collect();
    // A collective word is kept by all that it stands for.
    if parts.len() > 1 && unkept.len() < parts.len() && !unkept.is_empty() {
        let names: Vec<&str> = unkept.iter().map(|(name, _)| *name).collect();
        return Some(format!("no rule is about {}", names.join(" or ")));
    }
    if unkept.is_empty() {
        return None;
    }
    Some(match parts.iter().find_map(|(_, words)| keeps(words, true)) {
        Some(dead) => format!("`{}` is about it, and asks for a metric that nothing exports", dead.name),
        None => "no rule is about this".to_owned(),
    })
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

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    fn guide(rules: &str) -> String {
        format!(
            "## Warning Alerts\n- Service down\n- High resource utilization\n\n```yaml\n# prometheus.yml\nscrape_configs:\n- job_name: a\n  static_configs: [{{targets: ['a:80']}}]\nrule_files: [rules.yml]\n```\n```yaml\n# rules.yml\ngroups:\n- name: g\n  rules:\n  - alert: ServiceDown\n    expr: up == 0\n{rules}```\n"
        )
    }

    #[test]
    fn a_collective_word_is_kept_by_all_that_it_stands_for() {
        let id = "promised-alert-missing";
        let found = ["3:3 no rule raises 1 of these 2 alerts: \"High resource utilization\""];
        let rule = |name: &str, metric: &str| format!("  - alert: {name}\n    expr: {metric} > 1\n");
        check(id, &guide(""), &found);
        check(id, &guide(&rule("HighMemory", "a_memory")), &found);
        let all = ["Cpu", "Memory", "Disk"].map(|name| rule(name, "a")).concat();
        check(id, &guide(&all), &[]);
        check(id, &guide(&rule("Saturation", "resource_utilization")), &[]);
    }

    #[test]
    fn a_rule_whose_metric_there_is_not_keeps_nothing() {
        let dead = "  - alert: Cpu\n    expr: node_load1 > 1\n  - alert: Memory\n    expr: a > 1\n  - alert: Disk\n    expr: a > 1\n";
        check(
            "promised-alert-missing",
            &guide(dead),
            &["3:3 no rule raises 1 of these 2 alerts: \"High resource utilization\""],
        );
    }
}
