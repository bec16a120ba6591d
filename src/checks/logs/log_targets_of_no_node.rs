//! Promtails that don't know which node they are on.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::Version;
use crate::stack::wiring::{Container, PromtailConfig, PromtailJob, Wiring};

pub const CHECK: Check = Check {
    id: "log-targets-of-no-node",
    harm: Harm::Silent,
    title: "Promtail takes its pod's name for its node's, and drops every target",
    explanation: "Promtail keeps the targets whose `__host__` is its own host's name, and since 3.4 asks Kubernetes for the pods of that \
                  node alone. Its host's name is the variable HOSTNAME, which in a pod is the pod's name: no target has it, \
                  no line is sent, and the page /targets shows all of them as dropped. The variable must be given the node's name.",
    example: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: promtail, namespace: logging}\ndata:\n  promtail.yaml: |\n    clients: [{url: 'http://loki:3100/loki/api/v1/push'}]\n    scrape_configs:\n    - job_name: pods\n      kubernetes_sd_configs: [{role: pod}]\n      relabel_configs:\n      - {source_labels: [__meta_kubernetes_pod_node_name], target_label: __host__}\n      - {source_labels: [__meta_kubernetes_pod_uid], target_label: __path__, replacement: '/var/log/pods/*$1/*/*.log'}\n---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: promtail, namespace: logging}\nspec:\n  template:\n    spec:\n      containers:\n      - name: promtail\n        image: grafana/promtail:2.9.0\n        volumeMounts: [{name: config, mountPath: /etc/promtail}]\n      volumes:\n      - {name: config, configMap: {name: promtail}}\n",
    mended: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: promtail, namespace: logging}\ndata:\n  promtail.yaml: |\n    clients: [{url: 'http://loki:3100/loki/api/v1/push'}]\n    scrape_configs:\n    - job_name: pods\n      kubernetes_sd_configs: [{role: pod}]\n      relabel_configs:\n      - {source_labels: [__meta_kubernetes_pod_node_name], target_label: __host__}\n      - {source_labels: [__meta_kubernetes_pod_uid], target_label: __path__, replacement: '/var/log/pods/*$1/*/*.log'}\n---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: promtail, namespace: logging}\nspec:\n  template:\n    spec:\n      containers:\n      - name: promtail\n        image: grafana/promtail:2.9.0\n        env:\n        - {name: HOSTNAME, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}\n        volumeMounts: [{name: config, mountPath: /etc/promtail}]\n      volumes:\n      - {name: config, configMap: {name: promtail}}\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    wiring.logs.promtail_jobs().filter_map(|(config, job)| judge(config, job, wiring)).collect()
}

fn judge(config: &PromtailConfig, job: &PromtailJob, wiring: &Wiring) -> Option<Diagnostic> {
    let discovers = job.discovers.as_ref().filter(|kind| kind.value == "kubernetes_sd_configs")?;
    let mounted = wiring.mounted(&config.home);
    let lost = mounted.iter().find(|seen| !seen.workload.host_network && !knows_its_node(seen.container))?;
    let by_relabelling = job.relabelled.iter().find(|(target, _)| target.value == "__host__");
    let told = match by_relabelling {
        Some((target, _)) => {
            Diagnostic::error("", "Promtail drops all of these targets: none is on its host")
                .at(&target.span)
                .label("compared with the variable HOSTNAME")
        }
        None if job.of_pods && asks_for_its_node(lost.container) => {
            Diagnostic::error("", "Promtail finds no pods: it asks for those of a node that does not exist")
                .at(&discovers.span)
                .label("only pods of the node that HOSTNAME names, since Promtail 3.4")
        }
        None => return None,
    };
    let workload = &lost.workload.name;
    Some(
        told.related(&workload.span, "its pods have their own names as HOSTNAME")
            .because("nothing gives the container the name of its node")
            .help("add `{name: HOSTNAME, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}` to its `env`"),
    )
}

fn knows_its_node(container: &Container) -> bool {
    let named = container.fields.iter().any(|(name, field)| name == "HOSTNAME" && field == "spec.nodeName");
    named || container.variable("HOSTNAME").is_some()
}

/// Whether this Promtail filters pods by node when it asks for them.
pub fn asks_for_its_node(container: &Container) -> bool {
    let version = container.image_tag().and_then(Version::parse);
    container.runs("grafana/promtail") && version.is_some_and(|version| version >= Version::new(3, 4))
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    fn guide(tag: &str, relabelled: &str, env: &str) -> String {
        format!(
            "```yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: p, namespace: l}}\ndata:\n  p.yaml: |\n    clients: [{{url: 'http://loki:3100'}}]\n    scrape_configs:\n    - job_name: pods\n      kubernetes_sd_configs: [{{role: pod}}]\n      relabel_configs: [{{source_labels: [a], target_label: {relabelled}}}]\n---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {{name: p, namespace: l}}\nspec:\n  template:\n    spec:\n      containers:\n      - {{name: p, image: 'grafana/promtail:{tag}', env: [{env}], volumeMounts: [{{name: c, mountPath: /etc/promtail}}]}}\n      volumes: [{{name: c, configMap: {{name: p}}}}]\n```\n"
        )
    }

    #[test]
    fn a_promtail_of_3_4_asks_for_its_node_by_itself() {
        let id = "log-targets-of-no-node";
        let node = "{name: HOSTNAME, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}";
        check(id, &guide("2.9.0", "__path__", ""), &[]);
        check(
            id,
            &guide("3.4.1", "__path__", ""),
            &["10:7 Promtail finds no pods: it asks for those of a node that does not exist"],
        );
        check(id, &guide("3.4.1", "__path__", node), &[]);
        check("log-targets-of-all-nodes", &guide("3.4.1", "__path__", node), &[]);
        check(
            "log-targets-of-all-nodes",
            &guide("3.3.0", "__path__", node),
            &["9:17 `pods` has a target for each pod of the whole cluster"],
        );
    }

    #[test]
    fn a_field_of_the_pod_that_is_not_the_node_does_not_help() {
        let name = "{name: HOSTNAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}";
        check(
            "log-targets-of-no-node",
            &guide("2.9.0", "__host__", name),
            &["11:60 Promtail drops all of these targets: none is on its host"],
        );
    }
}
