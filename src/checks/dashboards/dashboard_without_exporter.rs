//! Dashboards of grafana.com for exporters that the stack does not have.

use crate::checks::scraping::exporter_not_deployed;
use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "dashboard-without-exporter",
    harm: Harm::Silent,
    title: "nothing exports what this dashboard shows",
    explanation: "A dashboard of grafana.com shows the metrics of an exporter. Where that is neither deployed nor part of a chart, every \
                  panel is empty.",
    example: "# grafana-values.yaml\ndashboardProviders: {}\ndashboards:\n  default:\n    nodes: {gnetId: 1860, revision: 27, datasource: Prometheus}\n```\n```sh\nhelm install grafana grafana/grafana -f grafana-values.yaml\n",
    mended: "# grafana-values.yaml\ndashboardProviders: {}\ndashboards:\n  default:\n    nodes: {gnetId: 1860, revision: 27, datasource: Prometheus}\n```\n```sh\nhelm install nodes prometheus-community/prometheus-node-exporter\nhelm install grafana grafana/grafana -f grafana-values.yaml\n",
    find,
};

/// An id at grafana.com, the exporter whose metrics it shows, and words that tell that it is there.
const DASHBOARDS: [(&str, &str, &[&str]); 10] = [
    ("1860", "node_exporter", &["node-exporter", "node_exporter", "node_exporter_metrics"]),
    ("11074", "node_exporter", &["node-exporter", "node_exporter"]),
    ("405", "node_exporter", &["node-exporter", "node_exporter"]),
    ("9628", "postgres_exporter", &["postgres-exporter", "postgres_exporter"]),
    ("455", "postgres_exporter", &["postgres-exporter", "postgres_exporter"]),
    ("763", "redis_exporter", &["redis-exporter", "redis_exporter"]),
    ("11835", "redis_exporter", &["redis-exporter", "redis_exporter"]),
    ("7589", "kafka_exporter", &["kafka-exporter", "kafka_exporter"]),
    ("7587", "blackbox_exporter", &["blackbox"]),
    ("13332", "kube-state-metrics", &["kube-state-metrics"]),
];
/// Charts that bring node_exporter and kube-state-metrics with them.
const STACKS: [&str; 3] = ["kube-prometheus-stack", "prometheus", "k8s-monitoring"];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let stack = wiring.releases.iter().any(|release| STACKS.contains(&release.chart.value.as_str()));
    if stack {
        return Vec::new();
    }
    let nowhere = (exporter_not_deployed::CHECK.find)(wiring);
    let ids = wiring.settings.iter().filter(|setting| setting.key() == "gnetId");
    let found = ids.filter_map(|id| {
        let (_, exporter, words) = DASHBOARDS.iter().find(|(known, ..)| *known == id.value.value)?;
        let there = |text: &str| words.iter().any(|word| text.to_lowercase().contains(word));
        let deployed = wiring.workloads.iter().any(|workload| {
            there(&workload.name.value)
                || workload.containers.iter().any(|container| there(container.image_name()))
        }) || wiring.releases.iter().any(|release| there(&release.chart.value))
            || wiring.services.iter().any(|service| there(&service.name.value));
        if deployed {
            return None;
        }
        let found = Diagnostic::error("", format!("every panel of dashboard {} stays empty", id.value.value))
            .at(&id.value.span)
            .label(format!("shows metrics of {exporter}"))
            .because(format!("no document deploys {exporter}; assuming that none runs already"))
            .help(format!("deploy {exporter} and scrape it"));
        // A job that looks for it in vain is mended by the same.
        let job = nowhere.iter().find(|told| there(&told.message)).and_then(|told| told.place.as_ref());
        Some(match job {
            Some(place) => found.follows_from(exporter_not_deployed::CHECK.id, place),
            None => found,
        })
    });
    found.collect()
}
