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
        let off = match part.kind {
            PartKind::FluentBit => ["tls.verify off", "tls.verify 0"],
            _ => ["insecure_skip_verify: true", "insecure_skip_verify: yes"],
        };
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            let words: Vec<&str> = line.split_whitespace().collect();
            let plain = words.join(" ").to_lowercase();
            if !plain.starts_with('#') && off.iter().any(|off| plain.contains(off)) {
                let start =
                    at + line.find("insecure_skip_verify").unwrap_or(line.len() - line.trim_start().len());
                let value = words.last().copied().unwrap_or_default();
                places.push(Spanned::new(
                    value.to_owned(),
                    part.source.span(start..at + line.trim_end().len()),
                ));
            }
            at += line.len();
        }
    }
    let found = places.iter().map(|value| {
        Diagnostic::warning("", "nobody verifies who answers")
            .at(&value.span)
            .label("turns the verification off")
            .shared("verification turned off")
    });
    found.collect()
}
