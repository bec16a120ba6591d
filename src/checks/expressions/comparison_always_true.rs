//! Comparisons that every value satisfies.

use crate::checks::sources::Sources;
use crate::checks::values::{self, Always};
use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::promql::ast::{AggregateOp, Expr, ExprKind};
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "comparison-always-true",
    harm: Harm::Silent,
    title: "every value satisfies this comparison",
    explanation: "An alert on such a comparison fires as soon as there is anything to compare, and never ends.",
    example: "groups:\n- name: api\n  rules:\n  - alert: LowSuccess\n    expr: avg(up) < 95\n",
    mended: "groups:\n- name: api\n  rules:\n  - alert: LowSuccess\n    expr: avg(up) < 0.95\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let sources = Sources::new(wiring);
    let mut found = Vec::new();
    for query in crate::checks::alert_queries(wiring) {
        query.expr.walk(&mut |expr| {
            let ExprKind::Binary(binary) = &expr.kind else { return };
            let Some((side, op, constant)) = values::comparison(binary, &sources) else { return };
            let interval = values::of(side, &sources);
            // `absent(…) == 1` says the same twice, and says it right.
            if binary.returns_bool
                || interval.constant().is_some()
                || asks_for_any(side)
                || values::always(op, interval, constant) != Some(Always::True)
            {
                return;
            }
            let because = match (interval.low, interval.high) {
                (low, high) if high.is_infinite() => format!("what is compared is never below {low}"),
                (low, high) if low.is_infinite() => format!("what is compared is never above {high}"),
                (low, high) => format!("what is compared stays between {low} and {high}"),
            };
            let diagnostic = Diagnostic::error("", "every value satisfies this comparison")
                .at(&query.place(expr.span))
                .label("always true")
                .because(because);
            let percent = interval.high == 1.0 && (1.0..=100.0).contains(&constant);
            found.push(match percent {
                true => diagnostic.help(format!("it is a ratio: compare it with {}", constant / 100.0)),
                false => diagnostic,
            });
        });
    }
    found
}

/// `count(…) > 0` asks whether there is any: where nothing is counted there is nothing to compare.
fn asks_for_any(side: &Expr) -> bool {
    matches!(&side.unwrap_parens().kind, ExprKind::Aggregate(aggregate) if aggregate.op == AggregateOp::Count)
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn only_what_always_is_is_found() {
        let guide = |expr: &str| {
            format!("```yaml\ngroups:\n- name: a\n  rules:\n  - alert: A\n    expr: {expr}\n```\n")
        };
        let found = ["6:11 every value satisfies this comparison"];
        for bad in [
            "up >= 0",
            "avg(up) < 95",
            "rate(a[5m]) >= 0",
            "node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes < 10",
        ] {
            check("comparison-always-true", &guide(bad), &found);
        }
        for fine in
            ["up < 1", "absent(up) == 1", "up >= bool 0", "a >= 0", "rate(a[5m]) > 0", "count by (b) (a) > 0"]
        {
            check("comparison-always-true", &guide(fine), &[]);
        }
    }
}
