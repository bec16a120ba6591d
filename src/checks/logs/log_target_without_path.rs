//! Jobs of Promtail that find targets and have no files for them.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{PromtailConfig, PromtailJob, Wiring};

pub const CHECK: Check = Check {
    id: "log-target-without-path",
    harm: Harm::Silent,
    title: "this job of Promtail tails no file",
    explanation: "For each target that `kubernetes_sd_configs` finds, Promtail tails the files that the label `__path__` names. \
                  Where no relabelling sets it, the target is dropped: `no path for target`. Of the job's pipeline and \
                  labels nothing ever happens.",
    example: "clients: [{url: 'http://loki:3100/loki/api/v1/push'}]\nscrape_configs:\n- job_name: app\n  kubernetes_sd_configs: [{role: pod}]\n  relabel_configs:\n  - {source_labels: [__meta_kubernetes_namespace], target_label: namespace}\n",
    mended: "clients: [{url: 'http://loki:3100/loki/api/v1/push'}]\nscrape_configs:\n- job_name: app\n  kubernetes_sd_configs: [{role: pod}]\n  relabel_configs:\n  - {source_labels: [__meta_kubernetes_namespace], target_label: namespace}\n  - source_labels: [__meta_kubernetes_pod_uid, __meta_kubernetes_pod_container_name]\n    separator: /\n    target_label: __path__\n    replacement: /var/log/pods/*$1/*.log\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    wiring
        .logs
        .promtail
        .iter()
        .flat_map(|config| config.jobs.iter().filter_map(|job| judge(config, job)))
        .collect()
}

fn judge(config: &PromtailConfig, job: &PromtailJob) -> Option<Diagnostic> {
    let discovers = job.discovers.as_ref()?;
    // Of Docker's containers Promtail reads the logs through the API.
    if job.has_path || discovers.value == "docker_sd_configs" {
        return None;
    }
    let found = Diagnostic::error("", format!("the job `{}` tails no file", job.name.value))
        .at(&job.name.span)
        .label("no relabelling sets `__path__`")
        .related(&discovers.span, "finds targets without files")
        .because(
            "Promtail drops its targets (`no path for target`): its pipeline and labels are never applied",
        );
    let other =
        config.jobs.iter().flat_map(|job| &job.relabelled).find(|(target, _)| target.value == "__path__");
    Some(match other {
        Some((target, _)) => found
            .related(&target.span, "as this job does")
            .help("set `__path__` here too, and keep the other job from taking the same pods"),
        None => found
            .help("set `__path__`, to `/var/log/pods/*$1/*.log` from the pod's uid and the container's name"),
    })
}
