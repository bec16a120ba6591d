//! Promtail's config: where it pushes, what it tails, and which labels it gives.
//!
//! Promises: an unknown key at the top, in a job, or an unknown stage is what Promtail itself refuses.

use super::yaml::{Node, unknown_key};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::wiring::{Home, PromtailConfig, PromtailJob};

const TOP: [&str; 12] = [
    "server",
    "client",
    "clients",
    "positions",
    "scrape_configs",
    "target_config",
    "limits_config",
    "options",
    "tracing",
    "wal",
    "global",
    "ballast_bytes",
];
const JOB: [&str; 27] = [
    "job_name",
    "pipeline_stages",
    "journal",
    "syslog",
    "gcplog",
    "loki_push_api",
    "windows_events",
    "kafka",
    "gelf",
    "cloudflare",
    "heroku_drain",
    "azure_event_hubs",
    "relabel_configs",
    "docker_sd_configs",
    "encoding",
    "decompression",
    "static_configs",
    "dns_sd_configs",
    "file_sd_configs",
    "consul_sd_configs",
    "consulagent_sd_configs",
    "digitalocean_sd_configs",
    "dockerswarm_sd_configs",
    "serverset_sd_configs",
    "kubernetes_sd_configs",
    "ec2_sd_configs",
    "gce_sd_configs",
];
const STAGES: [&str; 27] = [
    "json",
    "logfmt",
    "regex",
    "replace",
    "metrics",
    "labels",
    "labeldrop",
    "timestamp",
    "output",
    "docker",
    "cri",
    "match",
    "template",
    "pipeline",
    "tenant",
    "drop",
    "sampling",
    "limit",
    "multiline",
    "pack",
    "labelallow",
    "static_labels",
    "decolorize",
    "eventlogmessage",
    "geoip",
    "non_indexed_labels",
    "structured_metadata",
];
/// Other discoveries of Prometheus that Promtail takes over as they are.
const DISCOVERY: &str = "_sd_configs";

pub fn read(document: &Node, home: Home) -> PromtailConfig {
    let mut problems = Vec::new();
    check_keys(document, "Promtail's config", &TOP, &mut problems);
    let jobs = list(document, "scrape_configs");
    for node in jobs {
        check_keys(node, "a scrape config of Promtail", &JOB, &mut problems);
        list(node, "pipeline_stages").iter().for_each(|stage| check_stage(stage, &mut problems));
    }
    let clients: Vec<&Node> = document.get("client").into_iter().chain(list(document, "clients")).collect();
    PromtailConfig {
        home,
        place: document.span.file.span(document.span.start..document.span.start),
        clients: clients.iter().filter_map(|client| text(client, "url")).collect(),
        tenants: clients.iter().filter_map(|client| text(client, "tenant_id")).collect(),
        positions: document.get("positions").and_then(|node| text(node, "filename")),
        jobs: jobs.iter().map(job).collect(),
        external_labels: clients
            .iter()
            .filter_map(|client| client.get("external_labels"))
            .flat_map(labels)
            .collect(),
        problems,
    }
}

fn check_keys(node: &Node, what: &'static str, known: &[&str], problems: &mut Vec<Diagnostic>) {
    for (key, _) in node.entries().unwrap_or_default() {
        let name = key.scalar().unwrap_or_default();
        if !known.contains(&name) && !name.ends_with(DISCOVERY) {
            problems.push(refused(unknown_key(key, what, known), name));
        }
    }
}

fn check_stage(stage: &Node, problems: &mut Vec<Diagnostic>) {
    for (key, value) in stage.entries().unwrap_or_default() {
        let name = key.scalar().unwrap_or_default();
        if !STAGES.contains(&name) {
            let mut problem = unknown_key(key, "pipeline_stages", &STAGES);
            problem.message = format!("Promtail has no stage `{name}`");
            problems.push(problem.because(format!("Promtail stops at start: Unknown stage type: {name}")));
        }
        list(value, "stages").iter().for_each(|inner| check_stage(inner, problems));
    }
}

fn refused(problem: Diagnostic, key: &str) -> Diagnostic {
    problem.because(format!("Promtail stops at start: field {key} not found"))
}

fn job(node: &Node) -> PromtailJob {
    let name = text(node, "job_name").unwrap_or_else(|| Spanned::new(String::new(), node.span.clone()));
    let entries = node.entries().unwrap_or_default().iter();
    let discovers = entries.filter_map(|(key, value)| {
        let name = key.scalar()?;
        let lists = name.ends_with(DISCOVERY) && value.items().is_some_and(|items| !items.is_empty());
        lists.then(|| Spanned::new(name.to_owned(), key.span.clone()))
    });
    let kubernetes = list(node, "kubernetes_sd_configs");
    let mut job = PromtailJob {
        name,
        discovers: discovers.into_iter().next(),
        of_pods: !kubernetes.is_empty()
            && kubernetes.iter().all(|found| found.get("role").and_then(Node::scalar) == Some("pod")),
        paths: Vec::new(),
        has_path: false,
        fixed: Vec::new(),
        labels: Vec::new(),
        label_maps: Vec::new(),
        relabelled: Vec::new(),
        dropped: Vec::new(),
        parser: None,
        makes_others: false,
    };
    // `static_configs`, and what is read of journals, sockets and queues.
    let sources = list(node, "static_configs").iter();
    let sources = sources.chain(node.entries().unwrap_or_default().iter().map(|(_, source)| source));
    job.fixed.extend(sources.filter_map(|source| source.get("labels")).flat_map(labels));
    for group in list(node, "static_configs") {
        if let Some(path) = group.get("labels").and_then(|labels| text(labels, "__path__")) {
            job.has_path = true;
            job.paths.push(path);
        }
    }
    for rule in list(node, "relabel_configs") {
        let sources =
            list(rule, "source_labels").iter().filter_map(Node::scalar).map(str::to_owned).collect();
        match (rule.get("action").and_then(Node::scalar).unwrap_or("replace"), text(rule, "target_label")) {
            ("labelmap", _) => job.label_maps.extend(text(rule, "regex")),
            ("labeldrop", _) => job.dropped.extend(text(rule, "regex").map(|regex| regex.value)),
            ("replace" | "lowercase" | "uppercase" | "hashmod", Some(target)) => {
                job.has_path |= target.value == "__path__";
                job.relabelled.push((target, sources));
            }
            _ => {}
        }
    }
    list(node, "pipeline_stages").iter().for_each(|stage| pipeline(stage, &mut job));
    job
}

fn pipeline(stage: &Node, job: &mut PromtailJob) {
    for (key, value) in stage.entries().unwrap_or_default() {
        match key.scalar() {
            Some(name @ ("cri" | "docker")) => {
                job.parser.get_or_insert_with(|| Spanned::new(name.to_owned(), key.span.clone()));
            }
            Some("labels") => {
                let labels = value.entries().unwrap_or_default().iter().filter_map(|(label, source)| {
                    let name = label.scalar()?.to_owned();
                    let source =
                        source.scalar().filter(|source| !source.is_empty()).unwrap_or(&name).to_owned();
                    Some((Spanned::new(name, label.span.clone()), source))
                });
                job.labels.extend(labels);
            }
            Some("labeldrop") => {
                job.dropped.extend(
                    value.items().unwrap_or_default().iter().filter_map(Node::scalar).map(str::to_owned),
                );
            }
            Some("static_labels") => job.fixed.extend(labels(value)),
            Some("geoip") => job.makes_others = true,
            Some("match") => list(value, "stages").iter().for_each(|inner| pipeline(inner, job)),
            _ => {}
        }
    }
}

/// Labels and values, but none that is for Promtail alone.
fn labels(node: &Node) -> Vec<(Spanned<String>, String)> {
    let labels = node.entries().unwrap_or_default().iter().filter_map(|(label, value)| {
        let name = label.scalar().filter(|name| !name.starts_with("__"))?;
        Some((Spanned::new(name.to_owned(), label.span.clone()), value.scalar()?.to_owned()))
    });
    labels.collect()
}

fn list<'n>(node: &'n Node, key: &str) -> &'n [Node] {
    node.get(key).and_then(Node::items).unwrap_or_default()
}

fn text(node: &Node, key: &str) -> Option<Spanned<String>> {
    let node = node.get(key)?;
    Some(Spanned::new(node.scalar()?.to_owned(), node.span.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::SourceFile;
    use crate::documents::yaml;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let (documents, _) = yaml::read(&SourceFile::new("promtail.yaml", text));
        let config = read(&documents[0], Home::File(None));
        let jobs = config.jobs.iter().map(|job| {
            let labels: Vec<String> =
                job.labels.iter().map(|(label, source)| format!("{}={source}", label.value)).collect();
            let parser = job.parser.as_ref().map_or("-", |parser| parser.value.as_str());
            format!("{} path:{} {parser} [{}]", job.name.value, job.has_path, labels.join(" "))
        });
        let problems = config.problems.iter().map(|problem| problem.message.clone());
        assert_eq!(jobs.chain(problems).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn jobs_have_paths_parsers_and_labels() {
        check(
            "scrape_configs:\n- job_name: a\n  kubernetes_sd_configs: [{role: pod}]\n  pipeline_stages: [{cri: {}}, {labels: \
             {level: , app: service}}]\n  relabel_configs: [{target_label: __path__, replacement: /var/log/*.log}]\n",
            &["a path:true cri [level=level app=service]"],
        );
        check(
            "scrape_configs: [{job_name: a, static_configs: [{targets: [localhost], labels: {__path__: /a.log}}]}]\n",
            &["a path:true - []"],
        );
        check(
            "scrape_configs: [{job_name: a, kubernetes_sd_configs: [{role: pod}]}]\n",
            &["a path:false - []"],
        );
    }

    #[test]
    fn what_promtail_does_not_know_is_refused() {
        check(
            "client: {}\nscrape_config: []\nscrape_configs: [{job_name: a, pipeline: [], pipeline_stages: [{grok: {}}]}]\n",
            &[
                "a path:false - []",
                "unknown key `scrape_config` in Promtail's config",
                "unknown key `pipeline` in a scrape config of Promtail",
                "Promtail has no stage `grok`",
            ],
        );
    }
}
