//! Samplers that keep every trace.

use super::trace_client_in_browser;
use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{PartKind, Wiring};

pub const CHECK: Check = Check {
    id: "samples-everything",
    harm: Harm::Risk,
    title: "every request is traced and stored",
    explanation: "A constant sampler of 1 keeps every trace, and so does OpenTelemetry's SDK without a sampler. That is right on a \
                  laptop; in production it costs the application time and the store its disk, most of it for requests like all \
                  others. Sample a share at the root (`probabilistic`, `ParentBased(TraceIdRatioBased)`, `OTEL_TRACES_SAMPLER`), let \
                  Jaeger tell clients the rate (`remote`), or keep errors and slow ones by tail sampling in a collector.",
    example: "services: {api: {build: .}}\n```\n```py\nfrom jaeger_client import Config\nConfig(config={'sampler': {'type': 'const', 'param': 1}}, service_name='api')\n",
    mended: "services: {api: {build: .}}\n```\n```py\nfrom jaeger_client import Config\nConfig(config={'sampler': {'type': 'probabilistic', 'param': 0.05}}, service_name='api')\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    // Code that does not run where it is meant to samples nothing.
    let clients =
        wiring.traces.clients.iter().filter(|client| !trace_client_in_browser::is_misplaced(client));
    let constant = clients.filter_map(|client| client.samples_all.as_ref());
    let constant = constant.map(|place| (place, "keeps every trace"));
    let unset = wiring.traces.unsampled.iter().filter(|_| !samples_elsewhere(wiring));
    let mut found = constant.chain(unset.map(|place| (place, "without a sampler: keeps every trace")));
    let Some((first, label)) = found.next() else { return Vec::new() };
    let diagnostic = Diagnostic::warning("", "every request is traced and stored")
        .at(first)
        .label(label)
        .because("assuming that this is the production's code: most of what is stored is like all the rest")
        .help(match label.starts_with("without") {
            true => {
                "give it a sampler, as in `ParentBased(TraceIdRatioBased(0.05))`, or set `OTEL_TRACES_SAMPLER`, or sample in a \
                 collector"
            }
            false => {
                "sample a share, as in `{type: 'probabilistic', param: 0.05}`, or set the rate in the collector"
            }
        });
    vec![found.fold(diagnostic, |diagnostic, (place, label)| {
        diagnostic.related(place, format!("here too: {label}"))
    })]
}

/// An environment, or a collector, that keeps a share.
fn samples_elsewhere(wiring: &Wiring) -> bool {
    let says = |text: &str| {
        text.contains("OTEL_TRACES_SAMPLER")
            || text.contains("tail_sampling")
            || text.contains("probabilistic_sampler")
    };
    let settings = wiring.settings.iter();
    settings.into_iter().any(|setting| says(&setting.path) || says(&setting.value.value))
        || wiring.commands.iter().flatten().any(|word| says(&word.value))
        || wiring.parts.iter().any(|part| {
            matches!(part.kind, PartKind::Code | PartKind::OpenTelemetry) && says(part.source.text())
        })
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn opentelemetry_keeps_all_unless_a_sampler_or_the_environment_says_otherwise() {
        let guide = |code: &str, env: &str| {
            format!(
                "```js\nconst sdk = new NodeSDK({{ {code} }});\n```\n```yaml\nservices: {{api: {{image: 'api:1', environment: [{env}]}}}}\n```\n"
            )
        };
        let found = ["2:13 every request is traced and stored"];
        let id = "samples-everything";
        check(id, &guide("traceExporter", "A=b"), &found);
        check(id, &guide("sampler: new TraceIdRatioBasedSampler(0.1)", "A=b"), &[]);
        check(id, &guide("traceExporter", "OTEL_TRACES_SAMPLER=parentbased_traceidratio"), &[]);
    }
}
