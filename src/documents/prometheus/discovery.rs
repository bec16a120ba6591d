//! Where targets come from: `static_configs` and every `*_sd_configs`, each with its own keys.

mod kinds;

use kinds::KINDS;

use super::http_client;
use crate::diagnostic::{Diagnostic, Span, Spanned};
use crate::documents::shape;
use crate::documents::value;
use crate::documents::yaml::{Mapping, Node};
use crate::golang::quote;
use crate::labels::Labels;
use crate::stack::{Discovery, KubernetesRole, Version};

/// All ways of discovery among the keys of a scrape config or of an Alertmanager.
pub fn read(mapping: &mut Mapping<'_>, version: Version, problems: &mut Vec<Diagnostic>) -> Vec<Discovery> {
    let relabelled =
        mapping.get("relabel_configs").and_then(Node::items).is_some_and(|items| !items.is_empty());
    let mut found = Vec::new();
    if let Some(node) = mapping.get("static_configs") {
        found.extend(value::list(node, problems, |node, problems| {
            static_group(node, version, relabelled, problems)
        }));
    }
    for kind in KINDS.iter().filter(|kind| kind.since <= version) {
        let Some(node) = mapping.get(kind.name) else { continue };
        found.extend(value::list(node, problems, |node, problems| {
            if node.is_null() {
                problems.push(empty_section(node, kind.name));
                return None;
            }
            let mut config = Mapping::of(node, kind.name, problems)?;
            shape::check(&mut config, kind.keys, version, problems);
            if kind.http {
                http_client::check(&mut config, version, problems);
            }
            config.finish(problems);
            match kind.name {
                "kubernetes_sd_configs" => kubernetes(node, problems),
                name => {
                    requirements(name, node, problems);
                    Some(Discovery::Other { kind: name, place: node.span.clone() })
                }
            }
        }));
    }
    found
}

fn static_group(
    node: &Node,
    version: Version,
    relabelled: bool,
    problems: &mut Vec<Diagnostic>,
) -> Option<Discovery> {
    if node.is_null() {
        problems.push(empty_section(node, "static_configs"));
        return None;
    }
    let mut mapping = Mapping::of(node, "static config", problems)?;
    let targets = mapping.get("targets").map(|node| value::strings(node, problems)).unwrap_or_default();
    let labels = mapping.get("labels").map(|node| value::label_pairs(node, version.utf8_names(), problems));
    mapping.finish(problems);
    for target in targets.iter().filter(|target| target.value.contains('/') && !relabelled) {
        problems.push(bad_address(target));
    }
    let pairs = labels.unwrap_or_default().into_iter().map(|(name, value)| (name.value, value.value));
    Some(Discovery::Static { targets, labels: Labels::from_pairs(pairs) })
}

fn bad_address(target: &Spanned<String>) -> Diagnostic {
    let diagnostic =
        Diagnostic::error("bad-target", format!("{} is not a valid hostname", quote(&target.value)))
            .at(&target.span)
            .label("wanted `host:port` alone");
    let address = target.value.split_once("://").map_or(target.value.as_str(), |(_, rest)| rest);
    let (host, path) = address.split_once('/').unwrap_or((address, ""));
    match (host, path) {
        ("", _) => diagnostic,
        (_, "") => diagnostic.help(format!("write `{host}`")),
        _ => diagnostic.help(format!("write `{host}`, and `metrics_path: /{path}` beside `static_configs`")),
    }
}

fn empty_section(node: &Node, kind: &str) -> Diagnostic {
    Diagnostic::error("empty-value", format!("empty or null section in {kind}"))
        .at(&node.span)
        .label("nothing here")
}

fn kubernetes(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Discovery> {
    const ROLES: [(&str, KubernetesRole, &[&str]); 6] = [
        ("pod", KubernetesRole::Pod, &["pod"]),
        ("service", KubernetesRole::Service, &["service"]),
        ("endpoints", KubernetesRole::Endpoints, &["endpoints", "pod", "service"]),
        ("endpointslice", KubernetesRole::EndpointSlice, &["endpointslice", "pod", "service"]),
        ("node", KubernetesRole::Node, &["node"]),
        ("ingress", KubernetesRole::Ingress, &["ingress"]),
    ];
    let names = ROLES.map(|(name, ..)| name);
    let Some(role) = node.get("role").filter(|role| !role.is_null()) else {
        problems.push(
            Diagnostic::error("missing-key", format!("role missing (one of: {})", names.join(", ")))
                .at(&node.span)
                .label("`role` is missing here"),
        );
        return None;
    };
    let text = role.scalar().unwrap_or_default();
    let Some((name, kind, selectable)) = ROLES.into_iter().find(|(name, ..)| *name == text) else {
        problems.push(
            Diagnostic::error("unknown-word", format!("unknown Kubernetes SD role {}", quote(text)))
                .at(&role.span)
                .label(format!("wanted one of {}", names.join(", ")))
                .suggest(text, names),
        );
        return None;
    };
    for selector in node.get("selectors").and_then(Node::items).unwrap_or_default() {
        let Some(role) = selector.get("role") else { continue };
        if !selectable.contains(&role.scalar().unwrap_or_default()) {
            problems.push(
                Diagnostic::error(
                    "bad-selector",
                    format!("{name} role supports only {} selectors", selectable.join(", ")),
                )
                .at(&role.span),
            );
        }
    }
    kubernetes_access(node, problems);
    let namespaces = node.get("namespaces").and_then(|node| node.get("names")).and_then(Node::items);
    let namespaces = namespaces.unwrap_or_default().iter().filter_map(Node::scalar);
    Some(Discovery::Kubernetes {
        role: kind,
        namespaces: namespaces.map(str::to_owned).collect(),
        place: node.span.clone(),
    })
}

fn kubernetes_access(node: &Node, problems: &mut Vec<Diagnostic>) {
    let given = |key: &str| node.get(key).filter(|value| !value.is_null());
    let client = [
        "basic_auth",
        "authorization",
        "oauth2",
        "tls_config",
        "bearer_token",
        "bearer_token_file",
        "proxy_url",
    ];
    let refused = |reason: &str, place: &Span| Diagnostic::error("bad-discovery", reason).at(place);
    match (given("api_server"), given("kubeconfig_file")) {
        (Some(_), Some(kubeconfig)) => problems
            .push(refused("cannot use 'kubeconfig_file' and 'api_server' simultaneously", &kubeconfig.span)),
        (None, None) => {
            if let Some(custom) = client.into_iter().find_map(given) {
                let reason =
                    "to use custom HTTP client configuration please provide the 'api_server' URL explicitly";
                problems.push(refused(reason, &custom.span));
            }
        }
        _ => {}
    }
}

/// What a kind must have, beyond the types of its keys.
fn requirements(kind: &str, node: &Node, problems: &mut Vec<Diagnostic>) {
    let items = |key: &str| node.get(key).and_then(Node::items).unwrap_or_default();
    let text = |key: &str| node.get(key).and_then(Node::scalar).unwrap_or_default();
    let place = |key: &str| node.get(key).map_or(&node.span, |node| &node.span);
    let mut refuse = |key: &str, reason: String| {
        problems
            .push(Diagnostic::error("bad-discovery", reason).at(place(key)).label("refused by Prometheus"));
    };
    match kind {
        "file_sd_configs" => {
            if items("files").is_empty() {
                refuse("files", "file service discovery config must contain at least one path name".into());
            }
            for file in items("files") {
                let path = file.scalar().unwrap_or_default();
                if !is_discovery_file(path) {
                    problems.push(
                        Diagnostic::error(
                            "bad-discovery",
                            format!("path name {} is not valid for file discovery", quote(path)),
                        )
                        .at(&file.span)
                        .label("wanted a `.json`, `.yml` or `.yaml` file, with `*` in its name at most"),
                    );
                }
            }
        }
        "http_sd_configs" => {
            let url = text("url");
            let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
            match rest {
                _ if url.is_empty() => refuse("url", "URL is missing".into()),
                None => refuse("url", "URL scheme must be 'http' or 'https'".into()),
                Some(rest) if rest.is_empty() || rest.starts_with('/') => {
                    refuse("url", "host is missing in URL".into());
                }
                Some(_) => {}
            }
        }
        "dns_sd_configs" => {
            if items("names").is_empty() {
                refuse("names", "DNS-SD config must contain at least one SRV record name".into());
            }
            let record = text("type").to_ascii_uppercase();
            let port = node.get("port").and_then(Node::scalar).is_some_and(|port| port != "0");
            match record.as_str() {
                "SRV" => {}
                "" if node.get("type").is_none_or(Node::is_null) => {}
                "A" | "AAAA" | "MX" | "NS" => {
                    if !port {
                        refuse(
                            "type",
                            "a port is required in DNS-SD configs for all record types except SRV".into(),
                        );
                    }
                }
                _ => refuse("type", format!("invalid DNS-SD records type {}", text("type"))),
            }
        }
        "docker_sd_configs" | "dockerswarm_sd_configs" if text("host").is_empty() => {
            refuse("host", "host missing".into());
        }
        "consul_sd_configs" if node.get("server").is_some_and(|server| server.scalar() == Some("")) => {
            refuse("server", "consul SD configuration requires a server address".into());
        }
        _ => {}
    }
}

/// `^[^*]*(\*[^/]*)?\.(json|yml|yaml|JSON|YML|YAML)$`
fn is_discovery_file(path: &str) -> bool {
    let suffixes = [".json", ".yml", ".yaml", ".JSON", ".YML", ".YAML"];
    suffixes.iter().filter_map(|suffix| path.strip_suffix(suffix)).any(|stem| match stem.find('*') {
        Some(star) => !stem[star..].contains('/'),
        None => true,
    })
}
