//! Claims over made-up timelines, as a world would yield them step by step.

use super::*;
use crate::diagnostic::{SourceFile, Span, Spanned};
use crate::labels::Labels;
use crate::scenario::{
    AlertClaim, ClaimedState, Comparison, ExpectedAlert, ExpectedSample, TextMatch, Timing,
};
use crate::stack::{Prometheus, Rule, RuleGroup, RuleKind, Stack};
use crate::timeline::{ActiveAlert, AlertChange, AlertState, SeenSample};

mod conditions;
mod notices;

const RULES: &str = "\
- alert: Slow
  expr: latency > 2
  for: 5m
";

fn minutes(minutes: f64) -> Duration {
    Duration((minutes * 60_000.0) as i64)
}

fn instant(at: f64) -> Timestamp {
    Timestamp(0) + minutes(at)
}

fn spanned(text: &str) -> Spanned<String> {
    Spanned::new(text.to_owned(), here())
}

fn here() -> Span {
    SourceFile::new("test.yaml", "").span(0..0)
}

fn labels(text: &str) -> Labels {
    Labels::from_pairs(text.split(',').filter(|p| !p.is_empty()).map(|pair| pair.split_once('=').unwrap()))
}

fn element(extra: &str, state: AlertState, active_at: f64, value: f64) -> ActiveAlert {
    ActiveAlert {
        labels: labels(extra).with("alertname", "Slow"),
        annotations: labels("summary=the shop is slow"),
        state,
        active_at: instant(active_at),
        value,
    }
}

fn change(from: AlertState, to: AlertState, extra: &str, active_at: f64) -> Observed {
    Observed::Alert(AlertChange {
        from,
        to,
        alert: element(extra, to, active_at, 3.5),
        rule: Some(rules_file().span(9..13)),
        reason: "the expression gives no result any more".to_owned(),
    })
}

fn rules_file() -> SourceFile {
    SourceFile::new("rules.yml", RULES)
}

fn pending(extra: &str) -> Observed {
    change(AlertState::Inactive, AlertState::Pending, extra, 2.0)
}

fn firing(extra: &str) -> Observed {
    change(AlertState::Pending, AlertState::Firing, extra, 2.0)
}

fn resolved(extra: &str) -> Observed {
    change(AlertState::Firing, AlertState::Inactive, extra, 2.0)
}

fn value(expr: &str, values: &[f64]) -> Observed {
    let samples = values.iter().enumerate().map(|(at, value)| SeenSample {
        labels: labels(&format!("i={at}")),
        value: *value,
        histogram: None,
    });
    Observed::Value { expr: expr.to_owned(), result: Ok(samples.collect()) }
}

fn alert(state: ClaimedState) -> AlertClaim {
    AlertClaim {
        alert: spanned("Slow"),
        labels: Labels::empty(),
        state,
        annotations: Vec::new(),
        value: None,
        count: None,
    }
}

fn within(by: f64) -> Timing {
    Timing { within: Some(minutes(by)), ..Timing::default() }
}

fn never(stretch: f64) -> Timing {
    Timing { throughout: Some(minutes(stretch)), negated: true, ..Timing::default() }
}

fn stack() -> Stack {
    let file = rules_file();
    let name = Spanned::new("Slow".to_owned(), file.span(9..13));
    let text = Spanned::new("latency > 2".to_owned(), file.span(22..33));
    Stack {
        path: ".".to_owned(),
        files: vec![file.clone()],
        prometheus: Prometheus {
            version: None,
            scrape_interval: minutes(1.0),
            scrape_timeout: minutes(1.0),
            evaluation_interval: minutes(1.0),
            rule_query_offset: Duration::ZERO,
            external_labels: Labels::empty(),
            ..Prometheus::default()
        },
        rule_groups: vec![RuleGroup {
            name: Spanned::new("g".to_owned(), file.span(0..1)),
            interval: None,
            query_offset: None,
            limit: 0,
            rules: vec![Rule {
                place: name.span.clone(),
                expr: crate::promql::parse(&text.value).unwrap(),
                text,
                labels: Vec::new(),
                kind: RuleKind::Alerting {
                    alert: name,
                    hold: minutes(5.0),
                    keep_firing_for: Duration::ZERO,
                    annotations: Vec::new(),
                },
            }],
            file,
        }],
        services: Vec::new(),
        ..Stack::default()
    }
}

/// Plays a timeline to a claim as a world does, whose clock stands at `now` when the step is reached and then moves
/// from minute to minute; the verdict in words.
fn judged(claim: Claim, timing: Timing, now: f64, seen: &[(f64, Observed)]) -> (Verdict, String) {
    let then = Then { claim, timing };
    let mut seen = seen.to_vec();
    seen.sort_by(|a, b| a.0.total_cmp(&b.0));
    let upto = |now: Timestamp| {
        let mut timeline = Timeline::default();
        seen.iter()
            .filter(|(at, _)| instant(*at) <= now)
            .for_each(|(at, what)| timeline.push(instant(*at), what.clone()));
        timeline
    };
    let mut now = instant(now);
    let mut judgement = Judgement::new(&then, Claimed::of(&then, &upto(now), now, minutes(1.0)));
    let decision = loop {
        judgement.see_all(&upto(now));
        if let Some(decision) = judgement.decide(now) {
            break decision;
        }
        assert!(now < judgement.deadline(), "undecided at its deadline");
        now = now + minutes(1.0);
    };
    let verdict = Verdict::of(3, &then, &decision, &upto(now), &stack());
    let clock = clock(verdict.decided, Timestamp(0));
    let mut text = match &verdict.failure {
        None => format!("held at {clock}\n"),
        Some(failure) => format!(
            "[{}] at {clock}: {}\nwanted: {}\nhappened: {}\n",
            failure.id, failure.message, failure.wanted, failure.happened
        ),
    };
    if let Some(failure) = &verdict.failure {
        failure.because.iter().for_each(|line| text += &format!("because: {line}\n"));
        failure.notes.iter().for_each(|line| text += &format!("note: {line}\n"));
        failure.related.iter().for_each(|(span, line)| text += &format!("{span}: {line}\n"));
        assert!(FAILURES.iter().any(|(id, _)| *id == failure.id), "{} is not documented", failure.id);
    }
    (verdict, text)
}

#[track_caller]
fn check(claim: Claim, timing: Timing, now: f64, seen: &[(f64, Observed)], expected: &str) {
    let (verdict, text) = judged(claim, timing, now, seen);
    let lines = |text: &str| text.trim().lines().map(str::trim).collect::<Vec<_>>().join("\n");
    assert_eq!(lines(&text), lines(expected));
    assert_eq!(verdict.held, verdict.failure.is_none());
}

fn fired_at(at: f64) -> Vec<(f64, Observed)> {
    vec![(2.0, pending("")), (at, firing(""))]
}

#[test]
fn an_alert_that_fires_in_time_is_decided_when_it_fires() {
    check(Claim::Alert(alert(ClaimedState::Firing)), within(10.0), 0.0, &fired_at(7.0), "held at 7m");
}

#[test]
fn an_alert_that_fires_late_is_told_how_late_and_what_would_do() {
    check(
        Claim::Alert(alert(ClaimedState::Firing)),
        within(5.0),
        0.0,
        &fired_at(7.0),
        "[fired-late] at 7m: Slow fired 2m too late
         wanted: firing by 5m
         happened: fired at 7m
         because: 2m until the expression had a result, then 5m of `for`
         because: its value was 3.5 when it fired
         note: the longest `for` that meets this deadline is 3m
         rules.yml:3:8: began counting at 2m",
    );
}

#[test]
fn an_alert_that_never_fires_is_watched_half_an_hour_longer() {
    check(
        Claim::Alert(alert(ClaimedState::Firing)),
        within(5.0),
        0.0,
        &[(1.0, value("latency", &[0.5])), (4.0, value("latency", &[1.9]))],
        "[never-fired] at 35m: Slow did not fire
         wanted: firing by 5m
         happened: did not fire by 5m, nor by 35m, when it was inactive
         because: the alert's expression gave no result by 35m
         because: `latency` went from 0.5 to 1.9, wanted > 2
         rules.yml:3:8: its `for` is 5m",
    );
}

#[test]
fn an_alert_already_firing_when_the_claim_begins_is_firing() {
    let seen = [(2.0, pending("")), (7.0, firing("")), (9.0, moment(None))];
    check(Claim::Alert(alert(ClaimedState::Firing)), within(5.0), 9.0, &seen, "held at 9m");
}

fn moment(name: Option<&str>) -> Observed {
    Observed::Moment { name: name.map(str::to_owned), text: "errors rise".to_owned(), late: Duration::ZERO }
}

#[test]
fn times_count_from_the_last_moment_or_from_the_named_one() {
    let mut seen = fired_at(7.0);
    seen.extend([(1.0, moment(Some("rise"))), (3.0, moment(None))]);
    let (verdict, _) = judged(Claim::Alert(alert(ClaimedState::Firing)), within(4.0), 3.0, &seen);
    assert_eq!((verdict.since, verdict.held), (instant(3.0), true));
    let timing = Timing { since: Some(spanned("rise")), ..within(4.0) };
    let (verdict, _) = judged(Claim::Alert(alert(ClaimedState::Firing)), timing, 3.0, &seen);
    assert_eq!((verdict.since, verdict.held), (instant(1.0), false));
}

#[test]
fn what_must_not_be_yet_counts_from_the_evaluation_that_the_step_followed() {
    let after = |from| Timing { not_before: Some(minutes(from)), ..Timing::default() };
    let held = |late, from| {
        let step = Observed::Moment { name: None, text: "errors rise".to_owned(), late: minutes(late) };
        let mut seen = fired_at(7.0);
        seen.push((1.5, step));
        judged(Claim::Alert(alert(ClaimedState::Firing)), after(from), 1.5, &seen).0.held
    };
    assert!(held(0.5, 6.0), "six evaluations after that of the first minute");
    assert!(!held(0.0, 6.0) && !held(0.5, 6.5));
}

#[test]
fn an_alert_that_must_not_fire_is_watched_for_the_whole_stretch() {
    check(Claim::Alert(alert(ClaimedState::Firing)), never(6.0), 0.0, &fired_at(7.0), "held at 6m");
    check(
        Claim::Alert(alert(ClaimedState::Firing)),
        never(10.0),
        0.0,
        &fired_at(7.0),
        "[fired-but-should-not] at 7m: Slow fired, but should not
         wanted: not firing from 0s to 10m
         happened: fired at 7m
         because: 2m until the expression had a result, then 5m of `for`
         because: its value was 3.5 when it fired
         rules.yml:3:8: began counting at 2m",
    );
}

#[test]
fn an_alert_whose_rule_fails_is_not_taken_for_quiet() {
    let error = "many-to-many matching not allowed";
    let broken = Observed::Rule {
        group: "g".to_owned(),
        rule: "Slow".to_owned(),
        healthy: false,
        error: error.to_owned(),
    };
    check(
        Claim::Alert(alert(ClaimedState::Firing)),
        never(10.0),
        0.0,
        &[(1.0, broken)],
        "[rule-failed] at 1m: the rule of Slow could not be evaluated
         wanted: not firing from 0s to 10m
         happened: at 1m its evaluation failed: many-to-many matching not allowed
         note: a rule that fails proves nothing about its alert's absence
         rules.yml:1:10: the rule",
    );
}

#[test]
fn resolved_means_was_firing_and_is_no_more() {
    let mut seen = fired_at(7.0);
    seen.extend([(8.0, moment(None)), (12.0, resolved(""))]);
    check(Claim::Alert(alert(ClaimedState::Resolved)), within(5.0), 8.0, &seen, "held at 12m");
    check(
        Claim::Alert(alert(ClaimedState::Resolved)),
        within(1.0),
        0.0,
        &[],
        "[never-resolved] at 31m: Slow did not resolve
         wanted: resolved by 1m
         happened: did not resolve by 1m, nor by 31m, when it was inactive
         because: it had never been firing, so there was nothing to resolve",
    );
}

#[test]
fn other_labels_are_shown_beside_the_claimed_ones() {
    let claim = AlertClaim { labels: labels("job=web,env=prod"), ..alert(ClaimedState::Firing) };
    let seen = [(2.0, pending("job=api,env=prod")), (7.0, firing("job=api,env=prod"))];
    check(
        Claim::Alert(claim),
        within(10.0),
        0.0,
        &seen,
        r#"[wrong-labels] at 40m: Slow was firing, but not with the claimed labels
           wanted: firing by 10m with {env="prod", job="web"}
           happened: was firing as {alertname="Slow", env="prod", job="api"}
           because: label job is "api", wanted "web"
           rules.yml:1:10: the alert's rule"#,
    );
}

#[test]
fn an_annotation_that_says_something_else_is_quoted() {
    let contains = |text: &str| AlertClaim {
        annotations: vec![("summary".to_owned(), TextMatch::Contains(text.to_owned()))],
        ..alert(ClaimedState::Firing)
    };
    check(Claim::Alert(contains("is slow")), within(10.0), 0.0, &fired_at(7.0), "held at 7m");
    check(
        Claim::Alert(contains("is down")),
        Timing::default(),
        8.0,
        &fired_at(7.0),
        r#"[wrong-annotation] at 8m: Slow was firing, but its annotation summary says something else
           wanted: summary containing "is down"
           happened: summary reads "the shop is slow"
           note: the alert seen is {alertname="Slow"}
           rules.yml:1:10: the alert's rule"#,
    );
}

#[test]
fn values_and_counts_are_those_of_the_last_evaluation() {
    let seen = Observed::AlertsSeen {
        alert: "Slow".to_owned(),
        active: vec![element("", AlertState::Firing, 2.0, 9.5)],
    };
    let mut timeline = fired_at(7.0);
    timeline.push((8.0, seen));
    let claim = AlertClaim { value: Some((Comparison::Greater, 9.0)), ..alert(ClaimedState::Firing) };
    check(Claim::Alert(claim), within(10.0), 0.0, &timeline, "held at 8m");
    let claim = AlertClaim { count: Some(2), ..alert(ClaimedState::Firing) };
    check(
        Claim::Alert(claim),
        Timing::default(),
        8.0,
        &timeline,
        r#"[wrong-count] at 8m: Slow was firing 1 time, not 2
           wanted: 2 elements firing at 8m
           happened: 1 was firing
           because: firing: {alertname="Slow"}
           rules.yml:1:10: the alert's rule"#,
    );
}

#[test]
fn lasting_counts_from_when_it_began() {
    let timing = Timing { lasting: Some(minutes(4.0)), ..within(10.0) };
    let mut seen = fired_at(7.0);
    check(Claim::Alert(alert(ClaimedState::Firing)), timing.clone(), 0.0, &seen, "held at 11m");
    seen.push((9.0, resolved("")));
    check(
        Claim::Alert(alert(ClaimedState::Firing)),
        timing,
        0.0,
        &seen,
        "[stopped-firing] at 9m: Slow was firing for 2m only
         wanted: firing by 10m and then for 4m
         happened: fired at 7m, but was inactive at 9m
         because: at 9m: the expression gives no result any more",
    );
}

#[test]
fn going_on_for_a_time_speaks_of_the_time_that_comes() {
    let timing = Timing { lasting: Some(minutes(4.0)), ..Timing::default() };
    check(Claim::Alert(alert(ClaimedState::Firing)), timing, 8.0, &fired_at(7.0), "held at 12m");
}

#[test]
fn what_follows_from_an_earlier_failure_is_folded_under_it() {
    let fired = judged(Claim::Alert(alert(ClaimedState::Firing)), within(5.0), 0.0, &[]).0;
    let resolved = judged(Claim::Alert(alert(ClaimedState::Resolved)), within(5.0), 0.0, &[]).0;
    let mut verdicts = [fired, resolved];
    fold(&mut verdicts);
    let causes: Vec<bool> = verdicts.iter().map(Verdict::is_cause).collect();
    assert_eq!(causes, [true, false]);
}

#[test]
fn not_before_alone_wants_it_to_happen_after_that() {
    let after = |from| Timing { not_before: Some(minutes(from)), ..Timing::default() };
    check(Claim::Alert(alert(ClaimedState::Firing)), after(5.0), 0.0, &fired_at(7.0), "held at 7m");
    let (verdict, _) = judged(Claim::Alert(alert(ClaimedState::Firing)), after(5.0), 0.0, &[]);
    assert_eq!(verdict.failure.map(|failure| failure.id), Some("never-fired"));
    check(
        Claim::Alert(alert(ClaimedState::Firing)),
        after(8.0),
        0.0,
        &fired_at(7.0),
        "[fired-early] at 7m: Slow fired too early
         wanted: firing not before 8m by 38m
         happened: fired at 7m
         because: 2m until the expression had a result, then 5m of `for`
         because: its value was 3.5 when it fired
         note: the shortest `for` that is late enough is 6m
         rules.yml:3:8: began counting at 2m",
    );
}

#[test]
fn not_within_a_time_and_then_for_a_while_is_to_be_otherwise_so_long() {
    let mut seen = fired_at(3.0);
    seen.push((6.0, resolved("")));
    let timing = Timing { lasting: Some(minutes(4.0)), negated: true, ..within(10.0) };
    let then = |now| (Claim::Alert(alert(ClaimedState::Firing)), timing.clone(), now);
    let (claim, timing, now) = then(4.0);
    let (verdict, _) = judged(claim, timing, now, &seen);
    assert!(!verdict.held, "it is inactive at the beginning, and then fires at 3m");
    seen.insert(0, (3.5, moment(None)));
    let (claim, timing, now) = then(3.5);
    check(claim, timing, now, &seen, "held at 10m30s");
}
