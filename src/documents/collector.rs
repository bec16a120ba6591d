//! The OpenTelemetry Collector's config: which components there are, and which of them its pipelines use.

use super::yaml::Node;
use crate::diagnostic::Spanned;
use crate::stack::wiring::{CollectorConfig, CollectorPipeline, Home};

/// The sections that define components.
const SECTIONS: [&str; 5] = ["receivers", "processors", "exporters", "connectors", "extensions"];

pub fn read(document: &Node, home: Home) -> CollectorConfig {
    let defined = SECTIONS.into_iter().flat_map(|section| {
        let entries = document.get(section).and_then(Node::entries).unwrap_or_default();
        entries.iter().filter_map(move |(name, _)| Some((section, spanned(name)?)))
    });
    let service = document.get("service");
    let pipelines = service.and_then(|service| service.get("pipelines")).and_then(Node::entries);
    let pipelines = pipelines.unwrap_or_default().iter().filter_map(|(name, pipeline)| {
        Some(CollectorPipeline {
            name: spanned(name)?,
            receivers: names(pipeline.get("receivers")),
            processors: names(pipeline.get("processors")),
            exporters: names(pipeline.get("exporters")),
        })
    });
    CollectorConfig {
        home,
        defined: defined.collect(),
        pipelines: pipelines.collect(),
        extensions: names(service.and_then(|service| service.get("extensions"))),
    }
}

fn names(list: Option<&Node>) -> Vec<Spanned<String>> {
    list.and_then(Node::items).unwrap_or_default().iter().filter_map(spanned).collect()
}

fn spanned(node: &Node) -> Option<Spanned<String>> {
    Some(Spanned::new(node.scalar()?.to_owned(), node.span.clone()))
}
