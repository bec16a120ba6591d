//! Components of the OpenTelemetry Collector that no pipeline uses.

use super::collector_config_refused::is_used;
use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "collector-component-unused",
    harm: Harm::Silent,
    title: "no pipeline uses this component of the Collector",
    explanation: "The Collector starts only the components that `service` names. A receiver that no pipeline uses does not listen, an exporter \
                  sends nothing, a processor changes nothing, and an extension such as `health_check` does not answer: nothing is said about it.",
    example: "receivers: {otlp: {protocols: {grpc: {}}}}\nprocessors: {batch: {}}\nexporters: {debug: {}}\nservice:\n  pipelines:\n    traces: {receivers: [otlp], exporters: [debug]}\n",
    mended: "receivers: {otlp: {protocols: {grpc: {}}}}\nprocessors: {batch: {}}\nexporters: {debug: {}}\nservice:\n  pipelines:\n    traces: {receivers: [otlp], processors: [batch], exporters: [debug]}\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for config in wiring.traces.collectors.iter().filter(|config| !config.pipelines.is_empty()) {
        for (section, component) in &config.defined {
            if wiring.traces.collectors.iter().any(|config| is_used(config, section, component)) {
                continue;
            }
            let (does, key) = match *section {
                "receivers" => ("it does not listen", "a pipeline's `receivers`"),
                "exporters" => ("it sends nothing", "a pipeline's `exporters`"),
                "processors" => ("it changes nothing", "a pipeline's `processors`"),
                "extensions" => ("it is not started", "`service.extensions`"),
                _ => ("it joins nothing", "the pipelines that it joins"),
            };
            found.push(
                Diagnostic::error("", format!("nothing uses `{}` of the {section}", component.value))
                    .at(&component.span)
                    .label(does)
                    .because("the Collector starts what `service` names, and nothing else")
                    .help(format!("name it in {key}, or leave it out")),
            );
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn extensions_are_started_by_the_service_alone() {
        let guide = |service: &str| {
            format!(
                "```yaml\nreceivers: {{otlp: {{}}}}\nexporters: {{debug: {{}}}}\nextensions: {{health_check: {{}}}}\nservice:\n{service}  pipelines:\n    traces: {{receivers: [otlp], exporters: [debug]}}\n```\n"
            )
        };
        check("collector-component-unused", &guide("  extensions: [health_check]\n"), &[]);
        check(
            "collector-component-unused",
            &guide(""),
            &["4:14 nothing uses `health_check` of the extensions"],
        );
    }
}
