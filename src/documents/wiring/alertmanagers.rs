//! The Alertmanager configs in the documents: files and ConfigMaps, a chart's values, `AlertmanagerConfig` objects, with
//! the template files that belong to each.
//!
//! Promises: values are merged into their chart's defaults as Helm does it, and objects into the config as the operator
//! does it, so that the config is the one that Alertmanager gets.

use super::{alertmanager_version, flat, home};
use crate::diagnostic::{Diagnostic, SourceFile, Span};
use crate::documents::find::glob;
use crate::documents::parts::Part;
use crate::documents::yaml::Node;
use crate::documents::{alertmanager, chart_defaults};
use crate::stack::alertmanager::Alertmanager;
use crate::stack::wiring::{AlertmanagerConfig, Home, PartKind, Setting, Wiring};

/// Takes every config that the parts are or hold into the wiring.
pub fn read(parts: &[Part], wiring: &mut Wiring) {
    let objects = objects(parts);
    for part in parts {
        match part.kind {
            PartKind::Alertmanager => file(part, parts, wiring),
            PartKind::Values => {
                part.documents.iter().for_each(|values| of_values(values, &objects, wiring));
            }
            _ => {}
        }
    }
    let none = !wiring.alertmanagers.iter().any(|config| config.home == Home::Values);
    if let Some(first) = objects.first().filter(|_| none) {
        let read = alertmanager::read_objects(None, &objects, alertmanager_version(wiring));
        push(read, Home::AlertmanagerConfigs, first.span.clone(), flat(first), Vec::new(), wiring);
    }
}

fn file(part: &Part, parts: &[Part], wiring: &mut Wiring) {
    let read = alertmanager::read_as_meant(&part.source, alertmanager_version(wiring));
    let patterns = read.0.iter().flat_map(|config| &config.templates);
    let mut files: Vec<SourceFile> = Vec::new();
    for pattern in patterns {
        let named =
            |part: &&Part| part.name.as_deref().is_some_and(|name| glob::fits_end(&pattern.value, name));
        for template in parts.iter().filter(named).map(|part| &part.source) {
            if !files.iter().any(|known| known.span(0..0) == template.span(0..0)) {
                files.push(template.clone());
            }
        }
    }
    let settings = part.documents.first().map(flat).unwrap_or_default();
    push(read, home(part), part.source.span(0..0), settings, files, wiring);
}

/// `alertmanager.config` and `alertmanager.templateFiles` of a chart's values.
fn of_values(values: &Node, objects: &[&Node], wiring: &mut Wiring) {
    let at = |key: &str| values.get("alertmanager").and_then(|node| node.get(key));
    let Some(given) = at("config").filter(|node| node.entries().is_some()) else { return };
    let merged = match wiring.releases.is_empty() || wiring.release_of("kube-prometheus-stack").is_some() {
        true => chart_defaults::alertmanager_config(given),
        false => given.clone(),
    };
    let read = alertmanager::read_objects(Some(&merged), objects, alertmanager_version(wiring));
    let templates = at("templateFiles").and_then(Node::entries).unwrap_or_default();
    let files = templates.iter().filter_map(|(_, text)| text.view()).collect();
    push(read, Home::Values, given.span.clone(), flat(given), files, wiring);
}

fn push(
    (meant, problems): (Option<Alertmanager>, Vec<Diagnostic>),
    home: Home,
    place: Span,
    settings: Vec<Setting>,
    template_files: Vec<SourceFile>,
    wiring: &mut Wiring,
) {
    wiring.alertmanagers.push(AlertmanagerConfig {
        home,
        place,
        version: alertmanager_version(wiring),
        meant: meant.map(|config| Alertmanager { template_files, ..config }),
        problems,
        settings,
    });
}

/// All `AlertmanagerConfig` objects, in the operator's order.
fn objects(parts: &[Part]) -> Vec<&Node> {
    let documents =
        parts.iter().filter(|part| part.kind == PartKind::Objects).flat_map(|part| &part.documents);
    let listed = documents.flat_map(|document| match document.get("items").and_then(Node::items) {
        Some(items) => items.iter().collect(),
        None => vec![document],
    });
    let kind = |object: &&Node| object.get("kind").and_then(Node::scalar) == Some("AlertmanagerConfig");
    let mut objects: Vec<&Node> = listed.filter(kind).collect();
    objects.sort_by_key(|object| crate::documents::kubernetes::identity(object));
    objects
}
