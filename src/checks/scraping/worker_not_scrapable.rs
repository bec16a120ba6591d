//! Workers of a queue as targets of a job: they take tasks, and answer nobody.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::ScrapeConfig;
use crate::stack::wiring::{Wiring, Workload};

use super::{is_probe, jobs};

pub const CHECK: Check = Check {
    id: "worker-not-scrapable",
    harm: Harm::Risk,
    title: "a queue's worker has no page to scrape",
    explanation: "A Celery, Dramatiq, RQ or Sidekiq worker takes its tasks from a broker and listens on no port, even where the same code \
                  serves metrics as a web application: `up` is 0 for ever. Start a server in the worker (`start_http_server` at the \
                  signal `worker_ready`, with a folder for several processes), or scrape an exporter of the queue.",
    example: "# prometheus.yml\nscrape_configs:\n- job_name: tasks\n  static_configs: [{targets: ['celery-worker:8000']}]\n",
    mended: "# prometheus.yml\nscrape_configs:\n- job_name: tasks\n  static_configs: [{targets: ['celery-exporter:9808']}]\n",
    find,
};

/// Programs that take tasks, and what serves metrics of each.
const QUEUES: [(&str, &str); 4] = [
    ("celery", "celery-exporter"),
    ("sidekiq", "prometheus_exporter, or sidekiq-prometheus-exporter"),
    ("dramatiq", "Dramatiq's Prometheus middleware"),
    ("rqworker", "rq-exporter"),
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let targets = jobs(wiring).filter(|job| !is_probe(job)).flat_map(ScrapeConfig::listed);
    targets.filter_map(|target| judge(target, wiring)).collect()
}

fn judge(target: &Spanned<String>, wiring: &Wiring) -> Option<Diagnostic> {
    let host = target.value.split(':').next().unwrap_or_default().to_lowercase();
    let workload = wiring.workloads.iter().find(|workload| workload.name.value == host);
    let (queue, exporter) = QUEUES.iter().find(|(queue, _)| match workload.and_then(command) {
        // What is documented of it says what it is.
        Some(command) => command.contains(queue) && command.contains("worker"),
        None => host.contains(queue),
    })?;
    let other = ["exporter", "flower", "statsd"].iter().any(|word| host.contains(word));
    if other || serves(wiring, queue) {
        return None;
    }
    let found =
        Diagnostic::warning("", format!("`{host}` takes tasks from a queue, and has no page to scrape"))
            .at(&target.span)
            .label(format!("a {queue} worker listens on no port"));
    let found = match workload {
        Some(workload) => found.related(&workload.name.span, "it runs here"),
        None => found,
    };
    Some(
        found
            .because("assuming that no undocumented code starts a server in it: each scrape fails, and `up` is 0 for ever")
            .help(format!("scrape {exporter}, or start a server in the worker (`start_http_server`)")),
    )
}

/// What the container is told to run.
fn command(workload: &Workload) -> Option<String> {
    let args = workload.containers.iter().flat_map(|container| &container.args);
    let command = args.map(|arg| arg.value.as_str()).collect::<Vec<_>>().join(" ").to_lowercase();
    (!command.is_empty()).then_some(command)
}

/// Whether code of the queue starts a server.
fn serves(wiring: &Wiring, queue: &str) -> bool {
    const SERVERS: [&str; 5] = [
        "start_http_server",
        "start_wsgi_server",
        "PrometheusMiddleware",
        "middleware.Prometheus",
        "prometheus_exporter",
    ];
    let code = wiring.code();
    code.map(|part| part.source.text())
        .any(|text| text.to_lowercase().contains(queue) && SERVERS.iter().any(|server| text.contains(server)))
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn a_worker_that_starts_a_server_is_right() {
        let guide = |host: &str, more: &str| {
            format!(
                "```yaml\nscrape_configs:\n- job_name: a\n  static_configs: [{{targets: ['{host}:8000']}}]\n```\n{more}"
            )
        };
        let found = ["4:31 `celery-worker` takes tasks from a queue, and has no page to scrape"];
        check("worker-not-scrapable", &guide("celery-worker", ""), &found);
        check("worker-not-scrapable", &guide("celery-exporter", ""), &[]);
        let code = "```python\nfrom celery.signals import worker_ready\n@worker_ready.connect\ndef serve(**_):\n    start_http_server(8000)\n```\n";
        check("worker-not-scrapable", &guide("celery-worker", code), &[]);
        let compose = |command: &str| {
            format!("```yaml\nservices: {{tasks: {{image: 'a:1', command: {command}}}}}\n```\n")
        };
        let found = ["4:31 `tasks` takes tasks from a queue, and has no page to scrape"];
        check("worker-not-scrapable", &guide("tasks", &compose("celery -A app worker")), &found);
        check("worker-not-scrapable", &guide("tasks", &compose("gunicorn app")), &[]);
    }
}
