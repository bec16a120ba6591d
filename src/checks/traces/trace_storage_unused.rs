//! Stores that Jaeger's chart makes and Jaeger does not write to.

use crate::checks::{Check, Harm, chart_value_ignored};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{Release, Wiring};

pub const CHECK: Check = Check {
    id: "trace-storage-unused",
    harm: Harm::Silent,
    title: "traces don't go to the store that is set up for them",
    explanation: "In Jaeger's chart (up to version 3) `provisionDataStore` installs a store and `storage.type` chooses the one that \
                  is written to, `cassandra` by default. `provisionDataStore.elasticsearch: true` moreover overrides \
                  `storage.elasticsearch.host`: traces go to the chart's own Elasticsearch, not to the one named.",
    example: "# jaeger-values.yaml\nprovisionDataStore: {cassandra: false, elasticsearch: true}\nstorage: {type: elasticsearch, elasticsearch: {host: logs.example.com}}\n```\n```sh\nhelm install jaeger jaegertracing/jaeger -f jaeger-values.yaml\n",
    mended: "# jaeger-values.yaml\nprovisionDataStore: {cassandra: false, elasticsearch: false}\nstorage: {type: elasticsearch, elasticsearch: {host: logs.example.com}}\n```\n```sh\nhelm install jaeger jaegertracing/jaeger -f jaeger-values.yaml\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let releases = wiring.releases.iter().filter(|release| release.chart.value == "jaeger");
    releases.filter_map(overridden).collect()
}

fn overridden(release: &Release) -> Option<Diagnostic> {
    let provisioned =
        release.values.get("provisionDataStore.elasticsearch").filter(|value| value.value == "true")?;
    let host = release.values.get("storage.elasticsearch.host")?;
    let found = Diagnostic::error("", "traces don't go to this Elasticsearch")
        .at(&host.span)
        .label("not looked at")
        .related(&provisioned.span, "installs another one, and sends traces there")
        .help("set `provisionDataStore.elasticsearch: false`");
    Some(chart_value_ignored::of_old_chart(found))
}
