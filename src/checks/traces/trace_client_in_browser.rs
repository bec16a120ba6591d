//! Tracers for servers in a browser's code.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{TraceClient, TraceLibrary, Wiring};

pub const CHECK: Check = Check {
    id: "trace-client-in-browser",
    harm: Harm::Breaks,
    title: "a browser can't run this tracer",
    explanation: "jaeger-client is for Node: it sends UDP, which a browser does not have, to names that only the cluster resolves. \
                  Bundlers fail on it, or the page does. OpenTelemetry's web SDK sends OTLP over HTTP to an address that browsers \
                  reach.",
    example: "services: {web: {build: .}}\n```\n```ts\n// frontend/src/tracing.ts\nimport { initTracer } from 'jaeger-client';\n",
    mended: "services: {web: {build: .}}\n```\n```ts\n// frontend/src/tracing.ts\nimport { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';\n",
    find,
};

/// Whether a page has a tracer for servers.
pub fn is_misplaced(client: &TraceClient) -> bool {
    client.browser && client.library != TraceLibrary::OpenTelemetry && client.agent.is_some()
}

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let clients = wiring.traces.clients.iter().filter(|client| is_misplaced(client));
    let found = clients.map(|client| {
        let found = Diagnostic::error("", format!("a browser can't run `{}`", client.place.text()))
            .at(&client.place)
            .label("for Node: it sends UDP, which browsers don't have")
            .because(match &client.file {
                Some(file) => format!("assuming that {file} is code of the page, as its name says"),
                None => "the code is of a page".to_owned(),
            })
            .help("use OpenTelemetry's web SDK with OTLP over HTTP, to an address that browsers reach");
        match client.agent.as_ref().and_then(|agent| agent.host.as_ref()) {
            Some(host) => found.related(&host.span, "a name that no browser resolves"),
            None => found,
        }
    });
    found.collect()
}
