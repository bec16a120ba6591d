//! Volumes that belong to root, under programs that don't run as root.

use super::{is_under, program};
use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{Container, Wiring, Workload};

pub const CHECK: Check = Check {
    id: "volume-not-writable",
    harm: Harm::Breaks,
    title: "the program may not write to its volume",
    explanation: "A fresh volume belongs to root. Prometheus, Alertmanager, Grafana and Loki don't run as root in their \
                  images: they end at once with `permission denied`. In Kubernetes `fsGroup` makes a volume writable; in \
                  Compose a named volume takes over the owner of the folder that the image has at the mount's path, and \
                  root where the image has none.",
    example: "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: p}\nspec: {accessModes: [ReadWriteMany]}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: p}\nspec:\n  template:\n    spec:\n      containers: [{image: 'prom/prometheus:v2.45.0', volumeMounts: [{name: data, mountPath: /prometheus}]}]\n      volumes: [{name: data, persistentVolumeClaim: {claimName: p}}]\n",
    mended: "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: p}\nspec: {accessModes: [ReadWriteMany]}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: p}\nspec:\n  template:\n    spec:\n      securityContext: {fsGroup: 65534}\n      containers: [{image: 'prom/prometheus:v2.45.0', volumeMounts: [{name: data, mountPath: /prometheus}]}]\n      volumes: [{name: data, persistentVolumeClaim: {claimName: p}}]\n",
    find,
};

/// Folders that the images have, owned by their users.
const OWNED: [(&str, &[&str]); 4] = [
    ("prom/prometheus", &["/prometheus", "/etc/prometheus"]),
    ("prom/alertmanager", &["/alertmanager", "/etc/alertmanager"]),
    ("grafana/grafana", &["/var/lib/grafana", "/var/log/grafana", "/etc/grafana"]),
    ("grafana/loki", &["/loki", "/etc/loki", "/tmp"]),
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let workloads = wiring.workloads.iter();
    let containers =
        workloads.flat_map(|workload| workload.containers.iter().map(move |container| (workload, container)));
    containers.filter_map(|(workload, container)| judge(wiring, workload, container)).collect()
}

fn judge(wiring: &Wiring, workload: &Workload, container: &Container) -> Option<Diagnostic> {
    let program = program(container).filter(|program| program.user != 0)?;
    let user = container.user.unwrap_or(program.user);
    if user == 0 || workload.fs_group {
        return None;
    }
    let found = |mount: &crate::stack::wiring::Mount| {
        Diagnostic::error("", format!("{} may not write to {}", program.name, mount.path.value))
            .at(&mount.path.span)
    };
    if workload.namespace.is_none() {
        let (_, owned) = OWNED.iter().find(|(image, _)| container.runs(image))?;
        let mount = container.mounts.iter().find(|mount| {
            let named = !mount.source.starts_with(['.', '/', '~', '$']) && !mount.source.contains('/');
            named && !owned.iter().any(|folder| *folder == mount.path.value.trim_end_matches('/'))
        })?;
        // A config that names the old place would go on writing there.
        let named = wiring.settings.iter().any(|setting| is_under(&setting.value.value, &mount.path.value));
        let moved = if named { ", and let the config's paths begin there" } else { "" };
        return Some(
            found(mount)
                .label(format!(
                    "the image has no such folder, so the new volume belongs to root; it runs as {user}"
                ))
                .because("the program ends with `permission denied`, and so does each restart")
                .help(format!("mount the volume at {}{moved}", owned[0])),
        );
    }
    let data = program.data?;
    let claimed = |mount: &&crate::stack::wiring::Mount| {
        let volume = workload.volumes.iter().find(|volume| volume.name == mount.source);
        is_under(data, &mount.path.value) && volume.is_some_and(|volume| volume.claim.is_some())
    };
    let mount = container.mounts.iter().find(claimed)?;
    Some(
        found(mount)
            .label(format!("belongs to root; it runs as {user}"))
            .because("assuming that new volumes of this storage belong to root, as those of cloud disks do")
            .help(format!("add `securityContext: {{fsGroup: {}}}` to the pod", program.user)),
    )
}
