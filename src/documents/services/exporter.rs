//! The exporters that come with firedrill, and which of them are to be real.

use super::amount;
use super::metric::read_metrics;
use crate::diagnostic::{Diagnostic, SourceFile, nearest};
use crate::documents::value;
use crate::documents::yaml::{self, Mapping, Node};
use crate::labels::Labels;
use crate::workload::{ExporterKind, ExporterSpec, MetricSpec};

/// A small, honest set of the main metrics of common exporters, in the very notation of `metrics:`.
const EXPORTERS: [(&str, ExporterKind, &str); 7] = [
    ("blackbox", ExporterKind::Other, include_str!("exporters/blackbox.yaml")),
    ("cadvisor", ExporterKind::Other, include_str!("exporters/cadvisor.yaml")),
    ("kafka", ExporterKind::Other, include_str!("exporters/kafka.yaml")),
    ("kube-state-metrics", ExporterKind::Other, include_str!("exporters/kube-state-metrics.yaml")),
    ("node", ExporterKind::Node, include_str!("exporters/node.yaml")),
    ("postgres", ExporterKind::Postgres, include_str!("exporters/postgres.yaml")),
    ("redis", ExporterKind::Redis, include_str!("exporters/redis.yaml")),
];

/// What PostgreSQL calls the database that is always there.
const POSTGRES: &str = "postgres";

/// `exporter: node`, a list of them, or `{name: cadvisor, labels: {namespace: shop}, real: true}` where the labels replace
/// those that the exporter's series have under these names.
pub fn read(node: &Node, problems: &mut Vec<Diagnostic>) -> (Vec<ExporterSpec>, Vec<MetricSpec>) {
    let items = node.items().unwrap_or(std::slice::from_ref(node));
    let read = items.iter().filter_map(|item| read_one(item, problems));
    let (exporters, metrics): (Vec<_>, Vec<_>) = read.unzip();
    if let Some(real) = exporters.iter().find(|exporter| exporter.real && exporters.len() > 1) {
        problems.push(
            Diagnostic::error("not-real", "a service with a real exporter has no other")
                .at(&real.place)
                .label("this one answers by itself")
                .help("make services of the others"),
        );
    }
    (exporters, metrics.into_iter().flatten().collect())
}

fn read_one(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<(ExporterSpec, Vec<MetricSpec>)> {
    let (name, labels, real) = if node.scalar().is_some() {
        (amount::text(node, problems)?, Labels::empty(), false)
    } else {
        let mut keys = Mapping::of(node, "exporter", problems)?;
        let name = keys.require("name", problems).and_then(|node| amount::text(node, problems));
        let labels = keys.get("labels").map(|node| amount::labels(node, problems)).unwrap_or_default();
        let real = keys.get("real").and_then(|node| value::boolean(node, problems)).unwrap_or(false);
        keys.finish(problems);
        (name?, labels, real)
    };
    let known = || EXPORTERS.iter().map(|(name, ..)| *name);
    let Some((known_name, kind, text)) = EXPORTERS.iter().find(|(known, ..)| *known == name.value) else {
        let unknown = Diagnostic::error("unknown-exporter", format!("there is no exporter `{}`", name.value))
            .at(&name.span)
            .label("not among those that come with firedrill");
        return amount::refuse(
            problems,
            match nearest(&name.value, known()) {
                Some(near) => unknown.help(format!("did you mean `{near}`?")),
                None => unknown.help(format!("known: {}", known().collect::<Vec<_>>().join(", "))),
            },
        );
    };
    if real && *kind == ExporterKind::Other {
        problems.push(
            Diagnostic::error("not-real", format!("no real world can run the exporter `{known_name}`"))
                .at(&node.span)
                .label("can only be stood in for")
                .help("real ones are: node, postgres, redis"),
        );
    }
    let file = SourceFile::new(format!("{known_name}.yaml (built in)"), *text);
    let (document, mut wrong) = yaml::read_one(&file);
    let mut metrics = document.map(|node| read_metrics(&node, &mut wrong)).unwrap_or_default();
    problems.append(&mut wrong);
    let mut used: Vec<&str> = Vec::new();
    for series in metrics.iter_mut().flat_map(|metric| &mut metric.series) {
        for (label, value) in labels.iter() {
            if series.labels.get(label).is_some() {
                used.push(label);
                series.labels = series.labels.with(label, value);
            }
        }
    }
    for (label, _) in labels.iter().filter(|(label, _)| !used.contains(label)) {
        problems.push(
            Diagnostic::error("unknown-label", format!("no series of exporter `{known_name}` has `{label}`"))
                .at(&node.span)
                .label("nothing to replace"),
        );
    }
    let database = match kind {
        ExporterKind::Postgres => labels.get("datname").unwrap_or(POSTGRES).to_owned(),
        _ => String::new(),
    };
    Some((ExporterSpec { place: node.span.clone(), kind: *kind, real, database }, metrics))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_exporter_reads_without_a_complaint() {
        for (name, _, text) in EXPORTERS {
            let (node, mut problems) = yaml::read_one(&SourceFile::new(name, text));
            let metrics = read_metrics(&node.expect(name), &mut problems);
            assert!(problems.is_empty(), "{name}: {problems:?}");
            assert!(
                metrics.iter().all(|metric| !metric.series.is_empty() && !metric.help.is_empty()),
                "{name}"
            );
        }
    }
}
