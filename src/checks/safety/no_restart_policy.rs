//! Monitoring in Compose that stays down.

use super::program;
use crate::checks::guides::compose_file_unused;
use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "no-restart-policy",
    harm: Harm::Style,
    title: "nothing starts this program again",
    explanation: "Compose leaves a container that has ended as it is: after a crash, or the machine's next reboot, there is no monitoring, and \
                  nothing that would say so. `restart: unless-stopped` starts it again.",
    example: "services:\n  prometheus:\n    image: prom/prometheus:v2.45.0\n",
    mended: "services:\n  prometheus:\n    image: prom/prometheus:v2.45.0\n    restart: unless-stopped\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut images: Vec<&Spanned<String>> = Vec::new();
    for workload in wiring.workloads.iter().filter(|workload| workload.file.is_some()) {
        if compose_file_unused::of(wiring, workload).is_some() {
            continue;
        }
        let ended = workload.containers.iter().filter(|container| !container.restarts);
        images.extend(
            ended.filter(|container| program(container).is_some()).filter_map(|it| it.image.as_ref()),
        );
    }
    let Some(first) = images.first() else { return Vec::new() };
    let found = Diagnostic::warning("", "nothing starts this program again")
        .at(&first.span)
        .label("no `restart`")
        .help("add `restart: unless-stopped`");
    vec![images.iter().skip(1).fold(found, |found, image| found.related(&image.span, "nor this"))]
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn any_policy_but_no_is_one() {
        let guide = |policy: &str| {
            format!("```yaml\nservices:\n  p:\n    image: prom/prometheus:v2.45.0\n{policy}```\n")
        };
        let found = ["4:12 nothing starts this program again"];
        check("no-restart-policy", &guide("    restart: 'no'\n"), &found);
        check("no-restart-policy", &guide("    restart: on-failure\n"), &[]);
        check("no-restart-policy", &guide("    deploy: {restart_policy: {condition: any}}\n"), &[]);
    }
}
