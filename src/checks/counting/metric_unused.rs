//! Metrics that the code or a query of postgres_exporter counts, and nobody looks at.

use super::metric_never_changes;
use crate::checks::{Check, Harm, queries};
use crate::diagnostic::{Diagnostic, Span};
use crate::stack::wiring::{InstrumentedMetric, Setting, Wiring};

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
    if any {
        return Vec::new();
    }
    let mut found: Vec<Diagnostic> = of_columns(wiring, &asked).into_iter().collect();
    if wiring.metrics.iter().any(is_asked) {
        found.extend(of_code(wiring, is_asked));
    }
    found
}

/// What of the code's nobody asks for, a finding a file.
fn of_code(wiring: &Wiring, is_asked: impl Fn(&InstrumentedMetric) -> bool) -> Vec<Diagnostic> {
    let unused = wiring.metrics.iter().filter(|metric| !is_asked(metric));
    // What never changes is told as that.
    let unused = unused.filter(|metric| !metric_never_changes::is_idle(metric, wiring));
    let mut found: Vec<Diagnostic> = Vec::new();
    for metric in unused {
        let name = &metric.name;
        let of_file = |known: &&mut Diagnostic| {
            known.place.as_ref().is_some_and(|place| std::ptr::eq(place.file.text(), name.span.file.text()))
        };
        match found.iter_mut().find(of_file) {
            Some(known) => known.related.push((name.span.clone(), format!("nor for `{}`", name.value))),
            // What nothing serves, nobody can ask for.
            None => found.push(
                told(&name.value, &name.span)
                    .follows_from("metrics-not-served", &crate::checks::whole(&name.span))
                    .shared("metrics that nobody asks for"),
            ),
        }
    }
    found
}

fn told(name: &str, place: &Span) -> Diagnostic {
    Diagnostic::warning("", format!("nobody asks for `{name}`"))
        .at(place)
        .label("no rule and no panel")
        .because("assuming that all rules and dashboards are documented")
        .help("alert on it, show it, or leave it out")
}

/// The metrics of documented queries for postgres_exporter, beside rules and panels that ask for others.
fn of_columns(wiring: &Wiring, asked: &[&str]) -> Option<Diagnostic> {
    if asked.is_empty() {
        return None;
    }
    let mut unused =
        wiring.settings.iter().filter_map(column).filter(|(name, _)| !asked.contains(&name.as_str()));
    let (name, place) = unused.next()?;
    let found = told(&name, &place);
    Some(unused.fold(found, |found, (name, place)| found.related(&place, format!("nor for `{name}`"))))
}

/// The metric that a query's column becomes: `namespace_column`.
fn column(setting: &Setting) -> Option<(String, Span)> {
    let (namespace, rest) = setting.path.split_once(".metrics[].")?;
    let column = rest.strip_suffix(".usage")?;
    let plain = !namespace.contains('.') && !column.contains('.');
    if !plain || matches!(setting.value.value.to_uppercase().as_str(), "LABEL" | "DISCARD") {
        return None;
    }
    // Its name stands before what it is used as.
    let usage = &setting.value.span;
    let before = &usage.file.text()[..usage.start];
    let start = before.rfind(&format!("{column}:"))?;
    Some((format!("{namespace}_{column}"), usage.file.span(start..start + column.len())))
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn columns_of_queries_are_metrics_but_for_labels() {
        let guide = |expr: &str| {
            format!(
                "```yaml\n# queries.yaml\npg_size:\n  query: SELECT datname, size FROM s\n  metrics:\n  - datname: {{usage: LABEL, description: D}}\n  - size: {{usage: GAUGE, description: S}}\n```\n```promql\n{expr}\n```\n"
            )
        };
        check("metric-unused", &guide("pg_up"), &["7:5 nobody asks for `pg_size_size`"]);
        check("metric-unused", &guide("pg_size_size > 1"), &[]);
    }

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
