//! Pages and APIs that ask nobody who they are, opened beyond the cluster or the machine.

use super::program;
use crate::checks::guides::compose_file_unused;
use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Span};
use crate::stack::wiring::{Service, Wiring};

pub const CHECK: Check = Check {
    id: "open-to-all",
    harm: Harm::Risk,
    title: "whoever reaches this address gets in",
    explanation: "Prometheus, Alertmanager, Loki and Jaeger ask nobody for a password: through an Ingress, a LoadBalancer \
                  or a published port anybody can read everything, silence alerts, push logs and spans. Publish on \
                  `127.0.0.1`, or put something in front that asks: basic auth, OAuth, a VPN.",
    example: "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: p}\nspec:\n  rules:\n  - host: prometheus.example.com\n    http: {paths: [{backend: {service: {name: prometheus, port: {number: 9090}}}}]}\n",
    mended: "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: p, annotations: {nginx.ingress.kubernetes.io/auth-type: basic}}\nspec:\n  rules:\n  - host: prometheus.example.com\n    http: {paths: [{backend: {service: {name: prometheus, port: {number: 9090}}}}]}\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = ingresses(wiring);
    found.extend(services(wiring));
    found.extend(published(wiring));
    found.extend(charts(wiring));
    found.extend(operators(wiring));
    found
}

/// What a name and a port most likely are, where the documents don't say.
pub fn known(name: &str, port: Option<u16>) -> Option<&'static str> {
    match (port, name) {
        (_, name) if name.contains("grafana") || name.contains("kibana") => None,
        (Some(9090), _) => Some("Prometheus"),
        (Some(9093), _) => Some("Alertmanager"),
        (Some(16686 | 14268), _) => Some("Jaeger"),
        (Some(3100), name) if name.contains("loki") => Some("Loki"),
        (Some(9200), _) => Some("Elasticsearch"),
        (_, name) if name.contains("prometheus") => Some("Prometheus"),
        (_, name) if name.contains("alertmanager") => Some("Alertmanager"),
        (_, name) if name.contains("jaeger") => Some("Jaeger"),
        _ => None,
    }
}

fn open(what: &str, place: &Span, label: &str) -> Diagnostic {
    Diagnostic::warning("", format!("anybody gets into {what} here")).at(place).label(label)
}

fn ingresses(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for ingress in wiring.ingresses.iter().filter(|ingress| !ingress.guarded) {
        let mut backends = ingress.backends.iter().filter_map(|backend| {
            let port = backend.port.as_ref().and_then(|port| port.value.parse().ok());
            let place = backend.host.as_ref().map_or(&backend.service.span, |host| &host.span);
            Some((known(&backend.service.value, port)?, place))
        });
        let Some((what, place)) = backends.next() else { continue };
        let first = open(what, place, "an Ingress without any authentication").help(
            "ask for a password or an identity: `nginx.ingress.kubernetes.io/auth-type`, an OAuth proxy",
        );
        // One annotation is for all of it.
        found.push(
            backends.fold(first, |found, (what, place)| found.related(place, format!("and into {what}"))),
        );
    }
    found
}

/// Services of the type LoadBalancer or NodePort.
fn services(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for object in wiring.objects_of("Service") {
        let Some(kind) = object.get("spec.type") else { continue };
        if !is_outside(&kind.value) {
            continue;
        }
        let own = |service: &&Service| {
            service.name.value == object.name.value
                && service.namespace.as_deref() == Some(object.namespace())
        };
        let Some(service) = wiring.services.iter().find(own) else { continue };
        let containers =
            wiring.selected(service).map(|workload| workload.containers.as_slice()).unwrap_or_default();
        let what = match containers.iter().find_map(program) {
            Some(program) if program.guarded => None,
            Some(program) => Some(program.name),
            None => known(&service.name.value, service.ports.first().map(|port| port.number)),
        };
        if let Some(what) = what {
            found.push(open(what, &kind.span, "reachable from outside of the cluster"));
        }
    }
    found
}

fn is_outside(kind: &str) -> bool {
    matches!(kind, "LoadBalancer" | "NodePort")
}

/// Ports that Compose publishes on every address of the host.
fn published(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found: Vec<(usize, Diagnostic)> = Vec::new();
    for workload in &wiring.workloads {
        let Some(file) = workload.file else { continue };
        for container in &workload.containers {
            let Some(program) = program(container).filter(|program| !program.guarded) else { continue };
            let port = container.published.iter().find(|port| {
                let local = port
                    .address
                    .as_deref()
                    .is_some_and(|address| address.starts_with("127.") || address == "::1");
                !local && program.ports.contains(&port.container)
            });
            let Some(port) = port else { continue };
            match found.iter_mut().find(|(known, _)| *known == file) {
                Some((_, first)) => {
                    first.related.push((port.place.clone(), format!("and into {}", program.name)))
                }
                None => {
                    let first = open(program.name, &port.place, "published on every address of the host");
                    let first = match compose_file_unused::of(wiring, workload) {
                        Some(file) => first.follows_from("compose-file-unused", &file.place),
                        None => first,
                    };
                    found.push((
                        file,
                        first.help("publish it on 127.0.0.1, or behind a proxy that asks for a password"),
                    ));
                }
            }
        }
    }
    found.into_iter().map(|(_, diagnostic)| diagnostic).collect()
}

/// What values of charts open.
fn charts(wiring: &Wiring) -> Vec<Diagnostic> {
    // A chart, the path of a value, and what it opens.
    const OPENING: [(&str, &str, &str); 9] = [
        ("jaeger", "query.service.type", "Jaeger"),
        ("jaeger", "query.ingress.enabled", "Jaeger"),
        ("jaeger", "allInOne.ingress.enabled", "Jaeger"),
        ("jaeger", "collector.service.type", "Jaeger's collector"),
        ("kube-prometheus-stack", "prometheus.service.type", "Prometheus"),
        ("kube-prometheus-stack", "prometheus.ingress.enabled", "Prometheus"),
        ("kube-prometheus-stack", "alertmanager.service.type", "Alertmanager"),
        ("kube-prometheus-stack", "alertmanager.ingress.enabled", "Alertmanager"),
        ("elasticsearch", "service.type", "Elasticsearch"),
    ];
    let mut found = Vec::new();
    for release in &wiring.releases {
        for (_, path, what) in OPENING.iter().filter(|(chart, ..)| *chart == release.chart.value) {
            let Some(value) = release.values.get(*path) else { continue };
            let prefix = path.rsplit_once('.').map_or("", |(prefix, _)| prefix);
            let guarded = release.values.keys().any(|key| key.starts_with(prefix) && key.contains("auth"))
                || release.values.contains_key("query.oAuthSidecar.enabled");
            if !guarded && (is_outside(&value.value) || value.value == "true") {
                found.push(open(what, &value.span, "reachable from outside, and asks for no password"));
            }
        }
        // Grafana asks, but the password is known.
        let outside = release.values.get("service.type").filter(|value| is_outside(&value.value));
        if release.chart.value == "grafana"
            && let Some(value) = outside
            && let Some(password) = release.values.get("adminPassword")
        {
            found.push(
                open("Grafana", &value.span, "reachable from outside")
                    .related(&password.span, "with a password that stands in the documents"),
            );
        }
    }
    found
}

/// What operators open for their objects.
fn operators(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for object in &wiring.objects {
        let place = match object.kind.value.as_str() {
            "Jaeger" if object.get("spec.ingress.security").is_none() => {
                object.get("spec.ingress.enabled").filter(|value| value.value == "true")
            }
            "Elasticsearch" if object.api_version.value.contains("k8s.elastic.co") => {
                object.get("spec.http.service.spec.type").filter(|value| is_outside(&value.value))
            }
            "Kibana" => object.get("spec.http.service.spec.type").filter(|value| is_outside(&value.value)),
            _ => None,
        };
        let Some(place) = place else { continue };
        let kind = object.kind.value.as_str();
        found.push(match kind {
            "Jaeger" => open(kind, &place.span, "an Ingress without any authentication"),
            _ => Diagnostic::warning("", format!("only a password guards {kind} from everybody"))
                .at(&place.span)
                .label("reachable from outside of the cluster"),
        });
    }
    found
}
