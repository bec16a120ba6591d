//! Labels to group by that no alert has.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, nearest};
use crate::documents::chart_defaults;
use crate::routing::{Known, Routing};
use crate::stack::alertmanager::GroupBy;

pub const CHECK: Check = Check {
    id: "group-by-missing",
    harm: Harm::Style,
    title: "no alert has the label that a route groups by",
    explanation: "A label that no alert has is empty in all of them, so that grouping by it puts nothing apart: alerts of all services \
                  come in one message, although the route says `service`.",
    example: "# alertmanager.yml\nroute: {receiver: team, group_by: [alertname, service]}\nreceivers:\n- name: team\n  webhook_configs: [{url: 'http://relay:8080/'}]\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: sum by (job) (up) == 0\n",
    mended: "# alertmanager.yml\nroute: {receiver: team, group_by: [alertname, job]}\nreceivers:\n- name: team\n  webhook_configs: [{url: 'http://relay:8080/'}]\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: sum by (job) (up) == 0\n",
    find: |wiring| super::alone(wiring, CHECK.id),
};

pub(super) fn check(routing: &Routing<'_>) -> Vec<Diagnostic> {
    if routing.alerts.is_empty() || routing.stack.more_rules.is_some() {
        return Vec::new();
    }
    let lacks = |label: &str| routing.alerts.iter().all(|alert| *alert.labels.get(label) == Known::Absent);
    let mut told: Vec<&str> = Vec::new();
    let mut found = Vec::new();
    for node in routing.tree.nodes().iter().filter(|node| !chart_defaults::is_default(&node.route.place)) {
        let GroupBy::Labels(labels) = &node.route.group_by else { continue };
        for label in labels.iter().filter(|label| lacks(label)) {
            if told.contains(&label.as_str()) {
                continue;
            }
            told.push(label);
            // Where it is written: in this node, or in what it inherits from.
            let text = node.route.place.text();
            let Some(start) =
                text.find("group_by").and_then(|at| Some(at + text[at..].find(label.as_str())?))
            else {
                continue;
            };
            let place = node.route.place.start + start..node.route.place.start + start + label.len();
            let carried: Vec<&str> =
                routing.alerts.iter().flat_map(|alert| alert.labels.values()).map(|(name, _)| name).collect();
            let diagnostic = Diagnostic::warning(CHECK.id, format!("no alert has the label `{label}`"))
                .at(&node.route.place.file.span(place))
                .label("puts nothing apart");
            found.push(match nearest(label, carried.into_iter().filter(|name| *name != "alertname")) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None => {
                    diagnostic.help("group by what the alerts have, or give them the label in their rules")
                }
            });
        }
    }
    found
}
