//! Programs that ask the Kubernetes API as an account that may not.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Span};
use crate::stack::wiring::{Home, PartKind, Wiring, Workload};
use crate::stack::{Discovery, KubernetesRole};

pub const CHECK: Check = Check {
    id: "discovery-not-permitted",
    harm: Harm::Silent,
    title: "the program's account may not read what it has to discover",
    explanation: "Discovery lists and watches objects of the Kubernetes API, as the pod's ServiceAccount. Without a role \
                  that allows it there are no targets and no metadata, and only the program's log says so \
                  (`pods is forbidden`).",
    example: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: p, namespace: m}\ndata:\n  prometheus.yml: |\n    scrape_configs:\n    - job_name: pods\n      kubernetes_sd_configs: [{role: pod, namespaces: {names: [m]}}]\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: p, namespace: m}\nspec:\n  template:\n    spec:\n      containers:\n      - image: prom/prometheus:v2.45.0\n        volumeMounts: [{name: c, mountPath: /etc/prometheus}]\n      volumes: [{name: c, configMap: {name: p}}]\n",
    mended: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: p, namespace: m}\ndata:\n  prometheus.yml: |\n    scrape_configs:\n    - job_name: pods\n      kubernetes_sd_configs: [{role: pod, namespaces: {names: [m]}}]\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: p, namespace: m}\nspec:\n  template:\n    spec:\n      containers:\n      - image: prom/prometheus:v2.45.0\n        volumeMounts: [{name: c, mountPath: /etc/prometheus}]\n      volumes: [{name: c, configMap: {name: p}}]\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: p}\nrules:\n- {apiGroups: [''], resources: [pods], verbs: [get, list, watch]}\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: p}\nroleRef: {kind: ClusterRole, name: p}\nsubjects: [{kind: ServiceAccount, name: default, namespace: m}]\n",
    find,
};

/// A program's need, and where it is stated.
struct Need {
    resource: &'static str,
    place: Span,
}

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (home, needs) in needs(wiring) {
        let Some(mounted) = wiring.mounted(&home).into_iter().next() else { continue };
        found.extend(judge(wiring, mounted.workload, &needs));
    }
    found
}

/// What each config that is mounted somewhere needs of the API.
fn needs(wiring: &Wiring) -> Vec<(Home, Vec<Need>)> {
    let mut all = Vec::new();
    for config in &wiring.prometheus {
        let Some(read) = &config.config else { continue };
        let mut needs = Vec::new();
        for discovery in read.scrape_configs.iter().flat_map(|job| &job.discovery) {
            if let Discovery::Kubernetes { role, place, .. } = discovery {
                needs.extend(resources(*role).iter().map(|resource| Need { resource, place: place.clone() }));
            }
        }
        all.push((config.home.clone(), needs));
    }
    for part in wiring.parts.iter().filter(|part| part.unread.is_none()) {
        let Some(holder) = &part.holder else { continue };
        let mark = match part.kind {
            PartKind::Promtail => "kubernetes_sd_configs",
            PartKind::FluentBit => "kubernetes",
            PartKind::Filebeat => "add_kubernetes_metadata",
            _ => continue,
        };
        let text = part.source.text();
        let line = |at: usize| text[..at].rsplit('\n').next().unwrap_or_default().trim().to_lowercase();
        let at = text.match_indices(mark).map(|(at, _)| at);
        let at = at.filter(|at| part.kind != PartKind::FluentBit || line(*at) == "name").min();
        let needs = at.map(|at| Need { resource: "pods", place: part.source.span(at..at + mark.len()) });
        all.push((holder.clone(), needs.into_iter().collect()));
    }
    all
}

fn resources(role: KubernetesRole) -> &'static [&'static str] {
    match role {
        KubernetesRole::Node => &["nodes"],
        KubernetesRole::Pod => &["pods"],
        KubernetesRole::Service => &["services"],
        KubernetesRole::Endpoints => &["endpoints", "services", "pods"],
        KubernetesRole::EndpointSlice => &["endpointslices", "services", "pods"],
        KubernetesRole::Ingress => &["ingresses"],
    }
}

fn judge(wiring: &Wiring, workload: &Workload, needs: &[Need]) -> Option<Diagnostic> {
    let namespace = workload.namespace.as_deref()?;
    let account = workload.service_account.as_ref().map_or("default", |account| &account.value);
    // An account that is not there is told by itself.
    if account != "default" && wiring.object("ServiceAccount", namespace, account).is_none() {
        return None;
    }
    let bound = |binding: &&crate::stack::wiring::Binding| {
        binding.accounts.iter().any(|(its, name)| its == namespace && name.value == account)
    };
    let mut bindings = wiring.bindings.iter().filter(bound).peekable();
    let is_bound = bindings.peek().is_some();
    let mut allowed: Vec<&str> = Vec::new();
    for binding in bindings {
        let role = wiring.roles.iter().find(|role| role.name.value == binding.role.value);
        // A role of the cluster's own, such as `view`.
        let role = role?;
        for rule in &role.rules {
            let may = |verb: &str| rule.verbs.iter().any(|own| own == verb || own == "*");
            if may("list") && may("watch") {
                allowed.extend(rule.resources.iter().map(|resource| resource.value.as_str()));
            }
        }
    }
    let lost = needs.iter().find(|need| !allowed.iter().any(|own| *own == need.resource || *own == "*"))?;
    let resource = lost.resource;
    let message = format!("`{}` may not list and watch {resource}", workload.name.value);
    let place = workload.service_account.as_ref().map_or(&workload.place, |account| &account.span);
    Some(
        Diagnostic::error("", message)
            .at(&lost.place)
            .label("needs them")
            .related(place, format!("runs as the ServiceAccount `{account}`"))
            .because(match is_bound {
                true => format!("the roles that are bound to it do not allow {resource}"),
                false => "no role is bound to it".to_owned(),
            })
            .help(format!(
                "bind a ClusterRole with `get`, `list` and `watch` of {resource} to a ServiceAccount of its own"
            )),
    )
}
