//! Monitoring that nobody monitors.

use super::{all_jobs_known, jobs};
use crate::checks::guides::compose_file_unused;
use crate::checks::{Check, Harm, sources};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::wiring::{Reached, Wiring, Workload};
use crate::stack::{Discovery, ScrapeConfig};

pub const CHECK: Check = Check {
    id: "monitoring-not-scraped",
    harm: Harm::Risk,
    title: "no job scrapes the programs that the monitoring is made of",
    explanation: "Alertmanager counts the notifications that fail, Loki the lines that it refuses, Promtail and Fluent Bit those that \
                  they drop, Prometheus the rules that fail, Jaeger and the Collector the spans. Where nobody scrapes them, a page that \
                  is never delivered and a log that is never stored are noticed by those who miss them. kube-prometheus-stack \
                  scrapes its own parts alone.",
    example: "services:\n  prometheus: {image: 'prom/prometheus:v2.45.0'}\n  alertmanager: {image: 'prom/alertmanager:v0.25.0'}\n---8<---\n# prometheus.yml\nscrape_configs:\n- job_name: prometheus\n  static_configs: [{targets: ['localhost:9090']}]\n",
    mended: "services:\n  prometheus: {image: 'prom/prometheus:v2.45.0'}\n  alertmanager: {image: 'prom/alertmanager:v0.25.0'}\n---8<---\n# prometheus.yml\nscrape_configs:\n- job_name: monitoring\n  static_configs: [{targets: ['localhost:9090', 'alertmanager:9093']}]\n",
    find,
};

/// A program, what is not seen without its metrics, and an alert that would.
struct Program {
    image: &'static str,
    unseen: &'static str,
    alert: &'static str,
}

const PROMETHEUS: &str = "prom/prometheus";
const PROGRAMS: [Program; 8] = [
    Program {
        image: "prom/alertmanager",
        unseen: "notifications that fail are not seen",
        alert: "rate(alertmanager_notifications_failed_total[5m]) > 0",
    },
    Program {
        image: PROMETHEUS,
        unseen: "rules that fail are not seen",
        alert: "increase(prometheus_rule_evaluation_failures_total[5m]) > 0",
    },
    Program {
        image: "grafana/loki",
        unseen: "lines that it refuses are not seen",
        alert: "rate(loki_discarded_samples_total[5m]) > 0",
    },
    Program {
        image: "grafana/promtail",
        unseen: "lines that it drops are not seen",
        alert: "rate(promtail_dropped_entries_total[5m]) > 0",
    },
    Program {
        image: "fluent/fluent-bit",
        unseen: "lines that it drops are not seen",
        alert: "rate(fluentbit_output_dropped_records_total[5m]) > 0",
    },
    Program {
        image: "otel/opentelemetry-collector-contrib",
        unseen: "spans that it drops are not seen",
        alert: "rate(otelcol_exporter_send_failed_spans[5m]) > 0",
    },
    Program { image: "jaegertracing/all-in-one", unseen: SPANS, alert: JAEGER },
    Program { image: "jaegertracing/jaeger-collector", unseen: SPANS, alert: JAEGER },
];
const SPANS: &str = "spans that it drops are not seen";
const JAEGER: &str = "rate(jaeger_collector_spans_dropped_total[5m]) > 0";

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    // Prometheus and all of its jobs are documented, or come from a chart that brings jobs for its own parts alone.
    let written = all_jobs_known(wiring) && wiring.running("prom/prometheus").next().is_some();
    let brought = sources::stack_release(wiring).filter(|release| release.complete);
    if !written && brought.is_none() {
        return Vec::new();
    }
    let mut unseen: Vec<(&Spanned<String>, &Program)> = Vec::new();
    for program in &PROGRAMS {
        for (workload, container) in wiring.running(program.image) {
            if compose_file_unused::of(wiring, workload).is_some()
                || is_scraped(wiring, workload)
                || is_monitored(wiring, workload)
                || program.image == PROMETHEUS && scrapes_itself(wiring)
            {
                continue;
            }
            unseen.extend(container.image.as_ref().map(|image| (image, program)));
        }
    }
    let Some((first, program)) = unseen.first() else { return Vec::new() };
    let parts = if unseen.len() == 1 { "this part" } else { "these parts" };
    let jobs = match (unseen.len(), written) {
        (1, true) => "a job for it",
        (_, true) => "jobs for them",
        (1, false) => "a PodMonitor for it",
        (_, false) => "a PodMonitor for each",
    };
    let found = Diagnostic::warning("", format!("no job scrapes {parts} of the monitoring"))
        .at(&first.span)
        .label(program.unseen)
        .help(format!("add {jobs}, and an alert such as `{}`", program.alert));
    let found = match brought.filter(|_| !written) {
        Some(release) => found.related(&release.chart.span, "this chart brings jobs for its own parts alone"),
        None => found,
    };
    vec![
        unseen
            .iter()
            .skip(1)
            .fold(found, |found, (place, program)| found.related(&place.span, program.unseen)),
    ]
}

/// By an address of its own host.
fn scrapes_itself(wiring: &Wiring) -> bool {
    jobs(wiring).flat_map(ScrapeConfig::listed).any(|target| {
        let host = target.value.rsplit_once(':').map_or(target.value.as_str(), |(host, _)| host);
        matches!(host, "localhost" | "127.0.0.1")
    })
}

/// Whether an object of the operator may select a workload.
fn is_monitored(wiring: &Wiring, workload: &Workload) -> bool {
    let services = wiring.objects_of("Service").filter(|service| service.name.value == workload.name.value);
    let labels: Vec<&str> = workload
        .labels
        .values()
        .map(String::as_str)
        .chain(services.flat_map(|service| service.labels.values().map(|label| label.value.as_str())))
        .collect();
    wiring.monitors.iter().any(|monitor| {
        monitor.expressions
            || monitor.name.value.contains(&workload.name.value)
            || monitor.selector.is_empty()
            || monitor.selector.iter().all(|(_, value)| labels.contains(&value.value.as_str()))
    })
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
                "```yaml\n# prometheus.yml\nscrape_configs:\n- job_name: self\n  static_configs: [{{targets: ['localhost:9090']}}]\n- job_name: pods\n  kubernetes_sd_configs: [{{role: pod}}]\n  relabel_configs:\n  - source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scrape]\n    action: keep\n    regex: true\n```\n```yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: p}}\nspec: {{template: {{spec: {{containers: [{{image: 'prom/prometheus:v2.45.0'}}]}}}}}}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: l}}\nspec: {{template: {{metadata: {{annotations: {{prometheus.io/scrape: '{annotated}'}}}}, spec: {{containers: [{{image: 'grafana/loki:2.8.0'}}]}}}}}}\n```\n"
            )
        };
        check("monitoring-not-scraped", &guide("true"), &[]);
        check(
            "monitoring-not-scraped",
            &guide("false"),
            &["22:105 no job scrapes this part of the monitoring"],
        );
    }

    #[test]
    fn a_chart_scrapes_its_own_parts_alone() {
        let guide = |monitor: &str| {
            format!(
                "```sh\nhelm install p prometheus-community/kube-prometheus-stack\n```\n```yaml\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {{name: fb, namespace: l}}\nspec: {{template: {{metadata: {{labels: {{app: fb}}}}, spec: {{containers: [{{image: 'fluent/fluent-bit:5.1'}}]}}}}}}\n{monitor}```\n"
            )
        };
        check("monitoring-not-scraped", &guide(""), &["8:78 no job scrapes this part of the monitoring"]);
        let monitor = "---\napiVersion: monitoring.coreos.com/v1\nkind: PodMonitor\nmetadata: {name: m, namespace: l}\nspec: {selector: {matchLabels: {app: fb}}, podMetricsEndpoints: [{port: http}]}\n";
        check("monitoring-not-scraped", &guide(monitor), &[]);
    }
}
