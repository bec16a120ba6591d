//! Panels and plugins of Grafana's days with Angular.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{Dashboard, Wiring};

pub const CHECK: Check = Check {
    id: "panel-type-outdated",
    harm: Harm::Style,
    title: "this type of panel is of old and replaced",
    explanation: "The panels `graph`, `singlestat` and `table-old`, and the plugins for pie charts and world maps, are \
                  written for Angular. Grafana 11 switched it off and Grafana 12 has it no more. Its own panels are \
                  converted on loading, by Grafana's rules and not by the team's; plugins stay empty.",
    example: "# overview.json\n{\"title\": \"Overview\", \"panels\": [{\"title\": \"Requests\", \"type\": \"graph\"}]}\n",
    mended: "# overview.json\n{\"title\": \"Overview\", \"panels\": [{\"title\": \"Requests\", \"type\": \"timeseries\"}]}\n",
    find,
};

/// What is replaced, by what, and whether it came as a plugin.
const REPLACED: [(&str, &str, bool); 8] = [
    ("graph", "timeseries", false),
    ("singlestat", "stat", false),
    ("table-old", "table", false),
    ("grafana-piechart-panel", "piechart", true),
    ("grafana-worldmap-panel", "geomap", true),
    ("grafana-singlestat-panel", "stat", true),
    ("natel-discrete-panel", "state-timeline", true),
    ("petrslavotinek-carpetplot-panel", "heatmap", true),
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    wiring.grafana.dashboards.iter().filter_map(in_panels).chain(installed(wiring)).collect()
}

/// One finding a dashboard; the other panels are its related places.
fn in_panels(dashboard: &Dashboard) -> Option<Diagnostic> {
    let kinds = dashboard.panels.iter().filter_map(|panel| panel.kind.as_ref());
    let mut old = kinds.filter_map(|kind| {
        let (_, new, plugin) = REPLACED.iter().find(|(old, ..)| *old == kind.value)?;
        Some((kind, new, plugin))
    });
    let (first, new, plugin) = old.next()?;
    let found = Diagnostic::warning("", format!("the panel type `{}` is replaced by `{new}`", first.value))
        .at(&first.span)
        .label("needs Angular")
        .because(match plugin {
            true => "Grafana 12 does not load the plugin: the panel stays empty",
            false => "Grafana 11 and later have no such panel and convert it on loading, not always to the same picture",
        })
        .help(format!("write `{new}`, or let Grafana convert it, and save what it makes of it"));
    Some(old.fold(found, |found, (kind, new, _)| found.related(&kind.span, format!("`{new}`"))))
}

/// `GF_INSTALL_PLUGINS`
fn installed(wiring: &Wiring) -> impl Iterator<Item = Diagnostic> {
    let containers = wiring.workloads.iter().flat_map(|workload| &workload.containers);
    containers.filter_map(|container| {
        let list = container
            .variable("GF_INSTALL_PLUGINS")
            .or_else(|| container.variable("GF_PLUGINS_PREINSTALL"))?;
        let names = list.value.split([',', ';', '@', ' ']);
        let old: Vec<&(&str, &str, bool)> = names
            .filter_map(|name| REPLACED.iter().find(|(old, _, plugin)| *plugin && *old == name.trim()))
            .collect();
        let (first, ..) = old.first()?;
        let replaced: Vec<String> = old.iter().map(|(name, new, _)| format!("`{name}` by `{new}`")).collect();
        Some(
            Diagnostic::warning("", format!("the plugin `{first}` is written for Angular"))
                .at(&list.span)
                .label(format!("replaced: {}", replaced.join(", ")))
                .because(
                    "it is no longer maintained; Grafana 11 switches it off, Grafana 12 does not load it",
                ),
        )
    })
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn plugins_are_found_where_they_are_installed() {
        let guide = |plugins: &str| {
            format!(
                "```yaml\nservices:\n  grafana:\n    image: grafana/grafana:10.0.0\n    environment:\n    - \
                 GF_INSTALL_PLUGINS={plugins}\n```\n"
            )
        };
        check("panel-type-outdated", &guide("grafana-clock-panel"), &[]);
        check(
            "panel-type-outdated",
            &guide("grafana-clock-panel,grafana-worldmap-panel"),
            &["6:26 the plugin `grafana-worldmap-panel` is written for Angular"],
        );
    }

    #[test]
    fn a_dashboard_s_panels_are_one_finding() {
        check(
            "panel-type-outdated",
            "```json\n{\"title\": \"A\", \"panels\": [\n{\"type\": \"stat\"},\n{\"type\": \"graph\"},\n{\"type\": \
             \"singlestat\"}]}\n```\n",
            &["4:10 the panel type `graph` is replaced by `timeseries`"],
        );
    }
}
