//! The story of one alert: its way through the tree, its groups, and what is sent from firing to resolution.
//!
//! Told by running the embedded Alertmanager in virtual time, with this alert alone.

use crate::diagnostic::{Diagnostic, Span};
use crate::labels::{Labels, METRIC_NAME};
use crate::routing::{Known, RoutedAlert, Routing};
use crate::stack::RuleKind;
use crate::time::{Duration, Timestamp};
use crate::timeline::{ActiveAlert, AlertState, Observation, Timeline};
use crate::twin::alertmanager::{RouteTree, Routing as Ways};
use crate::twin::prometheus_template::{AlertTemplate, AlertTemplateData};
use crate::twin::{Alerting, SentAlert};
use crate::worlds::WorldError;

/// Prometheus sends a firing alert this often at most.
const RESEND: Duration = Duration::from_secs(60);

/// Which alert, and when.
pub struct Ask {
    pub alert: String,
    /// What the series brings along, and `severity` and the like where several rules bear the name.
    pub labels: Vec<(String, String)>,
    /// When it begins to fire.
    pub at: Timestamp,
    /// How long it fires.
    pub lasts: Duration,
    /// `$value` in templates.
    pub value: f64,
}

pub struct Story {
    pub alert: String,
    pub place: Span,
    pub hold: Duration,
    /// As Alertmanager gets them.
    pub labels: Labels,
    pub annotations: Labels,
    /// Labels that a series would bring along and that were not given.
    pub not_given: Vec<String>,
    pub fires: Timestamp,
    pub resolves: Timestamp,
    pub tree: RouteTree,
    pub ways: Ways,
    /// What Alertmanager did, in order.
    pub seen: Vec<Observation>,
}

/// Lets the alert fire. A diagnostic says why there is no such alert.
pub fn tell(routing: &Routing<'_>, ask: &Ask) -> Result<Story, Diagnostic> {
    let alert = asked(routing, ask)?;
    let prometheus = &routing.stack.prometheus;
    let result = Labels::from_pairs(ask.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let data = AlertTemplateData::new(
        &result,
        &prometheus.external_labels,
        &prometheus.external_url,
        ask.value,
        ask.at,
    );
    let expand = |text: &str| match AlertTemplate::parse(alert.name(), text, prometheus.imitated) {
        Ok(template) => template.expand(&data, &|_| Ok(Vec::new())),
        Err(_) => text.to_owned(),
    };
    let mut labels = result.builder();
    labels.remove(METRIC_NAME);
    for (name, value) in &alert.rule.labels {
        labels.set(name.value.as_str(), expand(&value.value));
    }
    labels.set("alertname", alert.name());
    let annotations = match &alert.rule.kind {
        RuleKind::Alerting { annotations, .. } => Labels::from_pairs(
            annotations.iter().map(|(name, text)| (name.value.as_str(), expand(&text.value))),
        ),
        RuleKind::Recording { .. } => Labels::empty(),
    };
    let active = ActiveAlert {
        labels: labels.build(),
        annotations: annotations.clone(),
        state: AlertState::Firing,
        active_at: ask.at - Duration::ZERO,
        value: ask.value,
    };
    let resolves = ask.at + ask.lasts;
    let (labels, seen) = run(routing, alert, &active, ask.at, resolves).map_err(|error| match error {
        WorldError::Refused(problem) => *problem,
        other => Diagnostic::error("world-failed", other.to_string()),
    })?;
    let Some(labels) = labels else {
        return Err(Diagnostic::error(
            "alert-dropped",
            format!("`{}` never reaches Alertmanager", ask.alert),
        )
        .at(&alert.rule.name().span)
        .label("`alert_relabel_configs` drop it"));
    };
    let ways = routing.tree.route(&labels);
    Ok(Story {
        alert: ask.alert.clone(),
        place: alert.rule.name().span.clone(),
        hold: alert.hold(),
        not_given: not_given(routing, alert, &labels),
        labels,
        annotations,
        fires: ask.at,
        resolves,
        tree: routing.tree.clone(),
        ways,
        seen,
    })
}

/// The one rule that is meant.
fn asked<'r, 's>(routing: &'r Routing<'s>, ask: &Ask) -> Result<&'r RoutedAlert<'s>, Diagnostic> {
    let named: Vec<&RoutedAlert<'_>> =
        routing.alerts.iter().filter(|alert| alert.name() == ask.alert).collect();
    if named.is_empty() {
        let told = Diagnostic::error("unknown-alert", format!("no rule defines alert `{}`", ask.alert))
            .suggest(&ask.alert, routing.alert_names());
        if told.help.is_some() {
            return Err(told);
        }
        let step = format!("a scenario's step `alert \"{}\" is pushed to Alertmanager`", ask.alert);
        return Err(told.help(format!("a drill starts from a rule; what other programs send is {step}")));
    }
    let fixed = |alert: &RoutedAlert<'_>, name: &str| {
        let mut labels = alert.rule.labels.iter();
        let value = labels.find(|(label, _)| label.value == name).map(|(_, value)| value.value.clone());
        value.filter(|value| !value.contains("{{"))
    };
    let refuses = |alert: &RoutedAlert<'_>| {
        ask.labels
            .iter()
            .find(|(name, value)| fixed(alert, name).is_some_and(|fixed| fixed != *value))
            .cloned()
    };
    let fitting: Vec<&&RoutedAlert<'_>> = named.iter().filter(|alert| refuses(alert).is_none()).collect();
    match (fitting.as_slice(), named.as_slice()) {
        ([one], _) => Ok(one),
        ([], [first, ..]) => {
            let (name, value) = refuses(first).unwrap_or_default();
            let fixed = fixed(first, &name).unwrap_or_default();
            let message = format!("`{}` never has {name}=\"{value}\"", ask.alert);
            Err(Diagnostic::error("label-refused", message)
                .at(&first.rule.name().span)
                .label(format!("its rule sets {name}=\"{fixed}\"")))
        }
        ([first, rest @ ..], _) => {
            let message = format!("{} rules define alert `{}`", fitting.len(), ask.alert);
            let mut diagnostic = Diagnostic::error("ambiguous-alert", message)
                .at(&first.rule.name().span)
                .label(labels_of(first))
                .help("say which by a label that tells them apart: `--label severity=critical`");
            for other in rest {
                diagnostic = diagnostic.related(&other.rule.name().span, labels_of(other));
            }
            Err(diagnostic)
        }
        ([], []) => Err(Diagnostic::error("unknown-alert", format!("no rule defines alert `{}`", ask.alert))),
    }
}

fn labels_of(alert: &RoutedAlert<'_>) -> String {
    let labels: Vec<String> =
        alert.rule.labels.iter().map(|(name, value)| format!("{}=\"{}\"", name.value, value.value)).collect();
    if labels.is_empty() { "sets no label".to_owned() } else { format!("sets {}", labels.join(", ")) }
}

/// Open labels that the expression names, or that routes and groups look at.
fn not_given(routing: &Routing<'_>, alert: &RoutedAlert<'_>, labels: &Labels) -> Vec<String> {
    let mut names: Vec<String> = alert
        .labels
        .iter()
        .filter(|(_, known)| **known == Known::Open)
        .map(|(name, _)| name.to_owned())
        .collect();
    for node in routing.tree.nodes() {
        names.extend(node.route.matchers.iter().map(|matcher| matcher.value.name.clone()));
        if let crate::stack::alertmanager::GroupBy::Labels(group_by) = &node.route.group_by {
            names.extend(group_by.iter().cloned());
        }
    }
    names.sort();
    names.dedup();
    names.retain(|name| *alert.labels.get(name) == Known::Open && labels.get(name).is_none());
    names
}

type Ran = (Option<Labels>, Vec<Observation>);

/// Pushes as Prometheus does while the alert fires, and once when it is resolved; then waits until all is said.
fn run(
    routing: &Routing<'_>,
    alert: &RoutedAlert<'_>,
    active: &ActiveAlert,
    fires: Timestamp,
    resolves: Timestamp,
) -> Result<Ran, WorldError> {
    let Some(mut alerting) = Alerting::of(routing.stack, fires)? else { return Ok((None, Vec::new())) };
    let interval = alert.group.interval.unwrap_or(routing.stack.prometheus.evaluation_interval);
    let resend = interval.max(RESEND);
    let sent = |ends_at: Timestamp| SentAlert {
        alert: active.clone(),
        starts_at: fires,
        ends_at,
        expr: alert.rule.text.value.clone(),
    };
    let mut timeline = Timeline { start: fires, ..Timeline::default() };
    let mut at = fires;
    while at < resolves {
        alerting.push(at, &[sent(at + Duration(4 * resend.0))]);
        let next = (at + resend).min(resolves);
        alerting.advance(Timestamp(next.0 - 1), &mut timeline);
        at = next;
    }
    alerting.push(resolves, &[sent(resolves)]);
    let longest =
        routing.tree.nodes().iter().map(|node| node.route.group_interval + node.route.group_wait).max();
    alerting.advance(resolves + longest.unwrap_or_default() + longest.unwrap_or_default(), &mut timeline);
    Ok((alerting.labels(&active.labels), timeline.observations))
}
