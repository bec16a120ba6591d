//! The services that documents tell of, as a `firedrill.yaml` would describe them: who is scraped, and what the
//! application's code counts.
//!
//! Promises: only what is documented, in the very notation that a person would go on with; names and addresses are those
//! of the scrape configs and manifests. How much traffic there is, nobody has written down: that is the default.

use std::collections::{BTreeMap, BTreeSet};

use super::services;
use super::yaml;
use crate::diagnostic::SourceFile;
use crate::golang::quote;
use crate::stack::wiring::{InstrumentedMetric, MetricKind, Wiring};
use crate::stack::{Discovery, KubernetesRole};
use crate::workload::ServiceSpec;

/// What is scraped, and is no application: part of a host, a port, an exporter that firedrill brings.
const EXPORTERS: [(&str, u16, &str); 6] = [
    ("node", 9100, "node"),
    ("postgres", 9187, "postgres"),
    ("redis", 9121, "redis"),
    ("kafka", 9308, "kafka"),
    ("cadvisor", 8080, "cadvisor"),
    ("kube-state-metrics", 8080, "kube-state-metrics"),
];

/// Programs that watch, and are not what is watched.
const WATCHERS: [&str; 12] = [
    "prometheus",
    "alertmanager",
    "grafana",
    "loki",
    "promtail",
    "jaeger",
    "otel",
    "fluent",
    "elasticsearch",
    "kibana",
    "pushgateway",
    "localhost",
];

/// The services, read from [`text`]: what is assumed is what `firedrill init` writes.
pub fn services(wiring: &Wiring) -> Vec<ServiceSpec> {
    let file = SourceFile::new("firedrill.yaml", text(wiring));
    let (root, mut problems) = yaml::read_one(&file);
    let node = root.as_ref().and_then(|root| root.get("services"));
    node.map(|node| services::read_services(node, &mut problems)).unwrap_or_default()
}

/// The `services:` of a firedrill.yaml; empty where the documents tell of none.
pub fn text(wiring: &Wiring) -> String {
    let mut drafts: Vec<Draft> = Vec::new();
    for draft in scraped(wiring).into_iter().chain(discovered(wiring)) {
        if !drafts.iter().any(|known| known.name == draft.name) {
            drafts.push(draft);
        }
    }
    if drafts.is_empty() {
        return String::new();
    }
    let mut text = "services:\n".to_owned();
    for draft in &drafts {
        draft.print(&wiring.metrics, &mut text);
    }
    text
}

/// A service as it will be written.
struct Draft {
    name: String,
    addresses: Vec<String>,
    metrics_path: Option<String>,
    exporter: Option<&'static str>,
    is_application: bool,
    kubernetes: Option<Kubernetes>,
}

struct Kubernetes {
    namespace: String,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    ports: Vec<(String, u16)>,
    service: Option<String>,
}

/// A job's written targets are instances of one service.
fn scraped(wiring: &Wiring) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::new();
    for job in
        wiring.prometheus.iter().filter_map(|config| config.config.as_ref()).flat_map(|it| &it.scrape_configs)
    {
        let targets = job.discovery.iter().filter_map(|discovery| match discovery {
            Discovery::Static { targets, .. } => Some(targets),
            _ => None,
        });
        let addresses: Vec<String> = targets.flatten().map(|target| target.value.clone()).collect();
        let known = |address: &String| drafts.iter().any(|draft| draft.addresses.contains(address));
        let addresses: Vec<String> = addresses.into_iter().filter(|address| !known(address)).collect();
        let Some(first) = addresses.first() else { continue };
        let (host, port) = first.rsplit_once(':').unwrap_or((first, ""));
        let one_host = addresses
            .iter()
            .all(|address| address.rsplit_once(':').map_or(address.as_str(), |it| it.0) == host);
        let host = host.split('.').next().unwrap_or_default();
        let is_name = host != "localhost" && host.starts_with(|c: char| c.is_ascii_alphabetic());
        let name = if one_host && is_name { host } else { job.job_name.value.as_str() };
        let exporter = exporter(&[host, &job.job_name.value], port.parse().ok());
        drafts.push(Draft {
            is_application: exporter.is_none() && !is_watcher(host) && !is_watcher(&job.job_name.value),
            name: name.to_owned(),
            metrics_path: (job.metrics_path != "/metrics").then(|| job.metrics_path.clone()),
            exporter,
            addresses,
            kubernetes: None,
        });
    }
    drafts
}

/// Pods, where a job looks for pods, endpoints or services.
fn discovered(wiring: &Wiring) -> Vec<Draft> {
    let configs = wiring.prometheus.iter().filter_map(|config| config.config.as_ref());
    let mut discovery = configs.flat_map(|config| &config.scrape_configs).flat_map(|job| &job.discovery);
    let finds_pods = discovery.any(|discovery| match discovery {
        Discovery::Kubernetes { role, .. } => !matches!(role, KubernetesRole::Node | KubernetesRole::Ingress),
        _ => false,
    });
    if !finds_pods {
        return Vec::new();
    }
    let workloads = wiring.workloads.iter().filter(|workload| workload.namespace.is_some());
    let drafts = workloads.filter_map(|workload| {
        let name = workload.name.value.clone();
        let containers = workload.containers.iter();
        let ports: Vec<(String, u16)> = containers
            .clone()
            .flat_map(|container| &container.ports)
            .enumerate()
            .map(|(at, port)| {
                (if port.name.is_empty() { format!("port-{at}") } else { port.name.clone() }, port.number)
            })
            .collect();
        let images: Vec<&str> = containers.map(|container| container.image_name()).collect();
        let watcher = is_watcher(&name) || images.iter().any(|image| is_watcher(image));
        let exporter = exporter(&[&name], ports.first().map(|port| port.1));
        if ports.is_empty() || (watcher && exporter.is_none()) {
            return None;
        }
        let service = wiring.services.iter().find(|service| {
            service.namespace == workload.namespace
                && !service.selector.is_empty()
                && service.selector.iter().all(|(key, value)| workload.labels.get(key) == Some(value))
        });
        Some(Draft {
            name,
            addresses: Vec::new(),
            metrics_path: None,
            is_application: exporter.is_none(),
            exporter,
            kubernetes: Some(Kubernetes {
                namespace: workload.namespace.clone().unwrap_or_default(),
                labels: workload.labels.clone(),
                annotations: workload
                    .annotations
                    .iter()
                    .map(|(name, value)| (name.clone(), value.value.clone()))
                    .collect(),
                ports,
                service: service.map(|service| service.name.value.clone()),
            }),
        })
    });
    drafts.collect()
}

fn exporter(names: &[&str], port: Option<u16>) -> Option<&'static str> {
    let named = |word: &str| names.iter().any(|name| name.to_lowercase().contains(word));
    let known = EXPORTERS.iter().find(|(word, own, _)| {
        named(word) && (named("export") || named("metrics") || named("cadvisor") || port == Some(*own))
    });
    known.map(|(_, _, exporter)| *exporter)
}

fn is_watcher(name: &str) -> bool {
    let name = name.to_lowercase();
    WATCHERS.iter().any(|watcher| name.contains(watcher))
}

impl Draft {
    fn print(&self, metrics: &[InstrumentedMetric], text: &mut String) {
        let mut line = |indent: usize, line: String| {
            text.push_str(&" ".repeat(indent));
            text.push_str(&line);
            text.push('\n');
        };
        line(2, format!("{}:", key(&self.name)));
        match self.addresses.as_slice() {
            [] => {}
            [one] => line(4, format!("address: {}", quote(one))),
            more => {
                let more: Vec<String> = more.iter().map(|address| quote(address)).collect();
                line(4, format!("instances: [{}]", more.join(", ")));
            }
        }
        if let Some(path) = &self.metrics_path {
            line(4, format!("metrics_path: {}", quote(path)));
        }
        if let Some(exporter) = self.exporter {
            line(4, format!("exporter: {exporter}"));
        }
        if self.is_application {
            let metrics = Instrumented::of(metrics);
            line(4, "traffic: {per_second: 10, errors: 0%, latency: p95 of 100ms}".to_owned());
            if metrics.requests.is_some() || metrics.duration.is_some() {
                line(4, "instrumentation:".to_owned());
                metrics.requests.iter().for_each(|metric| line(6, format!("requests: {}", requests(metric))));
                metrics.duration.iter().for_each(|metric| line(6, format!("duration: {}", requests(metric))));
            }
            if !metrics.others.is_empty() {
                line(4, "metrics:".to_owned());
                for metric in &metrics.others {
                    line(6, format!("{}: {}", key(&metric.name.value), other(metric)));
                }
            }
        }
        if let Some(kubernetes) = &self.kubernetes {
            line(4, "kubernetes:".to_owned());
            line(6, format!("namespace: {}", key(&kubernetes.namespace)));
            if !kubernetes.labels.is_empty() {
                line(6, format!("labels: {}", pairs(&kubernetes.labels)));
            }
            if !kubernetes.annotations.is_empty() {
                line(6, format!("annotations: {}", pairs(&kubernetes.annotations)));
            }
            let ports: Vec<String> =
                kubernetes.ports.iter().map(|(name, number)| format!("{}: {number}", key(name))).collect();
            line(6, format!("ports: {{{}}}", ports.join(", ")));
            if let Some(service) = &kubernetes.service {
                line(6, format!("service: {}", key(service)));
            }
        }
    }
}

/// The code's metrics: those that count requests, and the rest.
#[derive(Default)]
struct Instrumented<'m> {
    requests: Option<&'m InstrumentedMetric>,
    duration: Option<&'m InstrumentedMetric>,
    others: Vec<&'m InstrumentedMetric>,
}

impl<'m> Instrumented<'m> {
    fn of(metrics: &'m [InstrumentedMetric]) -> Self {
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

fn requests(metric: &InstrumentedMetric) -> String {
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

fn other(metric: &InstrumentedMetric) -> String {
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

fn pairs(labels: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> =
        labels.iter().map(|(name, value)| format!("{}: {}", key(name), quote(value))).collect();
    format!("{{{}}}", pairs.join(", "))
}

/// As it is where YAML reads it as text, else in quotes.
fn key(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'))
        && !matches!(
            text.to_lowercase().as_str(),
            "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false" | "null"
        );
    if plain { text.to_owned() } else { quote(text) }
}
