//! Labels that get a new value with each path, user or session.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Span};
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
        for Endless { label, place, why, help, id } in endless(metric) {
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
                None => {
                    let told = Diagnostic::error("", message)
                        .at(&place)
                        .label(format!("a series of `{}` for each", metric.name.value))
                        .because(why)
                        .help(help);
                    found.push(match id {
                        true => told.shared(format!("ids as labels in {}", place.file.path())),
                        false => told,
                    });
                }
            }
        }
    }
    found
}

/// A label that grows without end.
struct Endless {
    label: String,
    /// Where it is given its values.
    place: Span,
    why: String,
    help: &'static str,
    /// It is somebody's or something's id, rather than a path.
    id: bool,
}

/// A metric's labels that grow without end.
fn endless(metric: &InstrumentedMetric) -> Vec<Endless> {
    const PATHS: [&str; 7] = [
        "req.path",
        "request.path",
        "req.url",
        "request.url",
        "req.originalUrl",
        "ctx.path",
        "request.full_path",
    ];
    let mut found: Vec<Endless> = Vec::new();
    for source in &metric.label_sources {
        let given = std::iter::once(&source.given.value).chain(&source.assigned);
        let path = given.into_iter().find_map(|text| {
            PATHS.iter().find(|path| {
                text.split(|c: char| !c.is_alphanumeric() && !"._".contains(c)).any(|word| word == **path)
            })
        });
        if let Some(path) = path {
            // The route's pattern, where a route matched.
            let pattern = std::iter::once(&source.given.value)
                .chain(&source.assigned)
                .any(|text| text.contains("route.path") || text.contains("route?.path"));
            let (why, help) = match pattern {
                true => (
                    format!(
                        "`{path}` is taken where no route matched: each path that anybody tries is a new value"
                    ),
                    "give all of these one value: `req.route ? req.route.path : 'unmatched'`",
                ),
                false => (
                    format!(
                        "`{path}` is the path as it was requested: every id in it, and every typo, is a new value"
                    ),
                    "use what has few values: the route's pattern, a type, a class",
                ),
            };
            let (label, place) = (source.label.clone(), source.given.span.clone());
            found.push(Endless { label, place, why, help, id: false });
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
            let help = "leave it out, and keep ids for logs and traces; or take what has few values: a type, a class";
            let (label, place) = (source.label.clone(), source.given.span.clone());
            found.push(Endless { label, place, why, help, id: true });
        }
    }
    found.dedup_by(|one, other| one.label == other.label);
    found
}

fn is_id(label: &str) -> bool {
    matches!(label, "email" | "ip" | "user" | "session" | "uuid" | "query" | "trace_id")
        || label.ends_with("_id")
            && !matches!(label, "region_id" | "zone_id" | "worker_id" | "shard_id" | "cluster_id")
        || label.ends_with("Id")
}
