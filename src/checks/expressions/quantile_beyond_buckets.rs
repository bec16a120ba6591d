//! Quantiles compared with more than the histogram's buckets can tell.

use crate::checks::sources::Sources;
use crate::checks::values;
use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::promql::ast::{BinaryOp, ExprKind};
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "quantile-beyond-buckets",
    harm: Harm::Silent,
    title: "the threshold lies beyond the histogram's largest bucket",
    explanation: "`histogram_quantile` answers at most the largest finite bound of the buckets, however slow the \
                  requests are: a threshold at or above it is never exceeded.",
    example: "groups:\n- name: api\n  rules:\n  - alert: Slow\n    expr: histogram_quantile(0.95, sum by (le) (rate(api_seconds_bucket[5m]))) > 30\n```\n```python\nfrom prometheus_client import Histogram\nSECONDS = Histogram('api_seconds', 'Latency', buckets=[0.1, 1, 10])\n",
    mended: "groups:\n- name: api\n  rules:\n  - alert: Slow\n    expr: histogram_quantile(0.95, sum by (le) (rate(api_seconds_bucket[5m]))) > 30\n```\n```python\nfrom prometheus_client import Histogram\nSECONDS = Histogram('api_seconds', 'Latency', buckets=[0.1, 1, 10, 30, 60])\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let sources = Sources::new(wiring);
    let mut found = Vec::new();
    for query in crate::checks::queries(wiring) {
        query.expr.walk(&mut |expr| {
            let ExprKind::Binary(binary) = &expr.kind else { return };
            let Some((side, op, threshold)) = values::comparison(binary, &sources) else { return };
            let ExprKind::Call(call) = &side.unwrap_parens().kind else { return };
            if call.function.name != "histogram_quantile"
                || !matches!(op, BinaryOp::Greater | BinaryOp::GreaterOrEqual)
            {
                return;
            }
            let Some(argument) = call.args.get(1) else { return };
            let Some(most) = values::greatest_bucket(argument, &sources) else { return };
            let beyond = threshold > most || threshold == most && op == BinaryOp::Greater;
            if !beyond {
                return;
            }
            let diagnostic = Diagnostic::error("", format!("no quantile of these buckets is above {most}"))
                .at(&query.place(expr.span))
                .label("never true")
                .because("`histogram_quantile` answers at most the largest finite bound")
                .help(format!("add buckets above {threshold} to the histogram"));
            found.push(match values::histogram(argument, &sources) {
                Some(metric) => {
                    diagnostic.related(&metric.name.span, format!("its largest bucket is {most}"))
                }
                None => diagnostic,
            });
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn a_threshold_must_lie_within_the_buckets() {
        let guide = |threshold: &str| {
            format!(
                "```js\nconst p = require('prom-client');\nnew p.Histogram({{name: 'h', buckets: [0.1, 1, 2]}});\n```\n```yaml\n\
                 groups:\n- name: a\n  rules:\n  - alert: A\n    expr: histogram_quantile(0.9, sum by (le) \
                 (rate(h_bucket[5m]))) {threshold}\n```\n"
            )
        };
        let found = ["10:11 no quantile of these buckets is above 2"];
        check("quantile-beyond-buckets", &guide("> 2"), &found);
        check("quantile-beyond-buckets", &guide(">= 5"), &found);
        check("quantile-beyond-buckets", &guide("> 1"), &[]);
        check("quantile-beyond-buckets", &guide("< 5"), &[]);
    }
}
