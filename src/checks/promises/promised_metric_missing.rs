//! What a list says is measured, and nothing measures.

use super::{Missing, folded, lists, named, subject};
use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{Listed, Wiring};

pub const CHECK: Check = Check {
    id: "promised-metric-missing",
    harm: Harm::Silent,
    title: "the guide lists what to measure, and nothing measures it",
    explanation: "A list of key metrics says what the team wants to see. An item counts as kept if a metric of the \
                  code, a query, a panel's title or a rule is about it.",
    example: "# rules.yml\ngroups:\n- name: a\n  rules:\n  - alert: A\n    expr: rate(http_requests_total[5m]) > 1\n```\n\n## Business Metrics\n- Request rate\n- User registrations\n\n```sh\necho\n",
    mended: "# rules.yml\ngroups:\n- name: a\n  rules:\n  - alert: A\n    expr: rate(http_requests_total[5m]) > 1\n  - record: registrations\n    expr: rate(user_registrations_total[5m])\n```\n\n## Business Metrics\n- Request rate\n- User registrations\n\n```sh\necho\n",
    find,
};

/// What charts and exporters of the infrastructure bring.
const OF_STACK: &str =
    "cpu memory disk filesystem network pod pods node nodes container restarts io saturation";

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut measured = subject::measured(wiring);
    if measured.is_empty() {
        return Vec::new();
    }
    if wiring.releases.iter().any(|release| release.chart.value == "kube-prometheus-stack") {
        measured.push(OF_STACK.to_owned());
    }
    let mut found = Vec::new();
    for list in lists(wiring.prose.iter().filter(|item| is_metric_list(item))) {
        let missing = list.iter().copied().filter(|item| {
            // `Resources: CPU, memory` is kept by any of them.
            let (_, things) = item.text.value.split_once(':').unwrap_or(("", &item.text.value));
            let things: Vec<Vec<String>> = things.split(',').map(subject::words_or_weak).collect();
            let is_measured =
                |words: &Vec<String>| measured.iter().any(|text| subject::is_about(text, words));
            !things.iter().any(|words| words.is_empty() || is_measured(words))
        });
        let missing: Vec<Missing> =
            missing.map(|item| (item, "no metric, query or panel is about this".to_owned())).collect();
        // A single stray item is rather a word that is not understood.
        if missing.is_empty() || missing.len() * 3 < list.len() {
            continue;
        }
        let message =
            format!("nothing measures {} of these {}: {}", missing.len(), list.len(), named(&missing));
        found.push(
            folded(&missing, message).because(
                "looked for it in the code's metrics, the rules, the queries and the panels' titles",
            ),
        );
    }
    found
}

fn is_metric_list(item: &Listed) -> bool {
    let heading = item.heading().to_lowercase();
    heading.ends_with("metrics") || heading.ends_with("metrics to monitor")
}
