//! Tracing libraries that nobody maintains any more.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{Reached, Service, TraceClient, TraceLibrary, Wiring};

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
        let told = Diagnostic::warning("", format!("the library `{name}` is retired"))
            .at(&client.place)
            .label("no longer maintained")
            .because(because);
        let help =
            "use OpenTelemetry's SDK with an OTLP exporter, to Jaeger's port 4317 (gRPC) or 4318 (HTTP)";
        let told = match without_otlp(wiring, client) {
            Some(service) => told
                .related(&service.name.span, "publishes neither of OTLP's ports")
                .help(format!("{help}, which the Service `{}` has to publish first", service.name.value)),
            None => told.help(help),
        };
        let told = told.follows_from("import-not-exported", &client.place);
        Some(told.follows_from("trace-agent-missing", &crate::checks::whole(&client.place)))
    });
    clients.collect()
}

/// The Service that a client sends to, if OTLP does not get through it.
fn without_otlp<'w>(wiring: &'w Wiring, client: &TraceClient) -> Option<&'w Service> {
    let of_agent = || client.agent.as_ref()?.host.as_ref();
    let written = client.endpoint.as_ref().or_else(of_agent)?;
    let host = written.value.split_once("://").map_or(written.value.as_str(), |(_, rest)| rest);
    let host = host.split([':', '/']).next().unwrap_or_default();
    let service = match wiring.reach(host, None) {
        Reached::Service(service) => service,
        _ => return None,
    };
    let published = service.ports.iter().any(|port| matches!(port.number, 4317 | 4318));
    let is_known = service.namespace.is_some() && service.complete && service.made_by.is_none();
    (is_known && !published).then_some(service)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::wiring::of_text;

    #[test]
    fn a_service_without_the_new_ports_is_named() {
        let told = |port: u16| {
            let guide = format!(
                "```yaml\napiVersion: v1\nkind: Service\nmetadata: {{name: jaeger, namespace: t}}\nspec: {{ports: [{{port: {port}}}]}}\n```\n```js\nconst {{ JaegerExporter }} = require('@opentelemetry/exporter-jaeger');\nnew JaegerExporter({{ endpoint: 'http://jaeger.t:14268/api/traces' }});\n```\n"
            );
            find(&of_text("guide.md", &guide)).iter().map(|found| found.related.len()).collect::<Vec<_>>()
        };
        assert_eq!(told(14268), [1]);
        assert_eq!(told(4318), [0]);
    }
}
