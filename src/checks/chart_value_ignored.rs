//! Values that a chart does not have.

use super::{Check, Harm};
use crate::diagnostic::{Diagnostic, Span, Spanned, nearest};
use crate::stack::wiring::{Release, Wiring};

pub const CHECK: Check = Check {
    id: "chart-value-ignored",
    harm: Harm::Silent,
    title: "the chart has no such value",
    explanation: "Helm says nothing of values that a chart does not use: they change nothing. Without `--version` the newest chart is \
                  installed. That of Jaeger is version 4 since December 2025: it runs Jaeger 2 as one program and has neither \
                  `agent`, `collector`, `query`, `allInOne` nor `provisionDataStore`. Kibana's chart takes `elasticsearchHosts`.",
    example: "services: {}\n```\n```sh\nhelm install kibana elastic/kibana --set elasticsearch.hosts=http://elasticsearch:9200\n",
    mended: "services: {}\n```\n```sh\nhelm install kibana elastic/kibana --set elasticsearchHosts=https://elasticsearch:9200\n",
    find,
};

/// A chart that is known as a whole.
struct Chart {
    name: &'static str,
    /// The first major version that has just these values.
    since: u32,
    /// Those at the top.
    values: &'static str,
}

const CHARTS: [Chart; 4] = [
    Chart {
        name: "kibana",
        since: 7,
        values: "elasticsearchHosts elasticsearchURL elasticsearchCertificateSecret elasticsearchCertificateAuthoritiesFile \
                 elasticsearchCredentialSecret replicas extraEnvs envFrom secretMounts hostAliases image imageTag imagePullPolicy labels \
                 annotations podAnnotations resources protocol serverHost healthCheckPath kibanaConfig podSecurityContext \
                 securityContext serviceAccount automountToken priorityClassName httpPort extraVolumes extraVolumeMounts \
                 extraContainers extraInitContainers updateStrategy service ingress readinessProbe imagePullSecrets nodeSelector \
                 tolerations affinity nameOverride fullnameOverride lifecycle global",
    },
    Chart {
        name: "elasticsearch",
        since: 7,
        values: "clusterName nodeGroup masterService roles replicas minimumMasterNodes esMajorVersion clusterDeprecationIndexing esConfig \
                 createCert esJvmOptions extraEnvs envFrom secret secretMounts hostAliases image imageTag imagePullPolicy podAnnotations \
                 labels esJavaOpts resources initResources networkHost volumeClaimTemplate rbac podSecurityPolicy persistence \
                 extraVolumes extraVolumeMounts extraContainers extraInitContainers priorityClassName antiAffinityTopologyKey \
                 antiAffinity nodeAffinity podManagementPolicy enableServiceLinks protocol httpPort transportPort service \
                 updateStrategy maxUnavailable podSecurityContext securityContext terminationGracePeriod sysctlVmMaxMapCount \
                 readinessProbe clusterHealthCheckParams schedulerName imagePullSecrets nodeSelector tolerations ingress nameOverride \
                 fullnameOverride healthNameOverride lifecycle sysctlInitContainer keystore networkPolicy tests fsGroup global",
    },
    Chart {
        name: "jaeger",
        since: 4,
        values: "uiconfig userconfig config global networkPolicy tag nameOverride fullnameOverride commonLabels commonAnnotations jaeger storage \
                 spark esIndexCleaner esRollover esLookback extraObjects hotrod",
    },
    Chart {
        name: "loki-stack",
        since: 2,
        values: "test_pod loki promtail fluent-bit grafana prometheus filebeat logstash proxy global",
    },
];

/// A chart, a path in its values that it passes over although what is above it is known, what then happens, and the
/// path that was meant.
const PASSED_OVER: [(&str, &str, &str, &str); 5] = [
    (
        "kube-prometheus-stack",
        "prometheus.prometheusSpec.storage.",
        "Prometheus keeps its data in an `emptyDir`",
        "prometheus.prometheusSpec.storageSpec",
    ),
    (
        "kube-prometheus-stack",
        "prometheus.retention",
        "Prometheus keeps its series for the chart's 10 days",
        "prometheus.prometheusSpec.retention",
    ),
    (
        "kube-prometheus-stack",
        "alertmanager.alertmanagerSpec.storageSpec.",
        "Alertmanager keeps its data in an `emptyDir`",
        "alertmanager.alertmanagerSpec.storage",
    ),
    (
        "kube-prometheus-stack",
        "prometheus.additionalScrapeConfigs",
        "none of these jobs is scraped",
        "prometheus.prometheusSpec.additionalScrapeConfigs",
    ),
    (
        "grafana",
        "grafana.",
        "these are the values of a chart that has Grafana as a part",
        "the same without `grafana.`",
    ),
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let of = |release: &Release| {
        judge(release).into_iter().chain(passed_over(release)).chain(of_jaeger_3(release))
    };
    wiring.releases.iter().flat_map(of).collect()
}

fn passed_over(release: &Release) -> Vec<Diagnostic> {
    let known = PASSED_OVER.iter().filter(|(chart, ..)| *chart == release.chart.value);
    let found = known.filter_map(|(chart, path, because, meant)| {
        let (_, value) = release.values.iter().find(|(own, _)| own.starts_with(path))?;
        let path = path.trim_end_matches('.');
        Some(
            Diagnostic::error("", format!("the chart {chart} has no `{path}`"))
                .at(&value.span)
                .label("changes nothing")
                .related(&release.chart.span, "this chart")
                .because(*because)
                .help(match meant.contains('`') {
                    true => format!("write {meant}"),
                    false => format!("write `{meant}`"),
                }),
        )
    });
    found.collect()
}

fn judge(release: &Release) -> Option<Diagnostic> {
    let (chart, unknown) = unknown(release)?;
    let Unknown { name, path, place } = unknown.first()?;
    let names: Vec<String> = unknown.iter().map(|unknown| format!("`{}`", unknown.name)).collect();
    let found = Diagnostic::error("", format!("the chart {} has no {}", chart.name, names.join(", ")))
        .at(place)
        .label(format!("`{name}` changes nothing"))
        .related(
            &release.chart.span,
            match release.version {
                Some(_) => "this chart",
                None => "without `--version`: the newest",
            },
        );
    let found = unknown
        .iter()
        .skip(1)
        .fold(found, |found, unknown| found.related(&unknown.place, format!("nor does `{}`", unknown.name)));
    Some(match chart.name {
        "jaeger" => found
            .because(
                "the newest chart, version 4, runs Jaeger 2 as one program, with traces in memory, behind one Service that is \
                 called like the release",
            )
            .help(match of_elastic(release).is_empty() {
                true => {
                    "rewrite them for version 4 (`jaeger:` and `userconfig:`), or pin the last chart that has them, with \
                     `--version 3.4.1`"
                }
                false => {
                    "rewrite them for version 4 (`jaeger:` and `userconfig:`), or pin the last chart with Elastic's \
                     Elasticsearch, which they are for, with `--version 2.1.0`"
                }
            }),
        _ => {
            let found = found.because("Helm says nothing of values that a chart does not use");
            let known = chart.values.split_whitespace();
            match alike(path, known.clone()).or_else(|| nearest(name, known)) {
                Some("elasticsearchHosts") => of_hosts(found, release.values.get(*path).map(|value| value.value.as_str()), release),
                Some(near) => found.help(format!("did you mean `{near}`?")),
                None => found,
            }
        }
    })
}

/// What is to be done about the address that Kibana was meant to get.
fn of_hosts(found: Diagnostic, address: Option<&str>, release: &Release) -> Diagnostic {
    // What Kibana's chart has for its default, by another scheme.
    const OWN: &str = "elasticsearch-master:9200";
    let plain = address.and_then(|address| address.strip_prefix("http://"));
    match plain {
        Some(OWN) if release.is_at_least(8) => found
            .help(format!("leave it out: without it Kibana asks https://{OWN}, with the chart's certificate"))
            .mild(),
        Some(_) => found.help(
            "did you mean `elasticsearchHosts`? An Elasticsearch with security on needs `https://` in it",
        ),
        None => found.help("did you mean `elasticsearchHosts`?"),
    }
}

/// A value at the top that a chart does not have.
struct Unknown<'r> {
    name: &'r str,
    /// Of the first value below it.
    path: &'r str,
    /// Its key, or its value on a command line.
    place: Span,
}

/// What a release's chart passes over as a whole, in the order of the files; none where the chart is not known.
fn unknown(release: &Release) -> Option<(&'static Chart, Vec<Unknown<'_>>)> {
    // A chart of one's own may be called alike.
    if release.chart.span.text().starts_with(['.', '/']) {
        return None;
    }
    let chart = CHARTS.iter().find(|chart| chart.name == release.chart.value)?;
    if !release.is_at_least(chart.since) || chart.name == "jaeger" && !release.is_jaegers() {
        return None;
    }
    let mut unknown: Vec<Unknown> = Vec::new();
    for (path, value) in &release.values {
        let name = top(path);
        let known = chart.values.split_whitespace().any(|known| known == name);
        if !known && !unknown.iter().any(|known| known.name == name) {
            let key = release.keys.iter().find(|key| key.value == name);
            let place = key.map_or(&value.span, |key| &key.span).clone();
            unknown.push(Unknown { name, path, place });
        }
    }
    unknown.sort_by_key(|unknown| unknown.place.in_own_file().start);
    Some((chart, unknown))
}

/// `allInOne` of `allInOne.image.tag`
fn top(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or_default()
}

/// Values of the Elasticsearch that Jaeger's chart brought until version 2, and which that of version 3 does not have.
fn of_elastic(release: &Release) -> Vec<(&str, &Spanned<String>)> {
    const OF_ELASTIC: [&str; 7] = [
        "replicas",
        "minimumMasterNodes",
        "esJavaOpts",
        "esConfig",
        "volumeClaimTemplate",
        "antiAffinity",
        "imageTag",
    ];
    let values = release.values.iter().filter_map(|(path, value)| {
        let name = top(path.strip_prefix("elasticsearch.")?);
        OF_ELASTIC.contains(&name).then_some((name, value))
    });
    if release.is_jaegers() { values.collect() } else { Vec::new() }
}

fn of_jaeger_3(release: &Release) -> Option<Diagnostic> {
    if !release.is_at_least(3)
        || release.is_at_least(4)
        || !release.sets("provisionDataStore.elasticsearch", "true")
    {
        return None;
    }
    let mut values = of_elastic(release);
    values.sort_by_key(|(_, value)| value.span.in_own_file().start);
    let (_, first) = values.first()?;
    let mut names: Vec<String> = values.iter().map(|(name, _)| format!("`{name}`")).collect();
    names.dedup();
    let found = Diagnostic::error("", format!("the Elasticsearch of this chart has no {}", names.join(", ")))
        .at(&first.span)
        .label("changes nothing")
        .related(&release.chart.span, "this chart")
        .because("since version 3 it brings Bitnami's Elasticsearch in place of Elastic's, which these values are for")
        .help("pin `--version 2.1.0`, the last with Elastic's, or install an Elasticsearch by itself and name it under `storage`");
    Some(values.iter().skip(1).fold(found, |found, (_, value)| found.related(&value.span, "nor does this")))
}

/// Where values stand that their chart passes over as a whole.
pub fn ignored(wiring: &Wiring) -> Vec<Span> {
    let mut places = Vec::new();
    for release in &wiring.releases {
        let Some((_, unknown)) = unknown(release) else { continue };
        let below = release.values.iter().filter(|(path, _)| unknown.iter().any(|it| it.name == top(path)));
        places.extend(below.map(|(_, value)| value.span.clone()));
    }
    places
}

/// Whether a place is among those that [`ignored`] tells.
pub fn is_among(ignored: &[Span], place: &Span) -> bool {
    ignored.iter().any(|value| place.is_within(value))
}

/// What is wrong with values that only an older chart has: nothing comes of it where the newest is installed.
pub fn of_old_chart(diagnostic: Diagnostic) -> Diagnostic {
    match diagnostic.place.clone() {
        Some(place) => diagnostic.follows_from(CHECK.id, &super::whole(&place)),
        None => diagnostic,
    }
}

/// `elasticsearch.hosts` for `elasticsearchHosts`
fn alike<'k>(path: &str, mut known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let joined = path.replace('.', "");
    known.find(|key| key.eq_ignore_ascii_case(&joined))
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn a_stated_version_is_judged_by_its_own_values() {
        let guide = |version: &str| {
            format!(
                "```sh\nhelm install j jaegertracing/jaeger {version} --set agent.enabled=true --set jaeger.replicas=1\n```\n"
            )
        };
        check("chart-value-ignored", &guide("--version 3.4.1"), &[]);
        check("chart-value-ignored", &guide("--version 4.1.0"), &["2:73 the chart jaeger has no `agent`"]);
        check("chart-value-ignored", &guide(""), &["2:58 the chart jaeger has no `agent`"]);
    }

    #[test]
    fn a_value_is_told_at_its_key_and_what_stands_below_it_follows() {
        let guide = |version: &str| {
            format!(
                "```sh\nhelm install j jaegertracing/jaeger {version} -f jaeger-values.yaml\n```\n```yaml\n# jaeger-values.yaml\nallInOne:\n  enabled: true\n  image: {{tag: latest}}\n  ingress: {{enabled: true, hosts: [jaeger.your-domain.com]}}\n```\n"
            )
        };
        let found = |text: &str| {
            let findings = crate::checks::run(&crate::documents::wiring::of_text("guide.md", text));
            let told = findings.iter().map(|finding| finding.diagnostic.id);
            told.filter(|id| ["latest-tag", "open-to-all", "placeholder-host"].contains(id)).count()
        };
        let top = "6:1 the chart jaeger has no `allInOne`";
        check("chart-value-ignored", &guide(""), &[top]);
        assert_eq!(found(&guide("")), 0);
        assert_eq!(found(&guide("--version 3.4.1")), 3);
    }

    #[test]
    fn jaeger_s_chart_brings_another_elasticsearch_since_version_3() {
        let guide = |version: &str| {
            format!(
                "```sh\nhelm install j jaegertracing/jaeger --version {version} --set provisionDataStore.elasticsearch=true --set elasticsearch.replicas=1\n```\n"
            )
        };
        let found = ["2:126 the Elasticsearch of this chart has no `replicas`"];
        check("chart-value-ignored", &guide("3.4.1"), &found);
        check("chart-value-ignored", &guide("2.1.0"), &[]);
    }

    #[test]
    fn what_the_chart_does_by_itself_is_not_to_be_set() {
        let told = |value: &str| {
            let guide =
                format!("```sh\nhelm install k elastic/kibana --set elasticsearch.hosts={value}\n```\n");
            let found = super::find(&crate::documents::wiring::of_text("guide.md", &guide));
            found.into_iter().map(|found| found.mild).collect::<Vec<_>>()
        };
        assert_eq!(told("http://elasticsearch-master:9200"), [true]);
        assert_eq!(told("http://other:9200"), [false]);
    }

    #[test]
    fn a_value_may_be_passed_over_below_one_that_is_known() {
        let guide = |set: &str| {
            format!("```sh\nhelm install s prometheus-community/kube-prometheus-stack --set {set}\n```\n")
        };
        check("chart-value-ignored", &guide("prometheus.prometheusSpec.retention=30d"), &[]);
        check("chart-value-ignored", &guide("prometheus.prometheusSpec.storageSpec.emptyDir.medium=a"), &[]);
        check(
            "chart-value-ignored",
            &guide("prometheus.retention=30d"),
            &["2:86 the chart kube-prometheus-stack has no `prometheus.retention`"],
        );
    }
}
