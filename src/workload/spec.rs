//! What `firedrill.yaml` says about the services: read once, never changed by a scenario.

use crate::diagnostic::{Span, Spanned};
use crate::labels::Labels;
use crate::workload::Distribution;

/// One service: its instances, how they are reached and instrumented, and how they normally behave.
#[derive(Clone, Debug)]
pub struct ServiceSpec {
    pub place: Span,
    pub name: Spanned<String>,
    pub ingestion: Ingestion,
    pub instances: Vec<InstanceSpec>,
    /// Labels that the instrumentation puts on every series (prom-client's default labels).
    pub labels: Labels,
    pub traffic: TrafficSpec,
    /// Never empty: without routes all requests go to `/`.
    pub routes: Vec<RouteSpec>,
    pub requests: Option<RequestsSpec>,
    pub duration: Option<DurationSpec>,
    /// What stands in the status label instead of the number, by code (`404`) or class (`5xx`).
    pub statuses: Vec<(String, String)>,
    pub metrics: Vec<MetricSpec>,
    /// The exporters that some of its metrics are of.
    pub exporters: Vec<ExporterSpec>,
    pub kubernetes: Option<KubernetesSpec>,
    /// Targets for `file_sd_configs`, `http_sd_configs` and the like.
    pub discovery: Vec<DiscoverySpec>,
}

impl ServiceSpec {
    /// The exporter that is to be real in real worlds: a service has one at the most.
    pub fn real_exporter(&self) -> Option<&ExporterSpec> {
        self.exporters.iter().find(|exporter| exporter.real)
    }

    /// The metric that says whether its database answers, and what the names of those begin with that only an
    /// answering one has.
    pub(super) fn database(&self) -> Option<(&'static str, &'static str)> {
        self.exporters.iter().find_map(|exporter| exporter.kind.of_database())
    }
}

/// How a service's samples come into Prometheus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ingestion {
    /// A target of some job reaches it.
    Scraped,
    /// Its series stand in the storage as they are, once per global `scrape_interval`: the top-level `metrics`.
    Direct,
}

#[derive(Clone, Debug)]
pub struct InstanceSpec {
    pub name: String,
    /// Every `host:port` that it answers at.
    pub addresses: Vec<String>,
    pub metrics_path: String,
    /// Its pod's or node's address in the cluster.
    pub ip: String,
    /// The node that its pod runs on; its own name where it is a node.
    pub node: String,
}

/// Normal behaviour, until a step says otherwise.
#[derive(Clone, Debug)]
pub struct TrafficSpec {
    pub per_second: f64,
    /// The share of requests that fail, 0 to 1.
    pub errors: f64,
    pub error_status: u16,
    /// The status of a request that does not fail.
    pub status: u16,
    pub latency: Distribution,
}

#[derive(Clone, Debug)]
pub struct RouteSpec {
    pub path: Spanned<String>,
    pub methods: Vec<String>,
    /// Its part of the traffic, in proportion to the other routes' shares.
    pub share: f64,
    /// Where it differs from the service's.
    pub latency: Option<Distribution>,
}

/// Which label carries what; `None` leaves it out.
#[derive(Clone, Debug, Default)]
pub struct RequestLabels {
    pub method: Option<String>,
    pub route: Option<String>,
    pub status: Option<String>,
}

#[derive(Clone, Debug)]
pub struct RequestsSpec {
    pub name: Spanned<String>,
    pub help: String,
    pub labels: RequestLabels,
    pub constant: Labels,
}

#[derive(Clone, Debug)]
pub struct DurationSpec {
    pub name: Spanned<String>,
    pub help: String,
    pub labels: RequestLabels,
    pub constant: Labels,
    pub kind: MetricKind,
}

#[derive(Clone, Debug)]
pub struct MetricSpec {
    pub name: Spanned<String>,
    pub help: String,
    pub kind: MetricKind,
    pub series: Vec<SeriesSpec>,
    /// Only these instances export it; empty means all.
    pub instances: Vec<String>,
}

/// A known exporter that a service stands in for, or that stands for itself.
#[derive(Clone, Debug)]
pub struct ExporterSpec {
    pub place: Span,
    pub kind: ExporterKind,
    /// In a real world the program itself runs in its place.
    pub real: bool,
    /// The database that its metrics are about, by name; empty where it has none.
    pub database: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExporterKind {
    Node,
    Postgres,
    Redis,
    /// One that no real world can run.
    Other,
}

impl ExporterKind {
    /// The metric that says whether its database answers, and what the names of those begin with that only an
    /// answering one has.
    pub fn of_database(self) -> Option<(&'static str, &'static str)> {
        match self {
            ExporterKind::Postgres => Some(("pg_up", "pg_")),
            ExporterKind::Redis => Some(("redis_up", "redis_")),
            ExporterKind::Node | ExporterKind::Other => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum MetricKind {
    Counter,
    Gauge,
    /// Upper bounds in ascending order, without `+Inf`.
    Histogram {
        buckets: Vec<f64>,
    },
    Summary {
        quantiles: Vec<f64>,
    },
}

impl MetricKind {
    pub fn as_str(&self) -> &'static str {
        match self {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
            MetricKind::Histogram { .. } => "histogram",
            MetricKind::Summary { .. } => "summary",
        }
    }
}

/// One label set of a metric and its normal course.
#[derive(Clone, Debug)]
pub struct SeriesSpec {
    pub labels: Labels,
    /// At the start; a counter's or gauge's only.
    pub value: f64,
    /// A counter's or gauge's growth, a histogram's or summary's observations.
    pub per_second: f64,
    /// At most so far from the value (gauge) or the growth (counter).
    pub noise: f64,
    /// What a histogram or summary observes.
    pub observed: Distribution,
}

/// The facts that Kubernetes would tell Prometheus.
#[derive(Clone, Debug)]
pub struct KubernetesSpec {
    pub kind: KubernetesKind,
    pub namespace: String,
    /// Of the pod, or of the node.
    pub labels: Labels,
    pub annotations: Labels,
    pub container: String,
    /// Container ports, named or not (then the name is empty).
    pub ports: Vec<(String, u16)>,
    pub controller: Option<(String, String)>,
    pub service: Option<KubernetesService>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KubernetesKind {
    Pod,
    Node,
}

#[derive(Clone, Debug)]
pub struct KubernetesService {
    pub name: String,
    pub labels: Labels,
    pub annotations: Labels,
    pub ports: Vec<(String, u16)>,
}

/// A target's label set for a job with discovery that is not Kubernetes'.
#[derive(Clone, Debug)]
pub struct DiscoverySpec {
    pub job: Spanned<String>,
    /// Without `__address__`, each instance is a target with its own.
    pub labels: Labels,
}
