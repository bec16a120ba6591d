//! Promtails that look for the files of all nodes.

use super::log_targets_of_no_node::asks_for_its_node;
use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{PromtailConfig, PromtailJob, Wiring};

pub const CHECK: Check = Check {
    id: "log-targets-of-all-nodes",
    harm: Harm::Style,
    title: "each Promtail has a target for each pod of the whole cluster",
    explanation: "`kubernetes_sd_configs` finds all pods, and Promtail runs on each node. The label `__host__` says on which node a target's files \
                  are: Promtail drops what is not its own. Before 3.4, without it each of them looks for files of all pods for ever, and its \
                  list of targets no longer shows what it really reads.",
    example: "clients: [{url: 'http://loki:3100/loki/api/v1/push'}]\nscrape_configs:\n- job_name: pods\n  kubernetes_sd_configs: [{role: pod}]\n  relabel_configs:\n  - source_labels: [__meta_kubernetes_pod_uid, __meta_kubernetes_pod_container_name]\n    separator: /\n    target_label: __path__\n    replacement: /var/log/pods/*$1/*.log\n",
    mended: "clients: [{url: 'http://loki:3100/loki/api/v1/push'}]\nscrape_configs:\n- job_name: pods\n  kubernetes_sd_configs: [{role: pod}]\n  relabel_configs:\n  - {source_labels: [__meta_kubernetes_pod_node_name], target_label: __host__}\n  - source_labels: [__meta_kubernetes_pod_uid, __meta_kubernetes_pod_container_name]\n    separator: /\n    target_label: __path__\n    replacement: /var/log/pods/*$1/*.log\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    wiring.logs.promtail_jobs().filter_map(|(config, job)| judge(config, job, wiring)).collect()
}

fn judge(config: &PromtailConfig, job: &PromtailJob, wiring: &Wiring) -> Option<Diagnostic> {
    let discovers = job.discovers.as_ref().filter(|kind| kind.value == "kubernetes_sd_configs")?;
    let mounted = wiring.mounted(&config.home);
    let once = mounted.iter().any(|seen| seen.workload.kind != "DaemonSet");
    let told = job
        .relabelled
        .iter()
        .any(|(target, from)| target.value == "__host__" || from.iter().any(|label| label == "__host__"));
    let asks =
        job.of_pods && !mounted.is_empty() && mounted.iter().all(|seen| asks_for_its_node(seen.container));
    if !job.has_path || told || once || asks {
        return None;
    }
    Some(
        Diagnostic::warning(
            "",
            format!("`{}` has a target for each pod of the whole cluster", job.name.value),
        )
        .at(&job.name.span)
        .label("no relabelling sets `__host__`")
        .related(&discovers.span, "finds the pods of all nodes")
        .because("before 3.4 Promtail drops the targets of other nodes by `__host__` alone")
        .help("add `{source_labels: [__meta_kubernetes_pod_node_name], target_label: __host__}`"),
    )
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn files_named_by_hand_are_on_every_node() {
        let guide = "```yaml\nclients: [{url: 'http://loki:3100'}]\nscrape_configs:\n- job_name: system\n  static_configs: [{targets: [localhost], labels: {__path__: /var/log/syslog}}]\n```\n";
        check("log-targets-of-all-nodes", guide, &[]);
    }
}
