//! Counters compared as they are.

use crate::checks::sources::{Known, Sources};
use crate::checks::{Check, Harm, values};
use crate::diagnostic::Diagnostic;
use crate::promql::ast::{BinaryOp, Expr, ExprKind};
use crate::stack::wiring::{MetricKind, Wiring};

pub const CHECK: Check = Check {
    id: "counter-without-rate",
    harm: Harm::Silent,
    title: "a counter's own value is compared with a threshold",
    explanation: "A counter only grows until its process restarts. Sooner or later it is above any threshold, and stays \
                  there: the alert fires and never ends, or ends with a restart. What counts is how fast it grows: \
                  `rate` or `increase`.",
    example: "groups:\n- name: node\n  rules:\n  - alert: Drops\n    expr: node_network_receive_drop_total > 1000\n",
    mended: "groups:\n- name: node\n  rules:\n  - alert: Drops\n    expr: rate(node_network_receive_drop_total[5m]) > 10\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let sources = Sources::new(wiring);
    let mut found = Vec::new();
    for query in crate::checks::alert_queries(wiring) {
        query.expr.walk(&mut |expr| {
            let ExprKind::Binary(binary) = &expr.kind else { return };
            let Some((side, op, threshold)) = values::comparison(binary, &sources) else { return };
            // "It has ever happened" is a question one may ask.
            if !matches!(op, BinaryOp::Greater | BinaryOp::GreaterOrEqual) || threshold <= 0.0 {
                return;
            }
            let Some(name) = counter(side, &sources) else { return };
            found.push(
                Diagnostic::error("", format!("`{name}` is a counter: it only grows"))
                    .at(&query.place(side.span))
                    .label("compared as it is")
                    .because("once it is above the threshold it stays there until its process restarts")
                    .help(format!("compare how fast it grows: `rate({name}[5m])`, or `increase(…)`")),
            );
        });
    }
    found
}

/// The counter that an expression is, summed or not.
fn counter<'e>(expr: &'e Expr, sources: &Sources) -> Option<&'e str> {
    match &expr.unwrap_parens().kind {
        ExprKind::Vector(vector) => {
            let name = vector.metric_name()?;
            let kind = match sources.selected(vector) {
                Known::Instrumented(metric) => metric.kind,
                Known::Catalogued(metric) => metric.kind,
                _ => return None,
            };
            // Seconds since the epoch, or of a process, are counted and compared.
            (kind == MetricKind::Counter && name.ends_with("_total")).then_some(name)
        }
        ExprKind::Aggregate(aggregate) => counter(&aggregate.expr, sources),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn only_counters_that_are_known_to_be_are_found() {
        let guide = |expr: &str| {
            format!("```yaml\ngroups:\n- name: a\n  rules:\n  - alert: A\n    expr: {expr}\n```\n")
        };
        let found = ["6:11 `node_forks_total` is a counter: it only grows"];
        check("counter-without-rate", &guide("node_forks_total > 5"), &found);
        check("counter-without-rate", &guide("sum(node_forks_total) > 5"), &found);
        for fine in
            ["rate(node_forks_total[5m]) > 5", "node_load1 > 5", "other_total > 5", "node_forks_total > 0"]
        {
            check("counter-without-rate", &guide(fine), &[]);
        }
    }
}
