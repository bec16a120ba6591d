//! Limits that a list states and no rule watches.

use super::{Missing, lists, short, subject};
use crate::checks::{Check, Harm, rules};
use crate::diagnostic::Diagnostic;
use crate::promql::ast::{BinaryOp, ExprKind, VectorSelector};
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
        let missing: Vec<(Missing, Option<&Rule>)> =
            list.iter().filter_map(|item| judge(item, &alerts)).collect();
        let Some(((first, label), _)) = missing.first() else { continue };
        let names: Vec<String> =
            missing.iter().take(4).map(|((item, _), _)| format!("\"{}\"", short(&item.text.value))).collect();
        let message =
            format!("no rule watches {} of these {} limits: {}", missing.len(), list.len(), names.join(", "));
        let mut diagnostic = Diagnostic::error("", message).at(&first.text.span).label(label.clone());
        for ((item, label), _) in missing.iter().skip(1) {
            diagnostic = diagnostic.related(&item.text.span, label.clone());
        }
        let mut told: Vec<&Rule> = Vec::new();
        for rule in missing.iter().filter_map(|(_, rule)| *rule) {
            if !told.iter().any(|known| std::ptr::eq(*known, rule)) {
                told.push(rule);
                let label = format!("what `{}` compares", rule.name().value);
                diagnostic = diagnostic.related(&rule.text.span, label);
            }
        }
        found.push(
            diagnostic
                .because("looked for rules about the same with this number as a threshold")
                .shared("limits that lists state"),
        );
    }
    found
}

/// What an item's limit is missed by: that no rule is about it, or by the rule that is, with another number.
fn judge<'w>(item: &'w Listed, alerts: &[&'w Rule]) -> Option<(Missing<'w>, Option<&'w Rule>)> {
    let words = subject::words(short(&item.text.value));
    let limit = limit(&item.text.value).filter(|_| !words.is_empty())?;
    let about: Vec<&Rule> =
        alerts.iter().copied().filter(|rule| subject::is_about(&subject::of_rule(rule), &words)).collect();
    if about.iter().any(|rule| subject::has_number(rule, limit)) {
        return None;
    }
    // What a rule is called says best what it is there for; a metric may be asked for to another end.
    let named = about.iter().copied().find(|rule| subject::is_about(&rule.name().value, &words));
    let label = match named {
        Some(rule) if sees_outages_alone(rule) => {
            format!("`{}` sees that a target is down, and no share of the time", rule.name().value)
        }
        Some(rule) => format!("`{}` has another threshold", rule.name().value),
        // Of a list of alerts that is told by itself.
        None if about.is_empty() && super::promised_alert_missing::is_alert_list(item) => return None,
        None if about.is_empty() => "no rule is about this".to_owned(),
        None => "no rule has this limit".to_owned(),
    };
    Some(((item, label), named))
}

/// `up == 0`
fn sees_outages_alone(rule: &Rule) -> bool {
    let selectors = rule.expr.selectors();
    let of_up = |(selector, _): &(&VectorSelector, _)| selector.metric_name() == Some("up");
    !selectors.is_empty()
        && selectors.iter().all(of_up)
        && matches!(&rule.expr.unwrap_parens().kind, ExprKind::Binary(binary) if binary.op == BinaryOp::Equal)
}

/// Lists of goals with numbers.
pub fn states_limits(item: &Listed) -> bool {
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
