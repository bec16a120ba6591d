//! Ingresses that claim the same host and path.

use crate::checks::{Check, Harm, chart_value_ignored};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::wiring::{Release, Wiring};

pub const CHECK: Check = Check {
    id: "ingress-host-twice",
    harm: Harm::Breaks,
    title: "two Ingresses claim the same host and path",
    explanation: "ingress-nginx refuses the second Ingress for a host and path when it is applied: `host \"…\" and path \"/\" is already \
                  defined in ingress …`. Where its admission webhook is switched off, only the older one gets the requests. The values of \
                  charts make Ingresses, too. Those that are meant to share a host say so, as a canary does.",
    example: "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a}\nspec:\n  ingressClassName: nginx\n  rules:\n  - host: ops.example.org\n    http: {paths: [{path: /, backend: {service: {name: a, port: {number: 80}}}}]}\n---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: b}\nspec:\n  ingressClassName: nginx\n  rules:\n  - host: ops.example.org\n    http: {paths: [{path: /, backend: {service: {name: b, port: {number: 80}}}}]}\n",
    mended: "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a}\nspec:\n  ingressClassName: nginx\n  rules:\n  - host: ops.example.org\n    http: {paths: [{path: /, backend: {service: {name: a, port: {number: 80}}}}]}\n---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: b}\nspec:\n  ingressClassName: nginx\n  rules:\n  - host: ops.example.org\n    http: {paths: [{path: /b, backend: {service: {name: b, port: {number: 80}}}}]}\n",
    find,
};

/// A host and path that an Ingress wants to itself.
struct Claim<'w> {
    host: &'w Spanned<String>,
    path: &'w str,
    /// Its namespace and name, or its chart's.
    of: (&'w str, &'w str),
}

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let claims: Vec<Claim> = of_objects(wiring).into_iter().chain(of_charts(wiring)).collect();
    let mut found = Vec::new();
    for (at, claim) in claims.iter().enumerate() {
        let same = |other: &&Claim| {
            other.host.value == claim.host.value && other.path == claim.path && other.of != claim.of
        };
        let Some(first) = claims[..at].iter().find(same) else { continue };
        found.push(
            Diagnostic::error("", format!("two Ingresses claim {}{}", claim.host.value, claim.path))
                .at(&claim.host.span)
                .label(format!("`{}` claims it", claim.of.1))
                .related(&first.host.span, format!("`{}` claims it, too", first.of.1))
                .because(
                    "ingress-nginx refuses the second: `host and path are already defined`; assuming that its admission \
                     webhook is on, as it is by default",
                )
                .help("leave out the one or the other"),
        );
    }
    found
}

fn is_nginx(class: Option<&str>) -> bool {
    class.is_some_and(|class| class.contains("nginx"))
}

fn of_objects(wiring: &Wiring) -> Vec<Claim<'_>> {
    let ingresses = wiring.ingresses.iter();
    let plain = ingresses.filter(|ingress| is_nginx(ingress.class.as_deref()) && !ingress.shares);
    let claims = plain.flat_map(|ingress| {
        let of = (ingress.namespace.as_str(), ingress.name.value.as_str());
        let backends = ingress.backends.iter();
        backends
            .filter_map(move |backend| Some(Claim { host: backend.host.as_ref()?, path: &backend.path, of }))
    });
    claims.collect()
}

/// `grafana.ingress.hosts` and the like, where they are switched on and have one path.
fn of_charts(wiring: &Wiring) -> Vec<Claim<'_>> {
    let ignored = chart_value_ignored::ignored(wiring);
    let mut claims = Vec::new();
    for release in &wiring.releases {
        for (key, host) in &release.values {
            let Some(above) = key.strip_suffix("ingress.hosts[]") else { continue };
            let on = release.sets(&format!("{above}ingress.enabled"), "true");
            if !on || chart_value_ignored::is_among(&ignored, &host.span) || !is_nginx(class(release, above))
            {
                continue;
            }
            let path = release.values.get(&format!("{above}ingress.path"));
            let path = path.map_or("/", |path| path.value.as_str());
            claims.push(Claim { host, path, of: (&release.namespace, &release.chart.value) });
        }
    }
    claims
}

fn class<'r>(release: &'r Release, above: &str) -> Option<&'r str> {
    let keys = ["ingressClassName", "annotations.kubernetes.io/ingress.class"];
    let mut values = keys.iter().filter_map(|key| release.values.get(&format!("{above}ingress.{key}")));
    values.next().map(|value| value.value.as_str())
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    const HOST: &str = "ops.example.org";

    fn ingress(name: &str, class: &str, annotations: &str, path: &str) -> String {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: {name}, annotations: {{{annotations}}}}}\nspec:\n  {class}\n  rules:\n  - host: {HOST}\n    http: {{paths: [{{path: {path}, backend: {{service: {{name: {name}, port: {{number: 80}}}}}}}}]}}\n"
        )
    }

    #[test]
    fn only_the_same_host_and_path_of_the_same_controller_clash() {
        let guide = |class: &str, annotations: &str, path: &str| {
            let first = ingress("a", "ingressClassName: nginx", "", "/");
            format!("```yaml\n{first}---\n{}```\n", ingress("b", class, annotations, path))
        };
        let (id, nginx) = ("ingress-host-twice", "ingressClassName: nginx");
        let clash = "17:11 two Ingresses claim ops.example.org/";
        check(id, &guide(nginx, "", "/"), &[clash]);
        check(id, &guide("x: y", "kubernetes.io/ingress.class: nginx", "/"), &[clash]);
        check(id, &guide(nginx, "", "/other"), &[]);
        check(id, &guide("ingressClassName: traefik", "", "/"), &[]);
        check(id, &guide(nginx, "nginx.ingress.kubernetes.io/canary: 'true'", "/"), &[]);
    }

    #[test]
    fn a_chart_makes_ingresses_of_its_values() {
        let guide = |enabled: bool| {
            format!(
                "```yaml\n{}```\n```sh\nhelm install g grafana/grafana -f values.yaml\n```\n```yaml\n# values.yaml\ningress:\n  enabled: {enabled}\n  ingressClassName: nginx\n  hosts: [{HOST}]\n```\n",
                ingress("a", "ingressClassName: nginx", "", "/")
            )
        };
        let clash = "19:11 two Ingresses claim ops.example.org/";
        check("ingress-host-twice", &guide(true), &[clash]);
        check("ingress-host-twice", &guide(false), &[]);
    }
}
