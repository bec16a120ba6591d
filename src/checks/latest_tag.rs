//! Images whose version changes under the team.

use super::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;

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
    let containers = wiring.workloads.iter().flat_map(|workload| &workload.containers);
    let images = containers.filter_map(|container| {
        let image = container.image.as_ref()?;
        // A variable or a digest says which.
        if image.value.contains(['@', '$', '{']) {
            return None;
        }
        let label = match container.image_tag() {
            Some("latest") => "whatever is the latest",
            None => "no tag: whatever is the latest",
            Some(_) => return None,
        };
        Some(Diagnostic::warning("", "this image has no version of its own").at(&image.span).label(label))
    });
    let images: Vec<Diagnostic> = images.collect();
    let values = wiring
        .settings
        .iter()
        .filter(|setting| setting.path.ends_with("image.tag") && setting.value.value == "latest");
    let values = values.map(|setting| {
        Diagnostic::warning("", "this image has no version of its own")
            .at(&setting.value.span)
            .label("whatever is the latest")
    });
    images.into_iter().chain(values).collect()
}
