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

#[test]
fn a_pending_alert_with_a_short_for_counts_again_after_a_restart() {
    check(
        r#"
    Given the stack in "fixtures/stacks/sei"
    When "api-service" errors rise to 8%
    Then alert "APIHighErrorRate" is pending within 3 minutes
    When 4 minutes pass
    And Prometheus restarts
    Then alert "APIHighErrorRate" is firing within 6 minutes"#,
        "APIHighErrorRate",
        // To people it was pending before and is so after: the first evaluation after the restart is at 7m30s.
        &[("pending", 3.0), ("firing", 12.5)],
    );
}

/// `for: 10m`, pending at half a minute; Prometheus is down for a time after a time.
#[track_caller]
fn check_restored(before: &str, outage: &str, expected: &[(&str, f64)]) {
    let steps = format!(
        r#"
    Given the stack in "fixtures/stacks/sei"
    When "api-service" latency rises to p95 of 4s
    Then alert "APIHighLatency" is pending within 1 minute
    When {before} pass
    And Prometheus stops
    And {outage} pass
    And Prometheus comes back
    Then alert "APIHighLatency" is pending within 2 minutes
    When 15 minutes pass
    Then alert "APIHighLatency" is firing"#
    );
    check(&steps, "APIHighLatency", expected);
}

#[test]
fn a_long_for_is_taken_up_after_the_second_evaluation_and_lasts_ten_minutes_more() {
    // Back at 7m30s, evaluated at 8m and 8m30s: there the rest of `for` becomes the grace period.
    check_restored("5 minutes", "2 minutes", &[("pending", 0.5), ("firing", 18.5)]);
}

#[test]
fn what_fired_before_a_restart_fires_at_the_third_evaluation_if_its_for_is_long() {
    let before = [("pending", 0.5), ("firing", 10.5)];
    check_restored(
        "15 minutes",
        "2 minutes",
        &[&before[..], &[("pending", 18.0), ("firing", 19.0)]].concat(),
    );
    // The first evaluation finds samples that are too old.
    let anew = [("inactive", 66.0), ("pending", 66.5), ("firing", 67.0)];
    check_restored("15 minutes", "50 minutes", &[&before[..], &anew].concat());
}

#[test]
fn what_was_written_more_than_an_hour_ago_is_not_taken_up() {
    check_restored(
        "15 minutes",
        "61 minutes",
        &[("pending", 0.5), ("firing", 10.5), ("inactive", 77.0), ("pending", 77.5), ("firing", 87.5)],
    );
}

#[test]
fn nothing_is_seen_while_prometheus_stands_still_and_old_samples_are_not_seen_after_it() {
    check(
        r#"
    Given the stack in "fixtures/stacks/sei"
    When "api-service" errors rise to 20%
    Then alert "APIHighErrorRate" is firing within 7 minutes
    When Prometheus hangs
    And 10 minutes pass
    And Prometheus goes on
    Then alert "APIHighErrorRate" resolves
    And alert "APIHighErrorRate" is firing within 7 minutes"#,
        "APIHighErrorRate",
        &[("pending", 1.5), ("firing", 6.5), ("inactive", 16.5), ("pending", 17.0), ("firing", 22.0)],
    );
}
