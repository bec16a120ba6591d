//! Stores that Jaeger's chart makes and Jaeger does not write to.

use crate::checks::{Check, Harm};
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
    releases.flat_map(|release| [overridden(release), unchosen(release), both(release)]).flatten().collect()
}

fn overridden(release: &Release) -> Option<Diagnostic> {
    let provisioned =
        release.values.get("provisionDataStore.elasticsearch").filter(|value| value.value == "true")?;
    let host = release.values.get("storage.elasticsearch.host")?;
    Some(
        Diagnostic::error("", "traces don't go to this Elasticsearch")
            .at(&host.span)
            .label("not looked at")
            .related(&provisioned.span, "installs another one, and sends traces there")
            .help("set `provisionDataStore.elasticsearch: false`"),
    )
}

fn unchosen(release: &Release) -> Option<Diagnostic> {
    let kind = release.values.get("storage.type").map_or("cassandra", |kind| &kind.value);
    let provisioned =
        release.values.get("provisionDataStore.elasticsearch").filter(|value| value.value == "true")?;
    if kind == "elasticsearch" {
        return None;
    }
    let cassandra = release.values.get("provisionDataStore.cassandra").filter(|value| value.value == "false");
    let found = Diagnostic::error("", format!("Jaeger writes to {kind}, not to this Elasticsearch"))
        .at(&provisioned.span)
        .label("installed, and used by nothing")
        .because("`storage.type` is `cassandra` unless it is set")
        .help("set `storage.type: elasticsearch`");
    Some(match cassandra {
        Some(off) => found.related(&off.span, "and there is no Cassandra: Jaeger does not start"),
        None => found,
    })
}

/// All-in-one beside the programs that it is made of.
fn both(release: &Release) -> Option<Diagnostic> {
    let on = release.values.get("allInOne.enabled").filter(|value| value.value == "true")?;
    let off = |component: &str| {
        release.values.get(&format!("{component}.enabled")).is_some_and(|value| value.value == "false")
    };
    let left: Vec<&str> =
        ["agent", "collector", "query"].into_iter().filter(|component| !off(component)).collect();
    (!left.is_empty()).then(|| {
        Diagnostic::error("", format!("all-in-one is installed beside {}", left.join(", ")))
            .at(&on.span)
            .label("makes Services of the same names")
            .related(&release.chart.span, "this chart, up to version 3, has them on by default")
            .because("Helm refuses two objects of one name, such as the Service of the query program")
            .help(format!(
                "set {} to false",
                left.iter().map(|it| format!("`{it}.enabled`")).collect::<Vec<_>>().join(", ")
            ))
    })
}
