//! Ports that the Service does not have, or that its pods don't listen at.

use super::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{Reached, Service, ServicePort, Wiring, Workload};

pub const CHECK: Check = Check {
    id: "port-not-served",
    harm: Harm::Breaks,
    title: "nobody listens at this port",
    explanation: "A Service passes on only the ports that it lists, each to a port of its pods' containers.",
    example: "apiVersion: v1\nkind: Service\nmetadata: {name: alertmanager}\nspec: {ports: [{port: 9093}]}\n---8<---\nalerting:\n  alertmanagers:\n  - static_configs:\n    - targets: ['alertmanager:9094']\nscrape_configs: []\n",
    mended: "apiVersion: v1\nkind: Service\nmetadata: {name: alertmanager}\nspec: {ports: [{port: 9093}]}\n---8<---\nalerting:\n  alertmanagers:\n  - static_configs:\n    - targets: ['alertmanager:9093']\nscrape_configs: []\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let addresses = super::addresses(wiring);
    let missing = addresses.iter().filter_map(|address| {
        let Reached::Service(service) = wiring.reach(&address.host, address.from.as_deref()) else {
            return None;
        };
        let port = address.port?;
        let known = service.complete && !service.ports.is_empty();
        if !known || service.ports.iter().any(|own| own.number == port) {
            return None;
        }
        let has: Vec<String> = service.ports.iter().map(|port| port.number.to_string()).collect();
        Some(
            Diagnostic::error("", format!("the Service `{}` has no port {port}", service.name.value))
                .at(&address.place)
                .label("nobody answers here")
                .related(&service.name.span, format!("has {}", has.join(", "))),
        )
    });
    let missing: Vec<Diagnostic> = missing.collect();
    let untargeted = wiring
        .services
        .iter()
        .flat_map(|service| service.ports.iter().filter_map(move |port| untargeted(wiring, service, port)));
    missing.into_iter().chain(untargeted).collect()
}

/// A port of a Service that no container of its pods has.
fn untargeted(wiring: &Wiring, service: &Service, port: &ServicePort) -> Option<Diagnostic> {
    if service.selector.is_empty() {
        return None;
    }
    let selected = |workload: &&Workload| {
        workload.namespace == service.namespace
            && service.selector.iter().all(|(name, value)| workload.labels.get(name) == Some(value))
    };
    let workload = wiring.workloads.iter().find(selected)?;
    let ports = || workload.containers.iter().flat_map(|container| &container.ports);
    let serves = |target: &str| ports().any(|own| own.name == target || own.number.to_string() == target);
    let named = port.target.parse::<u16>().is_err();
    // A name has to be listed. A number need not, so it counts only where the Service meets no port at all.
    let lost = match named {
        true => !serves(&port.target),
        false => ports().next().is_some() && !service.ports.iter().any(|port| serves(&port.target)),
    };
    lost.then(|| {
        let found = Diagnostic::error("", format!("no container listens at port {}", port.target))
            .at(&port.place)
            .label(format!("the pods of `{}` don't have it", service.name.value))
            .related(&workload.place, "their ports are listed here");
        match named {
            true => found,
            false => found.because("assuming that the containers listen only at the ports they list"),
        }
    })
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn a_service_s_port_leads_to_a_port_of_its_pods() {
        let guide = |target: &str| {
            format!(
                "```yaml\napiVersion: v1\nkind: Service\nmetadata: {{name: a}}\nspec:\n  selector: {{app: a}}\n  ports:\n  \
                 - port: 80\n    targetPort: {target}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: \
                 a}}\nspec:\n  template:\n    metadata: {{labels: {{app: a, b: c}}}}\n    spec:\n      containers:\n      - \
                 image: a\n        ports: [{{containerPort: 8080, name: http}}]\n```\n"
            )
        };
        check("port-not-served", &guide("8080"), &[]);
        check("port-not-served", &guide("http"), &[]);
        check("port-not-served", &guide("8081"), &["9:17 no container listens at port 8081"]);
        check("port-not-served", &guide("web"), &["9:17 no container listens at port web"]);
    }
}
