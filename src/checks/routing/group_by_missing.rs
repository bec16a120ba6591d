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

/// What is found besides, where nothing undocumented is thought to have labels of its own.
pub(super) fn assuming(routing: &Routing<'_>, known: &mut Vec<Diagnostic>) {
    for found in check(routing) {
        if !known.iter().any(|known| known.same_as(&found)) {
            known.push(found.because("assuming that no undocumented metric, pod or Service has it"));
        }
    }
}

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

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    fn guide(jobs: &str, more: &str) -> String {
        format!(
            "```yaml\n# alertmanager.yml\nroute: {{receiver: a, group_by: [alertname, service]}}\nreceivers: [{{name: a, webhook_configs: [{{url: 'http://x:1/'}}]}}]\n```\n```yaml\nscrape_configs:\n{jobs}```\n```yaml\ngroups:\n- name: g\n  rules:\n  - {{alert: A, expr: 'up{{job=\"a\"}} == 0'}}\n{more}```\n"
        )
    }

    const FOUND: [&str; 1] = ["3:44 no alert has the label `service`"];
    const STATIC: &str = "- job_name: a\n  static_configs: [{targets: ['a:1']}]\n";

    #[test]
    fn the_labels_of_written_targets_are_all_that_up_has() {
        check("group-by-missing", &guide(STATIC, ""), &FOUND);
        let labelled = STATIC.replace("['a:1']", "['a:1'], labels: {service: x}");
        check("group-by-missing", &guide(&labelled, ""), &[]);
        let set = "  - {alert: B, expr: up == 0, labels: {service: x}}\n";
        check("group-by-missing", &guide(STATIC, set), &[]);
        // External labels are the alerts' too.
        let external = guide(STATIC, "")
            .replace("scrape_configs:", "global: {external_labels: {service: x}}\nscrape_configs:");
        check("group-by-missing", &external, &[]);
    }

    #[test]
    fn what_pods_bring_along_is_taken_to_be_documented() {
        let mapped = "- job_name: a\n  kubernetes_sd_configs: [{role: pod}]\n  relabel_configs: [{action: labelmap, regex: __meta_kubernetes_pod_label_(.+)}]\n";
        check("group-by-missing", &guide(mapped, ""), &FOUND);
        let pod = |label: &str| {
            format!(
                "```yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a}}\nspec: {{template: {{metadata: {{labels: {{{label}: x}}}}, spec: {{containers: [{{image: 'a:1'}}]}}}}}}\n```\n"
            )
        };
        check("group-by-missing", &format!("{}{}", guide(mapped, ""), pod("app")), &FOUND);
        check("group-by-missing", &format!("{}{}", guide(mapped, ""), pod("service")), &[]);
    }
}
