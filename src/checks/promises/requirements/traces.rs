//! Traces: whether anything sends them, how many are kept and for how long, and what joins them with the rest.

use super::{Lack, mentions};
use crate::checks::traces::traces_in_memory;
use crate::diagnostic::Span;
use crate::stack::wiring::{Listed, Wiring};

/// Logs, metrics and traces meet in Grafana.
pub(super) fn beside_metrics(wiring: &Wiring) -> Option<Lack> {
    const TRACES: [&str; 5] = ["jaeger", "tempo", "zipkin", "elasticsearch", "opensearch"];
    let sources = &wiring.grafana.datasources;
    let shown: Vec<_> = sources
        .iter()
        .map(|source| (source.name.span.clone(), format!("a datasource of the kind `{}`", source.kind)))
        .collect();
    match shown.is_empty() || sources.iter().any(|source| TRACES.contains(&source.kind.as_str())) {
        true => None,
        false => Some(Lack {
            because:
                "Grafana has no datasource of traces: nothing leads from a panel or a log line to its trace"
                    .to_owned(),
            shown,
        }),
    }
}

/// No documented program makes a span.
pub(super) fn sent_by_nobody(wiring: &Wiring) -> Option<Lack> {
    const WORDS: [&str; 11] = [
        "otel_",
        "opentelemetry",
        "otlp",
        "jaeger_agent",
        "jaeger_endpoint",
        "jaeger_service_name",
        "jaeger_collector",
        "zipkin",
        "sidecar.jaegertracing.io/inject",
        "beyla",
        "odigos",
    ];
    let store = store(wiring)?;
    let words = |text: &str| WORDS.iter().any(|word| text.contains(word));
    let of_code = wiring.code();
    let coded = of_code.into_iter().any(|part| words(&part.source.text().to_lowercase()));
    let meshed = mentions(wiring, &["istio", "linkerd", "kong", "traefik"]);
    if !wiring.traces.clients.is_empty() || coded || meshed || mentions(wiring, &WORDS) {
        return None;
    }
    Some(Lack {
        because: "no document has the code, the environment or the object by which a program sends a span; assuming that \
                  none does so already"
            .to_owned(),
        shown: vec![(store, "takes spans, and nothing sends any".to_owned())],
    })
}

/// Neither a share of them nor a time.
pub(super) fn kept_without_measure(wiring: &Wiring, items: &[&Listed]) -> Option<Lack> {
    let place = store(wiring)?;
    // What the missing values say is not known.
    if wiring.releases.iter().any(|release| release.is_jaegers() && !release.complete) {
        return None;
    }
    let asks = |word: &str| items.iter().any(|item| item.text.value.to_lowercase().contains(word));
    let mut lacks = Vec::new();
    if asks("sampling") && !sampled(wiring) {
        lacks.push("no sampler is set, and no sampling strategy");
    }
    if asks("retention") || asks("retained") {
        lacks.extend(kept(wiring));
    }
    let shown = vec![(place, "traces are kept here".to_owned())];
    (!lacks.is_empty()).then(|| Lack { because: lacks.join("; "), shown })
}

/// Where traces are kept: Jaeger, as an image, a chart or an object.
fn store(wiring: &Wiring) -> Option<Span> {
    let chart = wiring.releases.iter().find(|release| release.is_jaegers());
    let object = || wiring.objects_of("Jaeger").next().map(|object| object.name.span.clone());
    let image = || {
        let containers = wiring.workloads.iter().flat_map(|workload| &workload.containers);
        let mut images = containers.filter(|container| container.image_name().contains("jaegertracing/"));
        images.next().and_then(|container| container.image.as_ref()).map(|image| image.span.clone())
    };
    chart.map(|release| release.chart.span.clone()).or_else(object).or_else(image)
}

fn sampled(wiring: &Wiring) -> bool {
    const WORDS: [&str; 4] = ["sampling", "sampler", "otel_traces_sampler", "samplestrateg"];
    let of_code = wiring.code();
    let coded = of_code.into_iter().any(|part| part.source.text().to_lowercase().contains("sampl"));
    coded || mentions(wiring, &WORDS)
}

/// What keeps traces for too long or not long enough.
fn kept(wiring: &Wiring) -> Option<&'static str> {
    let in_memory = !(traces_in_memory::CHECK.find)(wiring).is_empty();
    let newest = wiring.releases.iter().any(|release| {
        let configured = release.keys.iter().any(|key| matches!(key.value.as_str(), "userconfig" | "config"));
        release.is_jaegers() && release.is_at_least(4) && !configured
    });
    if in_memory || newest {
        return Some(
            "traces are in memory alone: the oldest make room for new ones, and a restart loses all",
        );
    }
    let elasticsearch = wiring.settings.iter().any(|setting| {
        let key = setting.path.to_lowercase();
        (key.ends_with("storage.type") || key.contains("span_storage_type"))
            && setting.value.value.contains("elasticsearch")
    });
    let cleaned =
        mentions(wiring, &["indexcleaner", "index-cleaner", "curator", "esrollover", "es-rollover", "_ilm"]);
    (elasticsearch && !cleaned)
        .then_some("nothing deletes Jaeger's indices, one or more a day, from Elasticsearch")
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    fn guide(item: &str, documents: &str) -> String {
        format!("## Acceptance Criteria\n- [ ] {item}\n\n{documents}")
    }

    const JAEGER: &str = "```sh\nhelm install jaeger jaegertracing/jaeger\n```\n";

    #[test]
    fn a_jaeger_to_which_nothing_sends_traces_nothing() {
        let item = "Jaeger provides distributed tracing across services";
        let unmet = format!("2:7 nothing shows that this is met: {item}");
        check("requirement-unmet", &guide(item, JAEGER), &[&unmet]);
        let code = format!("{JAEGER}```js\nconst {{ trace }} = require('@opentelemetry/api');\n```\n");
        check("requirement-unmet", &guide(item, &code), &[]);
        let env = format!(
            "{JAEGER}```yaml\nservices: {{api: {{image: 'a:1', environment: {{OTEL_EXPORTER_OTLP_ENDPOINT: 'http://jaeger:4318'}}}}}}\n```\n"
        );
        check("requirement-unmet", &guide(item, &env), &[]);
        // No store of traces is documented: that is another matter.
        check("requirement-unmet", &guide(item, "```sh\nhelm install grafana grafana/grafana\n```\n"), &[]);
    }

    #[test]
    fn traces_have_a_share_and_a_time() {
        let item = "Verify trace sampling and retention";
        let unmet = format!("2:7 nothing shows that this is met: {item}");
        check("requirement-unmet", &guide(item, JAEGER), &[&unmet]);
        let hidden = JAEGER.replace("jaeger\n", "jaeger -f v.yaml\n");
        check("requirement-unmet", &guide(item, &hidden), &[]);
        let values = |extra: &str| {
            format!(
                "```sh\nhelm install jaeger jaegertracing/jaeger --version 3.4.1 -f v.yaml\n```\nv.yaml\n```yaml\nprovisionDataStore: {{cassandra: false}}\nstorage: {{type: elasticsearch}}\n{extra}```\n"
            )
        };
        let sampled = "collector: {samplingConfig: '{}'}\n";
        let cleaned = "esIndexCleaner: {enabled: true}\n";
        check("requirement-unmet", &guide(item, &values(sampled)), &[&unmet]);
        check("requirement-unmet", &guide(item, &values(cleaned)), &[&unmet]);
        check("requirement-unmet", &guide(item, &values(&format!("{sampled}{cleaned}"))), &[]);
    }
}
