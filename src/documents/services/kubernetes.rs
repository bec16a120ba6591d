//! A service's `kubernetes` facts: what the cluster would tell Prometheus about it.

use super::amount;
use crate::diagnostic::Diagnostic;
use crate::documents::yaml::{Mapping, Node, wrong_type};
use crate::labels::Labels;
use crate::workload::{KubernetesKind, KubernetesService, KubernetesSpec};

pub struct Cluster {
    pub spec: KubernetesSpec,
    /// The nodes that the pods are spread over in turn.
    nodes: Vec<String>,
}

impl Cluster {
    /// Every port that a pod answers at.
    pub fn ports(&self) -> impl Iterator<Item = u16> {
        let service = self.spec.service.iter().flat_map(|service| &service.ports);
        self.spec.ports.iter().chain(service).map(|(_, port)| *port)
    }

    /// The port of the metrics where nothing else says.
    pub fn port(&self) -> Option<u16> {
        let annotated = |annotations: &Labels| annotations.get("prometheus.io/port")?.parse().ok();
        annotated(&self.spec.annotations)
            .or_else(|| annotated(&self.spec.service.as_ref()?.annotations))
            .or_else(|| self.ports().next())
    }

    pub fn service_addresses(&self) -> Vec<String> {
        let Some(service) = &self.spec.service else { return Vec::new() };
        let host = format!("{}.{}.svc", service.name, self.spec.namespace);
        service.ports.iter().map(|(_, port)| format!("{host}:{port}")).collect()
    }

    pub fn node(&self, instance: usize) -> String {
        match self.nodes.len() {
            0 => "node-0".to_owned(),
            count => self.nodes[instance % count].clone(),
        }
    }
}

pub fn read(node: &Node, service_name: &str, problems: &mut Vec<Diagnostic>) -> Option<Cluster> {
    let mut keys = Mapping::of(node, "kubernetes", problems)?;
    let kind = keys.get("kind").map_or(KubernetesKind::Pod, |node| read_kind(node, problems));
    let mut text = |key, problems: &mut Vec<Diagnostic>| {
        keys.get(key).and_then(|node| amount::text(node, problems)).map(|text| text.value)
    };
    let namespace = text("namespace", problems).unwrap_or_else(|| "default".to_owned());
    let container = text("container", problems).unwrap_or_else(|| service_name.to_owned());
    let mut object = |key, problems: &mut Vec<Diagnostic>| {
        keys.get(key).map(|node| amount::object_labels(node, problems)).unwrap_or_default()
    };
    let labels = object("labels", problems);
    let annotations = object("annotations", problems);
    let ports = keys.get("ports").map(|node| read_ports(node, problems)).unwrap_or_default();
    let nodes = keys.get("nodes").map(|node| amount::texts(node, problems)).unwrap_or_default();
    let controller = keys.get("controller").and_then(|node| read_controller(node, problems));
    let service = keys.get("service").and_then(|node| read_service(node, service_name, &ports, problems));
    keys.finish(problems);
    let spec = KubernetesSpec { kind, namespace, labels, annotations, container, ports, controller, service };
    Some(Cluster { spec, nodes })
}

fn read_kind(node: &Node, problems: &mut Vec<Diagnostic>) -> KubernetesKind {
    match node.scalar() {
        Some("pod") => KubernetesKind::Pod,
        Some("node") => KubernetesKind::Node,
        other => {
            let got = other.unwrap_or_default();
            let unknown = Diagnostic::error("unknown-word", format!("`{got}` is no kind of target"));
            problems.push(unknown.at(&node.span).label("wanted pod or node").suggest(got, ["pod", "node"]));
            KubernetesKind::Pod
        }
    }
}

/// `service: api`, or a mapping; without ports it has the container's.
fn read_service(
    node: &Node,
    service_name: &str,
    container_ports: &[(String, u16)],
    problems: &mut Vec<Diagnostic>,
) -> Option<KubernetesService> {
    let mut service = KubernetesService {
        name: service_name.to_owned(),
        labels: Labels::empty(),
        annotations: Labels::empty(),
        ports: container_ports.to_vec(),
    };
    if let Some(name) = node.scalar() {
        service.name = name.to_owned();
    } else {
        let mut keys = Mapping::of(node, "kubernetes service", problems)?;
        if let Some(name) = keys.get("name").and_then(|node| amount::name(node, "a name", problems)) {
            service.name = name.value;
        }
        if let Some(labels) = keys.get("labels") {
            service.labels = amount::object_labels(labels, problems);
        }
        if let Some(annotations) = keys.get("annotations") {
            service.annotations = amount::object_labels(annotations, problems);
        }
        if let Some(ports) = keys.get("ports") {
            service.ports = read_ports(ports, problems);
        }
        keys.finish(problems);
    }
    if service.ports.is_empty() {
        problems.push(
            Diagnostic::error("missing-key", "a kubernetes service needs ports")
                .at(&node.span)
                .label("neither it nor its container has any"),
        );
        return None;
    }
    Some(service)
}

/// `8000`, `[8000, 9000]` or `{http: 8000}`.
fn read_ports(node: &Node, problems: &mut Vec<Diagnostic>) -> Vec<(String, u16)> {
    if let Some(entries) = node.entries() {
        let named = entries.iter().filter_map(|(name, port)| {
            let name = amount::name(name, "a port's name", problems);
            let port = amount::port(port, problems);
            Some((name?.value, port?))
        });
        return named.collect();
    }
    let items = node.items().unwrap_or(std::slice::from_ref(node));
    items.iter().filter_map(|item| Some((String::new(), amount::port(item, problems)?))).collect()
}

/// `ReplicaSet/api-7d9c`
fn read_controller(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<(String, String)> {
    let text = amount::text(node, problems)?;
    match text.value.split_once('/').filter(|(kind, name)| !kind.is_empty() && !name.is_empty()) {
        Some((kind, name)) => Some((kind.to_owned(), name.to_owned())),
        None => amount::refuse(problems, wrong_type(node, "a controller such as ReplicaSet/api-7d9c")),
    }
}
