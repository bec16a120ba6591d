//! Programs that an Ingress leads to, and that don't know it.

use crate::checks::safety::open_to_all::known;
use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{Release, Wiring};

pub const CHECK: Check = Check {
    id: "external-url-missing",
    harm: Harm::Risk,
    title: "links in notifications don't lead to the address that an Ingress opens",
    explanation: "Prometheus and Alertmanager put links to themselves into each notification, made of `--web.external-url`. Without it \
                  they take a pod's or a Service's name, which opens nowhere outside of the cluster, however well \
                  the Ingress works. Whoever is paged then clicks on a link that does not answer.",
    example: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: alertmanager, namespace: monitoring}\nspec:\n  template:\n    spec:\n      containers:\n      - {name: am, image: 'prom/alertmanager:v0.25.0', args: ['--config.file=/etc/am.yml']}\n---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: am, namespace: monitoring, annotations: {nginx.ingress.kubernetes.io/auth-type: basic}}\nspec:\n  rules:\n  - host: alerts.example.org\n    http: {paths: [{backend: {service: {name: alertmanager, port: {number: 9093}}}}]}\n",
    mended: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: alertmanager, namespace: monitoring}\nspec:\n  template:\n    spec:\n      containers:\n      - {name: am, image: 'prom/alertmanager:v0.25.0', args: ['--config.file=/etc/am.yml', '--web.external-url=https://alerts.example.org']}\n---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: am, namespace: monitoring, annotations: {nginx.ingress.kubernetes.io/auth-type: basic}}\nspec:\n  rules:\n  - host: alerts.example.org\n    http: {paths: [{backend: {service: {name: alertmanager, port: {number: 9093}}}}]}\n",
    find,
};

const CHART: &str = "kube-prometheus-stack";

/// A program that gives out links to itself, and where its own address is said.
struct Linking {
    name: &'static str,
    images: [&'static str; 2],
    /// The chart's values: the address, and the Ingress that it would be made of.
    values: [&'static str; 2],
}

const LINKING: [Linking; 2] = [
    Linking {
        name: "Prometheus",
        images: ["prom/prometheus", "prometheus/prometheus"],
        values: ["prometheus.prometheusSpec.externalUrl", "prometheus.ingress.enabled"],
    },
    Linking {
        name: "Alertmanager",
        images: ["prom/alertmanager", "prometheus/alertmanager"],
        values: ["alertmanager.alertmanagerSpec.externalUrl", "alertmanager.ingress.enabled"],
    },
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    LINKING.iter().filter_map(|program| judge(program, wiring)).collect()
}

fn judge(program: &Linking, wiring: &Wiring) -> Option<Diagnostic> {
    let backends = wiring.ingresses.iter().flat_map(|ingress| &ingress.backends);
    let mut leading = backends.filter(|backend| {
        let port = backend.port.as_ref().and_then(|port| port.value.parse().ok());
        backend.host.is_some() && known(&backend.service.value, port) == Some(program.name)
    });
    let host = leading.next()?.host.as_ref()?;
    let containers =
        || program.images.iter().flat_map(|image| wiring.running(image)).map(|(_, container)| container);
    let release = wiring.release_of(CHART).filter(|release| release.complete);
    let object = wiring.objects.iter().any(|object| object.kind.value == program.name);
    let told_by_container = containers().any(|container| container.flag("web.external-url").is_some());
    let told = told_by_container || object || release.is_some_and(|release| tells(release, program));
    let help = match (containers().next(), release) {
        _ if told => return None,
        (Some(_), _) => format!("start it with `--web.external-url=https://{}`", host.value),
        (None, Some(_)) => format!("set `{}: https://{}` in the values", program.values[0], host.value),
        (None, None) => return None,
    };
    Some(
        Diagnostic::warning("", format!("{}'s links in notifications don't lead here", program.name))
            .at(&host.span)
            .label("it does not know this address")
            .because("nothing sets its external URL: it takes a name that only the cluster knows")
            .help(help),
    )
}

fn tells(release: &Release, program: &Linking) -> bool {
    let [url, ingress] = program.values;
    let set = |path: &str| {
        release.values.get(path).is_some_and(|value| !matches!(value.value.as_str(), "" | "false"))
    };
    set(url) || set(ingress)
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn a_chart_s_values_may_say_it() {
        let guide = |values: &str| {
            format!(
                "```bash\nhelm install p prometheus-community/kube-prometheus-stack -n m {values}\n```\n```yaml\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: p, namespace: m}}\nspec:\n  rules:\n  - host: p.example.org\n    http: {{paths: [{{backend: {{service: {{name: p-kube-prometheus-stack-prometheus, port: {{number: 9090}}}}}}}}]}}\n```\n"
            )
        };
        let id = "external-url-missing";
        check(id, &guide(""), &["10:11 Prometheus's links in notifications don't lead here"]);
        check(id, &guide("--set prometheus.prometheusSpec.externalUrl=https://p.example.org"), &[]);
        check(id, &guide("--set prometheus.ingress.enabled=true"), &[]);
        check(id, &guide("--values own.yaml"), &[]);
    }

    #[test]
    fn an_ingress_to_a_program_that_no_document_starts_says_nothing() {
        let guide = "```yaml\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: p}\nspec: {rules: [{host: p.example.org, http: {paths: [{backend: {service: {name: prometheus, port: {number: 9090}}}}]}}]}\n```\n";
        check("external-url-missing", guide, &[]);
    }
}
