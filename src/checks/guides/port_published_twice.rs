//! Services of Compose that publish the same port of the host.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{PublishedPort, Wiring, Workload};

pub const CHECK: Check = Check {
    id: "port-published-twice",
    harm: Harm::Breaks,
    title: "two services publish the same port of the host",
    explanation: "A port of the host has one owner: the second service does not start (`port is already allocated`).",
    example: "services:\n  app:\n    image: app:1\n    ports: ['3000:3000']\n  grafana:\n    image: grafana/grafana:10.0.0\n    ports: ['3000:3000']\n",
    mended: "services:\n  app:\n    image: app:1\n    ports: ['3000:3000']\n  grafana:\n    image: grafana/grafana:10.0.0\n    ports: ['3001:3000']\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut seen: Vec<(&Workload, &PublishedPort)> = Vec::new();
    let mut found = Vec::new();
    for workload in wiring.workloads.iter().filter(|workload| workload.file.is_some()) {
        for port in workload.containers.iter().flat_map(|container| &container.published) {
            // The same service of another file is merged with this one, or an alternative to it.
            let other = seen.iter().find(|(other, own)| {
                let apart = own.address.is_some() && port.address.is_some() && own.address != port.address;
                own.host == port.host
                    && !apart
                    && other.name.value != workload.name.value
                    && other.file == workload.file
            });
            match other {
                Some((other, own)) => found.push(
                    Diagnostic::error(
                        "",
                        format!(
                            "`{}` and `{}` both publish port {}",
                            other.name.value, workload.name.value, port.host
                        ),
                    )
                    .at(&port.place)
                    .label("port is already allocated")
                    .related(&own.place, "published here"),
                ),
                None => seen.push((workload, port)),
            }
        }
    }
    found
}
