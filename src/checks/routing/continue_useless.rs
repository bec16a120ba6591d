//! `continue: true` where no later sibling can match what the route takes.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Span};
use crate::routing::{RoutedAlert, Routing, matchers_text, only_values};
use crate::stack::alertmanager::Route;

pub const CHECK: Check = Check {
    id: "continue-useless",
    harm: Harm::Silent,
    title: "`continue: true` leads nowhere",
    explanation: "`continue` lets the next sibling routes try too. It never leads back to the parent: a parent keeps only what none of its children takes. Where no later sibling can match, the alert is told to one receiver alone.",
    example: "# alertmanager.yml\nroute:\n  receiver: team\n  routes:\n  - matchers: [severity=critical]\n    receiver: pager\n    continue: true\nreceivers:\n- name: team\n  webhook_configs:\n  - url: http://relay:8080/\n- name: pager\n  pagerduty_configs:\n  - routing_key_file: /etc/alertmanager/key\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n    labels: {severity: critical}\n  - alert: ApiSlow\n    expr: slow > 1\n    labels: {severity: warning}\n",
    mended: "# alertmanager.yml\nroute:\n  receiver: team\n  routes:\n  - matchers: [severity=critical]\n    receiver: pager\n    continue: true\n  - matchers: [severity=critical]\n    receiver: team\nreceivers:\n- name: team\n  webhook_configs:\n  - url: http://relay:8080/\n- name: pager\n  pagerduty_configs:\n  - routing_key_file: /etc/alertmanager/key\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n    labels: {severity: critical}\n  - alert: ApiSlow\n    expr: slow > 1\n    labels: {severity: warning}\n",
    find: |wiring| super::alone(wiring, CHECK.id),
};

pub(super) fn check(routing: &Routing<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for node in routing.tree.nodes() {
        for (at, child) in node.children().iter().enumerate() {
            let route = routing.route(*child);
            let later = &node.children()[at + 1..];
            if !route.continues || leads_on(routing, *child, later) {
                continue;
            }
            let because = match later {
                [] => "it is the last of its siblings".to_owned(),
                _ => "no alert that it takes comes to a later sibling".to_owned(),
            };
            let parent = &node.route.receiver.value;
            let message = format!("`continue: true` of the route for {} leads nowhere", matchers_text(route));
            found.push(
                Diagnostic::warning(CHECK.id, message)
                    .at(&key(&route.place))
                    .label(format!("only `{}` is told", route.receiver.value))
                    .because(because)
                    .help(format!(
                        "`continue` does not lead back to the parent: if `{parent}` is to be told too, add a later route \
                         with the same matchers and `receiver: {parent}`; if not, leave it out"
                    )),
            );
        }
    }
    found
}

/// Where a route says `continue`: not one of the routes below it, which stand further to the right.
fn key(route: &Span) -> Span {
    const KEY: &str = "continue";
    let column = |at: usize| route.file.line_column(at);
    let (line, own) = column(route.start);
    let mut said = route.text().match_indices(KEY).map(|(at, _)| route.start + at);
    let at = said.find(|at| {
        let (other, there) = column(*at);
        there == own || other == line
    });
    at.map_or_else(|| route.clone(), |at| route.file.span(at..at + KEY.len()))
}

/// Whether an alert that comes to `node` comes to one of `later` too.
fn leads_on(routing: &Routing<'_>, node: usize, later: &[usize]) -> bool {
    if !later.iter().any(|later| may_meet(routing.route(node), routing.route(*later))) {
        return false;
    }
    let comes_to = |alert: &RoutedAlert<'_>, nodes: &[usize]| {
        let mut paths = alert.destinations.iter().map(|to| routing.tree.path(to.node));
        paths.any(|path| nodes.iter().any(|node| path.contains(node)))
    };
    let mut takes = routing.alerts.iter().filter(|alert| comes_to(alert, &[node])).peekable();
    // Where nothing comes at all, that is what is wrong.
    takes.peek().is_none() || takes.any(|alert| comes_to(alert, later))
}

/// Whether an alert can match both.
fn may_meet(one: &Route, other: &Route) -> bool {
    one.matchers.iter().map(|matcher| &matcher.value).all(|a| {
        other.matchers.iter().map(|matcher| &matcher.value).filter(|b| b.name == a.name).all(|b| {
            match (only_values(a), only_values(b)) {
                (Some(values), _) => values.iter().any(|value| b.matches_value(value)),
                (None, Some(values)) => values.iter().any(|value| a.matches_value(value)),
                (None, None) => true,
            }
        })
    })
}
