//! Claims about notifications, and about what Alertmanager does with an alert.

use super::*;
use crate::scenario::{Addressee, Content, MuteCause, MutedClaim, NotificationClaim, RoutedClaim, Times};
use crate::timeline::{
    AlertStatus, Muted, MutedBy, Notification, NotifiedAlert, NotifyReason, Outcome, RouteTaken, Routed,
};

const ONCE: Times = (Comparison::Equal, 1);
const AT_LEAST_ONCE: Times = (Comparison::GreaterOrEqual, 1);

fn notified(receiver: &str, integration: &'static str, index: usize, outcome: Outcome) -> Observed {
    Observed::Notification(Box::new(Notification {
        receiver: receiver.to_owned(),
        integration,
        index,
        reason: NotifyReason::FirstNotification,
        status: AlertStatus::Firing,
        group_key: "{}:{}".to_owned(),
        group_labels: Labels::empty(),
        alerts: vec![NotifiedAlert {
            status: AlertStatus::Firing,
            labels: labels("alertname=Slow,job=api"),
            annotations: Labels::empty(),
            starts_at: instant(2.0),
            ends_at: None,
            generator_url: "".into(),
            fingerprint: 1,
        }],
        attempt: 1,
        address: "#alerts".to_owned(),
        message: None,
        outcome,
    }))
}

fn told(receiver: &str) -> Observed {
    notified(receiver, "slack", 0, Outcome::Delivered)
}

fn to(receiver: &str) -> Addressee {
    Addressee { receiver: Some(spanned(receiver)), ..Addressee::default() }
}

fn claim(times: Times, nobody_else: bool) -> Claim {
    Claim::Notified(NotificationClaim { to: to("team"), times, content: Content::default(), nobody_else })
}

#[track_caller]
fn begins(claim: Claim, timing: Timing, seen: &[(f64, Observed)], expected: &str) {
    let (_, text) = judged(claim, timing, 0.0, seen);
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn a_notification_in_time_decides_at_once_and_a_number_of_them_at_the_end() {
    begins(claim(AT_LEAST_ONCE, false), within(10.0), &[(4.0, told("team"))], "held at 4m");
    begins(claim(ONCE, false), within(10.0), &[(4.0, told("team"))], "held at 10m");
    let twice = [(4.0, told("team")), (6.0, told("team"))];
    begins(claim(ONCE, false), within(10.0), &twice, "[notified-too-often] at 6m: ");
    begins(claim((Comparison::LessOrEqual, 2), false), within(10.0), &twice, "held at 10m");
    begins(claim((Comparison::Less, 2), false), within(10.0), &twice, "[notified-too-often] at 6m: ");
    begins(claim((Comparison::Greater, 2), false), within(10.0), &twice, "[notified-too-seldom] at 40m: ");
}

#[test]
fn a_notification_too_late_too_early_or_to_another_does_not_count() {
    begins(claim(AT_LEAST_ONCE, false), within(3.0), &[(4.0, told("team"))], "[notified-late] at 4m: ");
    let later = Timing { not_before: Some(minutes(5.0)), ..within(10.0) };
    begins(claim(AT_LEAST_ONCE, false), later, &[(4.0, told("team"))], "[notified-early] at 4m: ");
    begins(claim(AT_LEAST_ONCE, false), within(3.0), &[(1.0, told("boss"))], "[nothing-fired] at 33m: ");
}

#[test]
fn what_failed_to_be_delivered_was_not_told() {
    let failed = notified("team", "slack", 0, Outcome::Failed("unexpected status code 400".to_owned()));
    begins(claim(AT_LEAST_ONCE, false), within(3.0), &[(1.0, failed)], "[");
    let retried = notified("team", "slack", 0, Outcome::WillRetry("503".to_owned()));
    let seen = [(1.0, retried), (2.0, told("team"))];
    begins(claim(ONCE, false), within(3.0), &seen, "held at 3m");
}

#[test]
fn a_receiver_with_several_integrations_is_told_once_by_all_of_them() {
    let mail = notified("team", "email", 0, Outcome::Delivered);
    let seen = [(1.0, told("team")), (1.0, mail.clone())];
    begins(claim(ONCE, false), within(3.0), &seen, "held at 3m");
    let anybody = Claim::Notified(NotificationClaim {
        to: Addressee { address: Some(spanned("#alerts")), ..Addressee::default() },
        times: ONCE,
        content: Content::default(),
        nobody_else: false,
    });
    begins(anybody, within(3.0), &seen, "[notified-too-often] at 1m: ");
}

#[test]
fn never_is_broken_by_the_first_and_nobody_else_by_another() {
    begins(claim(AT_LEAST_ONCE, false), never(5.0), &[(6.0, told("team"))], "held at 5m");
    begins(
        claim(AT_LEAST_ONCE, false),
        never(5.0),
        &[(4.0, told("team"))],
        "[notified-but-should-not] at 4m: ",
    );
    let both = [(1.0, told("team")), (2.0, told("boss"))];
    begins(claim(ONCE, true), within(5.0), &both, "[somebody-else-notified] at 2m: ");
    begins(claim(ONCE, true), within(1.0), &both, "held at 1m");
    let nobody = |but: &[&str]| Claim::NobodyNotified {
        others: !but.is_empty(),
        but: but.iter().map(|name| to(name)).collect(),
    };
    begins(nobody(&[]), never(5.0), &both, "[somebody-notified] at 1m: ");
    begins(nobody(&["team", "boss"]), never(5.0), &both, "held at 5m");
}

fn muted(by: MutedBy) -> Observed {
    Observed::Muted(Muted {
        receiver: "team".to_owned(),
        group_key: "{}:{}".to_owned(),
        labels: labels("alertname=Slow,job=api"),
        by,
    })
}

fn muted_claim(by: Option<MuteCause>) -> Claim {
    Claim::Muted(MutedClaim {
        alert: spanned("Slow"),
        labels: labels("job=api"),
        by,
        receiver: Some(spanned("team")),
    })
}

#[test]
fn an_alert_is_muted_until_it_is_told_of_or_ends() {
    let silenced = || muted(MutedBy::Silence { ids: vec!["1".to_owned()] });
    begins(muted_claim(None), within(5.0), &[(2.0, silenced())], "held at 2m");
    let at = Timing { at: Some(minutes(5.0)), ..Timing::default() };
    begins(muted_claim(None), at.clone(), &[(2.0, silenced())], "held at 5m");
    for ends in [told("team"), resolved("job=api")] {
        begins(
            muted_claim(None),
            at.clone(),
            &[(2.0, silenced()), (3.0, ends)],
            "[not-muted] at 5m: Slow{job=\"api\"} was not muted
wanted: muted for receiver team at 5m
happened: silenced by 1 at 2m, no longer at 5m",
        );
    }
    begins(muted_claim(None), at, &[(2.0, silenced()), (3.0, resolved("job=web"))], "held at 5m");
}

#[test]
fn an_alert_is_muted_by_what_is_claimed() {
    let inhibited = || muted(MutedBy::Inhibition { source: labels("alertname=Down"), rule: here() });
    let by = |source: &str| Some(MuteCause::Inhibition { source: Some(spanned(source)) });
    begins(muted_claim(by("Down")), within(5.0), &[(2.0, inhibited())], "held at 2m");
    begins(muted_claim(by("Slow")), within(5.0), &[(2.0, inhibited())], "[");
    begins(muted_claim(Some(MuteCause::Silence)), within(5.0), &[(2.0, inhibited())], "[");
    let night = || muted(MutedBy::MuteTimeInterval { names: vec!["night".to_owned()] });
    let interval = |name: &str| Some(MuteCause::TimeInterval { name: Some(spanned(name)) });
    begins(muted_claim(interval("night")), within(5.0), &[(2.0, night())], "held at 2m");
    begins(muted_claim(interval("weekend")), within(5.0), &[(2.0, night())], "[");
}

#[test]
fn a_route_is_all_the_receivers_that_it_leads_to() {
    let taken = |receiver: &str| RouteTaken {
        receiver: receiver.to_owned(),
        group_key: "{}:{}".to_owned(),
        place: here(),
    };
    let routed = Observed::Routed(Routed {
        labels: labels("alertname=Slow,job=api"),
        to: vec![taken("team"), taken("boss")],
    });
    let claim = |to: &[&str]| {
        Claim::Routed(RoutedClaim {
            alert: spanned("Slow"),
            labels: Labels::empty(),
            to: to.iter().map(|name| spanned(name)).collect(),
        })
    };
    let seen = [(2.0, routed)];
    begins(claim(&["team", "boss"]), within(5.0), &seen, "held at 2m");
    begins(claim(&["team"]), within(5.0), &seen, "[routed-otherwise] at 35m: ");
    begins(claim(&["team", "boss"]), within(5.0), &[], "[");
}
