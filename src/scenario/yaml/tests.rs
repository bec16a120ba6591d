use super::super::{Claim, Then, What};
use super::*;
use crate::documents::yaml as documents;

fn read_text(text: &str) -> (Vec<Scenario>, Vec<Diagnostic>) {
    let file = SourceFile::new("scenarios/checkout.yaml", text);
    let (node, mut problems) = documents::read_one(&file);
    let scenarios = node.map(|node| read(&file, &node, &mut problems)).unwrap_or_default();
    (scenarios, problems)
}

/// The names of the scenarios with their steps.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let (scenarios, problems) = read_text(text);
    assert!(problems.is_empty(), "{}", problems[0]);
    let mut got = Vec::new();
    for scenario in &scenarios {
        let tags: String = scenario.tags.iter().map(|tag| format!(" @{tag}")).collect();
        got.push(format!("{}:{}{tags}", scenario.place.line(), scenario.name));
        got.extend(scenario.steps.iter().map(|step| format!("  {}", step.text)));
    }
    assert_eq!(got, expected);
}

#[track_caller]
fn messages(text: &str) -> String {
    let (scenarios, problems) = read_text(text);
    assert!(!problems.is_empty(), "nothing is wrong with {scenarios:?}");
    problems.iter().map(Diagnostic::to_string).collect::<Vec<_>>().join("\n\n")
}

const STORY: &str = r#"stack: fixtures/shop
tags: [checkout]
background:
  - service: checkout
    requests: 50/s
scenarios:
  - name: A sustained error spike pages payments once
    tags: ["@smoke"]
    seed: 7
    when:
      - service: checkout
        errors: 20%
        moment: errors-rise
    then:
      - alert: CheckoutErrorRateHigh
        fires: within 5m of errors-rise
        labels: {severity: critical}
  - name: It comes and goes
    steps:
      - when: {service: checkout, errors: 20%}
      - then: {alert: CheckoutErrorRateHigh, fires: within 11m}
      - when: "\"checkout\" recovers"
      - then: 'alert "CheckoutErrorRateHigh" resolves within 7 minutes'
"#;

#[test]
fn a_file_holds_scenarios_with_a_common_background() {
    check(
        STORY,
        &[
            "7:A sustained error spike pages payments once @checkout @smoke",
            "  Given service: checkout, requests: 50/s",
            "  When service: checkout, errors: 20%, moment: errors-rise",
            "  Then alert: CheckoutErrorRateHigh, fires: within 5m of errors-rise, labels: {severity: critical}",
            "18:It comes and goes @checkout",
            "  Given service: checkout, requests: 50/s",
            "  When service: checkout, errors: 20%",
            "  Then alert: CheckoutErrorRateHigh, fires: within 11m",
            "  When \"checkout\" recovers",
            "  Then alert \"CheckoutErrorRateHigh\" resolves within 7 minutes",
        ],
    );
}

#[test]
fn a_claim_stands_where_its_timing_is_written() {
    let (scenarios, _) = read_text(STORY);
    let step = &scenarios[0].steps[2];
    assert_eq!(step.place.to_string(), "scenarios/checkout.yaml:16:16");
    assert_eq!(step.place.text(), "within 5m of errors-rise");
    let What::Then(Then { timing, .. }) = &step.what else { panic!("not a then-step") };
    let since = timing.since.as_ref().unwrap();
    assert_eq!(
        (since.value.as_str(), since.span.to_string().as_str()),
        ("errors-rise", "scenarios/checkout.yaml:16:29")
    );
}

#[test]
fn one_scenario_may_stand_by_itself() {
    check(
        "name: One\nwhen: {wait: 10m}\nthen: {alert: X, inactive: now}\n",
        &["1:One", "  When wait: 10m", "  Then alert: X, inactive: now"],
    );
}

#[test]
fn examples_fill_placeholders() {
    check(
        r#"name: The threshold
when: {service: api, errors: <errors>}
then:
  - {alert: X, fires: <when>}
  - {expr: "a < b and c > <number>", is: ">= 1"}
examples:
  - {errors: 6%, when: within 11m, number: 3}
  - {errors: 4%, when: never within 30m, number: 4}
"#,
        &[
            "7:The threshold (errors: 6%, when: within 11m, number: 3)",
            "  When service: api, errors: 6%",
            "  Then alert: X, fires: within 11m",
            "  Then expr: a < b and c > 3, is: >= 1",
            "8:The threshold (errors: 4%, when: never within 30m, number: 4)",
            "  When service: api, errors: 4%",
            "  Then alert: X, fires: never within 30m",
            "  Then expr: a < b and c > 4, is: >= 1",
        ],
    );
}

#[test]
fn texts_and_labels_of_alerts_are_read() {
    let (scenarios, problems) = read_text(
        "name: One\nthen:\n- alert: X\n  fires: now\n  saying: [above 5%, 8%]\n  annotations: {summary: It burns}\n  value: above 0.05\n  count: 2\n",
    );
    assert!(problems.is_empty(), "{}", problems[0]);
    let What::Then(Then { claim: Claim::Alert(claim), .. }) = &scenarios[0].steps[0].what else {
        panic!("not about an alert")
    };
    let names: Vec<&str> = claim.annotations.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["summary", "", ""]);
    assert_eq!(claim.count, Some(2));
}

#[test]
fn unknown_keys_and_steps_name_the_nearest() {
    insta::assert_snapshot!(messages("scenarios:\n- name: One\n  than: [{alert: X, fires: now}]\n"));
    insta::assert_snapshot!(messages("name: One\nthen: [{alert: X, fire: within 5m}]\n"));
    insta::assert_snapshot!(messages("name: One\nthen: [{alrt: X, fires: within 5m}]\n"));
    insta::assert_snapshot!(messages(
        "name: One\nwhen: [{alert: X, fires: within 5m}]\nthen: [{alert: X, fires: now}]\n"
    ));
    insta::assert_snapshot!(messages(
        "name: One\ngiven: [{service: api, errors: 1%, moment: x}]\nthen: [{alert: X, fires: now}]\n"
    ));
}

#[test]
fn wrong_values_are_pointed_at() {
    insta::assert_snapshot!(messages("name: One\nwhen: [{wait: 5}]\nthen: [{alert: X, fires: withn 5m}]\n"));
    insta::assert_snapshot!(messages(
        "name: One\nwhen: [{service: api, errors: 20}]\nthen: [{alert: X, fires: within 5 parsecs of x}]\n"
    ));
    insta::assert_snapshot!(messages(
        "name: One\nwhen: [{service: api, down: gone, latency: slow}]\nthen: [{alert: X, fires: within 1m not before 5m}]\n"
    ));
    insta::assert_snapshot!(messages(
        "name: One\nthen:\n- expr: |\n    sum(\n      rate(up[5m]\n    ) +\n  is: more 5\n"
    ));
    insta::assert_snapshot!(messages(
        "name: One\nwhen: [{service: api}]\nthen: [{alert: X}, {alert: Y, fires: now, pending: now}]\n"
    ));
}

#[test]
fn what_tests_nothing_is_refused() {
    insta::assert_snapshot!(messages("name: One\nwhen: [{wait: 5m}]\n"));
    insta::assert_snapshot!(messages("scenarios: []\n"));
    insta::assert_snapshot!(messages(
        "name: One\nwhen: [{service: api, errors: <erors>}]\nthen: [{alert: X, fires: now}]\nexamples: [{errors: 8%}]\n"
    ));
    insta::assert_snapshot!(messages("name: One\nthen: [{alert: X, fires: within 5m of spike}]\n"));
}
