//! Deployments whose new pod needs the volume that the old one still holds.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{Release, Wiring};

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
    found.chain(wiring.releases.iter().filter_map(of_grafana)).collect()
}

/// Grafana's chart makes a Deployment that rolls, with a volume for one node, unless told otherwise.
fn of_grafana(release: &Release) -> Option<Diagnostic> {
    let prefix = match release.chart.value.as_str() {
        "grafana" => "",
        "kube-prometheus-stack" if !release.sets("grafana.enabled", "false") => "grafana.",
        _ => return None,
    };
    let get = |key: &str| release.values.get(&format!("{prefix}{key}"));
    let is = |key: &str, wanted: &str| get(key).is_some_and(|value| value.value == wanted);
    let volume = get("persistence.enabled").filter(|value| value.value == "true")?;
    let of_many = get("persistence.accessModes[]").is_some_and(|mode| mode.value == "ReadWriteMany");
    let set = get("persistence.type").is_some_and(|kind| kind.value != "pvc") || is("useStatefulSet", "true");
    if !release.complete || of_many || set || is("deploymentStrategy.type", "Recreate") {
        return None;
    }
    Some(
        Diagnostic::warning("", "a new pod of Grafana waits for the volume of the old one")
            .at(&volume.span)
            .label("both need it while the Deployment rolls")
            .related(
                &release.chart.span,
                "this chart rolls, with a volume for one node at a time, by default",
            )
            .because(
                "a new pod on another node can't attach it; on the same one two Grafanas open one database",
            )
            .help(format!("set `{prefix}deploymentStrategy.type: Recreate`"))
            .shared("Deployments that roll with a volume for one node"),
    )
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn grafana_s_chart_rolls_unless_told_otherwise() {
        let guide = |set: &str| format!("```sh\nhelm install g grafana/grafana --set {set}\n```\n");
        let id = "rollout-blocked";
        let found = ["2:58 a new pod of Grafana waits for the volume of the old one"];
        let on = "persistence.enabled=true";
        check(id, &guide(on), &found);
        check(id, &guide("persistence.enabled=false"), &[]);
        check(id, &guide(&format!("{on},deploymentStrategy.type=Recreate")), &[]);
        check(id, &guide(&format!("{on},persistence.type=statefulset")), &[]);
        check(id, &guide(&format!("{on} -f not-shown.yaml")), &[]);
    }
}
