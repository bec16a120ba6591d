//! Metrics that the application's code counts and never serves.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, SourceFile, Span};
use crate::stack::wiring::{DocumentPart, PartKind, Wiring};

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
        let parts: Vec<&DocumentPart> = wiring
            .parts
            .iter()
            .filter(|part| part.kind == PartKind::Code && languages.contains(&part.language.as_str()))
            .collect();
        let serves = parts.iter().any(|part| serving.iter().any(|word| part.source.text().contains(word)));
        if serves {
            found.extend(parts.iter().filter_map(|part| unawaited(&part.source)).map(not_awaited));
            continue;
        }
        let counting = parts.iter().filter_map(|part| {
            let at = part.source.text().find(library)?;
            let metrics = wiring.metrics.iter().filter(|metric| is_within(&metric.name.span, part));
            Some((part, part.source.span(at..at + library.len()), metrics.count()))
        });
        for (_, place, count) in counting.filter(|(.., count)| *count > 0) {
            found.push(
                Diagnostic::error("", format!("nothing serves the {count} metrics that this code counts"))
                    .at(&place)
                    .label("there is no `/metrics` to scrape")
                    .because("assuming that no undocumented code serves them")
                    .help(match library {
                        "prom-client" => {
                            "answer `/metrics` with `await register.metrics()`; a page in a browser can't be scraped at all"
                        }
                        _ => "call `start_http_server(PORT)`, or add a route that returns `generate_latest()`",
                    }),
            );
        }
    }
    found
}

fn is_within(place: &Span, part: &DocumentPart) -> bool {
    let (inner, outer) = (place.in_own_file(), part.source.span(0..part.source.text().len()).in_own_file());
    inner.file.path() == outer.file.path() && outer.start <= inner.start && inner.end <= outer.end
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
