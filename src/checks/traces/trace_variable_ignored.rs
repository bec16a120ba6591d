//! Variables of Jaeger's client libraries, set for Jaeger's own programs.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::Version;
use crate::stack::wiring::{Container, Wiring};

pub const CHECK: Check = Check {
    id: "trace-variable-ignored",
    harm: Harm::Style,
    title: "Jaeger does not read this variable",
    explanation: "`JAEGER_DISABLED`, `JAEGER_SAMPLER_TYPE` and their like configure the client libraries in an application. Of Jaeger's own \
                  programs only the query service and all-in-one read them, for their own spans, until 1.47. Set them where the \
                  application runs.",
    example: "services:\n  jaeger:\n    image: jaegertracing/all-in-one:1.57.0\n    environment: [JAEGER_DISABLED=false]\n",
    mended: "services:\n  jaeger:\n    image: jaegertracing/all-in-one:1.57.0\n  api:\n    image: api:1\n    environment: [JAEGER_DISABLED=false]\n",
    find,
};

/// How the variables of the client libraries begin.
const VARIABLES: [&str; 10] = [
    "JAEGER_SERVICE_NAME",
    "JAEGER_AGENT_",
    "JAEGER_ENDPOINT",
    "JAEGER_USER",
    "JAEGER_REPORTER_",
    "JAEGER_SAMPLER_",
    "JAEGER_SAMPLING_",
    "JAEGER_TAGS",
    "JAEGER_PROPAGATION",
    "JAEGER_DISABLED",
];

const PROGRAMS: [&str; 6] =
    ["all-in-one", "jaeger", "jaeger-agent", "jaeger-collector", "jaeger-ingester", "jaeger-query"];

/// The first version in which none of Jaeger's own programs reads them.
const WITHOUT: Version = Version::new(1, 48);

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let containers = wiring.workloads.iter().flat_map(|workload| &workload.containers);
    containers.filter_map(judge).collect()
}

fn judge(container: &Container) -> Option<Diagnostic> {
    let (_, program) = container.image_name().rsplit_once("jaegertracing/")?;
    let reads = matches!(program, "all-in-one" | "jaeger-query")
        && container.image_tag().and_then(Version::parse).is_some_and(|version| version < WITHOUT);
    if reads || !PROGRAMS.contains(&program) {
        return None;
    }
    let mut ignored =
        container.env.iter().filter(|(name, _)| VARIABLES.iter().any(|start| name.value.starts_with(start)));
    let (first, _) = ignored.next()?;
    let found = Diagnostic::warning("", format!("Jaeger does not read `{}`", first.value))
        .at(&first.span)
        .label("for the libraries in applications")
        .help("leave it out, or set it where the application runs");
    Some(ignored.fold(found, |found, (name, _)| found.related(&name.span, "nor this")))
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn until_1_47_jaeger_traced_itself_by_them() {
        let guide = |image: &str| {
            format!(
                "```yaml\napiVersion: v1\nkind: Pod\nmetadata: {{name: j}}\nspec:\n  containers:\n  - image: {image}\n    env: [{{name: JAEGER_DISABLED, value: 'false'}}]\n```\n"
            )
        };
        let id = "trace-variable-ignored";
        let found = ["8:18 Jaeger does not read `JAEGER_DISABLED`"];
        check(id, &guide("jaegertracing/all-in-one:1.57"), &found);
        check(id, &guide("jaegertracing/all-in-one:1.46"), &[]);
        check(id, &guide("jaegertracing/jaeger-collector:1.46"), &found);
        check(id, &guide("jaegertracing/jaeger:2.1.0"), &found);
        check(id, &guide("jaegertracing/example-hotrod:1.57"), &[]);
        check(id, &guide("shop:1"), &[]);
    }
}
