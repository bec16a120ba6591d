//! What works until somebody looks for it, something is full, or something restarts.

pub mod certificate_not_for_name;
pub mod heap_beyond_memory;
pub mod login_in_clear;
pub mod no_persistence;
pub mod no_probes;
pub mod no_resource_limits;
pub mod no_restart_policy;
pub mod open_to_all;
pub mod privileged_container;
pub mod role_too_wide;
pub mod rollout_blocked;
pub mod tls_not_verified;
pub mod volume_not_writable;

use crate::stack::wiring::Container;

/// A program whose pages or API ask nobody who they are, unless told to.
pub struct Program {
    pub image: &'static str,
    pub name: &'static str,
    pub ports: &'static [u16],
    /// Where it keeps what it must not lose.
    pub data: Option<&'static str>,
    /// The flag by which it is told another place.
    pub data_flag: Option<&'static str>,
    /// The user that its image runs as.
    pub user: u32,
    /// It asks for a password by itself.
    pub guarded: bool,
}

pub const PROGRAMS: [Program; 9] = [
    Program {
        image: "prom/prometheus",
        name: "Prometheus",
        ports: &[9090],
        data: Some("/prometheus"),
        data_flag: Some("storage.tsdb.path"),
        user: 65534,
        guarded: false,
    },
    Program {
        image: "prom/alertmanager",
        name: "Alertmanager",
        ports: &[9093],
        data: Some("/alertmanager"),
        data_flag: Some("storage.path"),
        user: 65534,
        guarded: false,
    },
    Program {
        image: "grafana/grafana",
        name: "Grafana",
        ports: &[3000],
        data: Some("/var/lib/grafana"),
        data_flag: None,
        user: 472,
        guarded: true,
    },
    Program {
        image: "grafana/loki",
        name: "Loki",
        ports: &[3100],
        data: None,
        data_flag: None,
        user: 10001,
        guarded: false,
    },
    Program {
        image: "jaegertracing/all-in-one",
        name: "Jaeger",
        ports: &[16686, 14268, 14250],
        data: None,
        data_flag: None,
        user: 0,
        guarded: false,
    },
    Program {
        image: "jaegertracing/jaeger-query",
        name: "Jaeger",
        ports: &[16686],
        data: None,
        data_flag: None,
        user: 0,
        guarded: false,
    },
    Program {
        image: "elasticsearch/elasticsearch",
        name: "Elasticsearch",
        ports: &[9200],
        data: Some("/usr/share/elasticsearch/data"),
        data_flag: None,
        user: 1000,
        guarded: true,
    },
    Program {
        image: "elasticsearch",
        name: "Elasticsearch",
        ports: &[9200],
        data: Some("/usr/share/elasticsearch/data"),
        data_flag: None,
        user: 1000,
        guarded: true,
    },
    Program {
        image: "kibana/kibana",
        name: "Kibana",
        ports: &[5601],
        data: None,
        data_flag: None,
        user: 1000,
        guarded: true,
    },
];

pub fn program(container: &Container) -> Option<&'static Program> {
    PROGRAMS.iter().find(|program| container.runs(program.image))
}

/// Whether a path lies under a mount.
pub fn is_under(path: &str, mount: &str) -> bool {
    let (path, mount) = (path.trim_end_matches('/'), mount.trim_end_matches('/'));
    path.strip_prefix(mount).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
