//! Ports that several jobs scrape.

use std::collections::BTreeMap;

use super::{is_probe, jobs};
use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::ScrapeConfig;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "scraped-twice",
    harm: Harm::Silent,
    title: "several jobs scrape the same port",
    explanation: "Each job makes series of its own of what it scrapes, with its own `job` and `instance`. A sum over all \
                  of them counts twice, an alert fires twice, and what is meant by `job` no longer says what it says.",
    example: "# prometheus.yml\nscrape_configs:\n- job_name: pods\n  kubernetes_sd_configs: [{role: pod}]\n  relabel_configs:\n  - source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scrape]\n    action: keep\n    regex: true\n- job_name: postgres\n  kubernetes_sd_configs: [{role: service}]\n  relabel_configs:\n  - source_labels: [__meta_kubernetes_service_name]\n    action: keep\n    regex: pg\n---8<---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: pg}\nspec:\n  template:\n    metadata: {labels: {app: pg}, annotations: {prometheus.io/scrape: 'true'}}\n    spec: {containers: [{name: pg, image: 'pg:1', ports: [{containerPort: 9187}]}]}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: pg}\nspec: {selector: {app: pg}, ports: [{port: 9187}]}\n",
    mended: "# prometheus.yml\nscrape_configs:\n- job_name: pods\n  kubernetes_sd_configs: [{role: pod}]\n  relabel_configs:\n  - source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scrape]\n    action: keep\n    regex: true\n---8<---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: pg}\nspec:\n  template:\n    metadata: {labels: {app: pg}, annotations: {prometheus.io/scrape: 'true'}}\n    spec: {containers: [{name: pg, image: 'pg:1', ports: [{containerPort: 9187}]}]}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: pg}\nspec: {selector: {app: pg}, ports: [{port: 9187}]}\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    // A pod's port, at the path asked for, and the jobs that ask.
    type Asked<'w> = (&'w str, String, u16, String);
    let mut asked: BTreeMap<Asked, Vec<&ScrapeConfig>> = BTreeMap::new();
    for job in jobs(wiring).filter(|job| !is_probe(job)) {
        for target in wiring.targets(job) {
            let (Some(workload), Some(port)) = (target.workload, target.port) else { continue };
            let path = target.labels.value("__metrics_path__").to_owned();
            let namespace = workload.namespace.clone().unwrap_or_default();
            let jobs = asked.entry((&workload.name.value, namespace, port, path)).or_default();
            if !jobs.iter().any(|known| std::ptr::eq(*known, job)) {
                jobs.push(job);
            }
        }
    }
    let found = asked.into_iter().filter(|(_, jobs)| jobs.len() > 1).filter_map(
        |((name, namespace, port, _), jobs)| {
            let workload = wiring.workloads.iter().find(|workload| {
                workload.name.value == name && workload.namespace.as_deref().unwrap_or_default() == namespace
            })?;
            let names: Vec<String> = jobs.iter().map(|job| format!("`{}`", job.job_name.value)).collect();
            let message = format!("{} jobs scrape port {port} of `{name}`: {}", jobs.len(), names.join(", "));
            let first = Diagnostic::error("", message)
                .at(&workload.name.span)
                .label("each of its series is there more than once");
            Some(jobs.iter().fold(first, |found, job| found.related(&job.job_name.span, "finds it")))
        },
    );
    found.collect()
}
