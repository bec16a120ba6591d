//! Messages that don't say which of several alerts they are about.

use std::collections::BTreeSet;

use super::trial::Trial;
use crate::catalogue;
use crate::checks::sources::{self, Known, Sources};
use crate::checks::{Check, Harm, series, templates};
use crate::diagnostic::{Diagnostic, Span};
use crate::promql::Expr;
use crate::promql::ast::{AggregateOp, BinaryOp, ExprKind, ValueType, VectorSelector};
use crate::routing::{RoutedAlert, Routing, channel};
use crate::stack::alertmanager::Integration;
use crate::stack::wiring::Wiring;
use crate::stack::{Discovery, KubernetesRole, Rule, ScrapeConfig};
use crate::twin::alertmanager::Templates;

pub const CHECK: Check = Check {
    id: "messages-alike",
    harm: Harm::Risk,
    title: "the message does not say which of several alerts it is about",
    explanation: "A rule fires once for each series that its expression finds: each pod, node or database. Where neither the \
                  annotations nor the receiver's texts show a label that tells them apart, all of these alerts read the same, and \
                  whoever is woken has to find out first which one it is. Tried by making the message for such an alert.",
    example: "# alertmanager.yml\nroute: {receiver: chat}\nreceivers:\n- name: chat\n  slack_configs:\n  - api_url_file: /etc/alertmanager/slack\n    channel: '#alerts'\n    title: Alert\n    text: '{{ range .Alerts }}{{ .Annotations.summary }} {{ end }}'\n---8<---\n# prometheus.yml\nscrape_configs:\n- job_name: api\n  static_configs: [{targets: ['api-0:80', 'api-1:80']}]\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up{job=\"api\"} == 0\n    annotations: {summary: The API is down}\n",
    mended: "# alertmanager.yml\nroute: {receiver: chat}\nreceivers:\n- name: chat\n  slack_configs:\n  - api_url_file: /etc/alertmanager/slack\n    channel: '#alerts'\n    title: Alert\n    text: '{{ range .Alerts }}{{ .Annotations.summary }} {{ end }}'\n---8<---\n# prometheus.yml\nscrape_configs:\n- job_name: api\n  static_configs: [{targets: ['api-0:80', 'api-1:80']}]\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up{job=\"api\"} == 0\n    annotations: {summary: 'The API on {{ $labels.instance }} is down'}\n",
    find,
};

/// More alerts than anybody looks at.
const SHOWN: usize = 5;
/// More than anybody counts.
const MOST: usize = 50;

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let sources = Sources::new(wiring);
    let mut found = Vec::new();
    for config in &wiring.alertmanagers {
        let Some(stack) = super::stack(wiring, config) else { continue };
        let Some(routing) = Routing::of(&stack) else { continue };
        let files = &routing.alertmanager.template_files;
        let Ok(texts) = Templates::new(files, routing.alertmanager.version) else { continue };
        let trial = Trial::of(&routing, &texts);
        for receiver in &routing.alertmanager.receivers {
            for integration in &receiver.integrations {
                // Of alerts whose annotations show labels in the same places one is enough to see that they are told apart.
                let mut telling = BTreeSet::new();
                let alike = routing.told_to(&receiver.name.value).filter_map(|alert| {
                    let apart = apart(alert.rule, &sources)?;
                    let mut nodes = alert.destinations.iter().map(|to| to.node);
                    let node =
                        nodes.find(|node| routing.route(*node).receiver.value == receiver.name.value)?;
                    let shown = templates::texts(alert.rule).into_iter();
                    let shown = shown.filter(|(_, text)| text.value.contains("abels")).map(|(name, _)| name);
                    let like = (node, apart.clone(), shown.collect::<Vec<_>>());
                    if telling.contains(&like) {
                        return None;
                    }
                    let tells = trial.tells(alert, node, integration, &apart)?;
                    if tells {
                        telling.insert(like);
                    }
                    (!tells).then_some((alert, apart))
                });
                let alike: Vec<(&RoutedAlert<'_>, Vec<String>)> = alike.take(MOST).collect();
                found.extend(told(integration, &alike));
            }
        }
    }
    found
}

fn told(integration: &Integration, alike: &[(&RoutedAlert<'_>, Vec<String>)]) -> Option<Diagnostic> {
    let (first, apart) = alike.first()?;
    let label = shown(apart);
    let found = Diagnostic::warning(
        "",
        format!("a message to {} does not say which `{label}` it is about", channel(integration)),
    )
    .at(&text_of(integration))
    .label("shows no label of the alert, and no annotation that has one");
    let mut found = alike.iter().take(SHOWN).fold(found, |found, (alert, apart)| {
        let label = shown(apart);
        found
            .related(&alert.rule.name().span, format!("fires for each `{label}`, and reads the same for all"))
    });
    let more = match alike.len().saturating_sub(SHOWN) {
        0 => String::new(),
        _ if alike.len() == MOST => "; the same holds for many more alerts".to_owned(),
        more => format!("; the same holds for {more} more alerts"),
    };
    found = found.because(format!("when several fire at once, each is the same sentence{more}"));
    let name = first.name();
    Some(
        found
            .help(format!("name it in the annotation of `{name}`, as `{{{{ $labels.{label} }}}}`, or in this text, as `{{{{ .Labels.{label} }}}}` within `range .Alerts`"))
            .shared("messages that don't say which"),
    )
}

/// The label that a person would ask for.
fn shown(apart: &[String]) -> &str {
    const ASKED: [&str; 14] = [
        "pod",
        "persistentvolumeclaim",
        "node",
        "consumergroup",
        "topic",
        "datname",
        "mountpoint",
        "device",
        "service",
        "route",
        "endpoint",
        "deployment",
        "instance",
        "job",
    ];
    let asked = ASKED.into_iter().find(|label| apart.iter().any(|own| own == label));
    asked.or(apart.first().map(String::as_str)).unwrap_or("instance")
}

/// The setting in which a message says what is wrong, where it is written.
fn text_of(integration: &Integration) -> Span {
    const KEYS: [&str; 9] =
        ["text", "message", "html", "description", "state_message", "content", "title", "summary", "subject"];
    let written = KEYS.iter().find_map(|key| integration.settings.place(key));
    written.unwrap_or(&integration.place).clone()
}

/// The labels by which a rule's alerts differ, where there can surely be several at once.
fn apart(rule: &Rule, sources: &Sources) -> Option<Vec<String>> {
    let series = series::of(&rule.expr, sources);
    let set = |label: &str| rule.labels.iter().any(|(name, _)| name.value == label);
    // A number that stands for a name tells nothing apart that the name does not.
    let number = |label: &str| matches!(label, "datid" | "uid");
    let differs = |label: &&String| series.value(label).is_none() && !set(label) && !number(label);
    let mut apart: Vec<String> = series.must().iter().filter(differs).cloned().collect();
    if keeps_targets(&rule.expr, sources) && !apart.iter().any(|label| label == "instance") {
        apart.push("instance".to_owned());
    }
    let of_targets = |label: &String| {
        matches!(label.as_str(), "job" | "instance")
            || sources.target_labels.iter().flatten().any(|labels| labels.contains(label))
    };
    let own = apart.iter().any(|label| !of_targets(label) && !is_asked_for(&rule.expr, label));
    let targets = apart.iter().any(|label| label == "instance") && has_several_targets(rule, sources);
    (own || targets).then_some(apart)
}

/// Whether only a matcher tells of the label.
fn is_asked_for(expr: &Expr, label: &str) -> bool {
    expr.selectors()
        .iter()
        .any(|(selector, _)| selector.matchers.iter().any(|matcher| &*matcher.name == label))
}

/// Whether the result has the series that were scraped, so that each has an instance.
fn keeps_targets(expr: &Expr, sources: &Sources) -> bool {
    match &expr.kind {
        ExprKind::Vector(vector) => is_scraped(vector, sources),
        ExprKind::Matrix(matrix) => is_scraped(&matrix.vector, sources),
        ExprKind::Subquery(subquery) => keeps_targets(&subquery.expr, sources),
        ExprKind::Unary(unary) => keeps_targets(&unary.expr, sources),
        ExprKind::Paren(inner) => keeps_targets(inner, sources),
        ExprKind::Aggregate(aggregate) => {
            matches!(aggregate.op, AggregateOp::TopK | AggregateOp::BottomK)
                && keeps_targets(&aggregate.expr, sources)
        }
        ExprKind::Call(call) => {
            let lost = matches!(
                call.function.name,
                "absent"
                    | "absent_over_time"
                    | "vector"
                    | "scalar"
                    | "time"
                    | "label_replace"
                    | "label_join"
                    | "info"
            );
            let mut vectors = call
                .args
                .iter()
                .filter(|argument| matches!(argument.value_type(), ValueType::Vector | ValueType::Matrix));
            !lost && vectors.next().is_some_and(|vector| keeps_targets(vector, sources))
        }
        ExprKind::Binary(binary) => {
            let (lhs, rhs) = (&binary.lhs, &binary.rhs);
            match (lhs.value_type(), rhs.value_type(), binary.op) {
                (ValueType::Scalar, _, _) => keeps_targets(rhs, sources),
                (_, ValueType::Scalar, _) | (_, _, BinaryOp::And | BinaryOp::Unless) => {
                    keeps_targets(lhs, sources)
                }
                (_, _, BinaryOp::Or) => keeps_targets(lhs, sources) && keeps_targets(rhs, sources),
                _ => !binary.matching.on && binary.matching.labels.is_empty() && keeps_targets(lhs, sources),
            }
        }
        ExprKind::Number(_) | ExprKind::String(_) => false,
    }
}

fn is_scraped(selector: &VectorSelector, sources: &Sources) -> bool {
    // What a rule records has a colon in its name, or is known.
    let named = selector.metric_name().is_some_and(|name| !name.contains(':') && !name.starts_with("ALERTS"));
    let fixed = selector.matchers.iter().any(|matcher| &*matcher.name == "instance");
    named && !fixed && !matches!(sources.selected(selector), Known::Recorded(_))
}

/// Whether the documents show several targets of what the rule looks at, or leave it to discovery.
fn has_several_targets(rule: &Rule, sources: &Sources) -> bool {
    let wiring = sources.wiring;
    let selectors = rule.expr.selectors();
    let Some((selector, _)) = selectors.first() else { return false };
    let exporter = selector.metric_name().and_then(catalogue::of_name).map(|exporter| exporter.id);
    match exporter {
        None | Some("scrape" | "node" | "cadvisor" | "kubelet" | "clients") => {}
        // Of these there is one, or one for each database.
        Some(_) => return false,
    }
    if sources::stack_release(wiring).is_some() || !wiring.monitors.is_empty() {
        return true;
    }
    let asked = selector.matchers.iter().find(|matcher| &*matcher.name == "job");
    let of_node = |job: &&ScrapeConfig| {
        job.job_name.value.contains("node") || job.listed().any(|target| target.value.ends_with(":9100"))
    };
    let mut jobs: Vec<&ScrapeConfig> = sources::jobs(wiring)
        .filter(|job| asked.is_none_or(|asked| asked.matches(&job.job_name.value)))
        .collect();
    if exporter == Some("node") && jobs.iter().any(of_node) {
        jobs.retain(of_node);
    }
    jobs.into_iter().any(|job| has_several(job, wiring))
}

fn has_several(job: &ScrapeConfig, wiring: &Wiring) -> bool {
    if job.listed().count() > 1 {
        return true;
    }
    let roles = job.discovery.iter().filter_map(|discovery| match discovery {
        Discovery::Kubernetes { role, .. } => Some(*role),
        Discovery::Other { .. } => Some(KubernetesRole::Node),
        Discovery::Static { .. } => None,
    });
    let roles: Vec<KubernetesRole> = roles.collect();
    let targets = wiring.targets(job);
    match targets.as_slice() {
        [] => roles.iter().any(|role| *role != KubernetesRole::Service),
        [only] => only.workload.is_some_and(|workload| {
            let replicated = workload
                .replicas
                .as_ref()
                .and_then(|replicas| replicas.value.parse::<u32>().ok())
                .unwrap_or(1);
            !roles.contains(&KubernetesRole::Service) && (workload.kind == "DaemonSet" || replicated > 1)
        }),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    const FOUND: [&str; 1] = ["7:55 a message to slack #a does not say which `instance` it is about"];

    fn guide(route: &str, text: &str, targets: &str, expr: &str, summary: &str) -> String {
        format!(
            "```yaml\n# alertmanager.yml\nroute: {{receiver: c{route}}}\nreceivers:\n- name: c\n  slack_configs:\n  - {{api_url_file: /s, channel: '#a', title: T, text: {text}}}\n```\n```yaml\nscrape_configs:\n- job_name: a\n  static_configs: [{{targets: [{targets}]}}]\n```\n```yaml\ngroups:\n- name: g\n  rules:\n  - alert: A\n    expr: {expr}\n    annotations: {{summary: {summary}}}\n```\n"
        )
    }

    const TEXT: &str = "'{{ range .Alerts }}{{ .Annotations.summary }}. {{ end }}'";

    #[test]
    fn what_fires_for_each_target_has_to_say_for_which() {
        let both = "'a:1', 'b:1'";
        check("messages-alike", &guide("", TEXT, both, "up == 0", "down"), &FOUND);
        check("messages-alike", &guide("", TEXT, both, "rate(x_total[5m]) > 1", "many"), &FOUND);
        // The annotation, the text, or a title left at its default.
        let which = "'{{ $labels.instance | toUpper }} is down'";
        check("messages-alike", &guide("", TEXT, both, "up == 0", which), &[]);
        let shows = "'{{ range .Alerts }}{{ .Labels.instance }} {{ end }}'";
        check("messages-alike", &guide("", shows, both, "up == 0", "down"), &[]);
        let default = guide("", "''", both, "up == 0", "down").replace("title: T, ", "");
        check("messages-alike", &default, &[]);
        // A group for each says no more of which it is.
        let grouped = ", group_by: [instance, job]";
        check("messages-alike", &guide(grouped, TEXT, both, "up == 0", "down"), &FOUND);
    }

    #[test]
    fn one_target_and_one_result_need_no_name() {
        check("messages-alike", &guide("", TEXT, "'a:1'", "up == 0", "down"), &[]);
        let both = "'a:1', 'b:1'";
        for one in ["sum(up) < 2", "absent(up)", "vector(1)", "up{instance=\"a:1\"} == 0", "job:x:sum > 1"] {
            check("messages-alike", &guide("", TEXT, both, one, "down"), &[]);
        }
    }
}
