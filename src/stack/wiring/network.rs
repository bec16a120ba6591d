//! Which Service a name reaches, from where.

use super::{Service, Wiring};
use crate::diagnostic::Span;

/// A host and port that something talks to.
#[derive(Clone, Debug)]
pub struct Address {
    pub host: String,
    pub port: Option<u16>,
    /// The namespace of what talks, where it is known; `None` in Compose.
    pub from: Option<String>,
    /// Who talks: "the datasource", "Prometheus".
    pub what: &'static str,
    pub place: Span,
}

/// What a name leads to.
#[derive(Clone, Debug, PartialEq)]
pub enum Reached<'w> {
    Service(&'w Service),
    /// There is a Service of this name, but in other namespaces than the name is looked up in.
    Elsewhere(Vec<&'w Service>),
    /// No document has it. It may be made by something that is not documented.
    Unknown,
    /// An address on the internet, an IP, or this very host.
    Outside,
}

impl PartialEq for Service {
    fn eq(&self, other: &Service) -> bool {
        self.name.value == other.name.value && self.namespace == other.namespace
    }
}

impl Wiring {
    /// What `host` leads to when it is looked up in the namespace `from`.
    pub fn reach(&self, host: &str, from: Option<&str>) -> Reached<'_> {
        let host = host.trim_end_matches('.').to_lowercase();
        let Some((name, namespace)) = in_cluster(&host) else { return Reached::Outside };
        let named = || self.services.iter().filter(|service| service.name.value == name);
        let wanted = namespace.or(from);
        let here = named().find(|service| match (&service.namespace, wanted) {
            (Some(namespace), Some(wanted)) => namespace == wanted,
            // Nobody knows from where, or Compose knows no namespaces.
            _ => true,
        });
        if let Some(service) = here {
            return Reached::Service(service);
        }
        let elsewhere: Vec<&Service> = named().collect();
        if elsewhere.is_empty() { Reached::Unknown } else { Reached::Elsewhere(elsewhere) }
    }
}

/// The Service's name and namespace in a name that a cluster or a Compose network resolves.
fn in_cluster(host: &str) -> Option<(&str, Option<&str>)> {
    if matches!(host, "" | "localhost" | "host.docker.internal") || host.parse::<std::net::IpAddr>().is_ok() {
        return None;
    }
    let labels: Vec<&str> = host.split('.').collect();
    match labels.as_slice() {
        [name] => Some((name, None)),
        [name, namespace] if !is_public(namespace) => Some((name, Some(namespace))),
        [name, namespace, "svc"] | [name, namespace, "svc", "cluster", "local"] => {
            Some((name, Some(namespace)))
        }
        _ => None,
    }
}

/// Whether a last label is rather a top-level domain than a namespace.
fn is_public(label: &str) -> bool {
    const DOMAINS: [&str; 16] = [
        "com", "org", "net", "io", "dev", "edu", "app", "cloud", "local", "internal", "test", "example",
        "co", "ai", "gov", "lan",
    ];
    label.len() == 2 || DOMAINS.contains(&label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_a_cluster_are_told_from_names_outside() {
        for (host, expected) in [
            ("loki", Some(("loki", None))),
            ("loki.logging", Some(("loki", Some("logging")))),
            ("loki.logging.svc", Some(("loki", Some("logging")))),
            ("loki.logging.svc.cluster.local", Some(("loki", Some("logging")))),
            ("example.com", None),
            ("hooks.slack.com", None),
            ("10.0.0.1", None),
            ("localhost", None),
        ] {
            assert_eq!(in_cluster(host), expected, "{host}");
        }
    }
}
