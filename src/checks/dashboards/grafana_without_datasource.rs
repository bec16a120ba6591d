//! A Grafana that has nothing to ask.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{PartKind, Wiring};

pub const CHECK: Check = Check {
    id: "grafana-without-datasource",
    harm: Harm::Silent,
    title: "no datasource is provisioned for this Grafana",
    explanation: "Grafana starts without datasources. As long as none is provisioned or added by hand, each panel is empty \
                  and nothing says so but the panel.",
    example: "services:\n  prometheus:\n    image: prom/prometheus:v2.45.0\n  grafana:\n    image: grafana/grafana:10.0.0\n",
    mended: "services:\n  prometheus:\n    image: prom/prometheus:v2.45.0\n  grafana:\n    image: grafana/grafana:10.0.0\n    volumes: ['./datasources:/etc/grafana/provisioning/datasources']\n---8<---\n# datasources/all.yml\napiVersion: 1\ndatasources: [{name: Prometheus, type: prometheus, url: 'http://prometheus:9090'}]\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let Some((workload, container)) = wiring.running("grafana/grafana").next() else { return Vec::new() };
    // Whatever could not be read may be the provisioning; and the HTTP API makes datasources too.
    let unreadable = wiring.parts.iter().any(|part| part.kind == PartKind::GrafanaProvisioning);
    let posted = wiring.commands.iter().flatten().any(|word| word.value.contains("/api/datasources"));
    let stores =
        ["prom/prometheus", "grafana/loki", "jaegertracing/all-in-one", "victoriametrics/victoria-metrics"];
    let stored = stores.iter().any(|image| wiring.running(image).next().is_some());
    if !wiring.grafana.datasources.is_empty() || unreadable || posted || !stored {
        return Vec::new();
    }
    let found = Diagnostic::error("", "no document gives this Grafana a datasource")
        .at(&workload.place)
        .label("its panels have nothing to ask");
    let mount =
        container.mounts.iter().find(|mount| mount.path.value.starts_with("/etc/grafana/provisioning"));
    vec![match mount {
        Some(mount) => found
            .related(&mount.path.span, "what it is provisioned with is not documented")
            .because("assuming that the documents hold all of the provisioning")
            .help("add `datasources/datasources.yml` to that folder"),
        None => found.help("mount a file with `datasources` at /etc/grafana/provisioning/datasources"),
    }]
}
