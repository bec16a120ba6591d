//! Where logs are written, what ships them, and what keeps them.

use super::{Home, Setting};
use crate::diagnostic::{Diagnostic, Span, Spanned};
use crate::stack::Version;

/// Everything that the documents say about logs.
#[derive(Clone, Debug, Default)]
pub struct Logs {
    pub loki: Vec<LokiConfig>,
    pub promtail: Vec<PromtailConfig>,
    pub fluent_bit: Vec<FluentBitConfig>,
    pub filebeat: Vec<FilebeatConfig>,
    pub sinks: Vec<LogSink>,
    pub fields: Vec<LogField>,
    pub rules: Vec<LogRule>,
}

impl Logs {
    /// The jobs of every Promtail, each with its config.
    pub fn promtail_jobs(&self) -> impl Iterator<Item = (&PromtailConfig, &PromtailJob)> {
        self.promtail.iter().flat_map(|config| config.jobs.iter().map(move |job| (config, job)))
    }
}

/// A rule that Loki's ruler evaluates.
#[derive(Clone, Debug)]
pub struct LogRule {
    /// The alert's name, or the series'.
    pub name: Spanned<String>,
    pub query: Spanned<String>,
    /// The texts of its annotations.
    pub texts: Vec<Spanned<String>>,
}

#[derive(Clone, Debug)]
pub struct LokiConfig {
    pub home: Home,
    pub place: Span,
    pub version: Version,
    pub settings: Vec<Setting>,
    /// What the real program says to it.
    pub problems: Vec<Diagnostic>,
}

impl LokiConfig {
    /// The value of a key, such as `compactor.retention_enabled`.
    pub fn get(&self, path: &str) -> Option<&Spanned<String>> {
        self.settings.iter().find(|setting| setting.path == path).map(|setting| &setting.value)
    }

    pub fn is_on(&self, path: &str) -> bool {
        self.get(path).is_some_and(|value| value.value == "true")
    }
}

#[derive(Clone, Debug)]
pub struct PromtailConfig {
    pub home: Home,
    pub place: Span,
    /// The URLs that it pushes to.
    pub clients: Vec<Spanned<String>>,
    pub tenants: Vec<Spanned<String>>,
    pub positions: Option<Spanned<String>>,
    pub jobs: Vec<PromtailJob>,
    /// Labels that it gives to all that it sends.
    pub external_labels: Vec<(Spanned<String>, String)>,
    pub problems: Vec<Diagnostic>,
}

/// A `scrape_config` of Promtail.
#[derive(Clone, Debug)]
pub struct PromtailJob {
    pub name: Spanned<String>,
    /// It finds its targets: `kubernetes_sd_configs`, `file_sd_configs` …
    pub discovers: Option<Spanned<String>>,
    /// Kubernetes finds it pods, and nothing else.
    pub of_pods: bool,
    /// The paths that it tails, as far as they are written as they are.
    pub paths: Vec<Spanned<String>>,
    /// Something sets `__path__`.
    pub has_path: bool,
    /// Labels that are written down with their values.
    pub fixed: Vec<(Spanned<String>, String)>,
    /// What its pipeline makes labels of: the label, and the field that it comes from.
    pub labels: Vec<(Spanned<String>, String)>,
    /// The regular expressions of its `labelmap`s.
    pub label_maps: Vec<Spanned<String>>,
    /// Labels that relabelling sets, and from which.
    pub relabelled: Vec<(Spanned<String>, Vec<String>)>,
    /// Labels that are dropped again.
    pub dropped: Vec<String>,
    /// `cri` or `docker`.
    pub parser: Option<Spanned<String>>,
    /// A stage makes labels whose names don't stand in the config.
    pub makes_others: bool,
}

#[derive(Clone, Debug)]
pub struct FluentBitConfig {
    pub home: Home,
    pub place: Span,
    pub version: Option<Version>,
    pub sections: Vec<Section>,
    pub problems: Vec<Diagnostic>,
}

impl FluentBitConfig {
    /// The sections of a kind, such as `INPUT`.
    pub fn of(&self, kind: &str) -> impl Iterator<Item = &Section> {
        self.sections.iter().filter(move |section| section.kind.value.eq_ignore_ascii_case(kind))
    }
}

/// `[INPUT]` and what stands under it.
#[derive(Clone, Debug)]
pub struct Section {
    pub kind: Spanned<String>,
    pub entries: Vec<(Spanned<String>, Spanned<String>)>,
}

impl Section {
    /// The value of a key, whose letters may be of any case.
    pub fn get(&self, key: &str) -> Option<&Spanned<String>> {
        self.entry(key).map(|(_, value)| value)
    }

    pub fn entry(&self, key: &str) -> Option<&(Spanned<String>, Spanned<String>)> {
        self.entries.iter().find(|(name, _)| name.value.eq_ignore_ascii_case(key))
    }

    /// `On`, `true`, `yes`
    pub fn is_on(&self, key: &str) -> bool {
        self.get(key)
            .is_some_and(|value| matches!(value.value.to_lowercase().as_str(), "on" | "true" | "yes"))
    }

    /// The plugin.
    pub fn name(&self) -> &str {
        self.get("name").map_or("", |name| name.value.as_str())
    }
}

#[derive(Clone, Debug)]
pub struct FilebeatConfig {
    pub home: Home,
    pub place: Span,
    /// Of the program, where the documents state it.
    pub version: Option<Version>,
    pub namespace: Option<String>,
    /// The operator runs it, as the object of this name.
    pub operated: Option<Spanned<String>>,
    /// The Elasticsearch to which the operator joins it.
    pub joined: Option<Spanned<String>>,
    pub settings: Vec<Setting>,
    /// The processor `add_docker_metadata`.
    pub docker_metadata: Option<Span>,
}

impl FilebeatConfig {
    pub fn get(&self, path: &str) -> Option<&Spanned<String>> {
        self.settings.iter().find(|setting| setting.path == path).map(|setting| &setting.value)
    }

    /// All settings at or below a key.
    pub fn under<'c>(&'c self, key: &'c str) -> impl Iterator<Item = &'c Setting> {
        self.settings.iter().filter(move |setting| {
            setting.path.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        })
    }
}

/// Where the application's code sends its logs.
#[derive(Clone, Debug)]
pub struct LogSink {
    pub kind: SinkKind,
    pub place: Span,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SinkKind {
    /// Python's SysLogHandler; without an address it writes to UDP port 514 of its own host.
    Syslog {
        address: bool,
    },
    File(String),
    /// Posted to a path of its own server.
    Endpoint(String),
}

/// A field that ties a log line to a request, and whether any code gives it a value.
#[derive(Clone, Debug)]
pub struct LogField {
    pub name: Spanned<String>,
    pub set: bool,
}
