//! Filebeat's settings, as a file of its own or in the operator's `Beat`.

use super::wiring::flat;
use super::yaml::Node;
use crate::diagnostic::{Span, Spanned};
use crate::stack::Version;
use crate::stack::wiring::{FilebeatConfig, Home};

/// A file of settings.
pub fn read(
    document: &Node,
    home: Home,
    namespace: Option<String>,
    version: Option<Version>,
) -> FilebeatConfig {
    FilebeatConfig {
        home,
        place: document.span.file.span(document.span.start..document.span.start),
        version,
        namespace,
        operated: None,
        joined: None,
        settings: flat(document),
        docker_metadata: docker_metadata(document),
    }
}

/// A `Beat` of the type filebeat.
pub fn operated(object: &Node) -> Option<FilebeatConfig> {
    let spec = object.get("spec")?;
    let text = |node: &Node, key: &str| {
        let node = node.get(key)?;
        Some(Spanned::new(node.scalar()?.to_owned(), node.span.clone()))
    };
    if text(object, "kind")?.value != "Beat" || text(spec, "type")?.value != "filebeat" {
        return None;
    }
    let metadata = object.get("metadata")?;
    let namespace = text(metadata, "namespace").map_or_else(|| "default".to_owned(), |name| name.value);
    let config = spec.get("config")?;
    Some(FilebeatConfig {
        home: Home::Values,
        place: config.span.file.span(config.span.start..config.span.start),
        version: text(spec, "version").and_then(|version| Version::parse(&version.value)),
        namespace: Some(namespace),
        operated: text(metadata, "name"),
        joined: spec.get("elasticsearchRef").and_then(|reference| text(reference, "name")),
        settings: flat(config),
        docker_metadata: docker_metadata(config),
    })
}

/// The key of the processor, which may have no settings.
fn docker_metadata(config: &Node) -> Option<Span> {
    let processors = config.get("processors").and_then(Node::items).unwrap_or_default().iter();
    let keys = processors.flat_map(|processor| processor.entries().unwrap_or_default());
    keys.map(|(key, _)| key)
        .find(|key| key.scalar() == Some("add_docker_metadata"))
        .map(|key| key.span.clone())
}
