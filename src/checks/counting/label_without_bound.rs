//! Labels that get a new value with each path, user or session.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{InstrumentedMetric, MetricKind, Wiring};

pub const CHECK: Check = Check {
    id: "label-without-bound",
    harm: Harm::Risk,
    title: "a label gets a value for each path, user or object",
    explanation: "Each value of a label is a series of its own, a histogram's bucket each. A label that is given the path as it \
                  was requested (`/users/17`), or somebody's id, makes new series for ever: Prometheus' memory grows until it \
                  is killed. Use the route's pattern (`/users/:id`), and keep ids for logs and traces.",
    example: "# values.yaml\na: 1\n```\n```python\nfrom prometheus_client import Counter\nREQUESTS = Counter('requests', 'Requests', ['path'])\ndef handle(request):\n    REQUESTS.labels(path=request.path).inc()\n",
    mended: "# values.yaml\na: 1\n```\n```python\nfrom prometheus_client import Counter\nREQUESTS = Counter('requests', 'Requests', ['route'])\ndef handle(request):\n    REQUESTS.labels(route=request.resolver_match.route).inc()\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    for metric in &wiring.metrics {
        for (label, place, why) in endless(metric) {
            let message = format!("the label `{label}` has no bound");
            // A label of several metrics in one file is one finding.
            let same = found.iter_mut().find(|known| {
                known.message == message
                    && known
                        .place
                        .as_ref()
                        .is_some_and(|own| std::ptr::eq(own.file.text(), place.file.text()))
            });
            match same {
                Some(known) => known.related.push((place, "here, too".to_owned())),
                None => found.push(
                    Diagnostic::error("", message)
                        .at(&place)
                        .label(format!("a series of `{}` for each", metric.name.value))
                        .because(why)
                        .help("use what has few values: the route's pattern, a type, a class"),
                ),
            }
        }
    }
    found
}

/// A metric's labels that grow without end, where they are given their values, and why.
fn endless(metric: &InstrumentedMetric) -> Vec<(String, crate::diagnostic::Span, String)> {
    const PATHS: [&str; 7] = [
        "req.path",
        "request.path",
        "req.url",
        "request.url",
        "req.originalUrl",
        "ctx.path",
        "request.full_path",
    ];
    let mut found: Vec<(String, crate::diagnostic::Span, String)> = Vec::new();
    for source in &metric.label_sources {
        let given = std::iter::once(&source.given.value).chain(&source.assigned);
        let path = given.into_iter().find_map(|text| {
            PATHS.iter().find(|path| {
                text.split(|c: char| !c.is_alphanumeric() && !"._".contains(c)).any(|word| word == **path)
            })
        });
        if let Some(path) = path {
            let why = format!(
                "`{path}` is the path as it was requested: every id in it, and every typo, is a new value"
            );
            found.push((source.label.clone(), source.given.span.clone(), why));
        } else if is_id(&source.label) && !metric.values.contains_key(&source.label) {
            let buckets = match metric.kind {
                MetricKind::Histogram => {
                    format!(
                        ", times {} for its buckets",
                        metric.buckets.as_ref().map_or(14, |buckets| buckets.len() + 3)
                    )
                }
                _ => String::new(),
            };
            let why = format!("there is a value for each that there ever was{buckets}");
            found.push((source.label.clone(), source.given.span.clone(), why));
        }
    }
    found.dedup_by(|one, other| one.0 == other.0);
    found
}

fn is_id(label: &str) -> bool {
    matches!(label, "email" | "ip" | "user" | "session" | "uuid" | "query" | "trace_id")
        || label.ends_with("_id")
            && !matches!(label, "region_id" | "zone_id" | "worker_id" | "shard_id" | "cluster_id")
        || label.ends_with("Id")
}
