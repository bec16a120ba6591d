//! A snapshot for each kind of failure that the other tests do not show.

use super::*;
use crate::scenario::ExpectedAlert;

const FIRES: &str = "CheckoutErrorRateHigh fires within 10m";

fn alert_claim(change: impl FnOnce(&mut AlertClaim)) -> Claim {
    let mut claim = alert(ClaimedState::Firing);
    change(&mut claim);
    Claim::Alert(claim)
}

/// What is seen, but for what `but` takes away.
fn seen_without(but: impl Fn(&Observed) -> bool) -> Vec<Observation> {
    seen().into_iter().filter(|seen| !but(&seen.what)).collect()
}

fn is_alert(what: &Observed) -> bool {
    matches!(what, Observed::Alert(_))
}

fn later(at: f64, what: Observed) -> Vec<Observation> {
    let mut seen = seen();
    seen.push(Observation { at: instant(at), what });
    seen.sort_by_key(|seen| seen.at);
    seen
}

#[test]
fn an_alert_that_never_fires_shows_how_far_its_value_got() {
    let claim = (FIRES, alert_claim(|_| ()), within(10.0));
    check_over(&seen_without(is_alert), "never_fired", claim, &["never-fired"]);
}

#[test]
fn an_alert_that_is_still_pending_shows_since_when() {
    let claim = (FIRES, alert_claim(|_| ()), Timing { at: Some(minutes(14.0)), ..Timing::default() });
    check("still_pending", claim, &["not-firing"]);
}

#[test]
fn an_alert_that_fires_early_shows_which_for_would_be_late_enough() {
    let timing = Timing { not_before: Some(minutes(8.0)), ..within(10.0) };
    check("fired_early", (FIRES, alert_claim(|_| ()), timing), &["fired-early"]);
}

#[test]
fn an_alert_that_stops_firing_shows_why() {
    let timing = Timing { lasting: Some(minutes(20.0)), ..within(10.0) };
    check("stopped_firing", (FIRES, alert_claim(|_| ()), timing), &["stopped-firing"]);
}

#[test]
fn other_labels_are_told_apart_one_by_one() {
    let other = |claim: &mut AlertClaim| {
        claim.labels = Labels::from_pairs([("severity", "ticket"), ("team", "payments")]);
    };
    check("wrong_labels", (FIRES, alert_claim(other), within(10.0)), &["wrong-labels"]);
}

#[test]
fn another_value_or_count_is_shown() {
    let value = |claim: &mut AlertClaim| claim.value = Some((Comparison::Greater, 0.5));
    check("wrong_value", (FIRES, alert_claim(value), within(10.0)), &["wrong-value"]);
    let count = |claim: &mut AlertClaim| claim.count = Some(3);
    check("wrong_count", (FIRES, alert_claim(count), within(10.0)), &["wrong-count"]);
}

#[test]
fn a_rule_that_fails_is_told_with_its_error() {
    let failing = Observed::Rule {
        group: "checkout".to_owned(),
        rule: "CheckoutErrorRateHigh".to_owned(),
        healthy: false,
        error: "found duplicate series for the match group {job=\"shop\"} on the right side".to_owned(),
    };
    let timing = Timing { throughout: Some(minutes(5.0)), negated: true, ..Timing::default() };
    check_over(&later(12.0, failing), "rule_failed", (FIRES, alert_claim(|_| ()), timing), &["rule-failed"]);
}

#[test]
fn a_target_that_is_gone_or_was_never_there_is_told_apart_from_one_that_is_down() {
    let target =
        |instance: &str| Claim::Target { labels: Labels::from_pairs([("instance", instance)]), up: true };
    let gone =
        Observed::TargetGone { labels: Labels::from_pairs([("instance", "shop:80"), ("job", "shop")]) };
    let at = Timing { at: Some(minutes(15.0)), ..Timing::default() };
    let claim = ("target shop:80 is up", target("shop:80"), at.clone());
    check_over(&later(15.0, gone), "target_gone", claim, &["target-gone"]);
    check("nothing_seen", ("target shop:80 is up", target("shop:81"), at), &["nothing-seen"]);
}

#[test]
fn an_expression_without_a_result_and_one_that_fails_are_told_apart() {
    let at = Timing { at: Some(minutes(15.0)), ..Timing::default() };
    let claim = || Claim::Expr { expr: orders(), compare: Comparison::Greater, number: 10.0 };
    let value = |result| Observed::Value { expr: "checkout_orders".to_owned(), result };
    let others = seen_without(|what| matches!(what, Observed::Value { .. }));
    let with = |result| {
        let mut seen = others.clone();
        seen.push(Observation { at: instant(15.0), what: value(result) });
        seen.sort_by_key(|seen| seen.at);
        seen
    };
    let step = |claim| ("checkout_orders is above 10", claim, at.clone());
    check_over(&with(Ok(Vec::new())), "no_result", step(claim()), &["no-result"]);
    let error = "multiple matches for labels: many-to-one matching must be explicit".to_owned();
    check_over(&with(Err(error)), "query_failed", step(claim()), &["query-failed"]);
    let exists = Claim::Series { selector: orders(), exists: true };
    check_over(&with(Ok(Vec::new())), "series_missing", step(exists), &["series-missing"]);
    let absent = Claim::Series { selector: orders(), exists: false };
    check("series_exists", step(absent), &["series-exists"]);
}

#[test]
fn alerts_that_differ_are_told_label_by_label() {
    let file = SourceFile::new("scenarios/checkout.yaml", SCENARIO);
    let active = ActiveAlert {
        labels: Labels::from_pairs([("alertname", "CheckoutErrorRateHigh"), ("severity", "page")]),
        annotations: Labels::from_pairs([("summary", "20% of checkouts fail")]),
        state: AlertState::Firing,
        active_at: instant(11.5),
        value: 0.2,
    };
    let seen =
        later(20.0, Observed::AlertsSeen { alert: "CheckoutErrorRateHigh".to_owned(), active: vec![active] });
    let claim = Claim::ExactAlerts {
        alert: alert(ClaimedState::Firing).alert,
        expected: vec![ExpectedAlert {
            labels: Labels::from_pairs([("severity", "ticket")]),
            annotations: Labels::from_pairs([("summary", "25% of checkouts fail")]),
            place: place(&file, "says it is down"),
        }],
    };
    let at = Timing { at: Some(minutes(20.0)), ..Timing::default() };
    check_over(
        &seen,
        "alerts_differ",
        ("CheckoutErrorRateHigh says it is down", claim, at),
        &["alerts-differ"],
    );
}
