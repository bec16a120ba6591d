//! Values that their chart does not have, or does not heed.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "chart-value-ignored",
    harm: Harm::Silent,
    title: "the chart does not heed this value",
    explanation: "Helm passes on any value; one that no template of the chart reads changes nothing, and nobody says so. \
                  The program runs with the chart's default.",
    example: "a: 1\n```\n```sh\nhelm install kibana elastic/kibana --set elasticsearch.hosts=http://logs:9200\n",
    mended: "a: 1\n```\n```sh\nhelm install kibana elastic/kibana --set elasticsearchHosts=http://logs:9200\n",
    find,
};

struct Ignored {
    chart: &'static str,
    /// The path of the value, or what it starts with.
    path: &'static str,
    /// It is heeded where this has this value.
    unless: Option<(&'static str, &'static str)>,
    because: &'static str,
    help: &'static str,
}

const IGNORED: [Ignored; 7] = [
    Ignored {
        chart: "kibana",
        path: "elasticsearch.hosts",
        unless: None,
        because: "the chart has no such key: Kibana asks `https://elasticsearch-master:9200`, the default",
        help: "write `elasticsearchHosts`",
    },
    Ignored {
        chart: "kibana",
        path: "elasticsearch.url",
        unless: None,
        because: "the chart has no such key",
        help: "write `elasticsearchHosts`",
    },
    Ignored {
        chart: "elasticsearch",
        path: "minimumMasterNodes",
        unless: Some(("esMajorVersion", "6")),
        because: "only Elasticsearch 6 knows `discovery.zen.minimum_master_nodes`; the chart's default is version 8",
        help: "leave it out",
    },
    Ignored {
        chart: "jaeger",
        path: "storage.elasticsearch.tls.",
        unless: Some(("storage.elasticsearch.tls.enabled", "true")),
        because: "without `storage.elasticsearch.tls.enabled: true` the chart mounts no certificate and sets no CA: \
                  Jaeger does not trust the certificate of Elasticsearch",
        help: "set `tls.enabled: true` and `tls.secretName`",
    },
    Ignored {
        chart: "grafana",
        path: "grafana.",
        unless: None,
        because: "in this chart Grafana's values stand at the top; under `grafana` they are those of a parent chart",
        help: "take `grafana.` away",
    },
    Ignored {
        chart: "kube-prometheus-stack",
        path: "prometheus.prometheusSpec.storage.",
        unless: None,
        because: "the chart reads `storageSpec`: Prometheus keeps its data in an `emptyDir`",
        help: "write `prometheus.prometheusSpec.storageSpec`",
    },
    Ignored {
        chart: "kube-prometheus-stack",
        path: "prometheus.retention",
        unless: None,
        because: "the chart reads `prometheus.prometheusSpec.retention`: Prometheus keeps its default",
        help: "write `prometheus.prometheusSpec.retention`",
    },
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for release in &wiring.releases {
        for ignored in IGNORED.iter().filter(|ignored| ignored.chart == release.chart.value) {
            let heeded = |(path, wanted): (&str, &str)| {
                release.values.get(path).is_some_and(|value| value.value == wanted)
            };
            if ignored.unless.is_some_and(heeded) {
                continue;
            }
            let mut values = release.values.iter().filter(|(path, _)| path.starts_with(ignored.path));
            let Some((path, value)) = values.next() else { continue };
            found.push(
                Diagnostic::error("", format!("the chart {} does not heed `{path}`", ignored.chart))
                    .at(&value.span)
                    .label("changes nothing")
                    .because(ignored.because)
                    .help(ignored.help),
            );
        }
    }
    found
}
