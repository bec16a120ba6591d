//! `alerting`: where alerts go, and what is relabelled before.

use super::{discovery, http_client};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::documents::relabel;
use crate::documents::shape::{self, Key, Want, key};
use crate::documents::value;
use crate::documents::yaml::{Mapping, Node};
use crate::stack::{Alertmanagers, Names, RelabelConfig, Version};
use crate::time::Duration;

#[derive(Default)]
pub struct Alerting {
    pub relabel_configs: Vec<RelabelConfig>,
    pub alertmanagers: Vec<Alertmanagers>,
}

pub const SIGV4: &[Key] = &[
    key("region", Want::Text),
    key("access_key", Want::Text),
    key("secret_key", Want::Secret),
    key("profile", Want::Text),
    key("role_arn", Want::Text),
    key("external_id", Want::Text).since(3, 9),
    key("use_fips_sts_endpoint", Want::Bool).since(3, 4),
    key("service_name", Want::Text).since(3, 9),
];

pub fn read(node: &Node, version: Version, names: Names, problems: &mut Vec<Diagnostic>) -> Alerting {
    let mut alerting = Alerting::default();
    let Some(mut mapping) = Mapping::of(node, "alerting", problems) else { return alerting };
    if let Some(node) = mapping.get("alert_relabel_configs") {
        alerting.relabel_configs = relabel::read_with(node, names, problems);
    }
    if let Some(node) = mapping.get("alertmanagers") {
        alerting.alertmanagers =
            value::list(node, problems, |node, problems| alertmanager(node, version, names, problems));
    }
    mapping.finish(problems);
    alerting
}

fn alertmanager(
    node: &Node,
    version: Version,
    names: Names,
    problems: &mut Vec<Diagnostic>,
) -> Option<Alertmanagers> {
    let mut mapping = Mapping::of(node, "alertmanager config", problems)?;
    let scheme = mapping.get("scheme").and_then(|node| value::string(node, problems));
    let path_prefix = mapping.get("path_prefix").and_then(|node| value::string(node, problems));
    let timeout = mapping.get("timeout").and_then(|node| value::duration(node, problems));
    let api_version = mapping.get("api_version").and_then(|node| {
        let known: &[&str] = if version.major < 3 { &["v1", "v2"] } else { &["v2"] };
        let read = value::one_of(node, "an Alertmanager api version", known, problems)?;
        Some(Spanned::new(read.to_owned(), node.span.clone()))
    });
    if version >= Version::new(2, 48) {
        let sigv4 = [key("sigv4", Want::Mapping("sigv4", SIGV4))];
        shape::check(&mut mapping, &sigv4, version, problems);
    }
    let relabelling = mapping.get("relabel_configs");
    let relabel_configs =
        relabelling.map(|node| relabel::read_with(node, names, problems)).unwrap_or_default();
    let alert_relabel_configs = match version >= Version::new(2, 51) {
        true => mapping.get("alert_relabel_configs"),
        false => None,
    };
    let alert_relabel_configs =
        alert_relabel_configs.map(|node| relabel::read_with(node, names, problems)).unwrap_or_default();
    let discovery = discovery::read(&mut mapping, version, problems);
    http_client::check(&mut mapping, version, problems);
    mapping.finish(problems);
    Some(Alertmanagers {
        place: node.span.clone(),
        scheme: scheme.map_or_else(|| "http".to_owned(), |scheme| scheme.value),
        path_prefix: path_prefix.map_or_else(String::new, |prefix| prefix.value),
        timeout: timeout.unwrap_or(Duration::from_secs(10)),
        api_version,
        discovery,
        relabel_configs,
        alert_relabel_configs,
        astray: None,
    })
}
