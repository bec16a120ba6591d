//! Values that a chart does not have.

use super::{Check, Harm};
use crate::diagnostic::{Diagnostic, Spanned, nearest};
use crate::stack::Version;
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

/// A chart, since which of its versions, and the values that it has at the top.
const CHARTS: [(&str, u32, &str); 4] = [
    (
        "kibana",
        7,
        "elasticsearchHosts elasticsearchURL elasticsearchCertificateSecret elasticsearchCertificateAuthoritiesFile \
         elasticsearchCredentialSecret replicas extraEnvs envFrom secretMounts hostAliases image imageTag imagePullPolicy labels \
         annotations podAnnotations resources protocol serverHost healthCheckPath kibanaConfig podSecurityContext \
         securityContext serviceAccount automountToken priorityClassName httpPort extraVolumes extraVolumeMounts \
         extraContainers extraInitContainers updateStrategy service ingress readinessProbe imagePullSecrets nodeSelector \
         tolerations affinity nameOverride fullnameOverride lifecycle global",
    ),
    (
        "elasticsearch",
        7,
        "clusterName nodeGroup masterService roles replicas minimumMasterNodes esMajorVersion clusterDeprecationIndexing esConfig \
         createCert esJvmOptions extraEnvs envFrom secret secretMounts hostAliases image imageTag imagePullPolicy podAnnotations \
         labels esJavaOpts resources initResources networkHost volumeClaimTemplate rbac podSecurityPolicy persistence \
         extraVolumes extraVolumeMounts extraContainers extraInitContainers priorityClassName antiAffinityTopologyKey \
         antiAffinity nodeAffinity podManagementPolicy enableServiceLinks protocol httpPort transportPort service \
         updateStrategy maxUnavailable podSecurityContext securityContext terminationGracePeriod sysctlVmMaxMapCount \
         readinessProbe clusterHealthCheckParams schedulerName imagePullSecrets nodeSelector tolerations ingress nameOverride \
         fullnameOverride healthNameOverride lifecycle sysctlInitContainer keystore networkPolicy tests fsGroup global",
    ),
    (
        "jaeger",
        4,
        "uiconfig userconfig config global networkPolicy tag nameOverride fullnameOverride commonLabels commonAnnotations jaeger storage \
         spark esIndexCleaner esRollover esLookback extraObjects hotrod",
    ),
    ("loki-stack", 2, "test_pod loki promtail fluent-bit grafana prometheus filebeat logstash proxy global"),
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
    let releases = wiring.releases.iter();
    releases.flat_map(|release| judge(release).into_iter().chain(passed_over(release))).collect()
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
    // A chart of one's own may be called alike.
    if release.chart.span.text().starts_with(['.', '/']) {
        return None;
    }
    let (chart, since, known) = CHARTS.iter().find(|(chart, ..)| *chart == release.chart.value)?;
    let stated = release.version.as_ref();
    if stated
        .is_some_and(|version| Version::parse(&version.value).is_none_or(|version| version.major < *since))
    {
        return None;
    }
    let known: Vec<&str> = known.split_whitespace().collect();
    let mut unknown: Vec<(&str, &str, &Spanned<String>)> = Vec::new();
    for (path, value) in &release.values {
        let top = path.split(['.', '[']).next().unwrap_or_default();
        if !known.contains(&top) && !unknown.iter().any(|(name, ..)| *name == top) {
            unknown.push((top, path, value));
        }
    }
    unknown.sort_by_key(|(.., value)| value.span.in_own_file().start);
    let (name, path, first) = unknown.first()?;
    let names: Vec<String> = unknown.iter().map(|(name, ..)| format!("`{name}`")).collect();
    let found = Diagnostic::error("", format!("the chart {chart} has no {}", names.join(", ")))
        .at(&first.span)
        .label(format!("`{name}` changes nothing"))
        .related(
            &release.chart.span,
            match stated {
                Some(_) => "this chart",
                None => "without `--version`: the newest",
            },
        );
    let found = unknown
        .iter()
        .skip(1)
        .fold(found, |found, (name, _, value)| found.related(&value.span, format!("nor does `{name}`")));
    let found = found.because(match *chart {
        "jaeger" => {
            "the newest chart, version 4, runs Jaeger 2 as one program, with traces in memory, behind one Service that is \
             called like the release"
        }
        _ => "Helm says nothing of values that a chart does not use",
    });
    Some(match *chart {
        "jaeger" => found.help(
            "pin the chart that the values are for, with `--version 3.4.1`, or rewrite them for version 4: `jaeger:` and \
             `userconfig:`",
        ),
        _ => match alike(path, &known).or_else(|| nearest(name, known.iter().copied())) {
            Some(near) => found.help(format!("did you mean `{near}`?")),
            None => found,
        },
    })
}

/// What is wrong with values that only an older chart has: nothing comes of it where the newest is installed.
pub fn of_old_chart(diagnostic: Diagnostic) -> Diagnostic {
    match diagnostic.place.clone() {
        Some(place) => diagnostic.follows_from(CHECK.id, &super::whole(&place)),
        None => diagnostic,
    }
}

/// `elasticsearch.hosts` for `elasticsearchHosts`
fn alike<'k>(path: &str, known: &[&'k str]) -> Option<&'k str> {
    let joined = path.replace('.', "");
    known.iter().copied().find(|key| key.eq_ignore_ascii_case(&joined))
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
