//! Alerting that can end without anybody noticing.

use super::{Check, Harm, alerts, rules};
use crate::diagnostic::{Diagnostic, Span};
use crate::documents::chart_defaults;
use crate::labels::Labels;
use crate::promql::ast::{Expr, ExprKind};
use crate::routing::channel;
use crate::stack::Rule;
use crate::stack::alertmanager::{Integration, IntegrationKind};
use crate::stack::wiring::{AlertmanagerConfig, Home, Wiring};
use crate::twin::alertmanager::RouteTree;

pub const CHECK: Check = Check {
    id: "no-watchdog",
    harm: Harm::Style,
    title: "nobody is told when the alerting itself has ended",
    explanation: "An alert that always fires (`expr: vector(1)`, often called Watchdog or DeadMansSwitch) and a receiver that calls when it \
                  stays away are the only sign that Prometheus, Alertmanager and the way between them work. Without one, a quiet \
                  night and a dead Prometheus look the same. An alert that goes to a receiver without integrations, as \
                  kube-prometheus-stack's own Watchdog does by default, is missed by nobody; in a chat it is only noise.",
    example: "# alertmanager.yml\nroute: {receiver: team}\nreceivers:\n- name: team\n  webhook_configs: [{url: 'http://relay:8080/'}]\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n",
    mended: "# alertmanager.yml\nroute: {receiver: team}\nreceivers:\n- name: team\n  webhook_configs: [{url: 'http://relay:8080/'}]\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n  - alert: Watchdog\n    expr: vector(1)\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let alerting = || rules(wiring).filter(|rule| alerts(rule));
    let Some(config) = wiring.alertmanagers.iter().find(|config| config.home != Home::AlertmanagerConfigs)
    else {
        return Vec::new();
    };
    let by_chart = has_chart_s(wiring);
    if by_chart || alerting().any(always_fires) {
        return unheard(wiring, config, by_chart).into_iter().collect();
    }
    if wiring.more_rules().is_some() || alerting().next().is_none() {
        return Vec::new();
    }
    let place = routes(&config.place);
    // A route that waits for one says so already.
    if config.meant.as_ref().is_some_and(|meant| is_expected(&meant.route)) {
        return Vec::new();
    }
    vec![
        Diagnostic::warning("", "no rule fires while all is well")
            .at(&place)
            .label("no receiver would miss it")
            .because("a Prometheus or Alertmanager that has ended, or can't reach the other, is as quiet as one that has nothing to say")
            .help("add an alert `Watchdog` with `expr: vector(1)`, and send it to something that calls when it stays away"),
    ]
}

/// Whether kube-prometheus-stack brings its Watchdog.
fn has_chart_s(wiring: &Wiring) -> bool {
    wiring.chart_with_rules().is_some_and(|release| {
        !release.sets("defaultRules.rules.general", "false")
            && !release.sets("defaultRules.disabled.Watchdog", "true")
    })
}

/// An alert that always fires, where nothing waits for it.
fn unheard(wiring: &Wiring, config: &AlertmanagerConfig, by_chart: bool) -> Option<Diagnostic> {
    let meant = config.meant.as_ref()?;
    let tree = RouteTree::new(&meant.route);
    // What always fires and is called otherwise may be an example.
    const NAMES: [&str; 4] = ["watchdog", "deadman", "heartbeat", "alwaysfiring"];
    let meant_so = |rule: &&Rule| always_fires(rule) && is_called(rule, &NAMES);
    let documented = rules(wiring).filter(meant_so).map(|rule| {
        let plain = rule.labels.iter().filter(|(_, value)| !value.value.contains("{{"));
        let labels =
            Labels::from_pairs(plain.map(|(name, value)| (name.value.as_str(), value.value.as_str())));
        let name = rule.name().value.as_str();
        (format!("`{name}`"), labels.with("alertname", name))
    });
    let chart_s = Labels::from_pairs([("alertname", "Watchdog"), ("severity", "none")]);
    let chart_s = by_chart.then(|| ("the chart's `Watchdog`".to_owned(), chart_s));
    let mut first = None;
    for (alert, labels) in documented.chain(chart_s) {
        for node in tree.matching(&labels) {
            let route = &tree.node(node).route;
            let named = route.matchers.iter().any(|matcher| matcher.value.name == "alertname");
            let integrations: &[Integration] =
                meant.receiver(&route.receiver.value).map_or(&[], |receiver| &receiver.integrations);
            // A route of its own is somebody's decision, and a program behind a webhook may wait for it.
            if !integrations.is_empty() && (named || integrations.iter().any(may_wait)) {
                return None;
            }
            first.get_or_insert((alert.clone(), route.receiver.clone(), integrations, route.repeat_interval));
        }
    }
    let (alert, receiver, integrations, repeat) = first?;
    let place = match chart_defaults::is_default(&receiver.span) {
        true => routes(&config.place),
        false => receiver.span.clone(),
    };
    let name = &receiver.value;
    let found = match integrations.first() {
        None => Diagnostic::warning("", format!("nobody would miss {alert}: receiver `{name}` tells nobody"))
            .at(&place)
            .label(format!("it goes to `{name}`"))
            .because("it always fires, so that its absence is the sign that no alert gets through"),
        Some(integration) => {
            Diagnostic::warning("", format!("nobody would miss {alert}: people get it every {repeat}, for ever"))
                .at(&place)
                .label(format!("it goes to {}", channel(integration)))
                .because("it always fires, and no route is for it; who gets it again and again does not notice when it stays away")
        }
    };
    Some(found.help("add a route for it to something that calls when it stays away, such as a webhook of a dead man's switch"))
}

/// Whether a program may be behind it that notices what does not come.
fn may_wait(integration: &Integration) -> bool {
    use IntegrationKind::{IncidentIo, Jira, OpsGenie, PagerDuty, Sns, VictorOps, Webhook};
    matches!(integration.kind, Webhook | PagerDuty | OpsGenie | VictorOps | Sns | IncidentIo | Jira)
}

/// Whether an alert fires while all is well.
pub(super) fn always_fires(rule: &Rule) -> bool {
    alerts(rule) && (is_called(rule, &["watchdog", "deadman"]) || is_constant(&rule.expr))
}

fn is_called(rule: &Rule, words: &[&str]) -> bool {
    let name = rule.name().value.to_lowercase();
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    words.iter().any(|word| name.contains(word))
}

/// `vector(1)`, `vector(1) > 0`, `1 == 1`
fn is_constant(expr: &Expr) -> bool {
    let mut selects = false;
    expr.walk(&mut |expr| {
        selects |= matches!(&expr.kind, ExprKind::Vector(_) | ExprKind::Matrix(_));
    });
    !selects
}

fn is_expected(route: &crate::stack::alertmanager::Route) -> bool {
    let mut expected = false;
    route.walk(&mut |route| {
        let text = route.place.text().to_lowercase();
        expected |= text.contains("watchdog") || text.contains("deadman");
    });
    expected
}

/// Where the routes begin, or the whole config.
fn routes(place: &Span) -> Span {
    let text = place.file.text();
    match text.find("route:") {
        Some(at) => place.file.span(at..at + "route".len()),
        None => place.clone(),
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn an_alert_that_always_fires_is_enough_and_so_is_a_route_that_waits_for_one() {
        let guide = |expr: &str, routes: &str| {
            format!(
                "```yaml\n# alertmanager.yml\nroute:\n  receiver: a\n{routes}receivers: [{{name: a, webhook_configs: [{{url: 'http://x:1/'}}]}}]\n```\n```yaml\ngroups:\n- name: g\n  rules:\n  - alert: A\n    expr: {expr}\n```\n"
            )
        };
        check("no-watchdog", &guide("up == 0", ""), &["3:1 no rule fires while all is well"]);
        check("no-watchdog", &guide("vector(1) > 0", ""), &[]);
        let route = "  routes: [{receiver: a, matchers: [alertname=DeadMansSwitch]}]\n";
        check("no-watchdog", &guide("up == 0", route), &[]);
        let rules = "```yaml\ngroups:\n- name: g\n  rules:\n  - alert: A\n    expr: up == 0\n```\n";
        check("no-watchdog", rules, &[]);
    }

    #[test]
    fn an_alert_that_always_fires_needs_somebody_who_would_miss_it() {
        let guide = |receiver: &str, routes: &str| {
            format!(
                "```yaml\n# alertmanager.yml\nroute:\n  receiver: a\n{routes}receivers: [{{name: a{receiver}}}, {{name: b}}]\n```\n```yaml\ngroups:\n- name: g\n  rules:\n  - alert: Watchdog\n    expr: vector(1)\n```\n"
            )
        };
        let chat = ", slack_configs: [{api_url_file: /s, channel: '#a'}]";
        let route = "  routes: [{receiver: b, matchers: [alertname=Watchdog]}]\n";
        check(
            "no-watchdog",
            &guide(chat, route),
            &["5:23 nobody would miss `Watchdog`: receiver `b` tells nobody"],
        );
        check(
            "no-watchdog",
            &guide(chat, ""),
            &["4:13 nobody would miss `Watchdog`: people get it every 4h, for ever"],
        );
        check("no-watchdog", &guide(chat, &route.replace("receiver: b", "receiver: a")), &[]);
        check("no-watchdog", &guide(", webhook_configs: [{url: 'http://x:1/'}]", ""), &[]);
    }

    #[test]
    fn the_chart_s_own_goes_to_nobody_by_default() {
        let guide = |routes: &str, set: &str| {
            format!(
                "```sh\nhelm install s prometheus-community/kube-prometheus-stack -f values.yaml{set}\n```\nvalues.yaml\n```yaml\nalertmanager:\n  config:\n    route:\n      receiver: team\n{routes}    receivers: [{{name: 'null'}}, {{name: team, webhook_configs: [{{url: 'http://x:1/'}}]}}]\n```\n"
            )
        };
        let found = ["8:5 nobody would miss the chart's `Watchdog`: receiver `null` tells nobody"];
        check("no-watchdog", &guide("", ""), &found);
        check("no-watchdog", &guide("", " --set defaultRules.create=false"), &[]);
        let of_loki = "```yaml\ngroups: [{name: l, rules: [{alert: L, expr: 'rate({a=\"b\"} |= \"c\" [5m]) > 1'}]}]\n```\n";
        check("no-watchdog", &(guide("", " --set defaultRules.create=false") + of_loki), &[]);
        check("no-watchdog", &guide("      routes: []\n", ""), &[]);
    }
}
