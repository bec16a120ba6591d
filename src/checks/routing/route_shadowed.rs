//! An earlier sibling without `continue` takes everything that a route could take.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::routing::{Routing, matchers_text, only_values};
use crate::stack::alertmanager::{Matcher, Route};

pub const CHECK: Check = Check {
    id: "route-shadowed",
    harm: Harm::Silent,
    title: "an earlier sibling takes everything that a route could take",
    explanation: "Routes are tried in order, and the first that matches takes the alert, unless it says `continue: true`.",
    example: "# alertmanager.yml\nroute:\n  receiver: team\n  routes:\n  - matchers: [severity=~\"critical|warning\"]\n    receiver: team\n  - matchers: [severity=critical]\n    receiver: pager\nreceivers:\n- name: team\n  webhook_configs:\n  - url: http://relay:8080/\n- name: pager\n  pagerduty_configs:\n  - routing_key_file: /etc/alertmanager/key\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n    labels: {severity: critical}\n  - alert: ApiSlow\n    expr: slow > 1\n    labels: {severity: warning}\n",
    mended: "# alertmanager.yml\nroute:\n  receiver: team\n  routes:\n  - matchers: [severity=critical]\n    receiver: pager\n  - matchers: [severity=~\"critical|warning\"]\n    receiver: team\nreceivers:\n- name: team\n  webhook_configs:\n  - url: http://relay:8080/\n- name: pager\n  pagerduty_configs:\n  - routing_key_file: /etc/alertmanager/key\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n    labels: {severity: critical}\n  - alert: ApiSlow\n    expr: slow > 1\n    labels: {severity: warning}\n",
    find: |wiring| super::alone(wiring, CHECK.id),
};

pub(super) fn check(routing: &Routing<'_>) -> Vec<Diagnostic> {
    shadowed(routing)
        .into_iter()
        .map(|(node, by)| {
            let (route, earlier) = (routing.route(node), routing.route(by));
            let message = format!("no alert comes to the route for {}", matchers_text(route));
            Diagnostic::warning(CHECK.id, message)
                .at(&route.place)
                .label("all that it matches is taken before")
                .related(&earlier.place, format!("by this route, for {}", matchers_text(earlier)))
                .because("the first route that matches takes an alert, unless it says `continue: true`")
                .help("put the narrower route first, or add `continue: true` to the earlier one")
        })
        .collect()
}

/// Nodes that an earlier sibling shadows, and which.
pub fn shadowed(routing: &Routing<'_>) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for node in routing.tree.nodes() {
        for (at, child) in node.children().iter().enumerate() {
            let earlier = node.children()[..at].iter().find(|earlier| {
                let earlier = routing.route(**earlier);
                !earlier.continues && covers(earlier, routing.route(*child))
            });
            found.extend(earlier.map(|earlier| (*child, *earlier)));
        }
    }
    found
}

/// Whether every alert that `narrow` matches is one that `wide` matches.
fn covers(wide: &Route, narrow: &Route) -> bool {
    wide.matchers.iter().all(|wide| narrow.matchers.iter().any(|narrow| implies(&narrow.value, &wide.value)))
}

fn implies(narrow: &Matcher, wide: &Matcher) -> bool {
    if narrow.name != wide.name {
        return false;
    }
    narrow == wide
        || only_values(narrow)
            .is_some_and(|values| !values.is_empty() && values.iter().all(|value| wide.matches_value(value)))
}
