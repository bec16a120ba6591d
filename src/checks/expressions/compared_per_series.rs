//! Thresholds that each of several series is held to by itself, where the words mean their sum.

use crate::checks::sources::{Known, Sources};
use crate::checks::{Check, Harm, Query, series, templates, values};
use crate::diagnostic::Diagnostic;
use crate::promql::ast::{ExprKind, VectorSelector};
use crate::stack::wiring::{MetricKind, Wiring};

pub const CHECK: Check = Check {
    id: "compared-per-series",
    harm: Harm::Risk,
    title: "each series is compared by itself, though the text speaks of the whole",
    explanation: "A metric with labels of its own has a series for each of their values: connections by database and \
                  state, lag by partition, users by type. Without a sum each is compared with the threshold by itself: 79 \
                  idle and 79 active connections are not above 80. Where the text does not say which of them, it is not \
                  what was meant.",
    example: "groups:\n- name: db\n  rules:\n  - alert: ManyConnections\n    expr: pg_stat_activity_count > 80\n    annotations: {summary: 'Database has {{ $value }} connections'}\n",
    mended: "groups:\n- name: db\n  rules:\n  - alert: ManyConnections\n    expr: sum by (instance) (pg_stat_activity_count) > 80\n    annotations: {summary: 'Database has {{ $value }} connections'}\n",
    find,
};

/// Series that stand for parts of one thing, of those in the catalogue: the labels that tell the parts apart.
const PARTS: [(&str, &[&str]); 6] = [
    ("pg_stat_activity_count", &["datname", "state"]),
    ("pg_locks_count", &["datname", "mode"]),
    ("kafka_consumergroup_lag", &["consumergroup", "topic", "partition"]),
    ("kafka_consumergroup_lag_sum", &["consumergroup", "topic"]),
    ("redis_db_keys", &["db"]),
    ("node_cpu_seconds_total", &["cpu", "mode"]),
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let sources = Sources::new(wiring);
    crate::checks::queries(wiring).filter_map(|query| judge(&query, &sources)).collect()
}

fn judge(query: &Query, sources: &Sources) -> Option<Diagnostic> {
    let rule = query.rule.filter(|rule| crate::checks::alerts(rule))?;
    let ExprKind::Binary(binary) = &query.expr.unwrap_parens().kind else { return None };
    let (side, _, _) = values::comparison(binary, sources)?;
    let selector = plain(side)?;
    let name = selector.metric_name()?;
    let known = sources.selected(selector);
    let labels: Vec<String> = match (&known, PARTS.iter().find(|(part, _)| *part == name)) {
        (Known::Catalogued(_), Some((_, labels))) => labels.iter().map(|label| (*label).to_owned()).collect(),
        (Known::Instrumented(metric), _) if metric.kind == MetricKind::Gauge && !metric.labels.is_empty() => {
            // Not those that all of an application's metrics have.
            let own =
                metric.labels.iter().filter(|label| !matches!(label.as_str(), "app" | "version" | "env"));
            own.cloned().collect()
        }
        _ => return None,
    };
    let fixed = series::of(side, sources);
    let free: Vec<&String> = labels.iter().filter(|label| fixed.value(label).is_none()).collect();
    let texts = templates::texts(rule);
    let told = texts.iter().flat_map(|(_, text)| templates::labels(text));
    let told: Vec<&str> = told.map(|(label, _)| label).collect();
    // A text that names all the parts' labels but one says which series it means, and a part of it.
    let untold: Vec<&&String> = free.iter().filter(|label| !told.contains(&label.as_str())).collect();
    if texts.is_empty() || untold.is_empty() {
        return None;
    }
    let listed: Vec<String> = free.iter().map(|label| format!("`{label}`")).collect();
    let listed = listed.join(" and ");
    Some(
        Diagnostic::error("", format!("each {listed} of `{name}` is compared by itself"))
            .at(&query.place(side.span))
            .label("many series, none of them the whole")
            .because(format!("there is a series for each {listed}, and the text speaks of one number"))
            .help(format!("sum them: `sum by (instance) ({name})`, or say in the text which it is")),
    )
}

/// A selector that is compared as it is.
fn plain(expr: &crate::promql::Expr) -> Option<&VectorSelector> {
    match &expr.unwrap_parens().kind {
        ExprKind::Vector(vector) => Some(vector),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn a_sum_or_a_text_that_says_which_is_right() {
        let guide = |expr: &str, text: &str| {
            format!(
                "```yaml\ngroups:\n- name: a\n  rules:\n  - alert: A\n    expr: {expr}\n    annotations: {{summary: '{text}'}}\n```\n"
            )
        };
        let found = ["6:11 each `datname` and `state` of `pg_stat_activity_count` is compared by itself"];
        check(
            "compared-per-series",
            &guide("pg_stat_activity_count > 80", "{{ $value }} connections"),
            &found,
        );
        check(
            "compared-per-series",
            &guide("sum(pg_stat_activity_count) > 80", "{{ $value }} connections"),
            &[],
        );
        let which = "{{ $labels.datname }} {{ $labels.state }}";
        check("compared-per-series", &guide("pg_stat_activity_count > 80", which), &[]);
        check("compared-per-series", &guide("node_filesystem_avail_bytes < 80", "disk"), &[]);
    }
}
