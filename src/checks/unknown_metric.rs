//! Metrics that nothing in the documents exports.

use super::{Check, Harm};
use crate::diagnostic::{Diagnostic, nearest};
use crate::stack::wiring::{Home, InstrumentedMetric, MetricKind, Wiring};
use crate::stack::{Discovery, RuleKind};

pub const CHECK: Check = Check {
    id: "unknown-metric",
    harm: Harm::Silent,
    title: "nothing that is documented exports this metric",
    explanation: "An expression over a metric that does not exist selects nothing and never fires. A metric counts as \
                  exported when the documented code makes it, when a rule records it, or when an exporter that makes \
                  metrics of its prefix is documented. Metrics of the application are judged only where its \
                  instrumentation is documented, exporters' only where Prometheus' targets are listed.",
    example: "# prometheus.yml\nscrape_configs:\n- job_name: api\n  static_configs: [{targets: ['api:8000']}]\nrule_files: [rules.yml]\n---8<---\n# rules.yml\ngroups:\n- name: node\n  rules:\n  - alert: NoMemory\n    expr: node_memory_MemAvailable_bytes < 1e8\n",
    mended: "# prometheus.yml\nscrape_configs:\n- job_name: node\n  static_configs: [{targets: ['node-exporter:9100']}]\nrule_files: [rules.yml]\n---8<---\n# rules.yml\ngroups:\n- name: node\n  rules:\n  - alert: NoMemory\n    expr: node_memory_MemAvailable_bytes < 1e8\n",
    find,
};

/// A prefix, what exports it, and words that tell that it is there.
const EXPORTERS: [(&str, &str, &[&str]); 12] = [
    ("node_", "node_exporter", &["node"]),
    (
        "pg_",
        "postgres_exporter",
        &["postgres-exporter", "postgres_exporter", "pg-exporter", "timescaledb-exporter"],
    ),
    ("redis_", "redis_exporter", &["redis-exporter", "redis_exporter"]),
    ("mysql_", "mysqld_exporter", &["mysqld-exporter", "mysqld_exporter", "mysql-exporter"]),
    ("mongodb_", "mongodb_exporter", &["mongodb-exporter", "mongodb_exporter"]),
    ("kafka_", "kafka_exporter", &["kafka"]),
    ("kube_", "kube-state-metrics", &["kube-state-metrics"]),
    ("container_", "cAdvisor, in the kubelet", &["cadvisor", "kubelet"]),
    ("kubelet_", "the kubelet", &["kubelet"]),
    ("probe_", "blackbox_exporter", &["blackbox"]),
    ("nginx_", "nginx-prometheus-exporter", &["nginx"]),
    ("rabbitmq_", "RabbitMQ", &["rabbit"]),
];

/// Made by Prometheus itself, or by every client library.
const EVERYWHERE: [&str; 12] = [
    "up",
    "scrape_",
    "ALERTS",
    "prometheus_",
    "alertmanager_",
    "go_",
    "process_",
    "python_",
    "nodejs_",
    "jvm_",
    "promhttp_",
    "net_conntrack_",
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for query in super::queries(wiring) {
        for (selector, place) in query.expr.selectors() {
            let Some(name) = &selector.name else { continue };
            let name: &str = &name.name;
            if EVERYWHERE
                .iter()
                .any(|known| name == *known || known.ends_with('_') && name.starts_with(known))
                || name.contains(':')
                || wiring.metrics.iter().any(|metric| makes(metric, name))
                || recorded(wiring, name)
            {
                continue;
            }
            let place = query.place(place);
            let exporter = EXPORTERS.iter().find(|(prefix, ..)| name.starts_with(prefix));
            found.extend(match exporter {
                Some((_, exporter, words)) => (targets_are_listed(wiring) && !is_documented(wiring, words))
                    .then(|| {
                        Diagnostic::error("", format!("nothing that is scraped exports `{name}`"))
                            .at(&place)
                            .label("selects nothing")
                            .because(format!("{exporter} exports it, and no scrape config has one"))
                            .help(format!("deploy {exporter} and scrape it"))
                    }),
                None => (!wiring.metrics.is_empty()).then(|| {
                    let known = wiring.metrics.iter().map(|metric| metric.name.value.as_str());
                    let diagnostic = Diagnostic::error("", format!("no documented code makes `{name}`"))
                        .at(&place)
                        .label("selects nothing")
                        .because("assuming that all of the application's instrumentation is documented");
                    match nearest(name, known).or_else(|| same_end(wiring, name)) {
                        Some(near) => diagnostic.help(format!("the code makes `{near}`")),
                        None => diagnostic,
                    }
                }),
            });
        }
    }
    found
}

/// Whether a metric has series of this name.
fn makes(metric: &InstrumentedMetric, name: &str) -> bool {
    let base = &metric.name.value;
    match name.strip_prefix(base.as_str()) {
        Some("") => metric.kind != MetricKind::Histogram,
        Some("_sum" | "_count") => matches!(metric.kind, MetricKind::Histogram | MetricKind::Summary),
        Some("_bucket") => metric.kind == MetricKind::Histogram,
        _ => false,
    }
}

fn recorded(wiring: &Wiring, name: &str) -> bool {
    super::rules(wiring).any(|rule| match &rule.kind {
        RuleKind::Recording { record } => record.value == name,
        RuleKind::Alerting { .. } => false,
    })
}

/// Whether every target is written down: nothing is discovered that the documents can't tell.
fn targets_are_listed(wiring: &Wiring) -> bool {
    let configs = || wiring.prometheus.iter();
    let listed = configs().all(|config| {
        config.home != Home::Values
            && config.config.as_ref().is_some_and(|config| {
                let mut discovery = config.scrape_configs.iter().flat_map(|job| &job.discovery);
                discovery.all(|discovery| matches!(discovery, Discovery::Static { .. }))
            })
    });
    listed
        && configs().next().is_some()
        && wiring.releases.is_empty()
        && wiring.operator_objects.iter().all(|it| it.kind.value == "PrometheusRule")
}

fn is_documented(wiring: &Wiring, words: &[&str]) -> bool {
    let jobs = wiring.prometheus.iter().filter_map(|config| config.config.as_ref());
    let jobs = jobs.flat_map(|config| &config.scrape_configs);
    let targets = super::addresses(wiring).into_iter().map(|address| address.host);
    let images = wiring.workloads.iter().flat_map(|workload| &workload.containers);
    let images = images.map(|container| container.image_name().to_owned());
    let mut names = jobs.map(|job| job.job_name.value.clone()).chain(targets).chain(images);
    names.any(|name| words.iter().any(|word| name.contains(word)))
}

/// `api_requests_total` for `http_requests_total`: all but the first word is the same.
fn same_end<'w>(wiring: &'w Wiring, name: &str) -> Option<&'w str> {
    let (_, end) = name.split_once('_')?;
    let end = end.trim_end_matches("_bucket").trim_end_matches("_sum").trim_end_matches("_count");
    let mut names = wiring.metrics.iter().map(|metric| metric.name.value.as_str());
    names.find(|known| known.split_once('_').is_some_and(|(_, own)| own == end))
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
}
