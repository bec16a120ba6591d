//! Compose files that no command starts.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{ComposeFile, Wiring, Workload};

pub const CHECK: Check = Check {
    id: "compose-file-unused",
    harm: Harm::Silent,
    title: "no command starts the services of this Compose file",
    explanation: "Compose reads `docker-compose.yml` or `compose.yaml`, or the files that `-f` names. What is set only in \
                  another file, such as a network, a volume or a port, is not set.",
    example: "# jaeger.yml\nservices:\n  jaeger: {image: 'jaegertracing/all-in-one:1.46'}\n```\n```sh\ndocker-compose -f docker-compose.yml up -d\n",
    mended: "# jaeger.yml\nservices:\n  jaeger: {image: 'jaegertracing/all-in-one:1.46'}\n```\n```sh\ndocker-compose -f docker-compose.yml -f jaeger.yml up -d\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let started = started(wiring);
    let mut found = Vec::new();
    for (at, file) in wiring.compose_files.iter().enumerate() {
        let Some(name) = file.name.as_ref().filter(|_| is_unused(file, &started)) else { continue };
        let diagnostic = Diagnostic::error("", format!("no command starts {name}"))
            .at(&file.place)
            .label("nothing in this file takes effect")
            .because(format!("the commands start {}", started.join(" and ")));
        // The same service, as it does run.
        let own = wiring.workloads.iter().filter(|workload| workload.file == Some(at));
        let others = own.flat_map(|own| {
            wiring.workloads.iter().filter(move |other| {
                other.file.is_some_and(|file| file != at) && other.name.value == own.name.value
            })
        });
        found.push(others.fold(diagnostic, |found, other| {
            found.related(&other.place, format!("`{}` runs as it is written here", other.name.value))
        }));
    }
    found
}

/// The unused file that a service stands in: what is wrong with it harms nobody before the file is used.
pub fn of<'w>(wiring: &'w Wiring, workload: &Workload) -> Option<&'w ComposeFile> {
    let file = wiring.compose_files.get(workload.file?)?;
    is_unused(file, &started(wiring)).then_some(file)
}

/// The Compose files that commands start.
fn started(wiring: &Wiring) -> Vec<&str> {
    let files = wiring.read_files();
    let started = files.iter().filter(|read| read.program == "docker-compose");
    started.map(|read| read.file.value.as_str()).collect()
}

fn is_unused(file: &ComposeFile, started: &[&str]) -> bool {
    const DEFAULT: [&str; 4] = ["docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml"];
    let base = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    file.name.as_ref().is_some_and(|name| {
        !started.is_empty()
            && !DEFAULT.contains(&base(name).as_str())
            && !started.iter().any(|path| base(path) == base(name))
    })
}
