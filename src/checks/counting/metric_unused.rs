//! Metrics that the code counts and nobody looks at.

use crate::checks::{Check, Harm, queries};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{InstrumentedMetric, Wiring};

pub const CHECK: Check = Check {
    id: "metric-unused",
    harm: Harm::Style,
    title: "no rule and no panel asks for this metric",
    explanation: "What is counted costs memory and is believed to be watched. Where rules and dashboards ask for some of the code's metrics \
                  and never for others, the others are usually those that somebody meant to alert on.",
    example: "groups:\n- name: shop\n  rules:\n  - alert: A\n    expr: rate(orders_total[5m]) < 1\n```\n```python\nfrom prometheus_client import Counter\nORDERS = Counter('orders_total', 'Orders')\nREFUSED = Counter('payments_refused_total', 'Refused payments')\n",
    mended: "groups:\n- name: shop\n  rules:\n  - alert: A\n    expr: rate(orders_total[5m]) < 1\n  - alert: B\n    expr: rate(payments_refused_total[5m]) > 1\n```\n```python\nfrom prometheus_client import Counter\nORDERS = Counter('orders_total', 'Orders')\nREFUSED = Counter('payments_refused_total', 'Refused payments')\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut asked: Vec<&str> = Vec::new();
    let mut any = false;
    for query in queries(wiring) {
        for (selector, _) in query.expr.selectors() {
            match selector.metric_name() {
                Some(name) => asked.push(name),
                // By a pattern of names, perhaps.
                None => any = true,
            }
        }
    }
    let is_asked =
        |metric: &InstrumentedMetric| asked.iter().any(|name| metric.kind.series(&metric.name.value, name));
    if any || !wiring.metrics.iter().any(is_asked) {
        return Vec::new();
    }
    let unused: Vec<&InstrumentedMetric> = wiring.metrics.iter().filter(|metric| !is_asked(metric)).collect();
    let Some(first) = unused.first() else { return Vec::new() };
    let names: Vec<String> =
        unused.iter().skip(1).map(|metric| format!("nor for `{}`", metric.name.value)).collect();
    let found = Diagnostic::warning("", format!("nobody asks for `{}`", first.name.value))
        .at(&first.name.span)
        .label("no rule and no panel")
        .because("assuming that all rules and dashboards are documented")
        .help("alert on it, show it, or leave it out");
    vec![
        unused
            .iter()
            .skip(1)
            .zip(names)
            .fold(found, |found, (metric, label)| found.related(&metric.name.span, label)),
    ]
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn a_histogram_is_asked_for_by_any_of_its_series() {
        let guide = |expr: &str| {
            format!(
                "```python\nfrom prometheus_client import Counter, Histogram\nC = Counter('c_total', 'x')\nH = Histogram('h', 'x')\n```\n```promql\n{expr}\n```\n"
            )
        };
        check("metric-unused", &guide("c_total + h_count"), &[]);
        check("metric-unused", &guide("c_total"), &["4:16 nobody asks for `h`"]);
        check("metric-unused", &guide("{job=\"a\"} + c_total"), &[]);
        // Queries about something else altogether.
        check("metric-unused", &guide("up"), &[]);
    }
}
