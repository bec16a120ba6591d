//! Data that the next restart loses.

use super::{is_under, program};
use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Span};
use crate::stack::wiring::{Container, Mount, Wiring, Workload};

pub const CHECK: Check = Check {
    id: "no-persistence",
    harm: Harm::Risk,
    title: "a restart or an update loses what this program has stored",
    explanation: "What a container writes outside of a volume is gone with it, and an `emptyDir` is gone with its pod: \
                  Prometheus' series, Grafana's dashboards, and Alertmanager's silences and the record of what it has \
                  already sent, so that after each restart everything is sent again.",
    example: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: am}\nspec:\n  template:\n    spec:\n      containers:\n      - image: prom/alertmanager:v0.25.0\n        args: ['--storage.path=/alertmanager']\n        volumeMounts: [{name: data, mountPath: /alertmanager}]\n      volumes: [{name: data, emptyDir: {}}]\n",
    mended: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: am}\nspec:\n  template:\n    spec:\n      containers:\n      - image: prom/alertmanager:v0.25.0\n        args: ['--storage.path=/alertmanager']\n        volumeMounts: [{name: data, mountPath: /alertmanager}]\n      volumes: [{name: data, persistentVolumeClaim: {claimName: am}}]\n---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: am}\nspec: {accessModes: [ReadWriteOnce]}\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let workloads = wiring.workloads.iter();
    let containers =
        workloads.flat_map(|workload| workload.containers.iter().map(move |container| (workload, container)));
    let mut found: Vec<Diagnostic> =
        containers.filter_map(|(workload, container)| judge(wiring, workload, container)).collect();
    found.extend(charts(wiring));
    found
}

fn judge(wiring: &Wiring, workload: &Workload, container: &Container) -> Option<Diagnostic> {
    let program = program(container)?;
    let data = match program.data_flag.and_then(|flag| container.flag(flag)) {
        Some(path) => path.value,
        None => match (program.data, program.name) {
            (Some(data), _) => data.to_owned(),
            (None, "Loki") => loki_data(wiring, container)?,
            _ => return None,
        },
    };
    let found = |when: &str, place: &Span, label: String| {
        Diagnostic::warning("", format!("{when} loses what {} has stored", program.name))
            .at(place)
            .label(label)
    };
    let mount: Option<&Mount> = container
        .mounts
        .iter()
        .filter(|mount| is_under(&data, &mount.path.value))
        .max_by_key(|mount| mount.path.value.len());
    let Some(mount) = mount else {
        let place = container.image.as_ref().map_or(&workload.place, |image| &image.span);
        // Compose starts the same container again; what it makes anew is empty.
        let when = if workload.file.is_some() { "an update" } else { "a restart" };
        return Some(found(when, place, format!("no volume is mounted at {data}")));
    };
    let volume = workload.volumes.iter().find(|volume| volume.name == mount.source)?;
    volume.empty.then(|| {
        found("a new pod", &mount.path.span, "this volume is an `emptyDir`".to_owned())
            .related(&volume.place, "gone with the pod")
    })
}

/// Where a Loki keeps its chunks: as the config that it is given says.
fn loki_data(wiring: &Wiring, container: &Container) -> Option<String> {
    let settings = wiring.settings.iter();
    let mut prefixes = settings.filter(|setting| setting.path == "common.path_prefix");
    let (first, second) = (prefixes.next()?, prefixes.next());
    (second.is_none() && !container.mounts.is_empty()).then(|| first.value.value.clone())
}

/// Charts store nothing unless told to.
fn charts(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for release in &wiring.releases {
        let has = |prefix: &str| release.values.keys().any(|path| path.starts_with(prefix));
        let (name, place) = (&release.chart.value, &release.chart.span);
        let mut add = |what: &str, key: &str| {
            let diagnostic =
                Diagnostic::warning("", format!("a new pod loses what {what} of {name} has stored"))
                    .at(place)
                    .label("its chart gives it no volume by default")
                    .help(format!("set `{key}` in its values"));
            found.push(match release.complete {
                true => diagnostic,
                false => {
                    diagnostic.because("assuming that the values which are not documented don't, either")
                }
            });
        };
        match name.as_str() {
            "loki-stack"
                if !release.sets("loki.enabled", "false")
                    && !release.sets("loki.persistence.enabled", "true") =>
            {
                add("the Loki", "loki.persistence.enabled");
            }
            _ if !release.complete => {}
            "kube-prometheus-stack" => {
                if !has("prometheus.prometheusSpec.storageSpec")
                    && !release.sets("prometheus.enabled", "false")
                {
                    add("the Prometheus", "prometheus.prometheusSpec.storageSpec");
                }
                if !has("alertmanager.alertmanagerSpec.storage")
                    && !release.sets("alertmanager.enabled", "false")
                {
                    add("the Alertmanager", "alertmanager.alertmanagerSpec.storage");
                }
            }
            "grafana" if !release.sets("persistence.enabled", "true") => {
                add("the Grafana", "persistence.enabled")
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn loki_stack_gives_its_loki_no_volume() {
        let guide = |flags: &str| format!("```sh\nhelm install l grafana/loki-stack {flags}\n```\n");
        let lost = "2:16 a new pod loses what the Loki of loki-stack has stored";
        check("no-persistence", &guide(""), &[lost]);
        check("no-persistence", &guide("-f not-shown.yaml"), &[lost]);
        check("no-persistence", &guide("--set loki.persistence.enabled=true"), &[]);
        check("no-persistence", &guide("--set loki.enabled=false"), &[]);
        // Of these the values that are not shown may say anything.
        let grafana = "```sh\nhelm install g grafana/grafana -f not-shown.yaml\n```\n";
        check("no-persistence", grafana, &[]);
    }
}
