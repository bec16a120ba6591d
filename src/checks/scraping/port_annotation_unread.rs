//! Jobs that keep annotated pods and don't read which port the annotation names.

use super::{has_role, jobs};
use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;
use crate::stack::{KubernetesRole, RelabelAction};

pub const CHECK: Check = Check {
    id: "port-annotation-unread",
    harm: Harm::Silent,
    title: "the port in the annotations is not read",
    explanation: "Annotations such as `prometheus.io/port` mean nothing to Prometheus by themselves: a relabelling has to \
                  write the port into `__address__`. Without it every port that the pod lists is a target, whatever the \
                  annotation says, and a port that is not listed never is.",
    example: "# prometheus.yml\nscrape_configs:\n- job_name: pods\n  kubernetes_sd_configs: [{role: pod}]\n  relabel_configs:\n  - source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scrape]\n    action: keep\n    regex: true\n",
    mended: "# prometheus.yml\nscrape_configs:\n- job_name: pods\n  kubernetes_sd_configs: [{role: pod}]\n  relabel_configs:\n  - source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scrape]\n    action: keep\n    regex: true\n  - source_labels: [__address__, __meta_kubernetes_pod_annotation_prometheus_io_port]\n    regex: ([^:]+)(?::\\d+)?;(\\d+)\n    replacement: $1:$2\n    target_label: __address__\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for job in jobs(wiring).filter(|job| has_role(job, &[KubernetesRole::Pod])) {
        let reads = |end: &str| {
            job.relabel_configs.iter().find(|relabel| {
                relabel
                    .source_labels
                    .iter()
                    .any(|label| label.contains("_annotation_") && label.ends_with(end))
            })
        };
        let Some(keep) = reads("_scrape").filter(|relabel| relabel.action == RelabelAction::Keep) else {
            continue;
        };
        // Ports may be kept by their name instead.
        let by_name = |label: &String| label.contains("container_port_");
        let by_name = job.relabel_configs.iter().any(|relabel| relabel.source_labels.iter().any(by_name));
        if reads("_port").is_some() || by_name {
            continue;
        }
        // Annotations of pods alone: no others are read here.
        let pods = wiring.workloads.iter();
        let annotated = pods.filter_map(|workload| workload.annotations.get("prometheus.io/port")).next();
        let diagnostic = Diagnostic::error(
            "",
            format!("`{}` does not read the annotations' port", job.job_name.value),
        )
        .at(&keep.place)
        .label("keeps every port of the pods that it finds")
        .help(
            "write the port of the annotation into `__address__`, as the example of `firedrill explain` does",
        );
        found.push(match annotated {
            Some(port) => diagnostic.related(&port.span, "this port is not read"),
            None => diagnostic,
        });
    }
    found
}
