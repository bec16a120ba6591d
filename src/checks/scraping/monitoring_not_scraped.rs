//! Monitoring that nobody monitors.

use super::{all_jobs_known, jobs};
use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::Discovery;
use crate::stack::wiring::{Reached, Wiring, Workload};

pub const CHECK: Check = Check {
    id: "monitoring-not-scraped",
    harm: Harm::Risk,
    title: "no job scrapes the programs that the monitoring is made of",
    explanation: "Alertmanager counts the notifications that fail, Loki the lines that it refuses, Promtail and Fluent Bit those that \
                  they drop. Where nobody scrapes them, a page that is never delivered and a log that is never stored are noticed by \
                  those who miss them.",
    example: "services:\n  prometheus: {image: 'prom/prometheus:v2.45.0'}\n  alertmanager: {image: 'prom/alertmanager:v0.25.0'}\n---8<---\n# prometheus.yml\nscrape_configs:\n- job_name: prometheus\n  static_configs: [{targets: ['localhost:9090']}]\n",
    mended: "services:\n  prometheus: {image: 'prom/prometheus:v2.45.0'}\n  alertmanager: {image: 'prom/alertmanager:v0.25.0'}\n---8<---\n# prometheus.yml\nscrape_configs:\n- job_name: monitoring\n  static_configs: [{targets: ['localhost:9090', 'alertmanager:9093']}]\n",
    find,
};

/// The programs, and what is not seen without their metrics.
const PROGRAMS: [(&str, &str); 5] = [
    ("prom/alertmanager", "notifications that fail are not seen"),
    ("grafana/loki", "lines that it refuses are not seen"),
    ("grafana/promtail", "lines that it drops are not seen"),
    ("fluent/fluent-bit", "lines that it drops are not seen"),
    ("otel/opentelemetry-collector-contrib", "spans that it drops are not seen"),
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    if !all_jobs_known(wiring) || wiring.running("prom/prometheus").next().is_none() {
        return Vec::new();
    }
    let mut unseen: Vec<(&Spanned<String>, &str)> = Vec::new();
    for (image, what) in PROGRAMS {
        for (workload, container) in wiring.running(image) {
            if let Some(place) = container.image.as_ref().filter(|_| !is_scraped(wiring, workload)) {
                unseen.push((place, what));
            }
        }
    }
    let Some((first, what)) = unseen.first() else { return Vec::new() };
    let found = Diagnostic::warning("", "no job scrapes this part of the monitoring")
        .at(&first.span)
        .label(*what)
        .help(
            "add jobs for them, and alerts such as `rate(alertmanager_notifications_failed_total[5m]) > 0`",
        );
    vec![unseen.iter().skip(1).fold(found, |found, (place, what)| found.related(&place.span, *what))]
}

fn is_scraped(wiring: &Wiring, workload: &Workload) -> bool {
    jobs(wiring).any(|job| {
        let discovered = wiring
            .targets(job)
            .iter()
            .any(|target| target.workload.is_some_and(|own| std::ptr::eq(own, workload)));
        let listed = job.discovery.iter().any(|discovery| match discovery {
            Discovery::Static { targets, .. } => targets.iter().any(|target| {
                let host = target.value.rsplit_once(':').map_or(target.value.as_str(), |(host, _)| host);
                match wiring.reach(host, None) {
                    Reached::Service(service) => {
                        service.name.value == workload.name.value
                            || wiring.selected(service).is_some_and(|own| std::ptr::eq(own, workload))
                    }
                    _ => host == workload.name.value,
                }
            }),
            // What it finds nobody knows.
            Discovery::Other { .. } => true,
            Discovery::Kubernetes { .. } => false,
        });
        discovered || listed
    })
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn what_discovery_finds_is_scraped() {
        let guide = |annotated: &str| {
            format!(
                "```yaml\n# prometheus.yml\nscrape_configs:\n- job_name: pods\n  kubernetes_sd_configs: [{{role: pod}}]\n  relabel_configs:\n  - source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scrape]\n    action: keep\n    regex: true\n```\n```yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: p}}\nspec: {{template: {{spec: {{containers: [{{image: 'prom/prometheus:v2.45.0'}}]}}}}}}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: l}}\nspec: {{template: {{metadata: {{annotations: {{prometheus.io/scrape: '{annotated}'}}}}, spec: {{containers: [{{image: 'grafana/loki:2.8.0'}}]}}}}}}\n```\n"
            )
        };
        check("monitoring-not-scraped", &guide("true"), &[]);
        check(
            "monitoring-not-scraped",
            &guide("false"),
            &["20:105 no job scrapes this part of the monitoring"],
        );
    }
}
