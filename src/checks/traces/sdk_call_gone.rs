//! Calls that the OpenTelemetry SDK for JavaScript no longer has.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, SourceFile};
use crate::stack::wiring::{PartKind, Wiring};

pub const CHECK: Check = Check {
    id: "sdk-call-gone",
    harm: Harm::Breaks,
    title: "OpenTelemetry's SDK for JavaScript no longer has this",
    explanation: "Version 2 of the SDK has dropped what version 1 had: the class `Resource`, `addSpanProcessor` and `addMetricReader`. Where no document \
                  pins a version, `npm install` brings the newest, and the program stops at its first line of tracing: `Resource is not a constructor`.",
    example: "services: {api: {build: .}}\n```\n```js\nconst { Resource } = require('@opentelemetry/resources');\nconst resource = new Resource({ 'service.name': 'api' });\n",
    mended: "services: {api: {build: .}}\n```\n```js\nconst { resourceFromAttributes } = require('@opentelemetry/resources');\nconst resource = resourceFromAttributes({ 'service.name': 'api' });\n",
    find,
};

/// What is called, of which package it is, what the program says to it, and what to write.
const GONE: [(&str, &str, &str, &str); 3] = [
    (
        "new Resource(",
        "@opentelemetry/resources",
        "Resource is not a constructor",
        "call `resourceFromAttributes({ … })`",
    ),
    (
        ".addSpanProcessor(",
        "@opentelemetry/sdk-trace",
        "addSpanProcessor is not a function",
        "give the provider `spanProcessors: [ … ]` when it is made",
    ),
    (
        ".addMetricReader(",
        "@opentelemetry/sdk-metrics",
        "addMetricReader is not a function",
        "give the provider `readers: [ … ]` when it is made",
    ),
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let code = wiring.code().map(|part| &part.source);
    code.flat_map(|source| judge(source, wiring)).collect()
}

fn judge(source: &SourceFile, wiring: &Wiring) -> Vec<Diagnostic> {
    let text = source.text();
    let found = GONE.iter().filter_map(|(call, package, says, help)| {
        let at = text.find(call).filter(|_| text.contains(package) && !is_pinned_to_1(package, wiring))?;
        let name = call.trim_start_matches('.').trim_end_matches('(');
        let start = at + usize::from(call.starts_with('.'));
        Some(
            Diagnostic::error("", format!("OpenTelemetry's SDK 2 has no `{name}`"))
                .at(&source.span(start..start + name.len()))
                .label(*says)
                .because("assuming the newest version: no document says which is installed")
                .help(format!("{help}, or pin the packages to version 1")),
        )
    });
    found.collect()
}

/// A `package.json` or an `npm install` that asks for version 1.
fn is_pinned_to_1(package: &str, wiring: &Wiring) -> bool {
    let asks = |text: &str| {
        text.split(package).skip(1).any(|rest| {
            let version = rest.trim_start_matches(|c: char| {
                c.is_alphabetic() || matches!(c, '-' | '"' | '\'' | ':' | ' ' | '@' | '^' | '~' | '=')
            });
            version.starts_with("1.") || version.starts_with("1\"") || version == "1"
        })
    };
    wiring.parts.iter().filter(|part| part.kind != PartKind::Code).any(|part| asks(part.source.text()))
        || wiring.commands.iter().flatten().any(|word| asks(&word.value))
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    const ID: &str = "sdk-call-gone";
    const CODE: &str = "```js\nconst { Resource } = require('@opentelemetry/resources');\nconst r = new Resource({});\n```\n";

    #[test]
    fn a_version_that_has_it_may_be_pinned() {
        let found = ["3:11 OpenTelemetry's SDK 2 has no `new Resource`"];
        check(ID, CODE, &found);
        let of = |line: &str| format!("{CODE}```json\n{{\"dependencies\": {{{line}}}}}\n```\n");
        check(ID, &of("\"@opentelemetry/resources\": \"^1.30.0\""), &[]);
        check(ID, &of("\"@opentelemetry/resources\": \"^2.0.0\""), &found);
        check(ID, &format!("{CODE}```bash\nnpm install @opentelemetry/resources@1.30.1\n```\n"), &[]);
    }

    #[test]
    fn a_resource_of_one_s_own_is_none_of_opentelemetry() {
        check(ID, "```js\nconst r = new Resource({});\n```\n", &[]);
        let call = "```ts\nimport { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';\nprovider.addSpanProcessor(p);\n```\n";
        check(ID, call, &["3:10 OpenTelemetry's SDK 2 has no `addSpanProcessor`"]);
    }
}
