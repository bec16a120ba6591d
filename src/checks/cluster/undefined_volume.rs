//! Mounts and networks that name what the same file does not define.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, nearest};
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "undefined-volume",
    harm: Harm::Breaks,
    title: "this volume or network is not defined",
    explanation: "A pod that mounts a volume that its `volumes` don't have is refused; Compose refuses a file in which a \
                  service names a volume or network that the top level does not define.",
    example: "services:\n  prometheus:\n    image: prom/prometheus:v2.45.0\n    volumes: ['prometheus_data:/prometheus']\n",
    mended: "services:\n  prometheus:\n    image: prom/prometheus:v2.45.0\n    volumes: ['prometheus_data:/prometheus']\nvolumes:\n  prometheus_data:\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for workload in &wiring.workloads {
        let file = workload.file.and_then(|file| wiring.compose_files.get(file));
        let mounts = workload.containers.iter().flat_map(|container| &container.mounts);
        for mount in mounts {
            let name = mount.source.as_str();
            let (known, whose): (Vec<&str>, &str) = match file {
                Some(_) if !is_volume_name(name) => continue,
                Some(file) => {
                    (file.volumes.iter().map(String::as_str).collect(), "the top level's `volumes`")
                }
                // What an operator adds is not written down.
                None if workload.kind == "Beat" => continue,
                None => (
                    workload.volumes.iter().map(|volume| volume.name.as_str()).collect(),
                    "the pod's `volumes`",
                ),
            };
            if !known.contains(&name) {
                let diagnostic = Diagnostic::error("", format!("{whose} don't have `{name}`"))
                    .at(&mount.path.span)
                    .label(format!("`{name}` is mounted here"));
                found.push(match nearest(name, known) {
                    Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                    None => diagnostic,
                });
            }
        }
        let Some(file) = file else { continue };
        for network in &workload.networks {
            if network.value != "default" && !file.networks.contains(&network.value) {
                found.push(
                    Diagnostic::error(
                        "",
                        format!("the top level's `networks` don't have `{}`", network.value),
                    )
                    .at(&network.span)
                    .label("Compose refuses the file"),
                );
            }
        }
    }
    found
}

/// `./rules`, `/var/log` and `~/x` are paths of the host, `${DATA}` may be.
fn is_volume_name(source: &str) -> bool {
    !source.starts_with(['.', '/', '~', '$']) && !source.contains('/')
}
