//! Operations whose two sides never meet: their labels differ.

use super::sources::Sources;
use super::{Check, Harm, Query, series};
use crate::diagnostic::Diagnostic;
use crate::promql::ast::{Binary, BinaryOp, Expr, ExprKind, ValueType};
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "sides-never-match",
    harm: Harm::Silent,
    title: "the two sides have different labels, so they never meet",
    explanation: "An operation between two vectors pairs series whose labels are all the same (those named in \
                  `ignoring` aside, or only those named in `on`). Where one side always has a label that the other \
                  never has, no pair is found: the result is empty and the alert never fires.",
    example: "groups:\n- name: db\n  rules:\n  - alert: Full\n    expr: pg_stat_database_numbackends / pg_settings_max_connections > 0.8\n",
    mended: "groups:\n- name: db\n  rules:\n  - alert: Full\n    expr: sum by (instance) (pg_stat_database_numbackends) / on (instance) pg_settings_max_connections > 0.8\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let sources = Sources::new(wiring);
    let mut found = Vec::new();
    for query in super::queries(wiring) {
        query.expr.walk(&mut |expr| {
            if let ExprKind::Binary(binary) = &expr.kind {
                found.extend(judge(&query, expr, binary, &sources));
            }
        });
    }
    found
}

fn judge(query: &Query, expr: &Expr, binary: &Binary, sources: &Sources) -> Option<Diagnostic> {
    let vectors = [&binary.lhs, &binary.rhs].iter().all(|side| side.value_type() == ValueType::Vector);
    let filled = binary.matching.fill_left.is_some() || binary.matching.fill_right.is_some();
    if !vectors || filled || matches!(binary.op, BinaryOp::Or | BinaryOp::Unless) {
        return None;
    }
    let (lhs, rhs) = (series::of(&binary.lhs, sources), series::of(&binary.rhs, sources));
    let matching = &binary.matching;
    let listed = |label: &str| matching.labels.iter().any(|name| &*name.name == label);
    let counts = |label: &str| matching.on == listed(label);
    let only = |one: &series::Series, other: &series::Series| {
        one.must().iter().find(|label| counts(label) && other.lacks_own(label)).cloned()
    };
    let because = if let Some(label) = only(&lhs, &rhs) {
        format!("each series on the left has the label `{label}`, and none on the right has it")
    } else if let Some(label) = only(&rhs, &lhs) {
        format!("each series on the right has the label `{label}`, and none on the left has it")
    } else {
        let differs = |label: &&String| {
            let (left, right) = (lhs.value(label), rhs.value(label));
            counts(label) && left.zip(right).is_some_and(|(left, right)| left != right)
        };
        let label = lhs.must().iter().find(differs)?;
        let (left, right) = (lhs.value(label)?, rhs.value(label)?);
        format!("`{label}` is `{left}` on the left and `{right}` on the right")
    };
    let help = match binary.op.is_set_operator() {
        true => "say with `on (…)` which labels the two sides have in common",
        false => {
            "sum both sides by what they have in common, or say with `on (…)` and `group_left` what pairs them"
        }
    };
    Some(
        Diagnostic::error("", "the two sides of this operation never meet")
            .at(&query.place(expr.span))
            .label("has no result")
            .because(because)
            .help(help),
    )
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn sides_meet_only_with_the_same_labels() {
        let guide = |expr: &str| {
            format!("```yaml\ngroups:\n- name: a\n  rules:\n  - alert: A\n    expr: {expr}\n```\n")
        };
        let found = ["6:11 the two sides of this operation never meet"];
        for bad in [
            "pg_stat_database_numbackends / pg_settings_max_connections",
            "pg_stat_database_numbackends / on (datname) pg_settings_max_connections",
            "sum(node_load1) / node_load5",
            "sum by (job) (a) / sum by (pod) (b{pod=\"x\"}) > 1",
            "rate(a{code=\"500\"}[5m]) / rate(a{code=\"200\"}[5m])",
            "node_load1 and on (device) node_disk_io_now",
        ] {
            check("sides-never-match", &guide(bad), &found);
        }
        for fine in [
            "pg_stat_database_numbackends / on (instance) group_left () pg_settings_max_connections",
            "pg_stat_database_numbackends / ignoring (datid, datname) group_left () pg_settings_max_connections",
            "sum(node_load1) / sum(node_load5)",
            "node_load1 / ignoring (instance, job) group_left () sum(node_load5)",
            "rate(a{code=\"500\"}[5m]) / ignoring (code) rate(a{code=\"200\"}[5m])",
            "a / b",
            "sum(a) / b",
            "node_load1 / node_load5",
            "node_load1 unless on (device) node_disk_io_now",
            "kube_pod_info * on (pod, namespace) group_left (phase) kube_pod_status_phase",
            "node_filesystem_avail_bytes / node_filesystem_size_bytes",
        ] {
            check("sides-never-match", &guide(fine), &[]);
        }
    }
}
