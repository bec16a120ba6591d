//! Connections whose other end may be anybody.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::wiring::{PartKind, Wiring};

pub const CHECK: Check = Check {
    id: "tls-not-verified",
    harm: Harm::Risk,
    title: "the certificate of the other end is not verified",
    explanation: "Without verification TLS hides the connection from those who only listen, not from those who answer in \
                  the other end's place: they get the token or password that is sent along.",
    example: "# prometheus.yml\nscrape_configs:\n- job_name: nodes\n  scheme: https\n  tls_config: {insecure_skip_verify: true}\n  static_configs: [{targets: ['node:10250']}]\n",
    mended: "# prometheus.yml\nscrape_configs:\n- job_name: nodes\n  scheme: https\n  tls_config: {ca_file: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt}\n  static_configs: [{targets: ['node:10250']}]\n",
    find,
};

/// A key, as its last word, and the value that turns verification off.
const OFF: [(&str, &str); 7] = [
    ("insecure_skip_verify", "true"),
    ("insecureSkipVerify", "true"),
    ("tlsSkipVerify", "true"),
    ("skip_verify", "true"),
    ("verification_mode", "none"),
    ("verificationMode", "none"),
    ("smtp_require_tls", "false"),
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut places: Vec<Spanned<String>> = Vec::new();
    let settings = wiring.settings.iter().filter(|setting| {
        OFF.iter().any(|(key, value)| {
            setting.key().rsplit('.').next() == Some(key) && setting.value.value == *value
        })
    });
    places.extend(settings.map(|setting| setting.value.clone()));
    // Configs of which the values are not listed one by one.
    for part in
        wiring.parts.iter().filter(|part| matches!(part.kind, PartKind::Prometheus | PartKind::FluentBit))
    {
        let text = part.source.text();
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            let mut words = line.split_whitespace();
            let (key, value) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let off = match part.kind {
                PartKind::FluentBit => {
                    key.eq_ignore_ascii_case("tls.verify") && value.eq_ignore_ascii_case("off")
                }
                _ => key == "insecure_skip_verify:" && value == "true",
            };
            if let Some(column) = line.find(key).filter(|_| off) {
                let end = at + line.trim_end().len();
                places.push(Spanned::new(value.to_owned(), part.source.span(at + column..end)));
            }
            at += line.len();
        }
    }
    let found = places.iter().map(|value| {
        Diagnostic::warning("", "nobody verifies who answers")
            .at(&value.span)
            .label("turns the verification off")
    });
    found.collect()
}
