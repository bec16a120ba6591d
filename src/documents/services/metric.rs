//! Metrics of a service's own, and those of the exporters that come with firedrill.

use super::amount;
use crate::diagnostic::{Diagnostic, SourceFile, nearest};
use crate::documents::yaml::{self, Kind, Mapping, Node, wrong_type};
use crate::labels::Labels;
use crate::workload::{Distribution, MetricKind, MetricSpec, SeriesSpec};

/// A small, honest set of the main metrics of common exporters, in the very notation of `metrics:`.
const EXPORTERS: [(&str, &str); 7] = [
    ("blackbox", include_str!("exporters/blackbox.yaml")),
    ("cadvisor", include_str!("exporters/cadvisor.yaml")),
    ("kafka", include_str!("exporters/kafka.yaml")),
    ("kube-state-metrics", include_str!("exporters/kube-state-metrics.yaml")),
    ("node", include_str!("exporters/node.yaml")),
    ("postgres", include_str!("exporters/postgres.yaml")),
    ("redis", include_str!("exporters/redis.yaml")),
];

pub fn read_metrics(node: &Node, problems: &mut Vec<Diagnostic>) -> Vec<MetricSpec> {
    let Some(entries) = node.entries() else {
        problems.push(wrong_type(node, "a mapping of metric names to metrics"));
        return Vec::new();
    };
    entries
        .iter()
        .filter_map(|(name, node)| {
            let name = amount::metric_name(name, problems)?;
            read_metric(name, node, problems)
        })
        .collect()
}

/// `exporter: node`, a list of them, or `{name: cadvisor, labels: {namespace: shop}}` where the labels replace those that
/// the exporter's series have under these names.
pub fn read_exporters(node: &Node, problems: &mut Vec<Diagnostic>) -> Vec<MetricSpec> {
    let items = node.items().unwrap_or(std::slice::from_ref(node));
    items.iter().flat_map(|item| read_exporter(item, problems).unwrap_or_default()).collect()
}

fn read_exporter(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Vec<MetricSpec>> {
    let (name, labels) = if node.scalar().is_some() {
        (amount::text(node, problems)?, Labels::empty())
    } else {
        let mut keys = Mapping::of(node, "exporter", problems)?;
        let name = keys.require("name", problems).and_then(|node| amount::text(node, problems));
        let labels = keys.get("labels").map(|node| amount::labels(node, problems)).unwrap_or_default();
        keys.finish(problems);
        (name?, labels)
    };
    let known = || EXPORTERS.iter().map(|(name, _)| *name);
    let Some((known_name, text)) = EXPORTERS.iter().find(|(known, _)| *known == name.value) else {
        let unknown = Diagnostic::error("unknown-exporter", format!("there is no exporter `{}`", name.value))
            .at(&name.span)
            .label("not among those that come with firedrill");
        return amount::refuse(
            problems,
            match nearest(&name.value, known()) {
                Some(near) => unknown.help(format!("did you mean `{near}`?")),
                None => unknown.help(format!("known: {}", known().collect::<Vec<_>>().join(", "))),
            },
        );
    };
    let file = SourceFile::new(format!("{known_name}.yaml (built in)"), *text);
    let (document, mut wrong) = yaml::read_one(&file);
    let mut metrics = document.map(|node| read_metrics(&node, &mut wrong)).unwrap_or_default();
    problems.append(&mut wrong);
    let mut used: Vec<&str> = Vec::new();
    for series in metrics.iter_mut().flat_map(|metric| &mut metric.series) {
        for (label, value) in labels.iter() {
            if series.labels.get(label).is_some() {
                used.push(label);
                series.labels = series.labels.with(label, value);
            }
        }
    }
    for (label, _) in labels.iter().filter(|(label, _)| !used.contains(label)) {
        problems.push(
            Diagnostic::error("unknown-label", format!("no series of exporter `{known_name}` has `{label}`"))
                .at(&node.span)
                .label("nothing to replace"),
        );
    }
    Some(metrics)
}

fn read_metric(
    name: crate::diagnostic::Spanned<String>,
    node: &Node,
    problems: &mut Vec<Diagnostic>,
) -> Option<MetricSpec> {
    let guessed = match name.value.ends_with("_total") {
        true => MetricKind::Counter,
        false => MetricKind::Gauge,
    };
    let mut metric =
        MetricSpec { name, help: String::new(), kind: guessed, series: Vec::new(), instances: Vec::new() };
    match &node.kind {
        Kind::Null => metric.series.push(plain_series()),
        Kind::Scalar(_) => {
            metric.series.push(SeriesSpec { value: amount::number(node, problems)?, ..plain_series() });
        }
        _ => {
            let mut keys = Mapping::of(node, "metric", problems)?;
            read_kind(&mut keys, &mut metric, problems);
            if let Some(help) = keys.get("help").and_then(|node| amount::text(node, problems)) {
                metric.help = help.value;
            }
            if let Some(instances) = keys.get("instances") {
                metric.instances = amount::texts(instances, problems);
            }
            let listed = keys.get("series");
            let common = read_series(&mut keys, &metric.kind, plain_series(), problems);
            keys.finish(problems);
            metric.series = match listed {
                None => vec![common],
                Some(list) => read_list(list, &metric.kind, &common, problems),
            };
        }
    }
    if metric.kind == MetricKind::Counter {
        for series in &metric.series {
            if series.value < 0.0 || series.per_second < 0.0 {
                problems.push(
                    Diagnostic::error("out-of-range", format!("`{}` is a counter", metric.name.value))
                        .at(&node.span)
                        .label("a counter is never negative and never falls"),
                );
            }
        }
    }
    Some(metric)
}

fn plain_series() -> SeriesSpec {
    SeriesSpec {
        labels: Labels::empty(),
        value: 0.0,
        per_second: 0.0,
        noise: 0.0,
        observed: Distribution::Quantile(0.95, 0.1),
    }
}

fn read_list(
    list: &Node,
    kind: &MetricKind,
    common: &SeriesSpec,
    problems: &mut Vec<Diagnostic>,
) -> Vec<SeriesSpec> {
    let Some(items) = list.items() else {
        problems.push(wrong_type(list, "a list of series"));
        return Vec::new();
    };
    let mut found: Vec<SeriesSpec> = Vec::new();
    for item in items {
        let Some(mut keys) = Mapping::of(item, "series", problems) else { continue };
        let series = read_series(&mut keys, kind, common.clone(), problems);
        keys.finish(problems);
        if found.iter().any(|known| known.labels == series.labels) {
            problems.push(
                Diagnostic::error("duplicate-series", "two series of a metric have the same labels")
                    .at(&item.span)
                    .label(format!("{} again", series.labels)),
            );
            continue;
        }
        found.push(series);
    }
    found
}

fn read_series(
    keys: &mut Mapping<'_>,
    kind: &MetricKind,
    mut series: SeriesSpec,
    problems: &mut Vec<Diagnostic>,
) -> SeriesSpec {
    if let Some(node) = keys.get("labels") {
        let labels = amount::labels(node, problems);
        for reserved in ["__name__", "le", "quantile"] {
            let used = match kind {
                MetricKind::Histogram { .. } => reserved == "le",
                MetricKind::Summary { .. } => reserved == "quantile",
                _ => false,
            };
            if labels.get(reserved).is_some() && (used || reserved == "__name__") {
                problems.push(
                    Diagnostic::error("reserved-label", format!("`{reserved}` is set by the metric itself"))
                        .at(&node.span),
                );
            }
        }
        let mut builder = series.labels.builder();
        for (name, value) in labels.iter() {
            builder.set(name, value);
        }
        series.labels = builder.build();
    }
    if let Some(rate) = keys.get("per_second").and_then(|node| amount::number(node, problems)) {
        series.per_second = rate;
    }
    match kind {
        MetricKind::Counter | MetricKind::Gauge => {
            if let Some(value) = keys.get("value").and_then(|node| amount::number(node, problems)) {
                series.value = value;
            }
            if let Some(noise) = keys.get("noise").and_then(|node| amount::at_least_zero(node, problems)) {
                series.noise = noise;
            }
        }
        MetricKind::Histogram { .. } | MetricKind::Summary { .. } => {
            if let Some(seen) = keys.get("observes").and_then(|node| amount::distribution(node, problems)) {
                series.observed = seen;
            }
        }
    }
    series
}

fn read_kind(keys: &mut Mapping<'_>, metric: &mut MetricSpec, problems: &mut Vec<Diagnostic>) {
    const KINDS: [&str; 4] = ["counter", "gauge", "histogram", "summary"];
    let stated = keys.get("type").and_then(|node| amount::text(node, problems));
    let shape = read_shape(keys, problems);
    metric.kind = match (stated, shape) {
        (None, None) => return,
        (None, Some(shape)) => shape,
        (Some(stated), shape) => match (stated.value.as_str(), shape) {
            ("counter", None) => MetricKind::Counter,
            ("gauge", None) => MetricKind::Gauge,
            ("histogram", None) => MetricKind::Histogram { buckets: super::DEFAULT_BUCKETS.to_vec() },
            ("summary", None) => MetricKind::Summary { quantiles: vec![0.5, 0.9, 0.99] },
            ("histogram", Some(shape @ MetricKind::Histogram { .. })) => shape,
            ("summary", Some(shape @ MetricKind::Summary { .. })) => shape,
            (other, _) if !KINDS.contains(&other) => {
                problems.push(
                    Diagnostic::error("unknown-word", format!("`{other}` is no type of metric"))
                        .at(&stated.span)
                        .label(format!("wanted {}", KINDS.join(", ")))
                        .suggest(other, KINDS),
                );
                return;
            }
            (other, _) => {
                problems.push(
                    Diagnostic::error("wrong-type", format!("a {other} has no such parts"))
                        .at(&stated.span)
                        .label("`buckets` belong to a histogram, `quantiles` to a summary"),
                );
                return;
            }
        },
    };
}

/// `buckets` make a histogram, `quantiles` a summary.
pub fn read_shape(keys: &mut Mapping<'_>, problems: &mut Vec<Diagnostic>) -> Option<MetricKind> {
    let buckets = keys.get("buckets");
    let quantiles = keys.get("quantiles");
    let read = |node: &Node, problems: &mut Vec<Diagnostic>| {
        let Some(items) = node.items() else {
            problems.push(wrong_type(node, "a list of numbers"));
            return None;
        };
        let numbers: Vec<f64> = items.iter().filter_map(|item| amount::number(item, problems)).collect();
        match numbers.is_empty() || numbers.windows(2).any(|pair| pair[0] >= pair[1]) {
            true => amount::refuse(problems, amount::out_of_range(node, "numbers in ascending order")),
            false => Some(numbers),
        }
    };
    match (buckets, quantiles) {
        (Some(_), Some(node)) => amount::refuse(
            problems,
            Diagnostic::error("wrong-type", "a metric has either buckets or quantiles").at(&node.span),
        ),
        (Some(node), None) => Some(MetricKind::Histogram { buckets: read(node, problems)? }),
        (None, Some(node)) => {
            let quantiles = read(node, problems)?;
            match quantiles.iter().all(|quantile| (0.0..=1.0).contains(quantile)) {
                true => Some(MetricKind::Summary { quantiles }),
                false => amount::refuse(problems, amount::out_of_range(node, "quantiles from 0 to 1")),
            }
        }
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_exporter_reads_without_a_complaint() {
        for (name, text) in EXPORTERS {
            let (node, mut problems) = yaml::read_one(&SourceFile::new(name, text));
            let metrics = read_metrics(&node.expect(name), &mut problems);
            assert!(problems.is_empty(), "{name}: {problems:?}");
            assert!(
                metrics.iter().all(|metric| !metric.series.is_empty() && !metric.help.is_empty()),
                "{name}"
            );
        }
    }
}
