//! What the known programs export: metrics with their type and labels, and the names that changed from version to
//! version.
//!
//! Promises: a file of data an exporter, each saying how it was obtained and whether it is complete. Where it is not,
//! a name that is missing means nothing.

pub mod protocols;

use std::sync::LazyLock;

use crate::stack::wiring::MetricKind;

/// A program that exports metrics.
#[derive(Debug)]
pub struct Exporter {
    pub id: &'static str,
    /// As its people call it: `node_exporter`.
    pub title: &'static str,
    /// What its metrics' names begin with.
    pub prefixes: Vec<&'static str>,
    /// It exports nothing else of these prefixes.
    pub complete: bool,
    pub metrics: Vec<Metric>,
}

#[derive(Debug)]
pub struct Metric {
    /// `pg_settings_*`: all that begins so.
    pub name: &'static str,
    pub kind: MetricKind,
    /// Its exporter says its type; without one it is taken for a gauge, and may be a counter.
    pub typed: bool,
    /// Labels that each of its series has, in every version.
    pub labels: Vec<&'static str>,
    /// Labels that it has in some versions.
    pub sometimes: Vec<&'static str>,
    /// It may have any other label, too.
    pub open: bool,
    pub since: Option<Version>,
    /// The first version that lacks it.
    pub until: Option<Version>,
    /// What it is called today.
    pub now: Option<&'static str>,
    /// The only values that a label has.
    pub values: Vec<(&'static str, Vec<&'static str>)>,
    /// The least and the greatest value.
    pub range: Option<(f64, f64)>,
    /// When it is 0, although that is no measurement: "the container has no memory limit".
    pub zero: Option<&'static str>,
}

/// A program's version, as far as names depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    pub major: u16,
    pub minor: u16,
}

impl Version {
    /// `v0.12.0` or `0.12`; nothing for `latest`.
    pub fn parse(text: &str) -> Option<Version> {
        let mut numbers = text.trim_start_matches('v').split(['.', '-']);
        let major = numbers.next()?.parse().ok()?;
        let minor = numbers.next()?.parse().ok()?;
        Some(Version { major, minor })
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

const FILES: [(&str, &str); 17] = [
    ("scrape", include_str!("exporters/scrape.txt")),
    ("prometheus", include_str!("exporters/prometheus.txt")),
    ("alertmanager", include_str!("exporters/alertmanager.txt")),
    ("clients", include_str!("exporters/clients.txt")),
    ("node", include_str!("exporters/node.txt")),
    ("kube-state-metrics", include_str!("exporters/kube-state-metrics.txt")),
    ("cadvisor", include_str!("exporters/cadvisor.txt")),
    ("kubelet", include_str!("exporters/kubelet.txt")),
    ("postgres", include_str!("exporters/postgres.txt")),
    ("redis", include_str!("exporters/redis.txt")),
    ("kafka", include_str!("exporters/kafka.txt")),
    ("mysql", include_str!("exporters/mysql.txt")),
    ("mongodb", include_str!("exporters/mongodb.txt")),
    ("rabbitmq", include_str!("exporters/rabbitmq.txt")),
    ("nginx", include_str!("exporters/nginx.txt")),
    ("elasticsearch", include_str!("exporters/elasticsearch.txt")),
    ("blackbox", include_str!("exporters/blackbox.txt")),
];

static EXPORTERS: LazyLock<Vec<Exporter>> =
    LazyLock::new(|| FILES.iter().map(|(id, text)| exporter(id, text)).collect());

pub fn exporters() -> &'static [Exporter] {
    &EXPORTERS
}

/// The exporter that a metric's name belongs to.
pub fn of_name(name: &str) -> Option<&'static Exporter> {
    exporters().iter().find(|exporter| {
        exporter.prefixes.iter().any(|prefix| match prefix.ends_with('_') {
            true => name.starts_with(prefix),
            false => name == *prefix || name.starts_with("ALERTS_") && *prefix == "ALERTS",
        })
    })
}

/// A metric by the name of one of its series: `x_bucket` is of the histogram `x`.
pub fn metric(name: &str) -> Option<&'static Metric> {
    let metrics = &of_name(name)?.metrics;
    let exact = metrics.binary_search_by(|metric| metric.name.cmp(name)).ok().map(|at| &metrics[at]);
    exact.or_else(|| {
        metrics.iter().find(|metric| match metric.name.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => metric.kind.series(metric.name, name),
        })
    })
}

fn exporter(id: &'static str, text: &'static str) -> Exporter {
    let header = |key: &str| {
        let mut lines = text.lines().filter_map(|line| line.strip_prefix("# "));
        lines.find_map(|line| line.strip_prefix(key)?.strip_prefix(": ")).unwrap_or_default()
    };
    let title = text.lines().next().unwrap_or_default().trim_start_matches("# ");
    let mut metrics: Vec<Metric> =
        text.lines().filter(|line| !line.starts_with('#')).filter_map(of_line).collect();
    metrics.sort_by_key(|metric| metric.name);
    Exporter {
        id,
        title,
        prefixes: header("prefixes").split(' ').collect(),
        complete: header("complete").starts_with("yes"),
        metrics,
    }
}

/// `name type label,label?,* key=value …`; the text behind `zero=` reaches to the line's end.
fn of_line(line: &'static str) -> Option<Metric> {
    let (line, zero) = match line.split_once(" zero=") {
        Some((line, zero)) => (line, Some(zero)),
        None => (line, None),
    };
    let mut words = line.split(' ');
    let name = words.next()?;
    let kind = words.next()?;
    let typed = !matches!(kind, "untyped" | "unknown");
    let kind = match kind {
        "counter" => MetricKind::Counter,
        "histogram" => MetricKind::Histogram,
        "summary" => MetricKind::Summary,
        _ => MetricKind::Gauge,
    };
    let listed = words.next()?;
    let labels = || listed.split(',').filter(|label| !matches!(*label, "-" | "*"));
    let mut metric = Metric {
        name,
        kind,
        typed,
        labels: labels().filter(|label| !label.ends_with('?')).collect(),
        sometimes: labels().filter_map(|label| label.strip_suffix('?')).collect(),
        open: listed.split(',').any(|label| label == "*"),
        since: None,
        until: None,
        now: None,
        values: Vec::new(),
        range: None,
        zero,
    };
    for word in words {
        match word.split_once('=')? {
            ("since", version) => metric.since = Version::parse(version),
            ("until", version) => metric.until = Version::parse(version),
            ("now", name) => metric.now = Some(name),
            ("in", range) => {
                let (low, high) = range.split_once("..")?;
                metric.range = Some((low.parse().ok()?, high.parse().ok()?));
            }
            (label, values) => metric.values.push((label, values.split('|').collect())),
        }
    }
    Some(metric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_data_is_read() {
        for (id, text) in FILES {
            let lines = text.lines().filter(|line| !line.starts_with('#')).count();
            let exporter = exporters().iter().find(|exporter| exporter.id == id).expect("an exporter");
            assert_eq!(exporter.metrics.len(), lines, "{id}");
            assert!(text.contains("\n# from: "), "{id} says how it was obtained");
            for metric in &exporter.metrics {
                assert_eq!(of_name(metric.name).map(|of| of.id), Some(id), "{}", metric.name);
                if let Some(now) = metric.now {
                    assert!(super::metric(now).is_some(), "{} is now {now}", metric.name);
                }
            }
            let mut names: Vec<&str> = exporter.metrics.iter().map(|metric| metric.name).collect();
            names.dedup();
            assert_eq!(names.len(), lines, "{id} has a name twice");
        }
    }

    #[test]
    fn metrics_are_found_by_the_names_of_their_series() {
        let found = |name: &str| metric(name).map(|metric| metric.name);
        assert_eq!(found("node_load1"), Some("node_load1"));
        assert_eq!(
            found("kubelet_pleg_relist_duration_seconds_bucket"),
            Some("kubelet_pleg_relist_duration_seconds")
        );
        assert_eq!(found("pg_settings_max_connections"), Some("pg_settings_*"));
        assert_eq!(found("up"), Some("up"));
        assert_eq!(found("upside"), None);
        assert_eq!(found("http_requests_total"), None);
        assert_eq!(
            metric("pg_replication_lag").and_then(|metric| metric.now),
            Some("pg_replication_lag_seconds")
        );
    }

    #[test]
    fn a_version_is_read_as_far_as_names_depend_on_it() {
        assert_eq!(Version::parse("v0.12.0"), Some(Version { major: 0, minor: 12 }));
        assert_eq!(Version::parse("1.5"), Some(Version { major: 1, minor: 5 }));
        assert_eq!(Version::parse("latest"), None);
        assert!(Version::parse("0.9.1") < Version::parse("0.12"));
    }
}
