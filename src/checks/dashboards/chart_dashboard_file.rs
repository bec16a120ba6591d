//! Dashboards that a chart is told to take from a file which it can't see.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "chart-dashboard-file",
    harm: Harm::Silent,
    title: "the chart can't see this dashboard's file",
    explanation: "`dashboards.PROVIDER.NAME.file` in the values of Grafana's chart is a path within the chart's own \
                  package. With a chart from a repository there is no such file, so an empty one is written, which Grafana \
                  passes over, and Helm says nothing. Give it under `json`, by `url`, or in a ConfigMap named in `dashboardsConfigMaps`.",
    example: "# grafana-values.yaml\ndashboardProviders: {}\ndashboards:\n  default:\n    api: {file: dashboards/api.json}\n```\n```sh\nhelm install grafana grafana/grafana -f grafana-values.yaml\n",
    mended: "# grafana-values.yaml\ndashboardProviders: {}\ndashboards:\n  default:\n    api: {url: 'https://example.com/dashboards/api.json'}\n```\n```sh\nhelm install grafana grafana/grafana -f grafana-values.yaml\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let charts = wiring.releases.iter().filter(|release| {
        let chart = release.chart.span.text();
        let local = chart.starts_with(['.', '/']);
        matches!(release.chart.value.as_str(), "grafana" | "kube-prometheus-stack") && !local
    });
    let files = charts.flat_map(|release| {
        let values = release.values.iter().filter(|(path, _)| {
            let path = path.strip_prefix("grafana.").unwrap_or(path);
            path.starts_with("dashboards.") && path.ends_with(".file")
        });
        values.map(move |(_, value)| (release, value))
    });
    let found = files.map(|(release, file)| {
        Diagnostic::error("", "this dashboard is missing: the chart's package has no such file")
            .at(&file.span)
            .label("a path within the chart, not beside the values")
            .related(&release.chart.span, "the chart comes from a repository")
            .because("Helm reads files of the chart's own package alone, and takes a missing one for empty")
            .help("write the dashboard under `json: |`, or name a ConfigMap under `dashboardsConfigMaps`")
    });
    found.collect()
}
