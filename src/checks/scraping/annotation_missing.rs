//! Jobs for which the application would have to be annotated, where nothing says that it is.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::labels::plain_name;
use crate::stack::wiring::Wiring;
use crate::stack::{Discovery, KubernetesRole, RelabelAction, RelabelConfig, ScrapeConfig};

use super::exporter_not_deployed::is_monitoring_s_own;
use super::{is_probe, jobs};

pub const CHECK: Check = Check {
    id: "annotation-missing",
    harm: Harm::Risk,
    title: "nothing that is documented has the annotation that this job keeps",
    explanation: "A job that keeps annotated pods or Services finds only those that somebody has annotated. Where the code that is \
                  instrumented is documented and no annotation is, whoever follows the documents has an application that counts and \
                  a Prometheus that never asks.",
    example: "# prometheus.yml\nscrape_configs:\n- job_name: pods\n  kubernetes_sd_configs: [{role: pod}]\n  relabel_configs:\n  - source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scrape]\n    action: keep\n    regex: true\n```\n```python\nfrom prometheus_client import Counter, start_http_server\nORDERS = Counter('orders_total', 'Orders')\nstart_http_server(8000)\n",
    mended: "# prometheus.yml\nscrape_configs:\n- job_name: pods\n  kubernetes_sd_configs: [{role: pod}]\n  relabel_configs:\n  - source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scrape]\n    action: keep\n    regex: true\n---8<---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop}\nspec: {template: {metadata: {annotations: {prometheus.io/scrape: 'true'}}, spec: {containers: [{image: 'shop:1'}]}}}\n```\n```python\nfrom prometheus_client import Counter, start_http_server\nORDERS = Counter('orders_total', 'Orders')\nstart_http_server(8000)\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let Some(metric) = wiring.metrics.first() else { return Vec::new() };
    let monitored = !wiring.monitors.is_empty()
        || wiring.operator_objects.iter().any(|object| object.kind.value.ends_with("Monitor"));
    let candidates: Vec<&ScrapeConfig> = jobs(wiring).filter(|job| may_be_the_application_s(job)).collect();
    let kept: Vec<_> = candidates.iter().filter_map(|job| Some((*job, kept(job)?))).collect();
    // Another job may be the one that finds it.
    if monitored || kept.len() < candidates.len() {
        return Vec::new();
    }
    let Some((job, (relabel, kind, annotation))) = kept.first() else { return Vec::new() };
    if kept.iter().any(|(_, (_, _, annotation))| is_carried(annotation, wiring)) {
        return Vec::new();
    }
    let written = written(annotation);
    let object = if *kind == "pod" { "pod" } else { "Service" };
    vec![
        Diagnostic::warning(
            "",
            format!(
                "no documented {object} has the annotation `{written}`, which `{}` keeps",
                job.job_name.value
            ),
        )
        .at(&relabel.place)
        .label("keeps nothing that is documented")
        .related(&metric.name.span, "so nobody asks for this")
        .because("assuming that the application's own manifests are not annotated either")
        .help(match object {
            "pod" => format!(
                "annotate the application's pods, under `spec.template.metadata`: `{written}: \"true\"`"
            ),
            _ => format!("annotate the application's Service: `{written}: \"true\"`"),
        }),
    ]
}

/// Whether a job discovers pods or Services and is neither an exporter's nor the cluster's own.
fn may_be_the_application_s(job: &ScrapeConfig) -> bool {
    let name = job.job_name.value.as_str();
    let own = is_monitoring_s_own(name)
        || ["apiserver", "node", "kubelet", "prometheus", "alertmanager", "grafana", "loki"]
            .iter()
            .any(|word| name.contains(word));
    let of_cluster = job
        .relabel_configs
        .iter()
        .any(|relabel| relabel.action == RelabelAction::Keep && relabel.place.text().contains("kubernetes;"));
    let found = job.discovery.iter().any(|discovery| match discovery {
        Discovery::Kubernetes { role, .. } => !matches!(role, KubernetesRole::Node | KubernetesRole::Ingress),
        Discovery::Static { targets, .. } => targets
            .iter()
            .any(|target| !is_monitoring_s_own(&target.value) && !target.value.starts_with("localhost")),
        Discovery::Other { .. } => true,
    });
    found && !own && !of_cluster && !is_probe(job)
}

/// The annotation that a job keeps: its rule, `pod` or `service`, and the annotation as discovery calls it.
fn kept(job: &ScrapeConfig) -> Option<(&RelabelConfig, &'static str, &str)> {
    let keeps = job.relabel_configs.iter().filter(|relabel| relabel.action == RelabelAction::Keep);
    keeps.into_iter().find_map(|relabel| {
        let [label] = relabel.source_labels.as_slice() else { return None };
        ["pod", "service"].into_iter().find_map(|kind| {
            let annotation = label.strip_prefix(&format!("__meta_kubernetes_{kind}_annotation_"))?;
            Some((relabel, kind, annotation))
        })
    })
}

/// Whether an object, a command or a sentence of the documents has the annotation. Values are those of other programs' charts.
fn is_carried(annotation: &str, wiring: &Wiring) -> bool {
    let is = |name: &str| plain_name(name).contains(annotation);
    let pods = wiring.workloads.iter().flat_map(|workload| workload.annotations.keys());
    let objects = wiring.objects.iter().flat_map(|object| object.annotations.keys());
    let commands = wiring.commands.iter().flatten().map(|word| &word.value);
    let values = wiring
        .releases
        .iter()
        .filter(|release| !MONITORING.contains(&release.chart.value.as_str()))
        .flat_map(|release| release.values.keys());
    pods.chain(objects).chain(commands).chain(values).any(|name| is(name))
        || wiring.sentences().any(|line| is(&line))
}

/// Charts that bring no application.
const MONITORING: [&str; 10] = [
    "kube-prometheus-stack",
    "prometheus",
    "alertmanager",
    "grafana",
    "loki",
    "loki-stack",
    "promtail",
    "jaeger",
    "elasticsearch",
    "kibana",
];

/// As it would be written in a manifest.
fn written(annotation: &str) -> String {
    match annotation.strip_prefix("prometheus_io_") {
        Some(rest) => format!("prometheus.io/{rest}"),
        None => annotation.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    fn guide(jobs: &str, more: &str) -> String {
        format!(
            "```yaml\nscrape_configs:\n- job_name: pods\n  kubernetes_sd_configs: [{{role: pod}}]\n  relabel_configs:\n  - {{source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scrape], action: keep, regex: 'true'}}\n{jobs}```\n```python\nfrom prometheus_client import Counter\nC = Counter('c_total', 'h')\n```\n{more}"
        )
    }

    #[test]
    fn an_annotation_may_stand_in_an_object_a_command_or_a_sentence() {
        let found = ["6:5 no documented pod has the annotation `prometheus.io/scrape`, which `pods` keeps"];
        check("annotation-missing", &guide("", ""), &found);
        for carried in [
            "Annotate your pods with `prometheus.io/scrape: \"true\"`.\n",
            "```sh\nkubectl annotate pods --all prometheus.io/scrape=true\n```\n",
            "```yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {template: {metadata: {annotations: {prometheus.io/scrape: 'true'}}, spec: {containers: [{image: 'a:1'}]}}}\n```\n",
        ] {
            check("annotation-missing", &guide("", carried), &[]);
        }
        // Of another program's chart.
        let jaeger = "```sh\nhelm install j jaegertracing/jaeger -f v.yaml\n```\nv.yaml\n```yaml\nprovisionDataStore: {}\ncollector:\n  podAnnotations: {prometheus.io/scrape: 'true'}\n```\n";
        check("annotation-missing", &guide("", jaeger), &found);
    }

    #[test]
    fn a_job_that_names_its_targets_may_be_the_one() {
        check(
            "annotation-missing",
            &guide("- job_name: app\n  static_configs: [{targets: ['app:80']}]\n", ""),
            &[],
        );
        let exporter = "- job_name: pg\n  static_configs: [{targets: ['postgres-exporter:9187']}]\n";
        let found = ["6:5 no documented pod has the annotation `prometheus.io/scrape`, which `pods` keeps"];
        check("annotation-missing", &guide(exporter, ""), &found);
    }
}
