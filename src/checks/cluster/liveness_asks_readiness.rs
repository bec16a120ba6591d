//! Liveness probes that ask whether a program is ready.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{Container, Wiring};

pub const CHECK: Check = Check {
    id: "liveness-asks-readiness",
    harm: Harm::Risk,
    title: "the liveness probe asks whether the program is ready",
    explanation: "Loki, Mimir, Tempo and Prometheus answer 503 for their readiness until they have read their write-ahead log again, which \
                  takes minutes after a busy hour. A liveness probe that asks the same ends the program while it reads; the next start \
                  has as much to read, and is ended again. Ask for liveness what answers from the start, or give it time by a \
                  `startupProbe`.",
    example: "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: loki}\nspec:\n  template:\n    spec:\n      containers:\n      - image: grafana/loki:2.9.0\n        ports: [{containerPort: 3100}]\n        livenessProbe: {httpGet: {path: /ready, port: 3100}, initialDelaySeconds: 45}\n",
    mended: "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: loki}\nspec:\n  template:\n    spec:\n      containers:\n      - image: grafana/loki:2.9.0\n        ports: [{containerPort: 3100}]\n        startupProbe: {httpGet: {path: /ready, port: 3100}, failureThreshold: 90}\n        livenessProbe: {httpGet: {path: /ready, port: 3100}}\n",
    find,
};

/// An image, where it answers for its readiness, its name, and what to ask for liveness.
const READINESS: [(&str, &str, &str, &str); 5] = [
    ("grafana/loki", "/ready", "Loki", "a `tcpSocket` on its port"),
    ("grafana/mimir", "/ready", "Mimir", "a `tcpSocket` on its port"),
    ("grafana/tempo", "/ready", "Tempo", "a `tcpSocket` on its port"),
    ("prom/prometheus", "/-/ready", "Prometheus", "`/-/healthy`"),
    ("prometheus/prometheus", "/-/ready", "Prometheus", "`/-/healthy`"),
];

/// Whoever waits as long has thought of it.
const ENOUGH: u32 = 600;

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let containers = wiring.workloads.iter().flat_map(|workload| &workload.containers);
    containers.filter_map(judge).collect()
}

fn judge(container: &Container) -> Option<Diagnostic> {
    let (_, ready, name, instead) = READINESS.iter().find(|(image, ..)| container.runs(image))?;
    let mut probes = container.probes.iter();
    let probe = probes.find(|probe| probe.kind == "livenessProbe" && probe.path.value == *ready)?;
    if container.starts_slowly || probe.patience >= ENOUGH {
        return None;
    }
    Some(
        Diagnostic::warning("", format!("{name} is ended while it reads its write-ahead log"))
            .at(&probe.path.span)
            .label("503 until it has read all of it")
            .because(format!(
                "the kubelet ends it {}s after its start, and what it has to read is there again the next time",
                probe.patience
            ))
            .help(format!("ask {instead} for liveness, or add a `startupProbe` with a high `failureThreshold`")),
    )
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn what_waits_long_or_asks_something_else_is_right() {
        let guide = |image: &str, probes: &str| {
            format!(
                "```yaml\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: a}}\nspec:\n  template:\n    spec:\n      containers:\n      - image: {image}\n        {probes}\n```\n"
            )
        };
        let id = "liveness-asks-readiness";
        let loki = "grafana/loki:2.9.0";
        let ready = "livenessProbe: {httpGet: {path: /ready, port: 3100}}";
        check(id, &guide(loki, ready), &["10:41 Loki is ended while it reads its write-ahead log"]);
        check(id, &guide(loki, "livenessProbe: {tcpSocket: {port: 3100}}"), &[]);
        check(id, &guide(loki, "readinessProbe: {httpGet: {path: /ready, port: 3100}}"), &[]);
        check(
            id,
            &guide(loki, "livenessProbe: {failureThreshold: 60, httpGet: {path: /ready, port: 3100}}"),
            &[],
        );
        check(
            id,
            &guide(loki, &format!("startupProbe: {{tcpSocket: {{port: 3100}}}}\n        {ready}")),
            &[],
        );
        check(id, &guide("shop:1", ready), &[]);
        let prometheus = "livenessProbe: {httpGet: {path: /-/healthy, port: 9090}}";
        check(id, &guide("prom/prometheus:v2.45.0", prometheus), &[]);
    }
}
