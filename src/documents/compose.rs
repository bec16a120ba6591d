//! Compose files: services, their images, commands, ports and mounts.

use std::collections::BTreeMap;

use super::yaml::Node;
use crate::diagnostic::Spanned;
use crate::stack::wiring::{Container, Mount, Service, Wiring, Workload};

/// Takes the services of a Compose file into the wiring.
pub fn read(document: &Node, wiring: &mut Wiring) {
    let services = document.get("services").and_then(Node::entries).unwrap_or_default();
    for (key, service) in services {
        let Some(name) = key.scalar() else { continue };
        let name = Spanned::new(name.to_owned(), key.span.clone());
        let container = Container {
            name: name.value.clone(),
            image: service.get("image").and_then(spanned),
            args: ["entrypoint", "command"].into_iter().flat_map(|key| words(service.get(key))).collect(),
            ports: Vec::new(),
            mounts: items(service.get("volumes")).iter().filter_map(mount).collect(),
            env: environment(service.get("environment")),
        };
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
        wiring.workloads.push(Workload {
            kind: "service".to_owned(),
            place: name.span.clone(),
            name,
            namespace: None,
            labels: BTreeMap::new(),
            containers: vec![container],
            volumes: Vec::new(),
        });
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
