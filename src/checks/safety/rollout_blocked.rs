//! Deployments whose new pod needs the volume that the old one still holds.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "rollout-blocked",
    harm: Harm::Risk,
    title: "a new pod can't start while the old one has the volume",
    explanation: "A Deployment starts its new pod before it ends the old one. A `ReadWriteOnce` volume is attached to one \
                  node at a time, and Prometheus, Loki and Alertmanager lock their folder: the new pod never becomes \
                  ready, the old one is never ended, and each change of the config or version hangs.",
    example: "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: p}\nspec: {accessModes: [ReadWriteOnce]}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: p}\nspec:\n  template:\n    spec:\n      containers: [{image: 'prom/prometheus:v2.45.0', volumeMounts: [{name: data, mountPath: /prometheus}]}]\n      volumes: [{name: data, persistentVolumeClaim: {claimName: p}}]\n",
    mended: "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: p}\nspec: {accessModes: [ReadWriteOnce]}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: p}\nspec:\n  strategy: {type: Recreate}\n  template:\n    spec:\n      containers: [{image: 'prom/prometheus:v2.45.0', volumeMounts: [{name: data, mountPath: /prometheus}]}]\n      volumes: [{name: data, persistentVolumeClaim: {claimName: p}}]\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let found = wiring.workloads.iter().filter(|workload| workload.rolls).filter_map(|workload| {
        let namespace = workload.namespace.as_deref()?;
        let claims = workload.volumes.iter().filter_map(|volume| volume.claim.as_ref());
        let (claim, mode) = claims.into_iter().find_map(|claim| {
            let object = wiring.object("PersistentVolumeClaim", namespace, &claim.value)?;
            let mode = object.get("spec.accessModes[]")?;
            matches!(mode.value.as_str(), "ReadWriteOnce" | "ReadWriteOncePod").then_some((claim, mode))
        })?;
        Some(
            Diagnostic::warning(
                "",
                format!("a new pod of `{}` waits for the volume of the old one", workload.name.value),
            )
            .at(&claim.span)
            .label("both need it while the Deployment rolls")
            .related(&mode.span, "for one node at a time")
            .help("set `strategy: {type: Recreate}`, or use a StatefulSet")
            .shared("Deployments that roll with a volume for one node"),
        )
    });
    found.collect()
}
