//! Kubernetes objects, as much of them as says how monitoring is wired.
//!
//! Promises: of a kind that is not known there are still its name and its values; values of a wrong type count as absent, since
//! the cluster would say so itself.

mod objects;

use std::collections::BTreeMap;

use super::parts;
use super::yaml::Node;
use crate::diagnostic::Spanned;
use crate::stack::wiring::{
    ConfigMap, Container, ContainerPort, Memory, Mount, OperatorObject, PartKind, Probe, Reference, Service,
    ServicePort, Volume, Wiring, Workload,
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
    wiring.objects.extend(objects::object(object));
    match kind {
        "Deployment" | "DaemonSet" | "StatefulSet" | "ReplicaSet" | "Job" => {
            let template = spec.and_then(|node| node.get("template"));
            workload(kind, name, namespace, spec, template, wiring);
        }
        "CronJob" => {
            let job = spec.and_then(|node| node.get("jobTemplate")?.get("spec")?.get("template"));
            workload(kind, name, namespace, None, job, wiring);
        }
        "Pod" => workload(kind, name, namespace, None, Some(object), wiring),
        "Beat" => {
            let of = |key| spec.and_then(|spec| spec.get(key)?.get("podTemplate"));
            workload(kind, name, namespace, None, of("daemonSet").or(of("deployment")), wiring);
        }
        "Role" | "ClusterRole" => objects::role(object, name, wiring),
        "RoleBinding" | "ClusterRoleBinding" => objects::binding(object, name, wiring),
        "Ingress" => objects::ingress(object, name, namespace, wiring),
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
            if kind.ends_with("Monitor") {
                objects::monitor(object, name.clone(), namespace.clone(), wiring);
            }
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

/// Text by text, each value with its place.
fn places(node: &Node) -> BTreeMap<String, Spanned<String>> {
    let entries = node.entries().unwrap_or_default().iter();
    entries.filter_map(|(key, value)| Some((key.scalar()?.to_owned(), spanned(value)?))).collect()
}

fn list<'n>(node: &'n Node, key: &str) -> &'n [Node] {
    node.get(key).and_then(Node::items).unwrap_or_default()
}

fn workload(
    kind: &str,
    name: Spanned<String>,
    namespace: String,
    controller: Option<&Node>,
    template: Option<&Node>,
    wiring: &mut Wiring,
) {
    let Some(template) = template else { return };
    let Some(spec) = template.get("spec") else { return };
    let metadata = template.get("metadata");
    let under = |key| metadata.and_then(|node| node.get(key));
    let selector = controller.and_then(|node| node.get("selector")?.get("matchLabels"));
    let security = spec.get("securityContext");
    let strategy = controller.and_then(|node| node.get("strategy")).map_or("", |node| text(node, "type"));
    let user = security.and_then(|security| number(security, "runAsUser"));
    let place = name.span.clone();
    wiring.workloads.push(Workload {
        kind: kind.to_owned(),
        name,
        namespace: Some(namespace),
        labels: under("labels").map(pairs).unwrap_or_default(),
        annotations: under("annotations").map(places).unwrap_or_default(),
        selector: selector.map(|node| places(node).into_iter().collect()).unwrap_or_default(),
        service_account: spec.get("serviceAccountName").or(spec.get("serviceAccount")).and_then(spanned),
        replicas: controller.and_then(|node| node.get("replicas")).and_then(spanned),
        rolls: kind == "Deployment" && strategy != "Recreate",
        fs_group: security.is_some_and(|security| security.get("fsGroup").is_some()),
        host_network: text(spec, "hostNetwork") == "true",
        file: None,
        networks: Vec::new(),
        containers: list(spec, "containers").iter().map(|node| container(node, user)).collect(),
        volumes: list(spec, "volumes").iter().map(volume).collect(),
        place,
    });
}

fn number<T: std::str::FromStr>(node: &Node, key: &str) -> Option<T> {
    text(node, key).parse().ok()
}

fn container(node: &Node, user: Option<u32>) -> Container {
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
    let fields = list(node, "env").iter().filter_map(|variable| {
        let field = variable.get("valueFrom")?.get("fieldRef")?;
        Some((text(variable, "name").to_owned(), text(field, "fieldPath").to_owned()))
    });
    let security = node.get("securityContext");
    let privileged = security.and_then(|security| security.get("privileged"));
    let limits = node.get("resources").and_then(|resources| resources.get("limits"));
    let amount = |key| node.get("resources")?.get(key)?.get("memory").and_then(spanned);
    Container {
        env: env.collect(),
        fields: fields.collect(),
        references: list(node, "env").iter().chain(list(node, "envFrom")).filter_map(reference).collect(),
        probes: ["livenessProbe", "readinessProbe", "startupProbe"]
            .into_iter()
            .filter_map(|kind| probe(kind, node.get(kind)?))
            .collect(),
        published: Vec::new(),
        restarts: true,
        overrides_entrypoint: node.get("command").is_some(),
        limited: limits.is_some_and(|limits| limits.entries().is_some_and(|entries| !entries.is_empty())),
        memory: Memory { request: amount("requests"), limit: amount("limits") },
        starts_slowly: node.get("startupProbe").is_some(),
        privileged: privileged.filter(|node| node.scalar() == Some("true")).map(|node| node.span.clone()),
        user: security.and_then(|security| number(security, "runAsUser")).or(user),
        name: text(node, "name").to_owned(),
        image: node.get("image").and_then(spanned),
        args: words("command").chain(words("args")).collect(),
        ports: ports.collect(),
        mounts: mounts.collect(),
    }
}

/// `valueFrom` of a variable, or an item of `envFrom`.
fn reference(node: &Node) -> Option<Reference> {
    let from = node.get("valueFrom").unwrap_or(node);
    let (kind, at) = [
        ("Secret", "secretKeyRef"),
        ("ConfigMap", "configMapKeyRef"),
        ("Secret", "secretRef"),
        ("ConfigMap", "configMapRef"),
    ]
    .into_iter()
    .find_map(|(kind, key)| Some((kind, from.get(key)?)))?;
    Some(Reference {
        kind,
        name: spanned(at.get("name")?)?,
        key: at.get("key").and_then(spanned),
        optional: text(at, "optional") == "true",
    })
}

fn probe(kind: &'static str, node: &Node) -> Option<Probe> {
    let get = node.get("httpGet")?;
    let port = spanned(get.get("port")?)?;
    let path = get.get("path").and_then(spanned);
    let path = path.unwrap_or_else(|| Spanned::new("/".to_owned(), get.span.clone()));
    let stated = |key, default: u32| number(node, key).unwrap_or(default);
    let patience = stated("periodSeconds", 10).saturating_mul(stated("failureThreshold", 3));
    let patience = patience.saturating_add(stated("initialDelaySeconds", 0));
    Some(Probe { kind, path, port, patience })
}

fn volume(node: &Node) -> Volume {
    let config_map = node.get("configMap");
    let secret = node.get("secret");
    let source = config_map.or(secret);
    let items = source.map(|source| list(source, "items")).unwrap_or_default().iter();
    let under = |outer: &str, key: &str| node.get(outer).and_then(|node| node.get(key)).and_then(spanned);
    Volume {
        name: text(node, "name").to_owned(),
        config_map: under("configMap", "name"),
        secret: under("secret", "secretName"),
        claim: under("persistentVolumeClaim", "claimName"),
        empty: node.get("emptyDir").is_some(),
        host_path: under("hostPath", "path"),
        optional: source.is_some_and(|source| text(source, "optional") == "true"),
        place: node.span.clone(),
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
