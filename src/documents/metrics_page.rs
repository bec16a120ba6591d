//! A captured `/metrics` page as instrumentation: what the application really exports.
//!
//! Promises: names, types, labels and buckets are those of the page; which other values a label may have, no page says.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Diagnostic, SourceFile, Span, Spanned};
use crate::stack::wiring::{Change, InstrumentedMetric, MetricKind, MetricUse};
use crate::workload::exposition::{self, Format};

/// The metrics of a page, or why it is none.
pub fn read(file: &SourceFile) -> Result<Vec<InstrumentedMetric>, Diagnostic> {
    let format = match file.text().trim_end().ends_with("# EOF") {
        true => Format::OpenMetrics,
        false => Format::Prometheus,
    };
    let page = exposition::read(file.text(), format).map_err(|error| {
        let start: usize = file.text().split_inclusive('\n').take(error.line - 1).map(str::len).sum();
        let end = file.text()[start..].find('\n').map_or(file.text().len(), |end| start + end);
        Diagnostic::error("bad-metrics-page", "this is no page of metrics")
            .at(&file.span(start..end.max(start + 1)))
            .label(error.reason)
            .help("capture one: `curl http://HOST:PORT/metrics > metrics.txt`")
    })?;
    let kinds: BTreeMap<&str, &str> = page
        .metadata
        .iter()
        .filter_map(|metadata| Some((metadata.name.as_str(), metadata.kind.as_deref()?)))
        .collect();
    let mut metrics: BTreeMap<String, Seen> = BTreeMap::new();
    for sample in &page.samples {
        let Some(series) = sample.labels.get("__name__") else { continue };
        let (name, kind) = family(series, &kinds);
        let seen = metrics.entry(name).or_insert_with(|| Seen { kind, ..Seen::default() });
        for (label, value) in sample.labels.iter() {
            match label {
                "__name__" | "quantile" => {}
                "le" if kind == MetricKind::Histogram => {
                    seen.buckets.extend(value.parse::<f64>().ok().filter(|bound| bound.is_finite()));
                }
                _ => {
                    seen.labels.insert(label.to_owned());
                }
            }
        }
    }
    if metrics.is_empty() {
        return Err(Diagnostic::error("bad-metrics-page", "this page has no metrics").at(&file.span(0..0)));
    }
    Ok(metrics.into_iter().map(|(name, seen)| seen.metric(&name, file)).collect())
}

/// What is seen of a metric.
struct Seen {
    kind: MetricKind,
    labels: BTreeSet<String>,
    buckets: Vec<f64>,
}

impl Default for Seen {
    fn default() -> Self {
        Seen { kind: MetricKind::Gauge, labels: BTreeSet::new(), buckets: Vec::new() }
    }
}

impl Seen {
    fn metric(self, name: &str, file: &SourceFile) -> InstrumentedMetric {
        let place = place(name, file);
        let change = match self.kind {
            MetricKind::Counter => Change::Rises,
            MetricKind::Gauge => Change::Set,
            MetricKind::Histogram | MetricKind::Summary => Change::Observed,
        };
        let mut buckets = self.buckets;
        buckets.sort_by(f64::total_cmp);
        buckets.dedup();
        InstrumentedMetric {
            name: Spanned::new(name.to_owned(), place.clone()),
            kind: self.kind,
            labels: self.labels.into_iter().collect(),
            open_labels: false,
            buckets: (!buckets.is_empty()).then_some(buckets),
            values: BTreeMap::new(),
            uses: vec![MetricUse { change, place }],
            label_sources: Vec::new(),
        }
    }
}

/// The metric that a series is of, with its kind; one without a type is taken for what its name says.
fn family(series: &str, kinds: &BTreeMap<&str, &str>) -> (String, MetricKind) {
    let kind = |word: &str| match word {
        "counter" => Some(MetricKind::Counter),
        "gauge" => Some(MetricKind::Gauge),
        "histogram" => Some(MetricKind::Histogram),
        "summary" => Some(MetricKind::Summary),
        _ => None,
    };
    for end in ["_bucket", "_sum", "_count"] {
        let of = series.strip_suffix(end).and_then(|name| Some((name, kind(kinds.get(name)?)?)));
        if let Some((name, kind @ (MetricKind::Histogram | MetricKind::Summary))) = of {
            return (name.to_owned(), kind);
        }
    }
    // In OpenMetrics the type stands at the name without `_total`.
    let stated = kinds.get(series).or_else(|| kinds.get(series.strip_suffix("_total")?));
    let counts = ["_total", "_count", "_sum"].iter().any(|end| series.ends_with(end));
    let guessed = if counts { MetricKind::Counter } else { MetricKind::Gauge };
    (series.to_owned(), stated.and_then(|word| kind(word)).unwrap_or(guessed))
}

/// The first line of a metric.
fn place(name: &str, file: &SourceFile) -> Span {
    let text = file.text();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.starts_with(name) {
            return file.span(at..at + name.len());
        }
        at += line.len();
    }
    file.span(0..0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# TYPE shop_orders counter\nshop_orders_total{kind=\"a\"} 3\nshop_orders_total{kind=\"b\",shop=\"x\"} \
                        4\n# TYPE shop_seconds histogram\nshop_seconds_bucket{le=\"0.5\"} 1\nshop_seconds_bucket{le=\"+Inf\"} \
                        2\nshop_seconds_sum 3\nshop_seconds_count 2\nplain_total 1\nplain 2\n";

    #[test]
    fn types_labels_and_buckets_are_those_of_the_page() {
        for page in [PAGE.to_owned(), format!("{PAGE}# EOF\n")] {
            let metrics = read(&SourceFile::new("metrics.txt", page)).expect("a page");
            let told: Vec<String> = metrics
                .iter()
                .map(|metric| {
                    let InstrumentedMetric { name, kind, labels, buckets, .. } = metric;
                    format!("{} {} {} {:?}", name.value, kind.as_str(), labels.join(","), buckets)
                })
                .collect();
            assert_eq!(
                told,
                [
                    "plain gauge  None",
                    "plain_total counter  None",
                    "shop_orders_total counter kind,shop None",
                    "shop_seconds histogram  Some([0.5])"
                ]
            );
        }
    }

    #[test]
    fn what_is_no_page_is_told_with_its_line() {
        let told = |text: &str| read(&SourceFile::new("m.txt", text)).expect_err("no page").to_string();
        assert!(told("a 1\n<html>\n").contains("m.txt:2:1"), "{}", told("a 1\n<html>\n"));
        assert!(told("# HELP a b\n").contains("no metrics"));
    }
}
