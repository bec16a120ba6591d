//! Samplers that keep every trace.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "samples-everything",
    harm: Harm::Risk,
    title: "every request is traced and stored",
    explanation: "A constant sampler of 1 keeps every trace. That is right on a laptop; in production it costs the application \
                  time and the store its disk, most of it for requests like all others. Sample a share at the root \
                  (`probabilistic`, `ParentBased(TraceIdRatioBased)`), let Jaeger tell clients the rate (`remote`), or keep errors \
                  and slow ones by tail sampling in a collector.",
    example: "services: {api: {build: .}}\n```\n```py\nfrom jaeger_client import Config\nConfig(config={'sampler': {'type': 'const', 'param': 1}}, service_name='api')\n",
    mended: "services: {api: {build: .}}\n```\n```py\nfrom jaeger_client import Config\nConfig(config={'sampler': {'type': 'probabilistic', 'param': 0.05}}, service_name='api')\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = wiring.traces.clients.iter().filter_map(|client| client.samples_all.as_ref());
    let Some(first) = found.next() else { return Vec::new() };
    let diagnostic = Diagnostic::warning("", "every request is traced and stored")
        .at(first)
        .label("keeps every trace")
        .because("assuming that this is the production's code: the store fills with traces like all others")
        .help(
            "sample a share, as in `{type: 'probabilistic', param: 0.05}`, or set the rate in the collector",
        );
    vec![found.fold(diagnostic, |diagnostic, place| diagnostic.related(place, "here too"))]
}
