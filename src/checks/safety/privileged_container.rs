//! Containers that may do on their node whatever they like.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "privileged-container",
    harm: Harm::Risk,
    title: "this container may do anything on its node",
    explanation: "A privileged container has the node's devices and all capabilities: whoever breaks into it has the \
                  node. Reading logs or `/proc` needs no more than the right mounts, read-only.",
    example: "services:\n  promtail:\n    image: grafana/promtail:2.8.0\n    privileged: true\n",
    mended: "services:\n  promtail:\n    image: grafana/promtail:2.8.0\n    volumes: ['/var/log:/var/log:ro']\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let containers = wiring.workloads.iter().flat_map(|workload| &workload.containers);
    let found = containers.filter_map(|container| {
        // cAdvisor's own manual asks for it.
        let place = container.privileged.as_ref().filter(|_| !container.image_name().contains("cadvisor"))?;
        let name = if container.name.is_empty() { container.image_name() } else { &container.name };
        Some(
            Diagnostic::warning("", format!("`{name}` may do anything on its node"))
                .at(place)
                .label("privileged"),
        )
    });
    found.collect()
}
