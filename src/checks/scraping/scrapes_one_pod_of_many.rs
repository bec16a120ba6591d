//! Metrics scraped through a Service's own address.

use super::{has_role, is_probe, jobs};
use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;
use crate::stack::{Discovery, KubernetesRole, RelabelAction};

pub const CHECK: Check = Check {
    id: "scrapes-one-pod-of-many",
    harm: Harm::Risk,
    title: "each scrape meets another pod of the Service",
    explanation: "The role `service` finds one target for a Service's port, its virtual address. Every connection to it \
                  leads to any one of the pods: with several, counters jump between theirs, which `rate` takes for resets, \
                  and a pod that is down goes unnoticed. The role is meant for probing Services from outside; `endpoints` finds each pod.",
    example: "# prometheus.yml\nscrape_configs:\n- job_name: app\n  kubernetes_sd_configs: [{role: service, namespaces: {names: [app]}}]\n",
    mended: "# prometheus.yml\nscrape_configs:\n- job_name: app\n  kubernetes_sd_configs: [{role: endpoints, namespaces: {names: [app]}}]\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for job in jobs(wiring).filter(|job| has_role(job, &[KubernetesRole::Service]) && !is_probe(job)) {
        // Where all that it finds runs one pod, there is nothing to confuse.
        let targets = wiring.targets(job);
        let single =
            |replicas: Option<&crate::diagnostic::Spanned<String>>| replicas.is_none_or(|it| it.value == "1");
        let only_single = !targets.is_empty()
            && job.relabel_configs.iter().any(names_one)
            && targets.iter().all(|target| target.workload.is_some_and(|it| single(it.replicas.as_ref())));
        if only_single {
            continue;
        }
        for discovery in &job.discovery {
            let Discovery::Kubernetes { role: KubernetesRole::Service, place, .. } = discovery else {
                continue;
            };
            found.push(
                Diagnostic::warning("", format!("`{}` scrapes Services, not their pods", job.job_name.value))
                    .at(place)
                    .label("one target for all pods of a Service")
                    .help("use the role `endpoints`"),
            );
        }
    }
    found
}

/// A `keep` of one Service's name.
fn names_one(relabel: &crate::stack::RelabelConfig) -> bool {
    relabel.action == RelabelAction::Keep && relabel.source_labels == ["__meta_kubernetes_service_name"]
}
