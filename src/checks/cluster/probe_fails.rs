//! Probes of a port or path at which nothing answers.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{Container, Probe, Wiring};

pub const CHECK: Check = Check {
    id: "probe-fails",
    harm: Harm::Breaks,
    title: "this probe can't succeed",
    explanation: "A pod whose readiness probe fails gets no connections from its Services; one whose liveness probe fails \
                  is restarted for ever.",
    example: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  template:\n    spec:\n      containers:\n      - image: prom/prometheus:v2.45.0\n        ports: [{containerPort: 9090}]\n        readinessProbe: {httpGet: {path: /ready, port: 9090}}\n",
    mended: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  template:\n    spec:\n      containers:\n      - image: prom/prometheus:v2.45.0\n        ports: [{containerPort: 9090}]\n        readinessProbe: {httpGet: {path: /-/ready, port: 9090}}\n",
    find,
};

/// An image and the paths that it answers for its health.
const PATHS: [(&str, &[&str]); 4] = [
    ("prom/prometheus", &["/-/healthy", "/-/ready", "/metrics"]),
    ("prom/alertmanager", &["/-/healthy", "/-/ready", "/metrics"]),
    ("grafana/loki", &["/ready", "/metrics", "/services", "/config"]),
    ("grafana/promtail", &["/ready", "/metrics", "/targets"]),
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let containers = wiring.workloads.iter().flat_map(|workload| &workload.containers);
    let probes =
        containers.flat_map(|container| container.probes.iter().map(move |probe| (container, probe)));
    probes.filter_map(|(container, probe)| judge(container, probe)).collect()
}

fn judge(container: &Container, probe: &Probe) -> Option<Diagnostic> {
    let port = probe.port.value.as_str();
    let named = port.parse::<u16>().is_err();
    let listed =
        |own: &crate::stack::wiring::ContainerPort| own.name == port || own.number.to_string() == port;
    if (named || !container.ports.is_empty()) && !container.ports.iter().any(listed) {
        let found = Diagnostic::error(
            "",
            format!("the {} asks at port {port}, which the container does not list", probe.kind),
        )
        .at(&probe.port.span)
        .label("nobody answers here");
        return Some(match named {
            true => found,
            false => found.because("assuming that the container listens only at the ports it lists"),
        });
    }
    let (_, known) = PATHS.iter().find(|(image, _)| container.runs(image))?;
    let path = probe.path.value.split('?').next().unwrap_or_default();
    // A prefix of its own moves all paths.
    let prefixed = container.flag("web.route-prefix").or_else(|| container.flag("web.external-url"));
    let prefixed = prefixed.is_some_and(|url| url.value.trim_end_matches('/').matches('/').count() > 2);
    let root = path == "/";
    (!known.contains(&path) && !prefixed && !root).then(|| {
        Diagnostic::error("", format!("{} does not answer {path}", container.image_name()))
            .at(&probe.path.span)
            .label("404 Not Found")
            .help(format!("it answers {}", known.join(", ")))
    })
}
