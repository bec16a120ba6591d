//! Requests whose span starts anew in each service.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{TraceLibrary, Wiring};

pub const CHECK: Check = Check {
    id: "trace-context-dropped",
    harm: Harm::Silent,
    title: "each service starts a trace of its own",
    explanation: "A trace spans services only where each takes the caller's context from the request's headers \
                  (`tracer.extract`) for its span's parent, and gives its own along (`tracer.inject`). A span started without a \
                  parent is the root of another trace: nothing joins them.",
    example: "services: {api: {build: .}}\n```\n```js\nconst { initTracer } = require('jaeger-client');\napp.use((req, res, next) => {\n  const span = tracer.startSpan(req.path);\n  next();\n});\n",
    mended: "services: {api: {build: .}}\n```\n```js\nconst { initTracer } = require('jaeger-client');\napp.use((req, res, next) => {\n  const parent = tracer.extract(FORMAT_HTTP_HEADERS, req.headers);\n  const span = tracer.startSpan(req.path, { childOf: parent });\n  next();\n});\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let clients = wiring
        .traces
        .clients
        .iter()
        .filter(|client| client.library == TraceLibrary::Jaeger && !client.extracts && !client.browser);
    let found = clients.filter_map(|client| client.starts.as_ref()).map(|start| {
        Diagnostic::error("", "this span never has a parent: each service starts a trace of its own")
            .at(start)
            .label("without the caller's context")
            .because("nothing in this code extracts the context from the request's headers, or hands it on")
            .help("`childOf: tracer.extract(FORMAT_HTTP_HEADERS, req.headers)`, and `tracer.inject` into outgoing requests")
    });
    found.collect()
}
