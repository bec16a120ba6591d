//! Groups that are looked at so often that each alert of an incident comes by itself.

use super::{Check, Harm};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::documents::chart_defaults;
use crate::stack::alertmanager::Route;
use crate::stack::wiring::Wiring;
use crate::time::Duration;

pub const CHECK: Check = Check {
    id: "group-interval-short",
    harm: Harm::Style,
    title: "groups are told of each change at once",
    explanation: "`group_interval` is the pause between two messages of a group. Rules are evaluated every 15 seconds to a minute, so with a \
                  shorter pause than that each evaluation that adds an alert to a group, or takes one from it, is a message of its own. \
                  Alertmanager's default is 5 minutes.",
    example: "# alertmanager.yml\nroute: {receiver: team, group_interval: 10s}\nreceivers:\n- name: team\n  webhook_configs: [{url: 'http://relay:8080/'}]\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n",
    mended: "# alertmanager.yml\nroute: {receiver: team, group_interval: 5m}\nreceivers:\n- name: team\n  webhook_configs: [{url: 'http://relay:8080/'}]\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let usual = usual(wiring);
    let groups = wiring.rule_files.iter().flat_map(|file| &file.groups);
    let Some(slowest) = groups.map(|group| group.interval.unwrap_or(usual)).max() else { return Vec::new() };
    let mut found = Vec::new();
    for config in wiring.alertmanagers.iter().filter_map(|config| config.meant.as_ref()) {
        config.route.walk(&mut |route| found.extend(judge(route, slowest)));
    }
    found
}

/// How often rules are evaluated whose group says nothing of its own.
fn usual(wiring: &Wiring) -> Duration {
    // The operator writes Prometheus' config, and has a default of its own.
    const OF_OPERATOR: Duration = Duration::from_secs(30);
    let parsed = |text: &Spanned<String>| Duration::parse(&text.value).ok();
    if let Some(release) = wiring.release_of("kube-prometheus-stack") {
        let stated = release.values.get("prometheus.prometheusSpec.evaluationInterval");
        return stated.and_then(parsed).unwrap_or(OF_OPERATOR);
    }
    if let Some(object) = wiring.objects_of("Prometheus").next() {
        return object.get("spec.evaluationInterval").and_then(parsed).unwrap_or(OF_OPERATOR);
    }
    let config = wiring.prometheus.iter().find_map(|config| config.config.as_ref());
    config.map_or(Duration::from_secs(60), |config| config.evaluation_interval)
}

/// Where a route says so itself; `slowest` is how often the rules are evaluated.
fn judge(route: &Route, slowest: Duration) -> Option<Diagnostic> {
    let interval = route.group_interval;
    if interval >= slowest || chart_defaults::is_default(&route.place) {
        return None;
    }
    // Its own, before those of the routes below it.
    let text = route.place.text();
    let own = text.find("routes:").map_or(text, |below| &text[..below]);
    let start = own.find("group_interval")?;
    let end = own[start..].find(['\n', ',', '}']).map_or(own.len(), |end| start + end);
    Some(
        Diagnostic::warning("", format!("a group that changes is told again after {interval}"))
            .at(&route.place.file.span(route.place.start + start..route.place.start + end))
            .label("each change of a group is a message of its own")
            .because(format!(
                "rules are evaluated every {slowest}: whatever an evaluation adds to a group, or takes from it, is sent at once"
            ))
            .help("leave it out for the default, 5m")
            .shared("short group intervals"),
    )
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    fn guide(route: &str, interval: &str) -> String {
        format!(
            "```yaml\n# alertmanager.yml\nroute:\n  receiver: a\n{route}receivers: [{{name: a, webhook_configs: [{{url: 'http://x:1/'}}]}}]\n```\n```yaml\ngroups:\n- name: g\n{interval}  rules: [{{alert: A, expr: up == 0}}]\n```\n"
        )
    }

    #[test]
    fn a_pause_is_short_where_rules_are_evaluated_less_often() {
        let short = "  group_interval: 20s\n";
        let found = ["5:3 a group that changes is told again after 20s"];
        check("group-interval-short", &guide(short, ""), &found);
        check("group-interval-short", &guide(short, "  interval: 30s\n"), &found);
        check("group-interval-short", &guide(short, "  interval: 20s\n"), &[]);
        check("group-interval-short", &guide("  group_interval: 1m\n", ""), &[]);
        check("group-interval-short", &guide("", ""), &[]);
    }

    #[test]
    fn it_is_told_where_it_stands_and_not_of_the_routes_that_inherit_it() {
        let child = "  routes:\n  - matchers: [a=b]\n    group_interval: 10s\n";
        let found = ["7:5 a group that changes is told again after 10s"];
        check("group-interval-short", &guide(child, ""), &found);
        let inherited = "  group_interval: 10s\n  routes:\n  - matchers: [a=b]\n";
        let found = ["5:3 a group that changes is told again after 10s"];
        check("group-interval-short", &guide(inherited, ""), &found);
    }

    #[test]
    fn the_operator_evaluates_rules_every_half_minute() {
        let guide = |interval: &str| {
            format!(
                "```sh\nhelm install s prometheus-community/kube-prometheus-stack\n```\n{}",
                guide(&format!("  group_interval: {interval}\n"), "")
            )
        };
        check("group-interval-short", &guide("40s"), &[]);
        let found = ["8:3 a group that changes is told again after 20s"];
        check("group-interval-short", &guide("20s"), &found);
    }
}
