//! Exporters that jobs scrape and no document deploys.

use super::{all_jobs_known, jobs};
use crate::checks::{Check, Harm, config_not_loaded};
use crate::diagnostic::{Diagnostic, Span};
use crate::stack::wiring::{Reached, Wiring};
use crate::stack::{Discovery, RelabelAction, ScrapeConfig};

pub const CHECK: Check = Check {
    id: "exporter-not-deployed",
    harm: Harm::Silent,
    title: "the exporter that this job scrapes is nowhere deployed",
    explanation: "A job whose discovery finds nothing has no targets, not even one that is down: `up` has no series, and \
                  rules about its metrics select nothing. A static target that does not exist is down for ever.",
    example: "# prometheus.yml\nscrape_configs:\n- job_name: node-exporter\n  kubernetes_sd_configs: [{role: endpoints}]\n  relabel_configs:\n  - source_labels: [__meta_kubernetes_endpoints_name]\n    action: keep\n    regex: node-exporter\n---8<---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: prometheus}\nspec: {template: {spec: {containers: [{image: 'prom/prometheus:v2.45.0'}]}}}\n",
    mended: "# prometheus.yml\nscrape_configs:\n- job_name: node-exporter\n  kubernetes_sd_configs: [{role: endpoints}]\n  relabel_configs:\n  - source_labels: [__meta_kubernetes_endpoints_name]\n    action: keep\n    regex: node-exporter\n---8<---\napiVersion: v1\nkind: Service\nmetadata: {name: node-exporter}\nspec: {ports: [{port: 9100}], selector: {app: node-exporter}}\n---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: node-exporter}\nspec: {template: {metadata: {labels: {app: node-exporter}}, spec: {containers: [{image: 'prom/node-exporter:v1.6.0', ports: [{containerPort: 9100}]}]}}}\n",
    find,
};

/// Words of names that are monitoring's own, rather than the application's, which other documents may deploy.
const WORDS: [&str; 6] = ["exporter", "kube-state-metrics", "cadvisor", "blackbox", "pushgateway", "statsd"];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    // Only where the stack's own deployment is documented, too.
    let deployed = !wiring.workloads.is_empty() || !wiring.releases.is_empty();
    if !deployed || !all_jobs_known(wiring) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for job in jobs(wiring) {
        for (name, place) in wanted(job) {
            if is_monitoring_s_own(&name) && !exists(wiring, &name) {
                let told = Diagnostic::error("", format!("nothing that is documented deploys `{name}`"))
                    .at(&place)
                    .label(format!("what `{}` scrapes", job.job_name.value))
                    .because("assuming that nothing undocumented does: there are no such targets, or they are down for ever");
                found.push(config_not_loaded::after(wiring, told).shared("exporters that nothing deploys"));
            }
        }
    }
    found
}

/// Whether a name is of what monitoring brings along, rather than the application's.
pub fn is_monitoring_s_own(name: &str) -> bool {
    WORDS.iter().any(|word| name.contains(word))
}

/// The Services of which a job keeps the endpoints alone.
pub fn kept_services(job: &ScrapeConfig) -> Vec<(String, Span)> {
    let kept = job.relabel_configs.iter().filter(|relabel| {
        relabel.action == RelabelAction::Keep && relabel.source_labels == ["__meta_kubernetes_service_name"]
    });
    kept.filter_map(|relabel| Some((relabel.only_value()?, relabel.place.clone()))).collect()
}

/// The names that a job looks for.
fn wanted(job: &ScrapeConfig) -> Vec<(String, Span)> {
    const NAMES: [&str; 4] = [
        "__meta_kubernetes_service_name",
        "__meta_kubernetes_endpoints_name",
        "__meta_kubernetes_pod_label_app",
        "__meta_kubernetes_service_label_app",
    ];
    let mut names = Vec::new();
    for relabel in job.relabel_configs.iter().filter(|relabel| relabel.action == RelabelAction::Keep) {
        let [label] = relabel.source_labels.as_slice() else { continue };
        if NAMES.contains(&label.as_str()) {
            names.extend(relabel.only_value().map(|name| (name, relabel.place.clone())));
        }
    }
    for discovery in &job.discovery {
        if let Discovery::Static { targets, .. } = discovery {
            names.extend(targets.iter().filter_map(|target| {
                let host = target.value.rsplit_once(':').map_or(target.value.as_str(), |(host, _)| host);
                Some((host.split('.').next()?.to_owned(), target.span.clone()))
            }));
        }
    }
    names
}

fn exists(wiring: &Wiring, name: &str) -> bool {
    let service =
        matches!(wiring.reach(name, None), Reached::Service(_) | Reached::Elsewhere(_) | Reached::Outside);
    let workload = wiring
        .workloads
        .iter()
        .any(|workload| workload.name.value == name || workload.labels.values().any(|label| label == name));
    let release = wiring.releases.iter().any(|release| {
        let of_name = |text: &str| text.contains(name) || name.contains(text);
        of_name(&release.name.value) && release.chart.value.contains("exporter")
            || release.chart.value.ends_with(name)
    });
    service || workload || release
}
