//! Grafana's provisioning: datasources, dashboard providers, and the notification channels of old.
//!
//! Promises: Grafana reads these files leniently, so keys that it does not know are passed over here too.

use super::value::{Resolved, resolve};
use super::yaml::Node;
use crate::diagnostic::Spanned;
use crate::stack::wiring::{Datasource, Grafana, Home, Provider};

/// Takes a provisioning file into what is known of Grafana.
pub fn read(document: &Node, home: &Home, namespace: Option<&str>, grafana: &mut Grafana) {
    for node in list(document, "datasources") {
        let Some(name) = text(node, "name") else { continue };
        let default = node
            .get("isDefault")
            .filter(|node| node.scalar().is_some_and(|text| resolve(text) == Resolved::Bool(true)));
        grafana.datasources.push(Datasource {
            name,
            uid: text(node, "uid").map(|uid| uid.value),
            kind: text(node, "type").map(|kind| kind.value).unwrap_or_default(),
            url: text(node, "url"),
            default: default.map(|node| node.span.clone()),
            organisation: text(node, "orgId").map_or_else(|| "1".to_owned(), |id| id.value),
            home: home.clone(),
            namespace: namespace.map(str::to_owned),
        });
    }
    for node in list(document, "providers") {
        let name = text(node, "name").unwrap_or_else(|| Spanned::new(String::new(), node.span.clone()));
        let path = node.get("options").and_then(|options| text(options, "path"));
        grafana.providers.push(Provider { name, path, home: home.clone() });
    }
    grafana.notifiers.extend(list(document, "notifiers").iter().filter_map(|node| text(node, "name")));
}

fn list<'n>(node: &'n Node, key: &str) -> &'n [Node] {
    node.get(key).and_then(Node::items).unwrap_or_default()
}

fn text(node: &Node, key: &str) -> Option<Spanned<String>> {
    let node = node.get(key)?;
    Some(Spanned::new(node.scalar()?.to_owned(), node.span.clone()))
}
