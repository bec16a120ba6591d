//! An application's metrics as a `firedrill.yaml` writes them.

use std::collections::{BTreeMap, BTreeSet};

use super::key;
use crate::catalogue;
use crate::diagnostic::Spanned;
use crate::stack::wiring::{InstrumentedMetric, MetricKind, Wiring};

/// The code's metrics: those that count requests, and the rest.
#[derive(Default)]
pub struct Instrumented<'m> {
    pub requests: Option<&'m InstrumentedMetric>,
    pub duration: Option<&'m InstrumentedMetric>,
    pub others: Vec<&'m InstrumentedMetric>,
}

impl<'m> Instrumented<'m> {
    pub fn of(metrics: &'m [InstrumentedMetric]) -> Self {
        let mut sorted = Instrumented::default();
        let mut seen = BTreeSet::new();
        for metric in metrics {
            let name = metric.name.value.as_str();
            if !seen.insert(name) {
                continue;
            }
            match metric.kind {
                MetricKind::Counter
                    if sorted.requests.is_none()
                        && name.contains("request")
                        && role(metric, &STATUS).is_some() =>
                {
                    sorted.requests = Some(metric);
                }
                MetricKind::Histogram | MetricKind::Summary
                    if sorted.duration.is_none() && name.contains("request") && !name.contains("size") =>
                {
                    sorted.duration = Some(metric);
                }
                _ => sorted.others.push(metric),
            }
        }
        sorted
    }
}

const STATUS: [&str; 5] = ["status", "status_code", "code", "http_status", "statuscode"];
const METHOD: [&str; 2] = ["method", "http_method"];
const ROUTE: [&str; 6] = ["route", "path", "endpoint", "handler", "url", "uri"];

/// The label that carries it.
fn role<'m>(metric: &'m InstrumentedMetric, names: &[&str]) -> Option<&'m str> {
    metric.labels.iter().map(String::as_str).find(|label| names.contains(&label.to_lowercase().as_str()))
}

pub fn requests(metric: &InstrumentedMetric) -> String {
    let mut parts = vec![format!("name: {}", key(&metric.name.value))];
    let roles = [
        ("method", role(metric, &METHOD)),
        ("route", role(metric, &ROUTE)),
        ("status", role(metric, &STATUS)),
    ];
    parts.extend(roles.iter().filter_map(|(role, label)| Some(format!("{role}: {}", key((*label)?)))));
    let known: Vec<&str> = roles.iter().filter_map(|(_, label)| *label).collect();
    let rest: Vec<&String> = metric.labels.iter().filter(|label| !known.contains(&label.as_str())).collect();
    if !rest.is_empty() {
        parts.push(format!("labels: {}", examples(rest)));
    }
    parts.extend(shape(metric));
    format!("{{{}}}", parts.join(", "))
}

pub fn other(metric: &InstrumentedMetric) -> String {
    let kind = match metric.kind {
        MetricKind::Counter => "counter",
        MetricKind::Gauge => "gauge",
        MetricKind::Histogram => "histogram",
        MetricKind::Summary => "summary",
    };
    let mut parts = vec![format!("type: {kind}")];
    if !metric.labels.is_empty() {
        parts.push(format!("labels: {}", examples(&metric.labels)));
    }
    parts.push(match metric.kind {
        MetricKind::Gauge => "value: 1".to_owned(),
        _ => "per_second: 1".to_owned(),
    });
    parts.extend(shape(metric));
    format!("{{{}}}", parts.join(", "))
}

/// Buckets, or a summary's quantiles: without them it would be of another kind.
fn shape(metric: &InstrumentedMetric) -> Option<String> {
    match (metric.kind, &metric.buckets) {
        (MetricKind::Histogram, Some(buckets)) => {
            let buckets: Vec<String> =
                buckets.iter().filter(|bound| bound.is_finite()).map(f64::to_string).collect();
            Some(format!("buckets: [{}]", buckets.join(", ")))
        }
        // What client libraries take where nothing is said.
        (MetricKind::Histogram, None) => {
            Some("buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]".to_owned())
        }
        (MetricKind::Summary, _) => Some("quantiles: [0.5, 0.9, 0.99]".to_owned()),
        _ => None,
    }
}

/// Which values a label has, the code does not tell.
fn examples<'l>(labels: impl IntoIterator<Item = &'l String>) -> String {
    let labels: Vec<String> = labels.into_iter().map(|label| format!("{}: example", key(label))).collect();
    format!("{{{}}}", labels.join(", "))
}

/// The metrics that rules count on, where no code is documented: their names, and the labels that are asked for.
pub fn counted_on(wiring: &Wiring) -> Vec<InstrumentedMetric> {
    const OF_TARGETS: [&str; 4] = ["job", "instance", "namespace", "__name__"];
    let mut found: Vec<InstrumentedMetric> = Vec::new();
    let rules = wiring.rule_files.iter().flat_map(|file| &file.groups).flat_map(|group| &group.rules);
    for rule in rules {
        for (selector, _) in rule.expr.selectors() {
            let Some(name) = selector.metric_name() else { continue };
            if catalogue::of_name(name).is_some() || name.contains(':') || name == "ALERTS" {
                continue;
            }
            let (base, kind) = match name.strip_suffix("_bucket") {
                Some(base) => (base, MetricKind::Histogram),
                None if name.ends_with("_total") => (name, MetricKind::Counter),
                None => (name, MetricKind::Gauge),
            };
            let labels = selector.matchers.iter().map(|matcher| matcher.name.to_string());
            let labels: Vec<String> = labels.filter(|label| !OF_TARGETS.contains(&label.as_str())).collect();
            match found.iter_mut().find(|known| known.name.value == base) {
                Some(known) => {
                    known.labels.extend(labels);
                    known.labels.sort();
                    known.labels.dedup();
                }
                None => found.push(InstrumentedMetric {
                    name: Spanned::new(base.to_owned(), rule.text.span.clone()),
                    kind,
                    labels,
                    open_labels: true,
                    buckets: None,
                    values: BTreeMap::new(),
                    uses: Vec::new(),
                    label_sources: Vec::new(),
                }),
            }
        }
    }
    found
}
