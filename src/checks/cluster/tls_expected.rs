//! Plain HTTP to an Elasticsearch that answers only over TLS.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::wiring::{Reached, Wiring};

pub const CHECK: Check = Check {
    id: "tls-expected",
    harm: Harm::Breaks,
    title: "this Elasticsearch answers only over HTTPS",
    explanation: "Elastic's operator and, since version 8, Elastic's chart serve Elasticsearch over TLS, with a password. \
                  Plain HTTP is refused (`received plaintext http traffic on an https channel`): nothing is stored.",
    example: "apiVersion: elasticsearch.k8s.elastic.co/v1\nkind: Elasticsearch\nmetadata: {name: logs}\nspec: {version: 8.8.0}\n---\napiVersion: beat.k8s.elastic.co/v1beta1\nkind: Beat\nmetadata: {name: f}\nspec:\n  config:\n    output.elasticsearch: {hosts: ['logs-es-http:9200']}\n",
    mended: "apiVersion: elasticsearch.k8s.elastic.co/v1\nkind: Elasticsearch\nmetadata: {name: logs}\nspec: {version: 8.8.0}\n---\napiVersion: beat.k8s.elastic.co/v1beta1\nkind: Beat\nmetadata: {name: f}\nspec:\n  config:\n    output.elasticsearch: {hosts: ['https://logs-es-http:9200']}\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let settings = wiring.settings.iter().map(|setting| (setting.path.as_str(), &setting.value));
    let values = wiring.releases.iter().flat_map(|release| &release.values);
    let values = values.map(|(path, value)| (path.as_str(), value));
    let mut found: Vec<Diagnostic> = Vec::new();
    for (path, value) in settings.chain(values) {
        let Some(host) = plain_host(path, value) else { continue };
        let Reached::Service(service) = wiring.reach(host, None) else { continue };
        let Some(made_by) = service.made_by.as_deref() else { continue };
        if !made_by.contains("Elasticsearch") && !made_by.ends_with(" of elasticsearch")
            || speaks_http(wiring)
        {
            continue;
        }
        let diagnostic = Diagnostic::error("", format!("`{}` answers only over HTTPS", service.name.value))
            .at(&value.span)
            .label("plain HTTP")
            .related(&service.name.span, format!("made by {made_by}"))
            .help("write `https://`, with the CA and the password that are made for it");
        let diagnostic = match made_by.starts_with("the operator") {
            true => diagnostic,
            false => diagnostic.because("assuming version 8 of the chart, the last there is"),
        };
        if !found.iter().any(|known| known.same_as(&diagnostic)) {
            found.push(diagnostic);
        }
    }
    found
}

/// The host of an `http://` address, or of one that a Beat takes for such.
fn plain_host<'v>(path: &str, value: &'v Spanned<String>) -> Option<&'v str> {
    let text = value.value.as_str();
    let rest = match text.split_once("://") {
        Some(("http", rest)) => rest,
        Some(_) => return None,
        None if path.ends_with("output.elasticsearch.hosts[]") => text,
        None => return None,
    };
    rest.split(['/', ':']).next().filter(|host| !host.is_empty())
}

/// TLS is turned off somewhere in the documents.
fn speaks_http(wiring: &Wiring) -> bool {
    let off = |path: &str, value: &str| {
        path.ends_with("selfSignedCertificate.disabled") && value == "true"
            || path == "protocol" && value == "http"
            || path.ends_with("xpack.security.enabled") && value == "false"
    };
    let settings = wiring.settings.iter().any(|setting| off(&setting.path, &setting.value.value));
    let values = wiring.releases.iter().flat_map(|release| &release.values);
    settings || values.into_iter().any(|(path, value)| off(path, &value.value))
}
