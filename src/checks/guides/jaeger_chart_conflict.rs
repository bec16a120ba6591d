//! Values of the Jaeger chart that don't fit each other.

use crate::checks::{Check, Harm, chart_value_ignored};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{Release, Wiring};

pub const CHECK: Check = Check {
    id: "jaeger-chart-conflict",
    harm: Harm::Breaks,
    title: "these values of the Jaeger chart don't fit each other",
    explanation: "The chart (before version 4) starts each component on its own by default, with Cassandra as the store. \
                  `allInOne.enabled` makes the same Services once more, which Helm refuses; a data store that is provisioned \
                  is used only if `storage.type` says so, too.",
    example: "# jaeger-values.yaml\nprovisionDataStore: {cassandra: false, elasticsearch: true}\n```\n```sh\nhelm install jaeger jaegertracing/jaeger --values jaeger-values.yaml\n",
    mended: "# jaeger-values.yaml\nprovisionDataStore: {cassandra: false, elasticsearch: true}\nstorage: {type: elasticsearch}\n```\n```sh\nhelm install jaeger jaegertracing/jaeger --values jaeger-values.yaml\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let releases = wiring.releases.iter().filter(|release| release.is_jaegers());
    releases.flat_map(judge).collect()
}

fn judge(release: &Release) -> Vec<Diagnostic> {
    let get = |path: &str| release.values.get(path);
    let is = |path: &str, wanted: &str| get(path).is_some_and(|value| value.value == wanted);
    let mut found = Vec::new();
    if let Some(all) = get("allInOne.enabled").filter(|value| value.value == "true") {
        let parts = ["agent", "collector", "query"];
        let kept: Vec<&str> =
            parts.into_iter().filter(|part| !is(&format!("{part}.enabled"), "false")).collect();
        if !kept.is_empty() {
            found.push(
                Diagnostic::error("", format!("`allInOne` and the chart's own {} make the same Services", kept.join(", ")))
                    .at(&all.span)
                    .label("Helm refuses the second of the same name")
                    .related(&release.chart.span, "this chart, up to version 3, has them on by default")
                    .because("assuming a version of the chart before 4, which knows these values; later ones know none of them")
                    .help(format!("set {} to false", kept.iter().map(|part| format!("`{part}.enabled`")).collect::<Vec<_>>().join(", "))),
            );
        }
    }
    let kind = get("storage.type");
    if let Some(provisioned) = get("provisionDataStore.elasticsearch").filter(|value| value.value == "true")
        && kind.is_none_or(|kind| kind.value != "elasticsearch")
    {
        let diagnostic =
            Diagnostic::error("", "Jaeger does not use the Elasticsearch that is provisioned for it")
                .at(&provisioned.span)
                .label("installed, and used by nothing")
                .help("set `storage.type: elasticsearch`");
        found.push(match kind {
            Some(kind) => diagnostic.related(&kind.span, "this is the store that it uses"),
            None if is("provisionDataStore.cassandra", "false") => diagnostic
                .because("the chart's default is Cassandra, which is not there: Jaeger does not start"),
            None => diagnostic.because("the chart's default is Cassandra"),
        });
    }
    // A chart that has none of these values is told once.
    found.into_iter().map(chart_value_ignored::of_old_chart).collect()
}
