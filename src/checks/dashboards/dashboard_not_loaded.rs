//! Dashboards that nothing gives to Grafana.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Span};
use crate::stack::wiring::{ConfigMap, Dashboard, Home, Release, Wiring};

pub const CHECK: Check = Check {
    id: "dashboard-not-loaded",
    harm: Harm::Silent,
    title: "nothing gives this dashboard to Grafana",
    explanation: "Grafana takes dashboards from the folders that its providers name, from ConfigMaps that a sidecar finds by their \
                  label, from its chart's values and from its HTTP API. A dashboard's JSON that comes to it by none of these ways is \
                  a text that nobody sees. Where the documents say that somebody imports it by hand, nothing is reported.",
    example: "services:\n  grafana: {image: 'grafana/grafana:10.0.0'}\n---8<---\n# overview.json\n{\"title\": \"Overview\", \"panels\": []}\n",
    mended: "services:\n  grafana:\n    image: grafana/grafana:10.0.0\n    volumes: ['./provisioning:/etc/grafana/provisioning', './dashboards:/var/lib/grafana/dashboards']\n---8<---\n# provisioning/dashboards/team.yml\napiVersion: 1\nproviders: [{name: team, type: file, options: {path: /var/lib/grafana/dashboards}}]\n---8<---\n# dashboards/overview.json\n{\"title\": \"Overview\", \"panels\": []}\n",
    find,
};

const IMAGES: [&str; 3] = ["grafana/grafana", "grafana/grafana-oss", "grafana/grafana-enterprise"];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let Some(grafana) = Deployed::of(wiring) else { return Vec::new() };
    if is_given_otherwise(wiring) {
        return Vec::new();
    }
    let dashboards = wiring.grafana.dashboards.iter().filter(|dashboard| !is_given(dashboard, wiring));
    dashboards.map(|dashboard| told(dashboard, &grafana, wiring)).collect()
}

/// What runs Grafana, where the documents show it.
enum Deployed<'w> {
    Chart(&'w Release),
    Workload(Span),
}

impl<'w> Deployed<'w> {
    fn of(wiring: &'w Wiring) -> Option<Deployed<'w>> {
        if let Some(release) = wiring.releases.iter().find(|release| sidecar(release).is_some()) {
            return Some(Deployed::Chart(release));
        }
        let running = IMAGES.iter().find_map(|image| wiring.running(image).next());
        running.map(|(workload, _)| Deployed::Workload(workload.place.clone()))
    }
}

/// How the sidecar of a chart's Grafana finds dashboards.
struct Sidecar<'w> {
    on: bool,
    label: &'w str,
    /// What the label must be; anything where it is empty.
    value: &'w str,
}

/// `None` where the chart brings no Grafana.
fn sidecar(release: &Release) -> Option<Sidecar<'_>> {
    let (prefix, on, value) = match release.chart.value.as_str() {
        "kube-prometheus-stack" => ("grafana.", "true", "1"),
        "grafana" => ("", "false", ""),
        _ => return None,
    };
    let set = |key: &str| release.values.get(&format!("{prefix}{key}")).map(|value| value.value.as_str());
    if prefix == "grafana." && set("enabled") == Some("false") {
        return None;
    }
    Some(Sidecar {
        // What values that nobody shows may say is not known.
        on: set("sidecar.dashboards.enabled").unwrap_or(on) == "true" || !release.complete,
        label: set("sidecar.dashboards.label").unwrap_or("grafana_dashboard"),
        value: set("sidecar.dashboards.labelValue").unwrap_or(value),
    })
}

/// Whether dashboards come by a way that no file of theirs shows: the HTTP API, an operator, Terraform, or by hand.
fn is_given_otherwise(wiring: &Wiring) -> bool {
    const WAYS: [&str; 3] = ["/api/dashboards", "GrafanaDashboard", "resource \"grafana_dashboard\""];
    wiring.files().any(|file| WAYS.iter().any(|way| file.text().contains(way)))
        || wiring.guides().any(|guide| guide.text().lines().any(says_by_hand))
}

/// `Import the dashboard under Dashboards > New > Import`, and no line of code.
fn says_by_hand(line: &str) -> bool {
    let line = line.trim_start().to_lowercase();
    let module = line.contains(" from '") || line.contains(" from \"") || line.ends_with([';', '\'', '"']);
    let code = line.starts_with("import ") && module || line.starts_with("from ");
    let by_hand = ["import", "paste", "upload"].iter().any(|word| line.contains(word));
    !code && by_hand && line.contains("dashboard")
}

fn is_given(dashboard: &Dashboard, wiring: &Wiring) -> bool {
    if !wiring.mounted(&dashboard.home).is_empty() {
        return true;
    }
    match &dashboard.home {
        Home::ConfigMap { namespace, name, .. } => {
            let map = |map: &&ConfigMap| map.name.value == *name && map.namespace == *namespace;
            wiring.config_maps.iter().find(map).is_none_or(|map| is_found_by_label(map, wiring))
                || wiring
                    .releases
                    .iter()
                    .flat_map(|release| release.values.values())
                    .any(|value| value.value == *name)
        }
        Home::File(name) => {
            let name = name.as_deref().unwrap_or_default();
            !wiring.grafana.providers.is_empty() || is_handled(name, wiring) || lies_in_a_mount(name, wiring)
        }
        _ => true,
    }
}

fn is_found_by_label(map: &ConfigMap, wiring: &Wiring) -> bool {
    let by_chart = wiring.releases.iter().filter_map(sidecar).any(|sidecar| {
        let label = map.labels.get(sidecar.label);
        sidecar.on && label.is_some_and(|label| sidecar.value.is_empty() || label == sidecar.value)
    });
    let containers = wiring.workloads.iter().flat_map(|workload| &workload.containers);
    let mut sidecars = containers.filter(|container| container.image_name().ends_with("k8s-sidecar"));
    by_chart
        || sidecars.any(|container| {
            container.variable("LABEL").is_none_or(|label| map.labels.contains_key(&label.value))
        })
}

/// Whether a command or some setting takes the file by its name.
fn is_handled(name: &str, wiring: &Wiring) -> bool {
    const WRITES: [&str; 6] = ["cat", "echo", "tee", "touch", "mkdir", "ls"];
    let base = name.rsplit('/').next().unwrap_or_default();
    if base.is_empty() {
        return false;
    }
    let commands = wiring
        .commands
        .iter()
        .filter(|words| !words.first().is_some_and(|first| WRITES.contains(&first.value.as_str())));
    commands.flatten().any(|word| word.value.contains(base))
        || wiring.settings.iter().any(|setting| setting.value.value.contains(base))
}

/// Whether a folder of a mount, wherever it stands in the repository, is one of the file's.
fn lies_in_a_mount(name: &str, wiring: &Wiring) -> bool {
    let Some((folders, _)) = name.rsplit_once('/') else { return false };
    let grafana = IMAGES.iter().flat_map(|image| wiring.running(image));
    grafana.flat_map(|(_, container)| &container.mounts).any(|mount| {
        let folder = mount.source.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        !folder.is_empty() && folders.split('/').any(|own| own == folder)
    })
}

fn told(dashboard: &Dashboard, grafana: &Deployed, wiring: &Wiring) -> Diagnostic {
    let message = match dashboard.title.value.as_str() {
        "" => "nothing gives this dashboard to Grafana".to_owned(),
        title => format!("nothing gives the dashboard \"{title}\" to Grafana"),
    };
    let found = Diagnostic::error("", message).at(&dashboard.title.span).label(match &dashboard.home {
        Home::ConfigMap { .. } => "in a ConfigMap that nothing mounts, and no sidecar finds",
        _ => "a text that no folder, no ConfigMap and no command takes to it",
    });
    let provisioned = IMAGES.iter().flat_map(|image| wiring.running(image)).find_map(|(_, container)| {
        container.mounts.iter().find(|mount| mount.path.value.starts_with("/etc/grafana/provisioning"))
    });
    let found = match grafana {
        Deployed::Chart(release) => found.related(&release.chart.span, "this chart brings Grafana"),
        Deployed::Workload(place) => found.related(place, "Grafana runs here"),
    };
    let found = match provisioned {
        Some(mount) => found
            .related(&mount.path.span, "no provider of dashboards is documented here")
            .because("assuming that the documents hold all of the provisioning, and that nobody imports it by hand"),
        None => found.because("assuming that nobody imports it by hand: Grafana starts without it and says nothing"),
    };
    // The API takes the envelope, and files must not have it.
    let bare = if dashboard.wrapped.is_some() { ", without the envelope `dashboard`" } else { "" };
    let way = match grafana {
        Deployed::Chart(release) => match sidecar(release) {
            Some(Sidecar { on: true, label, value }) => format!(
                "put it into a ConfigMap with the label `{label}: \"{}\"`, by which the chart's sidecar finds it{bare}",
                if value.is_empty() { "1" } else { value }
            ),
            _ => format!(
                "put it into a ConfigMap with the label `grafana_dashboard: \"1\"`{bare}, and set \
                 `sidecar.dashboards.enabled: true`"
            ),
        },
        Deployed::Workload(_) => format!(
            "mount it{bare}, and below /etc/grafana/provisioning/dashboards a file with `providers` that names its folder"
        ),
    };
    found
        .help(format!("{way}; or post it to `/api/dashboards/db`"))
        .shared("dashboards that nothing gives to Grafana")
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    const DASHBOARD: &str = "{\"title\": \"T\", \"panels\": []}";

    fn guide(before: &str) -> String {
        format!("{before}\n```json\n{DASHBOARD}\n```\n")
    }

    #[test]
    fn a_dashboard_beside_a_grafana_has_to_come_to_it() {
        let helm = "```sh\nhelm install s prometheus-community/kube-prometheus-stack\n```";
        let found = ["5:11 nothing gives the dashboard \"T\" to Grafana"];
        check("dashboard-not-loaded", &guide(helm), &found);
        // No Grafana, no defect.
        check("dashboard-not-loaded", &guide(""), &[]);
        check("dashboard-not-loaded", &guide("```sh\nhelm install s grafana/loki\n```"), &[]);
        for given in [
            "Import the dashboard in Grafana's UI:",
            "```sh\ncurl -d @d.json http://g:3000/api/dashboards/db\n```",
            "```yaml\napiVersion: 1\nproviders: [{name: a, options: {path: /d}}]\n```",
        ] {
            check("dashboard-not-loaded", &guide(&format!("{helm}\n{given}")), &[]);
        }
    }

    #[test]
    fn a_config_map_is_found_by_the_label_that_the_sidecar_looks_for() {
        let map = |chart: &str, labels: &str| {
            format!(
                "```sh\nhelm install g {chart}\n```\n```yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: d, labels: {{{labels}}}}}\ndata:\n  t.json: |\n    {DASHBOARD}\n```\n"
            )
        };
        let stack = "prometheus-community/kube-prometheus-stack";
        let found = ["10:15 nothing gives the dashboard \"T\" to Grafana"];
        check("dashboard-not-loaded", &map(stack, "grafana_dashboard: '1'"), &[]);
        check("dashboard-not-loaded", &map(stack, "app: x"), &found);
        check("dashboard-not-loaded", &map(stack, "grafana_dashboard: 'yes'"), &found);
        check("dashboard-not-loaded", &map("grafana/grafana", "grafana_dashboard: '1'"), &found);
        let on = "grafana/grafana --set sidecar.dashboards.enabled=true";
        check("dashboard-not-loaded", &map(on, "grafana_dashboard: '1'"), &[]);
    }

    #[test]
    fn a_file_that_a_mount_or_a_command_takes_is_given() {
        let compose = "```yaml\nservices: {g: {image: 'grafana/grafana:10.0.0', volumes: ['../grafana:/var/lib/grafana/d']}}\n```";
        let named = |name: &str| format!("{compose}\n```json title=\"{name}\"\n{DASHBOARD}\n```\n");
        check("dashboard-not-loaded", &named("grafana/t.json"), &[]);
        check(
            "dashboard-not-loaded",
            &named("other/t.json"),
            &["5:11 nothing gives the dashboard \"T\" to Grafana"],
        );
        let made = "```sh\nkubectl create configmap d --from-file=other/t.json\n```\n";
        check("dashboard-not-loaded", &format!("{}{made}", named("other/t.json")), &[]);
    }
}
