//! Log files taken away by `find -delete` in place of a rotation.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "log-files-deleted",
    harm: Harm::Risk,
    title: "this is no rotation",
    explanation: "`find … -delete` takes files away; a process that has one open writes on into nothing until it restarts, and \
                  the space is not given back. It also never makes the `*.log.1` that a second job would compress. Use logrotate \
                  (with `copytruncate`, or a signal to reopen), the runtime's own limits, or log to standard output.",
    example: "services: {api: {build: .}}\n```\n```sh\n0 2 * * * find /var/log/app -name \"*.log\" -mtime +7 -delete\n",
    mended: "services: {api: {build: .}}\n```\n```sh\n0 2 * * * logrotate /etc/logrotate.d/app\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = wiring.commands.iter().filter_map(|words| judge(wiring, words));
    found.next().into_iter().collect()
}

fn judge(wiring: &Wiring, words: &[Spanned<String>]) -> Option<Diagnostic> {
    let find = words.iter().position(|word| word.value == "find")?;
    let folder = words.get(find + 1).filter(|folder| folder.value.contains("log"))?;
    let delete = words[find..].iter().find(|word| word.value == "-delete")?;
    let named = words[find..].iter().any(|word| word.value.contains(".log"));
    if !named {
        return None;
    }
    let rotated = wiring.commands.iter().flatten().any(|word| word.value.contains("logrotate"));
    let written = wiring.logs.sinks.iter().any(|sink| match &sink.kind {
        crate::stack::wiring::SinkKind::File(path) => path.starts_with(folder.value.as_str()),
        _ => false,
    }) || wiring
        .workloads
        .iter()
        .flat_map(|workload| &workload.containers)
        .flat_map(|container| &container.mounts)
        .any(|mount| {
            mount.path.value.starts_with(folder.value.as_str())
                || mount.source.starts_with(folder.value.as_str())
        });
    if rotated {
        return None;
    }
    let found = Diagnostic::warning("", "this deletes log files instead of rotating them")
        .at(&delete.span)
        .label("a process that has the file open writes on into nothing");
    let found = match written {
        true => found,
        false => found
            .related(&folder.span, "nothing that is documented writes here")
            .because("assuming that the documents have all of the logging: its handlers write elsewhere"),
    };
    Some(found.help("use logrotate, or log to standard output and let the runtime rotate"))
}
