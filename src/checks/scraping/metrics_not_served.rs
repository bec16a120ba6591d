//! Metrics that the application's code counts and never serves.

use super::jobs;
use crate::checks::{Check, Harm, not_an_http_target};
use crate::diagnostic::{Diagnostic, SourceFile, Span};
use crate::stack::ScrapeConfig;
use crate::stack::wiring::{DocumentPart, Wiring};

pub const CHECK: Check = Check {
    id: "metrics-not-served",
    harm: Harm::Silent,
    title: "the code counts metrics that nothing serves",
    explanation: "A client library keeps metrics in memory. Prometheus sees them only where the program also answers its \
                  scrapes: `start_http_server`, a route with `generate_latest`, or one that sends `await register.metrics()`. \
                  (Since version 13 of prom-client that is a promise, and sending the promise itself fails each scrape.)",
    example: "# values.yaml\na: 1\n```\n```python\nfrom prometheus_client import Counter\nREQUESTS = Counter('requests_total', 'Requests')\n",
    mended: "# values.yaml\na: 1\n```\n```python\nfrom prometheus_client import Counter, start_http_server\nREQUESTS = Counter('requests_total', 'Requests')\nstart_http_server(8000)\n",
    find,
};

const PYTHON: [&str; 12] = [
    "start_http_server",
    "generate_latest",
    "make_wsgi_app",
    "make_asgi_app",
    "MetricsHandler",
    "django_prometheus",
    "Instrumentator",
    "PrometheusMetrics",
    "push_to_gateway",
    "pushadd_to_gateway",
    "write_to_textfile",
    "start_wsgi_server",
];
const JAVASCRIPT: [&str; 5] =
    [".metrics()", "express-prom-bundle", "promBundle", "pushAdd", "getMetricsAsJSON"];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (languages, library, serving) in [
        (&["python", "py"][..], "prometheus_client", &PYTHON[..]),
        (&["javascript", "js", "jsx", "mjs", "typescript", "ts", "tsx"][..], "prom-client", &JAVASCRIPT[..]),
    ] {
        let parts: Vec<&DocumentPart> =
            wiring.code().filter(|part| languages.contains(&part.language.as_str())).collect();
        let serves = parts.iter().any(|part| serving.iter().any(|word| part.source.text().contains(word)));
        if serves {
            found.extend(parts.iter().filter_map(|part| unawaited(&part.source)).map(not_awaited));
            continue;
        }
        let counting = parts.iter().filter_map(|part| {
            let at = part.source.text().find(library)?;
            let metrics = wiring.metrics.iter().filter(|metric| metric.name.span.is_within(&part.whole()));
            Some((part, part.source.span(at..at + library.len()), metrics.count()))
        });
        for (part, place, count) in counting.filter(|(.., count)| *count > 0) {
            let told =
                Diagnostic::error("", format!("nothing serves the {count} metrics that this code counts"))
                    .at(&place)
                    .label("there is no `/metrics` to scrape")
                    .because("assuming that no undocumented code serves them")
                    .help(match library {
                        "prom-client" => {
                            "answer `/metrics` with `await register.metrics()`; a page in a browser can't be scraped at all"
                        }
                        _ => "call `start_http_server(PORT)`, or add a route that returns `generate_latest()`",
                    });
            let asking = asking(wiring, part);
            let told = asking.iter().fold(told, |told, (_, target)| {
                told.related(target, "each scrape of this target fails, so its `up` is 0")
            });
            found.push(asking.iter().fold(told, |told, (job, _)| {
                not_an_http_target::fires_for_ever(wiring, told, &job.job_name.value)
            }));
        }
    }
    found
}

/// The jobs that scrape what runs the code of a file, and the targets: `backend/metrics.py` runs as `backend`.
fn asking<'w>(wiring: &'w Wiring, part: &DocumentPart) -> Vec<(&'w ScrapeConfig, Span)> {
    let folder = part.name.as_deref().and_then(|name| name.trim_start_matches("./").split_once('/'));
    let Some((folder, _)) = folder else { return Vec::new() };
    let mut found = Vec::new();
    for job in jobs(wiring).filter(|job| job.relabel_configs.is_empty()) {
        let own = job.listed().filter(|target| {
            let host = target.value.rsplit_once(':').map_or(target.value.as_str(), |(host, _)| host);
            host == folder
        });
        found.extend(own.map(|target| (job, target.span.clone())));
    }
    found
}

/// `res.end(register.metrics())`, without `await`.
fn unawaited(source: &SourceFile) -> Option<Span> {
    let text = source.text();
    let mut calls = text.match_indices(".metrics()").filter_map(|(at, call)| {
        let line_start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let before = text[line_start..at].trim_start();
        let sent = [".end(", ".send(", ".write("]
            .iter()
            .find_map(|sent| before.find(sent).map(|at| at + sent.len()))?;
        let argument = &before[sent..];
        let plain = argument.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_'));
        let start = at - argument.len();
        plain.then(|| source.span(start..at + call.len()))
    });
    // Before version 13 it was the text itself.
    calls.next()
}

fn not_awaited(place: Span) -> Diagnostic {
    Diagnostic::error("", "a promise is sent in place of the metrics")
        .at(&place)
        .label("is a promise, and not awaited")
        .because("assuming prom-client 13 or later: each scrape ends with an error, so the target is down")
        .help("make the handler `async`, and send `await register.metrics()`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::wiring::of_text;

    #[test]
    fn the_targets_that_nothing_answers_are_named() {
        let told = |target: &str| {
            let guide = format!(
                "```yaml\nscrape_configs:\n- job_name: a\n  static_configs: [{{targets: ['{target}']}}]\nrule_files: [r.yml]\n```\n```python\n# backend/metrics.py\nfrom prometheus_client import Counter\nC = Counter('c', 'h')\n```\n```yaml\n# r.yml\ngroups:\n- name: g\n  rules:\n  - alert: Down\n    expr: up == 0\n```\n"
            );
            find(&of_text("guide.md", &guide)).iter().map(|found| found.related.len()).collect::<Vec<_>>()
        };
        assert_eq!(told("backend:8000"), [2]);
        assert_eq!(told("frontend:3000"), [0]);
    }
}
