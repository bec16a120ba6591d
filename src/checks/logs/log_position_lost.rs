//! Tailing without a memory of how far it came.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{Container, Home, Wiring, Workload};

pub const CHECK: Check = Check {
    id: "log-position-lost",
    harm: Harm::Risk,
    title: "after a restart nobody knows how far the logs were read",
    explanation: "Fluent Bit's `tail` remembers positions only in a `DB` file; without it each restart begins at the files' end \
                  and loses what was written meanwhile (with `Read_from_Head` it sends everything again). Promtail keeps them \
                  in `positions.filename`. Either file has to lie on a volume that outlives the pod.",
    example: "[INPUT]\n    Name  tail\n    Path  /var/log/containers/*.log\n",
    mended: "[INPUT]\n    Name  tail\n    Path  /var/log/containers/*.log\n    DB    /var/log/fluent-bit.db\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let inputs = wiring.logs.fluent_bit.iter().flat_map(|config| config.of("INPUT"));
    let tails = inputs.filter(|input| input.name().eq_ignore_ascii_case("tail") && input.get("db").is_none());
    let mut found: Vec<Diagnostic> = tails
        .map(|tail| {
            let again = tail.is_on("read_from_head");
            Diagnostic::warning("", "after a restart Fluent Bit does not know how far it had read")
                .at(&tail.get("name").unwrap_or(&tail.kind).span)
                .label("no `DB`")
                .because(match again {
                    true => "each restart sends all files once more",
                    false => "each restart begins at the files' end: lines written meanwhile are lost",
                })
                .help("add `DB /var/log/fluent-bit.db`, on a volume of the host that is not read-only")
        })
        .collect();
    found.extend(positions(wiring));
    found
}

/// Promtail's positions in the container's own file system.
fn positions(wiring: &Wiring) -> Vec<Diagnostic> {
    let configs = wiring.logs.promtail.iter().filter_map(|config| {
        let Home::ConfigMap { .. } = &config.home else { return None };
        let mounted = wiring.mounted(&config.home);
        let (workload, container) = mounted.first().map(|seen| (seen.workload, seen.container))?;
        let positions = config.positions.as_ref()?;
        let volume = holding(workload, container, &positions.value);
        let label = match volume {
            Some(volume) if volume.empty => "on an emptyDir, which ends with the pod",
            Some(_) => return None,
            None => "in the container's own file system",
        };
        Some(
            Diagnostic::warning("", "after a restart Promtail does not know how far it had read")
                .at(&positions.span)
                .label(label)
                .related(&workload.place, "Promtail runs here")
                .because("each new pod sends all files once more")
                .help("mount a folder of the host at this path's folder"),
        )
    });
    configs.collect()
}

fn holding<'w>(
    workload: &'w Workload,
    container: &Container,
    path: &str,
) -> Option<&'w crate::stack::wiring::Volume> {
    let mount = container.mounts.iter().filter(|mount| {
        let folder = mount.path.value.trim_end_matches('/');
        path == folder || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    });
    let mount = mount.max_by_key(|mount| mount.path.value.len())?;
    workload.volumes.iter().find(|volume| volume.name == mount.source)
}
