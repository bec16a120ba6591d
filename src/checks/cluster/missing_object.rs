//! ConfigMaps and claims that pods need and nobody makes, and keys that a ConfigMap does not have.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{ConfigMap, Volume, Wiring, Workload};

pub const CHECK: Check = Check {
    id: "missing-object",
    harm: Harm::Breaks,
    title: "the pods need an object that no document makes",
    explanation: "A pod whose ConfigMap or PersistentVolumeClaim is missing waits for it and never starts \
                  (`ContainerCreating`, `Pending`). A `subPath` or an item that is no key of its ConfigMap becomes an empty \
                  folder or keeps the pod from starting.",
    example: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: g}\nspec:\n  template:\n    spec:\n      containers:\n      - image: grafana/grafana:10.0.0\n        volumeMounts: [{name: data, mountPath: /var/lib/grafana}]\n      volumes: [{name: data, persistentVolumeClaim: {claimName: grafana}}]\n",
    mended: "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: grafana}\nspec: {accessModes: [ReadWriteOnce]}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: g}\nspec:\n  template:\n    spec:\n      containers:\n      - image: grafana/grafana:10.0.0\n        volumeMounts: [{name: data, mountPath: /var/lib/grafana}]\n      volumes: [{name: data, persistentVolumeClaim: {claimName: grafana}}]\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for workload in &wiring.workloads {
        let Some(namespace) = workload.namespace.as_deref() else { continue };
        for volume in &workload.volumes {
            if let Some(claim) = &volume.claim
                && wiring.object("PersistentVolumeClaim", namespace, &claim.value).is_none()
            {
                found.push(missing("PersistentVolumeClaim", claim, namespace));
            }
            let Some(map) = volume.config_map.as_ref().filter(|_| !volume.optional) else { continue };
            let known = wiring.config_maps.iter();
            let mut known = known.filter(|own| own.name.value == map.value && own.namespace == namespace);
            match known.next() {
                Some(own) => found.extend(keys(workload, volume, own)),
                None if wiring.is_created("configmap", &map.value)
                    || map.value.starts_with("kube-root-ca") => {}
                None => found.push(missing("ConfigMap", map, namespace)),
            }
        }
    }
    found
}

fn missing(kind: &str, name: &crate::diagnostic::Spanned<String>, namespace: &str) -> Diagnostic {
    Diagnostic::error("", format!("no {kind} `{}` is in the namespace `{namespace}`", name.value))
        .at(&name.span)
        .label("the pods wait for it and never start")
        .because("assuming that nothing undocumented makes it")
}

/// Items and `subPath`s that are no key.
fn keys(workload: &Workload, volume: &Volume, map: &ConfigMap) -> Vec<Diagnostic> {
    let has = |key: &str| map.keys.iter().any(|(own, _)| own.value == key);
    let keys: Vec<&str> = map.keys.iter().map(|(key, _)| key.value.as_str()).collect();
    let mut found = Vec::new();
    for (key, _) in volume.items.iter().filter(|(key, _)| !has(key)) {
        found.push(
            Diagnostic::error("", format!("the ConfigMap `{}` has no key `{key}`", map.name.value))
                .at(&volume.place)
                .label("the pod does not start")
                .related(&map.name.span, format!("its keys are {}", keys.join(", "))),
        );
    }
    let mounts = workload.containers.iter().flat_map(|container| &container.mounts);
    for mount in mounts.filter(|mount| mount.source == volume.name) {
        let Some(sub_path) = mount.sub_path.as_deref() else { continue };
        let files: Vec<&str> = match volume.items.is_empty() {
            true => keys.clone(),
            false => volume.items.iter().map(|(_, path)| path.as_str()).collect(),
        };
        if !files.contains(&sub_path) {
            found.push(
                Diagnostic::error("", format!("the ConfigMap `{}` has no key `{sub_path}`", map.name.value))
                    .at(&mount.path.span)
                    .label("becomes an empty folder")
                    .related(&map.name.span, format!("its keys are {}", keys.join(", "))),
            );
        }
    }
    found
}
