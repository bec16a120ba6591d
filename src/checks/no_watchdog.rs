//! Alerting that can end without anybody noticing.

use super::{Check, Harm, rules};
use crate::diagnostic::{Diagnostic, Span};
use crate::promql::ast::{Expr, ExprKind};
use crate::stack::wiring::{Home, Wiring};
use crate::stack::{Rule, RuleKind};

pub const CHECK: Check = Check {
    id: "no-watchdog",
    harm: Harm::Style,
    title: "nobody is told when the alerting itself has ended",
    explanation: "An alert that always fires (`expr: vector(1)`, often called Watchdog or DeadMansSwitch) and a receiver that calls when it \
                  stays away are the only sign that Prometheus, Alertmanager and the way between them work. Without one, a quiet \
                  night and a dead Prometheus look the same.",
    example: "# alertmanager.yml\nroute: {receiver: team}\nreceivers:\n- name: team\n  webhook_configs: [{url: 'http://relay:8080/'}]\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n",
    mended: "# alertmanager.yml\nroute: {receiver: team}\nreceivers:\n- name: team\n  webhook_configs: [{url: 'http://relay:8080/'}]\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n  - alert: Watchdog\n    expr: vector(1)\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let alerting = || rules(wiring).filter(|rule| matches!(rule.kind, RuleKind::Alerting { .. }));
    let Some(config) = wiring.alertmanagers.iter().find(|config| config.home != Home::AlertmanagerConfigs)
    else {
        return Vec::new();
    };
    if wiring.more_rules().is_some() || alerting().next().is_none() || alerting().any(always_fires) {
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

fn always_fires(rule: &Rule) -> bool {
    let RuleKind::Alerting { alert, .. } = &rule.kind else { return false };
    let name: String = alert.value.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    name.contains("watchdog") || name.contains("deadman") || is_constant(&rule.expr)
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
}
