//! Jaegers that keep traces in memory alone.

use crate::checks::guides::compose_file_unused;
use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{Container, Wiring, Workload};

pub const CHECK: Check = Check {
    id: "traces-in-memory",
    harm: Harm::Risk,
    title: "a restart loses every trace",
    explanation: "`all-in-one` keeps traces in memory unless `SPAN_STORAGE_TYPE` names a store (`badger`, `elasticsearch`, \
                  `cassandra`). A restart loses them, and without `--memory.max-traces` it grows until it is killed at its memory \
                  limit. A volume alone stores nothing.",
    example: "services:\n  jaeger:\n    image: jaegertracing/all-in-one:1.57.0\n    volumes: ['jaeger:/tmp']\nvolumes: {jaeger: {}}\n",
    mended: "services:\n  jaeger:\n    image: jaegertracing/all-in-one:1.57.0\n    environment: [SPAN_STORAGE_TYPE=badger, BADGER_EPHEMERAL=false, BADGER_DIRECTORY_VALUE=/badger/data, BADGER_DIRECTORY_KEY=/badger/key]\n    volumes: ['jaeger:/badger']\nvolumes: {jaeger: {}}\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    // What runs before what no command starts.
    let mut running: Vec<_> = wiring.running("jaegertracing/all-in-one").collect();
    running.sort_by_key(|(workload, _)| compose_file_unused::of(wiring, workload).is_some());
    let mut found: Vec<Diagnostic> =
        running.into_iter().filter_map(|(workload, container)| judge(workload, container)).collect();
    // The same Jaeger in several files is one cause.
    if found.len() > 1 {
        let rest: Vec<Diagnostic> = found.drain(1..).collect();
        for other in rest {
            if let Some(place) = other.place {
                found[0].related.push((place, "so does this one".to_owned()));
            }
            found[0].related.extend(other.related);
        }
    }
    let objects = wiring.objects.iter().filter(|object| object.kind.value == "Jaeger");
    found.extend(objects.filter_map(|object| {
        let get = |path: &str| {
            object.settings.iter().find(|setting| setting.path == path).map(|setting| &setting.value)
        };
        let strategy = get("spec.strategy");
        let all_in_one = strategy.is_none_or(|strategy| strategy.value.eq_ignore_ascii_case("allinone"));
        let memory = get("spec.storage.type").is_none_or(|kind| kind.value == "memory");
        (all_in_one && memory).then(|| {
            Diagnostic::warning("", "this Jaeger keeps traces in memory alone")
                .at(strategy.map_or(&object.name.span, |strategy| &strategy.span))
                .label("a restart loses them")
                .help("set `spec.storage.type` to a store")
        })
    }));
    found
}

fn judge(workload: &Workload, container: &Container) -> Option<Diagnostic> {
    let storage = container.variable("SPAN_STORAGE_TYPE");
    let flagged =
        container.args.iter().any(|arg| arg.value.contains("span-storage") || arg.value.contains("--config"));
    if storage.is_some_and(|storage| storage.value != "memory") || flagged {
        return None;
    }
    let limited = container.variable("MEMORY_MAX_TRACES").is_some()
        || container.args.iter().any(|arg| arg.value.contains("memory.max-traces"));
    let place = storage.map_or_else(
        || container.image.as_ref().map_or(&workload.place, |image| &image.span),
        |storage| &storage.span,
    );
    let found = Diagnostic::warning("", "this Jaeger keeps traces in memory alone")
        .at(place)
        .label(match storage {
            Some(_) => "a restart loses them",
            None => "without `SPAN_STORAGE_TYPE`: a restart loses them",
        })
        .because(match (limited, container.limited) {
            (true, _) => "nothing is written to disk",
            (false, true) => "nothing is written to disk, and without `MEMORY_MAX_TRACES` it grows until it is killed at its memory limit",
            (false, false) => "nothing is written to disk, and without `MEMORY_MAX_TRACES` or a limit it grows until its host is out of memory",
        })
        .help("set `SPAN_STORAGE_TYPE` to `badger` with a volume, or to a store of its own");
    // A volume that looks as if it kept them.
    Some(match container.mounts.first() {
        Some(mount) => found.related(&mount.path.span, "this volume holds no traces"),
        None => found,
    })
}
