//! Spans sent to an agent that is not there.

use crate::checks::guides::compose_file_unused;
use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Span};
use crate::stack::Version;
use crate::stack::wiring::{Agent, Reached, Service, TraceClient, TraceLibrary, Wiring, Workload};

pub const CHECK: Check = Check {
    id: "trace-agent-missing",
    harm: Harm::Silent,
    title: "no agent takes the spans at this port",
    explanation: "Jaeger's clients send spans over UDP to an agent, by default on their own host. UDP reports no error, so spans for \
                  an agent that is not there are simply gone. Jaeger 1.63 and later have no agent, in `all-in-one` neither; Jaeger 2 \
                  takes these spans itself, in its chart since version 4 at the Service called like the release; its operator puts an \
                  agent beside pods only where they ask for it (`sidecar.jaegertracing.io/inject`).",
    example: "services:\n  jaeger:\n    image: jaegertracing/all-in-one:1.76.0\n```\n```py\nfrom opentelemetry.exporter.jaeger.thrift import JaegerExporter\nexporter = JaegerExporter(agent_host_name=\"jaeger\", agent_port=6831)\n",
    mended: "services:\n  jaeger:\n    image: jaegertracing/all-in-one:1.62.0\n```\n```py\nfrom opentelemetry.exporter.jaeger.thrift import JaegerExporter\nexporter = JaegerExporter(agent_host_name=\"jaeger\", agent_port=6831)\n",
    find,
};

/// The first version without an agent.
const WITHOUT: Version = Version::new(1, 63);

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    // A browser can't send UDP at all, which is told elsewhere.
    let clients = wiring.traces.clients.iter().filter(|client| !client.browser);
    clients.filter_map(|client| judge(wiring, client, client.agent.as_ref()?)).collect()
}

fn judge(wiring: &Wiring, client: &TraceClient, agent: &Agent) -> Option<Diagnostic> {
    let to = collector(wiring).map_or_else(|| "the collector".to_owned(), |host| format!("`{host}`"));
    let help = match client.library {
        TraceLibrary::Jaeger => format!("send by OpenTelemetry's SDK and OTLP to {to}, at port 4317 or 4318"),
        _ => format!("send OTLP to {to}, at port 4317 or 4318"),
    };
    let told = |place: &Span, label: String| {
        Diagnostic::error("", format!("no agent takes these spans at UDP port {}", agent.port))
            .at(place)
            .label(label)
            .help(help.as_str())
    };
    let Some(host) =
        agent.host.as_ref().filter(|host| !matches!(host.value.as_str(), "localhost" | "127.0.0.1"))
    else {
        let has_jaeger = backend(wiring)?;
        return (!runs_beside(wiring)).then(|| {
            let place = agent.host.as_ref().map_or(&client.place, |host| &host.span);
            told(place, "sends to its own host, where no agent is documented".to_owned())
                .because("UDP reports no error: every span is lost")
                .related(&has_jaeger, "this runs no agent beside the application")
        });
    };
    match wiring.reach(&host.value, None) {
        Reached::Service(service) => {
            let (place, why) = without_agent(wiring, service)?;
            Some(
                told(&host.span, why.to_owned())
                    .related(&place, "this one")
                    .because("UDP reports no error: every span is lost"),
            )
        }
        Reached::Unknown => {
            let release = wiring.releases.iter().find(|release| release.is_jaegers())?;
            let found = told(&host.span, format!("no Service is called `{}`", host.value))
                .related(&release.chart.span, "this chart");
            Some(match release.is_at_least(4) {
                true => found.because(
                    "the chart's version 4, the newest where none is stated, has a single Service, called like the release, and \
                     no agent: every span is lost",
                ),
                false => found.because("every span is lost"),
            })
        }
        _ => None,
    }
}

/// Why what a name leads to has no agent.
fn without_agent(wiring: &Wiring, service: &Service) -> Option<(Span, &'static str)> {
    // A chart's Service stands for what the chart makes. Jaeger 2 takes spans over UDP by itself.
    if service.made_by.is_some() {
        let release = wiring
            .releases
            .iter()
            .find(|release| release.is_jaegers() && Some(&release.namespace) == service.namespace.as_ref())?;
        let takes = release.is_at_least(4) || service.name.value.ends_with("-agent");
        return (!takes).then(|| (release.chart.span.clone(), "this Service takes no spans over UDP"));
    }
    let behind = |workload: &&Workload| match workload.namespace.is_none() {
        true => workload.name.value == service.name.value,
        false => {
            workload.namespace == service.namespace
                && !service.selector.is_empty()
                && service.selector.iter().all(|(name, value)| workload.labels.get(name) == Some(value))
        }
    };
    // What runs before what no command starts.
    let mut behind: Vec<&Workload> = wiring.workloads.iter().filter(behind).collect();
    behind.sort_by_key(|workload| compose_file_unused::of(wiring, workload).is_some());
    let workload = behind.first()?;
    let container =
        workload.containers.iter().find(|container| container.image_name().ends_with("all-in-one"))?;
    let image = container.image.as_ref()?;
    match container.image_tag() {
        None | Some("latest") => {
            Some((image.span.clone(), "the latest all-in-one is 1.76, and the agent is gone since 1.63"))
        }
        Some(tag) => {
            let version = Version::parse(tag)?;
            (version >= WITHOUT).then(|| (image.span.clone(), "Jaeger has no agent since 1.63"))
        }
    }
}

/// The name by which the chart's collector is reached from every namespace.
fn collector(wiring: &Wiring) -> Option<String> {
    let release = wiring.releases.iter().find(|release| release.is_jaegers())?;
    let of_chart = |service: &&Service| {
        let own = service.made_by.as_deref().is_some_and(|made_by| made_by.ends_with(" of jaeger"));
        own && (release.is_at_least(4) || service.name.value.ends_with("-collector"))
    };
    let service = wiring.services.iter().find(of_chart)?;
    Some(format!("{}.{}", service.name.value, release.namespace))
}

/// A Jaeger of the documents.
fn backend(wiring: &Wiring) -> Option<Span> {
    let object = wiring
        .objects
        .iter()
        .find(|object| object.kind.value == "Jaeger")
        .map(|object| object.name.span.clone());
    let release = || {
        wiring.releases.iter().find(|release| release.is_jaegers()).map(|release| release.chart.span.clone())
    };
    let workload = || {
        let runs = |name: &str| name.contains("jaegertracing/");
        wiring
            .workloads
            .iter()
            .find(|workload| workload.containers.iter().any(|container| runs(container.image_name())))
            .map(|workload| workload.place.clone())
    };
    object.or_else(release).or_else(workload)
}

/// Whether an agent runs beside the application: as a sidecar, or on each host.
fn runs_beside(wiring: &Wiring) -> bool {
    let asked = wiring.settings.iter().any(|setting| {
        setting.path.contains("sidecar.jaegertracing.io/inject")
            || setting.path.ends_with("agent.strategy")
                && setting.value.value.eq_ignore_ascii_case("daemonset")
            || matches!(setting.key(), "JAEGER_AGENT_HOST" | "JAEGER_ENDPOINT")
            || matches!(setting.value.value.as_str(), "JAEGER_AGENT_HOST" | "JAEGER_ENDPOINT")
    });
    asked
        || wiring.workloads.iter().flat_map(|workload| &workload.containers).any(|container| {
            container.image_name().ends_with("jaeger-agent")
                || container.variable("JAEGER_AGENT_HOST").or(container.variable("JAEGER_ENDPOINT")).is_some()
        })
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn jaeger_s_chart_has_a_service_for_agents_until_version_3() {
        let guide = |version: &str, host: &str| {
            format!(
                "```sh\nhelm install jaeger jaegertracing/jaeger {version} -n tracing\n```\n```ts\nimport {{ initTracer }} from 'jaeger-client';\ninitTracer({{ serviceName: 'api', reporter: {{ agentHost: '{host}', agentPort: 6832 }} }});\n```\n"
            )
        };
        let id = "trace-agent-missing";
        let found = ["6:58 no agent takes these spans at UDP port 6832"];
        check(id, &guide("", "jaeger-agent"), &found);
        check(id, &guide("--version 3.4.1", "jaeger-agent"), &[]);
        check(id, &guide("--version 3.4.1", "jaeger-collector"), &found);
        // Jaeger 2 listens there itself.
        check(id, &guide("", "jaeger"), &[]);
    }
}
