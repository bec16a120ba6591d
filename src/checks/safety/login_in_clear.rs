//! Logins that cross the Internet unencrypted.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::wiring::{Object, Release, Wiring};

pub const CHECK: Check = Check {
    id: "login-in-clear",
    harm: Harm::Risk,
    title: "passwords come to this load balancer unencrypted",
    explanation: "Grafana speaks plain HTTP unless told otherwise, and a load balancer that only passes it on does not change that: whoever \
                  logs in from outside sends the password in clear. End TLS at the load balancer, or put an Ingress with a certificate \
                  before it.",
    example: "grafana: {adminPassword: '${PASSWORD}'}\n```\n```sh\nhelm install grafana grafana/grafana --set service.type=LoadBalancer\n",
    mended: "grafana: {adminPassword: '${PASSWORD}'}\n```\n```sh\nhelm install grafana grafana/grafana --set ingress.enabled=true\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let charts = wiring.releases.iter().filter_map(of_chart);
    let services = wiring.objects_of("Service").filter_map(|object| of_service(wiring, object));
    charts.chain(services).collect()
}

/// What annotations say of TLS, or of a network that is not the Internet.
fn is_safe(key: &str) -> bool {
    ["ssl", "tls", "cert", "internal"].iter().any(|word| key.contains(word))
}

fn of_chart(release: &Release) -> Option<Diagnostic> {
    let prefix = match release.chart.value.as_str() {
        "grafana" => "",
        "kube-prometheus-stack" => "grafana.",
        _ => return None,
    };
    let get = |key: &str| release.values.get(&format!("{prefix}{key}"));
    let kind = get("service.type").filter(|kind| kind.value == "LoadBalancer")?;
    let annotations = format!("{prefix}service.annotations.");
    let safe = release.values.keys().any(|key| key.strip_prefix(&annotations).is_some_and(is_safe))
        || get("grafana.ini.server.protocol")
            .is_some_and(|protocol| protocol.value.starts_with("http") && protocol.value != "http");
    (!safe).then(|| told(kind))
}

fn of_service(wiring: &Wiring, object: &Object) -> Option<Diagnostic> {
    let kind = object.get("spec.type").filter(|kind| kind.value == "LoadBalancer")?;
    let mut services = wiring.services.iter();
    let service = services.find(|service| {
        service.name.value == object.name.value && service.namespace.as_deref() == Some(object.namespace())
    })?;
    let workload = wiring.selected(service)?;
    let grafana = workload.containers.iter().find(|container| {
        container.runs("grafana/grafana")
            || container.runs("grafana/grafana-oss")
            || container.runs("grafana/grafana-enterprise")
    })?;
    let encrypted = grafana.variable("GF_SERVER_PROTOCOL").is_some_and(|protocol| protocol.value != "http")
        || !grafana.mounts.is_empty()
            && grafana.mounts.iter().any(|mount| mount.path.value.ends_with("grafana.ini"));
    let safe = object.annotations.keys().any(|key| is_safe(key));
    // Something else may stand beside it in the pod, and end TLS.
    (!encrypted && !safe && workload.containers.len() == 1).then(|| told(kind))
}

fn told(kind: &Spanned<String>) -> Diagnostic {
    Diagnostic::warning("", "passwords for Grafana come here unencrypted")
        .at(&kind.span)
        .label("passes plain HTTP on")
        .because("assuming that nothing before it ends TLS")
        .help("put an Ingress with a certificate before it, or end TLS at the load balancer, by its annotations")
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn tls_may_end_at_the_load_balancer_or_in_grafana() {
        let guide = |values: &str| {
            format!(
                "```sh\nhelm install g grafana/grafana -f values.yaml\n```\n```yaml\n# values.yaml\nservice:\n  type: LoadBalancer\n{values}```\n"
            )
        };
        let id = "login-in-clear";
        let found = ["7:9 passwords for Grafana come here unencrypted"];
        check(id, &guide(""), &found);
        check(
            id,
            &guide("  annotations: {service.beta.kubernetes.io/aws-load-balancer-type: nlb}\n"),
            &found,
        );
        check(
            id,
            &guide("  annotations: {service.beta.kubernetes.io/aws-load-balancer-ssl-cert: arn}\n"),
            &[],
        );
        check(id, &guide("grafana.ini: {server: {protocol: https}}\n"), &[]);
    }
}
