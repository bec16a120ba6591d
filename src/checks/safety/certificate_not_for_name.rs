//! Names under which Elastic's operator opens a program, and for which its certificate is not.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{Object, Wiring};

pub const CHECK: Check = Check {
    id: "certificate-not-for-name",
    harm: Harm::Risk,
    title: "the certificate is not for the name by which it is opened",
    explanation: "The certificate that Elastic's operator makes is for the names of its Service alone. Whoever comes by another name, through a \
                  load balancer, is told that the certificate is for somebody else, and clients refuse to connect. Name it under \
                  `http.tls.selfSignedCertificate.subjectAltNames`, or give a certificate of an authority that browsers know, under \
                  `http.tls.certificate`.",
    example: "apiVersion: kibana.k8s.elastic.co/v1\nkind: Kibana\nmetadata: {name: logs}\nspec:\n  version: 8.8.0\n  config: {server.publicBaseUrl: 'https://kibana.example.org:5601'}\n  http: {service: {spec: {type: LoadBalancer}}}\n",
    mended: "apiVersion: kibana.k8s.elastic.co/v1\nkind: Kibana\nmetadata: {name: logs}\nspec:\n  version: 8.8.0\n  config: {server.publicBaseUrl: 'https://kibana.example.org:5601'}\n  http: {service: {spec: {type: LoadBalancer}}, tls: {certificate: {secretName: kibana-tls}}}\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let operated = wiring.objects_of("Kibana");
    operated.filter(|object| object.api_version.value.contains("k8s.elastic.co")).filter_map(judge).collect()
}

fn judge(kibana: &Object) -> Option<Diagnostic> {
    let opened = kibana.get("spec.http.service.spec.type").filter(|kind| kind.value == "LoadBalancer")?;
    let url = kibana.get("spec.config.server.publicBaseUrl")?;
    let host = url.value.strip_prefix("https://")?.split(['/', ':']).next()?;
    let stated = kibana.settings.iter().any(|setting| {
        setting.path.starts_with("spec.http.tls.certificate")
            || setting.path == "spec.http.tls.selfSignedCertificate.disabled" && setting.value.value == "true"
            || setting.path.starts_with("spec.http.tls.selfSignedCertificate.subjectAltNames")
                && setting.value.value == host
    });
    (!stated).then(|| {
        Diagnostic::warning("", format!("no certificate is for {host}"))
            .at(&url.span)
            .label("what Kibana calls itself in links")
            .related(&opened.span, "opened with the operator's own certificate, for the Service's names")
            .because("assuming that nothing before it ends TLS, browsers and clients refuse it")
            .help("give a certificate for this name under `spec.http.tls.certificate`")
    })
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn a_name_that_the_certificate_has_is_right() {
        let guide = |kind: &str, tls: &str| {
            format!(
                "```yaml\napiVersion: kibana.k8s.elastic.co/v1\nkind: Kibana\nmetadata: {{name: k}}\nspec:\n  config: {{server.publicBaseUrl: 'https://k.example.org'}}\n  http: {{service: {{spec: {{type: {kind}}}}}, tls: {{{tls}}}}}\n```\n"
            )
        };
        let id = "certificate-not-for-name";
        check(id, &guide("LoadBalancer", ""), &["6:34 no certificate is for k.example.org"]);
        check(id, &guide("ClusterIP", ""), &[]);
        check(id, &guide("LoadBalancer", "certificate: {secretName: a}"), &[]);
        let named = "selfSignedCertificate: {subjectAltNames: [{dns: k.example.org}]}";
        check(id, &guide("LoadBalancer", named), &[]);
        let other = "selfSignedCertificate: {subjectAltNames: [{dns: other.example.org}]}";
        check(id, &guide("LoadBalancer", other), &["6:34 no certificate is for k.example.org"]);
    }
}
