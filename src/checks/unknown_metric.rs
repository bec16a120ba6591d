//! Metrics that nothing in the documents exports.

use super::sources::{self, Known, Missing, Sources};
use super::{Check, Harm};
use crate::catalogue;
use crate::diagnostic::{Diagnostic, nearest};
use crate::promql::ast::{BinaryOp, ExprKind};
use crate::stack::Rule;
use crate::stack::wiring::{InstrumentedMetric, MetricKind, Wiring};

pub const CHECK: Check = Check {
    id: "unknown-metric",
    harm: Harm::Silent,
    title: "nothing that is documented exports this metric",
    explanation: "An expression over a metric that does not exist selects nothing and never fires. A metric counts as \
                  exported when the documented code makes it, when a rule records it, or when an exporter that has it, \
                  in the version that is documented, is deployed or scraped. Metrics of the application are judged \
                  only where its instrumentation is documented, exporters' only where Prometheus' targets are listed \
                  or Prometheus itself is deployed by the documents. What the charts' defaults drop counts as missing.",
    example: "# prometheus.yml\nscrape_configs:\n- job_name: api\n  static_configs: [{targets: ['api:8000']}]\nrule_files: [rules.yml]\n---8<---\n# rules.yml\ngroups:\n- name: node\n  rules:\n  - alert: NoMemory\n    expr: node_memory_MemAvailable_bytes < 1e8\n",
    mended: "# prometheus.yml\nscrape_configs:\n- job_name: node\n  static_configs: [{targets: ['node-exporter:9100']}]\nrule_files: [rules.yml]\n---8<---\n# rules.yml\ngroups:\n- name: node\n  rules:\n  - alert: NoMemory\n    expr: node_memory_MemAvailable_bytes < 1e8\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let sources = Sources::new(wiring);
    // Each with its cause and the metric's name.
    let mut found: Vec<(Diagnostic, String, &str)> = Vec::new();
    for query in super::queries(wiring) {
        let before = found.len();
        for (selector, range) in query.expr.selectors() {
            let Some(name) = selector.metric_name() else { continue };
            let place = query.place(selector.name.as_ref().map_or(range, |name| name.span));
            let Some((diagnostic, cause)) = judge(&sources, name) else { continue };
            // One cause, one finding: a ratio of two metrics of an exporter that is missing.
            match found[before..].iter_mut().find(|(_, of, _)| *of == cause) {
                // In a block that has it twice, both are told as one place.
                Some((known, ..)) if known.place.as_ref().is_some_and(|own| own.start == place.start) => {}
                Some((known, _, first)) => {
                    let label = if *first == name { "here, too" } else { "nor does it have this" };
                    known.related.push((place, label.to_owned()));
                }
                None => found.push((diagnostic.at(&place).label("selects nothing"), cause, name)),
            }
        }
    }
    let told =
        found.into_iter().map(|(diagnostic, cause, _)| diagnostic.shared(format!("metrics of {cause}")));
    told.collect()
}

/// Whether a rule can have no result, for a metric that there is not.
pub fn is_dead(sources: &Sources, rule: &Rule) -> bool {
    let mut otherwise = false;
    rule.expr.walk(&mut |expr| {
        otherwise |= match &expr.kind {
            ExprKind::Binary(binary) => matches!(binary.op, BinaryOp::Or | BinaryOp::Unless),
            ExprKind::Call(call) => call.function.name.starts_with("absent"),
            _ => false,
        };
    });
    let selectors = rule.expr.selectors();
    let mut names = selectors.iter().filter_map(|(selector, _)| selector.metric_name());
    !otherwise && names.any(|name| judge(sources, name).is_some())
}

/// What is wrong with a metric's name, and the cause that several may have in common.
fn judge(sources: &Sources, name: &str) -> Option<(Diagnostic, String)> {
    // Where a captured page has it, no exporter need be documented.
    if matches!(sources.known(name), Known::Instrumented(_)) {
        return None;
    }
    if let Some(missing) = sources.missing(name) {
        return Some(of_exporter(name, &missing));
    }
    let application = !name.contains(':') && matches!(sources.known(name), Known::Nothing);
    // A prefix of an exporter's whose metrics are not all known proves nothing.
    if !application
        || sources.pushed
        || catalogue::of_name(name).is_some()
        || sources.wiring.metrics.is_empty()
    {
        return None;
    }
    let diagnostic = Diagnostic::error("", format!("no documented code makes `{name}`"))
        .because("assuming that all of the application's instrumentation is documented");
    Some(match sources::meant(sources.wiring, name) {
        Some(near) => {
            let told = diagnostic
                .help(format!("did you mean `{}`?", series(near, name)))
                .related(&near.name.span, "there is this one");
            (told, prefixes(name, &near.name.value).unwrap_or_else(|| name.to_owned()))
        }
        None => (diagnostic, name.to_owned()),
    })
}

/// The series of a metric that stands for one that was asked for: buckets for buckets.
fn series(near: &InstrumentedMetric, asked: &str) -> String {
    let own = &near.name.value;
    let inner = ["_bucket", "_sum", "_count"].into_iter().find(|end| asked.ends_with(end));
    match (near.kind, inner) {
        (MetricKind::Histogram, end) => format!("{own}{}", end.unwrap_or("_bucket")),
        (MetricKind::Summary, Some(end)) if end != "_bucket" => format!("{own}{end}"),
        _ => own.clone(),
    }
}

/// `http_` for `api_`: one cause of all names that differ in it alone.
fn prefixes(asked: &str, own: &str) -> Option<String> {
    let ((asked, rest), (own, own_rest)) = (asked.split_once('_')?, own.split_once('_')?);
    (asked != own && rest.starts_with(own_rest)).then(|| format!("names with {asked}_ in place of {own}_"))
}

fn of_exporter(name: &str, missing: &Missing) -> (Diagnostic, String) {
    let error = |text: String| Diagnostic::error("", text);
    match missing {
        Missing::Version { exporter, metric, version } => {
            let title = exporter.title;
            let which = version.map(|version| format!("{title} {version}")).unwrap_or(title.to_owned());
            let when = match (metric.until, metric.since) {
                (Some(until), _) => format!("{title} has not had it since {until}"),
                (None, Some(since)) => format!("{title} has it since {since}"),
                (None, None) => String::new(),
            };
            let assuming = match version {
                Some(_) => "",
                None => ", assuming a version of today",
            };
            let mut diagnostic =
                error(format!("{which} does not export `{name}`")).because(format!("{when}{assuming}"));
            let earlier = exporter.metrics.iter().find(|other| other.now == Some(metric.name));
            if let Some(now) = metric.now {
                diagnostic = diagnostic.help(format!("it is called `{now}` now"));
            } else if let Some(earlier) = earlier {
                diagnostic = diagnostic.help(format!("before, it was called `{}`, if at all", earlier.name));
            }
            (diagnostic, name.to_owned())
        }
        Missing::NotOfExporter(exporter) => {
            let diagnostic = error(format!("{} exports no `{name}`", exporter.title));
            let known = exporter.metrics.iter().map(|metric| metric.name);
            let diagnostic = match (nearest(name, known), other_origin(name)) {
                (Some(near), _) => diagnostic.help(format!("did you mean `{near}`?")),
                (None, Some(origin)) => diagnostic.because(format!("{origin}, and none is documented")),
                (None, None) => diagnostic,
            };
            (diagnostic, name.to_owned())
        }
        Missing::NoExporter { exporter, listed } => {
            let title = exporter.title;
            let because = match listed {
                true => format!("{title} exports it, and no scrape config has one"),
                false => format!(
                    "{title} exports it, and nothing deploys one here, assuming that what is discovered in the \
                     cluster is documented"
                ),
            };
            let diagnostic = error(format!("nothing that is scraped exports `{name}`"))
                .because(because)
                .help(format!("deploy {title} and scrape it"));
            (diagnostic, title.to_owned())
        }
        Missing::NoCadvisorPage => {
            let diagnostic = error(format!("nothing that is scraped exports `{name}`"))
                .because("the kubelet has it on its page /metrics/cadvisor, and only /metrics is scraped")
                .help("scrape /api/v1/nodes/NODE/proxy/metrics/cadvisor in a job of its own");
            (diagnostic, "cadvisor".to_owned())
        }
        Missing::Dropped { place } => {
            let diagnostic = error(format!("kube-prometheus-stack drops `{name}`"))
                .related(place, "its kubelet ServiceMonitor drops it as it is scraped")
                .because("the chart's default `kubelet.serviceMonitor.cAdvisorMetricRelabelings` drop it")
                .help(match name.contains("_spec_") {
                    true => {
                        "take `kube_pod_container_resource_limits` of kube-state-metrics, or keep the metric \
                             in the chart's values"
                    }
                    false => "keep the metric in the chart's values",
                });
            (diagnostic, name.to_owned())
        }
    }
}

/// Whose names look like this, where the exporter at hand has none of it.
fn other_origin(name: &str) -> Option<&'static str> {
    const JMX: [&str; 5] =
        ["kafka_server_", "kafka_controller_", "kafka_network_", "kafka_log_", "kafka_cluster_"];
    JMX.iter()
        .any(|prefix| name.starts_with(prefix))
        .then_some("names like this come from the brokers' own JMX exporter")
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn the_code_says_which_metrics_the_application_has() {
        let guide = |expr: &str| {
            format!(
                "```python\nfrom prometheus_client import Counter, Histogram\nC = Counter('api_requests_total', 'h')\nH = \
                 Histogram('api_seconds', 'h')\n```\n```yaml\ngroups:\n- name: a\n  rules:\n  - alert: A\n    expr: \
                 {expr}\n  - record: mine\n    expr: api_requests_total\n```\n"
            )
        };
        for known in
            ["api_requests_total > 1", "api_seconds_bucket > 1", "up == 0", "mine > 1", "go_threads > 1"]
        {
            check("unknown-metric", &guide(known), &[]);
        }
        check(
            "unknown-metric",
            &guide("1 < web_requests_total"),
            &["11:15 no documented code makes `web_requests_total`"],
        );
        check("unknown-metric", &guide("api_seconds > 1"), &["11:11 no documented code makes `api_seconds`"]);
        // An exporter may be anywhere in a cluster that nobody lists.
        check("unknown-metric", &guide("node_load1 > 1"), &[]);
    }

    #[test]
    fn names_are_those_of_the_exporter_s_version() {
        let guide = |image: &str, expr: &str| {
            format!(
                "```yaml\nservices:\n  prometheus: {{image: 'prom/prometheus:v2.45.0'}}\n  x: {{image: '{image}'}}\n```\n\
                 ```yaml\ngroups:\n- name: a\n  rules:\n  - alert: A\n    expr: {expr}\n```\n"
            )
        };
        let postgres = |tag: &str| format!("prometheuscommunity/postgres-exporter:{tag}");
        check("unknown-metric", &guide(&postgres("v0.15.0"), "pg_replication_lag_seconds > 1"), &[]);
        check(
            "unknown-metric",
            &guide(&postgres("v0.12.0"), "pg_replication_lag_seconds > 1"),
            &["11:11 postgres_exporter 0.12 does not export `pg_replication_lag_seconds`"],
        );
        check(
            "unknown-metric",
            &guide(&postgres("latest"), "pg_replication_lag > 1"),
            &["11:11 postgres_exporter does not export `pg_replication_lag`"],
        );
        check(
            "unknown-metric",
            &guide("danielqsj/kafka-exporter", "kafka_server_replicamanager_offlinereplicacount > 0"),
            &["11:11 kafka_exporter exports no `kafka_server_replicamanager_offlinereplicacount`"],
        );
        check(
            "unknown-metric",
            &guide("prom/node-exporter:v1.7.0", "node_memory_MemFree / node_memory_MemTotal < 0.1"),
            &[
                "11:11 node_exporter 1.7 does not export `node_memory_MemFree`",
                "11:33 node_exporter 1.7 does not export `node_memory_MemTotal`",
            ],
        );
    }

    #[test]
    fn what_a_chart_drops_is_missing() {
        let guide = |set: &str| {
            format!(
                "```sh\nhelm install p prometheus-community/kube-prometheus-stack {set}\n```\n```yaml\ngroups:\n- name: \
                 a\n  rules:\n  - alert: A\n    expr: container_spec_memory_limit_bytes > 0\n  - alert: B\n    expr: \
                 container_memory_working_set_bytes > 0 and kube_pod_info\n```\n"
            )
        };
        check(
            "unknown-metric",
            &guide(""),
            &["9:11 kube-prometheus-stack drops `container_spec_memory_limit_bytes`"],
        );
        let kept = "--set kubelet.serviceMonitor.cAdvisorMetricRelabelings=null";
        check("unknown-metric", &guide(kept), &[]);
    }

    #[test]
    fn the_kubelet_s_own_page_has_no_containers() {
        let guide = |path: &str| {
            format!(
                "```yaml\nservices:\n  prometheus: {{image: 'prom/prometheus:v2.45.0'}}\n```\n```yaml\nscrape_configs:\n- \
                 job_name: kubernetes-nodes\n  kubernetes_sd_configs: [{{role: node}}]\n  metrics_path: \
                 {path}\nrule_files: [r.yml]\n```\n```yaml\ngroups:\n- name: a\n  rules:\n  - alert: A\n    expr: \
                 container_cpu_usage_seconds_total > 0\n```\n"
            )
        };
        let found = ["17:11 nothing that is scraped exports `container_cpu_usage_seconds_total`"];
        check("unknown-metric", &guide("/metrics"), &found);
        check("unknown-metric", &guide("/metrics/cadvisor"), &[]);
    }
}
