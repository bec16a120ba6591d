//! Certificates that nobody issues.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "issuer-not-documented",
    harm: Harm::Risk,
    title: "no document has the issuer of this Ingress' certificate",
    explanation: "cert-manager makes the certificate of an annotated Ingress, by an Issuer or ClusterIssuer of that name. Without the one or the \
                  other the Secret is never made: the controller answers with a certificate of its own, which browsers refuse.",
    example: "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: grafana, annotations: {cert-manager.io/cluster-issuer: letsencrypt}}\nspec: {rules: [{host: grafana.example.org}]}\n",
    mended: "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: grafana, annotations: {cert-manager.io/cluster-issuer: letsencrypt}}\nspec: {rules: [{host: grafana.example.org}]}\n---\napiVersion: cert-manager.io/v1\nkind: ClusterIssuer\nmetadata: {name: letsencrypt}\nspec: {acme: {email: ops@example.org}}\n",
    find,
};

const KINDS: [(&str, &str); 2] =
    [("cert-manager.io/cluster-issuer", "ClusterIssuer"), ("cert-manager.io/issuer", "Issuer")];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for object in wiring.objects_of("Ingress") {
        for (annotation, kind) in KINDS {
            let Some(name) = object.annotations.get(annotation) else { continue };
            let there =
                wiring.objects.iter().any(|other| other.kind.value == kind && other.name.value == name.value);
            if there {
                continue;
            }
            let installed = wiring.releases.iter().any(|release| release.chart.value == "cert-manager");
            found.push(
                Diagnostic::warning("", format!("no document has the {kind} `{}`", name.value))
                    .at(&name.span)
                    .label("issues the certificate")
                    .because(match installed {
                        true => "assuming that nothing undocumented makes it",
                        false => "assuming that nothing undocumented makes it; nothing installs cert-manager, either",
                    })
                    .help(format!("document the {kind}, and how cert-manager is installed")),
            );
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn an_issuer_is_of_the_kind_that_is_asked_for() {
        let guide = |kind: &str| {
            format!(
                "```yaml\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: a, annotations: {{cert-manager.io/issuer: x}}}}\n---\napiVersion: cert-manager.io/v1\nkind: {kind}\nmetadata: {{name: x}}\n```\n"
            )
        };
        check("issuer-not-documented", &guide("Issuer"), &[]);
        check("issuer-not-documented", &guide("ClusterIssuer"), &["4:59 no document has the Issuer `x`"]);
    }
}
