//! Traces through all services that no documented code joins.

use crate::checks::traces::trace_context_dropped;
use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{Listed, PartKind, Wiring};

pub const CHECK: Check = Check {
    id: "promised-traces-missing",
    harm: Harm::Risk,
    title: "the guide promises traces through all services, and no code joins them",
    explanation: "A trace goes through services only where each makes spans and hands its context on with its requests: by an instrumentation \
                  library, by an agent that instruments without code, or by `extract` and `inject` in the code. A store of traces \
                  receives what it is sent, and joins nothing by itself.",
    example: "services: {api: {build: .}}\n```\n\n## Tracing\n- Trace user requests through all services\n\n```python\nfrom opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter\nwith tracer.start_as_current_span('request'):\n    handle()\n",
    mended: "services: {api: {build: .}}\n```\n\n## Tracing\n- Trace user requests through all services\n\n```python\nfrom opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter\nfrom opentelemetry.instrumentation.django import DjangoInstrumentor\nDjangoInstrumentor().instrument()\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut items = wiring.prose.iter().filter(|item| promises(item));
    let (Some(first), Some(client)) = (items.next(), wiring.traces.clients.first()) else {
        return Vec::new();
    };
    // Of a client of Jaeger's own it is told at its span.
    if is_joined(wiring) || !(trace_context_dropped::CHECK.find)(wiring).is_empty() {
        return Vec::new();
    }
    let found = Diagnostic::warning("", "no documented code hands a trace on from one service to the next")
        .at(&first.text.span)
        .label("promised here")
        .related(&client.place, "this tracer starts traces of its own");
    let found = items.take(4).fold(found, |found, item| found.related(&item.text.span, "and here"));
    vec![
        found
            .because("looked for `extract` and `inject`, instrumentation libraries and `traceparent`; assuming that all code that traces is documented")
            .help("instrument each service with OpenTelemetry's library for its framework and its HTTP client: they hand the context on by themselves"),
    ]
}

/// Whether an item promises traces that go through several services.
fn promises(item: &Listed) -> bool {
    const SERVICES: [&str; 8] = [
        "all services",
        "across services",
        "between services",
        "through services",
        "microservices",
        "across all",
        "end-to-end",
        "end to end",
    ];
    let text = item.text.value.to_lowercase();
    let traces = text.contains("trace") || text.contains("tracing");
    traces && SERVICES.iter().any(|words| text.contains(words))
}

/// Whether something takes a caller's context over, or does so without any code.
fn is_joined(wiring: &Wiring) -> bool {
    const JOINS: [&str; 11] = [
        "extract(",
        "inject(",
        "ropagator",
        "propagation",
        "opentelemetry.instrumentation",
        "opentelemetry-instrument",
        "auto-instrumentations",
        "@opentelemetry/instrumentation",
        "Instrumentor",
        "traceparent",
        "opentracing_instrumentation",
    ];
    let code = wiring.parts.iter().filter(|part| matches!(part.kind, PartKind::Code | PartKind::Shell));
    let coded = code.map(|part| part.source.text()).any(|text| JOINS.iter().any(|word| text.contains(word)));
    let annotated = |name: &String| {
        name.contains("instrumentation.opentelemetry.io") || name.contains("sidecar.istio.io")
    };
    let operated = wiring
        .objects
        .iter()
        .any(|object| object.kind.value == "Instrumentation" || object.annotations.keys().any(annotated));
    coded || operated || wiring.workloads.iter().any(|workload| workload.annotations.keys().any(annotated))
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    const PROMISE: &str = "## Tracing\n- Distributed tracing across microservices\n\n";

    #[test]
    fn spans_that_nothing_joins_are_no_trace_through_services() {
        let code = |more: &str| {
            format!(
                "{PROMISE}```python\nfrom opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter\n{more}\n```\n"
            )
        };
        let found = ["2:3 no documented code hands a trace on from one service to the next"];
        check("promised-traces-missing", &code("tracer.start_span('a')"), &found);
        check("promised-traces-missing", &code("DjangoInstrumentor().instrument()"), &[]);
        check("promised-traces-missing", &code("context = propagate.extract(request.headers)"), &[]);
        // Nobody promises anything.
        let silent = code("tracer.start_span('a')").replace(PROMISE, "");
        check("promised-traces-missing", &silent, &[]);
    }
}
