use super::*;
use crate::documents::yaml;

const RULES: &str = "groups: [{name: g, rules: [{alert: Down, expr: up == 0}]}]\n";

fn read_text(text: &str) -> (Vec<Scenario>, Vec<Diagnostic>) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rules.yml"), RULES).unwrap();
    let file = SourceFile::new("up_test.yml", text);
    let (node, mut problems) = yaml::read_one(&file);
    let scenarios = read(&file, &node.unwrap(), folder.path(), &mut problems);
    (scenarios, problems)
}

/// The steps' texts, or the problems' messages.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let (scenarios, problems) = read_text(text);
    let got: Vec<String> = if problems.is_empty() {
        scenarios.into_iter().flat_map(|scenario| scenario.steps).map(|step| step.text).collect()
    } else {
        problems.into_iter().map(|problem| format!("{}: {}", problem.id, problem.message)).collect()
    };
    assert_eq!(got, expected);
}

#[test]
fn each_case_becomes_a_claim_at_its_time() {
    check(
        "rule_files: [rules.yml]
tests:
- interval: 1m
  input_series: [{series: 'up{job=\"api\"}', values: '1 0 0'}]
  alert_rule_test:
  - {alertname: Down, eval_time: 2m, exp_alerts: [{exp_labels: {job: api, shard: 0}}]}
  - {alertname: Down, exp_alerts: []}
  promql_expr_test:
  - {expr: sum(up), eval_time: 1m30s, exp_samples: [{labels: '{}', value: 0}]}
",
        &[
            "alert \"Down\" fires once at 2m",
            "alert \"Down\" does not fire at 0s",
            "the expression `sum(up)` gives 1 sample at 1m30s",
            "every rule is healthy until 2m",
        ],
    );
}

#[test]
fn an_expected_alert_has_its_name_among_its_labels() {
    let (scenarios, _) = read_text(
        "rule_files: [rules.yml]
tests: [{alert_rule_test: [{alertname: Down, exp_alerts: [{exp_labels: {shard: 0}}]}]}]",
    );
    let What::Then(then) = &scenarios[0].steps[0].what else { panic!("not a then-step") };
    let Claim::ExactAlerts { expected, .. } = &then.claim else { panic!("not exact alerts") };
    assert_eq!(expected[0].labels.to_string(), "{alertname=\"Down\", shard=\"0\"}");
}

#[test]
fn evaluations_are_a_minute_apart_where_nothing_else_is_stated() {
    let (scenarios, problems) =
        read_text("evaluation_interval: 15s\ntests: [{promql_expr_test: [{expr: up}]}]");
    assert_eq!(problems.len(), 0);
    let unit_test = scenarios[0].unit_test.as_ref().unwrap();
    assert_eq!(unit_test.evaluation_interval, Duration::from_secs(15));
    assert_eq!(unit_test.interval, None);
    let (scenarios, _) = read_text("tests: [{interval: 5s, promql_expr_test: [{expr: up}]}]");
    let unit_test = scenarios[0].unit_test.as_ref().unwrap();
    assert_eq!(unit_test.evaluation_interval, Duration::from_secs(60));
    assert_eq!(unit_test.interval, Some(Duration::from_secs(5)));
}

#[test]
fn what_promtool_refuses_is_refused() {
    check("tests: [{intervall: 1m}]", &["unknown-key: unknown key `intervall` in test"]);
    check("tests: [{interval: 1 minute}]", &["bad-duration: not a valid duration string: \"1 minute\""]);
    check(
        "group_eval_order: [a, b, a]\ntests: [{promql_expr_test: [{expr: up}]}]",
        &["repeated-group: group name repeated in evaluation order: a"],
    );
    check(
        "tests: [{alert_rule_test: [{eval_time: 1m}]}]",
        &["missing-key: alert rule test needs `alertname`"],
    );
    check(
        "tests: [{promql_expr_test: [{expr: up, exp_samples: [{value: '1'}]}]}]",
        &["wrong-type: expected a number"],
    );
}

#[test]
fn what_promtool_only_warns_about_is_refused() {
    check(
        "rule_files: [rules.yml, missing-*.yml]\ntests: [{promql_expr_test: [{expr: up}]}]",
        &["no-rule-files: no file matches `missing-*.yml`"],
    );
    check("rule_files: [rules.yml]", &["no-tests: this unit test file holds no tests"]);
    check("tests: [{}]", &["no-then: scenario \"test 1\" claims nothing"]);
}

#[test]
fn a_test_without_rules_claims_nothing_about_their_health() {
    check("tests: [{promql_expr_test: [{expr: up}]}]", &["the expression `up` gives nothing at 0s"]);
}

#[test]
fn a_test_without_a_case_is_left_out_where_others_have_one() {
    let (scenarios, problems) =
        read_text("tests: [{interval: 1m, alert_rule_test: []}, {promql_expr_test: [{expr: up}]}]");
    assert_eq!(scenarios.iter().map(|scenario| &*scenario.name).collect::<Vec<_>>(), ["test 2"]);
    assert_eq!(problems.iter().map(|problem| problem.severity).collect::<Vec<_>>(), [Severity::Warning]);
}

#[test]
fn series_in_expected_samples_are_read_through_quotes() {
    #[track_caller]
    fn series(text: &str, expected: &str) {
        let file = SourceFile::new("x", format!("- '{text}'"));
        let node = yaml::read_one(&file).0.unwrap();
        let got = metric(&node.items().unwrap()[0], &mut Vec::new());
        assert_eq!(got.map_or("none".to_owned(), |labels| labels.to_string()), expected);
    }
    series("up{job=\"a,b=}\", x = `c`,}", "up{job=\"a,b=}\", x=\"c\"}");
    series("{}", "{}");
    series("up", "up");
    series("up{job=a}", "none");
    series("up{job=\"a\"", "none");
}
