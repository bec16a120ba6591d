//! The twin as a whole: what is computed ahead of the clock must not be told from what is computed at it.

use super::Twin;
use crate::diagnostic::SourceFile;
use crate::documents;
use crate::runner;
use crate::scenario::{Scenario, gherkin};
use crate::stack::Stack;
use crate::time::Duration;
use crate::timeline::{AlertState, Observed, Timeline};

const PATIENCE: Duration = Duration::from_secs(30);

fn scenario(steps: &str) -> (Scenario, Stack) {
    let file = SourceFile::new("test.feature", format!("Feature: f\n  Scenario: s\n{steps}\n"));
    let mut problems = Vec::new();
    let mut scenarios = gherkin::read(&file, &mut problems);
    assert!(problems.is_empty(), "{problems:?}");
    let scenario = scenarios.remove(0);
    let path = scenario.stack.as_ref().map_or("fixtures/stacks/sei", |stack| &stack.value);
    let (stack, _) = documents::load(&[path], None).unwrap();
    (scenario, stack)
}

fn timeline(steps: &str, spread: bool, adjust: impl Fn(&mut Twin)) -> Timeline {
    let (scenario, stack) = scenario(steps);
    let mut twin = Twin::of(&scenario, &stack, 7, spread).unwrap();
    adjust(&mut twin);
    runner::run_in(&mut twin, &scenario, &stack, PATIENCE, 7).unwrap().timeline
}

const UPS_AND_DOWNS: &str = r#"
    Given the stack in "fixtures/stacks/sei"
    When "api-service" errors rise to 8%
    Then alert "APIHighErrorRate" is firing within 11 minutes
    And the expression `count(ALERTS)` is above 0 within 1 minute
    When instance "api-service-1" goes down
    And 3 minutes pass
    Then alert "APIServiceDown" is firing within 1 minute
    When "api-service" recovers
    Then alert "APIHighErrorRate" resolves within 7 minutes
"#;

#[test]
fn looking_ahead_changes_nothing_that_is_seen() {
    for spread in [false, true] {
        let ahead = timeline(UPS_AND_DOWNS, spread, |_| {});
        for ticks in [0, 1, 7] {
            let nearer = timeline(UPS_AND_DOWNS, spread, |twin| twin.furthest_ahead = ticks);
            assert_eq!(ahead.observations, nearer.observations, "{ticks} ticks ahead, spread: {spread}");
        }
        assert!(ahead.observations.len() > 20, "{:?}", ahead.observations);
    }
}

#[test]
fn the_same_scenario_and_seed_give_the_same_timeline() {
    let once = timeline(UPS_AND_DOWNS, true, |_| {});
    let again = timeline(UPS_AND_DOWNS, true, |_| {});
    assert_eq!(once.observations, again.observations);
}

/// The minutes at which an alert reached a state, counted from the start.
fn check(steps: &str, alert: &str, expected: &[(&str, f64)]) {
    let timeline = timeline(steps, false, |_| {});
    let changes = timeline.observations.iter().filter_map(|seen| match &seen.what {
        Observed::Alert(change) if change.alert.labels.value("alertname") == alert => {
            let state = match change.to {
                AlertState::Inactive => "inactive",
                AlertState::Pending => "pending",
                AlertState::Firing => "firing",
            };
            Some((state, (seen.at - timeline.start).seconds() / 60.0))
        }
        _ => None,
    });
    assert_eq!(changes.collect::<Vec<_>>(), expected);
}

#[test]
fn an_error_ratio_crosses_its_threshold_when_enough_of_the_window_is_bad() {
    // A left-open window of 5m holds samples over 4m30s. 0.1% and 7.9% of the part of that which is bad are above
    // 5% after 2m48s: seen at the next evaluation.
    check(
        r#"
    Given the stack in "fixtures/stacks/sei"
    When "api-service" errors rise to 8%
    Then alert "APIHighErrorRate" is firing within 11 minutes"#,
        "APIHighErrorRate",
        &[("pending", 3.0), ("firing", 8.0)],
    );
}

#[test]
fn a_target_that_goes_down_is_pending_at_the_next_scrape() {
    check(
        r#"
    Given the stack in "fixtures/stacks/sei"
    When "api-service" goes down
    Then alert "APIServiceDown" is firing within 3 minutes"#,
        "APIServiceDown",
        &[
            ("pending", 0.5),
            ("pending", 0.5),
            ("pending", 0.5),
            ("firing", 1.5),
            ("firing", 1.5),
            ("firing", 1.5),
        ],
    );
}
