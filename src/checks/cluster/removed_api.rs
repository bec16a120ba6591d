//! Kinds in API versions that clusters no longer serve.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "removed-api",
    harm: Harm::Breaks,
    title: "clusters no longer serve this kind in this API version",
    explanation: "Kubernetes drops old versions of its kinds: `extensions/v1beta1` in 1.16 and 1.22, `policy/v1beta1`, \
                  `batch/v1beta1` and PodSecurityPolicy in 1.25. Applying such an object fails with `no matches for kind`.",
    example: "apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: a}\nspec: {rules: []}\n",
    mended: "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a}\nspec: {rules: []}\n",
    find,
};

/// The old version, the kinds (all where none is named), since when, and what is written instead.
const REMOVED: [(&str, &[&str], &str, &str); 15] = [
    ("extensions/v1beta1", &["Ingress"], "1.22", "networking.k8s.io/v1"),
    ("extensions/v1beta1", &["NetworkPolicy"], "1.16", "networking.k8s.io/v1"),
    ("extensions/v1beta1", &[], "1.16", "apps/v1"),
    ("apps/v1beta1", &[], "1.16", "apps/v1"),
    ("apps/v1beta2", &[], "1.16", "apps/v1"),
    ("networking.k8s.io/v1beta1", &["Ingress", "IngressClass"], "1.22", "networking.k8s.io/v1"),
    ("rbac.authorization.k8s.io/v1beta1", &[], "1.22", "rbac.authorization.k8s.io/v1"),
    ("rbac.authorization.k8s.io/v1alpha1", &[], "1.22", "rbac.authorization.k8s.io/v1"),
    ("apiextensions.k8s.io/v1beta1", &[], "1.22", "apiextensions.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", &["StorageClass", "CSIDriver", "CSINode"], "1.22", "storage.k8s.io/v1"),
    ("batch/v1beta1", &["CronJob"], "1.25", "batch/v1"),
    ("policy/v1beta1", &["PodDisruptionBudget"], "1.25", "policy/v1"),
    ("policy/v1beta1", &["PodSecurityPolicy"], "1.25", "the Pod Security Standards' namespace labels"),
    ("discovery.k8s.io/v1beta1", &[], "1.25", "discovery.k8s.io/v1"),
    ("autoscaling/v2beta2", &[], "1.26", "autoscaling/v2"),
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let found = wiring.objects.iter().filter_map(|object| {
        let kind = object.kind.value.as_str();
        let (version, _, since, instead) = REMOVED.iter().find(|(version, kinds, ..)| {
            *version == object.api_version.value && (kinds.is_empty() || kinds.contains(&kind))
        })?;
        Some(
            Diagnostic::error("", format!("Kubernetes {since} and later have no {kind} in {version}"))
                .at(&object.api_version.span)
                .label("no matches for this kind")
                .help(format!("use {instead}")),
        )
    });
    found.collect()
}
