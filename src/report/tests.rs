//! What a person and a machine see of made-up runs. Each snapshot stands beside a plain assertion of pass or fail.

use super::*;
use crate::diagnostic::{SourceFile, Span, Spanned};
use crate::judge::{self, Claimed, Judgement};
use crate::labels::Labels;
use crate::scenario::{
    Action, AlertClaim, Claim, ClaimedState, Comparison, ExpectedSample, Step, TextMatch, Then, Timing, When,
};
use crate::stack::{Prometheus, Rule, RuleGroup, RuleKind, Stack};
use crate::timeline::{ActiveAlert, AlertChange, AlertState, Observation, SeenSample};

mod kinds;

const SCENARIO: &str = "\
scenarios:
  - name: A sustained error spike pages payments once
    steps:
      - when: errors of checkout rise to 20%
      - then: CheckoutErrorRateHigh fires within 5m
      - then: CheckoutErrorRateHigh fires within 10m
      - then: CheckoutErrorRateHigh fires never for 20m
      - then: CheckoutErrorRateHigh says it is down
      - then: CheckoutErrorRateHigh resolves within 5m
      - then: target shop:80 is up
      - then: checkout_orders is above 10
      - then: checkout_orders is exactly 7
";

const RULES: &str = "\
groups:
  - name: checkout
    rules:
      - alert: CheckoutErrorRateHigh
        expr: checkout:errors:ratio_rate5m > 0.05
        for: 5m
";

fn minutes(minutes: f64) -> Duration {
    Duration((minutes * 60_000.0) as i64)
}

fn instant(at: f64) -> Timestamp {
    Timestamp(1_700_000_000_000) + minutes(at)
}

fn place(file: &SourceFile, text: &str) -> Span {
    let start = file.text().find(text).expect("the text stands in the file");
    file.span(start..start + text.len())
}

fn stack() -> Stack {
    let file = SourceFile::new("fixtures/shop/rules/checkout.yaml", RULES);
    let spanned = |text: &str| Spanned::new(text.to_owned(), place(&file, text));
    let text = spanned("checkout:errors:ratio_rate5m > 0.05");
    let rule = Rule {
        place: place(&file, "CheckoutErrorRateHigh"),
        expr: crate::promql::parse(&text.value).expect("the rule parses"),
        text,
        labels: Vec::new(),
        kind: RuleKind::Alerting {
            alert: spanned("CheckoutErrorRateHigh"),
            hold: minutes(5.0),
            keep_firing_for: Duration::ZERO,
            annotations: Vec::new(),
        },
    };
    let group = RuleGroup {
        file: file.clone(),
        name: spanned("checkout"),
        interval: None,
        query_offset: None,
        limit: 0,
        rules: vec![rule],
    };
    Stack {
        path: "fixtures/shop".to_owned(),
        prometheus: Prometheus {
            scrape_interval: minutes(1.0),
            scrape_timeout: minutes(1.0),
            evaluation_interval: minutes(1.0),
            rule_query_offset: Duration::ZERO,
            external_labels: Labels::empty(),
            ..Prometheus::default()
        },
        files: vec![file],
        rule_groups: vec![group],
        ..Stack::default()
    }
}

/// Errors rise at 10m, the rule is pending at 11m30s, fires at 16m30s and ends at 30m.
fn seen() -> Vec<Observation> {
    let rule = stack().rule_groups[0].rules[0].place.clone();
    let alert = |from, to, reason: &str| {
        Observed::Alert(AlertChange {
            from,
            to,
            alert: ActiveAlert {
                labels: Labels::from_pairs([("alertname", "CheckoutErrorRateHigh"), ("severity", "page")]),
                annotations: Labels::from_pairs([("summary", "20% of checkouts fail")]),
                state: to,
                active_at: instant(11.5),
                value: 0.2,
            },
            rule: Some(rule.clone()),
            reason: reason.to_owned(),
        })
    };
    let target = |up, reason: &str| Observed::Target {
        labels: Labels::from_pairs([("instance", "shop:80"), ("job", "shop")]),
        up,
        reason: reason.to_owned(),
    };
    let value = |expr: &str, value| Observed::Value {
        expr: expr.to_owned(),
        result: Ok(vec![SeenSample { labels: Labels::empty(), value, histogram: None }]),
    };
    let mut seen: Vec<(f64, Observed)> = vec![
        (0.0, target(true, "")),
        (
            10.0,
            Observed::Moment {
                name: None,
                text: "errors of checkout rise to 20%".to_owned(),
                late: Duration::ZERO,
            },
        ),
        (11.5, alert(AlertState::Inactive, AlertState::Pending, "")),
        (14.0, target(false, "connection refused")),
        (16.5, alert(AlertState::Pending, AlertState::Firing, "`for` of 5m is met")),
        (30.0, alert(AlertState::Firing, AlertState::Inactive, "the expression gives no result any more")),
    ];
    for minute in 0..50 {
        let ratio = ((f64::from(minute) - 10.0) / 25.0).clamp(0.0, 0.2);
        seen.push((f64::from(minute), value("checkout:errors:ratio_rate5m", ratio)));
        seen.push((f64::from(minute), value("checkout_orders", 7.5)));
    }
    seen.sort_by(|a, b| a.0.total_cmp(&b.0));
    seen.into_iter().map(|(at, what)| Observation { at: instant(at), what }).collect()
}

fn alert(state: ClaimedState) -> AlertClaim {
    let file = SourceFile::new("scenarios/checkout.yaml", SCENARIO);
    AlertClaim {
        alert: Spanned::new("CheckoutErrorRateHigh".to_owned(), place(&file, "CheckoutErrorRateHigh")),
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

/// A scenario of one when-step and these claims, each at the line of [`SCENARIO`] with this text.
fn ran(claims: Vec<(&str, Claim, Timing)>) -> ScenarioResult {
    ran_over(&seen(), claims)
}

fn ran_over(seen: &[Observation], claims: Vec<(&str, Claim, Timing)>) -> ScenarioResult {
    let file = SourceFile::new("scenarios/checkout.yaml", SCENARIO);
    let step = |text: &str, what| Step { text: text.to_owned(), place: place(&file, text), what };
    let mut steps = vec![step(
        "errors of checkout rise to 20%",
        What::When(When { moment: None, action: Action::Wait(Duration::ZERO) }),
    )];
    for (text, claim, timing) in claims {
        steps.push(step(text, What::Then(Then { claim, timing })));
    }
    let scenario = Scenario {
        name: "A sustained error spike pages payments once".to_owned(),
        tags: vec!["checkout".to_owned()],
        place: place(&file, "name: A sustained"),
        outline: None,
        stack: None,
        seed: None,
        start: None,
        unit_test: None,
        steps,
        file: file.clone(),
    };
    let upto = |now: Timestamp| Timeline {
        start: instant(0.0),
        observations: seen.iter().filter(|seen| seen.at <= now).cloned().collect(),
    };
    let mut now = instant(10.0);
    let mut verdicts = Vec::new();
    for (index, step) in scenario.steps.iter().enumerate() {
        let What::Then(then) = &step.what else { continue };
        let mut judgement = Judgement::new(then, Claimed::of(then, &upto(now), now, minutes(1.0)));
        let decision = loop {
            judgement.see_all(&upto(now));
            match judgement.decide(now) {
                Some(decision) => break decision,
                None => now = now + minutes(0.5),
            }
        };
        verdicts.push(judge::Verdict::of(index, then, &decision, &upto(now), &stack()));
    }
    judge::fold(&mut verdicts);
    let ran = Ran::Finished {
        verdicts,
        timeline: upto(now),
        simulated: now - instant(0.0),
        seed: 7,
        substituted: Substituted::default(),
        evidence: None,
        busy: None,
    };
    ScenarioResult { scenario, stack: "fixtures/shop".to_owned(), world: String::new(), ran }
}

/// Pass or fail, by which ids, is asserted apart from what it looks like.
#[track_caller]
fn check(snapshot: &str, claim: (&str, Claim, Timing), ids: &[&str]) {
    check_over(&seen(), snapshot, claim, ids);
}

#[track_caller]
fn check_over(seen: &[Observation], snapshot: &str, claim: (&str, Claim, Timing), ids: &[&str]) {
    let result = ran_over(seen, vec![claim]);
    let failed: Vec<&str> =
        result.verdicts().iter().filter_map(|verdict| verdict.failure.as_ref()).map(|f| f.id).collect();
    assert_eq!(failed, ids);
    assert_eq!(result.status(), if ids.is_empty() { Status::Passed } else { Status::Failed });
    insta::assert_snapshot!(snapshot, scenario(&result, &Look::PLAIN));
}

fn firing(text: &'static str, timing: Timing) -> (&'static str, Claim, Timing) {
    (text, Claim::Alert(alert(ClaimedState::Firing)), timing)
}

#[test]
fn a_scenario_that_passed_is_one_line() {
    check("passed", firing("CheckoutErrorRateHigh fires within 10m", within(10.0)), &[]);
}

#[test]
fn an_alert_too_late_shows_when_it_fired_and_which_for_would_do() {
    check("fired_late", firing("CheckoutErrorRateHigh fires within 5m", within(5.0)), &["fired-late"]);
}

#[test]
fn an_alert_that_must_not_fire_shows_when_it_did() {
    let timing = Timing { throughout: Some(minutes(20.0)), negated: true, ..Timing::default() };
    let claim = firing("CheckoutErrorRateHigh fires never for 20m", timing);
    check("fired_but_should_not", claim, &["fired-but-should-not"]);
}

#[test]
fn an_annotation_that_says_something_else_is_shown() {
    let claim = AlertClaim {
        annotations: vec![("summary".to_owned(), TextMatch::Contains("it is down".to_owned()))],
        ..alert(ClaimedState::Firing)
    };
    let step = ("CheckoutErrorRateHigh says it is down", Claim::Alert(claim), within(10.0));
    check("wrong_annotation", step, &["wrong-annotation"]);
}

#[test]
fn an_alert_that_does_not_resolve_says_since_when_it_fires() {
    let mut result = ran(vec![
        firing("CheckoutErrorRateHigh fires within 10m", within(10.0)),
        (
            "CheckoutErrorRateHigh resolves within 5m",
            Claim::Alert(alert(ClaimedState::Resolved)),
            within(12.0),
        ),
    ]);
    assert_eq!(result.status(), Status::Failed);
    result.scenario.name = "It's over".to_owned();
    insta::assert_snapshot!(
        "resolved_late",
        scenario(&result, &Look { detail: Detail::Verbose, ..Look::PLAIN })
    );
}

#[test]
fn consequences_are_folded_under_their_cause() {
    let result = ran(vec![
        firing("CheckoutErrorRateHigh fires within 5m", within(5.0)),
        firing("CheckoutErrorRateHigh fires within 10m", within(6.0)),
    ]);
    assert_eq!(result.verdicts().iter().filter(|verdict| verdict.is_cause()).count(), 1);
    insta::assert_snapshot!("follows_from", scenario(&result, &Look::PLAIN));
}

#[test]
fn a_target_that_is_down_says_why() {
    let claim = Claim::Target { labels: Labels::from_pairs([("instance", "shop:80")]), up: true };
    let timing = Timing { throughout: Some(minutes(10.0)), ..Timing::default() };
    check("target_down", ("target shop:80 is up", claim, timing), &["target-down"]);
}

fn orders() -> Spanned<String> {
    let file = SourceFile::new("scenarios/checkout.yaml", SCENARIO);
    Spanned::new("checkout_orders".to_owned(), place(&file, "checkout_orders"))
}

#[test]
fn a_value_that_differs_is_shown_beside_the_wanted_one() {
    let claim = Claim::Expr { expr: orders(), compare: Comparison::Greater, number: 10.0 };
    check("value_differs", ("checkout_orders is above 10", claim, Timing::default()), &["value-differs"]);
}

#[test]
fn samples_that_differ_are_pointed_at_one_by_one() {
    let file = SourceFile::new("scenarios/checkout.yaml", SCENARIO);
    let claim = Claim::ExactSamples {
        expr: orders(),
        expected: vec![ExpectedSample {
            labels: Labels::empty(),
            value: 7.0,
            histogram: None,
            place: place(&file, "exactly 7"),
        }],
        fuzzy: false,
    };
    let timing = Timing { at: Some(minutes(12.0)), ..Timing::default() };
    check("samples_differ", ("checkout_orders is exactly 7", claim, timing), &["samples-differ"]);
}

#[test]
fn a_drawing_keeps_to_the_width_and_to_ascii_where_asked() {
    let result = ran(vec![firing("CheckoutErrorRateHigh fires within 5m", within(5.0))]);
    let Ran::Finished { verdicts, timeline, .. } = &result.ran else { unreachable!("it ran") };
    for width in [80, 100, 120] {
        let look = Look { width, ascii: true, ..Look::PLAIN };
        let drawn = drawing::draw(&result.scenario, verdicts, timeline, &look);
        assert!(drawn.is_ascii());
        assert!(drawn.lines().all(|line| line.len() <= width), "{width}:\n{drawn}");
    }
    let look = Look { width: 80, ascii: true, ..Look::PLAIN };
    insta::assert_snapshot!("ascii", drawing::draw(&result.scenario, verdicts, timeline, &look));
}

#[test]
fn colour_changes_no_word() {
    let result = ran(vec![firing("CheckoutErrorRateHigh fires within 5m", within(5.0))]);
    let plain = scenario(&result, &Look::PLAIN);
    let coloured = scenario(&result, &Look { colour: true, ..Look::PLAIN });
    assert!(coloured.contains('\x1b') && !plain.contains('\x1b'));
    let mut bare = String::new();
    let mut parts = coloured.split('\x1b');
    bare.extend(parts.next());
    parts.for_each(|part| bare.extend(part.split_once('m').map(|(_, text)| text)));
    assert_eq!(bare, plain);
}

#[test]
fn quiet_says_nothing_of_what_passed() {
    let result = ran(vec![firing("CheckoutErrorRateHigh fires within 10m", within(10.0))]);
    assert_eq!(scenario(&result, &Look { detail: Detail::Quiet, ..Look::PLAIN }), "");
}

fn several() -> Vec<ScenarioResult> {
    let passed = ran(vec![firing("CheckoutErrorRateHigh fires within 10m", within(10.0))]);
    let failed = ran(vec![firing("CheckoutErrorRateHigh fires within 5m", within(5.0))]);
    let ran = Ran::WorldFailed { error: "the Prometheus at localhost:9090 is gone".to_owned() };
    let lost = ScenarioResult { ran, ..passed.clone() };
    vec![passed, failed, lost]
}

#[test]
fn the_summary_counts_scenarios_and_expectations() {
    insta::assert_snapshot!(
        summary(&several(), &Look::PLAIN),
        @"3 scenarios: 1 passed, 1 failed (1 of 2 expectations), 1 could not be run; 33m simulated"
    );
}

#[test]
fn junit_has_a_case_for_each_scenario() {
    insta::assert_snapshot!("junit", junit(&several()));
}

/// The page's example is this run; with `FIREDRILL_REWRITE` set it is written anew.
#[test]
fn json_is_as_its_page_says() {
    let mut result = ran(vec![firing("CheckoutErrorRateHigh fires within 5m", within(5.0))]);
    if let Ran::Finished { timeline, .. } = &mut result.ran {
        let kept = [instant(0.0), instant(16.0)];
        timeline
            .observations
            .retain(|seen| !matches!(seen.what, Observed::Value { .. }) || kept.contains(&seen.at));
    }
    let got = json(&[result]);
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/json-report.md");
    let page = std::fs::read_to_string(&path).expect("the page can be read");
    let (above, example) = page.split_once("```json\n").expect("the page has an example");
    let (example, below) = example.split_once("```").expect("the example ends");
    if std::env::var_os("FIREDRILL_REWRITE").is_some() {
        std::fs::write(&path, format!("{above}```json\n{got}```{below}")).expect("the page can be written");
    } else {
        assert_eq!(example, got, "docs/json-report.md is stale: run the tests with FIREDRILL_REWRITE=1");
    }
    let value: serde_json::Value = serde_json::from_str(&got).expect("it is JSON");
    let mut fields = Vec::new();
    names(&value, &mut fields);
    let unknown: Vec<&String> = fields
        .iter()
        .filter(|name| ![format!("`{name}`"), format!("`{name}[]`")].iter().any(|n| above.contains(n)))
        .collect();
    assert!(unknown.is_empty(), "docs/json-report.md does not tell of {unknown:?}");
}

/// The names of all fields but those of label sets, which are the team's own.
fn names(value: &serde_json::Value, into: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                into.push(name.clone());
                if name != "labels" && name != "annotations" {
                    names(value, into);
                }
            }
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| names(item, into)),
        _ => {}
    }
}
