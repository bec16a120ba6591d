//! From the parts of the documents to the [`Wiring`]: what there is, and which version each config is for.
//!
//! Promises: the strict readers judge every config, wherever it stands, for the version that its image states;
//! without a stated version, for the newest.

mod alertmanagers;

use std::borrow::Cow;
use std::path::Path;

use super::parts::{Part, Parts};
use super::yaml::{Kind, Node};
use super::{
    collector, compose, dashboard, filebeat, fluent_bit, grafana, helm, instrumentation, kubernetes,
    log_code, logql, loki, parts, prometheus, promql_blocks, promtail, rules, trace_code,
};
use crate::diagnostic::{Diagnostic, SourceFile, Spanned};
use crate::stack::Version;
use crate::stack::alertmanager::Version as AlertmanagerVersion;
use crate::stack::wiring::{
    Address, DocumentPart, Home, PartKind, PrometheusConfig, RuleFile, Setting, Wiring,
};

/// Everything at `paths`; `Err` where a file can't be read or there is none.
pub fn load<P: AsRef<Path>>(paths: &[P]) -> Result<Wiring, Vec<Diagnostic>> {
    let parts = parts::read(paths);
    if !parts.unreadable.is_empty() {
        return Err(parts.unreadable);
    }
    if parts.parts.is_empty() {
        let names: Vec<String> = paths.iter().map(|path| path.as_ref().display().to_string()).collect();
        let nothing = format!("there is nothing to check in {}", names.join(", "));
        let looked = "looked for YAML and JSON files, and for Markdown with fenced blocks";
        return Err(vec![Diagnostic::error("no-documents", nothing).because(looked)]);
    }
    Ok(wire(parts, Wiring::default()))
}

/// The wiring of some files that were read already, for the versions stated.
pub fn of_files<'f>(
    files: impl IntoIterator<Item = &'f SourceFile>,
    prometheus: Option<Version>,
    alertmanager: Option<AlertmanagerVersion>,
) -> Wiring {
    let mut parts = Parts::default();
    files.into_iter().for_each(|file| parts.file(file));
    wire(parts, Wiring { asked: (prometheus, alertmanager), ..Wiring::default() })
}

/// The wiring of a single text, as if it were a file of this path.
pub fn of_text(path: &str, text: &str) -> Wiring {
    let mut parts = Parts::default();
    parts.file(&SourceFile::new(path, text));
    wire(parts, Wiring::default())
}

fn wire(parts: Parts, mut wiring: Wiring) -> Wiring {
    wiring.broken = parts.broken;
    wiring.commands = parts.commands;
    wiring.here_documents = parts.here_documents;
    wiring.prose = parts.prose;
    for part in &parts.parts {
        wiring.parts.push(DocumentPart {
            kind: part.kind,
            name: part.name.clone(),
            language: part.language.clone(),
            source: part.source.clone(),
            holder: part.holder.is_some().then(|| home(part)),
            place: part.place.clone(),
            unread: part.unread.clone(),
            objects: part.documents.iter().filter_map(object).collect(),
        });
        match part.kind {
            PartKind::Objects => {
                part.documents.iter().for_each(|object| kubernetes::read(object, &mut wiring));
            }
            PartKind::Code => {
                wiring.metrics.extend(instrumentation::read(&part.source));
                wiring.logs.sinks.extend(log_code::sinks(&part.source));
                trace_code::read(&part.source, part.name.as_deref(), &mut wiring.traces);
            }
            PartKind::Query if part.language == "promql" => {
                wiring.queries.extend(promql_blocks::read(&part.source));
            }
            _ => {}
        }
    }
    let composed = parts.parts.iter().filter(|part| part.kind == PartKind::Compose);
    let composed = composed.flat_map(|part| {
        part.documents.iter().map(|document| (part.name.as_deref(), Cow::Borrowed(document)))
    });
    for (name, document) in compose::merged(composed.collect(), &wiring.commands) {
        compose::read(&document, name, &mut wiring);
    }
    let code: Vec<&SourceFile> =
        parts.parts.iter().filter(|part| part.kind == PartKind::Code).map(|part| &part.source).collect();
    wiring.logs.fields = log_code::fields(&code);
    helm::read(&parts.releases, &parts.parts, &mut wiring);
    alertmanagers::read(&parts.parts, &mut wiring);
    for part in &parts.parts {
        configs(part, &mut wiring);
        wiring.logs.filebeat.extend(part.documents.iter().filter_map(filebeat::operated));
        settings(part, &mut wiring);
    }
    wiring.queries.extend(dashboard::queries(&wiring.grafana));
    wiring.addresses.extend(backends(&wiring));
    wiring.addresses.extend(port_forwards(&wiring));
    wiring
}

/// What a document says that it is, where it is a Kubernetes object.
fn object(document: &Node) -> Option<Spanned<String>> {
    let kind = document.get("kind").and_then(Node::scalar).filter(|_| rules::is_object(document))?;
    let metadata = document.get("metadata");
    let text = |key| metadata.and_then(|node| node.get(key)).and_then(Node::scalar);
    let name = text("name").unwrap_or("without a name");
    let named = match text("namespace") {
        Some(namespace) => format!("{kind} {namespace}/{name}"),
        None => format!("{kind} {name}"),
    };
    Some(Spanned::new(named, document.span.clone()))
}

fn home(part: &Part) -> Home {
    match &part.holder {
        Some(holder) => Home::ConfigMap {
            namespace: holder.namespace.clone(),
            name: holder.name.clone(),
            key: holder.key.clone(),
        },
        None => Home::File(part.name.clone()),
    }
}

/// Reads the configs that a part is or holds.
fn configs(part: &Part, wiring: &mut Wiring) {
    match part.kind {
        PartKind::Prometheus => {
            let version = prometheus_version(wiring);
            let (config, problems) = prometheus::read(&part.source, version);
            let home = home(part);
            wiring.prometheus.push(PrometheusConfig {
                home,
                source: part.source.clone(),
                version,
                config,
                problems,
            });
        }
        PartKind::LogRules => wiring.logs.rules.extend(part.documents.iter().flat_map(logql::rules)),
        PartKind::Rules => rule_file(&part.source, home(part), wiring),
        PartKind::Objects if part.documents.iter().any(rules::is_rule_object) => {
            let object = part.documents.iter().find(|document| rules::is_rule_object(document));
            let (namespace, name) = object.map(kubernetes::identity).unwrap_or_default();
            rule_file(&part.source, Home::PrometheusRule { namespace, name }, wiring);
        }
        PartKind::Values => {
            part.documents.iter().for_each(|values| values_configs(part, values, wiring));
        }
        PartKind::Loki => {
            let Some(document) = part.documents.first() else { return };
            let version = image_version(wiring, "grafana/loki").unwrap_or(loki::NEWEST);
            wiring.logs.loki.push(loki::read(document, home(part), version));
        }
        PartKind::Promtail => {
            let Some(document) = part.documents.first() else { return };
            wiring.logs.promtail.push(promtail::read(document, home(part)));
        }
        PartKind::FluentBit => {
            let version = image_version(wiring, "fluent/fluent-bit");
            wiring.logs.fluent_bit.push(fluent_bit::read(&part.source, home(part), version));
        }
        PartKind::Filebeat => {
            let Some(document) = part.documents.first() else { return };
            let namespace = part.holder.as_ref().map(|holder| holder.namespace.clone());
            let version = image_version(wiring, "beats/filebeat");
            wiring.logs.filebeat.push(filebeat::read(document, home(part), namespace, version));
        }
        PartKind::OpenTelemetry => {
            let Some(document) = part.documents.first() else { return };
            wiring.traces.collectors.push(collector::read(document, home(part)));
        }
        PartKind::Dashboard => {
            let read = part.documents.iter().filter_map(|document| dashboard::read(document, home(part)));
            wiring.grafana.dashboards.extend(read);
        }
        PartKind::GrafanaProvisioning => {
            let namespace = part.holder.as_ref().map(|holder| holder.namespace.as_str());
            for document in &part.documents {
                grafana::read(document, &home(part), namespace, &mut wiring.grafana);
            }
        }
        _ => {}
    }
}

fn rule_file(source: &SourceFile, home: Home, wiring: &mut Wiring) {
    let version = prometheus_version(wiring);
    let (groups, problems) = rules::read(source, version);
    wiring.rule_files.push(RuleFile { home, source: source.clone(), version, groups, problems });
}

/// The configs in a chart's values.
fn values_configs(part: &Part, values: &Node, wiring: &mut Wiring) {
    let at = |keys: &[&str]| keys.iter().try_fold(values, |node, key| node.get(key));
    if let Some(jobs) = at(&["prometheus", "prometheusSpec", "additionalScrapeConfigs"])
        && let Some(source) = scrape_configs(&part.source, jobs)
    {
        let version = prometheus_version(wiring);
        let (config, problems) = prometheus::read(&source, version);
        wiring.prometheus.push(PrometheusConfig { home: Home::Values, source, version, config, problems });
    }
    let namespace = helm::namespace_of(part, wiring);
    // Alone, the chart of Grafana has its values at the top.
    for grafana in [Some(values), values.get("grafana")].into_iter().flatten() {
        for key in ["datasources", "dashboardProviders"] {
            let files = grafana.get(key).and_then(Node::entries).unwrap_or_default();
            for (_, file) in files {
                grafana::read(file, &Home::Values, namespace.as_deref(), &mut wiring.grafana);
            }
        }
    }
}

/// A list of scrape configs as a Prometheus config of its own, every place kept.
fn scrape_configs(file: &SourceFile, jobs: &Node) -> Option<SourceFile> {
    const KEY: &str = "scrape_configs:\n";
    match &jobs.kind {
        Kind::Scalar(_) => {
            let list = jobs.view()?;
            Some(list.view([(0..0, KEY), (0..list.text().len(), list.text())]))
        }
        Kind::Sequence(items) if !items.is_empty() => {
            let before = &file.text()[..jobs.span.start];
            let column = jobs.span.start - before.rfind('\n').map_or(0, |newline| newline + 1);
            let lead = format!("{KEY}{}", " ".repeat(column));
            let range = jobs.span.start..jobs.span.end;
            Some(file.view([(range.start..range.start, lead.as_str()), (range.clone(), &file.text()[range])]))
        }
        _ => None,
    }
}

/// The version that an image of the documents states.
fn image_version(wiring: &Wiring, program: &str) -> Option<Version> {
    wiring.running(program).find_map(|(_, container)| Version::parse(container.image_tag()?))
}

fn prometheus_version(wiring: &Wiring) -> Version {
    let tag = wiring.running("prom/prometheus").chain(wiring.running("prometheus/prometheus"));
    let mut versions = tag.filter_map(|(_, container)| Version::parse(container.image_tag()?));
    wiring.asked.0.or_else(|| versions.next()).unwrap_or(Version::NEWEST)
}

fn alertmanager_version(wiring: &Wiring) -> AlertmanagerVersion {
    let tag = wiring.running("prom/alertmanager").chain(wiring.running("prometheus/alertmanager"));
    let mut versions = tag.filter_map(|(_, container)| AlertmanagerVersion::parse(container.image_tag()?));
    wiring.asked.1.or_else(|| versions.next()).unwrap_or(AlertmanagerVersion::NEWEST)
}

/// The single values of a part, and the addresses among them.
fn settings(part: &Part, wiring: &mut Wiring) {
    match part.kind {
        PartKind::Settings
        | PartKind::Scenarios
        | PartKind::Rules
        | PartKind::LogRules
        | PartKind::Dashboard
        | PartKind::UnitTest
        | PartKind::Prometheus => return,
        PartKind::FluentBit => {
            let namespace = part.holder.as_ref().map(|holder| holder.namespace.clone());
            wiring.addresses.extend(fluent_bit_addresses(&part.source, namespace));
            return;
        }
        _ => {}
    }
    for document in &part.documents {
        if rules::is_rule_object(document) {
            continue;
        }
        let namespace = match (&part.holder, rules::is_object(document)) {
            (Some(holder), _) => Some(holder.namespace.clone()),
            (None, true) => Some(kubernetes::identity(document).0),
            (None, false) => None,
        };
        // Values are deployed to their release's namespace.
        let namespace = match part.kind {
            PartKind::Values => helm::namespace_of(part, wiring),
            _ => namespace,
        };
        let settings = flat(document);
        for setting in &settings {
            wiring.addresses.extend(address(setting, namespace.as_deref()));
        }
        wiring.settings.extend(settings);
    }
}

/// The address in a value that is a URL.
fn address(setting: &Setting, from: Option<&str>) -> Option<Address> {
    let text = setting.value.value.as_str();
    let (scheme, rest) = text.split_once("://")?;
    if scheme.is_empty() || !scheme.chars().all(|c| c.is_ascii_alphanumeric() || c == '+') {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next()?;
    let host_port = authority.rsplit('@').next()?;
    let (host, port) = match host_port.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()),
        None => (host_port, None),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if host.is_empty() || !host.chars().all(plain) {
        return None;
    }
    Some(Address {
        host: host.to_owned(),
        port,
        from: from.map(str::to_owned),
        what: "this address",
        place: setting.value.span.clone(),
    })
}

/// Where Ingresses lead.
fn backends(wiring: &Wiring) -> Vec<Address> {
    let mut addresses = Vec::new();
    for ingress in &wiring.ingresses {
        addresses.extend(ingress.backends.iter().map(|backend| Address {
            host: backend.service.value.clone(),
            port: backend.port.as_ref().and_then(|port| port.value.parse().ok()),
            from: Some(ingress.namespace.clone()),
            what: "this backend",
            place: backend.service.span.clone(),
        }));
    }
    addresses
}

/// `kubectl port-forward -n NAMESPACE svc/NAME LOCAL:PORT`
fn port_forwards(wiring: &Wiring) -> Vec<Address> {
    let mut addresses = Vec::new();
    for words in wiring.commands.iter().filter(|words| words.iter().any(|word| word.value == "port-forward"))
    {
        let namespace = words.windows(2).find(|pair| matches!(pair[0].value.as_str(), "-n" | "--namespace"));
        let Some(at) = words
            .iter()
            .position(|word| word.value.starts_with("svc/") || word.value.starts_with("service/"))
        else {
            continue;
        };
        let Some((kind, name)) = words[at].value.split_once('/') else { continue };
        let span = &words[at].span;
        let port = words.iter().skip(at + 1).find_map(|word| {
            let (_, port) = word.value.rsplit_once(':').unwrap_or(("", &word.value));
            port.parse().ok()
        });
        addresses.push(Address {
            host: name.to_owned(),
            port,
            from: Some(namespace.map_or("default", |pair| &pair[1].value).to_owned()),
            what: "this Service",
            place: span.file.span(span.start + kind.len() + 1..span.end),
        });
    }
    addresses
}

/// `Host` and `Port` of the outputs.
fn fluent_bit_addresses(source: &SourceFile, from: Option<String>) -> Vec<Address> {
    let mut addresses: Vec<Address> = Vec::new();
    let mut output = false;
    let mut at = 0;
    for line in source.text().split_inclusive('\n') {
        let start = at;
        at += line.len();
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [section] if section.starts_with('[') => output = section.eq_ignore_ascii_case("[OUTPUT]"),
            [key, host] if output && key.eq_ignore_ascii_case("host") => {
                let column = line.rfind(host).unwrap_or(0);
                addresses.push(Address {
                    host: (*host).to_owned(),
                    port: None,
                    from: from.clone(),
                    what: "this output",
                    place: source.span(start + column..start + column + host.len()),
                });
            }
            [key, port] if output && key.eq_ignore_ascii_case("port") => {
                if let Some(last) = addresses.last_mut() {
                    last.port = port.parse().ok();
                }
            }
            _ => {}
        }
    }
    addresses
}

/// Every single value under a node, with the keys that lead to it; lists add `[]`.
pub fn flat(node: &Node) -> Vec<Setting> {
    let mut settings = Vec::new();
    flatten(node, String::new(), &mut settings);
    settings
}

fn flatten(node: &Node, path: String, settings: &mut Vec<Setting>) {
    match &node.kind {
        Kind::Null => {}
        Kind::Scalar(scalar) => {
            settings.push(Setting { path, value: Spanned::new(scalar.text.clone(), node.span.clone()) });
        }
        Kind::Sequence(items) => {
            items.iter().for_each(|item| flatten(item, format!("{path}[]"), settings));
        }
        Kind::Mapping(entries) => {
            for (key, value) in entries {
                let key = key.scalar().unwrap_or_default();
                let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
                flatten(value, path, settings);
            }
        }
    }
}
