//! Addresses under which a program says to be reachable, and where nothing leads to it.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::wiring::{Object, Wiring};

pub const CHECK: Check = Check {
    id: "external-url-unserved",
    harm: Harm::Risk,
    title: "nothing leads to the address that this program gives out",
    explanation: "`--web.external-url` and Grafana's root URL are what notifications link to. Without an Ingress or a \
                  load balancer for that host each link of each page leads nowhere.",
    example: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: am}\nspec:\n  template:\n    spec:\n      containers:\n      - image: prom/alertmanager:v0.25.0\n        args: ['--web.external-url=https://alerts.example.org']\n",
    mended: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: am}\nspec:\n  template:\n    spec:\n      containers:\n      - image: prom/alertmanager:v0.25.0\n        args: ['--web.external-url=https://alerts.example.org']\n---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: am, annotations: {nginx.ingress.kubernetes.io/auth-type: basic}}\nspec: {rules: [{host: alerts.example.org}]}\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut places: Vec<(Spanned<String>, String)> = Vec::new();
    for workload in wiring.workloads.iter().filter(|workload| workload.namespace.is_some()) {
        // One that the load balancer of its own Service leads to has a name in DNS, which nobody documents.
        let outside = wiring.objects_of("Service").any(|object| {
            let outside = object
                .get("spec.type")
                .is_some_and(|kind| matches!(kind.value.as_str(), "LoadBalancer" | "NodePort"));
            outside && Some(object.namespace()) == workload.namespace.as_deref()
        });
        for container in workload.containers.iter().filter(|_| !outside) {
            let url = container
                .flag("web.external-url")
                .or_else(|| container.variable("GF_SERVER_ROOT_URL").cloned());
            let Some(url) = url else { continue };
            let host = url
                .value
                .split("://")
                .nth(1)
                .unwrap_or_default()
                .split([':', '/'])
                .next()
                .unwrap_or_default();
            let public = host.contains('.')
                && !host.ends_with(".svc")
                && !host.contains(".svc.")
                && !host.contains(['$', '{', '%']);
            let served =
                wiring.ingresses.iter().flat_map(|ingress| &ingress.hosts).any(|own| own.value == host)
                    || wiring.objects_of("HTTPRoute").next().is_some();
            if public && !served {
                places.push((url.clone(), host.to_owned()));
            }
        }
    }
    let mut found: Vec<Diagnostic> = wiring.objects_of("Kibana").filter_map(other_port).collect();
    let Some((first, host)) = places.first() else { return found };
    let diagnostic = Diagnostic::warning("", format!("nothing leads to {host}"))
        .at(&first.span)
        .label("what this program calls itself in links")
        .because("assuming that no undocumented Ingress or load balancer does")
        .help("add an Ingress for this host, with TLS and something that asks for a password");
    found.push(
        places
            .iter()
            .skip(1)
            .fold(diagnostic, |found, (url, host)| found.related(&url.span, format!("nor to {host}"))),
    );
    found
}

/// A Kibana that gives out another port than its load balancer has.
fn other_port(kibana: &Object) -> Option<Diagnostic> {
    let url = kibana.get("spec.config.server.publicBaseUrl")?;
    let (scheme, rest) = url.value.split_once("://")?;
    let authority = rest.split('/').next()?;
    let given = match authority.rsplit_once(':') {
        Some((_, port)) => port.parse().ok()?,
        None if scheme == "https" => 443,
        None => 80,
    };
    let outside = kibana.get("spec.http.service.spec.type").is_some_and(|kind| kind.value == "LoadBalancer");
    let port = kibana.get("spec.http.service.spec.ports[].port").filter(|_| outside)?;
    let own: u16 = port.value.parse().ok()?;
    (own != given).then(|| {
        Diagnostic::warning("", format!("nothing answers at port {given} of {authority}"))
            .at(&url.span)
            .label("what Kibana calls itself in links")
            .related(&port.span, format!("the load balancer has port {own}"))
            .because("assuming that this name leads to the load balancer and nothing stands before it")
            .help(format!("write `port: {given}` with `targetPort: 5601`, or add `:{own}` to the URL"))
    })
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn kibana_s_own_name_has_the_port_of_its_load_balancer() {
        let guide = |url: &str, kind: &str| {
            format!(
                "```yaml\napiVersion: kibana.k8s.elastic.co/v1\nkind: Kibana\nmetadata: {{name: k}}\nspec:\n  config: {{server.publicBaseUrl: '{url}'}}\n  http: {{service: {{spec: {{type: {kind}, ports: [{{port: 5601}}]}}}}}}\n```\n"
            )
        };
        let id = "external-url-unserved";
        let found = ["6:34 nothing answers at port 443 of k.example.org"];
        check(id, &guide("https://k.example.org", "LoadBalancer"), &found);
        check(id, &guide("https://k.example.org:5601", "LoadBalancer"), &[]);
        check(id, &guide("https://k.example.org", "ClusterIP"), &[]);
    }
}
