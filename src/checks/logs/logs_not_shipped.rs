//! Stores of logs to which nothing ships any.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Span};
use crate::stack::wiring::{PartKind, Wiring};

pub const CHECK: Check = Check {
    id: "logs-not-shipped",
    harm: Harm::Silent,
    title: "nothing ships logs to this store",
    explanation: "Loki and Elasticsearch fetch nothing themselves. An agent (Promtail, Alloy, Fluent Bit, Fluentd, Vector, \
                  Filebeat), a logging driver, or the application has to push. Without one the store runs, and is empty.",
    example: "services:\n  loki:\n    image: grafana/loki:2.9.0\n",
    mended: "services:\n  loki:\n    image: grafana/loki:2.9.0\n  promtail:\n    image: grafana/promtail:2.9.0\n    volumes: ['/var/log:/var/log:ro']\n",
    find,
};

/// Words of images, charts and settings that ship logs.
const SHIPPERS: [&str; 18] = [
    "promtail",
    "fluent-bit",
    "fluentbit",
    "fluentd",
    "filebeat",
    "logstash",
    "vector",
    "alloy",
    "grafana/agent",
    "grafana-agent",
    "elastic-agent",
    "otel",
    "opentelemetry-collector",
    "loki-docker-driver",
    "logspout",
    "rsyslog",
    "syslog-ng",
    "k8s-monitoring",
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let Some((place, store)) = store(wiring) else { return Vec::new() };
    let ships = |text: &str| {
        let text = text.to_lowercase();
        SHIPPERS.iter().any(|word| text.contains(word)) || text.contains("/loki/api/v1/push")
    };
    let kinds = [PartKind::Promtail, PartKind::FluentBit, PartKind::Filebeat, PartKind::OpenTelemetry];
    let shipped = wiring.parts.iter().any(|part| kinds.contains(&part.kind))
        || !wiring.logs.filebeat.is_empty()
        || wiring.workloads.iter().any(|workload| {
            ships(&workload.name.value) || workload.containers.iter().any(|container| ships(container.image_name()))
        })
        // loki-stack brings Promtail with it.
        || wiring.releases.iter().any(|release| ships(&release.chart.value) || release.chart.value == "loki-stack")
        || wiring.settings.iter().any(|setting| ships(&setting.value.value))
        || wiring.commands.iter().flatten().any(|word| ships(&word.value));
    if shipped {
        return Vec::new();
    }
    vec![
        Diagnostic::error("", format!("nothing ships logs to {store}"))
            .at(&place)
            .label("runs, and stays empty")
            .because("no document has an agent, a logging driver or code that pushes to it")
            .help(match store {
                "Loki" => "run Alloy or Promtail, with the logs' folders mounted",
                _ => "run Filebeat or Fluent Bit, with the logs' folders mounted",
            }),
    ]
}

fn store(wiring: &Wiring) -> Option<(Span, &'static str)> {
    if let Some((workload, _)) = wiring.running("grafana/loki").next() {
        return Some((workload.place.clone(), "Loki"));
    }
    let loki = wiring.releases.iter().find(|release| release.chart.value == "loki");
    if let Some(release) = loki {
        return Some((release.chart.span.clone(), "Loki"));
    }
    // An Elasticsearch may hold much else; with Kibana beside it, it is for logs.
    let elasticsearch = wiring.running("elasticsearch/elasticsearch").next()?;
    wiring.running("kibana/kibana").next()?;
    Some((elasticsearch.0.place.clone(), "Elasticsearch"))
}
