//! Quantiles computed for each series by itself, or from buckets that are gone.

use crate::checks::sources::{Known, Sources};
use crate::checks::{Check, Harm, series};
use crate::diagnostic::Diagnostic;
use crate::promql::ast::{Expr, ExprKind};
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "quantile-per-series",
    harm: Harm::Risk,
    title: "the quantile is computed for each series by itself",
    explanation: "Without a sum, `histogram_quantile` answers for each method, route and status code of each instance: a \
                  single slow request on a route that nobody uses is its 95th percentile, and pages; where a route has no \
                  requests the answer is NaN. Sum the buckets first: `sum by (le, job) (rate(…_bucket[5m]))`.",
    example: "groups:\n- name: api\n  rules:\n  - alert: Slow\n    expr: histogram_quantile(0.95, rate(api_seconds_bucket[5m])) > 2\n```\n```python\nfrom prometheus_client import Histogram\nSECONDS = Histogram('api_seconds', 'Latency', ['route'])\n",
    mended: "groups:\n- name: api\n  rules:\n  - alert: Slow\n    expr: histogram_quantile(0.95, sum by (le) (rate(api_seconds_bucket[5m]))) > 2\n```\n```python\nfrom prometheus_client import Histogram\nSECONDS = Histogram('api_seconds', 'Latency', ['route'])\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let sources = Sources::new(wiring);
    let mut found = Vec::new();
    for query in crate::checks::alert_queries(wiring) {
        query.expr.walk(&mut |expr| {
            let ExprKind::Call(call) = &expr.kind else { return };
            let Some(buckets) = call.args.get(1).filter(|_| call.function.name == "histogram_quantile") else { return };
            if !is_bare(buckets) {
                return;
            }
            let selectors = buckets.selectors();
            let Some((selector, _)) = selectors.first() else { return };
            let known = sources.selected(selector);
            let labels = series::own_labels(&known).unwrap_or_default();
            // Not those that all of a program's metrics have, and with one value.
            let splits = |label: &&String| !matches!(label.as_str(), "le" | "app" | "version" | "env");
            let listed: Vec<String> =
                labels.iter().filter(splits).map(|label| format!("`{label}`")).collect();
            let because = match (&known, listed.as_slice()) {
                (Known::Instrumented(_) | Known::Catalogued(_), []) => return,
                (_, []) => "assuming that it has labels beside `le`, as HTTP histograms have".to_owned(),
                _ => format!("there are buckets for each {}", listed.join(", ")),
            };
            let told = Diagnostic::error("", "this quantile is computed for each series by itself")
                .at(&query.place(expr.span))
                .label("no sum over its buckets")
                .because(format!("{because}: one slow request on a rare route is its 95th percentile"))
                .help("sum the buckets first: `sum by (le) (rate(…[5m]))`, with the labels that the alert needs");
            found.push(query.besides(told));
        });
    }
    found
}

/// Whether buckets stand there as they are scraped.
fn is_bare(expr: &Expr) -> bool {
    match &expr.unwrap_parens().kind {
        ExprKind::Vector(_) | ExprKind::Matrix(_) => true,
        ExprKind::Call(call) => {
            matches!(call.function.name, "rate" | "irate" | "increase")
                && call.args.first().is_some_and(is_bare)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn buckets_are_summed_before_the_quantile() {
        let guide = |labels: &str, expr: &str| {
            format!(
                "```python\nfrom prometheus_client import Histogram\nH = Histogram('h', 'x'{labels})\n```\n```yaml\ngroups:\n- \
                 name: g\n  rules:\n  - alert: A\n    expr: histogram_quantile(0.9, {expr}) > 1\n```\n"
            )
        };
        let found = ["10:11 this quantile is computed for each series by itself"];
        check("quantile-per-series", &guide(", ['route']", "rate(h_bucket[5m])"), &found);
        check("quantile-per-series", &guide("", "rate(h_bucket[5m])"), &[]);
        check("quantile-per-series", &guide(", ['route']", "sum by (le) (rate(h_bucket[5m]))"), &[]);
    }
}
