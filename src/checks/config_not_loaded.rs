//! Configs in ConfigMaps that the program they are for does not read where they are mounted.

use super::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{ConfigMap, Home, PartKind, Release, Wiring};

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

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for map in &wiring.config_maps {
        for (key, kind) in &map.keys {
            let Some(program) = PROGRAMS.iter().find(|program| program.kind == *kind) else { continue };
            found.extend(judge(wiring, map, key, program));
        }
    }
    found
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
                .help(format!("give it to the chart `{}` in its values", release.chart.value)),
        );
    }
    let seen = mounted.iter().find(|mounted| {
        let name = mounted.container.image_name();
        name == *image || name.ends_with(&format!("/{image}"))
    })?;
    if program.kind == PartKind::GrafanaProvisioning {
        let inside = seen.path.strip_prefix("/etc/grafana/provisioning/")?;
        return (!inside.contains('/')).then(|| {
            let folder = match key.value.as_str() {
                key if key.contains("dashboard") => "dashboards",
                key if key.contains("notif") => "notifiers",
                _ => "datasources",
            };
            found
                .label(format!("in Grafana's container this is {}", seen.path))
                .because("Grafana looks into the folders of `provisioning`, not into `provisioning` itself")
                .help(format!("mount it as /etc/grafana/provisioning/{folder}/{}", key.value))
        });
    }
    let flags = seen.container.args.iter();
    let flag = flags.rev().find(|arg| arg.value.trim_start_matches('-').starts_with("config.file="))?;
    let (_, wanted) = flag.value.split_once('=')?;
    // Another key of the same mount may be the one that is read.
    (wanted != seen.path).then(|| {
        found
            .label(format!("in {name}'s container this is {}", seen.path))
            .related(&flag.span, "this is the file it reads")
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
    fn a_chart_s_program_does_not_read_a_config_map_of_its_own_accord() {
        let map = "```yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: p}\ndata:\n  prometheus.yml: |\n    \
                   scrape_configs: []\n```\n";
        check("config-not-loaded", map, &[]);
        let helm = "```sh\nhelm install p prometheus-community/kube-prometheus-stack\n```\n";
        check("config-not-loaded", &format!("{map}{helm}"), &["6:3 Prometheus does not read this config"]);
    }
}
