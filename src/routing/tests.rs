use super::*;
use crate::diagnostic::SourceFile;
use crate::documents::{alertmanager, rules};
use crate::stack::Version;

const CONFIG: &str = r#"
route:
  receiver: default
  routes:
  - matchers: [severity="critical"]
    receiver: pager
    routes:
    - matchers: [team="db"]
      receiver: db-pager
    - matchers: [team="web", env!="dev"]
      receiver: web-pager
  - matchers: [job="api"]
    receiver: api
    continue: true
  - matchers: [severity="warning"]
    receiver: chat
receivers: [{name: default}, {name: pager}, {name: db-pager}, {name: web-pager}, {name: api}, {name: chat}]
inhibit_rules:
- source_matchers: [severity="critical"]
  target_matchers: [severity="warning"]
  equal: [team]
"#;

pub fn stack(config: &str, rule_file: &str) -> Stack {
    let file = SourceFile::new("alertmanager.yml", config);
    let (read, problems) = alertmanager::read(&file, crate::stack::alertmanager::Version::NEWEST);
    assert!(read.is_some(), "{problems:?}");
    let file = SourceFile::new("rules.yml", rule_file);
    let (rule_groups, problems) = rules::read(&file, Version::NEWEST);
    assert!(problems.is_empty(), "{problems:?}");
    Stack { alertmanager: read, rule_groups, ..Stack::default() }
}

fn rule(expr: &str, labels: &str) -> String {
    format!("groups: [{{name: g, rules: [{{alert: A, expr: '{expr}', labels: {{{labels}}}}}]}}]")
}

/// Receivers, each with what has to hold for it.
#[track_caller]
fn check(expr: &str, labels: &str, expected: &[&str]) {
    let stack = stack(CONFIG, &rule(expr, labels));
    let routing = Routing::of(&stack).unwrap();
    let got: Vec<String> = routing.alerts[0]
        .destinations
        .iter()
        .map(|to| {
            let mut text = routing.route(to.node).receiver.value.clone();
            for matcher in &to.when {
                text += &format!(" if {matcher}");
            }
            if to.otherwise {
                text += " otherwise";
            }
            text
        })
        .collect();
    assert_eq!(got, expected, "{expr}");
}

#[test]
fn a_rule_whose_labels_are_all_known_has_one_way() {
    check("vector(1)", "severity: critical, team: db", &["db-pager"]);
    check("sum(x) > 1", "severity: warning", &["chat"]);
    check("up{job=\"api\"} == 0", "severity: warning, team: db", &["api", "chat"]);
    check("sum(x) > 1", "severity: page", &["default"]);
}

#[test]
fn what_a_series_brings_along_decides_when_it_fires() {
    check(
        "sum by (team) (x) > 1",
        "severity: critical",
        &["db-pager if team=\"db\"", "web-pager if team=\"web\" otherwise", "pager otherwise"],
    );
    check("x > 1", "severity: warning", &["api if job=\"api\"", "chat"]);
}

#[test]
fn a_label_is_known_through_joins_functions_and_absence() {
    let api = &["api"];
    check("absent(up{job=\"api\"})", "", api);
    check("rate(a{job=\"api\"}[5m]) / on (job) group_left () sum by (job) (b) > 1", "severity: x", api);
    check(
        "sum by (job) (a) / sum by (job) (b{job=\"api\"}) > 1",
        "",
        &["api if job=\"api\"", "default otherwise"],
    );
    check("sum by (job) (a) / on (job) sum by (job) (b{job=\"api\"}) > 1", "", api);
    check("sum without (job) (a{job=\"api\"}) > 1", "severity: x", &["default"]);
    check("max_over_time(a{job=\"api\"}[5m]) > 1 and on () b", "severity: x", api);
    check(
        "label_replace(a, \"job\", \"api\", \"\", \"\")",
        "severity: x",
        &["api if job=\"api\"", "default otherwise"],
    );
}

#[test]
fn a_label_that_only_rules_set_comes_from_no_series() {
    let rules = "groups: [{name: g, rules: [
        {alert: Forgotten, expr: up == 0},
        {alert: Other, expr: up == 0, labels: {severity: critical}}]}]";
    let stack = stack(CONFIG, rules);
    let routing = Routing::of(&stack).unwrap();
    let nodes = |alert: usize| -> Vec<usize> {
        routing.alerts[alert].destinations.iter().map(|to| to.node).collect()
    };
    // `api` if it is the job, or the default; never by severity.
    assert_eq!(nodes(0), [5 - 1, 0]);
    assert_eq!(nodes(1), [2, 3, 1]);
}

#[test]
fn what_a_recording_rule_leaves_is_known() {
    let rules = "groups: [{name: g, rules: [
        {record: 'job:errors:rate', expr: 'sum by (job) (e{job=\"api\"})', labels: {team: db}},
        {alert: A, expr: 'job:errors:rate > 1', labels: {severity: critical}}]}]";
    let stack = stack(CONFIG, rules);
    let routing = Routing::of(&stack).unwrap();
    let values: Vec<_> = routing.alerts[0].labels.values().collect();
    assert_eq!(values, [("alertname", "A"), ("job", "api"), ("severity", "critical"), ("team", "db")]);
}

#[test]
fn alerts_mute_one_another_where_labels_can_be_equal() {
    let rules = "groups: [{name: g, rules: [
        {alert: Target, expr: 'sum(x)', labels: {severity: warning, team: db}},
        {alert: Same, expr: 'sum(x)', labels: {severity: critical, team: db}},
        {alert: Perhaps, expr: 'sum by (team) (x)', labels: {severity: critical}},
        {alert: Never, expr: 'sum(x)', labels: {severity: critical, team: web}},
        {alert: Lacks, expr: 'sum(x)', labels: {severity: critical}}]}]";
    let stack = stack(CONFIG, rules);
    let routing = Routing::of(&stack).unwrap();
    let muting: Vec<(&str, bool)> = routing
        .inhibition
        .muting(0)
        .iter()
        .map(|muting| (routing.alerts[muting.source].name(), muting.certain))
        .collect();
    assert_eq!(muting, [("Same", true), ("Perhaps", false)]);
}
