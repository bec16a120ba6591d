//! Labels of log streams with a value for every user, session or request.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Span};
use crate::stack::wiring::{Section, Wiring};

pub const CHECK: Check = Check {
    id: "log-label-cardinality",
    harm: Harm::Risk,
    title: "a label has a value for every user, session or request",
    explanation: "Loki keeps a stream for each combination of label values. Labels that hold ids make a stream for nearly \
                  each line: the index swells, chunks stay tiny, and at the limit (`max_global_streams_per_user`, 5000 by \
                  default) Loki refuses lines with 429. Ids belong into the line, where `| json` finds them, or into \
                  structured metadata (Loki 3). The same goes for `labelmap` over all annotations, which may also pass the \
                  limits of labels a stream (15 since Loki 3, 30 before) and of their length.",
    example: "clients: [{url: 'http://loki:3100/loki/api/v1/push'}]\nscrape_configs:\n- job_name: app\n  static_configs: [{targets: [localhost], labels: {__path__: /var/log/app.log}}]\n  pipeline_stages:\n  - json: {expressions: {level: level, request_id: request_id}}\n  - labels: {level: , request_id: }\n",
    mended: "clients: [{url: 'http://loki:3100/loki/api/v1/push'}]\nscrape_configs:\n- job_name: app\n  static_configs: [{targets: [localhost], labels: {__path__: /var/log/app.log}}]\n  pipeline_stages:\n  - json: {expressions: {level: level, request_id: request_id}}\n  - labels: {level: }\n  - structured_metadata: {request_id: }\n",
    find,
};

/// Words of names whose values are without bound.
const UNBOUNDED: [&str; 17] = [
    "user_id",
    "userid",
    "session_id",
    "sessionid",
    "request_id",
    "requestid",
    "trace_id",
    "traceid",
    "span_id",
    "spanid",
    "correlation_id",
    "correlationid",
    "transaction_id",
    "order_id",
    "email",
    "client_ip",
    "remote_addr",
];
/// A handful of values in a small team, thousands in a grown one: told only beside the others.
const GROWING: [&str; 6] = ["course_id", "customer_id", "tenant_id", "account_id", "product_id", "device_id"];

struct Label {
    name: String,
    place: Span,
    certain: bool,
}

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for config in &wiring.logs.promtail {
        for job in &config.jobs {
            let kept = job.labels.iter().filter(|(label, _)| !job.dropped.contains(&label.value));
            let labels = kept.filter_map(|(label, source)| label_of(&label.value, source, &label.span));
            found.extend(told(labels.collect(), wiring));
        }
        found.extend(mapped(config.jobs.iter().flat_map(|job| &job.label_maps)));
    }
    for output in wiring.logs.fluent_bit.iter().flat_map(|config| config.of("OUTPUT")) {
        if output.name().eq_ignore_ascii_case("loki") {
            found.extend(told(labels_of(output), wiring));
        }
    }
    found
}

/// One finding a job, the worst label first.
fn told(labels: Vec<Label>, wiring: &Wiring) -> Option<Diagnostic> {
    let first = labels.iter().position(|label| label.certain)?;
    let limit = wiring.logs.loki.iter().find_map(|config| {
        config
            .settings
            .iter()
            .find(|setting| matches!(setting.key(), "max_streams_per_user" | "max_global_streams_per_user"))
    });
    let names: Vec<String> = labels.iter().map(|label| format!("`{}`", label.name)).collect();
    let found = Diagnostic::warning("", format!("a stream for every value of {}", names.join(", ")))
        .at(&labels[first].place)
        .label("has no bound")
        .because(match limit {
            Some(limit) => {
                format!("Loki refuses lines with 429 once there are {} streams", limit.value.value)
            }
            None => "Loki refuses lines with 429 at its limit, 5000 streams by default".to_owned(),
        })
        .help("leave ids in the line, where `| json` finds them, or make them structured metadata (Loki 3)");
    let others = labels.iter().enumerate().filter(|(at, _)| *at != first);
    let found = others.fold(found, |found, (_, label)| found.related(&label.place, "so does this one"));
    Some(match limit {
        Some(limit) => found.related(&limit.value.span, "the limit"),
        None => found,
    })
}

fn label_of(name: &str, source: &str, place: &Span) -> Option<Label> {
    let is_one_of = |words: &[&str]| {
        [name, source].iter().any(|name| words.contains(&name.to_lowercase().replace('-', "_").as_str()))
    };
    let certain = is_one_of(&UNBOUNDED);
    (certain || is_one_of(&GROWING)).then(|| Label { name: name.to_owned(), place: place.clone(), certain })
}

/// `labels job=fluentbit, user=$user_id` and `label_keys $user_id`
fn labels_of(output: &Section) -> Vec<Label> {
    let keys = ["labels", "label_keys"].into_iter().filter_map(|key| output.get(key));
    let named = keys.flat_map(|value| {
        value.value.split(',').filter_map(move |pair| {
            let (_, field) = pair.split_once('$')?;
            let field = field.trim().trim_matches(|c| matches!(c, '[' | ']' | '\'' | '"'));
            let name = field.rsplit("']['").next().unwrap_or(field);
            label_of(name, name, &value.span)
        })
    });
    named.collect()
}

/// All annotations, or all labels, as labels.
fn mapped<'w>(maps: impl Iterator<Item = &'w crate::diagnostic::Spanned<String>>) -> Vec<Diagnostic> {
    let all = maps.filter(|regex| {
        regex.value.starts_with("__meta_kubernetes_pod_annotation_")
            && regex.value.ends_with(")")
            && regex.value.contains(".+")
    });
    let found = all.map(|regex| {
        Diagnostic::warning("", "every annotation of a pod becomes a label of its log stream")
            .at(&regex.span)
            .label("names and values that others choose")
            .because(
                "annotations hold checksums, timestamps and whole documents: each change starts a new stream, and Loki refuses \
                 streams with too many labels (15 since Loki 3, 30 before) or a value above 2048 bytes",
            )
            .help("take over the few annotations that somebody searches by")
    });
    found.collect()
}
