//! Ratios whose divisor is 0 where nothing is set.

use crate::checks::sources::{Known, Sources};
use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::promql::ast::{BinaryOp, Expr, ExprKind, VectorSelector};
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "division-by-nothing",
    harm: Harm::Risk,
    title: "the divisor is 0 where no limit is set, and the ratio infinite",
    explanation: "A limit that is not set is exported as 0. Dividing by it gives +Inf, which is above every threshold: the \
                  alert fires for ever for whatever has no limit. Filter the divisor: `… / (limit > 0)`.",
    example: "groups:\n- name: pods\n  rules:\n  - alert: Memory\n    expr: container_memory_working_set_bytes / container_spec_memory_limit_bytes > 0.9\n",
    mended: "groups:\n- name: pods\n  rules:\n  - alert: Memory\n    expr: container_memory_working_set_bytes / (container_spec_memory_limit_bytes > 0) > 0.9\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let sources = Sources::new(wiring);
    let mut found = Vec::new();
    for query in crate::checks::alert_queries(wiring) {
        query.expr.walk(&mut |expr| {
            let ExprKind::Binary(binary) = &expr.kind else { return };
            if binary.op != BinaryOp::Div {
                return;
            }
            let Some((selector, range)) = bare(&binary.rhs) else { return };
            let Known::Catalogued(metric) = sources.selected(selector) else { return };
            let (Some(when), Some(name)) = (metric.zero, selector.metric_name()) else { return };
            let told = Diagnostic::warning("", format!("`{name}` is 0 where {when}, and the ratio infinite"))
                .at(&query.place(range))
                .label("divides by 0 there")
                .because("+Inf is above every threshold, so the alert fires for ever for each of these")
                .help(format!("divide by `({selector} > 0)`"));
            found.push(query.besides(told));
        });
    }
    found
}

/// The selector that an expression is, summed or not, with nothing that filters it.
fn bare(expr: &Expr) -> Option<(&VectorSelector, crate::promql::ast::TextRange)> {
    match &expr.unwrap_parens().kind {
        ExprKind::Vector(vector) => Some((vector, expr.span)),
        ExprKind::Aggregate(aggregate) => bare(&aggregate.expr),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn a_divisor_that_may_be_nothing_is_filtered() {
        let guide = |expr: &str| {
            format!("```yaml\ngroups:\n- name: a\n  rules:\n  - alert: A\n    expr: {expr}\n```\n")
        };
        let limit = "container_spec_memory_limit_bytes";
        let found = [
            "6:15 `container_spec_memory_limit_bytes` is 0 where the container has no memory limit, and the ratio infinite",
        ];
        check("division-by-nothing", &guide(&format!("a / {limit} > 1")), &found);
        check("division-by-nothing", &guide(&format!("a / ({limit} > 0) > 1")), &[]);
        check("division-by-nothing", &guide(&format!("{limit} / 5 > 1")), &[]);
    }
}
