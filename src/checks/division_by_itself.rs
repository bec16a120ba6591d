//! Ratios whose two sides are the same series.

use super::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::promql::ast::{BinaryOp, Expr, ExprKind, VectorSelector};
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "division-by-itself",
    harm: Harm::Silent,
    title: "this ratio divides each series by itself",
    explanation: "Without an aggregation both sides keep all their labels, so a series on the left meets only the \
                  series on the right with exactly the same labels: itself. The ratio is 1 (or NaN) whatever \
                  happens. Sum both sides over the label that tells them apart.",
    example: "groups:\n- name: api\n  rules:\n  - alert: Errors\n    expr: rate(http_requests_total{status=~\"5..\"}[5m]) / rate(http_requests_total[5m]) > 0.1\n",
    mended: "groups:\n- name: api\n  rules:\n  - alert: Errors\n    expr: sum(rate(http_requests_total{status=~\"5..\"}[5m])) / sum(rate(http_requests_total[5m])) > 0.1\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for query in super::queries(wiring) {
        query.expr.walk(&mut |expr| {
            let ExprKind::Binary(binary) = &expr.kind else { return };
            let matching = &binary.matching;
            let plain = binary.op == BinaryOp::Div && !matching.on && matching.labels.is_empty();
            let (Some((left, by)), Some((right, of))) = (series(&binary.lhs), series(&binary.rhs)) else {
                return;
            };
            if !plain || by != of || !narrows(left, right) {
                return;
            }
            found.push(
                Diagnostic::error("", "this ratio divides each series by itself")
                    .at(&query.place(expr.span))
                    .label("both sides keep all their labels")
                    .because("a series on the left meets only itself on the right, so the ratio is always 1")
                    .help("sum both sides: `sum(…) / sum(…)`, by the labels that the alert needs"),
            );
        });
    }
    found
}

/// The selector of an expression that keeps all labels, and the function over it.
fn series(expr: &Expr) -> Option<(&VectorSelector, &str)> {
    match &expr.unwrap_parens().kind {
        ExprKind::Vector(vector) => Some((vector, "")),
        ExprKind::Call(call) => match (call.function.name, call.args.as_slice()) {
            (name @ ("rate" | "irate" | "increase"), [argument]) => match &argument.unwrap_parens().kind {
                ExprKind::Matrix(matrix) => Some((&matrix.vector, name)),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

/// Whether the left side selects some of the series that the right side selects.
fn narrows(left: &VectorSelector, right: &VectorSelector) -> bool {
    let has = |selector: &VectorSelector, wanted: &crate::promql::ast::Matcher| {
        selector
            .matchers
            .iter()
            .any(|own| own.name == wanted.name && own.value == wanted.value && own.op == wanted.op)
    };
    right.name.is_some()
        && left.matchers.len() > right.matchers.len()
        && right.matchers.iter().all(|matcher| has(left, matcher))
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn only_a_ratio_of_the_same_series_is_found() {
        let guide = |expr: &str| {
            format!("```yaml\ngroups:\n- name: a\n  rules:\n  - alert: A\n    expr: {expr}\n```\n")
        };
        let found = ["6:11 this ratio divides each series by itself"];
        check("division-by-itself", &guide("a{s=\"5\"} / a > 0"), &found);
        check(
            "division-by-itself",
            &guide("(rate(a{s=\"5\"}[5m])) / rate(a[5m])"),
            &["6:11 this ratio divides each series by itself"],
        );
        for fine in [
            "a{s=\"5\"} / ignoring(s) group_left() a",
            "a{s=\"5\"} / on(job) a",
            "sum(a{s=\"5\"}) / sum(a)",
            "a{s=\"5\"} / a{t=\"1\"}",
            "a / b",
            "a{s=\"5\"} - a",
        ] {
            check("division-by-itself", &guide(fine), &[]);
        }
    }
}
