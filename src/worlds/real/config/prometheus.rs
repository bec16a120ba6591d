//! `prometheus.yml` for the real Prometheus: its targets are the synthetic ones, its alerts go to our Alertmanager.
//!
//! Jobs ask a proxy for the team's own addresses, and discoveries that need a cluster become `http_sd_configs` with the
//! same `__meta_` labels: so the team's relabelling does what it does at home.

use std::path::Path;

use super::{Written, quoted, refused};
use crate::diagnostic::{Diagnostic, SourceFile};
use crate::documents::yaml::{self, Node};
use crate::stack::{Discovery, ScrapeConfig, Stack};
use crate::worlds::edit::Edits;
use crate::worlds::speed;
use crate::worlds::targets::Targets;

/// Where what it speaks with listens, as it reaches it: `host:port`.
pub struct Reached<'a> {
    pub targets: &'a str,
    pub alertmanager: Option<&'a str>,
}

/// How soon a target that vanishes is found to have done so; the program itself looks every 5 s.
const REFRESH: &str = "100ms";

/// What a job needs to get at targets that are not there, and files that are not here.
const ACCESS: [&str; 9] = [
    "tls_config",
    "authorization",
    "basic_auth",
    "oauth2",
    "bearer_token",
    "bearer_token_file",
    "no_proxy",
    "proxy_from_environment",
    "proxy_connect_header",
];

/// The config to run with, its rules being all files of `rules`.
pub fn prometheus(
    stack: &Stack,
    rules: &Path,
    targets: &Targets,
    reached: &Reached<'_>,
    speed: u32,
) -> Result<Written, Vec<Diagnostic>> {
    let file = match &stack.prometheus.file {
        Some(file) => file.clone(),
        None => SourceFile::new("prometheus.yml", "global: {}\n"),
    };
    let mut edits = if speed > 1 { speed::prometheus(&file, speed)? } else { Edits::new(&file) };
    let Some(root) = yaml::read_one(&file).0 else { return Ok(Written::as_it_is(&file)) };
    let mut problems = Vec::new();
    let rules = format!("[{}]", quoted(&rules.join("*").display().to_string()));
    set(&mut edits, &root, "rule_files", &rules, "the rule files as they are, in this world's folder");
    match reached.alertmanager {
        Some(relay) if stack.prometheus.unsent().is_none() => alerting(&mut edits, &root, relay),
        Some(_) => {
            if let Some(alerting) = root.get("alerting") {
                edits.remove(alerting, "alertmanagers", "it leads to no Alertmanager of the documents");
            }
        }
        None => {}
    }
    for key in ["remote_write", "remote_read", "tracing"] {
        edits.remove(&root, key, "no synthetic sample leaves this world, and none comes in");
    }
    if let Some(files) = root.get("scrape_config_files").filter(|files| !files.is_null()) {
        problems.push(
            refused("`scrape_config_files` can't be run in a real world")
                .at(&files.span)
                .label("jobs that stand in other files")
                .help("put the jobs into `scrape_configs`, or run in the twin"),
        );
    }
    if let Some(global) = root.get("global") {
        for key in ["query_log_file", "scrape_failure_log_file"] {
            edits.remove(global, key, "it is written elsewhere");
        }
    }
    let jobs = root.get("scrape_configs").and_then(Node::items).unwrap_or_default();
    for config in &stack.prometheus.scrape_configs {
        match jobs.iter().find(|job| job.span.start == config.place.start) {
            Some(node) => job(&mut edits, node, config, targets, reached.targets),
            None => problems.push(
                refused(format!("job `{}` can't be run in a real world", config.job_name.value))
                    .at(&config.place)
                    .label("stands in no Prometheus config"),
            ),
        }
    }
    match problems.is_empty() {
        true => Written::of(edits),
        false => Err(problems),
    }
}

fn alerting(edits: &mut Edits, root: &Node, relay: &str) {
    let why = "this world's Alertmanager";
    let ours = format!("[{{static_configs: [{{targets: [{}]}}]}}]", quoted(relay));
    match root.get("alerting").filter(|alerting| alerting.entries().is_some()) {
        Some(alerting) => set(edits, alerting, "alertmanagers", &ours, why),
        None => {
            let why = "the config sends its alerts nowhere, and this world has an Alertmanager";
            set(edits, root, "alerting", &format!("{{alertmanagers: {ours}}}"), why);
        }
    }
}

fn job(edits: &mut Edits, node: &Node, config: &ScrapeConfig, targets: &Targets, proxy: &str) {
    let proxy_url = quoted(&format!("http://{proxy}"));
    set(edits, node, "proxy_url", &proxy_url, "the synthetic services answer in place of the team's");
    for key in ACCESS {
        edits.remove(node, key, "the synthetic services ask for no credentials");
    }
    if let Some(scheme) = node.get("scheme").filter(|scheme| scheme.scalar() == Some("https")) {
        edits.replace(&scheme.span, "http", "the synthetic services speak no TLS");
    }
    if let Some(relabelling) = node.get("relabel_configs") {
        let sets_scheme = |rule: &Node| {
            rule.get("target_label").and_then(Node::scalar).is_some_and(|label| label == "__scheme__")
        };
        if relabelling.items().unwrap_or_default().iter().any(sets_scheme) {
            let item = "{target_label: __scheme__, replacement: http}";
            edits.append(relabelling, item, "the synthetic services speak no TLS");
        }
    }
    discoveries(edits, node, config, targets, proxy);
}

/// All of a job's discoveries but the static ones become one `http_sd_configs`.
fn discoveries(edits: &mut Edits, node: &Node, config: &ScrapeConfig, targets: &Targets, proxy: &str) {
    let why = "finds the synthetic services, with the labels that the discovery would give";
    let found = config.discovery.iter().filter(|discovery| !matches!(discovery, Discovery::Static { .. }));
    let served: Vec<String> = found
        .map(|discovery| {
            let path = targets.discover(&config.job_name.value, discovery);
            format!("{{url: {}, refresh_interval: {REFRESH}}}", quoted(&format!("http://{proxy}{path}")))
        })
        .collect();
    let ours = format!("[{}]", served.join(", "));
    let is_discovery = |name: &str| name.ends_with("_sd_configs");
    let kinds = node.entries().unwrap_or_default().iter();
    let mut kinds = kinds.filter(|(name, value)| {
        name.scalar().is_some_and(is_discovery) && value.items().is_some_and(|items| !items.is_empty())
    });
    let Some((name, value)) = kinds.next() else { return };
    if name.scalar() != Some("http_sd_configs") {
        edits.replace(&name.span, "http_sd_configs", why);
    }
    edits.replace(&value.span, ours, why);
    for (name, _) in kinds {
        edits.remove(node, name.scalar().unwrap_or_default(), why);
    }
}

/// Gives an entry this value, whether or not it is there.
pub fn set(edits: &mut Edits, mapping: &Node, key: &str, value: &str, why: &str) {
    match mapping.get(key) {
        Some(node) => {
            // Behind a key that stands alone there is not even a space.
            let space = if node.is_null() && node.span.start == node.span.end { " " } else { "" };
            edits.replace(&node.span, format!("{space}{value}"), why);
        }
        None => edits.insert(mapping, key, value, why),
    }
}
