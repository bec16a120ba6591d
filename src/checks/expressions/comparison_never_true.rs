//! Comparisons that no value satisfies.

use crate::checks::sources::Sources;
use crate::checks::values::{self, Always};
use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::promql::ast::{Expr, ExprKind};
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "comparison-never-true",
    harm: Harm::Silent,
    title: "no value satisfies this comparison",
    explanation: "A ratio is never above 1, `up` is only ever 0 or 1, `count` never 0: it has no result instead. An \
                  alert on such a comparison never fires. Most often a ratio is compared with a percentage.",
    example: "groups:\n- name: api\n  rules:\n  - alert: Errors\n    expr: sum(rate(http_requests_total{status=~\"5..\"}[5m])) / sum(rate(http_requests_total[5m])) > 5\n",
    mended: "groups:\n- name: api\n  rules:\n  - alert: Errors\n    expr: sum(rate(http_requests_total{status=~\"5..\"}[5m])) / sum(rate(http_requests_total[5m])) > 0.05\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let sources = Sources::new(wiring);
    let mut found = Vec::new();
    for query in crate::checks::queries(wiring) {
        query.expr.walk(&mut |expr| {
            let ExprKind::Binary(binary) = &expr.kind else { return };
            let Some((side, op, constant)) = values::comparison(binary, &sources) else { return };
            let interval = values::of(side, &sources);
            // What no bucket reaches has a check of its own.
            if binary.returns_bool
                || is_quantile(side)
                || values::always(op, interval, constant) != Some(Always::False)
            {
                return;
            }
            let because = match (interval.low, interval.high) {
                (low, high) if low == high => format!("the left side is always {low}"),
                (low, high) if high.is_infinite() => format!("what is compared is never below {low}"),
                (low, high) if low.is_infinite() => format!("what is compared is never above {high}"),
                (low, high) => format!("what is compared stays between {low} and {high}"),
            };
            let diagnostic = Diagnostic::error("", "no value satisfies this comparison")
                .at(&query.place(expr.span))
                .label("never true")
                .because(because);
            let percent = interval.high == 1.0 && (1.0..=100.0).contains(&constant);
            found.push(match (percent, is_count(side)) {
                (true, _) => diagnostic.help(format!("the left side is a ratio: compare it with {}", constant / 100.0)),
                (_, true) => diagnostic.help("where there is nothing to count there is no result: use `absent(…)`, or `… or vector(0)`"),
                _ => diagnostic,
            });
        });
    }
    found
}

fn is_quantile(expr: &Expr) -> bool {
    matches!(&expr.unwrap_parens().kind, ExprKind::Call(call) if call.function.name == "histogram_quantile")
}

fn is_count(expr: &Expr) -> bool {
    match &expr.unwrap_parens().kind {
        ExprKind::Aggregate(aggregate) => aggregate.op == crate::promql::ast::AggregateOp::Count,
        ExprKind::Call(call) => call.function.name == "count_over_time",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn only_what_can_never_be_is_found() {
        let guide = |expr: &str| {
            format!("```yaml\ngroups:\n- name: a\n  rules:\n  - alert: A\n    expr: {expr}\n```\n")
        };
        let found = ["6:11 no value satisfies this comparison"];
        for bad in [
            "up == 2",
            "sum(a{x=\"1\"}) / sum(a) > 5",
            "node_filesystem_avail_bytes / node_filesystem_size_bytes > 90",
            "count(up == 0) == 0",
            "rate(a[5m]) < 0",
            "2 < up",
        ] {
            check("comparison-never-true", &guide(bad), &found);
        }
        for fine in [
            "up == 0",
            "up == bool 2",
            "sum(a{x=\"1\"}) / sum(a) * 100 > 5",
            "a > 5",
            "sum(a) / sum(b) > 5",
            "count(up) > 3",
            "sum(up) == 0",
            "sum(a{x=\"1\"}) / sum(a) > 0.99",
        ] {
            check("comparison-never-true", &guide(fine), &[]);
        }
    }
}
