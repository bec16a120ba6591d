//! The services that documents tell of, as a `firedrill.yaml` would describe them: who is scraped, and what the
//! application's code counts.
//!
//! Promises: only what is documented, in the very notation that a person would go on with; names and addresses are those
//! of the scrape configs and manifests. Where no code is documented, the metrics are those that the rules count on. How much traffic there is, nobody has written down: that is the default.

mod found;
mod metrics;

use std::collections::BTreeMap;

use super::services;
use super::yaml;
use crate::diagnostic::SourceFile;
use crate::golang::quote;
use crate::stack::wiring::{InstrumentedMetric, Wiring};
use crate::workload::ServiceSpec;
pub use found::is_watcher;
use metrics::{Instrumented, counted_on, other, requests};

/// The services, read from [`text`]: what is assumed is what `firedrill init` writes.
pub fn services(wiring: &Wiring) -> Vec<ServiceSpec> {
    let file = SourceFile::new("firedrill.yaml", text(wiring));
    let (root, mut problems) = yaml::read_one(&file);
    let node = root.as_ref().and_then(|root| root.get("services"));
    node.map(|node| services::read_services(node, &mut problems)).unwrap_or_default()
}

/// The `services:` of a firedrill.yaml; empty where the documents tell of none.
pub fn text(wiring: &Wiring) -> String {
    let drafts = found::drafts(wiring);
    if drafts.is_empty() {
        return String::new();
    }
    let mut text = "services:\n".to_owned();
    let counted_on = if wiring.metrics.is_empty() { counted_on(wiring) } else { Vec::new() };
    let metrics = if wiring.metrics.is_empty() { &counted_on } else { &wiring.metrics };
    for draft in &drafts {
        draft.print(metrics, &mut text);
    }
    text
}

/// A service as it will be written.
struct Draft {
    name: String,
    addresses: Vec<String>,
    metrics_path: Option<String>,
    exporter: Option<&'static str>,
    is_application: bool,
    kubernetes: Option<Kubernetes>,
}

struct Kubernetes {
    namespace: String,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    ports: Vec<(String, u16)>,
    service: Option<String>,
    service_annotations: BTreeMap<String, String>,
}

impl Draft {
    fn print(&self, metrics: &[InstrumentedMetric], text: &mut String) {
        let mut line = |indent: usize, line: String| {
            text.push_str(&" ".repeat(indent));
            text.push_str(&line);
            text.push('\n');
        };
        line(2, format!("{}:", key(&self.name)));
        match self.addresses.as_slice() {
            [] => {}
            [one] => line(4, format!("address: {}", quote(one))),
            more => {
                let more: Vec<String> = more.iter().map(|address| quote(address)).collect();
                line(4, format!("instances: [{}]", more.join(", ")));
            }
        }
        if let Some(path) = &self.metrics_path {
            line(4, format!("metrics_path: {}", quote(path)));
        }
        if let Some(exporter) = self.exporter {
            line(4, format!("exporter: {exporter}"));
        }
        if self.is_application {
            let metrics = Instrumented::of(metrics);
            line(4, "traffic: {per_second: 10, errors: 0%, latency: p95 of 100ms}".to_owned());
            if metrics.requests.is_some() || metrics.duration.is_some() {
                line(4, "instrumentation:".to_owned());
                metrics.requests.iter().for_each(|metric| line(6, format!("requests: {}", requests(metric))));
                metrics.duration.iter().for_each(|metric| line(6, format!("duration: {}", requests(metric))));
            }
            if !metrics.others.is_empty() {
                line(4, "metrics:".to_owned());
                for metric in &metrics.others {
                    line(6, format!("{}: {}", key(&metric.name.value), other(metric)));
                }
            }
        }
        if let Some(kubernetes) = &self.kubernetes {
            line(4, "kubernetes:".to_owned());
            line(6, format!("namespace: {}", key(&kubernetes.namespace)));
            if !kubernetes.labels.is_empty() {
                line(6, format!("labels: {}", pairs(&kubernetes.labels)));
            }
            if !kubernetes.annotations.is_empty() {
                line(6, format!("annotations: {}", pairs(&kubernetes.annotations)));
            }
            let ports: Vec<String> =
                kubernetes.ports.iter().map(|(name, number)| format!("{}: {number}", key(name))).collect();
            line(6, format!("ports: {{{}}}", ports.join(", ")));
            if let Some(service) = &kubernetes.service {
                line(
                    6,
                    match kubernetes.service_annotations.is_empty() {
                        true => format!("service: {}", key(service)),
                        false => format!(
                            "service: {{name: {}, annotations: {}}}",
                            key(service),
                            pairs(&kubernetes.service_annotations)
                        ),
                    },
                );
            }
        }
    }
}

fn pairs(labels: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> =
        labels.iter().map(|(name, value)| format!("{}: {}", key(name), quote(value))).collect();
    format!("{{{}}}", pairs.join(", "))
}

/// As it is where YAML reads it as text, else in quotes.
fn key(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'))
        && !matches!(
            text.to_lowercase().as_str(),
            "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false" | "null"
        );
    if plain { text.to_owned() } else { quote(text) }
}
