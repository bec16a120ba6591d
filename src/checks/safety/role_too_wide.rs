//! Roles that allow more than monitoring needs.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "role-too-wide",
    harm: Harm::Risk,
    title: "this role allows more than monitoring needs",
    explanation: "Discovery and scraping need `get`, `list` and `watch` of nodes, pods, Services and endpoints, and \
                  `nodes/metrics`. `*` or `secrets` give whoever gets hold of the account the cluster; `nodes/proxy` lets it \
                  run commands in every container, through the kubelet.",
    example: "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: prometheus}\nrules:\n- {apiGroups: [''], resources: [nodes, nodes/proxy], verbs: [get, list, watch]}\n",
    mended: "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: prometheus}\nrules:\n- {apiGroups: [''], resources: [nodes, nodes/metrics], verbs: [get, list, watch]}\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for role in &wiring.roles {
        for rule in &role.rules {
            let writes = rule.verbs.iter().any(|verb| verb == "*");
            for resource in &rule.resources {
                let label = match resource.value.as_str() {
                    "*" => "every kind of object",
                    "secrets" => "reads every Secret of the cluster",
                    "nodes/proxy" => "runs commands in every container, through the kubelet",
                    _ if writes => "may change and delete them",
                    _ => continue,
                };
                // The Secrets of one namespace may be its own.
                if resource.value == "secrets" && role.namespace.is_some() {
                    continue;
                }
                let diagnostic = Diagnostic::warning(
                    "",
                    format!("the role `{}` allows more than monitoring needs", role.name.value),
                )
                .at(&resource.span)
                .label(label);
                found.push(match resource.value.as_str() {
                    "nodes/proxy" => {
                        diagnostic.help("scrape the kubelets themselves, which needs only `nodes/metrics`")
                    }
                    _ => diagnostic,
                });
            }
        }
    }
    found
}
