//! Files that a guide's commands read and no part of it is.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::wiring::{PartKind, Wiring};

pub const CHECK: Check = Check {
    id: "file-not-shown",
    harm: Harm::Risk,
    title: "a command reads a file that the documents don't have",
    explanation: "Whoever follows the guide stops at this command, or carries on with defaults. A file counts as there \
                  if a part of the documents is said to be it.",
    example: "# grafana-values.yaml\nadminPassword: ${PASSWORD}\n```\n```sh\nhelm install loki grafana/loki-stack --values loki-values.yaml\n",
    mended: "# loki-values.yaml\nloki: {}\n```\n```sh\nhelm install loki grafana/loki-stack --values loki-values.yaml\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let names: Vec<&str> = wiring.parts.iter().filter_map(|part| part.name.as_deref()).collect();
    // Without a single name nobody can tell.
    if names.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut told: Vec<&str> = Vec::new();
    let mut last: Option<(&str, usize)> = None;
    for read in wiring.read_files() {
        let file = &read.file.value;
        let outside = file == "-" || file.contains("://") || file.contains(['$', '<', '*', '{']);
        if outside || told.contains(&file.as_str()) {
            continue;
        }
        match is_folder(file) {
            true => found.extend(folder(wiring, read.file, read.program)),
            false if names.iter().any(|name| is_same(name, file)) => continue,
            // The files of one folder are missing together.
            false => {
                match last.as_ref().filter(|(of, _)| !of.is_empty() && *of == parent(file)).map(|(_, at)| *at)
                {
                    Some(at) => found[at].related.push((read.file.span.clone(), "nor is this".to_owned())),
                    None => {
                        last = Some((parent(file), found.len()));
                        found.push(missing(read.file, read.program));
                    }
                }
            }
        }
        told.push(file);
    }
    found
}

/// The folder that a path names; none for a bare name.
fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn missing(file: &Spanned<String>, program: &str) -> Diagnostic {
    Diagnostic::warning("", format!("no part of the documents is {}", file.value))
        .at(&file.span)
        .label(format!("{program} reads this file"))
        .because(
            "assuming that whoever follows the guide does not have it already, as a part of the application",
        )
        .follows_from("dashboard-applied", &file.span)
}

/// `monitoring/`, or a path whose last part has no extension.
fn is_folder(path: &str) -> bool {
    path.ends_with('/') || !path.rsplit('/').next().unwrap_or_default().contains('.')
}

/// Whether all that is in a folder is for `kubectl`, and whether there is anything.
fn folder(wiring: &Wiring, folder: &Spanned<String>, program: &str) -> Option<Diagnostic> {
    let path = folder.value.trim_start_matches("./").trim_end_matches('/');
    if path.is_empty() || path == "." {
        return None;
    }
    let inside = wiring.parts.iter().any(|part| {
        part.name
            .as_deref()
            .is_some_and(|name| name.starts_with(&format!("{path}/")) || name.contains(&format!("/{path}/")))
    });
    if inside {
        return None;
    }
    // What the folder may be meant to hold, and what of it is no object.
    let strangers =
        wiring.parts.iter().filter(|part| matches!(part.kind, PartKind::Rules | PartKind::Values));
    let missing = missing(folder, program)
        .label(format!("{program} reads all that is in this folder"))
        .help("say which of the files belong into this folder");
    Some(match program {
        "kubectl" => strangers.take(4).fold(missing, |found, part| {
            found.related(
                &part.place,
                format!("{}: no Kubernetes object, so `kubectl apply` would refuse it", part.kind.as_str()),
            )
        }),
        _ => missing,
    })
}

fn is_same(name: &str, file: &str) -> bool {
    let plain = |path: &str| path.trim_start_matches("./").to_owned();
    let (name, file) = (plain(name), plain(file));
    name == file || name.ends_with(&format!("/{file}")) || file.ends_with(&format!("/{name}"))
}
