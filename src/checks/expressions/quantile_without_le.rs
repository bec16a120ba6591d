//! Quantiles of buckets whose bounds were summed away.

use crate::checks::sources::Sources;
use crate::checks::{Check, Harm, series};
use crate::diagnostic::Diagnostic;
use crate::promql::ast::ExprKind;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "quantile-without-le",
    harm: Harm::Silent,
    title: "the buckets' bounds are summed away before the quantile",
    explanation: "`histogram_quantile` needs the label `le`, each bucket's bound. An aggregation that does not keep it \
                  leaves nothing to compute from: the result is empty.",
    example: "groups:\n- name: api\n  rules:\n  - alert: Slow\n    expr: histogram_quantile(0.95, sum by (job) (rate(api_seconds_bucket[5m]))) > 2\n",
    mended: "groups:\n- name: api\n  rules:\n  - alert: Slow\n    expr: histogram_quantile(0.95, sum by (le, job) (rate(api_seconds_bucket[5m]))) > 2\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let sources = Sources::new(wiring);
    let mut found = Vec::new();
    for query in crate::checks::queries(wiring) {
        query.expr.walk(&mut |expr| {
            let ExprKind::Call(call) = &expr.kind else { return };
            let Some(buckets) = call.args.get(1).filter(|_| call.function.name == "histogram_quantile")
            else {
                return;
            };
            // Only names of classic buckets: a native histogram needs none.
            let selectors = buckets.selectors();
            let mut names = selectors.iter().filter_map(|(selector, _)| selector.metric_name());
            if !names.any(|name| name.ends_with("_bucket")) || !series::of(buckets, &sources).lacks("le") {
                return;
            }
            found.push(
                Diagnostic::error("", "the buckets' bounds are summed away")
                    .at(&query.place(buckets.span))
                    .label("has no label `le`")
                    .because("without bounds there is no quantile: the result is empty")
                    .help("keep it: `sum by (le, …) (…)`"),
            );
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn the_bounds_are_kept() {
        let guide = |expr: &str| format!("```promql\nhistogram_quantile(0.9, {expr})\n```\n");
        check(
            "quantile-without-le",
            &guide("sum(rate(a_bucket[5m]))"),
            &["2:25 the buckets' bounds are summed away"],
        );
        for fine in [
            "sum by (le) (rate(a_bucket[5m]))",
            "sum without (x) (rate(a_bucket[5m]))",
            "rate(a_bucket[5m])",
            "sum(rate(a[5m]))",
        ] {
            check("quantile-without-le", &guide(fine), &[]);
        }
    }
}
