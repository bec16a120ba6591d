//! What a text is: by what stands in it, and only where that says nothing by its name.

use crate::diagnostic::{Diagnostic, SourceFile};
use crate::documents::yaml::Node;
use crate::documents::{logql, prometheus, rules, yaml};
use crate::stack::wiring::PartKind;

pub struct Classified {
    pub kind: PartKind,
    pub documents: Vec<Node>,
    pub problems: Vec<Diagnostic>,
    pub unread: Option<String>,
}

impl Classified {
    fn of(kind: PartKind) -> Self {
        Classified { kind, documents: Vec::new(), problems: Vec::new(), unread: None }
    }

    fn unread(reason: impl Into<String>) -> Self {
        Classified { unread: Some(reason.into()), ..Classified::of(PartKind::Unread) }
    }
}

/// `language` is a fence's word or a file's extension.
pub fn read(source: &SourceFile, name: Option<&str>, language: &str) -> Classified {
    let text = source.text();
    if text.trim().is_empty() && !is_needed(name) {
        return Classified::unread("it is empty");
    }
    match language {
        "bash" | "sh" | "shell" | "zsh" | "console" | "shell-session" => Classified::of(PartKind::Shell),
        "js" | "javascript" | "jsx" | "mjs" | "ts" | "typescript" | "tsx" | "py" | "python" | "go"
        | "golang" | "java" | "kotlin" | "rust" | "rs" | "ruby" | "rb" | "php" | "csharp" | "cs" => {
            Classified::of(PartKind::Code)
        }
        "promql" | "logql" | "sql" => Classified::of(PartKind::Query),
        "yaml" | "yml" | "json" | "jsonc" => structured(source, name, true),
        "" | "text" | "txt" | "plaintext" | "conf" | "ini" | "toml" | "cfg" | "config" | "rules" => {
            match is_fluent_bit(text) {
                true => Classified::of(PartKind::FluentBit),
                false => structured(source, name, false),
            }
        }
        other => Classified::unread(format!("`{other}` is no language that is read")),
    }
}

/// `certain`: it says to be YAML or JSON, so that what it can't be is told.
fn structured(source: &SourceFile, name: Option<&str>, certain: bool) -> Classified {
    let (documents, problems) = yaml::read(source);
    match kind_of(&documents, name) {
        None if !certain => Classified::unread("it is text without a language"),
        _ if !problems.is_empty() && source.text().contains("{{-") => {
            Classified::unread("it is a template, and no YAML before it is rendered")
        }
        Some(kind) => Classified { kind, documents, problems, unread: None },
        None if !problems.is_empty() && is_excerpt(source.text(), name) => {
            Classified::unread("it can't be parsed")
        }
        None if !problems.is_empty() => {
            Classified { documents, problems, ..Classified::unread("it can't be parsed") }
        }
        None => Classified { documents, ..Classified::unread("it is no config of a kind that is known") },
    }
}

/// Whether it is what a program shows, or a part of a file: a line of JSON under the name of its dashboard, too.
fn is_excerpt(text: &str, name: Option<&str>) -> bool {
    text.trim_start().starts_with('"') || name.is_none() && !looks_like_config(text)
}

/// Whether a line begins as those of the known configs do.
fn looks_like_config(text: &str) -> bool {
    const KEYS: [&str; 22] = [
        "apiVersion:",
        "kind:",
        "global:",
        "scrape_configs:",
        "rule_files:",
        "alerting:",
        "groups:",
        "route:",
        "receivers:",
        "services:",
        "- alert:",
        "- record:",
        "- job_name:",
        "- name:",
        "datasources:",
        "providers:",
        "server:",
        "clients:",
        "prometheus:",
        "grafana:",
        "\"panels\":",
        "\"dashboard\":",
    ];
    text.lines().any(|line| KEYS.iter().any(|key| line.trim_start().starts_with(key)))
}

fn is_fluent_bit(text: &str) -> bool {
    const SECTIONS: [&str; 6] =
        ["[SERVICE]", "[INPUT]", "[FILTER]", "[OUTPUT]", "[PARSER]", "[MULTILINE_PARSER]"];
    text.lines().any(|line| SECTIONS.iter().any(|section| line.trim().eq_ignore_ascii_case(section)))
}

/// What some YAML documents are.
fn kind_of(documents: &[Node], name: Option<&str>) -> Option<PartKind> {
    if documents.iter().any(rules::is_object) {
        return Some(PartKind::Objects);
    }
    let Some(first) = documents.first() else {
        return is_needed(name).then_some(PartKind::Alertmanager);
    };
    let has = |key: &str| first.get(key).is_some();
    let list = |key: &str| first.get(key).is_some_and(|node| node.items().is_some());
    let within = |key: &str, inner: &str| first.get(key).is_some_and(|node| node.get(inner).is_some());
    let file = name.unwrap_or_default().rsplit('/').next().unwrap_or_default().to_lowercase();
    let keys = || first.entries().unwrap_or_default().iter().filter_map(|(key, _)| key.scalar());
    let kind = if file == "firedrill.yaml" || file == "firedrill.yml" {
        PartKind::Settings
    } else if list("scenarios") || (has("then") && has("name")) || (list("steps") && has("name")) {
        PartKind::Scenarios
    } else if is_compose(first) {
        PartKind::Compose
    } else if has("schema_config") || has("auth_enabled") || (has("ingester") && has("limits_config")) {
        PartKind::Loki
    } else if has("scrape_configs") && (has("clients") || has("positions")) {
        PartKind::Promtail
    } else if keys().any(|key| key.starts_with("filebeat.")) {
        PartKind::Filebeat
    } else if has("receivers") && within("service", "pipelines") {
        PartKind::OpenTelemetry
    } else if has("tests") && (has("rule_files") || list("groups")) {
        PartKind::UnitTest
    } else if is_grafana_alerting(first) {
        PartKind::GrafanaProvisioning
    } else if list("groups") && logql::are_rules(first) {
        PartKind::LogRules
    } else if list("groups") {
        PartKind::Rules
    } else if has("route") && has("receivers") {
        PartKind::Alertmanager
    } else if list("datasources") || list("providers") || list("notifiers") {
        PartKind::GrafanaProvisioning
    } else if list("panels") || within("dashboard", "panels") || has_rows(first) {
        PartKind::Dashboard
    } else if is_values(first) || file.contains("values") {
        PartKind::Values
    } else if prometheus::recognize(first) {
        PartKind::Prometheus
    } else if is_postgres_queries(first) {
        PartKind::PostgresQueries
    } else {
        return by_name(&file, first);
    };
    Some(kind)
}

/// Whether a file's program stops where nothing stands in it: Prometheus does without.
fn is_needed(name: Option<&str>) -> bool {
    let file = name.unwrap_or_default().rsplit('/').next().unwrap_or_default();
    matches!(file, "alertmanager.yml" | "alertmanager.yaml")
}

/// What a file is by its usual name alone, so that a config in which nothing is right is told to be none.
fn by_name(file: &str, root: &Node) -> Option<PartKind> {
    // Other programs have lists of rules.
    if root.items().is_some_and(|items| items.iter().any(|item| item.entries().is_some())) {
        return None;
    }
    let (stem, extension) = file.rsplit_once('.')?;
    match (stem, extension) {
        ("prometheus", "yml" | "yaml") => Some(PartKind::Prometheus),
        ("alertmanager", "yml" | "yaml") => Some(PartKind::Alertmanager),
        ("rules" | "alerts" | "alerting_rules" | "alert_rules" | "recording_rules", "yml" | "yaml") => {
            Some(PartKind::Rules)
        }
        _ => None,
    }
}

/// Grafana provisions its own alert rules, contact points and policies from files that begin with `apiVersion: 1`.
fn is_grafana_alerting(document: &Node) -> bool {
    const KEYS: [&str; 5] = ["groups", "contactPoints", "policies", "muteTimes", "deleteRules"];
    document.get("apiVersion").and_then(Node::scalar) == Some("1")
        && KEYS.iter().any(|key| document.get(key).is_some())
}

/// A dashboard of the time before Grafana 5.
fn has_rows(document: &Node) -> bool {
    let rows = document.get("rows").and_then(Node::items).unwrap_or_default();
    document.get("title").is_some() && rows.iter().any(|row| row.get("panels").is_some())
}

fn is_compose(document: &Node) -> bool {
    let services = document.get("services").and_then(Node::entries).unwrap_or_default();
    services.iter().any(|(_, service)| service.get("image").is_some() || service.get("build").is_some())
}

/// Values of the charts that are known.
fn is_values(document: &Node) -> bool {
    let within = |key: &str, inner: &[&str]| {
        document.get(key).is_some_and(|node| inner.iter().any(|inner| node.get(inner).is_some()))
    };
    within("prometheus", &["prometheusSpec"])
        || within("alertmanager", &["alertmanagerSpec", "config"])
        || within("grafana", &["adminPassword", "persistence"])
        || document.get("provisionDataStore").is_some()
        || document.get("dashboardProviders").is_some()
}

fn is_postgres_queries(document: &Node) -> bool {
    let entries = document.entries().unwrap_or_default();
    !entries.is_empty()
        && entries.iter().all(|(_, query)| query.get("query").is_some() && query.get("metrics").is_some())
}
