//! Compose files: services, their images, commands, ports and mounts.

mod merged;

use std::collections::BTreeMap;

use super::yaml::Node;
use crate::diagnostic::Spanned;
use crate::stack::wiring::{ComposeFile, Container, Memory, Mount, PublishedPort, Service, Wiring, Workload};

pub use merged::{Named, merged};

/// Takes a Compose file and its services into the wiring.
pub fn read(document: &Node, name: Option<&str>, wiring: &mut Wiring) {
    let file = wiring.compose_files.len();
    let names = |key| {
        let entries = document.get(key).and_then(Node::entries).unwrap_or_default().iter();
        entries.filter_map(|(name, _)| Some(name.scalar()?.to_owned())).collect()
    };
    wiring.compose_files.push(ComposeFile {
        name: name.map(str::to_owned),
        place: document.span.clone(),
        networks: names("networks"),
        volumes: names("volumes"),
    });
    let services = document.get("services").and_then(Node::entries).unwrap_or_default();
    for (key, service) in services {
        let Some(name) = key.scalar() else { continue };
        let name = Spanned::new(name.to_owned(), key.span.clone());
        let container = container(&name.value, service);
        let names = std::iter::once(name.clone()).chain(service.get("container_name").and_then(spanned));
        wiring.services.extend(names.map(|name| Service {
            name,
            namespace: None,
            selector: BTreeMap::new(),
            ports: Vec::new(),
            made_by: None,
            // A container may listen at ports that nobody wrote down.
            complete: false,
        }));
        let deploy = service.get("deploy");
        wiring.workloads.push(Workload {
            kind: "service".to_owned(),
            place: name.span.clone(),
            name,
            namespace: None,
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
            selector: Vec::new(),
            service_account: None,
            replicas: deploy.and_then(|deploy| deploy.get("replicas")).and_then(spanned),
            rolls: false,
            fs_group: false,
            host_network: service.get("network_mode").and_then(Node::scalar) == Some("host"),
            file: Some(file),
            networks: keys(service.get("networks")),
            volumes: Vec::new(),
            containers: vec![container],
        });
    }
}

fn container(name: &str, service: &Node) -> Container {
    let limits = service.get("deploy").and_then(|deploy| deploy.get("resources")?.get("limits"));
    let amount = |key| service.get("deploy")?.get("resources")?.get(key)?.get("memory").and_then(spanned);
    let privileged = service.get("privileged").filter(|node| node.scalar() == Some("true"));
    let user = service.get("user").and_then(Node::scalar);
    Container {
        name: name.to_owned(),
        image: service.get("image").and_then(spanned),
        args: ["entrypoint", "command"].into_iter().flat_map(|key| words(service.get(key))).collect(),
        ports: Vec::new(),
        mounts: items(service.get("volumes")).iter().filter_map(mount).collect(),
        env: environment(service.get("environment")),
        fields: Vec::new(),
        references: Vec::new(),
        probes: Vec::new(),
        published: items(service.get("ports")).iter().filter_map(published).collect(),
        restarts: restarts(service),
        overrides_entrypoint: service.get("entrypoint").is_some(),
        limited: limits.or(service.get("mem_limit")).or(service.get("cpus")).is_some(),
        memory: Memory {
            request: amount("reservations").or_else(|| service.get("mem_reservation").and_then(spanned)),
            limit: amount("limits").or_else(|| service.get("mem_limit").and_then(spanned)),
        },
        starts_slowly: false,
        privileged: privileged.map(|node| node.span.clone()),
        user: user.and_then(|user| user.split(':').next()?.parse().ok()),
    }
}

fn restarts(service: &Node) -> bool {
    let policy = service.get("deploy").and_then(|deploy| deploy.get("restart_policy")?.get("condition"));
    let said = service.get("restart").or(policy).and_then(Node::scalar);
    said.is_some_and(|said| !matches!(said, "no" | "none" | "false"))
}

/// `3001:3000`, `127.0.0.1:9090:9090/tcp`, or a mapping with `published` and `target`; ranges are passed over.
fn published(node: &Node) -> Option<PublishedPort> {
    let place = node.span.clone();
    if node.entries().is_some() {
        let number = |key| node.get(key).and_then(Node::scalar)?.parse().ok();
        let address = node.get("host_ip").and_then(Node::scalar).map(str::to_owned);
        return Some(PublishedPort {
            address,
            host: number("published")?,
            container: number("target")?,
            place,
        });
    }
    let (text, _) = node.scalar()?.split_once('/').unwrap_or((node.scalar()?, ""));
    let (before, container) = text.rsplit_once(':')?;
    let (address, host) = match before.rsplit_once(':') {
        Some((address, host)) => (Some(address.to_owned()), host),
        None => (None, before),
    };
    Some(PublishedPort { address, host: host.parse().ok()?, container: container.parse().ok()?, place })
}

/// The names in a list, or the keys of a mapping.
fn keys(node: Option<&Node>) -> Vec<Spanned<String>> {
    match node.and_then(Node::entries) {
        Some(entries) => entries.iter().filter_map(|(key, _)| spanned(key)).collect(),
        None => items(node).iter().filter_map(spanned).collect(),
    }
}

fn spanned(node: &Node) -> Option<Spanned<String>> {
    Some(Spanned::new(node.scalar()?.to_owned(), node.span.clone()))
}

fn items(node: Option<&Node>) -> &[Node] {
    node.and_then(Node::items).unwrap_or_default()
}

/// A command is a list of words, or one text of them.
fn words(node: Option<&Node>) -> Vec<Spanned<String>> {
    match node.and_then(spanned) {
        Some(text) => {
            let words = text.value.split_whitespace();
            words.map(|word| Spanned::new(word.to_owned(), text.span.clone())).collect()
        }
        None => items(node).iter().filter_map(spanned).collect(),
    }
}

/// A mapping, or a list of `NAME=value`.
fn environment(node: Option<&Node>) -> Vec<(Spanned<String>, Spanned<String>)> {
    if let Some(entries) = node.and_then(Node::entries) {
        return entries.iter().filter_map(|(name, value)| Some((spanned(name)?, spanned(value)?))).collect();
    }
    let assignments = items(node).iter().filter_map(|item| {
        let text = item.scalar()?;
        let equals = text.find('=')?;
        let (name, value) = (item.span_within(0..equals), item.span_within(equals + 1..text.len()));
        Some((
            Spanned::new(text[..equals].to_owned(), name),
            Spanned::new(text[equals + 1..].to_owned(), value),
        ))
    });
    assignments.collect()
}

/// `./rules:/etc/prometheus/rules:ro`, or a mapping with `source` and `target`.
fn mount(node: &Node) -> Option<Mount> {
    if let Some(text) = node.scalar() {
        let mut parts = text.split(':');
        let (source, path) = (parts.next()?, parts.next()?);
        let path = Spanned::new(path.to_owned(), node.span.clone());
        return Some(Mount { source: source.to_owned(), path, sub_path: None });
    }
    let source = node.get("source").and_then(Node::scalar)?;
    Some(Mount { source: source.to_owned(), path: spanned(node.get("target")?)?, sub_path: None })
}
