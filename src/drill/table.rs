//! The whole table: every alerting rule and each way that its alerts may take.

use crate::checks;
use crate::diagnostic::{Diagnostic, Span};
use crate::routing::{Known, Routing, channel};
use crate::stack::alertmanager::GroupBy;
use crate::time::Duration;

pub struct Table {
    /// The stack as the person named it.
    pub stack: String,
    pub rows: Vec<Row>,
    /// In the order of the tree; the first is the default route.
    pub routes: Vec<RouteRow>,
    pub inhibit_rules: Vec<InhibitRow>,
    pub findings: Vec<Diagnostic>,
    /// The labels, beside `alertname`, that routes and inhibit rules look at.
    pub looked_at: Vec<String>,
    pub alerts: usize,
}

/// One way of one rule's alerts.
pub struct Row {
    pub alert: String,
    pub place: Span,
    /// `alertname` left out; `None` is a value that is only known when the alert fires.
    pub labels: Vec<(String, Option<String>)>,
    pub hold: Duration,
    /// The route, as a place in `routes`; none if relabelling drops the alert before it is sent.
    pub route: Option<usize>,
    /// What has to hold for the alert to come this way; none if it always does.
    pub when: Option<String>,
    /// The inhibit rules that may mute it, as places in `inhibit_rules`.
    pub muted_by: Vec<usize>,
    /// The alerts that may mute it while they fire, each once.
    pub muted_while: Vec<String>,
}

pub struct RouteRow {
    pub place: Span,
    /// Its matchers and those above it.
    pub way: String,
    pub receiver: String,
    pub channels: Vec<Channel>,
    pub group_wait: Duration,
    pub group_interval: Duration,
    pub repeat_interval: Duration,
    pub group_by: Vec<String>,
    pub muted_during: Vec<String>,
    pub active_during: Vec<String>,
    /// Rules whose alerts come here, or may.
    pub alerts: usize,
}

pub struct Channel {
    pub address: String,
    pub send_resolved: bool,
}

pub struct InhibitRow {
    pub place: Span,
    pub sources: Vec<String>,
    pub targets: Vec<String>,
    pub source: String,
    pub target: String,
    pub equal: Vec<String>,
}

impl Table {
    pub fn of(routing: &Routing<'_>) -> Table {
        let mut rows = Vec::new();
        for (at, alert) in routing.alerts.iter().enumerate() {
            let muting = routing.inhibition.muting(at);
            let mut muted_by: Vec<usize> = muting.iter().map(|muting| muting.rule).collect();
            muted_by.dedup();
            let mut muted_while: Vec<String> =
                muting.iter().map(|muting| routing.alerts[muting.source].name().to_owned()).collect();
            muted_while.sort();
            muted_while.dedup();
            let labels: Vec<(String, Option<String>)> = alert
                .labels
                .iter()
                .filter(|(name, _)| *name != "alertname")
                .map(|(name, known)| {
                    let value = match known {
                        Known::Value(value) => Some(value.to_string()),
                        _ => None,
                    };
                    (name.to_owned(), value)
                })
                .collect();
            let row = |route: Option<usize>, when: Option<String>| Row {
                alert: alert.name().to_owned(),
                place: alert.rule.name().span.clone(),
                labels: labels.clone(),
                hold: alert.hold(),
                route,
                when,
                muted_by: muted_by.clone(),
                muted_while: muted_while.clone(),
            };
            if alert.destinations.is_empty() {
                rows.push(row(None, None));
            }
            for to in &alert.destinations {
                let matchers: Vec<String> = to.when.iter().map(ToString::to_string).collect();
                let when = match (matchers.is_empty(), to.otherwise) {
                    (true, false) => None,
                    (true, true) => Some("otherwise".to_owned()),
                    (false, true) => Some(format!("otherwise if {}", matchers.join(", "))),
                    (false, false) => Some(format!("if {}", matchers.join(", "))),
                };
                rows.push(row(Some(to.node), when));
            }
        }
        Table {
            stack: routing.stack.path.clone(),
            rows,
            routes: (0..routing.tree.nodes().len()).map(|node| route_row(routing, node)).collect(),
            inhibit_rules: inhibit_rows(routing),
            findings: checks::routing::check(routing),
            looked_at: looked_at(routing),
            alerts: routing.alerts.len(),
        }
    }
}

fn looked_at(routing: &Routing<'_>) -> Vec<String> {
    let routes = routing.tree.nodes().iter().flat_map(|node| &node.route.matchers);
    let rules = &routing.alertmanager.inhibit_rules;
    let names = routes.map(|matcher| &matcher.value.name);
    let names = names
        .chain(rules.iter().flat_map(|rule| rule.source.iter().chain(&rule.target)).map(|one| &one.name));
    let names = names.chain(rules.iter().flat_map(|rule| &rule.equal));
    let mut names: Vec<String> = names.filter(|name| *name != "alertname").cloned().collect();
    names.sort();
    names.dedup();
    names
}

fn route_row(routing: &Routing<'_>, node: usize) -> RouteRow {
    let route = routing.route(node);
    let names = |names: &[crate::diagnostic::Spanned<String>]| -> Vec<String> {
        names.iter().map(|name| name.value.clone()).collect()
    };
    RouteRow {
        place: route.place.clone(),
        way: routing.way(node),
        receiver: route.receiver.value.clone(),
        channels: routing
            .integrations(node)
            .iter()
            .map(|to| Channel { address: channel(to), send_resolved: to.send_resolved })
            .collect(),
        group_wait: route.group_wait,
        group_interval: route.group_interval,
        repeat_interval: route.repeat_interval,
        group_by: match &route.group_by {
            GroupBy::All => vec!["...".to_owned()],
            GroupBy::Labels(labels) => labels.clone(),
        },
        muted_during: names(&route.mute_time_intervals),
        active_during: names(&route.active_time_intervals),
        alerts: routing.taken_by(node).count(),
    }
}

fn inhibit_rows(routing: &Routing<'_>) -> Vec<InhibitRow> {
    let rules = routing.alertmanager.inhibit_rules.iter().zip(&routing.inhibition.pairings);
    rules
        .map(|(rule, pairing)| {
            let text = |matchers: &[crate::stack::alertmanager::Matcher]| match matchers {
                [] => "everything".to_owned(),
                some => some.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            };
            let names = |alerts: Vec<usize>| -> Vec<String> {
                let mut names: Vec<String> =
                    alerts.iter().map(|alert| routing.alerts[*alert].name().to_owned()).collect();
                names.sort();
                names.dedup();
                names
            };
            let (sources, targets) = pairing.parts();
            InhibitRow {
                place: rule.place.clone(),
                sources: names(sources),
                targets: names(targets),
                source: text(&rule.source),
                target: text(&rule.target),
                equal: rule.equal.clone(),
            }
        })
        .collect()
}
