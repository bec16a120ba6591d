//! Jaeger's tracer, made without the name of its service.

use crate::checks::{Check, Harm, whole};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "tracer-without-service",
    harm: Harm::Breaks,
    title: "this tracer is given no service's name where it looks for it",
    explanation: "`initTracer(config, options)` of jaeger-client takes the name from `config.serviceName`, and throws where there is none. \
                  A name as the first argument, as other clients have it, is a text without that key.",
    example: "services: {api: {build: .}}\n```\n```js\nconst { initTracer } = require('jaeger-client');\nconst tracer = initTracer('api', { sampler: { type: 'const', param: 0 } });\n",
    mended: "services: {api: {build: .}}\n```\n```js\nconst { initTracer } = require('jaeger-client');\nconst config = {\n  serviceName: 'api',\n  sampler: { type: 'const', param: 0 },\n};\nconst tracer = initTracer(config, {});\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let found = wiring.traces.nameless.iter().map(|place| {
        let text = place.text();
        let label = match text.starts_with(['\'', '"', '`']) {
            true => "a text, where the config is expected",
            false => "has no `serviceName`",
        };
        Diagnostic::error("", "this tracer has no service's name, so that making it fails")
            .at(place)
            .label(label)
            .because("jaeger-client throws where `config.serviceName` is missing")
            .help("write `initTracer({ serviceName: '…', sampler: …, reporter: … }, {})`")
            .follows_from("trace-client-in-browser", &whole(place))
    });
    found.collect()
}
