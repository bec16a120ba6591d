//! Metrics that measure something else than the alert's words say.

use super::spoken;
use crate::checks::sources::Sources;
use crate::checks::{Check, Harm, templates};
use crate::diagnostic::Diagnostic;
use crate::promql::ast::{BinaryOp, Expr, ExprKind};
use crate::stack::Rule;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "misleading-metric",
    harm: Harm::Risk,
    title: "the metric measures something else than the alert's words say",
    explanation: "Some metrics are often taken for others: memory \"usage\" that counts the page cache, which the kernel gives \
                  back when it is needed; CPU seconds a second times 100, which is percent of a single core and not of the \
                  container's limit; the time that PostgreSQL reads blocks, which is 0 unless `track_io_timing` is on and is \
                  no query's duration. Or the text speaks of `active` connections, and the expression counts those that are \
                  idle, too.",
    example: "groups:\n- name: pods\n  rules:\n  - alert: HighMemory\n    expr: container_memory_usage_bytes > 1e9\n",
    mended: "groups:\n- name: pods\n  rules:\n  - alert: HighMemory\n    expr: container_memory_working_set_bytes > 1e9\n",
    find,
};

/// A metric, what it really is, and what to take. The words are those that tell a wrong use; none: any.
const METRICS: [(&str, &[&str], &str, &str); 4] = [
    (
        "container_memory_usage_bytes",
        &[],
        "it counts the page cache, which the kernel gives back before anything runs out of memory",
        "take `container_memory_working_set_bytes`, by which pods are killed",
    ),
    (
        "node_memory_MemFree_bytes",
        &["memory"],
        "memory that caches use is not free, and is given back when it is needed",
        "take `node_memory_MemAvailable_bytes`",
    ),
    (
        "pg_stat_database_blk_read_time",
        &["query", "queries"],
        "it is the time in milliseconds that blocks were read from disk, 0 unless `track_io_timing` is on, and no query's duration",
        "take `pg_stat_activity_max_tx_duration`; or, for a mean, `rate(pg_stat_statements_seconds_total[5m]) / \
         rate(pg_stat_statements_calls_total[5m])`, which postgres_exporter has with `--collector.stat_statements`",
    ),
    (
        "kafka_server_replicamanager_offlinereplicacount",
        &["partition"],
        "it counts a broker's replicas in offline log directories, not partitions without a leader",
        "take `kafka_controller_kafkacontroller_offlinepartitionscount`",
    ),
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let sources = Sources::new(wiring);
    let mut found = Vec::new();
    for query in crate::checks::queries(wiring) {
        let Some(rule) = query.rule.filter(|rule| crate::checks::alerts(rule)) else { continue };
        for (selector, range) in query.expr.selectors() {
            let known = METRICS.iter().find(|(name, ..)| selector.metric_name() == Some(name));
            let Some((name, words, really, instead)) = known else { continue };
            if !words.is_empty() && !says(rule, words) {
                continue;
            }
            let told =
                Diagnostic::error("", format!("`{name}` is not what `{}` is about", rule.name().value))
                    .at(&query.place(selector.name.as_ref().map_or(range, |name| name.span)))
                    .label("measures something else")
                    .because(*really)
                    .help(*instead);
            found.push(query.besides(told));
        }
        query.expr.walk(&mut |expr| {
            if let Some(range) = percent_of_a_core(expr) {
                let told =
                    Diagnostic::error("", "this is percent of one core, not of what the container may use")
                        .at(&query.place(range))
                        .label("100 is one core")
                        .because("a container with four cores is at 400 when it is busy, one limited to half a core never above 50")
                        .help("divide by the limit: `kube_pod_container_resource_limits{resource=\"cpu\"}`");
                found.push(query.besides(told));
            }
        });
        if let Some(spoken::Spoken { metric, range, label, value }) = spoken::of(&query, &sources) {
            let told = Diagnostic::error(
                "",
                format!("the text speaks of `{value}`, and `{metric}` is there for every `{label}`"),
            )
            .at(&query.place(range))
            .label(format!("takes every `{label}`"))
            .because(format!("those of another `{label}` are told as `{value}`"))
            .help(format!("select it: add the matcher `{label}=\"{value}\"`"));
            found.push(query.besides(told));
        }
    }
    found
}

/// Whether an alert's name or texts have one of some words.
fn says(rule: &Rule, words: &[&str]) -> bool {
    let texts = templates::texts(rule).into_iter().map(|(_, text)| text.value.to_lowercase());
    let mut all = texts.chain([rule.name().value.to_lowercase()]);
    all.any(|text| words.iter().any(|word| text.contains(word)))
}

/// `rate(container_cpu_usage_seconds_total[5m]) * 100`
fn percent_of_a_core(expr: &Expr) -> Option<crate::promql::ast::TextRange> {
    let ExprKind::Binary(binary) = &expr.kind else { return None };
    let hundred =
        |side: &Expr| matches!(&side.unwrap_parens().kind, ExprKind::Number(number) if number.value == 100.0);
    if binary.op != BinaryOp::Mul || !(hundred(&binary.lhs) || hundred(&binary.rhs)) {
        return None;
    }
    let mut divides = false;
    expr.walk(&mut |inner| {
        divides |= matches!(&inner.kind, ExprKind::Binary(binary) if binary.op == BinaryOp::Div);
    });
    let selectors = expr.selectors();
    let cpu = selectors
        .iter()
        .all(|(selector, _)| selector.metric_name() == Some("container_cpu_usage_seconds_total"));
    (cpu && !selectors.is_empty() && !divides).then_some(expr.span)
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn a_metric_is_what_the_words_say() {
        let guide = |name: &str, expr: &str| {
            format!("```yaml\ngroups:\n- name: a\n  rules:\n  - alert: {name}\n    expr: {expr}\n```\n")
        };
        check(
            "misleading-metric",
            &guide("SlowQueries", "rate(pg_stat_database_blk_read_time[5m]) > 1"),
            &["6:16 `pg_stat_database_blk_read_time` is not what `SlowQueries` is about"],
        );
        check("misleading-metric", &guide("SlowDisk", "rate(pg_stat_database_blk_read_time[5m]) > 1"), &[]);
        let cpu = "rate(container_cpu_usage_seconds_total[5m])";
        check(
            "misleading-metric",
            &guide("Cpu", &format!("{cpu} * 100 > 80")),
            &["6:11 this is percent of one core, not of what the container may use"],
        );
        check("misleading-metric", &guide("Cpu", &format!("{cpu} / x * 100 > 80")), &[]);
    }

    #[test]
    fn a_value_that_the_text_speaks_of_is_selected() {
        let guide = |expr: &str, text: &str| {
            format!(
                "```yaml\ngroups:\n- name: a\n  rules:\n  - alert: A\n    expr: {expr}\n    annotations: {{summary: '{text}'}}\n```\n"
            )
        };
        let active = "{{ $value }} active connections";
        let found =
            ["6:11 the text speaks of `active`, and `pg_stat_activity_count` is there for every `state`"];
        check("misleading-metric", &guide("pg_stat_activity_count > 80", active), &found);
        for fine in [
            "pg_stat_activity_count{state=\"active\"} > 80",
            "sum by (state) (pg_stat_activity_count) > 80",
            "sum without (datname) (pg_stat_activity_count) > 80",
        ] {
            check("misleading-metric", &guide(fine, active), &[]);
        }
        for fine in ["{{ $value }} connections", "active or idle", "{{ $labels.state }}: not active"] {
            check("misleading-metric", &guide("pg_stat_activity_count > 80", fine), &[]);
        }
        let code = "```python\nfrom prometheus_client import Counter\nC = Counter('jobs', 'h', ['result'])\nC.labels(result='lost').inc()\nC.labels(result='done').inc()\n```\n";
        let rule = guide("rate(jobs_total[5m]) > 1", "jobs are lost");
        check(
            "misleading-metric",
            &format!("{rule}{code}"),
            &["6:16 the text speaks of `lost`, and `jobs_total` is there for every `result`"],
        );
    }
}
