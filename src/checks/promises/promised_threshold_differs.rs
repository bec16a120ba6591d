//! Limits that a list states and no rule watches.

use super::{lists, short, subject};
use crate::checks::{Check, Harm, rules};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{Listed, Wiring};
use crate::stack::{Rule, RuleKind};

pub const CHECK: Check = Check {
    id: "promised-threshold-differs",
    harm: Harm::Silent,
    title: "no rule watches the limit that the guide states",
    explanation: "A KPI or an objective with a number is kept only if something says when it is not. Either no rule is \
                  about it, or the rules that are have another threshold: between the two nobody is told.",
    example: "# rules.yml\ngroups:\n- name: a\n  rules:\n  - alert: HighLatency\n    expr: histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket[5m]))) > 2\n```\n\n## KPIs\n- Response time: < 200ms for 95th percentile\n\n```sh\necho\n",
    mended: "# rules.yml\ngroups:\n- name: a\n  rules:\n  - alert: HighLatency\n    expr: histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket[5m]))) > 0.2\n```\n\n## KPIs\n- Response time: < 200ms for 95th percentile\n\n```sh\necho\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let alerts: Vec<&Rule> =
        rules(wiring).filter(|rule| matches!(rule.kind, RuleKind::Alerting { .. })).collect();
    if alerts.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for list in lists(wiring.prose.iter().filter(|item| states_limits(item))) {
        let mut missing: Vec<(&Listed, String, Option<&Rule>)> = Vec::new();
        for item in &list {
            let words = subject::words(short(&item.text.value));
            let Some(limit) = limit(&item.text.value).filter(|_| !words.is_empty()) else { continue };
            let about: Vec<&&Rule> =
                alerts.iter().filter(|rule| subject::is_about(&subject::of_rule(rule), &words)).collect();
            match about.first() {
                // Of a list of alerts that is told by itself.
                None if super::promised_alert_missing::is_alert_list(item) => {}
                None => missing.push((item, "no rule is about this".to_owned(), None)),
                Some(rule) if !about.iter().any(|rule| subject::has_number(rule, limit)) => {
                    let name = &rule.name().value;
                    missing.push((item, format!("`{name}` has another threshold"), Some(rule)));
                }
                Some(_) => {}
            }
        }
        let Some((first, label, rule)) = missing.first() else { continue };
        let names: Vec<String> =
            missing.iter().take(4).map(|(item, ..)| format!("\"{}\"", short(&item.text.value))).collect();
        let message =
            format!("no rule watches {} of these {} limits: {}", missing.len(), list.len(), names.join(", "));
        let mut diagnostic = Diagnostic::error("", message).at(&first.text.span).label(label.clone());
        if let Some(rule) = rule {
            diagnostic = diagnostic.related(&rule.text.span, "this is its expression");
        }
        for (item, label, _) in missing.iter().skip(1) {
            diagnostic = diagnostic.related(&item.text.span, label.clone());
        }
        found.push(diagnostic.because("looked for rules about the same with this number as a threshold"));
    }
    found
}

fn states_limits(item: &Listed) -> bool {
    let lists = ["kpi", "key performance", "slo", "sli", "sla", "objective", "threshold", "service level"];
    (item.is_under(&lists) || super::promised_alert_missing::is_alert_list(item))
        && !item.is_under(&["best practice", "criteria", "checklist"])
}

/// `< 200ms`, `99.9% uptime`
fn limit(text: &str) -> Option<f64> {
    subject::threshold(text).or_else(|| {
        let at = text.find('%')?;
        let start =
            text[..at].rfind(|c: char| !c.is_ascii_digit() && c != '.').map_or(0, |before| before + 1);
        text[start..at].parse().ok().map(|percent: f64| percent / 100.0)
    })
}
