//! What a job's Kubernetes discovery finds among the documented objects, after its relabelling.
//!
//! Promises: the `__meta_*` labels are those that Prometheus makes of what is written; of what a cluster adds (IPs,
//! node names) there is none. A pod's host is `WORKLOAD.NAMESPACE.pod`, one pod for each workload.

use super::{ContainerPort, Object, Service, Wiring, Workload};
use crate::diagnostic::Spanned;
use crate::labels::{Labels, LabelsBuilder, plain_name};
use crate::stack::{Discovery, KubernetesRole, ScrapeConfig, relabel};

/// A target that a job keeps.
#[derive(Clone, Debug)]
pub struct ScrapeTarget<'w> {
    pub job: &'w ScrapeConfig,
    pub service: Option<&'w Service>,
    /// The pods that answer, where they are documented.
    pub workload: Option<&'w Workload>,
    /// The port of the pods that it leads to.
    pub port: Option<u16>,
    pub labels: Labels,
}

impl Wiring {
    /// The targets of a job among the documented Services and pods.
    pub fn targets<'w>(&'w self, job: &'w ScrapeConfig) -> Vec<ScrapeTarget<'w>> {
        let mut found = Vec::new();
        for discovery in &job.discovery {
            let Discovery::Kubernetes { role, namespaces, .. } = discovery else { continue };
            let looks = |namespace: &Option<String>| match namespace {
                Some(namespace) => namespaces.is_empty() || namespaces.contains(namespace),
                None => false,
            };
            match role {
                KubernetesRole::Pod => {
                    for workload in self.workloads.iter().filter(|workload| looks(&workload.namespace)) {
                        found.extend(pods(workload, job));
                    }
                }
                KubernetesRole::Service | KubernetesRole::Endpoints | KubernetesRole::EndpointSlice => {
                    let services = self.services.iter().filter(|service| service.made_by.is_none());
                    for service in services.filter(|service| looks(&service.namespace)) {
                        found.extend(self.of_service(service, job, *role));
                    }
                }
                KubernetesRole::Node | KubernetesRole::Ingress => {}
            }
        }
        found
    }

    fn of_service<'w>(
        &'w self,
        service: &'w Service,
        job: &'w ScrapeConfig,
        role: KubernetesRole,
    ) -> Vec<ScrapeTarget<'w>> {
        let namespace = service.namespace.as_deref().unwrap_or_default();
        let object = self.object("Service", namespace, &service.name.value);
        let workload = self.selected(service);
        let mut found = Vec::new();
        for port in &service.ports {
            let target = container_port(workload, &port.target);
            let mut labels = started(job, namespace);
            labels.set("__meta_kubernetes_service_name", service.name.value.as_str());
            described("service", object, &mut labels);
            match role {
                KubernetesRole::Service => {
                    let host = format!("{}.{namespace}.svc:{}", service.name.value, port.number);
                    labels.set("__address__", host);
                    labels.set("__meta_kubernetes_service_port_name", port.name.as_str());
                    labels.set("__meta_kubernetes_service_port_number", port.number.to_string());
                }
                _ => {
                    let Some(workload) = workload else { continue };
                    let number = target.unwrap_or(port.number);
                    labels.set("__address__", format!("{}:{number}", host(workload)));
                    let kind = if role == KubernetesRole::Endpoints { "endpoint" } else { "endpointslice" };
                    labels.set(format!("__meta_kubernetes_{kind}_port_name"), port.name.as_str());
                    labels.set("__meta_kubernetes_endpoints_name", service.name.value.as_str());
                    labels.set(format!("__meta_kubernetes_{kind}_address_target_kind"), "Pod");
                    labels.set(
                        format!("__meta_kubernetes_{kind}_address_target_name"),
                        workload.name.value.as_str(),
                    );
                    of_pod(workload, &mut labels);
                }
            }
            if let Some(labels) = relabel::apply(&job.relabel_configs, &labels.build()) {
                // Relabelling may have led it to another port of the Service or the pod.
                let asked = asked_port(&labels);
                let own = service.ports.iter().find(|own| Some(own.number) == asked);
                let port = match role {
                    KubernetesRole::Service => own.and_then(|own| container_port(workload, &own.target)),
                    _ => asked,
                };
                found.push(ScrapeTarget { job, service: Some(service), workload, port, labels });
            }
        }
        found
    }

    /// The documented pods that a Service selects.
    pub fn selected(&self, service: &Service) -> Option<&Workload> {
        let selects = |workload: &&Workload| {
            workload.namespace == service.namespace
                && !service.selector.is_empty()
                && service.selector.iter().all(|(name, value)| workload.labels.get(name) == Some(value))
        };
        self.workloads.iter().find(selects)
    }
}

fn pods<'w>(workload: &'w Workload, job: &'w ScrapeConfig) -> Vec<ScrapeTarget<'w>> {
    let mut found = Vec::new();
    for container in &workload.containers {
        let ports: Vec<Option<&ContainerPort>> = match container.ports.is_empty() {
            true => vec![None],
            false => container.ports.iter().map(Some).collect(),
        };
        for port in ports {
            let mut labels = started(job, workload.namespace.as_deref().unwrap_or_default());
            let address = match port {
                Some(port) => format!("{}:{}", host(workload), port.number),
                None => host(workload),
            };
            labels.set("__address__", address);
            labels.set("__meta_kubernetes_pod_container_name", container.name.as_str());
            if let Some(port) = port {
                labels.set("__meta_kubernetes_pod_container_port_name", port.name.as_str());
                labels.set("__meta_kubernetes_pod_container_port_number", port.number.to_string());
            }
            of_pod(workload, &mut labels);
            if let Some(labels) = relabel::apply(&job.relabel_configs, &labels.build()) {
                let port = asked_port(&labels);
                found.push(ScrapeTarget { job, service: None, workload: Some(workload), port, labels });
            }
        }
    }
    found
}

/// What every target starts with.
fn started(job: &ScrapeConfig, namespace: &str) -> LabelsBuilder {
    let mut labels = LabelsBuilder::default();
    labels.set("job", job.job_name.value.as_str());
    labels.set("__scheme__", job.scheme.as_str());
    labels.set("__metrics_path__", job.metrics_path.as_str());
    labels.set("__meta_kubernetes_namespace", namespace);
    labels
}

fn of_pod(workload: &Workload, labels: &mut LabelsBuilder) {
    labels.set("__meta_kubernetes_pod_name", workload.name.value.as_str());
    labels.set("__meta_kubernetes_pod_controller_name", workload.name.value.as_str());
    labels.set("__meta_kubernetes_pod_controller_kind", workload.kind.as_str());
    labels.set("__meta_kubernetes_pod_phase", "Running");
    labels.set("__meta_kubernetes_pod_ready", "true");
    for (name, value) in &workload.labels {
        set("pod_label", name, value, labels);
    }
    for (name, value) in &workload.annotations {
        set("pod_annotation", name, &value.value, labels);
    }
}

/// The labels and annotations of an object.
fn described(kind: &str, object: Option<&Object>, labels: &mut LabelsBuilder) {
    let Some(object) = object else { return };
    let mut all = |what: &str, pairs: &std::collections::BTreeMap<String, Spanned<String>>| {
        for (name, value) in pairs {
            set(&format!("{kind}_{what}"), name, &value.value, labels);
        }
    };
    all("label", &object.labels);
    all("annotation", &object.annotations);
}

fn set(kind: &str, name: &str, value: &str, labels: &mut LabelsBuilder) {
    let plain = plain_name(name);
    labels.set(format!("__meta_kubernetes_{kind}_{plain}"), value);
    let (stem, plain_name) = kind.split_once('_').unwrap_or((kind, ""));
    labels.set(format!("__meta_kubernetes_{stem}_{plain_name}present_{plain}"), "true");
}

fn host(workload: &Workload) -> String {
    format!("{}.{}.pod", workload.name.value, workload.namespace.as_deref().unwrap_or_default())
}

fn asked_port(labels: &Labels) -> Option<u16> {
    labels.value("__address__").rsplit_once(':')?.1.parse().ok()
}

fn container_port(workload: Option<&Workload>, target: &str) -> Option<u16> {
    if let Ok(number) = target.parse() {
        return Some(number);
    }
    let ports =
        workload?.containers.iter().flat_map(|container| &container.ports).find(|port| port.name == target);
    ports.map(|port| port.number)
}
