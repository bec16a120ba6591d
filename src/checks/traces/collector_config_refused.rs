//! Configs that the OpenTelemetry Collector does not start with.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Spanned, nearest};
use crate::stack::Version;
use crate::stack::wiring::{CollectorConfig, CollectorPipeline, Wiring};

pub const CHECK: Check = Check {
    id: "collector-config-refused",
    harm: Harm::Breaks,
    title: "the OpenTelemetry Collector does not start with this config",
    explanation: "A pipeline may only use components that are configured, and needs a receiver and an exporter. Some components are gone: \
                  the exporter `jaeger` since 0.85 (Jaeger takes OTLP itself), `logging` since 0.111 (it is called `debug`). The Collector \
                  stops at start, and with it all that is sent to it.",
    example: "receivers: {otlp: {protocols: {grpc: {}}}}\nexporters: {otlp/jaeger: {endpoint: 'jaeger:4317'}}\nservice:\n  pipelines:\n    traces: {receivers: [otlp], exporters: [otlp/jeager]}\n",
    mended: "receivers: {otlp: {protocols: {grpc: {}}}}\nexporters: {otlp/jaeger: {endpoint: 'jaeger:4317'}}\nservice:\n  pipelines:\n    traces: {receivers: [otlp], exporters: [otlp/jaeger]}\n",
    find,
};

/// A component that is gone: section, type, the last minor version that has it, and what to take.
const GONE: [(&str, &str, u32, &str); 3] = [
    ("exporters", "jaeger", 84, "send OTLP to Jaeger: an exporter `otlp` with `endpoint: HOST:4317`"),
    ("exporters", "jaeger_thrift", 84, "send OTLP to Jaeger: an exporter `otlp` with `endpoint: HOST:4317`"),
    ("exporters", "logging", 110, "call it `debug`"),
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let version = version(wiring);
    let all = &wiring.traces.collectors;
    let of_one = |config| all.iter().filter(move |other| of_one_collector(config, other, wiring)).collect();
    all.iter().flat_map(|config| judge(config, of_one(config), version)).collect()
}

/// A Collector that is given several files merges them into one config.
fn of_one_collector(a: &CollectorConfig, b: &CollectorConfig, wiring: &Wiring) -> bool {
    let (of_a, of_b) = (wiring.mounted(&a.home), wiring.mounted(&b.home));
    match of_a.is_empty() && of_b.is_empty() {
        // Nobody knows who reads them.
        true => true,
        false => of_a.iter().any(|a| of_b.iter().any(|b| std::ptr::eq(a.container, b.container))),
    }
}

/// `all`: the config and those that are merged with it.
fn judge(config: &CollectorConfig, all: Vec<&CollectorConfig>, version: Option<Version>) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    for (name, sections) in config.uses() {
        if all.iter().any(|config| sections.iter().any(|section| config.has(section, &name.value))) {
            continue;
        }
        let known = config.defined.iter().filter(|(section, _)| sections.contains(section));
        let known: Vec<&str> = known.map(|(_, component)| component.value.as_str()).collect();
        let told = Diagnostic::error("", format!("`{}` is not configured", name.value))
            .at(&name.span)
            .label(format!("not among the {}", sections[0]))
            .because("the Collector stops at start: references a component which is not configured");
        found.push(match nearest(&name.value, known.iter().copied()) {
            Some(near) => told.help(format!("did you mean `{near}`?")),
            None => told.help(format!("add it to `{}`, or leave it out", sections[0])),
        });
    }
    if all.len() == 1 {
        found.extend(config.pipelines.iter().filter_map(lacks));
    }
    for (section, component) in &config.defined {
        let kind = component.value.split('/').next().unwrap_or_default();
        let gone = GONE.iter().find(|(own, name, last, _)| {
            own == section
                && *name == kind
                && version.is_none_or(|version| (version.major, version.minor) > (0, *last))
        });
        let Some((_, _, last, help)) = gone else { continue };
        found.push(
            Diagnostic::error("", format!("the Collector has no exporter `{kind}` any more"))
                .at(&component.span)
                .label("gone")
                .because(match version {
                    Some(_) => format!("the last version that has it is 0.{last}"),
                    None => format!("assuming a version of today: the last that has it is 0.{last}"),
                })
                .help(*help),
        );
    }
    found
}

fn lacks(pipeline: &CollectorPipeline) -> Option<Diagnostic> {
    let lacking = match (pipeline.receivers.is_empty(), pipeline.exporters.is_empty()) {
        (true, _) => "receivers",
        (_, true) => "exporters",
        _ => return None,
    };
    Some(
        Diagnostic::error("", format!("the pipeline `{}` has no {lacking}", pipeline.name.value))
            .at(&pipeline.name.span)
            .label("needs at least one")
            .because("the Collector stops at start"),
    )
}

fn version(wiring: &Wiring) -> Option<Version> {
    const IMAGES: [&str; 3] = [
        "otel/opentelemetry-collector",
        "otel/opentelemetry-collector-contrib",
        "opentelemetry-collector-releases/opentelemetry-collector-contrib",
    ];
    let mut tags = IMAGES.iter().flat_map(|image| wiring.running(image)).filter_map(|(_, it)| it.image_tag());
    tags.find_map(Version::parse)
}

/// Whether a pipeline or the service names the component.
pub fn is_used(config: &CollectorConfig, section: &str, component: &Spanned<String>) -> bool {
    config.uses().any(|(name, sections)| name.value == component.value && sections.contains(&section))
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    fn guide(tag: &str, exporters: &str, pipeline: &str) -> String {
        format!(
            "```yaml\nservices: {{c: {{image: 'otel/opentelemetry-collector-contrib:{tag}'}}}}\n```\n```yaml\nreceivers: {{otlp: {{}}}}\nconnectors: {{count: {{}}}}\nexporters: {{{exporters}}}\nservice:\n  pipelines:\n    traces: {{{pipeline}}}\n```\n"
        )
    }

    #[test]
    fn the_version_says_which_components_there_are() {
        let id = "collector-config-refused";
        let both = "receivers: [otlp], exporters: [logging]";
        check(id, &guide("0.100.0", "logging: {}", both), &[]);
        check(
            id,
            &guide("0.120.0", "logging: {}", both),
            &["7:13 the Collector has no exporter `logging` any more"],
        );
        check(id, &guide("0.120.0", "debug: {}", "receivers: [otlp], exporters: [debug]"), &[]);
    }

    #[test]
    fn a_pipeline_uses_what_is_configured_and_connectors_at_both_ends() {
        let id = "collector-config-refused";
        check(id, &guide("0.100.0", "debug: {}", "receivers: [count], exporters: [count]"), &[]);
        check(
            id,
            &guide("0.100.0", "debug: {}", "receivers: [otlp]"),
            &["10:5 the pipeline `traces` has no exporters"],
        );
        check(
            id,
            &guide("0.100.0", "debug: {}", "receivers: [otlp], processors: [batch], exporters: [debug]"),
            &["10:46 `batch` is not configured"],
        );
    }

    #[test]
    fn only_files_of_the_same_collector_are_one_config() {
        let of = |name: &str, volumes: &str| {
            format!(
                "```yaml\nservices: {{a: {{image: 'otel/opentelemetry-collector:0.100.0', volumes: [./{name}:/etc/otel/{name}{volumes}]}}}}\n```\n\
                 ```yaml\n# a.yaml\nreceivers: {{otlp: {{}}}}\nservice: {{pipelines: {{traces: {{receivers: [otlp], exporters: [debug]}}}}}}\n```\n\
                 ```yaml\n# b.yaml\nexporters: {{debug: {{}}}}\nreceivers: {{zipkin: {{}}}}\nservice: {{pipelines: {{traces/b: {{receivers: [zipkin], exporters: [debug]}}}}}}\n```\n"
            )
        };
        let id = "collector-config-refused";
        check(id, &of("a.yaml", ", ./b.yaml:/etc/otel/b.yaml"), &[]);
        check(id, &of("a.yaml", ""), &["7:63 `debug` is not configured"]);
    }
}
