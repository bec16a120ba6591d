//! Folders from which Grafana is to read dashboards, and into which nothing is put.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::wiring::{Container, Home, PartKind, Provider, Wiring, Workload};

pub const CHECK: Check = Check {
    id: "dashboards-folder-empty",
    harm: Harm::Silent,
    title: "nothing puts a dashboard into the folder that Grafana reads",
    explanation: "A dashboard provider reads JSON files from `options.path` in Grafana's own container. A ConfigMap with \
                  the dashboards has to be mounted there; a volume that Grafana only writes to stays empty. A folder \
                  within another provider's folder is read by both.",
    example: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: g}\ndata:\n  dashboards.yml: |\n    apiVersion: 1\n    providers: [{name: team, type: file, options: {path: /var/lib/grafana/dashboards}}]\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: g}\nspec:\n  template:\n    spec:\n      containers:\n      - image: grafana/grafana:10.0.0\n        volumeMounts: [{name: c, mountPath: /etc/grafana/provisioning/dashboards}]\n      volumes: [{name: c, configMap: {name: g}}]\n",
    mended: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: g}\ndata:\n  dashboards.yml: |\n    apiVersion: 1\n    providers: [{name: team, type: file, options: {path: /var/lib/grafana/dashboards}}]\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: team}\ndata:\n  team.json: |\n    {\"title\": \"Team\", \"panels\": []}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: g}\nspec:\n  template:\n    spec:\n      containers:\n      - image: grafana/grafana:10.0.0\n        volumeMounts:\n        - {name: c, mountPath: /etc/grafana/provisioning/dashboards}\n        - {name: d, mountPath: /var/lib/grafana/dashboards}\n      volumes: [{name: c, configMap: {name: g}}, {name: d, configMap: {name: team}}]\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    // A pod says all that is mounted; a Compose folder may hold anything.
    let mut running = wiring.running("grafana/grafana").filter(|(workload, _)| workload.namespace.is_some());
    let (Some((workload, container)), None) = (running.next(), running.next()) else { return Vec::new() };
    let providers =
        wiring.grafana.providers.iter().filter(|provider| matches!(provider.home, Home::ConfigMap { .. }));
    let mut empty = providers.filter_map(|provider| {
        let path = provider.path.as_ref()?;
        (!is_filled(wiring, workload, container, &path.value)).then_some((provider, path))
    });
    let Some((first, path)) = empty.next() else { return Vec::new() };
    let found = Diagnostic::error("", "nothing puts a dashboard where Grafana looks for them")
        .at(&path.span)
        .label(told(first, path, container))
        .related(&workload.place, "Grafana runs here")
        .because("Grafana starts without dashboards and says nothing")
        .help("mount a ConfigMap with the dashboards' JSON at this path");
    let rest: Vec<(&Provider, &Spanned<String>)> = empty.collect();
    let label = |other: &Spanned<String>| match is_within(&other.value, &path.value) {
        true => "nor here; and `options.path` above reads this folder too".to_owned(),
        false => "nor here".to_owned(),
    };
    vec![rest.into_iter().fold(found, |found, (_, other)| found.related(&other.span, label(other)))]
}

fn told(provider: &Provider, path: &Spanned<String>, container: &Container) -> String {
    let volume = container.mounts.iter().find(|mount| is_within(&path.value, &mount.path.value));
    match volume {
        Some(mount) => format!(
            "`{}` looks here: on the volume `{}`, which nothing fills",
            provider.name.value, mount.source
        ),
        None => format!("`{}` looks here, and nothing is mounted here", provider.name.value),
    }
}

/// Whether something at or within a path may hold a dashboard.
fn is_filled(wiring: &Wiring, workload: &Workload, container: &Container, path: &str) -> bool {
    // A sidecar or an init container may fetch them.
    if workload.containers.len() > 1 {
        return true;
    }
    let mounts = || container.mounts.iter();
    mounts().any(|mount| {
        let volume = workload.volumes.iter().find(|volume| volume.name == mount.source);
        let here = is_within(&mount.path.value, path) || is_within(path, &mount.path.value);
        let Some(volume) = volume.filter(|_| here) else { return false };
        match &volume.config_map {
            Some(map) => {
                let map = wiring.config_maps.iter().find(|known| {
                    known.name.value == map.value && Some(&known.namespace) == workload.namespace.as_ref()
                });
                // What is not documented may be there.
                map.is_none_or(|map| map.keys.iter().any(|(_, kind)| *kind == PartKind::Dashboard))
            }
            None => volume.secret.is_some(),
        }
    })
}

fn is_within(path: &str, folder: &str) -> bool {
    let folder = folder.trim_end_matches('/');
    let path = path.trim_end_matches('/');
    path == folder || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}
