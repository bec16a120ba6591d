//! Receivers in values that replace the one that the chart's default route needs.

use super::{Check, Harm};
use crate::diagnostic::{Diagnostic, Span};
use crate::stack::wiring::{Home, Wiring};

pub const CHECK: Check = Check {
    id: "default-receiver-lost",
    harm: Harm::Breaks,
    title: "the chart's default route needs a receiver that these values take away",
    explanation: "Helm merges mappings and replaces lists. kube-prometheus-stack's default `alertmanager.config` sends \
                  the alert Watchdog to the receiver `null`; values with `receivers` of their own, and without \
                  `route.routes`, keep that route and lose its receiver. Alertmanager refuses the result: undefined \
                  receiver \"null\" used in route.",
    example: "alertmanager:\n  config:\n    route: {receiver: team}\n    receivers:\n    - name: team\n```\n```sh\nhelm install stack prometheus-community/kube-prometheus-stack\n",
    mended: "alertmanager:\n  config:\n    route: {receiver: team}\n    receivers:\n    - name: 'null'\n    - name: team\n```\n```sh\nhelm install stack prometheus-community/kube-prometheus-stack\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut releases = wiring.releases.iter();
    let Some(release) = releases.find(|release| release.chart.value == "kube-prometheus-stack") else {
        return Vec::new();
    };
    let configs = wiring.alertmanagers.iter().filter(|config| config.home == Home::Values);
    let found = configs.filter_map(|config| {
        let named = || config.settings.iter().filter(|setting| setting.path == "receivers[].name");
        let first = named().next()?;
        let routes = config.settings.iter().any(|setting| setting.path.starts_with("route.routes[]"));
        if routes || named().any(|name| name.value.value == "null") {
            return None;
        }
        let found = Diagnostic::error("", "the chart's default route loses its receiver `null`")
            .at(&first.value.span)
            .label("this list replaces the chart's, which has `null`")
            .related(&release.chart.span, "its default route sends Watchdog to `null`")
            .because("Alertmanager refuses the merged config: undefined receiver \"null\" used in route")
            .help("add `- name: 'null'` to the receivers, or set `route.routes`");
        Some(match before(&first.value.span) {
            Some((place, indent)) => found.mend(&place, format!("- name: 'null'\n{indent}")),
            None => found,
        })
    });
    found.collect()
}

/// Where an item goes before the one that begins with this name, and how it is indented.
fn before(name: &Span) -> Option<(Span, String)> {
    let own = name.in_own_file();
    let text = own.file.text();
    let line = text[..own.start].rfind('\n').map_or(0, |newline| newline + 1);
    let indent: String = text[line..].chars().take_while(|c| *c == ' ').collect();
    let at = line + indent.len();
    text[at..own.start].starts_with("- name:").then(|| (own.file.span(at..at), indent))
}
