//! What is said about configurations that Alertmanager refuses, and what the others mean.

use super::*;
use crate::stack::alertmanager::GroupBy;

/// The messages, each with its place, reason and help.
fn told(text: &str, version: Version) -> Vec<String> {
    let file = SourceFile::new("am.yml", text);
    let (_, problems) = read(&file, version);
    problems
        .iter()
        .map(|problem| {
            let place = problem.place.as_ref().map(ToString::to_string).unwrap_or_default();
            let rest = [&problem.because, &problem.help];
            let rest: Vec<&str> = rest.into_iter().flatten().map(String::as_str).collect();
            format!("{place} {}: {}", problem.message, rest.join("; "))
        })
        .collect()
}

#[test]
fn the_mend_of_a_key_that_never_was() {
    let text = "
route: {receiver: ops}
receivers:
- name: ops
  email_configs:
  - to: ops@example.com
    from: am@example.com
    smarthost: mail:25
    subject: 'Alert'
    body: 'Text'
";
    assert_eq!(
        told(text, Version(25)),
        [
            "am.yml:9:5 unknown key `subject` in email_configs: Alertmanager 0.25 refuses the file: field subject not found; the subject is a header: write `headers: {Subject: …}`",
            "am.yml:10:5 unknown key `body` in email_configs: Alertmanager 0.25 refuses the file: field body not found; write `html: …` for a formatted mail, or `text: …` for a plain one",
        ]
    );
}

#[test]
fn every_problem_of_a_file_is_told_at_its_place() {
    let text = "
route:
  receiver: opps
  group_wiat: 5s
  group_interval: 0s
  routes:
  - matchers: ['severity']
    mute_time_intervals: [nights]
receivers:
- name: ops
  slack_configs: [{channel: '#x'}]
- name: ops
time_intervals:
- name: night
  time_intervals: [{times: [{start_time: '22:00', end_time: '06:00'}]}]
";
    assert_eq!(
        told(text, Version(25)),
        [
            "am.yml:11:19 no global Slack API URL set either inline or in a file: add `api_url: …` here, or `global: {slack_api_url: …}`",
            "am.yml:12:9 notification config name \"ops\" is not unique: put both lists of configurations under one receiver, or rename one",
            "am.yml:15:29 start time cannot be equal or greater than end time: an interval past midnight is two: one up to 24:00 and one from 00:00",
            "am.yml:4:3 unknown key `group_wiat` in route: Alertmanager 0.25 refuses the file: field group_wiat not found; did you mean `group_wait`?",
            "am.yml:5:19 group_interval cannot be zero: ",
            "am.yml:7:16 bad matcher format: severity: a matcher looks like `severity=\"critical\"`, `team=~\"a|b\"` or `env!=\"dev\"`",
            "am.yml:3:13 undefined receiver \"opps\" used in route: did you mean `ops`?",
            "am.yml:8:27 undefined time interval \"nights\" used in route: did you mean `night`?",
        ]
    );
}

#[test]
fn a_key_of_a_later_release_says_so() {
    let text = "
route: {receiver: ops}
receivers: [{name: ops, msteamsv2_configs: [{webhook_url: 'https://x'}]}]
";
    assert_eq!(
        told(text, Version(25)),
        [
            "am.yml:3:25 unknown key `msteamsv2_configs` in a receiver: Alertmanager 0.25 refuses the file: field msteamsv2_configs not found; Alertmanager knows `msteamsv2_configs` from 0.28 on"
        ]
    );
    assert_eq!(told(text, Version(28)), [""; 0]);
}

#[test]
fn a_route_inherits_all_but_its_intervals() {
    let text = "
route:
  receiver: ops
  group_by: [a, b]
  group_wait: 7s
  routes:
  - group_interval: 9m
    mute_time_intervals: [night]
    routes: [{group_by: ['...']}, {group_by: []}]
receivers: [{name: ops}]
time_intervals: [{name: night, time_intervals: [{months: ['1']}]}]
";
    let (config, problems) = read(&SourceFile::new("am.yml", text), Version::NEWEST);
    let config = config.unwrap_or_else(|| panic!("{problems:?}"));
    let child = &config.route.routes[0];
    assert_eq!(child.mute_time_intervals.len(), 1);
    for grandchild in &child.routes {
        assert_eq!(grandchild.receiver.value, "ops");
        assert_eq!(grandchild.group_wait.to_string(), "7s");
        assert_eq!(grandchild.group_interval.to_string(), "9m");
        assert_eq!(grandchild.repeat_interval.to_string(), "4h");
        assert!(grandchild.mute_time_intervals.is_empty());
    }
    assert_eq!(child.routes[0].group_by, GroupBy::All);
    assert_eq!(child.routes[1].group_by, GroupBy::Labels(vec!["a".into(), "b".into()]));
}

#[test]
fn no_message_shows_a_secret() {
    let text = "
global: {slack_api_url: 'http://hooks.slack.com:T0KEN/'}
route: {receiver: ops}
receivers: [{name: ops, pagerduty_configs: [{routing_key: T0KEN, severty: x}]}]
";
    let (_, problems) = read(&SourceFile::new("am.yml", text), Version(25));
    assert_eq!(problems.len(), 2);
    for problem in problems {
        assert!(!problem.render(false).contains("T0KEN"), "{problem}");
    }
}

#[test]
fn the_operators_objects_are_routes_of_their_namespace() {
    let text = "
apiVersion: monitoring.coreos.com/v1alpha1
kind: AlertmanagerConfig
metadata: {name: team, namespace: shop}
spec:
  route:
    receiver: chat
    groupBy: [alertname]
    groupWait: 10s
    routes:
    - {receiver: hook, matchers: [{name: severity, value: critical, matchType: '='}], muteTimeIntervals: [first]}
  receivers:
  - name: chat
    slackConfigs: [{channel: '#shop', apiURL: {name: slack, key: url}, sendResolved: true}]
  - name: hook
    webhookConfigs: [{url: 'http://hook'}]
  inhibitRules:
  - {sourceMatch: [{name: severity, value: critical}], targetMatch: [{name: severity, value: 'warn.*', regex: true}], equal: [job]}
  muteTimeIntervals:
  - {name: first, timeIntervals: [{daysOfMonth: [{start: 1, end: 2}], months: [january]}]}
";
    let (documents, _) = yaml::read(&SourceFile::new("team.yml", text));
    let (config, problems) = read_objects(None, &documents.iter().collect::<Vec<_>>(), Version(26));
    let config = config.unwrap_or_else(|| panic!("{problems:?}"));
    let team = &config.route.routes[0];
    assert_eq!(team.receiver.value, "shop/team/chat");
    assert_eq!((team.matchers_text().as_str(), team.continues), (r#"{namespace="shop"}"#, true));
    assert_eq!(team.group_wait.to_string(), "10s");
    let hook = &team.routes[0];
    assert_eq!(hook.matchers_text(), r#"{severity="critical"}"#);
    assert_eq!(hook.mute_time_intervals[0].value, "shop/team/first");
    let chat = &config.receiver("shop/team/chat").unwrap().integrations[0];
    assert_eq!((chat.settings.text("channel"), chat.send_resolved), ("#shop", true));
    let rule = &config.inhibit_rules[0];
    let shown = |matchers: &[crate::stack::alertmanager::Matcher]| {
        matchers.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    };
    assert_eq!(shown(&rule.source), r#"severity="critical",namespace="shop""#);
    assert_eq!(shown(&rule.target), r#"severity=~"warn.*",namespace="shop""#);
}
