//! Labels that a metric does not have.

use super::sources::{Known, Sources};
use super::{Check, Harm, Query, series, templates};
use crate::diagnostic::{Diagnostic, Span, nearest};
use crate::promql::ast::{Aggregate, ExprKind, LabelName};
use crate::stack::wiring::Wiring;
use crate::stack::{Discovery, KubernetesRole};

pub const CHECK: Check = Check {
    id: "unknown-label",
    harm: Harm::Silent,
    title: "the metric has no such label",
    explanation: "A matcher on a label that a metric does not have selects nothing. Grouping by one sums everything \
                  into a single series, and a template that shows it shows nothing. A metric's labels are those of \
                  its instrumentation or its exporter, and those that discovery and relabelling add; where relabelling \
                  maps labels of pods, or the Prometheus config is not documented, any label may be there.",
    example: "# prometheus.yml\nscrape_configs:\n- job_name: node\n  static_configs: [{targets: ['node-exporter:9100']}]\nrule_files: [rules.yml]\n---8<---\n# rules.yml\ngroups:\n- name: node\n  rules:\n  - alert: Busy\n    expr: sum by (host) (rate(node_cpu_seconds_total{mode!=\"idle\"}[5m])) > 3\n",
    mended: "# prometheus.yml\nscrape_configs:\n- job_name: node\n  static_configs: [{targets: ['node-exporter:9100']}]\nrule_files: [rules.yml]\n---8<---\n# rules.yml\ngroups:\n- name: node\n  rules:\n  - alert: Busy\n    expr: sum by (instance) (rate(node_cpu_seconds_total{mode!=\"idle\"}[5m])) > 3\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let sources = Sources::new(wiring);
    super::queries(wiring).flat_map(|query| judge(&query, &sources)).collect()
}

fn judge(query: &Query, sources: &Sources) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (selector, _) in query.expr.selectors() {
        let known = sources.selected(selector);
        let Some(name) = selector.metric_name() else { continue };
        let series = series::scraped(&known, name, sources);
        for matcher in &selector.matchers {
            if matcher.matches("") || !series.lacks(&matcher.name) || &*matcher.name == "__name__" {
                continue;
            }
            let diagnostic = Diagnostic::error("", format!("`{name}` has no label `{}`", matcher.name))
                .at(&query.place(matcher.name_span))
                .label("selects nothing");
            found.push(with_labels(diagnostic, &matcher.name, &known, sources));
        }
    }
    let mut grouped: Vec<(String, Diagnostic)> = Vec::new();
    query.expr.walk(&mut |expr| {
        let ExprKind::Aggregate(aggregate) = &expr.kind else { return };
        for label in lacked(aggregate, sources) {
            let place = query.place(label.span);
            match grouped.iter_mut().find(|(name, _)| *name == *label.name) {
                Some((_, known)) => known.related.push((place, "nor has this".to_owned())),
                None => grouped
                    .push((label.name.to_string(), of_grouping(query, aggregate, label, place, sources))),
            }
        }
    });
    found.extend(grouped.into_iter().map(|(_, diagnostic)| diagnostic));
    found
}

/// Labels that a grouping names and nothing has.
fn lacked<'a>(aggregate: &'a Aggregate, sources: &Sources) -> Vec<&'a LabelName> {
    if aggregate.without || aggregate.grouping.is_empty() {
        return Vec::new();
    }
    // What an inner grouping lacks is told there.
    let selectors = aggregate.expr.selectors();
    let all = selectors.iter().map(|(selector, _)| {
        let name = selector.metric_name().unwrap_or_default();
        series::scraped(&sources.selected(selector), name, sources)
    });
    let all: Vec<_> = all.collect();
    let lacking = |label: &&LabelName| !all.is_empty() && all.iter().all(|series| series.lacks(&label.name));
    let made = makes_labels(aggregate);
    aggregate.grouping.iter().filter(|label| !made && lacking(label)).collect()
}

/// Whether labels are made within, so that the metric's own say nothing.
fn makes_labels(aggregate: &Aggregate) -> bool {
    let mut made = false;
    aggregate.expr.walk(&mut |expr| {
        made |= match &expr.kind {
            ExprKind::Call(call) => matches!(call.function.name, "label_replace" | "label_join" | "info"),
            ExprKind::Binary(binary) => !binary.matching.include.is_empty(),
            ExprKind::Aggregate(inner) => inner.op == crate::promql::ast::AggregateOp::CountValues,
            _ => false,
        };
    });
    made
}

fn of_grouping(
    query: &Query,
    aggregate: &Aggregate,
    label: &LabelName,
    place: Span,
    sources: &Sources,
) -> Diagnostic {
    let selectors = aggregate.expr.selectors();
    let (name, known) = selectors
        .iter()
        .find_map(|(selector, _)| Some((selector.metric_name()?.to_owned(), sources.selected(selector))))
        .unwrap_or_else(|| (String::new(), Known::Nothing));
    let others = aggregate.grouping.len() > 1;
    let diagnostic = Diagnostic::error("", format!("`{name}` has no label `{}`", label.name))
        .at(&place)
        .label(match others {
            true => "tells no series apart",
            false => "all series become a single one",
        });
    let mut diagnostic = with_labels(diagnostic, &label.name, &known, sources);
    for (_, text) in query.rule.map(templates::texts).unwrap_or_default() {
        for (used, place) in templates::labels(text) {
            if used == &*label.name {
                diagnostic = diagnostic.related(&place, "shows nothing here");
            }
        }
    }
    diagnostic
}

/// Where the labels come from, and which was meant.
fn with_labels(diagnostic: Diagnostic, label: &str, known: &Known, sources: &Sources) -> Diagnostic {
    let diagnostic = diagnostic.about(label);
    let Some(labels) = series::own_labels(known) else { return diagnostic };
    let diagnostic = match known {
        Known::Instrumented(metric) => diagnostic.related(&metric.name.span, "made here"),
        _ => diagnostic,
    };
    let listed: Vec<String> =
        labels.iter().filter(|it| *it != "le").map(|label| format!("`{label}`")).collect();
    let diagnostic = match listed.as_slice() {
        [] => diagnostic.because("it has none of its own, and discovery adds none of this name"),
        _ => {
            diagnostic.because(format!("it has {}, and discovery adds none of this name", listed.join(", ")))
        }
    };
    let diagnostic = diagnostic.shared(format!("the label {label} that discovery does not add"));
    match nearest(label, labels.iter().map(String::as_str).filter(|it| *it != "le")) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => match relabelled(sources.wiring, label) {
            Some(meta) => diagnostic.help(format!(
                "let relabelling add it: `{{source_labels: [{meta}], target_label: {label}}}`"
            )),
            None => diagnostic.help("group by a label that it has, or let relabelling add this one"),
        },
    }
}

/// What discovery in a cluster knows of a label that is usually taken over from it.
fn relabelled(wiring: &Wiring, label: &str) -> Option<&'static str> {
    let configs = wiring.prometheus.iter().filter_map(|config| config.config.as_ref());
    let mut discovered = configs.flat_map(|config| &config.scrape_configs).flat_map(|job| &job.discovery);
    let role = discovered.find_map(|discovery| match discovery {
        Discovery::Kubernetes { role, .. } => Some(role),
        _ => None,
    })?;
    match (label, role) {
        ("namespace", _) => Some("__meta_kubernetes_namespace"),
        ("pod", _) => Some("__meta_kubernetes_pod_name"),
        // The label by which pods are most often told apart.
        ("service" | "app", KubernetesRole::Pod) => Some("__meta_kubernetes_pod_label_app"),
        ("service", _) => Some("__meta_kubernetes_service_name"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    fn guide(expr: &str, relabel: &str) -> String {
        format!(
            "```python\nfrom prometheus_client import Counter\nC = Counter('requests', 'h', ['method', 'status'])\n```\n```yaml\n\
             scrape_configs:\n- job_name: a\n  static_configs: [{{targets: ['a:80']}}]\n{relabel}```\n```yaml\ngroups:\n- name: \
             g\n  rules:\n  - alert: A\n    expr: {expr}\n    annotations: {{summary: 'x {{{{ $labels.service }}}}'}}\n```\n"
        )
    }

    #[test]
    fn labels_are_those_of_the_code_and_of_discovery() {
        check(
            "unknown-label",
            &guide("requests_total{code=\"5\"} > 1", ""),
            &["15:26 `requests_total` has no label `code`"],
        );
        check(
            "unknown-label",
            &guide("sum(rate(requests_total[5m])) by (service) / sum(requests_total) by (service)", ""),
            &["15:45 `requests_total` has no label `service`"],
        );
        for fine in [
            "requests_total{status=\"5\",job=\"a\"}",
            "requests_total{code!=\"5\"}",
            "sum by (method, instance) (requests_total)",
            "sum without (service) (requests_total)",
            "sum by (service) (other_total)",
        ] {
            check("unknown-label", &guide(fine, ""), &[]);
        }
        let added = "  relabel_configs: [{target_label: service, replacement: x}]\n";
        check("unknown-label", &guide("sum by (service) (requests_total)", added), &[]);
        let mapped = "  relabel_configs: [{action: labelmap, regex: '__meta_kubernetes_pod_label_(.+)'}]\n";
        check("unknown-label", &guide("sum by (service) (requests_total)", mapped), &[]);
    }
}
