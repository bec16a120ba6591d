//! The services that scrape jobs, manifests and code tell of.

use std::collections::BTreeMap;

use super::{Draft, Kubernetes};
use crate::catalogue::protocols;
use crate::stack::wiring::Wiring;
use crate::stack::{Discovery, KubernetesRole, RelabelAction, ScrapeConfig};

/// What is scraped, and is no application: part of a host, a port, an exporter that firedrill brings.
const EXPORTERS: [(&str, u16, &str); 6] = [
    ("node", 9100, "node"),
    ("postgres", 9187, "postgres"),
    ("redis", 9121, "redis"),
    ("kafka", 9308, "kafka"),
    ("cadvisor", 8080, "cadvisor"),
    ("kube-state-metrics", 8080, "kube-state-metrics"),
];

/// Programs that watch, and are not what is watched.
const WATCHERS: [&str; 12] = [
    "prometheus",
    "alertmanager",
    "grafana",
    "loki",
    "promtail",
    "jaeger",
    "otel",
    "fluent",
    "elasticsearch",
    "kibana",
    "pushgateway",
    "localhost",
];

/// Each once, by its name.
pub fn drafts(wiring: &Wiring) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::new();
    for draft in scraped(wiring).into_iter().chain(discovered(wiring)).chain(looked_for(wiring)) {
        if !drafts.iter().any(|known| known.name == draft.name) {
            drafts.push(draft);
        }
    }
    if !drafts.iter().any(|draft| draft.is_application) {
        drafts.extend(annotated(wiring));
    }
    drafts
}

/// A job's written targets are instances of one service.
fn scraped(wiring: &Wiring) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::new();
    for job in
        wiring.prometheus.iter().filter_map(|config| config.config.as_ref()).flat_map(|it| &it.scrape_configs)
    {
        // What does not speak HTTP answers no scrape.
        let addresses = job.listed().map(|target| target.value.clone());
        let addresses: Vec<String> =
            addresses.filter(|address| protocols::behind(address).is_none()).collect();
        let known = |address: &String| drafts.iter().any(|draft| draft.addresses.contains(address));
        let addresses: Vec<String> = addresses.into_iter().filter(|address| !known(address)).collect();
        let Some(first) = addresses.first() else { continue };
        let (host, port) = first.rsplit_once(':').unwrap_or((first, ""));
        let one_host = addresses
            .iter()
            .all(|address| address.rsplit_once(':').map_or(address.as_str(), |it| it.0) == host);
        let host = host.split('.').next().unwrap_or_default();
        let is_name = host != "localhost" && host.starts_with(|c: char| c.is_ascii_alphabetic());
        let name = if one_host && is_name { host } else { job.job_name.value.as_str() };
        let exporter = exporter(&[host, &job.job_name.value], port.parse().ok());
        drafts.push(Draft {
            is_application: exporter.is_none() && !is_watcher(host) && !is_watcher(&job.job_name.value),
            name: name.to_owned(),
            metrics_path: (job.metrics_path != "/metrics").then(|| job.metrics_path.clone()),
            exporter,
            addresses,
            kubernetes: None,
        });
    }
    drafts
}

/// Pods, where a job looks for pods, endpoints or services.
fn discovered(wiring: &Wiring) -> Vec<Draft> {
    let configs = wiring.prometheus.iter().filter_map(|config| config.config.as_ref());
    let mut discovery = configs.flat_map(|config| &config.scrape_configs).flat_map(|job| &job.discovery);
    let finds_pods = discovery.any(|discovery| match discovery {
        Discovery::Kubernetes { role, .. } => !matches!(role, KubernetesRole::Node | KubernetesRole::Ingress),
        _ => false,
    });
    if !finds_pods {
        return Vec::new();
    }
    let workloads = wiring.workloads.iter().filter(|workload| workload.namespace.is_some());
    let drafts = workloads.filter_map(|workload| {
        let name = workload.name.value.clone();
        let containers = workload.containers.iter();
        let ports: Vec<(String, u16)> = containers
            .clone()
            .flat_map(|container| &container.ports)
            .enumerate()
            .map(|(at, port)| {
                (if port.name.is_empty() { format!("port-{at}") } else { port.name.clone() }, port.number)
            })
            .collect();
        let images: Vec<&str> = containers.map(|container| container.image_name()).collect();
        let watcher = is_watcher(&name) || images.iter().any(|image| is_watcher(image));
        let exporter = exporter(&[&name], ports.first().map(|port| port.1));
        if ports.is_empty() || (watcher && exporter.is_none()) {
            return None;
        }
        let service = wiring.services.iter().find(|service| {
            service.namespace == workload.namespace
                && !service.selector.is_empty()
                && service.selector.iter().all(|(key, value)| workload.labels.get(key) == Some(value))
        });
        Some(Draft {
            name,
            addresses: Vec::new(),
            metrics_path: None,
            is_application: exporter.is_none(),
            exporter,
            kubernetes: Some(Kubernetes {
                namespace: workload.namespace.clone().unwrap_or_default(),
                labels: workload.labels.clone(),
                annotations: workload
                    .annotations
                    .iter()
                    .map(|(name, value)| (name.clone(), value.value.clone()))
                    .collect(),
                ports,
                service: service.map(|service| service.name.value.clone()),
                service_annotations: BTreeMap::new(),
            }),
        })
    });
    drafts.collect()
}

/// What jobs look for by name, and no manifest deploys.
fn looked_for(wiring: &Wiring) -> Vec<Draft> {
    const NAMES: [&str; 4] = [
        "__meta_kubernetes_service_name",
        "__meta_kubernetes_endpoints_name",
        "__meta_kubernetes_pod_label_app",
        "__meta_kubernetes_service_label_app",
    ];
    let kept = |job: &ScrapeConfig, labels: &[&str]| {
        let mut kept = job.relabel_configs.iter().filter(|relabel| relabel.action == RelabelAction::Keep);
        kept.find_map(|relabel| match relabel.source_labels.as_slice() {
            [label] if labels.contains(&label.as_str()) => relabel.only_value(),
            _ => None,
        })
    };
    let drafts = pod_jobs(wiring).filter_map(|(job, namespaces)| {
        let name = kept(job, &NAMES)?;
        let port =
            kept(job, &["__meta_kubernetes_endpoint_port_name", "__meta_kubernetes_pod_container_port_name"]);
        let exporter = exporter(&[&name, &job.job_name.value], None);
        let number =
            EXPORTERS.iter().find(|(.., own)| Some(*own) == exporter).map_or(PORT, |(_, number, _)| *number);
        Some(Draft {
            addresses: Vec::new(),
            metrics_path: None,
            is_application: exporter.is_none() && !is_watcher(&name),
            exporter,
            kubernetes: Some(Kubernetes {
                namespace: namespaces.first().cloned().unwrap_or_else(|| "default".to_owned()),
                labels: BTreeMap::from([("app".to_owned(), name.clone())]),
                annotations: BTreeMap::new(),
                ports: vec![(port.unwrap_or_else(|| "http".to_owned()), number)],
                service: Some(name.clone()),
                service_annotations: BTreeMap::new(),
            }),
            name,
        })
    });
    drafts.collect()
}

/// The application, where nothing but its code is documented and a job finds it by its annotation.
fn annotated(wiring: &Wiring) -> Option<Draft> {
    wiring.metrics.first()?;
    let reads = |job: &ScrapeConfig, kind: &str| {
        let label = format!("__meta_kubernetes_{kind}_annotation_prometheus_io_scrape");
        job.relabel_configs
            .iter()
            .any(|relabel| relabel.action == RelabelAction::Keep && relabel.source_labels == [label.as_str()])
    };
    let of_pod = pod_jobs(wiring).any(|(job, _)| reads(job, "pod"));
    let of_service = pod_jobs(wiring).any(|(job, _)| reads(job, "service"));
    if !of_pod && !of_service {
        return None;
    }
    let readers = pod_jobs(wiring).filter(|(job, _)| reads(job, "pod") || reads(job, "service"));
    let namespace = readers.filter_map(|(_, namespaces)| namespaces.first()).next();
    let annotations = BTreeMap::from([
        ("prometheus.io/scrape".to_owned(), "true".to_owned()),
        ("prometheus.io/port".to_owned(), PORT.to_string()),
    ]);
    let named = wiring.traces.clients.iter().find_map(|client| client.service.as_ref());
    let name = named.map_or_else(|| "app".to_owned(), |name| name.value.clone());
    let given = |given: bool| if given { annotations.clone() } else { BTreeMap::new() };
    Some(Draft {
        addresses: Vec::new(),
        metrics_path: None,
        is_application: true,
        exporter: None,
        kubernetes: Some(Kubernetes {
            namespace: namespace.cloned().unwrap_or_else(|| "default".to_owned()),
            labels: BTreeMap::from([("app".to_owned(), name.clone())]),
            annotations: given(of_pod),
            ports: vec![("http".to_owned(), PORT)],
            service: Some(name.clone()),
            service_annotations: given(of_service),
        }),
        name,
    })
}

/// Where an application answers, if nobody says.
const PORT: u16 = 8080;

/// Jobs that discover pods, endpoints or services, with the namespaces that they look into.
fn pod_jobs(wiring: &Wiring) -> impl Iterator<Item = (&ScrapeConfig, &Vec<String>)> {
    let configs = wiring.prometheus.iter().filter_map(|config| config.config.as_ref());
    configs.flat_map(|config| &config.scrape_configs).filter_map(|job| {
        job.discovery.iter().find_map(|discovery| match discovery {
            Discovery::Kubernetes { role, namespaces, .. }
                if !matches!(role, KubernetesRole::Node | KubernetesRole::Ingress) =>
            {
                Some((job, namespaces))
            }
            _ => None,
        })
    })
}

fn exporter(names: &[&str], port: Option<u16>) -> Option<&'static str> {
    let named = |word: &str| names.iter().any(|name| name.to_lowercase().contains(word));
    let known = EXPORTERS.iter().find(|(word, own, _)| {
        let own = port == Some(*own);
        named(word) && (named("export") || named("metrics") || named("cadvisor") || own)
            || own && named("export")
    });
    known.map(|(_, _, exporter)| *exporter)
}

/// Whether a name is of what watches: no application, and nothing that one stands on.
pub fn is_watcher(name: &str) -> bool {
    let name = name.to_lowercase();
    WATCHERS.iter().any(|watcher| name.contains(watcher))
}
