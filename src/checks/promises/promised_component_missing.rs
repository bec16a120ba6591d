//! Parts of the stack, and channels, that a guide names and nothing deploys or configures.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Span};
use crate::stack::wiring::{PartKind, Wiring};

pub const CHECK: Check = Check {
    id: "promised-component-missing",
    harm: Harm::Silent,
    title: "the guide names a part of the stack that nothing deploys",
    explanation: "An overview or a diagram with a component that the rest of the documents forget is believed all the \
                  same: by whoever expects a page, or looks for logs. A component counts as there if an image, a chart, an \
                  object or a config of it is documented.",
    example: "services:\n  prometheus: {image: 'prom/prometheus:v2.45.0'}\n```\n\n## Components\n- Alertmanager for notifications\n- Prometheus\n\n```sh\necho\n",
    mended: "services:\n  prometheus: {image: 'prom/prometheus:v2.45.0'}\n  alertmanager: {image: 'prom/alertmanager:v0.25.0'}\n```\n\n## Components\n- Alertmanager for notifications\n- Prometheus\n\n```sh\necho\n",
    find,
};

/// A component as it is written (in lower case), and words of which an image, a chart, a kind or a command that
/// brings it has one.
const COMPONENTS: [(&str, &str, &[&str]); 13] = [
    ("Alertmanager", "alertmanager", &["alertmanager", "kube-prometheus-stack"]),
    ("Grafana", "grafana", &["grafana", "kube-prometheus-stack"]),
    ("Loki", "loki", &["loki"]),
    ("Promtail", "promtail", &["promtail", "loki-stack"]),
    ("Fluent Bit", "fluent bit", &["fluent-bit", "fluentbit"]),
    ("Elasticsearch", "elasticsearch", &["elasticsearch"]),
    ("Kibana", "kibana", &["kibana"]),
    ("Logstash", "logstash", &["logstash"]),
    ("ELK", "elk", &["elasticsearch", "kibana", "logstash", "filebeat"]),
    ("Jaeger", "jaeger", &["jaeger"]),
    ("node_exporter", "node exporter", &["node-exporter", "node_exporter", "kube-prometheus-stack"]),
    ("kube-state-metrics", "kube state metrics", &["kube-state-metrics", "kube-prometheus-stack"]),
    ("Blackbox exporter", "blackbox exporter", &["blackbox"]),
];

/// A channel, and the key of a receiver's settings that leads to it.
const CHANNELS: [(&str, &str, &str); 5] = [
    ("PagerDuty", "pagerduty", "pagerduty_configs"),
    ("Opsgenie", "opsgenie", "opsgenie_configs"),
    ("Slack", "slack", "slack_configs"),
    ("Microsoft Teams", "microsoft teams", "msteams"),
    ("Telegram", "telegram", "telegram_configs"),
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    // Guides that stand the stack up; lone configs need not bring everything.
    if wiring.workloads.is_empty() && wiring.releases.is_empty() {
        return Vec::new();
    }
    let said = said(wiring);
    let mut found = Vec::new();
    for (name, word, marks) in COMPONENTS {
        let place = said.iter().find_map(|(text, span)| mentioned(text, span, word));
        let Some(place) = place.filter(|_| !is_there(wiring, marks, name)) else { continue };
        found.push(
            Diagnostic::error("", format!("nothing that is documented deploys {name}"))
                .at(&place)
                .label("named here as a part of the stack")
                .because("looked for an image, a chart, an object or a config of it"),
        );
    }
    // Where there is an Alertmanager to send.
    if wiring.alertmanagers.is_empty() {
        return found;
    }
    for (name, word, key) in CHANNELS {
        let place = said.iter().find_map(|(text, span)| mentioned(text, span, word));
        let sends = wiring.alertmanagers.iter().flat_map(|config| &config.settings);
        let mut sends = sends.filter(|setting| setting.path.contains(key));
        let Some(place) = place.filter(|_| sends.next().is_none()) else { continue };
        let receivers = &wiring.alertmanagers[0].place;
        found.push(
            Diagnostic::error("", format!("no receiver sends to {name}"))
                .at(&place)
                .label("named here as a part of the stack")
                .related(receivers, "the receivers are here")
                .because(format!("looked for `{key}`")),
        );
    }
    found
}

/// Items that are not of checklists and tests, their headings, and diagrams.
fn said(wiring: &Wiring) -> Vec<(String, Span)> {
    const OTHER: [&str; 9] = [
        "practice",
        "test",
        "checklist",
        "troubleshoot",
        "resource",
        "criteria",
        "next",
        "integration",
        "prerequisite",
    ];
    let mut said: Vec<(String, Span)> = Vec::new();
    for part in wiring.parts.iter().filter(|part| part.kind == PartKind::Unread && part.language.is_empty()) {
        said.push((part.source.text().to_lowercase(), part.source.span(0..part.source.text().len())));
    }
    for item in wiring.prose.iter().filter(|item| !item.is_under(&OTHER)) {
        said.push((item.text.value.to_lowercase(), item.text.span.clone()));
        said.extend(item.headings.iter().map(|heading| (heading.value.to_lowercase(), heading.span.clone())));
    }
    said
}

/// Where a text has a word, as a word of its own.
fn mentioned(text: &str, span: &Span, word: &str) -> Option<Span> {
    let apart = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '-' && c != '_');
    let (at, _) = text.match_indices(word).find(|(at, _)| {
        // `Loki/ELK` leaves the choice.
        let before = text[..*at].chars().next_back();
        before != Some('/') && apart(before) && apart(text[at + word.len()..].chars().next())
    })?;
    // The text has lost its marks, so its words are looked for where they are written.
    let written = span.text().to_lowercase();
    let at = if written.len() == span.text().len() { written.find(word) } else { Some(at) };
    match at {
        Some(at) => Some(span.file.span(span.start + at..span.start + at + word.len())),
        None => Some(span.clone()),
    }
}

fn is_there(wiring: &Wiring, marks: &[&str], name: &str) -> bool {
    let has = |text: &str| marks.iter().any(|mark| text.to_lowercase().contains(mark));
    let containers = wiring.workloads.iter().flat_map(|workload| &workload.containers);
    let image = containers.filter_map(|container| container.image.as_ref()).any(|image| has(&image.value));
    let chart = wiring.releases.iter().any(|release| has(&release.chart.value));
    let object = wiring.objects.iter().any(|object| has(&object.kind.value) || has(&object.name.value));
    let config = match name {
        "Alertmanager" => !wiring.alertmanagers.is_empty(),
        "Loki" => wiring.parts.iter().any(|part| part.kind == PartKind::Loki),
        "Promtail" => wiring.parts.iter().any(|part| part.kind == PartKind::Promtail),
        "Fluent Bit" => wiring.parts.iter().any(|part| part.kind == PartKind::FluentBit),
        "Grafana" => !wiring.grafana.datasources.is_empty() || !wiring.grafana.dashboards.is_empty(),
        _ => false,
    };
    let beat = wiring.objects_of("Beat").next().is_some() && marks.contains(&"filebeat");
    image || chart || object || config || beat
}
