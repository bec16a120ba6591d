//! What the documents say exports metrics: the application's code, recording rules, exporters and charts.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalogue::{self, Exporter, Metric, Version};
use crate::diagnostic::{Span, nearest};
use crate::labels::plain_name;
use crate::promql::ast::VectorSelector;
use crate::stack::wiring::{Home, InstrumentedMetric, Release, Wiring};
use crate::stack::{Discovery, KubernetesRole, RelabelAction, Rule, RuleKind, ScrapeConfig};

/// The chart that brings Prometheus, its operator and the usual exporters.
const STACK: &str = "kube-prometheus-stack";

/// What is known of a metric, by the name of one of its series.
#[derive(Clone, Debug)]
pub enum Known<'w> {
    /// The documented code makes it.
    Instrumented(&'w InstrumentedMetric),
    Recorded(Vec<&'w Rule>),
    /// A program that everybody knows exports it, documented or not.
    Catalogued(&'static Metric),
    Nothing,
}

/// What the documents say, looked up once for many names.
pub struct Sources<'w> {
    pub wiring: &'w Wiring,
    recorded: BTreeMap<&'w str, Vec<&'w Rule>>,
    /// The exporters that are there.
    evidence: BTreeMap<&'static str, Evidence>,
    listed: bool,
    /// Metrics come by other ways than scraping, too.
    pub pushed: bool,
    /// What discovery gives to the targets of the application's metrics, and to those of exporters.
    pub target_labels: [Option<BTreeSet<String>>; 2],
    /// Nothing undocumented is thought to have labels of its own.
    pub assumes: bool,
}

impl<'w> Sources<'w> {
    pub fn new(wiring: &'w Wiring) -> Self {
        let mut recorded: BTreeMap<&str, Vec<&Rule>> = BTreeMap::new();
        for rule in super::rules(wiring) {
            if let RuleKind::Recording { record } = &rule.kind {
                recorded.entry(&record.value).or_default().push(rule);
            }
        }
        let ids = catalogue::exporters().iter().map(|exporter| exporter.id);
        let evidence = ids.filter_map(|id| Some((id, evidence(wiring, id)?))).collect();
        let target_labels = [true, false].map(|application| target_labels(wiring, application, None));
        let (listed, pushed) = (targets_are_listed(wiring), takes_pushes(wiring));
        Sources { wiring, recorded, evidence, listed, pushed, target_labels, assumes: false }
    }

    /// Where labels are mapped and metrics asked for that the documents don't show, those that they show are all: what rests
    /// on it has to say so.
    pub fn assuming(wiring: &'w Wiring) -> Self {
        let metas = documented_metas(wiring);
        let labels = [true, false].map(|application| target_labels(wiring, application, Some(&metas)));
        Sources { target_labels: labels, assumes: true, ..Sources::new(wiring) }
    }

    pub fn known(&self, name: &str) -> Known<'w> {
        if let Some(rules) = self.recorded.get(name) {
            return Known::Recorded(rules.clone());
        }
        let mut metrics = self.wiring.metrics.iter();
        if let Some(metric) = metrics.find(|metric| metric.kind.series(&metric.name.value, name)) {
            return Known::Instrumented(metric);
        }
        catalogue::metric(name).map_or(Known::Nothing, Known::Catalogued)
    }

    /// The metric that a selector fixes by name.
    pub fn selected(&self, selector: &VectorSelector) -> Known<'w> {
        selector.metric_name().map_or(Known::Nothing, |name| self.known(name))
    }

    /// Why the documents lack a metric that a known exporter would have; `None` where they have it or can't tell.
    pub fn missing(&self, name: &str) -> Option<Missing> {
        let wiring = self.wiring;
        if self.pushed {
            return None;
        }
        let exporter = catalogue::of_name(name)?;
        if matches!(exporter.id, "scrape" | "prometheus" | "alertmanager" | "clients")
            || queried(wiring, name)
        {
            return None;
        }
        let Some(there) = self.evidence.get(exporter.id) else {
            if !self.listed && !deploys_prometheus(wiring) {
                return None;
            }
            return Some(match exporter.id == "cadvisor" && scrapes_nodes(wiring) {
                true => Missing::NoCadvisorPage,
                false => Missing::NoExporter { exporter, listed: self.listed },
            });
        };
        if exporter.id == "cadvisor"
            && let Some(release) = stack_release(wiring)
            && dropped_by_stack(release, name)
        {
            return Some(Missing::Dropped { place: release.chart.span.clone() });
        }
        match catalogue::metric(name) {
            Some(metric) => {
                let too_new = metric.since.zip(there.version).is_some_and(|(since, version)| version < since);
                let too_old = match (metric.until, there.version) {
                    (Some(until), Some(version)) => version >= until,
                    // Nobody says which version: one of today, where the documents deploy something today.
                    (Some(_), None) => !wiring.workloads.is_empty() || !wiring.releases.is_empty(),
                    _ => false,
                };
                let version = there.version;
                (too_new || too_old).then_some(Missing::Version { exporter, metric, version })
            }
            None => exporter.complete.then_some(Missing::NotOfExporter(exporter)),
        }
    }
}

/// Why there is no series of a metric.
#[derive(Clone, Debug)]
pub enum Missing {
    /// The exporter is there, in a version that does not have it.
    Version { exporter: &'static Exporter, metric: &'static Metric, version: Option<Version> },
    /// The exporter is there, and has nothing of this name.
    NotOfExporter(&'static Exporter),
    /// Nothing that is scraped is this exporter; whether all that is scraped is written down.
    NoExporter { exporter: &'static Exporter, listed: bool },
    /// The kubelet is scraped, but not the page where cAdvisor is.
    NoCadvisorPage,
    /// The chart's defaults drop it at each scrape.
    Dropped { place: Span },
}

/// That an exporter is documented.
struct Evidence {
    version: Option<Version>,
}

fn evidence(wiring: &Wiring, id: &str) -> Option<Evidence> {
    let (words, images, port, charts): (&[&str], &[&str], u16, &[&str]) = match id {
        "node" => {
            (&["node-exporter", "node_exporter"], &["node-exporter"], 9100, &["prometheus-node-exporter"])
        }
        "postgres" => (
            &[
                "postgres-exporter",
                "postgres_exporter",
                "pg-exporter",
                "timescaledb-exporter",
                "postgresql-exporter",
            ],
            &["postgres-exporter", "postgres_exporter"],
            9187,
            &["prometheus-postgres-exporter", "postgresql"],
        ),
        "redis" => (
            &["redis-exporter", "redis_exporter"],
            &["redis_exporter", "redis-exporter"],
            9121,
            &["prometheus-redis-exporter", "redis"],
        ),
        "kafka" => (
            &["kafka-exporter", "kafka_exporter"],
            &["kafka-exporter", "kafka_exporter"],
            9308,
            &["prometheus-kafka-exporter"],
        ),
        "mysql" => {
            (&["mysqld-exporter", "mysqld_exporter", "mysql-exporter"], &["mysqld-exporter"], 9104, &[])
        }
        "mongodb" => (&["mongodb-exporter", "mongodb_exporter"], &["mongodb_exporter"], 9216, &[]),
        "blackbox" => (&["blackbox"], &["blackbox-exporter"], 9115, &["prometheus-blackbox-exporter"]),
        "elasticsearch" => (
            &["elasticsearch-exporter", "elasticsearch_exporter"],
            &["elasticsearch-exporter", "elasticsearch_exporter"],
            9114,
            &["prometheus-elasticsearch-exporter"],
        ),
        "nginx" => (&["nginx-exporter", "nginx"], &["nginx-prometheus-exporter"], 9113, &["ingress-nginx"]),
        "rabbitmq" => (&["rabbit"], &["rabbitmq"], 15692, &["rabbitmq"]),
        "kube-state-metrics" => (
            &["kube-state-metrics", "kube_state_metrics"],
            &["kube-state-metrics"],
            0,
            &["kube-state-metrics"],
        ),
        "cadvisor" => (&["cadvisor"], &["cadvisor"], 0, &[]),
        "kubelet" => (&["kubelet"], &[], 10250, &[]),
        _ => return None,
    };
    let containers = wiring.workloads.iter().flat_map(|workload| &workload.containers);
    let image = containers.into_iter().find(|container| {
        let name = container.image_name();
        images.iter().any(|image| name.rsplit('/').next().is_some_and(|own| own.contains(image)))
    });
    if let Some(container) = image {
        return Some(Evidence { version: container.image_tag().and_then(Version::parse) });
    }
    let chart = wiring.releases.iter().any(|release| charts.contains(&release.chart.value.as_str()));
    let by_stack = stack_release(wiring).is_some_and(|release| {
        let on = |key: &str| release.values.get(key).is_none_or(|value| value.value != "false");
        match id {
            "node" => on("nodeExporter.enabled"),
            "kube-state-metrics" => on("kubeStateMetrics.enabled"),
            "cadvisor" => on("kubelet.enabled") && on("kubelet.serviceMonitor.cAdvisor"),
            "kubelet" => on("kubelet.enabled"),
            _ => false,
        }
    });
    let named = |name: &str| words.iter().any(|word| name.contains(word));
    let service = wiring.services.iter().any(|service| named(&service.name.value));
    let workload = wiring.workloads.iter().any(|workload| named(&workload.name.value));
    let target = super::addresses(wiring)
        .iter()
        .any(|address| named(&address.host) || port != 0 && address.port == Some(port));
    let job = jobs(wiring).any(|job| {
        named(&job.job_name.value)
            || match id {
                "kubelet" => is_of_nodes(job),
                "cadvisor" => is_of_nodes(job) && has_path(job, "/metrics/cadvisor"),
                _ => false,
            }
    });
    (chart || by_stack || service || workload || target || job).then_some(Evidence { version: None })
}

/// Whether the documents deploy Prometheus, so that they would deploy what it scrapes.
fn deploys_prometheus(wiring: &Wiring) -> bool {
    wiring.running("prom/prometheus").next().is_some()
        || wiring.releases.iter().any(|release| matches!(release.chart.value.as_str(), STACK | "prometheus"))
}

/// Whether metrics are pushed to Prometheus: of jobs and names that no scrape config has.
pub fn takes_pushes(wiring: &Wiring) -> bool {
    const WORDS: [&str; 4] = [
        "enable-otlp-receiver",
        "enable-remote-write-receiver",
        "otlp-write-receiver",
        "remote-write-receiver",
    ];
    let programs = wiring.running("prom/prometheus").chain(wiring.running("prometheus/prometheus"));
    let mut arguments = programs.flat_map(|(_, container)| &container.args);
    let told = arguments.any(|argument| WORDS.iter().any(|word| argument.value.contains(word)));
    told || wiring
        .prometheus
        .iter()
        .any(|config| config.source.text().lines().any(|line| line.starts_with("otlp:")))
}

/// Whether every target is written down: nothing is discovered that the documents can't tell.
fn targets_are_listed(wiring: &Wiring) -> bool {
    let configs = || wiring.prometheus.iter();
    let listed = configs().all(|config| {
        config.home != Home::Values
            && config.config.as_ref().is_some_and(|config| {
                let mut discovery = config.scrape_configs.iter().flat_map(|job| &job.discovery);
                discovery.all(|discovery| matches!(discovery, Discovery::Static { .. }))
            })
    });
    listed
        && configs().next().is_some()
        && wiring.releases.is_empty()
        && wiring.operator_objects.iter().all(|it| it.kind.value == "PrometheusRule")
}

pub fn jobs(wiring: &Wiring) -> impl Iterator<Item = &ScrapeConfig> {
    let configs = wiring.prometheus.iter().filter_map(|config| config.config.as_ref());
    configs.flat_map(|config| &config.scrape_configs)
}

pub fn stack_release(wiring: &Wiring) -> Option<&Release> {
    wiring.releases.iter().find(|release| release.chart.value == STACK)
}

fn scrapes_nodes(wiring: &Wiring) -> bool {
    jobs(wiring).any(is_of_nodes)
}

fn is_of_nodes(job: &ScrapeConfig) -> bool {
    job.discovery
        .iter()
        .any(|discovery| matches!(discovery, Discovery::Kubernetes { role: KubernetesRole::Node, .. }))
}

fn has_path(job: &ScrapeConfig, end: &str) -> bool {
    job.metrics_path.ends_with(end)
        || job
            .relabel_configs
            .iter()
            .any(|relabel| relabel.target_label == "__metrics_path__" && relabel.replacement.ends_with(end))
}

/// What the chart's `kubelet.serviceMonitor.cAdvisorMetricRelabelings` drop where the values say nothing else.
fn dropped_by_stack(release: &Release, name: &str) -> bool {
    const RELABELINGS: &str = "kubelet.serviceMonitor.cAdvisorMetricRelabelings";
    const DROPPED: [(&str, &[&str]); 5] = [
        (
            "container_cpu_",
            &[
                "cfs_throttled_seconds_total",
                "load_average_10s",
                "system_seconds_total",
                "user_seconds_total",
            ],
        ),
        (
            "container_fs_",
            &[
                "io_current",
                "io_time_seconds_total",
                "io_time_weighted_seconds_total",
                "reads_merged_total",
                "sector_reads_total",
                "sector_writes_total",
                "writes_merged_total",
            ],
        ),
        ("container_memory_", &["mapped_file", "swap"]),
        ("container_", &["file_descriptors", "tasks_state", "threads_max"]),
        ("container_spec", &[]),
    ];
    let replaced = release.values.keys().any(|key| key.starts_with(RELABELINGS));
    let dropped = DROPPED.iter().any(|(prefix, ends)| match name.strip_prefix(prefix) {
        Some(end) => ends.is_empty() || ends.contains(&end),
        None => false,
    });
    !replaced && release.complete && dropped
}

/// Whether documented queries for postgres_exporter make the metric: `namespace_column`.
fn queried(wiring: &Wiring, name: &str) -> bool {
    let paths = wiring.settings.iter().filter_map(|setting| {
        let (namespace, rest) = setting.path.split_once(".metrics[].")?;
        rest.strip_suffix(".usage").map(|column| (namespace, column))
    });
    paths.into_iter().any(|(namespace, column)| {
        name.strip_prefix(namespace).and_then(|rest| rest.strip_prefix('_')) == Some(column)
    })
}

/// The metric of the application that was probably meant: `api_requests_total` for `http_requests_total`.
pub fn meant<'w>(wiring: &'w Wiring, name: &str) -> Option<&'w InstrumentedMetric> {
    let known = wiring.metrics.iter().map(|metric| metric.name.value.as_str());
    let near = nearest(name, known).or_else(|| same_end(wiring, name))?;
    wiring.metrics.iter().find(|metric| metric.name.value == near)
}

/// All but the first word is the same.
fn same_end<'w>(wiring: &'w Wiring, name: &str) -> Option<&'w str> {
    let (_, end) = name.split_once('_')?;
    let end = end.trim_end_matches("_bucket").trim_end_matches("_sum").trim_end_matches("_count");
    let mut names = wiring.metrics.iter().map(|metric| metric.name.value.as_str());
    names.find(|known| known.split_once('_').is_some_and(|(_, own)| own == end))
}

/// The labels and annotations of documented pods and Services, as discovery calls them.
fn documented_metas(wiring: &Wiring) -> BTreeSet<String> {
    let meta = |kind: &str, name: &str| format!("__meta_kubernetes_{kind}_{}", plain_name(name));
    let pods = wiring.workloads.iter().flat_map(|workload| {
        let labels = workload.labels.keys().map(|name| meta("pod_label", name));
        labels.chain(workload.annotations.keys().map(|name| meta("pod_annotation", name)))
    });
    let services = wiring.objects_of("Service").flat_map(|object| {
        let labels = object.labels.keys().map(|name| meta("service_label", name));
        labels.chain(object.annotations.keys().map(|name| meta("service_annotation", name)))
    });
    pods.chain(services).collect()
}

/// Every label that discovery and relabelling give to targets; `None` where they may give any. `metas` are all that there
/// are to be mapped, where that is taken to be known.
fn target_labels(
    wiring: &Wiring,
    of_application: bool,
    metas: Option<&BTreeSet<String>>,
) -> Option<BTreeSet<String>> {
    let monitors = wiring.operator_objects.iter().any(|object| object.kind.value.ends_with("Monitor"));
    let by_operator = stack_release(wiring).is_some();
    if monitors || by_operator && !of_application || wiring.prometheus.is_empty() {
        return None;
    }
    let mut labels = BTreeSet::from(["job".to_owned(), "instance".to_owned()]);
    for config in &wiring.prometheus {
        for job in &config.config.as_ref()?.scrape_configs {
            for discovery in &job.discovery {
                match discovery {
                    Discovery::Static { labels: given, .. } => {
                        labels.extend(given.iter().map(|(name, _)| name.to_owned()));
                    }
                    Discovery::Kubernetes { .. } => {}
                    Discovery::Other { .. } => return None,
                }
            }
            for relabel in job.relabel_configs.iter().chain(&job.metric_relabel_configs) {
                match relabel.action {
                    RelabelAction::LabelMap => {
                        let mapped = metas?.iter().filter(|meta| relabel.regex.is_match(meta));
                        labels.extend(mapped.map(|meta| {
                            relabel.regex.replace(meta, relabel.replacement.as_str()).into_owned()
                        }));
                    }
                    _ if relabel.target_label.contains('$') => return None,
                    _ => labels.extend(Some(relabel.target_label.clone()).filter(|it| !it.is_empty())),
                }
            }
        }
    }
    Some(labels)
}
