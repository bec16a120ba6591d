//! Relabelling that reads a label which the job's discovery never gives.

use std::collections::BTreeSet;

use super::jobs;
use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;
use crate::stack::{Discovery, KubernetesRole, RelabelAction, RelabelConfig, ScrapeConfig};

pub const CHECK: Check = Check {
    id: "meta-label-missing",
    harm: Harm::Silent,
    title: "discovery never gives the label that this relabelling reads",
    explanation: "Each role of `kubernetes_sd_configs` has labels of its own: pods know their own labels and not their node's, Services \
                  know nothing of pods. A label that is not there is empty: a `keep` on it keeps no target, a `labelmap` maps \
                  nothing, and a target label stays as it was. Labels of nodes come with `attach_metadata: {node: true}`.",
    example: "# prometheus.yml\nscrape_configs:\n- job_name: pods\n  kubernetes_sd_configs: [{role: pod}]\n  relabel_configs:\n  - source_labels: [__meta_kubernetes_service_annotation_prometheus_io_scrape]\n    action: keep\n    regex: true\n",
    mended: "# prometheus.yml\nscrape_configs:\n- job_name: pods\n  kubernetes_sd_configs: [{role: pod}]\n  relabel_configs:\n  - source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scrape]\n    action: keep\n    regex: true\n",
    find,
};

const META: &str = "__meta_kubernetes_";

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for job in jobs(wiring) {
        let Some(roles) = roles(job) else { continue };
        // What is made of other labels may have any name.
        let made: BTreeSet<&str> =
            job.relabel_configs.iter().map(|relabel| relabel.target_label.as_str()).collect();
        for relabel in &job.relabel_configs {
            let read = read(relabel).into_iter();
            let missing = read.filter(|label| !made.contains(label.as_str()));
            let missing = missing.filter(|label| !roles.iter().any(|role| gives(*role, label)));
            found.extend(missing.take(1).map(|label| told(job, relabel, &label, &roles)));
        }
    }
    found
}

/// The roles of a job that discovers nothing else, and no more of it than the roles give.
fn roles(job: &ScrapeConfig) -> Option<Vec<KubernetesRole>> {
    let roles: Option<Vec<KubernetesRole>> = job
        .discovery
        .iter()
        .map(|discovery| match discovery {
            Discovery::Kubernetes { role, .. } => Some(*role),
            _ => None,
        })
        .collect();
    roles.filter(|roles| !roles.is_empty() && !job.place.text().contains("attach_metadata"))
}

/// The labels of discovery that a rule reads; of a pattern, what every name that it fits begins with.
fn read(relabel: &RelabelConfig) -> Vec<String> {
    match relabel.action {
        RelabelAction::LabelMap => {
            // As it is written, rather than as it is compiled.
            let pattern = relabel.place.text();
            let start = pattern.find(META).unwrap_or(pattern.len());
            let literal = pattern[start..].split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next();
            literal.filter(|literal| literal.len() > META.len()).map(str::to_owned).into_iter().collect()
        }
        RelabelAction::LabelDrop | RelabelAction::LabelKeep => Vec::new(),
        _ => relabel.source_labels.iter().filter(|label| label.starts_with(META)).cloned().collect(),
    }
}

/// Whether a role gives a label, or labels that begin so.
fn gives(role: KubernetesRole, label: &str) -> bool {
    let of: &[&str] = match role {
        KubernetesRole::Node => &["node_"],
        KubernetesRole::Pod => &["namespace", "pod_"],
        KubernetesRole::Service => &["namespace", "service_"],
        KubernetesRole::Endpoints => &["namespace", "endpoints_", "endpoint_", "service_", "pod_"],
        KubernetesRole::EndpointSlice => &["namespace", "endpointslice_", "service_", "pod_"],
        KubernetesRole::Ingress => &["namespace", "ingress_"],
    };
    let name = &label[META.len()..];
    of.iter().any(|own| name.starts_with(own) || own.starts_with(name))
}

fn told(job: &ScrapeConfig, relabel: &RelabelConfig, label: &str, roles: &[KubernetesRole]) -> Diagnostic {
    let name = &job.job_name.value;
    let what = match relabel.action {
        RelabelAction::Keep => "keeps no target",
        RelabelAction::Drop => "drops no target",
        RelabelAction::LabelMap => "maps no label",
        _ => "reads an empty label",
    };
    let roles: Vec<&str> = roles.iter().map(|role| as_written(*role)).collect();
    let found = Diagnostic::error("", format!("this rule of `{name}` {what}"))
        .at(&relabel.place)
        .label(match relabel.action {
            RelabelAction::LabelMap => format!("reads `{label}…`"),
            _ => format!("reads `{label}`"),
        })
        .because(format!("the role {} does not give it", roles.join(", ")))
        .follows_from("exporter-not-deployed", &job.place);
    match label[META.len()..].split('_').next() {
        Some("node") => found.help(
            "add `attach_metadata: {node: true}` to the discovery (Prometheus 2.35), or leave the rule out",
        ),
        Some("service") => found.help("take the role `endpoints`, which knows the Service and the pod"),
        _ => found,
    }
}

fn as_written(role: KubernetesRole) -> &'static str {
    match role {
        KubernetesRole::Node => "`node`",
        KubernetesRole::Pod => "`pod`",
        KubernetesRole::Service => "`service`",
        KubernetesRole::Endpoints => "`endpoints`",
        KubernetesRole::EndpointSlice => "`endpointslice`",
        KubernetesRole::Ingress => "`ingress`",
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn each_role_has_labels_of_its_own() {
        let guide = |role: &str, rule: &str| {
            format!(
                "```yaml\nscrape_configs:\n- job_name: a\n  kubernetes_sd_configs: [{{role: {role}}}]\n  relabel_configs:\n  - \
                 {rule}\n```\n"
            )
        };
        let map = "{action: labelmap, regex: '__meta_kubernetes_node_label_(.+)'}";
        check("meta-label-missing", &guide("node", map), &[]);
        check("meta-label-missing", &guide("endpoints", map), &["6:5 this rule of `a` maps no label"]);
        check("meta-label-missing", &guide("pod, attach_metadata: {node: true}", map), &[]);
        let keep =
            |label: &str| format!("{{source_labels: [__meta_kubernetes_{label}], action: keep, regex: a}}");
        check("meta-label-missing", &guide("endpoints", &keep("pod_name")), &[]);
        check("meta-label-missing", &guide("service", &keep("namespace")), &[]);
        check(
            "meta-label-missing",
            &guide("node", &keep("namespace")),
            &["6:5 this rule of `a` keeps no target"],
        );
        check(
            "meta-label-missing",
            &guide("service", &keep("pod_name")),
            &["6:5 this rule of `a` keeps no target"],
        );
    }
}
