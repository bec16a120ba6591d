//! Nodes that are scraped over plain HTTP.

use crate::checks::{Check, Harm, config_not_loaded};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;
use crate::stack::{Discovery, KubernetesRole};

use super::jobs;

pub const CHECK: Check = Check {
    id: "kubelet-needs-https",
    harm: Harm::Breaks,
    title: "the kubelet answers only over HTTPS",
    explanation: "Discovery of the role `node` finds the kubelet's port, 10250. It speaks TLS and asks for a token: over \
                  plain HTTP each scrape ends with `400 Bad Request`, and `up` is 0 for every node.",
    example: "# prometheus.yml\nscrape_configs:\n- job_name: kubernetes-nodes\n  kubernetes_sd_configs: [{role: node}]\n",
    mended: "# prometheus.yml\nscrape_configs:\n- job_name: kubernetes-nodes\n  scheme: https\n  tls_config: {ca_file: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt}\n  bearer_token_file: /var/run/secrets/kubernetes.io/serviceaccount/token\n  kubernetes_sd_configs: [{role: node}]\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for job in jobs(wiring).filter(|job| job.scheme == "http") {
        // It is led elsewhere: to node_exporter's port, say.
        let led = |name: &str| name == "__address__" || name == "__scheme__";
        if job.relabel_configs.iter().any(|relabel| led(&relabel.target_label)) {
            continue;
        }
        for discovery in &job.discovery {
            let Discovery::Kubernetes { role: KubernetesRole::Node, place, .. } = discovery else { continue };
            let told =
                Diagnostic::error("", format!("`{}` asks the kubelets over plain HTTP", job.job_name.value))
                    .at(place)
                    .label("finds port 10250, which speaks HTTPS")
                    .because("each scrape fails, so `up` is 0 for every node")
                    .help(
                        "set `scheme: https` with the service account's `ca_file` and token, or lead `__address__` to \
                         the API server's proxy",
                    );
            found.push(config_not_loaded::after(wiring, told));
        }
    }
    found
}
