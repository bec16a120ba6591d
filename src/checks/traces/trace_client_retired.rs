//! Tracing libraries that nobody maintains any more.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{TraceLibrary, Wiring};

pub const CHECK: Check = Check {
    id: "trace-client-retired",
    harm: Harm::Risk,
    title: "this tracing library is retired",
    explanation: "Jaeger's own clients were archived in 2022, and OpenTelemetry dropped its exporters for Jaeger: in Python the \
                  last is 1.21, in JavaScript it is deprecated. They speak to an agent that Jaeger has no more since 1.63. \
                  OpenTelemetry's SDK with an OTLP exporter takes their place; Jaeger receives OTLP at ports 4317 and 4318 since 1.35.",
    example: "services: {api: {build: .}}\n```\n```py\nfrom opentelemetry.exporter.jaeger.thrift import JaegerExporter\n",
    mended: "services: {api: {build: .}}\n```\n```py\nfrom opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let clients = wiring.traces.clients.iter().filter(|client| !client.browser).filter_map(|client| {
        let because = match client.library {
            TraceLibrary::Jaeger => "Jaeger's clients are archived since 2022, and get no fixes",
            TraceLibrary::OpenTelemetryJaeger => {
                match client.place.text().starts_with('@') {
                    true => "OpenTelemetry deprecated it in 2023 in favour of OTLP",
                    false => "OpenTelemetry dropped it in favour of OTLP: its last version, 1.21, does not go with later SDKs",
                }
            }
            TraceLibrary::OpenTelemetry => return None,
        };
        let name = client.place.text();
        Some(
            Diagnostic::warning("", format!("the library `{name}` is retired"))
                .at(&client.place)
                .label("no longer maintained")
                .because(because)
                .help("use OpenTelemetry's SDK with an OTLP exporter, to Jaeger's port 4317 (gRPC) or 4318 (HTTP)"),
        )
    });
    clients.collect()
}
