//! Containers that may take all of a node's memory.

use crate::checks::guides::compose_file_unused;
use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::wiring::{Wiring, Workload};

pub const CHECK: Check = Check {
    id: "no-resource-limits",
    harm: Harm::Risk,
    title: "nothing limits what these containers take",
    explanation: "Monitoring that grows without a limit takes down what it watches: a Prometheus with too many series, or \
                  an agent on every node. With a limit only the container itself is ended, and its restarts can be seen.",
    example: "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: fluent-bit}\nspec: {template: {spec: {containers: [{name: fluent-bit, image: 'fluent/fluent-bit:2.0'}]}}}\n",
    mended: "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: fluent-bit}\nspec: {template: {spec: {containers: [{name: fluent-bit, image: 'fluent/fluent-bit:2.0', resources: {limits: {memory: 128Mi}}}]}}}\n",
    find,
};

/// More places than anybody looks at.
const SHOWN: usize = 9;

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    // One finding a file: in Compose it is mostly all or none.
    let mut unlimited: Vec<(&Workload, Vec<&Spanned<String>>)> = Vec::new();
    for workload in
        wiring.workloads.iter().filter(|workload| workload.kind != "Beat" && workload.kind != "Job")
    {
        for container in workload.containers.iter().filter(|container| !container.limited) {
            let Some(image) = &container.image else { continue };
            match unlimited.iter_mut().find(|(other, _)| other.file == workload.file) {
                Some((_, images)) => images.push(image),
                None => unlimited.push((workload, vec![image])),
            }
        }
    }
    let found = unlimited.into_iter().map(|(workload, images)| {
        let unused = compose_file_unused::of(wiring, workload);
        let first = Diagnostic::warning(
            "",
            match images.len() {
                1 => "nothing limits the memory of this container".to_owned(),
                count => format!("nothing limits the memory of these {count} containers"),
            },
        );
        let first = first.at(&images[0].span).label("has no limits");
        let first = match unused {
            Some(file) => first.follows_from("compose-file-unused", &file.place),
            None => first,
        };
        images
            .iter()
            .skip(1)
            .take(SHOWN)
            .fold(first, |found, image| found.related(&image.span, "nor has this"))
    });
    found.collect()
}
