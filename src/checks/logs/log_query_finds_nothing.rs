//! Queries of LogQL for labels that nothing gives to log streams.

use std::collections::BTreeMap;

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Span, Spanned, nearest};
use crate::documents::dashboard::has_variables;
use crate::documents::logql;
use crate::promql::ast::Matcher;
use crate::stack::wiring::{FluentBitConfig, PartKind, PromtailConfig, Section, Wiring};

pub const CHECK: Check = Check {
    id: "log-query-finds-nothing",
    harm: Harm::Silent,
    title: "no log stream has the label or value that a query asks for",
    explanation: "Loki finds lines by the labels of their streams, and those are the ones that the shipper gives: Promtail from its static \
                  labels, its relabelling and its pipeline, Fluent Bit from `labels` and `label_keys`. A query for another label \
                  finds no line, and its panel stays empty. What stands in the line is found behind a parser, as in `| json | level=\"error\"`. \
                  Told only where every shipper's labels stand in the documents.",
    example: "# promtail.yml\nclients: [{url: 'http://loki:3100/loki/api/v1/push'}]\nscrape_configs:\n- job_name: app\n  static_configs: [{targets: [localhost], labels: {job: todo, __path__: /var/log/todo/*.log}}]\n---8<---\n# overview.json\n{\"title\": \"Overview\", \"panels\": [{\"title\": \"Errors\", \"datasource\": {\"type\": \"loki\", \"uid\": \"l\"}, \"targets\": [{\"expr\": \"{app=\\\"todo\\\"} |= \\\"error\\\"\"}]}]}\n",
    mended: "# promtail.yml\nclients: [{url: 'http://loki:3100/loki/api/v1/push'}]\nscrape_configs:\n- job_name: app\n  static_configs: [{targets: [localhost], labels: {job: todo, __path__: /var/log/todo/*.log}}]\n---8<---\n# overview.json\n{\"title\": \"Overview\", \"panels\": [{\"title\": \"Errors\", \"datasource\": {\"type\": \"loki\", \"uid\": \"l\"}, \"targets\": [{\"expr\": \"{job=\\\"todo\\\"} |= \\\"error\\\"\"}]}]}\n",
    find,
};

/// The labels of all streams: where each is given, and its values where all of them are written down.
type Labels = BTreeMap<String, (Option<Span>, Option<Vec<String>>)>;

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let Some(labels) = stream_labels(wiring) else { return Vec::new() };
    queries(wiring).iter().flat_map(|query| judge(query, &labels)).collect()
}

/// Queries of panels, of rules, and those that guides show.
fn queries(wiring: &Wiring) -> Vec<Spanned<String>> {
    let panels = wiring.grafana.queries().filter(|(_, asked)| *asked == Some("loki"));
    let panels = panels.map(|(target, _)| target.text.clone());
    let blocks = wiring.parts.iter().filter(|part| part.kind == PartKind::Query && part.language == "logql");
    let blocks = blocks.map(|part| {
        let text = part.source.text();
        Spanned::new(text.to_owned(), part.source.span(0..text.lines().next().map_or(0, str::len)))
    });
    let rules = wiring.logs.rules.iter().map(|rule| rule.query.clone());
    panels.chain(rules).chain(blocks).collect()
}

fn judge(query: &Spanned<String>, labels: &Labels) -> Vec<Diagnostic> {
    let selectors = logql::selectors(&query.value).unwrap_or_default();
    let matchers = selectors.iter().flat_map(|selector| &selector.matchers);
    matchers.filter_map(|matcher| told(matcher, &query.span, labels)).collect()
}

fn told(matcher: &Matcher, place: &Span, labels: &Labels) -> Option<Diagnostic> {
    let name = &*matcher.name;
    if name.starts_with("__") || has_variables(&matcher.value) || matcher.matches("") {
        return None;
    }
    let told = |message: String, label: String| {
        Diagnostic::error("", message)
            .at(place)
            .label(label)
            .because("assuming that nothing else sends to Loki")
    };
    let Some((given, values)) = labels.get(name) else {
        let known: Vec<&str> = labels.keys().map(String::as_str).collect();
        let found = told(format!("no log stream has the label `{name}`"), "finds nothing".to_owned()).help(
            match nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`? Streams have {}", known.join(", ")),
                None => format!(
                    "streams have {}; what is in the line is found by `| json | {name}=…`",
                    known.join(", ")
                ),
            },
        );
        return Some(found);
    };
    let values = values.as_ref()?;
    if values.iter().any(|value| matcher.matches(value)) {
        return None;
    }
    let found =
        told(format!("no log stream has a `{name}` that this asks for"), format!("{matcher} finds nothing"))
            .help(format!("the values of `{name}` are {}", values.join(", ")));
    Some(match given {
        Some(given) => found.related(given, "given here"),
        None => found,
    })
}

/// `None` where some labels can't be known from the documents.
fn stream_labels(wiring: &Wiring) -> Option<Labels> {
    let charts = ["promtail", "loki-stack", "alloy", "k8s-monitoring", "fluent-bit", "fluentd", "logstash"];
    let by_chart = wiring.releases.iter().any(|release| charts.contains(&release.chart.value.as_str()));
    let by_others = ["grafana/alloy", "grafana/agent", "fluent/fluentd", "timberio/vector"];
    let by_others = by_others.iter().any(|image| wiring.running(image).next().is_some());
    let by_code = wiring.code().any(|part| part.source.text().to_lowercase().contains("loki"));
    let by_driver =
        wiring.settings.iter().any(|it| it.path.ends_with("logging.driver") && it.value.value == "loki");
    if by_chart || by_others || by_code || by_driver || !wiring.traces.collectors.is_empty() {
        return None;
    }
    let mut labels = Labels::new();
    for config in &wiring.logs.promtail {
        promtail(config, &mut labels)?;
    }
    for config in &wiring.logs.fluent_bit {
        fluent_bit(config, &mut labels)?;
    }
    if labels.is_empty() {
        return None;
    }
    // Loki 3 adds it.
    labels.entry("service_name".to_owned()).or_insert((None, None));
    Some(labels)
}

fn promtail(config: &PromtailConfig, labels: &mut Labels) -> Option<()> {
    const CLOSED: [&str; 4] =
        ["static_configs", "kubernetes_sd_configs", "docker_sd_configs", "dockerswarm_sd_configs"];
    for job in &config.jobs {
        let open = job.discovers.as_ref().is_some_and(|it| !CLOSED.contains(&it.value.as_str()));
        if open || job.makes_others || !job.label_maps.is_empty() {
            return None;
        }
        let computed =
            job.relabelled.iter().map(|(label, _)| label).chain(job.labels.iter().map(|(label, _)| label));
        computed.filter(|label| !label.value.starts_with("__")).for_each(|label| add(labels, label, None));
        job.fixed.iter().for_each(|(label, value)| add(labels, label, Some(value)));
        labels.entry("filename".to_owned()).or_insert((None, None));
        if job.parser.is_some() {
            labels.entry("stream".to_owned()).or_insert((None, None));
        }
    }
    config.external_labels.iter().for_each(|(label, value)| add(labels, label, Some(value)));
    Some(())
}

fn fluent_bit(config: &FluentBitConfig, labels: &mut Labels) -> Option<()> {
    let outputs = config.of("OUTPUT").filter(|output| output.name().contains("loki"));
    for output in outputs {
        if output.is_on("auto_kubernetes_labels")
            || output.get("label_map_path").is_some()
            || output.name() != "loki"
        {
            return None;
        }
        loki_labels(output, labels);
    }
    Some(())
}

/// `job=fluentbit, app=$kubernetes['labels']['app']` and `$level, $sub['stream']`.
fn loki_labels(output: &Section, labels: &mut Labels) {
    let default = Spanned::new("job=fluent-bit".to_owned(), output.kind.span.clone());
    let given = output.get("labels").unwrap_or(&default);
    for pair in given.value.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((last_key(pair), "$"));
        let fixed = (!value.trim().starts_with('$')).then(|| value.trim().to_owned());
        add(labels, &Spanned::new(name.trim().to_owned(), given.span.clone()), fixed.as_ref());
    }
    for key in output.get("label_keys").iter().flat_map(|keys| keys.value.split(',')) {
        add(labels, &Spanned::new(last_key(key.trim()).to_owned(), given.span.clone()), None);
    }
}

/// `$kubernetes['labels']['app']` becomes a label `app`.
fn last_key(accessor: &str) -> &str {
    let last = accessor.rsplit(['[', '$']).next().unwrap_or(accessor);
    last.trim_matches(['\'', '"', ']', ' '])
}

fn add(labels: &mut Labels, label: &Spanned<String>, value: Option<&String>) {
    let entry =
        labels.entry(label.value.clone()).or_insert_with(|| (Some(label.span.clone()), Some(Vec::new())));
    match (value, &mut entry.1) {
        (Some(value), Some(values)) => values.push(value.clone()),
        (_, values) => *values = None,
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    const ID: &str = "log-query-finds-nothing";

    fn promtail(job: &str, query: &str) -> String {
        format!(
            "```logql\n{query}\n```\n```yaml\nclients: [{{url: 'http://loki:3100/loki/api/v1/push'}}]\nscrape_configs:\n- {job}\n```\n"
        )
    }

    #[test]
    fn labels_come_from_the_config_the_relabelling_and_the_pipeline() {
        let job = "{job_name: a, static_configs: [{labels: {job: varlogs, __path__: /l/*.log}}], relabel_configs: [{source_labels: [__x], target_label: app}], pipeline_stages: [{labels: {level: }}, {cri: {}}]}";
        for known in ["job", "app", "level", "filename", "stream", "service_name"] {
            let value = if known == "job" { "varlogs" } else { "x" };
            check(ID, &promtail(job, &format!("{{{known}=\"{value}\"}}")), &[]);
        }
        check(ID, &promtail(job, "{namespace=\"x\"}"), &["2:1 no log stream has the label `namespace`"]);
        check(ID, &promtail(job, "{namespace=~\".*\", job=\"varlogs\"}"), &[]);
    }

    #[test]
    fn values_that_are_all_written_down_are_compared() {
        let job = "{job_name: a, static_configs: [{labels: {job: varlogs, __path__: /l/*.log}}]}";
        check(ID, &promtail(job, "{job=\"nginx\"}"), &["2:1 no log stream has a `job` that this asks for"]);
        check(ID, &promtail(job, "{job=~\"nginx|var.*\"}"), &[]);
        check(ID, &promtail(job, "{job=\"$job\"}"), &[]);
    }

    #[test]
    fn a_labelmap_may_give_any_label() {
        let job = "{job_name: a, kubernetes_sd_configs: [{role: pod}], relabel_configs: [{action: labelmap, regex: __meta_kubernetes_pod_label_(.+)}]}";
        check(ID, &promtail(job, "{namespace=\"x\"}"), &[]);
    }

    #[test]
    fn fluent_bit_names_its_labels_in_the_output() {
        let guide = |labels: &str, query: &str| {
            format!(
                "```logql\n{query}\n```\n```ini\n[INPUT]\n    Name tail\n    Path /l/*.log\n[OUTPUT]\n    Name loki\n    Match *\n    Host loki\n    {labels}\n```\n"
            )
        };
        check(ID, &guide("Labels job=fb, $kubernetes['namespace_name']", "{namespace_name=\"a\"}"), &[]);
        check(
            ID,
            &guide("Labels job=fb", "{job=\"fluent-bit\"}"),
            &["2:1 no log stream has a `job` that this asks for"],
        );
        check(ID, &guide("Label_Keys $sub['stream']", "{stream=\"a\", job=\"fluent-bit\"}"), &[]);
        check(ID, &guide("Auto_Kubernetes_Labels on", "{app=\"a\"}"), &[]);
    }

    #[test]
    fn rules_of_loki_are_judged_as_what_they_are() {
        let rules = "```yaml\ngroups:\n- name: g\n  rules:\n  - alert: ManyErrors\n    expr: sum(rate({app=\"todo\"} |= \"error\" [5m])) > 1\n```\n";
        check("rules-refused", rules, &[]);
        let job = "{job_name: a, static_configs: [{labels: {job: varlogs, __path__: /l/*.log}}]}";
        let guide = rules.to_owned() + &promtail(job, "{job=\"varlogs\"}");
        check(ID, &guide, &["6:11 no log stream has the label `app`"]);
    }
}
