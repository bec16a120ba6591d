//! What the documents mean, as one typed model. Knows no world and no scenario.

pub mod alert_template;
pub mod alertmanager;
mod images;
pub mod relabel;
mod sending;
mod version;
pub mod wiring;

pub use images::{BadEntry, Image, ImageMap};
pub use sending::Unsent;
pub use version::Version;

use crate::diagnostic::{SourceFile, Span, Spanned};
use crate::labels::Labels;
use crate::promql::{Expr, Semantics};
use crate::time::{Duration, Timestamp};
use crate::workload::ServiceSpec;

/// A team's monitoring, read.
#[derive(Clone, Debug, Default)]
pub struct Stack {
    /// The folder or file that it was read from, as the person named it.
    pub path: String,
    pub files: Vec<SourceFile>,
    pub prometheus: Prometheus,
    pub rule_groups: Vec<RuleGroup>,
    pub alertmanager: Option<alertmanager::Alertmanager>,
    /// What brings rules that the documents do not show, and so alerts that are not known: a chart.
    pub more_rules: Option<String>,
    /// The synthetic services that `firedrill.yaml` describes.
    pub services: Vec<ServiceSpec>,
    /// The world's time at the first step, where `firedrill.yaml` says.
    pub start: Option<Timestamp>,
    /// The images of the containers in the documents.
    pub images: Vec<Spanned<String>>,
    /// What to use in the place of these, as `firedrill.yaml` says.
    pub image_map: ImageMap,
    /// What was taken otherwise than it is written, for the report: a container's path found in the folder, an
    /// environment variable that is not known here.
    pub notes: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct Prometheus {
    /// Its config as the team wrote it; none where there are rules alone.
    pub file: Option<SourceFile>,
    /// The version imitated, as stated ("2.45.0").
    pub version: Option<Spanned<String>>,
    /// The version imitated: the one stated, the one asked for, or the newest.
    pub imitated: Version,
    pub scrape_interval: Duration,
    pub scrape_timeout: Duration,
    pub evaluation_interval: Duration,
    pub rule_query_offset: Duration,
    pub external_labels: Labels,
    /// `--web.external-url`, for templates.
    pub external_url: String,
    pub scrape_configs: Vec<ScrapeConfig>,
    pub alert_relabel_configs: Vec<RelabelConfig>,
    pub alertmanagers: Vec<Alertmanagers>,
    pub rule_files: Vec<Spanned<String>>,
}

impl Prometheus {
    pub fn semantics(&self) -> Semantics {
        self.imitated.semantics()
    }

    /// What it is without a config: rules alone can be tried.
    pub fn new(version: Version) -> Self {
        Prometheus {
            file: None,
            version: None,
            imitated: version,
            scrape_interval: Duration::from_secs(60),
            scrape_timeout: Duration::from_secs(10),
            evaluation_interval: Duration::from_secs(60),
            rule_query_offset: Duration::ZERO,
            external_labels: Labels::empty(),
            external_url: String::new(),
            scrape_configs: Vec::new(),
            alert_relabel_configs: Vec::new(),
            alertmanagers: Vec::new(),
            rule_files: Vec::new(),
        }
    }
}

impl Default for Prometheus {
    fn default() -> Self {
        Prometheus::new(Version::NEWEST)
    }
}

/// An item of `alerting.alertmanagers`: where alerts are sent.
#[derive(Clone, Debug)]
pub struct Alertmanagers {
    pub place: Span,
    pub scheme: String,
    pub path_prefix: String,
    pub timeout: Duration,
    pub api_version: Option<Spanned<String>>,
    pub discovery: Vec<Discovery>,
    pub relabel_configs: Vec<RelabelConfig>,
    /// Of this Alertmanager alone, after those of `alerting`.
    pub alert_relabel_configs: Vec<RelabelConfig>,
    /// Why it can't lead to the stack's Alertmanager, where the documents prove that.
    pub astray: Option<Unsent>,
}

#[derive(Clone, Debug)]
pub struct ScrapeConfig {
    pub place: Span,
    pub job_name: Spanned<String>,
    pub scrape_interval: Duration,
    pub scrape_timeout: Duration,
    pub metrics_path: String,
    pub scheme: String,
    pub params: Vec<(String, Vec<String>)>,
    pub honor_labels: bool,
    pub honor_timestamps: bool,
    pub body_size_limit: u64,
    pub sample_limit: u64,
    pub label_limit: u64,
    pub label_name_length_limit: u64,
    pub label_value_length_limit: u64,
    pub target_limit: u64,
    pub discovery: Vec<Discovery>,
    pub relabel_configs: Vec<RelabelConfig>,
    pub metric_relabel_configs: Vec<RelabelConfig>,
}

impl ScrapeConfig {
    /// The targets that are written down.
    pub fn listed(&self) -> impl Iterator<Item = &Spanned<String>> {
        self.discovery.iter().flat_map(Discovery::listed)
    }
}

/// Where a job's targets come from.
#[derive(Clone, Debug)]
pub enum Discovery {
    Static {
        targets: Vec<Spanned<String>>,
        labels: Labels,
    },
    Kubernetes {
        role: KubernetesRole,
        namespaces: Vec<String>,
        place: Span,
    },
    /// `file_sd_configs`, `http_sd_configs`, `dns_sd_configs` …: known by kind, fed by the workload.
    Other {
        kind: &'static str,
        place: Span,
    },
}

impl Discovery {
    /// The targets that are written down; none where they are found.
    pub fn listed(&self) -> &[Spanned<String>] {
        match self {
            Discovery::Static { targets, .. } => targets,
            Discovery::Kubernetes { .. } | Discovery::Other { .. } => &[],
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KubernetesRole {
    Node,
    Pod,
    Service,
    Endpoints,
    EndpointSlice,
    Ingress,
}

#[derive(Clone, Debug)]
pub struct RelabelConfig {
    pub place: Span,
    pub source_labels: Vec<String>,
    pub separator: String,
    /// Anchored.
    pub regex: regex::Regex,
    pub modulus: u64,
    pub target_label: String,
    pub replacement: String,
    pub action: RelabelAction,
    pub names: Names,
}

impl RelabelConfig {
    /// The text that the pattern stands for, where it stands for one alone.
    pub fn only_value(&self) -> Option<String> {
        let (_, behind) = self.place.text().split_once("regex:")?;
        let text = behind.split(['\n', ',', '}']).next()?.trim().trim_matches(['"', '\'']);
        let fits = |text: &str| self.regex.is_match(text);
        (fits(text) && !fits("") && !fits(&format!("{text}x"))).then(|| text.to_owned())
    }
}

/// Which names labels may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// Letters, digits and `_`.
    Legacy,
    Utf8,
}

impl Names {
    pub fn allow(self, label: &str) -> bool {
        let legacy = || label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        match self {
            Names::Utf8 => !label.is_empty(),
            Names::Legacy => {
                !label.is_empty() && !label.starts_with(|c: char| c.is_ascii_digit()) && legacy()
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelabelAction {
    Replace,
    Keep,
    Drop,
    KeepEqual,
    DropEqual,
    HashMod,
    LabelMap,
    LabelDrop,
    LabelKeep,
    Lowercase,
    Uppercase,
}

/// Groups are told apart by file and name, as Prometheus does.
#[derive(Clone, Debug)]
pub struct RuleGroup {
    pub file: SourceFile,
    pub name: Spanned<String>,
    pub interval: Option<Duration>,
    pub query_offset: Option<Duration>,
    /// 0 is none.
    pub limit: u64,
    pub rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
pub struct Rule {
    pub place: Span,
    pub kind: RuleKind,
    pub expr: Expr,
    /// The text of `expr` and its place; byte offsets of `Expr` count from the text's start.
    pub text: Spanned<String>,
    /// Recording rules' labels are literal; alerting rules' are templates. Group labels are merged in already.
    pub labels: Vec<(Spanned<String>, Spanned<String>)>,
}

#[derive(Clone, Debug)]
pub enum RuleKind {
    Recording {
        record: Spanned<String>,
    },
    Alerting {
        alert: Spanned<String>,
        hold: Duration,
        keep_firing_for: Duration,
        annotations: Vec<(Spanned<String>, Spanned<String>)>,
    },
}

impl Rule {
    /// The record's or alert's name.
    pub fn name(&self) -> &Spanned<String> {
        match &self.kind {
            RuleKind::Recording { record } => record,
            RuleKind::Alerting { alert, .. } => alert,
        }
    }
}
