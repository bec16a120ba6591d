use super::*;
use crate::routing::tests::stack;

const RULES: &str = "groups: [{name: g, rules: [
    {alert: Down, expr: 'sum(up) == 0', labels: {severity: critical}},
    {alert: Slow, expr: 'sum(slow) > 1', labels: {severity: warning}}]}]";

/// Ids and messages.
#[track_caller]
fn check_config(config: &str, expected: &[&str]) {
    let stack = stack(config, RULES);
    let routing = Routing::of(&stack).unwrap();
    let got: Vec<String> =
        check(&routing).iter().map(|found| format!("{}: {}", found.id, found.message)).collect();
    assert_eq!(got, expected);
}

#[test]
fn nothing_is_said_of_what_is_right() {
    check_config(
        "route: {receiver: a, routes: [{matchers: [severity=critical], receiver: b}, {matchers: [severity=warning], receiver: a}]}
receivers:
- {name: a, webhook_configs: [{url: 'http://relay:80/'}]}
- {name: b, webhook_configs: [{url: 'http://relay:80/'}]}
inhibit_rules: [{source_matchers: [severity=critical], target_matchers: [severity=warning]}]",
        &[],
    );
}

#[test]
fn what_nobody_hears_of_is_told() {
    check_config(
        "route:
  receiver: a
  repeat_interval: 7m
  routes:
  - {matchers: [severity=critical], receiver: b, continue: true}
  - {matchers: [alertname=Slwo], receiver: b}
  - {matchers: [severity=info], receiver: b}
receivers:
- {name: a, webhook_configs: [{url: 'http://127.0.0.1:5001/'}]}
- {name: b}
- {name: c, webhook_configs: [{url: 'http://relay:80/'}]}
time_intervals: [{name: nights, time_intervals: [{times: [{start_time: '00:00', end_time: '06:00'}]}]}]",
        &[
            "placeholder-receiver: this receiver is Alertmanager's own host",
            "receiver-silent: receiver `b` tells nobody",
            "alert-reaches-only-default: `Slow` only reaches the default route",
            "alert-unknown: this route is for alert `Slwo`, which no rule defines",
            "route-unreachable: no alert comes to the route for severity=\"info\"",
            "receiver-unused: no route leads to receiver `c`",
            "continue-useless: `continue: true` of the route for severity=\"critical\" leads nowhere",
            "repeat-interval-off-beat: repeat_interval 7m is no multiple of group_interval 5m",
            "time-interval-unused: no route uses time interval `nights`",
        ],
    );
}

#[test]
fn a_route_after_a_wider_one_is_shadowed() {
    check_config(
        "route:
  receiver: a
  routes:
  - {matchers: ['severity=~critical|warning'], receiver: a}
  - {matchers: [severity=critical, team=db], receiver: a}
receivers: [{name: a, webhook_configs: [{url: 'http://relay:80/'}]}]",
        &["route-shadowed: no alert comes to the route for severity=\"critical\", team=\"db\""],
    );
}

#[test]
fn inhibit_rules_are_held_against_pairs_of_alerts() {
    check_config(
        "route: {receiver: a}
receivers: [{name: a, webhook_configs: [{url: 'http://relay:80/'}]}]
inhibit_rules:
- {source_matchers: [severity=critical], target_matchers: [severity=warning], equal: [alertname]}
- {source_matchers: [severity=page], target_matchers: [severity=warning]}
- {source_matchers: [severity=critical], target_matchers: [severity=warning], equal: [cluster]}",
        &[
            "inhibit-never: this inhibit rule never mutes anything",
            "inhibit-never: this inhibit rule never mutes anything",
            "inhibit-equal-missing: no alert has cluster, so any source mutes every target",
        ],
    );
}

#[test]
fn a_message_that_can_not_be_made_is_an_error() {
    check_config(
        "route: {receiver: a}
receivers: [{name: a, slack_configs: [{api_url: 'http://relay:80/', channel: '#a', text: '{{ template \"mine\" . }}'}]}]",
        &[
            "notification-fails: receiver `a` can't tell anybody by slack #a",
        ],
    );
}
