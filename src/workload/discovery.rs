//! The targets that service discovery would find, with the `__meta_` labels that Prometheus gives them.

use crate::labels::{Labels, LabelsBuilder, plain_name};
use crate::stack::{Discovery, KubernetesRole};
use crate::time::Timestamp;
use crate::workload::service::{Health, Service};
use crate::workload::spec::{InstanceSpec, KubernetesKind, KubernetesService, KubernetesSpec};
use crate::workload::{ServiceSpec, Workload};

const KUBELET_PORT: u16 = 10250;

impl Workload {
    /// The label sets of a job's targets at `at`, before relabelling. Instances that vanished are left out.
    pub fn targets(&self, at: Timestamp, job: &str, discovery: &Discovery) -> Vec<Labels> {
        match discovery {
            Discovery::Static { targets, labels } => {
                targets.iter().map(|target| labels.with("__address__", target.value.as_str())).collect()
            }
            Discovery::Kubernetes { role, namespaces, .. } => self
                .services
                .iter()
                .filter_map(|service| Some((service, service.spec().kubernetes.as_ref()?)))
                .filter(|(_, facts)| {
                    facts.kind == KubernetesKind::Node
                        || namespaces.is_empty()
                        || namespaces.contains(&facts.namespace)
                })
                .flat_map(|(service, facts)| kubernetes(service, facts, *role, at))
                .collect(),
            Discovery::Other { .. } => {
                self.services.iter().flat_map(|service| other(service, job, at)).collect()
            }
        }
    }
}

/// The instances that discovery knows now.
fn present(service: &Service, at: Timestamp) -> impl Iterator<Item = &InstanceSpec> {
    let instances = service.spec().instances.iter().enumerate();
    instances.filter(move |(index, _)| service.health(*index, at) != Health::Vanished).map(|(_, spec)| spec)
}

fn other(service: &Service, job: &str, at: Timestamp) -> Vec<Labels> {
    let mut found = Vec::new();
    for described in service.spec().discovery.iter().filter(|described| described.job.value == job) {
        match described.labels.get("__address__") {
            Some(address) => {
                let mut owners =
                    service.spec().instances.iter().filter(|i| i.addresses.iter().any(|a| a == address));
                // An address that none of the instances has stays: nobody serves it, and the scrape shows that.
                if owners.next().is_none()
                    || present(service, at).any(|i| i.addresses.iter().any(|a| a == address))
                {
                    found.push(described.labels.clone());
                }
            }
            None => {
                let addresses = present(service, at).filter_map(|instance| instance.addresses.first());
                found.extend(addresses.map(|address| described.labels.with("__address__", address.as_str())));
            }
        }
    }
    found
}

fn kubernetes(service: &Service, facts: &KubernetesSpec, role: KubernetesRole, at: Timestamp) -> Vec<Labels> {
    let spec = service.spec();
    match (role, facts.kind, &facts.service) {
        (KubernetesRole::Node, KubernetesKind::Node, _) => {
            present(service, at).map(|instance| node(facts, instance)).collect()
        }
        (KubernetesRole::Pod, KubernetesKind::Pod, _) => {
            present(service, at).flat_map(|instance| pod_targets(facts, instance)).collect()
        }
        (KubernetesRole::Service, KubernetesKind::Pod, Some(of)) => service_targets(facts, of),
        (KubernetesRole::Endpoints | KubernetesRole::EndpointSlice, KubernetesKind::Pod, Some(of)) => {
            present(service, at).flat_map(|instance| endpoints(spec, facts, of, instance, role)).collect()
        }
        _ => Vec::new(),
    }
}

fn node(facts: &KubernetesSpec, instance: &InstanceSpec) -> Labels {
    let mut labels = LabelsBuilder::default();
    labels.set("__address__", format!("{}:{KUBELET_PORT}", instance.ip));
    labels.set("instance", instance.name.as_str());
    labels.set("__meta_kubernetes_node_name", instance.name.as_str());
    labels.set("__meta_kubernetes_node_address_InternalIP", instance.ip.as_str());
    labels.set("__meta_kubernetes_node_address_Hostname", instance.name.as_str());
    object(&mut labels, "node", &facts.labels, &facts.annotations);
    labels.build()
}

/// One target for each container port; without any, one with the bare address.
fn pod_targets(facts: &KubernetesSpec, instance: &InstanceSpec) -> Vec<Labels> {
    let mut base = LabelsBuilder::default();
    base.set("__meta_kubernetes_namespace", facts.namespace.as_str());
    pod(&mut base, facts, instance);
    if facts.ports.is_empty() {
        base.set("__address__", instance.ip.as_str());
        container(&mut base, facts, None);
        return vec![base.build()];
    }
    facts
        .ports
        .iter()
        .map(|port| {
            let mut labels = base.clone();
            labels.set("__address__", format!("{}:{}", instance.ip, port.1));
            container(&mut labels, facts, Some(port));
            labels.build()
        })
        .collect()
}

fn service_targets(facts: &KubernetesSpec, service: &KubernetesService) -> Vec<Labels> {
    service
        .ports
        .iter()
        .map(|(name, number)| {
            let mut labels = LabelsBuilder::default();
            labels.set("__address__", format!("{}.{}.svc:{number}", service.name, facts.namespace));
            labels.set("__meta_kubernetes_namespace", facts.namespace.as_str());
            labels.set("__meta_kubernetes_service_name", service.name.as_str());
            labels.set("__meta_kubernetes_service_type", "ClusterIP");
            labels.set("__meta_kubernetes_service_port_name", name.as_str());
            labels.set("__meta_kubernetes_service_port_number", number.to_string());
            labels.set("__meta_kubernetes_service_port_protocol", "TCP");
            object(&mut labels, "service", &service.labels, &service.annotations);
            labels.build()
        })
        .collect()
}

/// The service's ports at the pod, then the pod's other container ports, as Prometheus adds them.
fn endpoints(
    spec: &ServiceSpec,
    facts: &KubernetesSpec,
    service: &KubernetesService,
    instance: &InstanceSpec,
    role: KubernetesRole,
) -> Vec<Labels> {
    let prefix = match role {
        KubernetesRole::EndpointSlice => "__meta_kubernetes_endpointslice",
        _ => "__meta_kubernetes_endpoint",
    };
    let mut base = LabelsBuilder::default();
    base.set("__meta_kubernetes_namespace", facts.namespace.as_str());
    base.set("__meta_kubernetes_service_name", service.name.as_str());
    object(&mut base, "service", &service.labels, &service.annotations);
    match role {
        // Slices get a generated name; the endpoints object has its service's.
        KubernetesRole::EndpointSlice => {
            base.set("__meta_kubernetes_endpointslice_name", format!("{}-{}", service.name, spec.name.value));
            base.set("__meta_kubernetes_endpointslice_address_type", "IPv4");
        }
        _ => {
            base.set("__meta_kubernetes_endpoints_name", service.name.as_str());
            object(&mut base, "endpoints", &service.labels, &service.annotations);
        }
    }
    pod(&mut base, facts, instance);
    let mut targets = Vec::new();
    for (name, number) in &service.ports {
        // A service's port leads to the container's port of that name, and to its own number where there is none.
        let named = facts.ports.iter().find(|(known, _)| !name.is_empty() && known == name);
        let number = named.map_or(*number, |(_, number)| *number);
        let mut labels = base.clone();
        labels.set("__address__", format!("{}:{number}", instance.ip));
        labels.set(format!("{prefix}_port_name"), name.as_str());
        labels.set(format!("{prefix}_port_protocol"), "TCP");
        labels.set(format!("{prefix}_address_target_kind"), "Pod");
        labels.set(format!("{prefix}_address_target_name"), instance.name.as_str());
        if role == KubernetesRole::EndpointSlice {
            labels.set(format!("{prefix}_port"), number.to_string());
            labels.set(format!("{prefix}_endpoint_conditions_ready"), "true");
            labels.set(format!("{prefix}_endpoint_conditions_serving"), "true");
            labels.set(format!("{prefix}_endpoint_conditions_terminating"), "false");
        } else {
            labels.set(format!("{prefix}_ready"), "true");
            labels.set(format!("{prefix}_node_name"), instance.node.as_str());
        }
        if let Some(port) = facts.ports.iter().find(|(_, known)| *known == number) {
            container(&mut labels, facts, Some(port));
        }
        targets.push((number, labels.build()));
    }
    for port in &facts.ports {
        if !targets.iter().any(|(number, _)| *number == port.1) {
            let mut labels = base.clone();
            labels.set("__address__", format!("{}:{}", instance.ip, port.1));
            container(&mut labels, facts, Some(port));
            targets.push((port.1, labels.build()));
        }
    }
    targets.into_iter().map(|(_, labels)| labels).collect()
}

fn pod(labels: &mut LabelsBuilder, facts: &KubernetesSpec, instance: &InstanceSpec) {
    labels.set("__meta_kubernetes_pod_name", instance.name.as_str());
    labels.set("__meta_kubernetes_pod_ip", instance.ip.as_str());
    labels.set("__meta_kubernetes_pod_ready", "true");
    labels.set("__meta_kubernetes_pod_phase", "Running");
    labels.set("__meta_kubernetes_pod_node_name", instance.node.as_str());
    labels.set("__meta_kubernetes_pod_host_ip", instance.ip.as_str());
    labels.set("__meta_kubernetes_pod_uid", format!("uid-{}", instance.name));
    if let Some((kind, name)) = &facts.controller {
        labels.set("__meta_kubernetes_pod_controller_kind", kind.as_str());
        labels.set("__meta_kubernetes_pod_controller_name", name.as_str());
    }
    object(labels, "pod", &facts.labels, &facts.annotations);
}

fn container(labels: &mut LabelsBuilder, facts: &KubernetesSpec, port: Option<&(String, u16)>) {
    labels.set("__meta_kubernetes_pod_container_name", facts.container.as_str());
    labels.set("__meta_kubernetes_pod_container_init", "false");
    if let Some((name, number)) = port {
        labels.set("__meta_kubernetes_pod_container_port_name", name.as_str());
        labels.set("__meta_kubernetes_pod_container_port_number", number.to_string());
        labels.set("__meta_kubernetes_pod_container_port_protocol", "TCP");
    }
}

/// An object's own labels and annotations, under names that Prometheus can hold.
fn object(labels: &mut LabelsBuilder, kind: &str, own: &Labels, annotations: &Labels) {
    for (what, pairs) in [("label", own), ("annotation", annotations)] {
        for (name, value) in pairs.iter() {
            let name = plain_name(name);
            labels.set(format!("__meta_kubernetes_{kind}_{what}_{name}"), value);
            labels.set(format!("__meta_kubernetes_{kind}_{what}present_{name}"), "true");
        }
    }
}
