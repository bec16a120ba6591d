//! Metrics of a service's own, and those of an exporter: both in one notation.

use super::amount;
use crate::diagnostic::Diagnostic;
use crate::documents::yaml::{Kind, Mapping, Node, wrong_type};
use crate::labels::Labels;
use crate::workload::{Distribution, MetricKind, MetricSpec, SeriesSpec};

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
