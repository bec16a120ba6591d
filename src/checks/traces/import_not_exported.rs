//! Names imported from a package that does not have them.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, nearest};
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "import-not-exported",
    harm: Harm::Breaks,
    title: "the package does not export this name",
    explanation: "What a module does not export is `undefined` in JavaScript, and an error of the compiler in TypeScript. \
                  jaeger-client has `initTracer(config, options)` and `initTracerFromEnv`, prom-client the classes of metrics, \
                  `register` and `collectDefaultMetrics`; neither has anything called `init`.",
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
    found.collect()
}
