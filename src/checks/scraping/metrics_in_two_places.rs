//! Programs with two pages of metrics, of which a job scrapes one.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, SourceFile, Span};
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "metrics-in-two-places",
    harm: Harm::Risk,
    title: "this program serves its metrics in two places",
    explanation: "OpenTelemetry's `PrometheusExporter` listens at a port of its own (9464 unless it is told another), beside the route \
                  `/metrics` that prom-client answers. A target has one address, and the annotation `prometheus.io/port` names one port: \
                  what the other page says is never scraped. Count with one library, or write a job for each.",
    example: "# values.yaml\na: 1\n```\n```js\nconst client = require('prom-client');\napp.get('/metrics', async (req, res) => res.end(await client.register.metrics()));\n```\n```js\nconst { PrometheusExporter } = require('@opentelemetry/exporter-prometheus');\nnew PrometheusExporter({ port: 9090 });\n",
    mended: "# values.yaml\na: 1\n```\n```js\nconst client = require('prom-client');\napp.get('/metrics', async (req, res) => res.end(await client.register.metrics()));\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let code = || wiring.code().map(|part| &part.source);
    let Some(route) = code().find_map(route) else { return Vec::new() };
    let exporters = code().filter_map(exporter).filter(|(_, port)| !has_job(wiring, *port));
    let found = exporters.map(|(place, port)| {
        Diagnostic::warning("", "this program serves its metrics in two places")
            .at(&place)
            .label(format!("a page of its own, at port {port}"))
            .related(&route, "and here")
            .because(
                "assuming that both run in one program: a target has one address, so a job sees one of the two",
            )
            .help("keep one of the two, or write a job for each port")
            .follows_from("metric-reader-misused", &crate::checks::whole(&place))
    });
    found.collect()
}

/// `res.end(await client.register.metrics())`
fn route(file: &SourceFile) -> Option<Span> {
    let text = file.text();
    let at = text.find("prom-client").and_then(|_| text.find(".metrics()"))?;
    Some(file.span(at..at + ".metrics()".len()))
}

/// `new PrometheusExporter({ port: 9090 })`, with its port.
fn exporter(file: &SourceFile) -> Option<(Span, u16)> {
    const DEFAULT: u16 = 9464;
    const MADE: &str = "new PrometheusExporter(";
    let text = file.text();
    let at = text.find(MADE)?;
    let start = at + MADE.len();
    let inside = &text[start..text[start..].find(')').map_or(text.len(), |end| start + end)];
    let Some(key) = inside.find("port:") else {
        return Some((file.span(at..start - 1), DEFAULT));
    };
    let behind = &inside[key + "port:".len()..];
    let number = behind.trim_start();
    let digits = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    // What the environment says nobody knows.
    let port = number[..digits].parse().ok()?;
    let end = start + key + "port:".len() + (behind.len() - number.len()) + digits;
    Some((file.span(start + key..end), port))
}

/// Whether a job names the port.
fn has_job(wiring: &Wiring, port: u16) -> bool {
    let addresses = crate::checks::addresses(wiring);
    let listed = addresses.iter().any(|address| address.port == Some(port) && address.host != "localhost");
    let annotated = wiring.workloads.iter().any(|workload| {
        workload.annotations.get("prometheus.io/port").is_some_and(|own| own.value == port.to_string())
    });
    annotated || listed && port != 9090
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn a_second_page_that_is_scraped_is_none_too_many() {
        let guide = |port: &str, job: &str| {
            format!(
                "```js\nrequire('prom-client');\nres.end(await register.metrics());\nnew PrometheusExporter({{{port}}});\n```\n```yaml\n# prometheus.yml\nscrape_configs:\n- job_name: a\n  static_configs: [{{targets: ['{job}']}}]\n```\n"
            )
        };
        let found = "this program serves its metrics in two places";
        check("metrics-in-two-places", &guide("port: 9500", "a:80"), &[&format!("4:25 {found}")]);
        check("metrics-in-two-places", &guide("", "a:80"), &[&format!("4:1 {found}")]);
        check("metrics-in-two-places", &guide("port: 9500", "a:9500"), &[]);
        check("metrics-in-two-places", &guide("port: process.env.PORT", "a:80"), &[]);
    }
}
