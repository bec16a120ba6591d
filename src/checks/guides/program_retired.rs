//! Programs, charts and options that nobody maintains any longer.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Span};
use crate::stack::Version;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "program-retired",
    harm: Harm::Style,
    title: "nobody maintains this any longer",
    explanation: "What has come to its end gets no more fixes, of security neither, and what runs beside it moves on. Known here: Promtail and \
                  Grafana Agent (Grafana Alloy has taken their place), Jaeger 1 (Jaeger 2), the charts loki-stack, elastic/elasticsearch \
                  and elastic/kibana, and custom queries of postgres_exporter.",
    example: "services:\n  promtail: {image: 'grafana/promtail:2.8.0'}\n",
    mended: "services:\n  alloy: {image: 'grafana/alloy:v1.5.0'}\n",
    find,
};

/// What has ended: since when, and what to take.
struct Retired {
    what: &'static str,
    since: &'static str,
    instead: &'static str,
}

const IMAGES: [(&str, Retired); 7] = [
    ("grafana/promtail", PROMTAIL),
    ("grafana/agent", AGENT),
    ("jaegertracing/all-in-one", JAEGER),
    ("jaegertracing/jaeger-agent", JAEGER),
    ("jaegertracing/jaeger-collector", JAEGER),
    ("jaegertracing/jaeger-query", JAEGER),
    ("jaegertracing/jaeger-ingester", JAEGER),
];
const PROMTAIL: Retired = Retired {
    what: "Promtail",
    since: "it has reached its end of life on 2 March 2026",
    instead: "take Grafana Alloy, which converts its configs: `alloy convert --source-format=promtail`",
};
const AGENT: Retired = Retired {
    what: "Grafana Agent",
    since: "it has reached its end of life on 1 November 2025",
    instead: "take Grafana Alloy",
};
const JAEGER: Retired = Retired {
    what: "Jaeger 1",
    since: "it has reached its end of life on 31 December 2025",
    instead: "take `jaegertracing/jaeger`, version 2",
};
const LOKI_STACK: Retired = Retired {
    what: "The chart loki-stack",
    since: "it is deprecated, and brings Loki 2 and Promtail",
    instead: "take the chart grafana/loki, and grafana/alloy to ship logs",
};
const ELASTIC: Retired = Retired {
    what: "Elastic's chart",
    since: "its repository is archived since May 2023; its last version is 8.5.1",
    instead: "take Elastic's operator (ECK): `helm install elastic-operator elastic/eck-operator`",
};
const QUERIES: Retired = Retired {
    what: "postgres_exporter's option for custom queries",
    since: "it is deprecated since version 0.13",
    instead: "take the exporter's own collectors, or sql_exporter for queries of one's own",
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (image, retired) in &IMAGES {
        for (_, container) in wiring.running(image) {
            found.extend(container.image.as_ref().map(|image| told(retired, &image.span)));
        }
    }
    for release in &wiring.releases {
        let of_elastic = release.repository.as_deref() == Some("elastic");
        let retired = match release.chart.value.as_str() {
            "loki-stack" => &LOKI_STACK,
            "promtail" => &PROMTAIL,
            "elasticsearch" | "kibana" | "filebeat" | "logstash" | "metricbeat" if of_elastic => &ELASTIC,
            _ => continue,
        };
        found.push(told(retired, &release.chart.span));
    }
    let exporter = wiring
        .running("prometheuscommunity/postgres-exporter")
        .chain(wiring.running("prometheus-community/postgres-exporter"));
    for (_, container) in exporter {
        let variable = container.env.iter().find(|(name, _)| name.value == "PG_EXPORTER_EXTEND_QUERY_PATH");
        let flag = container.flag("extend.query-path");
        let place = variable.map(|(name, _)| name.span.clone()).or(flag.map(|flag| flag.span));
        let Some(place) = place else { continue };
        let version = container.image_tag().and_then(Version::parse);
        let old = version.is_some_and(|version| (version.major, version.minor) < (0, 13));
        let diagnostic = told(&QUERIES, &place);
        found.push(match old {
            true => diagnostic.label("works in this version; the next ones advise against it"),
            false => diagnostic,
        });
    }
    found
}

fn told(retired: &Retired, place: &Span) -> Diagnostic {
    Diagnostic::warning("", format!("{} is no longer maintained", retired.what))
        .at(place)
        .label("at its end")
        .because(retired.since)
        .help(retired.instead)
        .shared(format!("the end of {}", retired.what))
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn images_charts_and_options_are_known() {
        let image = |image: &str| format!("```yaml\nservices: {{a: {{image: '{image}'}}}}\n```\n");
        let id = "program-retired";
        check(id, &image("jaegertracing/all-in-one:1.46"), &["2:23 Jaeger 1 is no longer maintained"]);
        check(id, &image("jaegertracing/jaeger:2.0.0"), &[]);
        let chart = |chart: &str| format!("```sh\nhelm install a {chart}\n```\n");
        check(id, &chart("grafana/loki-stack"), &["2:16 The chart loki-stack is no longer maintained"]);
        check(id, &chart("elastic/kibana"), &["2:16 Elastic's chart is no longer maintained"]);
        check(id, &chart("bitnami/elasticsearch"), &[]);
        let queries = "```yaml\nservices:\n  e:\n    image: prometheuscommunity/postgres-exporter:v0.15.0\n    environment: {PG_EXPORTER_EXTEND_QUERY_PATH: /q.yaml}\n```\n";
        check(id, queries, &["5:19 postgres_exporter's option for custom queries is no longer maintained"]);
    }
}
