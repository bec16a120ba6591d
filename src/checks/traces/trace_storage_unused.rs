//! Stores that Jaeger's chart makes and Jaeger does not write to.

use crate::checks::{Check, Harm, chart_value_ignored};
use crate::diagnostic::Diagnostic;
use crate::stack::Version;
use crate::stack::wiring::{Release, Wiring};

pub const CHECK: Check = Check {
    id: "trace-storage-unused",
    harm: Harm::Silent,
    title: "traces don't go to the store that is set up for them",
    explanation: "In Jaeger's chart (up to version 3) `provisionDataStore` installs a store and `storage.type` chooses the one that \
                  is written to, `cassandra` by default. Since version 3.4.0 `provisionDataStore.elasticsearch: true` moreover \
                  overrides `storage.elasticsearch.host`: traces go to the chart's own Elasticsearch, not to the one named. Before, \
                  they go to the one named, and the other is installed for nothing.",
    example: "# jaeger-values.yaml\nprovisionDataStore: {cassandra: false, elasticsearch: true}\nstorage: {type: elasticsearch, elasticsearch: {host: logs.example.com}}\n```\n```sh\nhelm install jaeger jaegertracing/jaeger -f jaeger-values.yaml\n",
    mended: "# jaeger-values.yaml\nprovisionDataStore: {cassandra: false, elasticsearch: false}\nstorage: {type: elasticsearch, elasticsearch: {host: logs.example.com}}\n```\n```sh\nhelm install jaeger jaegertracing/jaeger -f jaeger-values.yaml\n",
    find,
};

/// The first version in which a store that the chart installs is preferred to the one that is named.
const OVERRIDES: Version = Version::new(3, 4);

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let releases = wiring.releases.iter().filter(|release| release.is_jaegers());
    releases.filter_map(twice).collect()
}

/// A store that is named, and another that is installed.
fn twice(release: &Release) -> Option<Diagnostic> {
    let provisioned =
        release.values.get("provisionDataStore.elasticsearch").filter(|value| value.value == "true")?;
    let host = release.values.get("storage.elasticsearch.host")?;
    let stated = release.version.as_ref().and_then(|stated| Version::parse(&stated.value));
    let found = match stated.is_some_and(|stated| stated < OVERRIDES) {
        true => Diagnostic::error("", "the Elasticsearch that the chart installs stays empty")
            .at(&provisioned.span)
            .label("installs one")
            .related(&host.span, "traces go to this one"),
        false => Diagnostic::error("", "traces don't go to this Elasticsearch")
            .at(&host.span)
            .label("not looked at")
            .related(&provisioned.span, "installs another one, and sends traces there"),
    };
    let found = found.help("set `provisionDataStore.elasticsearch: false`");
    Some(chart_value_ignored::of_old_chart(found))
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn until_version_3_4_the_store_that_is_named_is_used() {
        let guide = |version: &str, provision: bool| {
            format!(
                "```sh\nhelm install j jaegertracing/jaeger {version} -f v.yaml\n```\n```yaml\n# v.yaml\nprovisionDataStore: {{elasticsearch: {provision}}}\nstorage: {{type: elasticsearch, elasticsearch: {{host: a.example.com}}}}\n```\n"
            )
        };
        let id = "trace-storage-unused";
        check(id, &guide("--version 3.4.1", true), &["7:54 traces don't go to this Elasticsearch"]);
        check(id, &guide("", true), &["7:54 traces don't go to this Elasticsearch"]);
        let before = ["6:37 the Elasticsearch that the chart installs stays empty"];
        check(id, &guide("--version 3.3.1", true), &before);
        check(id, &guide("--version 0.71.2", true), &before);
        check(id, &guide("--version 3.3.1", false), &[]);
    }
}
