//! How the documented pieces hang together: which workload runs which program, which Service a name reaches, which
//! file a ConfigMap's key becomes in a container, and what configs there are.
//!
//! Promises: only what the documents say; what they don't is absent, never guessed. Everything keeps its place.

mod commands;
mod grafana;
mod logs;
mod mounted;
mod network;
mod objects;
mod prose;
mod targets;
mod traces;

use std::collections::BTreeMap;

use super::alertmanager::{self, Alertmanager};
use super::{Prometheus, RuleGroup, Version};
use crate::diagnostic::{Diagnostic, SourceFile, Span, Spanned};
use crate::promql::Expr;

pub use commands::{HereDocument, ReadFile};
pub use grafana::{Dashboard, Datasource, Grafana, Panel, Provider, Target};
pub use logs::{
    FilebeatConfig, FluentBitConfig, LogField, LogRule, LogSink, Logs, LokiConfig, PromtailConfig,
    PromtailJob, Section, SinkKind,
};
pub use mounted::Mounted;
pub use network::{Address, Reached};
pub use objects::{Backend, Binding, Endpoint, Ingress, Monitor, Object, Role, RoleRule};
pub use prose::Listed;
pub use targets::ScrapeTarget;
pub use traces::{Agent, CollectorConfig, CollectorPipeline, TraceClient, TraceLibrary, Traces};

/// Everything that checks look at.
#[derive(Clone, Debug, Default)]
pub struct Wiring {
    /// The versions to imitate, whatever the documents say.
    pub asked: (Option<Version>, Option<alertmanager::Version>),
    pub parts: Vec<DocumentPart>,
    pub workloads: Vec<Workload>,
    pub services: Vec<Service>,
    pub config_maps: Vec<ConfigMap>,
    pub operator_objects: Vec<OperatorObject>,
    /// Every Kubernetes object, whatever its kind.
    pub objects: Vec<Object>,
    pub roles: Vec<Role>,
    pub bindings: Vec<Binding>,
    pub ingresses: Vec<Ingress>,
    pub monitors: Vec<Monitor>,
    pub compose_files: Vec<ComposeFile>,
    pub releases: Vec<Release>,
    pub prometheus: Vec<PrometheusConfig>,
    pub rule_files: Vec<RuleFile>,
    pub alertmanagers: Vec<AlertmanagerConfig>,
    /// PromQL outside of rules: checks of expressions judge it too.
    pub queries: Vec<Query>,
    pub grafana: Grafana,
    pub logs: Logs,
    pub traces: Traces,
    pub metrics: Vec<InstrumentedMetric>,
    /// What guides say in lists and tables.
    pub prose: Vec<Listed>,
    /// What a guide's shell commands say, one list of words a command.
    pub commands: Vec<Vec<Spanned<String>>>,
    /// The texts that they write to files and give to programs.
    pub here_documents: Vec<HereDocument>,
    /// Addresses that configs and environments name, beside those of Prometheus.
    pub addresses: Vec<Address>,
    /// Every single value, for checks that look for a kind of value wherever it stands.
    pub settings: Vec<Setting>,
    /// YAML and JSON that no program could parse.
    pub broken: Vec<Diagnostic>,
}

impl Wiring {
    /// The release of a chart, without its repository's name.
    pub fn release_of(&self, chart: &str) -> Option<&Release> {
        self.releases.iter().find(|release| release.chart.value == chart)
    }

    /// The application's code.
    pub fn code(&self) -> impl Iterator<Item = &DocumentPart> + Clone {
        self.parts.iter().filter(|part| part.kind == PartKind::Code)
    }

    /// What brings rules whose labels or texts the documents do not show.
    pub fn more_rules(&self) -> Option<String> {
        if !self.logs.rules.is_empty() {
            return Some("Loki's ruler has rules too, whose labels its log streams give".to_owned());
        }
        self.chart_with_rules()
            .map(|release| format!("the chart {} brings rules of its own", release.chart.value))
    }

    /// The chart that brings rules for all that it runs and scrapes.
    pub fn chart_with_rules(&self) -> Option<&Release> {
        let release = self.release_of("kube-prometheus-stack")?;
        (!release.sets("defaultRules.create", "false")).then_some(release)
    }
}

impl DocumentPart {
    /// All of its text.
    pub fn whole(&self) -> Span {
        self.source.span(0..self.source.text().len())
    }
}

/// A file, fenced block, here-document or embedded config, and what it is taken for.
#[derive(Clone, Debug)]
pub struct DocumentPart {
    pub kind: PartKind,
    pub name: Option<String>,
    /// A fence's word or a file's extension.
    pub language: String,
    pub source: SourceFile,
    /// The ConfigMap that holds it.
    pub holder: Option<Home>,
    pub place: Span,
    /// Why it is not read, where it isn't.
    pub unread: Option<String>,
    /// The Kubernetes objects in it: `Deployment monitoring/prometheus`.
    pub objects: Vec<Spanned<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartKind {
    Objects,
    Compose,
    Values,
    Prometheus,
    Rules,
    /// Of Loki's ruler.
    LogRules,
    UnitTest,
    Alertmanager,
    GrafanaProvisioning,
    Dashboard,
    Loki,
    Promtail,
    FluentBit,
    Filebeat,
    OpenTelemetry,
    PostgresQueries,
    /// firedrill.yaml
    Settings,
    /// What `firedrill test` runs.
    Scenarios,
    Shell,
    Code,
    Query,
    Unread,
}

impl PartKind {
    pub fn as_str(self) -> &'static str {
        match self {
            PartKind::Objects => "Kubernetes objects",
            PartKind::Compose => "Compose file",
            PartKind::Values => "Helm values",
            PartKind::Prometheus => "Prometheus config",
            PartKind::Rules => "rules",
            PartKind::LogRules => "rules of Loki",
            PartKind::UnitTest => "promtool unit test",
            PartKind::Alertmanager => "Alertmanager config",
            PartKind::GrafanaProvisioning => "Grafana provisioning",
            PartKind::Dashboard => "Grafana dashboard",
            PartKind::Loki => "Loki config",
            PartKind::Promtail => "Promtail config",
            PartKind::FluentBit => "Fluent Bit config",
            PartKind::Filebeat => "Filebeat config",
            PartKind::OpenTelemetry => "OpenTelemetry config",
            PartKind::PostgresQueries => "postgres_exporter queries",
            PartKind::Settings => "firedrill's settings",
            PartKind::Scenarios => "firedrill scenarios",
            PartKind::Shell => "shell commands",
            PartKind::Code => "code",
            PartKind::Query => "query",
            PartKind::Unread => "not read",
        }
    }
}

/// What runs containers: a Deployment, a DaemonSet, a Compose service …
#[derive(Clone, Debug)]
pub struct Workload {
    /// `Deployment`, or `service` in Compose.
    pub kind: String,
    pub name: Spanned<String>,
    /// `None` in Compose, where there are none.
    pub namespace: Option<String>,
    /// Of its pods.
    pub labels: BTreeMap<String, String>,
    /// Of its pods.
    pub annotations: BTreeMap<String, Spanned<String>>,
    /// `spec.selector.matchLabels`
    pub selector: Vec<(String, Spanned<String>)>,
    pub service_account: Option<Spanned<String>>,
    pub replicas: Option<Spanned<String>>,
    /// A new pod starts before the old one has ended.
    pub rolls: bool,
    /// Its volumes are made writable for a group.
    pub fs_group: bool,
    pub host_network: bool,
    /// In Compose: which of the files, counted from 0, and its networks.
    pub file: Option<usize>,
    pub networks: Vec<Spanned<String>>,
    pub containers: Vec<Container>,
    pub volumes: Vec<Volume>,
    pub place: Span,
}

#[derive(Clone, Debug)]
pub struct Container {
    pub name: String,
    pub image: Option<Spanned<String>>,
    pub args: Vec<Spanned<String>>,
    pub ports: Vec<ContainerPort>,
    pub mounts: Vec<Mount>,
    /// Its environment, as far as it stands in the documents as text.
    pub env: Vec<(Spanned<String>, Spanned<String>)>,
    /// Variables that hold a field of the pod, such as `spec.nodeName`: the name and the field.
    pub fields: Vec<(String, String)>,
    /// Secrets and ConfigMaps that its environment comes from.
    pub references: Vec<Reference>,
    pub probes: Vec<Probe>,
    /// The ports of the host that lead to it; in Compose.
    pub published: Vec<PublishedPort>,
    /// Something starts it again when it ends.
    pub restarts: bool,
    /// It replaces the image's own program.
    pub overrides_entrypoint: bool,
    /// It has limits of memory or CPU.
    pub limited: bool,
    pub memory: Memory,
    /// It has a startupProbe, of whatever kind: the others wait for it.
    pub starts_slowly: bool,
    pub privileged: Option<Span>,
    /// `runAsUser`, its own or its pod's; `user` in Compose.
    pub user: Option<u32>,
}

impl Container {
    /// The value of an environment variable.
    pub fn variable(&self, name: &str) -> Option<&Spanned<String>> {
        self.env.iter().find(|(known, _)| known.value == name).map(|(_, value)| value)
    }

    /// Whether it runs an image, such as `prom/prometheus`, whatever the registry.
    pub fn runs(&self, program: &str) -> bool {
        let image = self.image_name();
        image == program || image.strip_suffix(program).is_some_and(|before| before.ends_with('/'))
    }

    /// The value of the last `--flag=value` or `-flag value`.
    pub fn flag(&self, name: &str) -> Option<Spanned<String>> {
        let mut found = None;
        for (at, arg) in self.args.iter().enumerate() {
            let Some(rest) = arg.value.strip_prefix('-').map(|rest| rest.trim_start_matches('-')) else {
                continue;
            };
            match rest.strip_prefix(name) {
                Some("") => found = self.args.get(at + 1).cloned(),
                Some(value) if value.starts_with('=') => {
                    found = Some(Spanned::new(value[1..].to_owned(), arg.span.clone()));
                }
                _ => {}
            }
        }
        found
    }

    /// The image without registry, tag and digest: `prom/prometheus`.
    pub fn image_name(&self) -> &str {
        let image = self.image.as_ref().map_or("", |image| image.value.as_str());
        let image = image.split('@').next().unwrap_or_default();
        match image.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => name,
            _ => image,
        }
    }

    pub fn image_tag(&self) -> Option<&str> {
        let image = self.image.as_ref()?.value.split('@').next()?;
        image.rsplit_once(':').map(|(_, tag)| tag).filter(|tag| !tag.contains('/'))
    }
}

#[derive(Clone, Debug)]
pub struct ContainerPort {
    pub name: String,
    pub number: u16,
    pub udp: bool,
}

/// How much memory a container asks for and may take, as it is written.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    pub request: Option<Spanned<String>>,
    pub limit: Option<Spanned<String>>,
}

/// A Secret or a ConfigMap that something needs.
#[derive(Clone, Debug)]
pub struct Reference {
    /// `Secret` or `ConfigMap`
    pub kind: &'static str,
    pub name: Spanned<String>,
    pub key: Option<Spanned<String>>,
    pub optional: bool,
}

/// A liveness, readiness or startup probe over HTTP.
#[derive(Clone, Debug)]
pub struct Probe {
    /// `livenessProbe`
    pub kind: &'static str,
    pub path: Spanned<String>,
    /// A number or a port's name.
    pub port: Spanned<String>,
    /// Seconds from the start until it has failed for good.
    pub patience: u32,
}

/// A port of the host that leads to one of the container.
#[derive(Clone, Debug)]
pub struct PublishedPort {
    /// The host's address, where one is stated.
    pub address: Option<String>,
    pub host: u16,
    pub container: u16,
    pub place: Span,
}

/// A Compose file.
#[derive(Clone, Debug)]
pub struct ComposeFile {
    pub name: Option<String>,
    pub place: Span,
    /// Top-level names.
    pub networks: Vec<String>,
    pub volumes: Vec<String>,
}

/// A volume or host path in a container.
#[derive(Clone, Debug)]
pub struct Mount {
    /// The volume's name, or a host's path as it is written.
    pub source: String,
    pub path: Spanned<String>,
    pub sub_path: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Volume {
    pub name: String,
    pub config_map: Option<Spanned<String>>,
    pub secret: Option<Spanned<String>>,
    pub claim: Option<Spanned<String>>,
    /// `emptyDir`
    pub empty: bool,
    pub host_path: Option<Spanned<String>>,
    /// The ConfigMap or Secret need not exist.
    pub optional: bool,
    pub place: Span,
    /// Renamed keys, where `items` picks some.
    pub items: Vec<(String, String)>,
}

/// A Kubernetes Service, or the name by which Compose reaches a service.
#[derive(Clone, Debug)]
pub struct Service {
    pub name: Spanned<String>,
    pub namespace: Option<String>,
    pub selector: BTreeMap<String, String>,
    pub ports: Vec<ServicePort>,
    /// What made it where no manifest did: "the release `grafana` of grafana/grafana".
    pub made_by: Option<String>,
    /// Its ports are known.
    pub complete: bool,
}

#[derive(Clone, Debug)]
pub struct ServicePort {
    pub name: String,
    pub number: u16,
    /// A number or a port's name.
    pub target: String,
    pub place: Span,
}

#[derive(Clone, Debug)]
pub struct ConfigMap {
    pub name: Spanned<String>,
    pub namespace: String,
    pub labels: BTreeMap<String, String>,
    /// Each key with what its value is taken for.
    pub keys: Vec<(Spanned<String>, PartKind)>,
}

/// A ServiceMonitor, PodMonitor, PrometheusRule, Probe or AlertmanagerConfig.
#[derive(Clone, Debug)]
pub struct OperatorObject {
    pub kind: Spanned<String>,
    pub name: Spanned<String>,
    pub namespace: String,
    pub labels: BTreeMap<String, String>,
}

/// A Helm release that a command installs.
#[derive(Clone, Debug)]
pub struct Release {
    pub name: Spanned<String>,
    /// Without its repository's name.
    pub chart: Spanned<String>,
    /// `grafana` in `grafana/grafana`.
    pub repository: Option<String>,
    pub namespace: String,
    pub namespace_place: Option<Spanned<String>>,
    /// `--version`; the newest where it is left out.
    pub version: Option<Spanned<String>>,
    /// Every single value by its path, from `--set` and the values files that are documented.
    pub values: BTreeMap<String, Spanned<String>>,
    /// The keys at the top of those files, each where it stands.
    pub keys: Vec<Spanned<String>>,
    /// All values files that the command names are documented.
    pub complete: bool,
}

impl Release {
    /// Whether its chart is of this major version or a later one; the newest is, whatever it is.
    pub fn is_at_least(&self, major: u32) -> bool {
        let stated = self.version.as_ref();
        stated.is_none_or(|stated| Version::parse(&stated.value).is_some_and(|own| own.major >= major))
    }

    /// Whether it is Jaeger's own chart, and none of the same name.
    pub fn is_jaegers(&self) -> bool {
        let other =
            |repository: &String| repository.contains("bitnami") || repository.starts_with(['.', '/']);
        self.chart.value == "jaeger" && !self.repository.as_ref().is_some_and(other)
    }

    /// Whether a value is set to this text.
    pub fn sets(&self, path: &str, text: &str) -> bool {
        self.values.get(path).is_some_and(|value| value.value == text)
    }
}

/// Where a config stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Home {
    /// A file, under the name that the documents give it.
    File(Option<String>),
    ConfigMap {
        namespace: String,
        name: String,
        key: String,
    },
    PrometheusRule {
        namespace: String,
        name: String,
    },
    /// Values for a chart; the operator or chart takes it to its place.
    Values,
    /// `AlertmanagerConfig` objects alone, which the operator turns into one config.
    AlertmanagerConfigs,
}

#[derive(Clone, Debug)]
pub struct PrometheusConfig {
    pub home: Home,
    pub source: SourceFile,
    pub version: Version,
    pub config: Option<Prometheus>,
    /// What the real program says to it.
    pub problems: Vec<Diagnostic>,
}

#[derive(Clone, Debug)]
pub struct RuleFile {
    pub home: Home,
    pub source: SourceFile,
    pub version: Version,
    pub groups: Vec<RuleGroup>,
    pub problems: Vec<Diagnostic>,
}

/// A query that nobody is alerted by.
#[derive(Clone, Debug)]
pub struct Query {
    pub kind: QueryKind,
    pub expr: Expr,
    /// The text of `expr` and its place; byte offsets of `Expr` count from the text's start.
    pub text: Spanned<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryKind {
    /// Of a dashboard, its variables filled in.
    Panel,
    /// A guide's block of PromQL, for people to run.
    Block,
}

#[derive(Clone, Debug)]
pub struct AlertmanagerConfig {
    pub home: Home,
    pub place: Span,
    pub version: alertmanager::Version,
    /// As far as it can be read, also where Alertmanager refuses it.
    pub meant: Option<Alertmanager>,
    pub problems: Vec<Diagnostic>,
    /// The receivers as they are written, also where the config is refused.
    pub settings: Vec<Setting>,
}

/// A metric that the application's code makes.
#[derive(Clone, Debug)]
pub struct InstrumentedMetric {
    pub name: Spanned<String>,
    pub kind: MetricKind,
    pub labels: Vec<String>,
    /// Labels that could not be told from the code.
    pub open_labels: bool,
    pub buckets: Option<Vec<f64>>,
    /// The only values that the code gives a label.
    pub values: BTreeMap<String, Vec<String>>,
    pub uses: Vec<MetricUse>,
    pub label_sources: Vec<LabelSource>,
}

/// A call that changes a metric.
#[derive(Clone, Debug)]
pub struct MetricUse {
    pub change: Change,
    pub place: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Rises,
    Falls,
    Set,
    Observed,
}

/// What a use gives a label.
#[derive(Clone, Debug)]
pub struct LabelSource {
    pub label: String,
    /// The expression, as it is written.
    pub given: Spanned<String>,
    /// What is assigned to it, where it is a variable.
    pub assigned: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    Counter,
    Gauge,
    Histogram,
    Summary,
}

impl MetricKind {
    /// Whether a metric of this kind and name has series called `series`.
    pub fn series(self, name: &str, series: &str) -> bool {
        match series.strip_prefix(name) {
            Some("") => self != MetricKind::Histogram,
            Some("_sum" | "_count") => matches!(self, MetricKind::Histogram | MetricKind::Summary),
            Some("_bucket") => self == MetricKind::Histogram,
            _ => false,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
            MetricKind::Histogram => "histogram",
            MetricKind::Summary => "summary",
        }
    }
}

/// A single value and the keys that lead to it.
#[derive(Clone, Debug)]
pub struct Setting {
    /// `spec.template.spec.containers[].image`
    pub path: String,
    pub value: Spanned<String>,
}

impl Setting {
    /// The last key of the path.
    pub fn key(&self) -> &str {
        self.path.rsplit('.').next().unwrap_or_default()
    }
}
