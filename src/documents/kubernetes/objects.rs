//! Objects that say who may what and what is open to whom: roles, bindings, Ingresses, monitors.

use super::{identity, list, pairs, places, spanned, text};
use crate::diagnostic::Spanned;
use crate::documents::wiring::flat;
use crate::documents::yaml::Node;
use crate::stack::wiring::{Backend, Binding, Endpoint, Ingress, Monitor, Object, Role, RoleRule, Wiring};

/// Whatever it is, with all its values.
pub fn object(node: &Node) -> Option<Object> {
    let metadata = node.get("metadata")?;
    let under = |key| metadata.get(key).map(places).unwrap_or_default();
    Some(Object {
        kind: node.get("kind").and_then(spanned)?,
        api_version: node.get("apiVersion").and_then(spanned)?,
        name: metadata.get("name").and_then(spanned)?,
        namespace: metadata.get("namespace").and_then(spanned),
        labels: under("labels"),
        annotations: under("annotations"),
        settings: flat(node),
    })
}

pub fn role(node: &Node, name: Spanned<String>, wiring: &mut Wiring) {
    let rules = list(node, "rules").iter().map(|rule| RoleRule {
        groups: list(rule, "apiGroups").iter().filter_map(spanned).collect(),
        resources: list(rule, "resources").iter().filter_map(spanned).collect(),
        verbs: list(rule, "verbs").iter().filter_map(spanned).map(|verb| verb.value).collect(),
    });
    let namespace = (text(node, "kind") == "Role").then(|| identity(node).0);
    wiring.roles.push(Role { name, namespace, rules: rules.collect() });
}

pub fn binding(node: &Node, name: Spanned<String>, wiring: &mut Wiring) {
    let Some(role) = node.get("roleRef") else { return };
    let Some(role_name) = role.get("name").and_then(spanned) else { return };
    let own = identity(node).0;
    let accounts = list(node, "subjects").iter().filter(|subject| text(subject, "kind") == "ServiceAccount");
    let accounts = accounts.filter_map(|subject| {
        let namespace = subject.get("namespace").and_then(Node::scalar).unwrap_or(&own);
        Some((namespace.to_owned(), subject.get("name").and_then(spanned)?))
    });
    wiring.bindings.push(Binding {
        name,
        namespace: (text(node, "kind") == "RoleBinding").then(|| own.clone()),
        role_kind: text(role, "kind").to_owned(),
        role: role_name,
        accounts: accounts.collect(),
    });
}

pub fn ingress(node: &Node, name: Spanned<String>, namespace: String, wiring: &mut Wiring) {
    let annotations = node.get("metadata").and_then(|node| node.get("annotations")).map(pairs);
    let annotations = annotations.unwrap_or_default();
    let guards = |key: &String| {
        let key = key.rsplit('/').next().unwrap_or_default();
        key.contains("auth")
            || key.contains("whitelist")
            || key.contains("allowlist")
            || key.contains("middlewares")
    };
    let spec = node.get("spec");
    let class = spec.and_then(|spec| spec.get("ingressClassName")).and_then(Node::scalar);
    let annotated = annotations.get("kubernetes.io/ingress.class");
    let mut ingress = Ingress {
        name,
        namespace,
        hosts: Vec::new(),
        backends: Vec::new(),
        guarded: annotations.keys().any(guards),
        class: class.map(str::to_owned).or_else(|| annotated.cloned()),
        shares: annotations
            .keys()
            .any(|key| key.ends_with("/canary") || key.ends_with("mergeable-ingress-type")),
    };
    if let Some(default) = spec.and_then(|spec| spec.get("defaultBackend").or(spec.get("backend"))) {
        ingress.backends.extend(backend(default, None, "/"));
    }
    for rule in spec.map(|spec| list(spec, "rules")).unwrap_or_default() {
        let host = rule.get("host").and_then(spanned);
        let paths = rule.get("http").map(|http| list(http, "paths")).unwrap_or_default();
        let backends = paths.iter().filter_map(|path| {
            let own = path.get("path").and_then(Node::scalar).unwrap_or("/");
            backend(path.get("backend")?, host.clone(), own)
        });
        ingress.backends.extend(backends);
        ingress.hosts.extend(host);
    }
    wiring.ingresses.push(ingress);
}

/// `service: {name, port}`, or as it was before networking.k8s.io/v1.
fn backend(node: &Node, host: Option<Spanned<String>>, path: &str) -> Option<Backend> {
    let path = path.to_owned();
    match node.get("service") {
        Some(service) => {
            let port = service.get("port");
            let port = port.and_then(|port| port.get("number").or(port.get("name"))).and_then(spanned);
            Some(Backend { host, path, service: spanned(service.get("name")?)?, port })
        }
        None => Some(Backend {
            host,
            path,
            service: spanned(node.get("serviceName")?)?,
            port: node.get("servicePort").and_then(spanned),
        }),
    }
}

pub fn monitor(node: &Node, name: Spanned<String>, namespace: String, wiring: &mut Wiring) {
    let Some(spec) = node.get("spec") else { return };
    let selector = spec.get("selector");
    let endpoints = list(spec, "endpoints").iter().chain(list(spec, "podMetricsEndpoints"));
    let namespaces = match spec.get("namespaceSelector") {
        Some(selector) if selector.get("any").is_some() => None,
        Some(selector) => {
            Some(list(selector, "matchNames").iter().filter_map(spanned).map(|name| name.value).collect())
        }
        None => Some(vec![namespace.clone()]),
    };
    wiring.monitors.push(Monitor {
        kind: text(node, "kind").to_owned(),
        place: name.span.clone(),
        name,
        namespace,
        selector: selector
            .and_then(|selector| selector.get("matchLabels"))
            .map(|labels| places(labels).into_iter().collect())
            .unwrap_or_default(),
        expressions: selector.is_some_and(|selector| selector.get("matchExpressions").is_some()),
        namespaces,
        endpoints: endpoints
            .map(|endpoint| Endpoint { port: endpoint.get("port").and_then(spanned) })
            .collect(),
    });
}
