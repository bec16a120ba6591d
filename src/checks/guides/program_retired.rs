//! Programs, charts and options that nobody maintains any longer.

use super::compose_file_unused;
use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Span};
use crate::stack::Version;
use crate::stack::wiring::{Container, Wiring, Workload};

pub const CHECK: Check = Check {
    id: "program-retired",
    harm: Harm::Risk,
    title: "nobody maintains this any longer",
    explanation: "What has come to its end gets no more fixes, of security neither, and what runs beside it moves on. Known here: Promtail and \
                  Grafana Agent (Grafana Alloy has taken their place), Jaeger 1 and the objects of its operator (Jaeger 2), Fluent Bit \
                  before 5.0, the charts grafana/grafana, loki-stack, loki-distributed, elastic/elasticsearch and elastic/kibana, and \
                  custom queries of postgres_exporter.",
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
const JAEGER_OPERATOR: Retired = Retired {
    what: "Jaeger 1, which this object stands for,",
    since: "it has reached its end of life on 31 December 2025, and its operator runs no other",
    instead: "run Jaeger 2 by the OpenTelemetry operator, as an `OpenTelemetryCollector` with the image `jaegertracing/jaeger`",
};
const FLUENT_BIT: Retired = Retired {
    what: "This series of Fluent Bit",
    since: "fixes go to 5.0 and later; 4.2 had its last in July 2026",
    instead: "take a version of today",
};
const GRAFANA: Retired = Retired {
    what: "The chart grafana/grafana",
    since: "it is deprecated since 30 January 2026, and stays at 10.5",
    instead: "take `grafana-community/grafana`, of https://grafana-community.github.io/helm-charts",
};
const LOKI_DISTRIBUTED: Retired = Retired {
    what: "The chart loki-distributed",
    since: "it is deprecated, and gets no updates",
    instead: "take the chart grafana/loki",
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
    let mut add = |retired: &Retired, workload: &Workload, container: &Container| {
        let Some(image) = &container.image else { return };
        let told = told(retired, &image.span);
        found.push(match compose_file_unused::of(wiring, workload) {
            Some(file) => told.follows_from("compose-file-unused", &file.place),
            None => told,
        });
    };
    for (image, retired) in &IMAGES {
        for (workload, container) in wiring.running(image) {
            add(retired, workload, container);
        }
    }
    for (workload, container) in wiring.running("fluent/fluent-bit") {
        let version = container.image_tag().and_then(Version::parse);
        if version.is_some_and(|version| version.major < 5) {
            add(&FLUENT_BIT, workload, container);
        }
    }
    for object in wiring.objects_of("Jaeger") {
        if object.api_version.value.starts_with("jaegertracing.io/") {
            found.push(told(&JAEGER_OPERATOR, &object.kind.span));
        }
    }
    for release in &wiring.releases {
        let of = |repository: &str| release.repository.as_deref() == Some(repository);
        let of_elastic = of("elastic");
        // The alias may have been given to the new repository.
        let of_grafana = of("grafana") && !adds_community(wiring);
        let retired = match release.chart.value.as_str() {
            "grafana" if of_grafana => &GRAFANA,
            "loki-distributed" => &LOKI_DISTRIBUTED,
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

/// Whether a command calls the new repository `grafana`.
fn adds_community(wiring: &Wiring) -> bool {
    wiring.commands.iter().any(|command| {
        let has = |wanted: &dyn Fn(&str) -> bool| command.iter().any(|word| wanted(&word.value));
        has(&|word| word == "grafana") && has(&|word| word.contains("grafana-community.github.io"))
    })
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
        check(id, &chart("grafana/grafana"), &["2:16 The chart grafana/grafana is no longer maintained"]);
        check(id, &chart("grafana-community/grafana"), &[]);
        let alias = "```sh\nhelm repo add grafana https://grafana-community.github.io/helm-charts\n```\n";
        check(id, &format!("{alias}{}", chart("grafana/grafana")), &[]);
        check(
            id,
            &image("fluent/fluent-bit:2.0"),
            &["2:23 This series of Fluent Bit is no longer maintained"],
        );
        check(id, &image("fluent/fluent-bit:5.1.2"), &[]);
        check(
            id,
            "```yaml\napiVersion: jaegertracing.io/v1\nkind: Jaeger\nmetadata: {name: j}\n```\n",
            &["3:7 Jaeger 1, which this object stands for, is no longer maintained"],
        );
        check(id, &chart("elastic/kibana"), &["2:16 Elastic's chart is no longer maintained"]);
        check(id, &chart("bitnami/elasticsearch"), &[]);
        let queries = "```yaml\nservices:\n  e:\n    image: prometheuscommunity/postgres-exporter:v0.15.0\n    environment: {PG_EXPORTER_EXTEND_QUERY_PATH: /q.yaml}\n```\n";
        check(id, queries, &["5:19 postgres_exporter's option for custom queries is no longer maintained"]);
    }
}
