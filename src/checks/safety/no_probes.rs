//! Monitoring that hangs without anybody noticing.

use super::program;
use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::wiring::{Object, Wiring, Workload};

pub const CHECK: Check = Check {
    id: "no-probes",
    harm: Harm::Style,
    title: "nothing asks whether this program still answers",
    explanation: "Without a readiness probe a Service leads to a pod that does not answer yet, and a rollout of a config that the program \
                  refuses takes the old pod away. Without a liveness probe one that hangs is never restarted. Prometheus and Alertmanager answer at \
                  `/-/ready` and `/-/healthy`, Grafana at `/api/health`, Loki at `/ready`.",
    example: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: alertmanager}\nspec: {template: {spec: {containers: [{name: am, image: 'prom/alertmanager:v0.25.0'}]}}}\n",
    mended: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: alertmanager}\nspec: {template: {spec: {containers: [{name: am, image: 'prom/alertmanager:v0.25.0', readinessProbe: {httpGet: {path: /-/ready, port: 9093}}}]}}}\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut images: Vec<&Spanned<String>> = Vec::new();
    for workload in &wiring.workloads {
        let Some(object) = object(wiring, workload) else { continue };
        // Of any kind, and of any of its containers.
        if object.settings.iter().any(|setting| setting.path.contains("Probe.")) {
            continue;
        }
        let programs = workload.containers.iter().filter(|container| program(container).is_some());
        images.extend(programs.filter_map(|container| container.image.as_ref()));
    }
    let Some(first) = images.first() else { return Vec::new() };
    let found = Diagnostic::warning("", "nothing asks whether this program still answers")
        .at(&first.span)
        .label("has no probe")
        .help("add a `readinessProbe` and a `livenessProbe`");
    vec![images.iter().skip(1).fold(found, |found, image| found.related(&image.span, "nor has this"))]
}

fn object<'w>(wiring: &'w Wiring, workload: &Workload) -> Option<&'w Object> {
    let namespace = workload.namespace.as_deref()?;
    let mut objects = wiring.objects.iter();
    objects.find(|object| {
        matches!(object.kind.value.as_str(), "Deployment" | "StatefulSet" | "DaemonSet")
            && object.kind.value == workload.kind
            && object.name.value == workload.name.value
            && object.namespace() == namespace
    })
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn any_probe_of_the_pod_is_one_and_the_application_is_its_owner_s_business() {
        let guide = |kind: &str, image: &str, probe: &str| {
            format!(
                "```yaml\napiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: a}}\nspec: {{template: {{spec: {{containers: [{{name: a, image: '{image}'{probe}}}]}}}}}}\n```\n"
            )
        };
        let loki = "grafana/loki:2.8.0";
        let found = ["5:56 nothing asks whether this program still answers"];
        check("no-probes", &guide("StatefulSet", loki, ""), &found);
        check("no-probes", &guide("StatefulSet", loki, ", livenessProbe: {tcpSocket: {port: 3100}}"), &[]);
        check("no-probes", &guide("StatefulSet", loki, ", readinessProbe: {exec: {command: [a]}}"), &[]);
        check("no-probes", &guide("Deployment", "shop:1", ""), &[]);
        // Compose has other words for it.
        check("no-probes", &format!("```yaml\nservices: {{a: {{image: '{loki}'}}}}\n```\n"), &[]);
    }
}
