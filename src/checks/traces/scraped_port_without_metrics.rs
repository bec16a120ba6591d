//! Scrape annotations and targets with a port of Jaeger that has no metrics.

use crate::checks::{Check, Harm, chart_value_ignored};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "scraped-port-without-metrics",
    harm: Harm::Silent,
    title: "this port has no metrics",
    explanation: "Jaeger's programs serve `/metrics` at their admin ports: the collector and all-in-one at 14269, the query service \
                  at 16687, the agent at 14271; Jaeger 2 at 8888. The ports for spans and for the UI answer 404 or not at all, so \
                  `up` is 0.",
    example: "# jaeger-values.yaml\nprovisionDataStore: {cassandra: false}\ncollector:\n  podAnnotations: {prometheus.io/scrape: 'true', prometheus.io/port: '14268'}\n",
    mended: "# jaeger-values.yaml\nprovisionDataStore: {cassandra: false}\ncollector:\n  podAnnotations: {prometheus.io/scrape: 'true', prometheus.io/port: '14269'}\n",
    find,
};

/// A port without metrics, what it is for, and where the metrics are.
const PORTS: [(&str, &str, &str); 9] = [
    ("14268", "spans over HTTP", "14269"),
    ("14250", "spans over gRPC", "14269"),
    ("14267", "spans over TChannel", "14269"),
    ("16686", "the UI", "16687"),
    ("6831", "spans over UDP", "14271"),
    ("6832", "spans over UDP", "14271"),
    ("5778", "sampling strategies", "14271"),
    ("4317", "OTLP over gRPC", "14269"),
    ("4318", "OTLP over HTTP", "14269"),
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for setting in &wiring.settings {
        let Some(before) = setting.path.strip_suffix(".prometheus.io/port") else { continue };
        let component = before.split('.').next().unwrap_or_default();
        let off = wiring.releases.iter().any(|release| {
            release.sets(&format!("{component}.enabled"), "false")
                && release.values.get(&setting.path).is_some_and(|own| own.span.same_as(&setting.value.span))
        });
        if !off && ["agent", "collector", "query", "allInOne", "jaeger"].contains(&component) {
            found.extend(judge(&setting.value).map(chart_value_ignored::of_old_chart));
        }
    }
    for workload in &wiring.workloads {
        if workload.containers.iter().any(|container| container.image_name().contains("jaegertracing/"))
            && let Some(port) = workload.annotations.get("prometheus.io/port")
        {
            found.extend(judge(port));
        }
    }
    found
}

fn judge(port: &Spanned<String>) -> Option<Diagnostic> {
    let (_, what, metrics) = PORTS.iter().find(|(known, ..)| *known == port.value)?;
    Some(
        Diagnostic::error("", format!("port {} of Jaeger has no metrics", port.value))
            .at(&port.span)
            .label(format!("for {what}"))
            .because("each scrape fails, so `up` is 0 for ever")
            .help(format!("its metrics are at {metrics}")),
    )
}
