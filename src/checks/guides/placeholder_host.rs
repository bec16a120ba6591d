//! Hosts that nobody has filled in.

use crate::checks::{Check, Harm, chart_value_ignored};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "placeholder-host",
    harm: Harm::Risk,
    title: "this host is a placeholder",
    explanation: "Applied as it stands, the Ingress is for a name that nobody has: no certificate is issued for it, and nobody gets in by it.",
    example: "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: g}\nspec:\n  rules:\n  - host: grafana.your-domain.com\n    http: {paths: [{backend: {service: {name: grafana, port: {number: 80}}}}]}\n",
    mended: "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: g}\nspec:\n  rules:\n  - host: grafana.todo.app\n    http: {paths: [{backend: {service: {name: grafana, port: {number: 80}}}}]}\n",
    find,
};

const KEYS: [&str; 6] = ["host", "hosts[]", "hostname", "domain", "root_url", "externalUrl"];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut places: Vec<&Spanned<String>> = Vec::new();
    for setting in &wiring.settings {
        if KEYS.contains(&setting.key()) && is_placeholder(&setting.value.value) {
            places.push(&setting.value);
        }
    }
    // What a chart passes over says nothing of the others.
    let ignored = chart_value_ignored::ignored(wiring);
    let is_ignored = |place: &&Spanned<String>| chart_value_ignored::is_among(&ignored, &place.span);
    places.sort_by_key(is_ignored);
    let kept = places.iter().filter(|place| !is_ignored(place)).count();
    places.truncate(kept.max(1));
    let Some(first) = places.first() else { return Vec::new() };
    let found = Diagnostic::warning("", "this host is a placeholder")
        .at(&first.span)
        .label("nobody has filled this in");
    vec![places.iter().skip(1).fold(found, |found, place| found.related(&place.span, "nor this"))]
}

/// `your-domain.com`, `yourcompany.example`
fn is_placeholder(host: &str) -> bool {
    let host = host.to_lowercase();
    let host = host.split_once("://").map_or(host.as_str(), |(_, rest)| rest);
    let mut labels = host.split(['.', '/', ':']);
    labels.any(|label| {
        ["your-", "your_", "yourdomain", "yourcompany", "my-domain", "mydomain", "changeme"]
            .iter()
            .any(|word| label.starts_with(word))
            || label.starts_with('<') && label.ends_with('>')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_have_your_in_it() {
        for placeholder in ["jaeger.your-domain.com", "https://yourdomain.com/x", "grafana.<domain>"] {
            assert!(is_placeholder(placeholder), "{placeholder}");
        }
        for name in ["grafana.example.com", "yourself.org", "todo.app", "tours.com"] {
            assert!(!is_placeholder(name), "{name}");
        }
    }
}
