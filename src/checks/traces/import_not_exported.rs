//! Names imported from a package that does not have them.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, nearest};
use crate::stack::wiring::{TraceLibrary, Wiring};

pub const CHECK: Check = Check {
    id: "import-not-exported",
    harm: Harm::Breaks,
    title: "the package does not export this name",
    explanation: "What a module does not export is `undefined` in JavaScript, and an error of the compiler in TypeScript. \
                  jaeger-client has `initTracer(config, options)` and `initTracerFromEnv`, prom-client the classes of metrics, \
                  `register` and `collectDefaultMetrics`; neither has anything called `init`. In Python it is an ImportError: \
                  OpenTelemetry's exporter for Jaeger, last released as 1.21, imports what today's SDK has no more.",
    example: "services: {api: {build: .}}\n```\n```js\nconst { init } = require('jaeger-client');\n",
    mended: "services: {api: {build: .}}\n```\n```js\nconst { initTracer } = require('jaeger-client');\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let found = wiring.traces.missing_exports.iter().map(|(name, package)| {
        let found = Diagnostic::error("", format!("`{package}` exports no `{}`", name.value))
            .at(&name.span)
            .label("undefined");
        if *package == "prom-client" {
            return found.because("calling it fails, so that the code does not start; a fork of it has the same names").help(
                "make metrics with `new client.Counter({…})`, and take their registry from `client.register`",
            );
        }
        let found = found.because("calling it fails: the code has no tracer, or does not start");
        match nearest(&name.value, ["initTracer", "initTracerFromEnv"]) {
            Some(near) => found.help(format!("did you mean `{near}`?")),
            None => found.help("jaeger-client has `initTracer(config, options)`"),
        }
    });
    found.chain(of_old_exporter(wiring)).collect()
}

/// Python's exporter for Jaeger, where nothing holds the SDK at a version that it goes with.
fn of_old_exporter(wiring: &Wiring) -> impl Iterator<Item = Diagnostic> {
    let clients = wiring.traces.clients.iter().filter(|client| {
        client.library == TraceLibrary::OpenTelemetryJaeger
            && client.place.text().starts_with("opentelemetry.")
            && !is_pinned(wiring)
    });
    clients.map(|client| {
        Diagnostic::error("", format!("`{}` can't be imported beside an SDK of today", client.place.text()))
            .at(&client.place)
            .label("ImportError: OTEL_EXPORTER_JAEGER_AGENT_HOST")
            .because(
                "assuming the newest versions, as no other are documented: the exporter's last is 1.21, and pip installs both \
                 without a word",
            )
            .help("send OTLP, by `opentelemetry-exporter-otlp`")
    })
}

/// Whether a requirement states the SDK's version.
fn is_pinned(wiring: &Wiring) -> bool {
    const SDK: &str = "opentelemetry-sdk";
    wiring.parts.iter().any(|part| {
        let text = part.source.text();
        let mut named = text.match_indices(SDK).map(|(at, _)| &text[at + SDK.len()..]);
        named.any(|behind| {
            let line = behind.lines().next().unwrap_or_default();
            line.chars().take(8).any(|c| c.is_ascii_digit())
        })
    })
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn a_pinned_sdk_goes_with_the_old_exporter() {
        let code = "```py\nfrom opentelemetry.exporter.jaeger.thrift import JaegerExporter\n```\n";
        check(
            "import-not-exported",
            code,
            &["2:6 `opentelemetry.exporter.jaeger.thrift` can't be imported beside an SDK of today"],
        );
        let pinned = "```txt\nopentelemetry-sdk==1.21.0\n```\n";
        check("import-not-exported", &format!("{code}{pinned}"), &[]);
    }
}
