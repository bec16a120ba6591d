//! Configs in ConfigMaps that the program they are for does not read where they are mounted.

use super::dashboards::notifiers_ignored;
use super::safety::is_under;
use super::{Check, Harm};
use crate::diagnostic::{Diagnostic, Span};
use crate::stack::wiring::{ConfigMap, Container, Home, PartKind, Release, Wiring};

pub const CHECK: Check = Check {
    id: "config-not-loaded",
    harm: Harm::Silent,
    title: "the program that this config is for does not read it",
    explanation: "A ConfigMap does nothing by itself: a container has to mount it, and its program has to read the \
                  file there. Otherwise the program runs with another config, or with its default.",
    example: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: am}\ndata:\n  alertmanager.yml: |\n    route: {receiver: a}\n    receivers: [{name: a}]\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: am}\nspec:\n  template:\n    spec:\n      containers:\n      - image: prom/alertmanager:v0.25.0\n",
    mended: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: am}\ndata:\n  alertmanager.yml: |\n    route: {receiver: a}\n    receivers: [{name: a}]\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: am}\nspec:\n  template:\n    spec:\n      containers:\n      - image: prom/alertmanager:v0.25.0\n        volumeMounts: [{name: c, mountPath: /etc/alertmanager}]\n      volumes: [{name: c, configMap: {name: am}}]\n",
    find,
};

/// A kind of config: its program's image, and the charts that bring the program with a config of their own.
struct Program {
    kind: PartKind,
    name: &'static str,
    image: &'static str,
    charts: &'static [&'static str],
}

const PROGRAMS: [Program; 5] = [
    Program {
        kind: PartKind::Prometheus,
        name: "Prometheus",
        image: "prom/prometheus",
        charts: &["kube-prometheus-stack"],
    },
    Program {
        kind: PartKind::Alertmanager,
        name: "Alertmanager",
        image: "prom/alertmanager",
        charts: &["kube-prometheus-stack"],
    },
    Program {
        kind: PartKind::GrafanaProvisioning,
        name: "Grafana",
        image: "grafana/grafana",
        charts: &["kube-prometheus-stack", "grafana"],
    },
    Program { kind: PartKind::Loki, name: "Loki", image: "grafana/loki", charts: &["loki", "loki-stack"] },
    Program {
        kind: PartKind::Promtail,
        name: "Promtail",
        image: "grafana/promtail",
        charts: &["loki-stack", "promtail"],
    },
];

/// What is wrong within a config: where nothing loads that, it only follows.
pub fn after(wiring: &Wiring, diagnostic: Diagnostic) -> Diagnostic {
    let Some(place) = &diagnostic.place else { return diagnostic };
    let mut held = wiring.parts.iter().filter(|part| part.holder.is_some());
    let Some(part) = held.find(|part| place.is_within(&part.whole())) else {
        return diagnostic;
    };
    let Some(Home::ConfigMap { namespace, name, .. }) = &part.holder else { return diagnostic };
    let maps = wiring.config_maps.iter();
    let maps = maps.filter(|map| map.namespace == *namespace && map.name.value == *name);
    // Several keys of one mount are told at the first of them.
    let keys = maps.flat_map(|map| &map.keys).filter(|(_, kind)| *kind == part.kind);
    keys.fold(diagnostic, |diagnostic, (key, _)| diagnostic.follows_from(CHECK.id, &key.span))
}

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found: Vec<(&ConfigMap, Diagnostic)> = Vec::new();
    // Channels of the old alerting are of no use anywhere, and told as that.
    let no_notifiers = !notifiers_ignored::find(wiring).is_empty();
    for map in &wiring.config_maps {
        for (key, kind) in &map.keys {
            if no_notifiers && *kind == PartKind::GrafanaProvisioning && folder(&key.value) == "notifiers" {
                continue;
            }
            let Some(program) = PROGRAMS.iter().find(|program| program.kind == *kind) else { continue };
            let Some(diagnostic) = judge(wiring, map, key, program) else { continue };
            // One mount is one cause, however many keys it takes along.
            let of_map = |(known, at): &&mut (&ConfigMap, Diagnostic)| {
                std::ptr::eq(*known, map) && at.message == diagnostic.message
            };
            match found.iter_mut().find(of_map) {
                Some((_, first)) => {
                    first.related.push((key.span.clone(), diagnostic.label));
                    if let Some(help) = provisioned(map, no_notifiers) {
                        first.help = Some(help);
                    }
                }
                None => found.push((map, diagnostic)),
            }
        }
    }
    let mut found: Vec<Diagnostic> = found.into_iter().map(|(_, diagnostic)| diagnostic).collect();
    found.extend(files(wiring));
    found
}

/// How one mount puts several files of provisioning where Grafana looks.
fn provisioned(map: &ConfigMap, no_notifiers: bool) -> Option<String> {
    let keys = map.keys.iter().filter(|(_, kind)| *kind == PartKind::GrafanaProvisioning);
    let keys = keys.filter(|(key, _)| !(no_notifiers && folder(&key.value) == "notifiers"));
    let items: Vec<String> =
        keys.map(|(key, _)| format!("{{key: {0}, path: {1}/{0}}}", key.value, folder(&key.value))).collect();
    (items.len() > 1).then(|| {
        format!("put each into the folder of its kind, by the volume: `items: [{}]`", items.join(", "))
    })
}

/// Where Grafana looks for what a key holds.
fn folder(key: &str) -> &'static str {
    match key {
        key if key.contains("dashboard") => "dashboards",
        key if key.contains("notif") => "notifiers",
        _ => "datasources",
    }
}

/// Configs in files of their own that a container has, where its program does not look for them.
fn files(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for part in wiring.parts.iter().filter(|part| part.holder.is_none() && part.name.is_some()) {
        let Some(program) = PROGRAMS.iter().find(|program| program.kind == part.kind) else { continue };
        let mounted = wiring.mounted(&Home::File(part.name.clone()));
        let Some(seen) = mounted.iter().find(|mounted| mounted.container.runs(program.image)) else {
            continue;
        };
        let Some((wanted, flag)) = wanted(program, seen.container).filter(|(wanted, _)| *wanted != seen.path)
        else {
            continue;
        };
        let line = part.source.text().find('\n').unwrap_or(part.source.text().len());
        let diagnostic = Diagnostic::error("", format!("{} does not read this config", program.name))
            .at(&part.source.span(0..line))
            .label(format!("in {}'s container this is {}", program.name, seen.path));
        let place = seen.container.image.as_ref().map_or(&seen.workload.place, |image| &image.span);
        let diagnostic = match &flag {
            Some(flag) => diagnostic.related(flag, "this is the file it reads"),
            None => diagnostic.related(place, format!("by default it reads {wanted}")).help(format!(
                "mount it as {wanted}, or start the program with `-config.file={}`",
                seen.path
            )),
        };
        let mount = seen.container.mounts.iter().find(|mount| is_under(&seen.path, &mount.path.value));
        found.push(match mount {
            Some(mount) => diagnostic.follows_from("config-file-missing", &mount.path.span),
            None => diagnostic,
        });
    }
    found
}

/// The file that a program reads, and the flag that says so; without one, its image's own default.
fn wanted(program: &Program, container: &Container) -> Option<(String, Option<Span>)> {
    if let Some(flag) = container.flag("config.file") {
        return Some((flag.value, Some(flag.span)));
    }
    let default = match program.kind {
        PartKind::Prometheus => "/etc/prometheus/prometheus.yml",
        PartKind::Alertmanager => "/etc/alertmanager/alertmanager.yml",
        PartKind::Loki => "/etc/loki/local-config.yaml",
        PartKind::Promtail => "/etc/promtail/config.yml",
        _ => return None,
    };
    // Arguments of one's own take the place of the image's, and of its `--config.file`.
    (container.args.is_empty() && !container.overrides_entrypoint).then(|| (default.to_owned(), None))
}

fn judge(
    wiring: &Wiring,
    map: &ConfigMap,
    key: &crate::diagnostic::Spanned<String>,
    program: &Program,
) -> Option<Diagnostic> {
    let Program { name, image, .. } = program;
    let home = Home::ConfigMap {
        namespace: map.namespace.clone(),
        name: map.name.value.clone(),
        key: key.value.clone(),
    };
    let found = Diagnostic::error("", format!("{name} does not read this config")).at(&key.span);
    let mounted = wiring.mounted(&home);
    if mounted.is_empty() {
        // A sidecar finds these by their label.
        if map.labels.contains_key("grafana_datasource") || map.labels.contains_key("grafana_dashboard") {
            return None;
        }
        if let Some((workload, _)) = wiring.running(image).next() {
            return Some(
                found
                    .label("no container mounts this ConfigMap")
                    .related(&workload.place, format!("{name} runs here")),
            );
        }
        let of_chart = |release: &&Release| program.charts.contains(&release.chart.value.as_str());
        let release = wiring.releases.iter().find(of_chart)?;
        return Some(
            found
                .label("nothing that is documented mounts this ConfigMap")
                .related(&release.chart.span, format!("this chart's {name} has a config of its own"))
                .help(match (program.kind, release.chart.value.as_str()) {
                    // The chart's sidecar takes what has its label.
                    (PartKind::GrafanaProvisioning, "kube-prometheus-stack") => {
                        "leave it out: the chart makes a datasource of its own Prometheus; any other needs the label \
                         `grafana_datasource: \"1\"`, and no `isDefault`"
                            .to_owned()
                    }
                    (_, chart) => format!("give it to the chart `{chart}` in its values"),
                }),
        );
    }
    let seen = mounted.iter().find(|mounted| {
        let name = mounted.container.image_name();
        name == *image || name.ends_with(&format!("/{image}"))
    })?;
    if program.kind == PartKind::GrafanaProvisioning {
        let inside = seen.path.strip_prefix("/etc/grafana/provisioning/")?;
        return (!inside.contains('/')).then(|| {
            let folder = folder(&key.value);
            found
                .label(format!("in Grafana's container this is {}", seen.path))
                .because("Grafana looks into the folders of `provisioning`, not into `provisioning` itself")
                .help(format!("mount it as /etc/grafana/provisioning/{folder}/{}", key.value))
        });
    }
    let (wanted, flag) = wanted(program, seen.container)?;
    // Another key of the same mount may be the one that is read.
    (wanted != seen.path).then(|| {
        let found = found.label(format!("in {name}'s container this is {}", seen.path));
        match &flag {
            Some(flag) => found.related(flag, "this is the file it reads"),
            None => found.because(format!("by default it reads {wanted}")),
        }
    })
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    fn guide(mount: &str) -> String {
        format!(
            "```yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: g}}\ndata:\n  datasources.yml: |\n    apiVersion: \
             1\n    datasources: []\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: g}}\nspec:\n  \
             template:\n    spec:\n      containers:\n      - image: grafana/grafana:10.0.0\n        volumeMounts: \
             [{{name: c, mountPath: {mount}}}]\n      volumes: [{{name: c, configMap: {{name: g}}}}]\n```\n"
        )
    }

    #[test]
    fn grafana_looks_into_the_folders_of_its_provisioning() {
        check("config-not-loaded", &guide("/etc/grafana/provisioning/datasources"), &[]);
        check(
            "config-not-loaded",
            &guide("/etc/grafana/provisioning"),
            &["6:3 Grafana does not read this config"],
        );
    }

    #[test]
    fn one_mount_puts_each_file_into_the_folder_of_its_kind() {
        let guide = |items: &str| {
            format!(
                "```yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: g}}\ndata:\n  datasources.yml: |\n    apiVersion: 1\n    datasources: []\n  dashboards.yml: |\n    apiVersion: 1\n    providers: []\n  notifiers.yml: |\n    notifiers: [{{name: a}}]\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: g}}\nspec:\n  template:\n    spec:\n      containers:\n      - image: grafana/grafana:10.0.0\n        volumeMounts: [{{name: c, mountPath: /etc/grafana/provisioning}}]\n      volumes: [{{name: c, configMap: {{name: g{items}}}}}]\n```\n"
            )
        };
        let items = "items: [{key: datasources.yml, path: datasources/datasources.yml}, {key: dashboards.yml, path: dashboards/dashboards.yml}]";
        let found = super::find(&crate::documents::wiring::of_text("guide.md", &guide("")));
        let help: Vec<&str> = found.iter().filter_map(|found| found.help.as_deref()).collect();
        assert_eq!(help, [format!("put each into the folder of its kind, by the volume: `{items}`")]);
        check("config-not-loaded", &guide(&format!(", {items}")), &[]);
    }

    #[test]
    fn a_chart_s_program_does_not_read_a_config_map_of_its_own_accord() {
        let map = "```yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: p}\ndata:\n  prometheus.yml: |\n    \
                   scrape_configs: []\n```\n";
        check("config-not-loaded", map, &[]);
        let helm = "```sh\nhelm install p prometheus-community/kube-prometheus-stack\n```\n";
        check("config-not-loaded", &format!("{map}{helm}"), &["6:3 Prometheus does not read this config"]);
    }
}
