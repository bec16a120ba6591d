use super::*;

fn read_text(text: &str) -> (Vec<Scenario>, Vec<Diagnostic>) {
    let file = SourceFile::new("features/checkout.feature", text);
    let mut problems = Vec::new();
    (read(&file, &mut problems), problems)
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

/// The messages, as a person sees them.
#[track_caller]
fn messages(text: &str) -> String {
    let (scenarios, problems) = read_text(text);
    assert!(scenarios.is_empty() || !problems.is_empty(), "nothing is wrong");
    problems.iter().map(Diagnostic::to_string).collect::<Vec<_>>().join("\n\n")
}

const DESIGN: &str = r#"Feature: Alerts
  Scenario: A failing API pages on-call
    Given the stack in "fixtures/stacks/sei"
    And "api-service" serves 200 requests per second with 0.1% errors
    When "api-service" errors rise to 8%
    Then alert "APIHighErrorRate" is firing within 11 minutes
    When "api-service" recovers
    Then alert "APIHighErrorRate" resolves within 7 minutes
"#;

#[test]
fn the_steps_of_the_design_are_read() {
    check(
        DESIGN,
        &[
            "2:A failing API pages on-call",
            "  And \"api-service\" serves 200 requests per second with 0.1% errors",
            "  When \"api-service\" errors rise to 8%",
            "  Then alert \"APIHighErrorRate\" is firing within 11 minutes",
            "  When \"api-service\" recovers",
            "  Then alert \"APIHighErrorRate\" resolves within 7 minutes",
        ],
    );
    let (scenarios, _) = read_text(DESIGN);
    assert_eq!(scenarios[0].stack.as_ref().unwrap().value, "fixtures/stacks/sei");
    assert_eq!(scenarios[0].steps[2].place.to_string(), "features/checkout.feature:6:5");
}

#[test]
fn outlines_are_expanded_each_with_its_own_line() {
    check(
        r#"@api
Feature: Alerts
  Background:
    Given "api" serves 100 requests per second
  @slow
  Scenario Outline: The threshold
    When "api" errors rise to <errors>
    Then alert "X" is <state> within 11 minutes

    @edge
    Examples: both sides
      Above and below.

      | errors | state    |
      | 6%     | firing   |

      | 4%     | inactive |
"#,
        &[
            "15:The threshold (errors: 6%, state: firing) @api @slow @edge",
            "  Given \"api\" serves 100 requests per second",
            "  When \"api\" errors rise to 6%",
            "  Then alert \"X\" is firing within 11 minutes",
            "17:The threshold (errors: 4%, state: inactive) @api @slow @edge",
            "  Given \"api\" serves 100 requests per second",
            "  When \"api\" errors rise to 4%",
            "  Then alert \"X\" is inactive within 11 minutes",
        ],
    );
}

#[test]
fn rules_have_backgrounds_of_their_own_and_stars_go_on_as_before() {
    check(
        r#"Feature: Alerts
  Rule: Errors page
    Background:
      * "api" serves 100 requests per second
    Example: One
      When "api" goes down
      * 5 minutes pass
      And "api" recovers
      Then alert "X" is firing
      * alert "Y" is firing
      And alert "Z" is firing
      But alert "W" is not firing
"#,
        &[
            "5:One",
            "  * \"api\" serves 100 requests per second",
            "  When \"api\" goes down",
            "  * 5 minutes pass",
            "  And \"api\" recovers",
            "  Then alert \"X\" is firing",
            "  * alert \"Y\" is firing",
            "  And alert \"Z\" is firing",
            "  But alert \"W\" is not firing",
        ],
    );
}

#[test]
fn keywords_may_be_in_another_language() {
    check(
        "# language: de\nFunktionalität: Alarme\n  Szenario: Ausfall\n    Wenn \"api\" goes down\n    Dann alert \"X\" is firing within 5m\n",
        &["3:Ausfall", "  Wenn \"api\" goes down", "  Dann alert \"X\" is firing within 5m"],
    );
}

#[test]
fn a_byte_order_mark_moves_nothing() {
    let places = |text: &str| -> Vec<String> {
        let (scenarios, problems) = read_text(text);
        assert!(problems.is_empty(), "{}", problems[0]);
        let steps = scenarios.iter().flat_map(|scenario| &scenario.steps);
        steps.map(|step| format!("{}:{}", step.place.line(), step.place.text())).collect()
    };
    let without = places(DESIGN);
    assert_eq!(places(&format!("\u{feff}{DESIGN}")), without);
    assert_eq!(places(&format!("\u{feff}# language: en\n{DESIGN}")).len(), without.len());
}

#[test]
fn tables_and_doc_strings_are_arguments() {
    let (scenarios, problems) = read_text(
        r#"Feature: Alerts
  Scenario: One
    Then alert "X" is firing
      | label    | value    |
      | severity | critical |
      | team     | a\|b     |
    And the expression is above 0.05 within 5 minutes
      """
      sum(rate(errors_total[5m]))
        / sum(rate(requests_total[5m]))
      """
"#,
    );
    assert!(problems.is_empty(), "{}", problems[0]);
    let claims: Vec<_> = scenarios[0].steps.iter().map(|step| &step.what).collect();
    let super::super::What::Then(alert) = claims[0] else { panic!("not a then-step") };
    let super::super::Claim::Alert(alert) = &alert.claim else { panic!("not about an alert") };
    assert_eq!(alert.labels.to_string(), "{severity=\"critical\", team=\"a|b\"}");
    let super::super::What::Then(then) = claims[1] else { panic!("not a then-step") };
    let super::super::Claim::Expr { expr, number, .. } = &then.claim else { panic!("not an expression") };
    assert!(expr.value.ends_with("/ sum(rate(requests_total[5m]))"), "{}", expr.value);
    assert_eq!(*number, 0.05);
}

fn scenario(steps: &str) -> String {
    format!("Feature: Alerts\n  Scenario: One\n    {}\n", steps.replace('\n', "\n    "))
}

#[test]
fn a_step_that_no_phrase_knows_names_the_nearest() {
    insta::assert_snapshot!(messages(&scenario("Then alert \"X\" is fireing within 11 minutes")));
    insta::assert_snapshot!(messages(&scenario("Then the pager rings")));
    insta::assert_snapshot!(messages(&scenario(
        "When \"api\" errors rise to 8% with statuss 503\nThen alert \"X\" is firing"
    )));
    insta::assert_snapshot!(messages(&scenario("Then \"api\" errors rise to 8%")));
}

#[test]
fn a_wrong_value_is_pointed_at() {
    insta::assert_snapshot!(messages(&scenario("Then alert \"X\" is firing within 5 parsecs")));
    insta::assert_snapshot!(messages(&scenario("When \"api\" errors rise to 8\nThen alert \"X\" is firing")));
    insta::assert_snapshot!(messages(&scenario("Then the expression `sum(up` is above 3")));
}

#[test]
fn what_tests_nothing_is_refused() {
    insta::assert_snapshot!(messages(&scenario("When \"api\" goes down")));
    insta::assert_snapshot!(messages("Feature: Alerts\n  Scenario: One\n"));
    insta::assert_snapshot!(messages("Feature: Alerts\n"));
    insta::assert_snapshot!(messages("\n\n"));
    insta::assert_snapshot!(messages(
        "Feature: Alerts\n  Scenario Outline: One\n    Then alert \"<a>\" is firing\n    Examples:\n      | a |\n"
    ));
    insta::assert_snapshot!(messages(&scenario("Then alert \"<a>\" is firing")));
}

#[test]
fn misspelt_keywords_and_ragged_tables_are_refused() {
    insta::assert_snapshot!(messages(&scenario("Wehn \"api\" goes down\nThen alert \"X\" is firing")));
    insta::assert_snapshot!(messages(&scenario("When \"api\" goes down\nThne alert \"X\" is firing")));
    insta::assert_snapshot!(messages("Feture: Alerts\n  Scenario: One\n    Then alert \"X\" is firing\n"));
    insta::assert_snapshot!(messages(&scenario(
        "Then alert \"X\" is firing\n  | label | value |\n  | severity | critical | x |"
    )));
    insta::assert_snapshot!(messages("# language: xx\nFeature: Alerts\n"));
}

#[test]
fn a_moment_must_have_come() {
    insta::assert_snapshot!(messages(&scenario(
        "When \"api\" goes down (call this \"errors-rise\")\nThen alert \"X\" is firing within 5m of \"error-rise\""
    )));
}
