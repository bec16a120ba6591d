//! Handlers of application logs that write where nothing reads.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{LogSink, SinkKind, Wiring};

pub const CHECK: Check = Check {
    id: "log-sink-unread",
    harm: Harm::Silent,
    title: "the application logs to where nothing reads",
    explanation: "In a container, logs belong on standard output, where the runtime keeps them and agents read them. A \
                  SysLogHandler without an address sends to UDP port 514 of the container itself, where nobody listens; UDP \
                  reports no error. A file in the container is read by whoever has it mounted, and by nobody else.",
    example: "services: {api: {build: .}}\n```\n```py\nLOGGING = {'handlers': {'app': {'class': 'logging.handlers.SysLogHandler'}}}\n",
    mended: "services: {api: {build: .}}\n```\n```py\nLOGGING = {'handlers': {'app': {'class': 'logging.StreamHandler'}}}\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    wiring.logs.sinks.iter().filter_map(|sink| judge(wiring, sink)).collect()
}

fn judge(wiring: &Wiring, sink: &LogSink) -> Option<Diagnostic> {
    match &sink.kind {
        SinkKind::Syslog { address: false } => {
            let receives = |text: &str| text.contains("syslog");
            let listened = wiring.workloads.iter().any(|workload| receives(&workload.name.value))
                || wiring
                    .parts
                    .iter()
                    .any(|part| part.name.as_deref().is_some_and(|name| receives(&name.to_lowercase())));
            (!listened).then(|| {
                Diagnostic::error("", "these logs go nowhere")
                    .at(&sink.place)
                    .label("sends to UDP port 514 of its own container")
                    .because("nothing that is documented listens there, and UDP reports no error")
                    .help("log to standard output, with `logging.StreamHandler`, and let an agent ship it")
            })
        }
        SinkKind::File(path) => {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let tailed =
                wiring.settings.iter().any(|setting| setting.value.value.contains(folder))
                    || wiring.logs.fluent_bit.iter().flat_map(|config| &config.sections).any(|section| {
                        section.get("path").is_some_and(|known| known.value.starts_with(folder))
                    });
            let ships = !wiring.logs.promtail.is_empty()
                || !wiring.logs.fluent_bit.is_empty()
                || !wiring.logs.filebeat.is_empty();
            (path.starts_with('/') && !path.starts_with("/dev/") && ships && !folder.is_empty() && !tailed)
                .then(|| {
                    Diagnostic::error("", "no agent reads this log file")
                        .at(&sink.place)
                        .label("tailed by nothing that is documented")
                        .because(
                            "the agents read other paths, and the file is in the application's own container",
                        )
                        .help("log to standard output")
                })
        }
        _ => None,
    }
}
