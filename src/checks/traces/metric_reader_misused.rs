//! OpenTelemetry's exporter for Prometheus, given to a reader that pushes.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "metric-reader-misused",
    harm: Harm::Breaks,
    title: "PrometheusExporter is a reader itself, not an exporter for one",
    explanation: "`PeriodicExportingMetricReader` calls `export` on what it is given. `PrometheusExporter` has no such method: it is a \
                  MetricReader that serves `/metrics`. Given as an exporter it belongs to no MeterProvider, so its page has no \
                  metric, and each export fails. Hand it to the SDK as `metricReader` itself.",
    example: "services: {api: {build: .}}\n```\n```js\nconst exporter = new PrometheusExporter({ port: 9464 });\nconst sdk = new NodeSDK({ metricReader: new PeriodicExportingMetricReader({ exporter: exporter }) });\n",
    mended: "services: {api: {build: .}}\n```\n```js\nconst exporter = new PrometheusExporter({ port: 9464 });\nconst sdk = new NodeSDK({ metricReader: exporter });\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let found = wiring.traces.readers_as_exporters.iter().map(|place| {
        Diagnostic::error("", "this exporter can't be given to a reader: it is one itself")
            .at(place)
            .label("a PrometheusExporter")
            .because("it has no `export`, and belongs to no MeterProvider: each export fails, and `/metrics` stays empty")
            .help(match place.text().starts_with("new ") {
                true => "hand it to the SDK as `metricReader` itself, without PeriodicExportingMetricReader".to_owned(),
                false => {
                    format!("write `metricReader: {}`, without PeriodicExportingMetricReader", place.text())
                }
            })
    });
    found.collect()
}
