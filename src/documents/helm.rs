//! Helm releases: the values they are given, and the Services that their charts make by default.
//!
//! Promises: for the charts in its table, the names as the chart's templates make them; of other charts nothing
//! is claimed.

use std::collections::BTreeMap;

use super::parts::Part;
use super::shell::HelmCommand;
use super::wiring::flat;
use crate::diagnostic::Spanned;
use crate::stack::wiring::{PartKind, Release, Service, ServicePort, Wiring};

/// Takes the releases and what their charts make into the wiring.
pub fn read(commands: &[HelmCommand], parts: &[Part], wiring: &mut Wiring) {
    for command in commands {
        let mut values = BTreeMap::new();
        let mut keys = Vec::new();
        let mut complete = true;
        for file in &command.values {
            let found: Vec<&Part> = parts.iter().filter(|part| is_file(part, &file.value)).collect();
            complete &= !found.is_empty();
            for document in found.iter().flat_map(|part| &part.documents) {
                values.extend(flat(document).into_iter().map(|setting| (setting.path, setting.value)));
                let entries = document.entries().unwrap_or_default().iter();
                keys.extend(
                    entries.filter_map(|(key, _)| {
                        Some(Spanned::new(key.scalar()?.to_owned(), key.span.clone()))
                    }),
                );
            }
        }
        values.extend(command.sets.iter().cloned());
        let chart = &command.chart;
        let chart_name = chart.value.rsplit('/').next().unwrap_or_default().to_owned();
        let release = Release {
            name: command.release.clone(),
            chart: Spanned::new(chart_name, chart.span.clone()),
            repository: chart.value.rsplit_once('/').map(|(repository, _)| repository.to_owned()),
            namespace: command.namespace.as_ref().map_or("default", |name| &name.value).to_owned(),
            namespace_place: command.namespace.clone(),
            version: command.version.clone(),
            values,
            keys,
            complete,
        };
        wiring.services.extend(services(&release));
        wiring.releases.push(release);
    }
}

/// The namespace of the release that is given a file of values.
pub fn namespace_of(part: &Part, wiring: &Wiring) -> Option<String> {
    let releases = wiring.releases.iter();
    let mut given = releases.filter(|release| {
        let mut values = release.values.values();
        values.any(|value| part.documents.iter().any(|document| value.span.is_within(&document.span)))
    });
    Some(given.next()?.namespace.clone())
}

fn is_file(part: &Part, file: &str) -> bool {
    let base = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    part.kind == PartKind::Values && part.name.as_deref().is_some_and(|name| base(name) == base(file))
}

/// What the charts make: the chart, the Service after the release's full name, its port.
fn services(release: &Release) -> Vec<Service> {
    let name = release.name.value.as_str();
    let set = |key: &str| release.values.get(key).map(|value| value.value.as_str());
    let full = |chart: &str| {
        let chart = set("nameOverride").unwrap_or(chart);
        match set("fullnameOverride") {
            Some(name) => name.to_owned(),
            None if name.contains(chart) => name.to_owned(),
            None => format!("{name}-{chart}"),
        }
    };
    let off = |key: &str| set(key) == Some("false");
    let names: Vec<(String, u16)> = match release.chart.value.as_str() {
        "kube-prometheus-stack" => {
            let mut stack = full("kube-prometheus-stack");
            stack.truncate(26);
            let stack = stack.trim_end_matches('-');
            let mut names = vec![
                (format!("{stack}-prometheus"), 9090),
                ("prometheus-operated".to_owned(), 9090),
                (format!("{name}-kube-state-metrics"), 8080),
                (format!("{name}-prometheus-node-exporter"), 9100),
            ];
            if !off("grafana.enabled") {
                names.push((
                    if name.contains("grafana") { name.into() } else { format!("{name}-grafana") },
                    80,
                ));
            }
            if !off("alertmanager.enabled") {
                names.push((format!("{stack}-alertmanager"), 9093));
                names.push(("alertmanager-operated".to_owned(), 9093));
            }
            names
        }
        "grafana" => vec![(full("grafana"), 80)],
        // With the names that the promtail and Grafana of the chart use.
        "loki-stack" | "loki" => vec![(name.to_owned(), 3100)],
        "elasticsearch" => {
            let cluster = set("clusterName").unwrap_or("elasticsearch");
            vec![(format!("{cluster}-{}", set("nodeGroup").unwrap_or("master")), 9200)]
        }
        // Always both: `kibana-kibana`.
        "kibana" => vec![(set("fullnameOverride").map_or(format!("{name}-kibana"), str::to_owned), 5601)],
        "jaeger" if !release.is_jaegers() => Vec::new(),
        // Since version 4 a single program behind a single Service.
        "jaeger" if release.is_at_least(4) => vec![(full("jaeger"), 16686)],
        "jaeger" => ["query", "collector", "agent"]
            .into_iter()
            .map(|part| (format!("{}-{part}", full("jaeger")), 0))
            .collect(),
        _ => Vec::new(),
    };
    let made_by = format!("the release `{name}` of {}", release.chart.value);
    let of = |(service, port): (String, u16)| Service {
        name: Spanned::new(service, release.name.span.clone()),
        namespace: Some(release.namespace.clone()),
        selector: BTreeMap::new(),
        ports: (port != 0)
            .then(|| ServicePort {
                name: String::new(),
                number: port,
                target: port.to_string(),
                place: release.name.span.clone(),
            })
            .into_iter()
            .collect(),
        made_by: Some(made_by.clone()),
        complete: false,
    };
    names.into_iter().map(of).collect()
}
