//! Jobs that take everything that discovery finds for their targets.

use super::{has_role, is_probe, jobs};
use crate::checks::{Check, Harm, config_not_loaded};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;
use crate::stack::{Discovery, KubernetesRole, RelabelAction};

pub const CHECK: Check = Check {
    id: "scrapes-everything",
    harm: Harm::Breaks,
    title: "every endpoint of the cluster becomes a target of this job",
    explanation: "Discovery without a `keep` finds each port of each pod or Service of the cluster. Nearly all of them \
                  serve no metrics at the job's scheme and path: hundreds of targets that are down, and alerts on `up` \
                  that fire for ever.",
    example: "# prometheus.yml\nscrape_configs:\n- job_name: kubernetes-apiservers\n  scheme: https\n  kubernetes_sd_configs:\n  - role: endpoints\n",
    mended: "# prometheus.yml\nscrape_configs:\n- job_name: kubernetes-apiservers\n  scheme: https\n  kubernetes_sd_configs:\n  - role: endpoints\n  relabel_configs:\n  - source_labels: [__meta_kubernetes_namespace, __meta_kubernetes_service_name, __meta_kubernetes_endpoint_port_name]\n    action: keep\n    regex: default;kubernetes;https\n",
    find,
};

const ROLES: [KubernetesRole; 4] =
    [KubernetesRole::Pod, KubernetesRole::Service, KubernetesRole::Endpoints, KubernetesRole::EndpointSlice];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for job in jobs(wiring).filter(|job| has_role(job, &ROLES) && !is_probe(job)) {
        let narrows = |action| {
            use RelabelAction::{Drop, DropEqual, Keep, KeepEqual};
            matches!(action, Keep | Drop | KeepEqual | DropEqual)
        };
        if job.relabel_configs.iter().any(|relabel| narrows(relabel.action)) {
            continue;
        }
        for discovery in &job.discovery {
            let Discovery::Kubernetes { role, namespaces, place } = discovery else { continue };
            if !ROLES.contains(role) || !namespaces.is_empty() {
                continue;
            }
            let told = Diagnostic::error(
                "",
                format!("`{}` scrapes every endpoint of the cluster", job.job_name.value),
            )
            .at(place)
            .label("finds all of them")
            .related(&job.job_name.span, "no relabelling keeps only some")
            .help("add a `keep` for what is meant");
            found.push(config_not_loaded::after(wiring, told));
        }
    }
    found
}
