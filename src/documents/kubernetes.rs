//! Kubernetes objects, as much of them as says how monitoring is wired.
//!
//! Promises: objects of kinds that are not known are passed over; values of a wrong type count as absent, since
//! the cluster would say so itself.

use std::collections::BTreeMap;

use super::parts;
use super::yaml::Node;
use crate::diagnostic::Spanned;
use crate::stack::wiring::{
    ConfigMap, Container, ContainerPort, Mount, OperatorObject, PartKind, Service, ServicePort, Volume,
    Wiring, Workload,
};

/// Takes an object, or the objects of a list, into the wiring.
pub fn read(object: &Node, wiring: &mut Wiring) {
    let kind = text(object, "kind");
    let (namespace, name) = identity(object);
    let metadata = object.get("metadata");
    let place = metadata.and_then(|node| node.get("name")).unwrap_or(object);
    let name = Spanned::new(name, place.span.clone());
    let labels = metadata.and_then(|node| node.get("labels")).map(pairs).unwrap_or_default();
    let spec = object.get("spec");
    match kind {
        "Deployment" | "DaemonSet" | "StatefulSet" | "ReplicaSet" | "Job" => {
            let template = spec.and_then(|node| node.get("template"));
            workload(kind, name, namespace, template, wiring);
        }
        "CronJob" => {
            let job = spec.and_then(|node| node.get("jobTemplate")?.get("spec")?.get("template"));
            workload(kind, name, namespace, job, wiring);
        }
        "Pod" => workload(kind, name, namespace, Some(object), wiring),
        "Service" => wiring.services.push(service(name, namespace, spec)),
        "ConfigMap" => {
            let entries = object.get("data").and_then(Node::entries).unwrap_or_default().iter();
            let keys = entries.filter_map(|(key, value)| {
                let name = key.scalar()?;
                let kind = value.view().map_or(PartKind::Unread, |source| parts::kind(&source, name));
                Some((Spanned::new(name.to_owned(), key.span.clone()), kind))
            });
            let keys = keys.collect();
            wiring.config_maps.push(ConfigMap { name, namespace, labels, keys });
        }
        "ServiceMonitor" | "PodMonitor" | "PrometheusRule" | "Probe" | "AlertmanagerConfig" => {
            let kind = object.get("kind").map_or(&object.span, |node| &node.span);
            let kind = Spanned::new(text(object, "kind").to_owned(), kind.clone());
            wiring.operator_objects.push(OperatorObject { kind, name, namespace, labels });
        }
        // Elastic's operator makes these Services.
        "Elasticsearch" | "Kibana" if text(object, "apiVersion").contains("k8s.elastic.co") => {
            let (suffix, port) = if kind == "Kibana" { ("kb", 5601) } else { ("es", 9200) };
            let made_by = Some(format!("the operator, for {kind} `{}`", name.value));
            let port = ServicePort {
                name: "https".into(),
                number: port,
                target: port.to_string(),
                place: name.span.clone(),
            };
            wiring.services.push(Service {
                name: Spanned::new(format!("{}-{suffix}-http", name.value), name.span),
                namespace: Some(namespace),
                selector: BTreeMap::new(),
                ports: vec![port],
                made_by,
                complete: false,
            });
        }
        _ if kind.ends_with("List") => {
            let items = object.get("items").and_then(Node::items).unwrap_or_default();
            items.iter().filter(|item| item.get("items").is_none()).for_each(|item| read(item, wiring));
        }
        _ => {}
    }
}

/// The namespace and name of an object.
pub fn identity(object: &Node) -> (String, String) {
    let metadata = object.get("metadata");
    let of = |key| metadata.and_then(|node| node.get(key)).and_then(Node::scalar);
    (of("namespace").unwrap_or("default").to_owned(), of("name").unwrap_or_default().to_owned())
}

fn text<'n>(node: &'n Node, key: &str) -> &'n str {
    node.get(key).and_then(Node::scalar).unwrap_or_default()
}

fn spanned(node: &Node) -> Option<Spanned<String>> {
    Some(Spanned::new(node.scalar()?.to_owned(), node.span.clone()))
}

fn pairs(node: &Node) -> BTreeMap<String, String> {
    let entries = node.entries().unwrap_or_default().iter();
    entries.filter_map(|(key, value)| Some((key.scalar()?.to_owned(), value.scalar()?.to_owned()))).collect()
}

fn list<'n>(node: &'n Node, key: &str) -> &'n [Node] {
    node.get(key).and_then(Node::items).unwrap_or_default()
}

fn workload(
    kind: &str,
    name: Spanned<String>,
    namespace: String,
    template: Option<&Node>,
    wiring: &mut Wiring,
) {
    let Some(template) = template else { return };
    let Some(spec) = template.get("spec") else { return };
    let labels = template.get("metadata").and_then(|node| node.get("labels")).map(pairs).unwrap_or_default();
    let place = name.span.clone();
    wiring.workloads.push(Workload {
        kind: kind.to_owned(),
        name,
        namespace: Some(namespace),
        labels,
        containers: list(spec, "containers").iter().map(container).collect(),
        volumes: list(spec, "volumes").iter().map(volume).collect(),
        place,
    });
}

fn container(node: &Node) -> Container {
    let words = |key| list(node, key).iter().filter_map(spanned);
    let ports = list(node, "ports").iter().filter_map(|port| {
        Some(ContainerPort {
            name: text(port, "name").to_owned(),
            number: text(port, "containerPort").parse().ok()?,
            udp: text(port, "protocol") == "UDP",
        })
    });
    let mounts = list(node, "volumeMounts").iter().filter_map(|mount| {
        Some(Mount {
            source: text(mount, "name").to_owned(),
            path: spanned(mount.get("mountPath")?)?,
            sub_path: mount.get("subPath").and_then(Node::scalar).map(str::to_owned),
        })
    });
    let env = list(node, "env")
        .iter()
        .filter_map(|variable| Some((spanned(variable.get("name")?)?, spanned(variable.get("value")?)?)));
    Container {
        env: env.collect(),
        name: text(node, "name").to_owned(),
        image: node.get("image").and_then(spanned),
        args: words("command").chain(words("args")).collect(),
        ports: ports.collect(),
        mounts: mounts.collect(),
    }
}

fn volume(node: &Node) -> Volume {
    let config_map = node.get("configMap");
    let items = config_map.map(|map| list(map, "items")).unwrap_or_default().iter();
    Volume {
        name: text(node, "name").to_owned(),
        config_map: config_map.and_then(|map| map.get("name")).and_then(spanned),
        secret: node.get("secret").map(|secret| text(secret, "secretName").to_owned()),
        items: items.map(|item| (text(item, "key").to_owned(), text(item, "path").to_owned())).collect(),
    }
}

fn service(name: Spanned<String>, namespace: String, spec: Option<&Node>) -> Service {
    let ports = spec.map(|spec| list(spec, "ports")).unwrap_or_default().iter().filter_map(|port| {
        let number = port.get("port")?;
        let target = port.get("targetPort").unwrap_or(number);
        Some(ServicePort {
            name: text(port, "name").to_owned(),
            number: number.scalar()?.parse().ok()?,
            target: target.scalar()?.to_owned(),
            place: target.span.clone(),
        })
    });
    let external = spec.is_some_and(|spec| text(spec, "type") == "ExternalName");
    Service {
        name,
        namespace: Some(namespace),
        selector: spec.and_then(|spec| spec.get("selector")).map(pairs).unwrap_or_default(),
        ports: ports.collect(),
        made_by: None,
        complete: !external,
    }
}
