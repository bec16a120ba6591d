//! Quantiles compared with what lies far from any bucket's bound.

use crate::checks::promises::promised_threshold_differs::states_limits;
use crate::checks::promises::{short, subject};
use crate::checks::sources::Sources;
use crate::checks::values;
use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::promql::ast::ExprKind;
use crate::stack::wiring::{InstrumentedMetric, Listed, MetricKind, Wiring};

pub const CHECK: Check = Check {
    id: "threshold-between-buckets",
    harm: Harm::Risk,
    title: "the histogram can't tell whether its quantile is above this threshold",
    explanation: "`histogram_quantile` knows in which bucket the quantile lies, and guesses where within: it assumes that observations are \
                  spread evenly. With buckets to 1s and to 3s, requests of 1.1s may count as 2.9s. A threshold is exact only at a bucket's \
                  bound: add it to the buckets. So is a goal of a guide's for a percentile (\"response time: < 200ms for the 95th \
                  percentile\").",
    example: "groups:\n- name: api\n  rules:\n  - alert: Slow\n    expr: histogram_quantile(0.95, sum by (le) (rate(api_seconds_bucket[5m]))) > 2\n```\n```python\nfrom prometheus_client import Histogram\nSECONDS = Histogram('api_seconds', 'Latency', buckets=[0.1, 1, 3, 10])\n",
    mended: "groups:\n- name: api\n  rules:\n  - alert: Slow\n    expr: histogram_quantile(0.95, sum by (le) (rate(api_seconds_bucket[5m]))) > 2\n```\n```python\nfrom prometheus_client import Histogram\nSECONDS = Histogram('api_seconds', 'Latency', buckets=[0.1, 1, 2, 3, 10])\n",
    find,
};

/// From this on, how much wider a bucket's upper bound is than its lower one, a guess within it says little.
const WIDE: f64 = 2.0;

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let sources = Sources::new(wiring);
    let mut found = Vec::new();
    for query in crate::checks::alert_queries(wiring) {
        query.expr.walk(&mut |expr| {
            let ExprKind::Binary(binary) = &expr.kind else { return };
            let Some((side, _, threshold)) = values::comparison(binary, &sources) else { return };
            let ExprKind::Call(call) = &side.unwrap_parens().kind else { return };
            let Some(argument) = call.args.get(1).filter(|_| call.function.name == "histogram_quantile") else {
                return;
            };
            let Some(metric) = values::histogram(argument, &sources) else { return };
            let Some((below, above)) = around(&values::buckets(argument, &sources).unwrap_or_default(), threshold)
            else {
                return;
            };
            found.push(
                Diagnostic::warning("", format!("{threshold} lies between two buckets, {below} and {above}"))
                    .at(&query.place(expr.span))
                    .label("where the quantile lies between them is guessed")
                    .related(&metric.name.span, whose(metric))
                    .because(format!(
                        "observations just above {below} may count as anything up to {above}: it may fire though all are below {threshold}"
                    ))
                    .help(format!("add {threshold} to the histogram's buckets, or take {below} or {above}")),
            );
        });
    }
    found.extend(wiring.prose.iter().filter_map(|item| of_prose(item, wiring)));
    found
}

/// A goal for a percentile, where the histograms that it may be about can't tell whether it is met.
fn of_prose(item: &Listed, wiring: &Wiring) -> Option<Diagnostic> {
    let text = &item.text.value;
    let limit = subject::threshold(text).filter(|_| states_limits(item) && is_of_times(text))?;
    let words = subject::words(short(text));
    let about = wiring.metrics.iter().filter(|metric| {
        metric.kind == MetricKind::Histogram
            && metric.name.value.ends_with("_seconds")
            && !words.is_empty()
            && subject::is_about(&metric.name.value, &words)
    });
    let wide: Vec<(&InstrumentedMetric, (f64, f64))> =
        about.filter_map(|metric| Some((metric, around(&values::bounds(metric), limit)?))).collect();
    let (_, (below, above)) = *wide.first()?;
    let told = Diagnostic::warning("", format!("{limit} lies between two buckets, {below} and {above}"))
        .at(&item.text.span)
        .label("whether this is kept is guessed")
        .because(format!("observations just above {below} may count as anything up to {above}"))
        .help(format!("add {limit} to the histogram's buckets"));
    Some(wide.iter().fold(told, |told, (metric, (below, above))| {
        told.related(&metric.name.span, format!("{}: {below}, then {above}", whose(metric)))
    }))
}

/// Whether a limit is one of a time's percentile.
fn is_of_times(text: &str) -> bool {
    let lower = text.to_lowercase();
    let percentile = ["percentile", "p50", "p90", "p95", "p99"].iter().any(|word| lower.contains(word));
    let behind = lower.split(['<', '>', '≥', '≤']).nth(1).unwrap_or_default();
    let unit =
        behind.trim_start_matches(['=', ' ']).trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let unit = unit.trim_start().split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    percentile && matches!(unit, "ms" | "s" | "sec" | "second" | "seconds")
}

fn whose(metric: &InstrumentedMetric) -> &'static str {
    match metric.buckets.is_some() {
        true => "its buckets",
        false => "has the library's own buckets",
    }
}

/// The wide bucket within which a value lies.
fn around(bounds: &[f64], value: f64) -> Option<(f64, f64)> {
    let below = bounds.iter().copied().filter(|bound| *bound <= value).reduce(f64::max)?;
    let above =
        bounds.iter().copied().filter(|bound| bound.is_finite() && *bound >= value).reduce(f64::min)?;
    (below < value && value < above && above / below >= WIDE).then_some((below, above))
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn a_threshold_at_a_bound_or_in_a_narrow_bucket_is_exact_enough() {
        let guide = |buckets: &str, threshold: &str| {
            format!(
                "```python\nfrom prometheus_client import Histogram\nH = Histogram('h', 'x'{buckets})\n```\n```yaml\ngroups:\n- name: a\n  rules:\n  - alert: A\n    expr: histogram_quantile(0.9, sum by (le) (rate(h_bucket[5m]))) > {threshold}\n```\n"
            )
        };
        let id = "threshold-between-buckets";
        check(id, &guide(", buckets=[1, 3]", "2"), &["10:11 2 lies between two buckets, 1 and 3"]);
        check(id, &guide(", buckets=[1, 3]", "3"), &[]);
        check(id, &guide(", buckets=[1, 1.5]", "1.2"), &[]);
        check(id, &guide(", buckets=[1, 3]", "5"), &[]);
        check(id, &guide("", "2"), &["10:11 2 lies between two buckets, 1 and 2.5"]);
        check(id, &guide("", "0.6"), &[]);
    }

    #[test]
    fn a_goal_in_prose_is_a_threshold_too() {
        let guide = |goal: &str, buckets: &str| {
            format!(
                "## KPIs\n- Response time: {goal}\n\n```python\nfrom prometheus_client import Histogram\nH = Histogram('request_duration_seconds', 'x'{buckets})\n```\n"
            )
        };
        let id = "threshold-between-buckets";
        let found = ["2:3 0.2 lies between two buckets, 0.1 and 0.25"];
        check(id, &guide("< 200ms for 95th percentile", ""), &found);
        check(id, &guide("< 200ms on average", ""), &[]);
        check(id, &guide("< 250ms (p95)", ""), &[]);
        check(id, &guide("< 200ms (p95)", ", buckets=[0.1, 0.2, 0.5]"), &[]);
        check(id, &guide("p95 < 200 requests", ""), &[]);
    }
}
