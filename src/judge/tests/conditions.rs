//! Claims about values, targets, series and whole results.

use super::*;

#[test]
fn every_element_of_an_expression_must_agree_and_there_must_be_one() {
    let claim = |number| Claim::Expr { expr: spanned("up"), compare: Comparison::Greater, number };
    let seen = [(1.0, value("up", &[3.0, 5.0]))];
    check(claim(2.0), Timing::default(), 2.0, &seen, "held at 2m");
    check(
        claim(4.0),
        Timing::default(),
        2.0,
        &seen,
        r#"[value-differs] at 2m: `up` was 3
           wanted: > 4 at 2m
           happened: was 3 at 2m
           because: 1 of the result's 2 elements disagrees
           because: {i="0"} is 3"#,
    );
    check(
        claim(4.0),
        Timing::default(),
        2.0,
        &[(1.0, value("up", &[]))],
        "[no-result] at 2m: `up` gave no result
         wanted: > 4 at 2m
         happened: no result at 2m",
    );
    check(
        claim(4.0),
        Timing::default(),
        2.0,
        &[],
        "[nothing-seen] at 3m: nothing was seen of `up`
         wanted: > 4 at 3m
         happened: nothing was seen of it by 3m",
    );
}

#[test]
fn a_target_that_is_down_says_why() {
    let target = |up, reason: &str| Observed::Target {
        labels: labels("job=api,instance=a:1"),
        up,
        reason: reason.to_owned(),
    };
    let claim = Claim::Target { labels: labels("job=api"), up: true };
    check(claim.clone(), within(2.0), 0.0, &[(0.0, target(true, ""))], "held at 0s");
    check(
        claim,
        Timing::default(),
        3.0,
        &[(0.0, target(true, "")), (2.0, target(false, "connection refused"))],
        r#"[target-down] at 3m: target {job="api"} was down
           wanted: up at 3m
           happened: 1 of 1 target down at 3m
           because: {instance="a:1", job="api"} is down: connection refused"#,
    );
}

#[test]
fn a_series_is_there_or_absent() {
    let claim = |exists| Claim::Series { selector: spanned("up"), exists };
    check(claim(true), Timing::default(), 2.0, &[(1.0, value("up", &[1.0]))], "held at 2m");
    check(claim(false), Timing::default(), 2.0, &[(1.0, value("up", &[]))], "held at 2m");
    check(
        claim(false),
        Timing::default(),
        2.0,
        &[(1.0, value("up", &[1.0]))],
        r#"[series-exists] at 2m: there is a series `up`
           wanted: absent at 2m
           happened: 1 series found at 2m
           because: {i="0"} is 1"#,
    );
}

#[test]
fn exact_alerts_are_compared_whole() {
    let seen = [(
        5.0,
        Observed::AlertsSeen {
            alert: "Slow".to_owned(),
            active: vec![element("job=api", AlertState::Firing, 2.0, 1.0)],
        },
    )];
    let at = Timing { at: Some(minutes(5.0)), ..Timing::default() };
    let claim = |job: &str| Claim::ExactAlerts {
        alert: spanned("Slow"),
        expected: vec![ExpectedAlert {
            labels: labels(job),
            annotations: labels("summary=the shop is slow"),
            place: here(),
        }],
    };
    check(claim("job=api"), at.clone(), 5.0, &seen, "held at 5m");
    check(
        claim("job=web"),
        at,
        5.0,
        &seen,
        r#"[alerts-differ] at 5m: the firing alerts Slow differ from the expected ones
           wanted: 1 expected alert at 5m
           happened: 1 alert firing
           because: expected {alertname="Slow", job="web"}, annotations {summary="the shop is slow"}
           because: got {alertname="Slow", job="api"}, annotations {summary="the shop is slow"}
           test.yaml:1:1: label job was "api", not "web""#,
    );
}

#[test]
fn exact_samples_are_compared_whole() {
    let at = Timing { at: Some(minutes(5.0)), ..Timing::default() };
    let claim = |value| Claim::ExactSamples {
        expr: spanned("up"),
        expected: vec![ExpectedSample { labels: labels("i=0"), value, histogram: None, place: here() }],
        fuzzy: false,
    };
    let seen = [(4.0, value("up", &[7.0])), (5.0, value("up", &[1.5]))];
    check(claim(1.5), at.clone(), 9.0, &seen, "held at 9m");
    check(
        claim(2.0),
        at,
        9.0,
        &seen,
        r#"[samples-differ] at 9m: the result of `up` differs from what is expected
           wanted: 1 expected sample at 5m
           happened: 1 sample
           because: expected {i="0"} 2
           because: got {i="0"} 1.5
           test.yaml:1:1: was 1.5"#,
    );
}
