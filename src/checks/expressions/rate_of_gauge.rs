//! `rate` over what is no counter.

use crate::checks::sources::{Known, Sources};
use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::promql::ast::ExprKind;
use crate::stack::wiring::{MetricKind, Wiring};

pub const CHECK: Check = Check {
    id: "rate-of-gauge",
    harm: Harm::Silent,
    title: "`rate` takes each fall of a gauge for a restart",
    explanation: "`rate`, `irate` and `increase` are for counters: where a value falls they take it for a restart from \
                  zero and count all of it again. Over a gauge that goes up and down the result is far too high. A \
                  gauge's trend is `deriv(…)` or `delta(…)`.",
    example: "groups:\n- name: node\n  rules:\n  - alert: MemoryFalls\n    expr: rate(node_memory_MemAvailable_bytes[1h]) < 1\n",
    mended: "groups:\n- name: node\n  rules:\n  - alert: MemoryFalls\n    expr: deriv(node_memory_MemAvailable_bytes[1h]) < -1000\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let sources = Sources::new(wiring);
    let mut found = Vec::new();
    for query in crate::checks::queries(wiring) {
        query.expr.walk(&mut |expr| {
            let ExprKind::Call(call) = &expr.kind else { return };
            let Some(ExprKind::Matrix(matrix)) =
                call.args.first().map(|argument| &argument.unwrap_parens().kind)
            else {
                return;
            };
            let Some(name) = matrix.vector.metric_name() else { return };
            let kind = match sources.selected(&matrix.vector) {
                Known::Instrumented(metric) => metric.kind,
                Known::Catalogued(metric) if metric.typed => metric.kind,
                _ => return,
            };
            let function = call.function.name;
            if kind != MetricKind::Gauge
                || !matches!(function, "rate" | "irate" | "increase")
                || name.ends_with("_total")
            {
                return;
            }
            found.push(
                Diagnostic::error("", format!("`{name}` is a gauge, and `{function}` is for counters"))
                    .at(&query.place(expr.span))
                    .label("far too high wherever it falls")
                    .because(format!("`{function}` takes each fall for a restart from zero"))
                    .help(match function {
                        "increase" => "take `delta(…)`",
                        _ => "take `deriv(…)`",
                    }),
            );
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn only_gauges_that_are_known_to_be_are_found() {
        let guide = |expr: &str| format!("```promql\n{expr}\n```\n");
        check(
            "rate-of-gauge",
            &guide("rate(container_memory_working_set_bytes[1h])"),
            &["2:1 `container_memory_working_set_bytes` is a gauge, and `rate` is for counters"],
        );
        for fine in [
            "rate(node_forks_total[5m])",
            "deriv(node_load1[5m])",
            "rate(anything[5m])",
            "rate(node_pressure_x[5m])",
            "rate(node_netstat_Udp_InErrors[5m])",
        ] {
            check("rate-of-gauge", &guide(fine), &[]);
        }
    }
}
