//! Images whose version changes under the team.

use super::guides::compose_file_unused;
use super::{Check, Harm};
use crate::diagnostic::{Diagnostic, Span};
use crate::stack::wiring::{Container, Wiring};

pub const CHECK: Check = Check {
    id: "latest-tag",
    harm: Harm::Risk,
    title: "the image's version is whatever is the latest",
    explanation: "The next restart may bring another major version: options vanish, queries mean something else, and \
                  nothing in the documents says what is running.",
    example: "services:\n  prometheus:\n    image: prom/prometheus:latest\n",
    mended: "services:\n  prometheus:\n    image: prom/prometheus:v2.45.0\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for workload in &wiring.workloads {
        let unused = compose_file_unused::of(wiring, workload);
        for image in workload.containers.iter().filter(|container| is_open(container)) {
            let Some(place) = &image.image else { continue };
            let label = match image.image_tag() {
                Some(_) => "whatever is the latest",
                None => "no tag: whatever is the latest",
            };
            let diagnostic = open(&place.span, label);
            found.push(match unused {
                Some(file) => diagnostic.follows_from("compose-file-unused", &file.place),
                None => diagnostic,
            });
        }
    }
    let values = wiring
        .settings
        .iter()
        .filter(|setting| setting.path.ends_with("image.tag") && setting.value.value == "latest");
    found.extend(values.map(|setting| open(&setting.value.span, "whatever is the latest")));
    found
}

fn is_open(container: &Container) -> bool {
    // A variable or a digest says which.
    let said = container.image.as_ref().is_none_or(|image| image.value.contains(['@', '$', '{']));
    !said && container.image_tag().is_none_or(|tag| tag == "latest")
}

fn open(place: &Span, label: &str) -> Diagnostic {
    Diagnostic::warning("", "this image has no version of its own")
        .at(place)
        .label(label)
        .shared("images without a version")
}
