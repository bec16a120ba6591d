//! Plays: what is pushed when, and what is seen then.

use super::*;
use crate::diagnostic::SourceFile;
use crate::documents::alertmanager as documents;
use crate::stack::alertmanager::{Grammar, parse_matchers};
use crate::timeline::Outcome;

fn alertmanager(version: Version, text: &str) -> Alertmanager {
    let file = SourceFile::new("alertmanager.yml", text);
    let (config, problems) = documents::read(&file, version);
    let config = config.unwrap_or_else(|| panic!("{problems:?}"));
    Alertmanager::new(config, Templates::default(), "http://am", Timestamp(0))
}

fn at(seconds: f64) -> Timestamp {
    Timestamp((seconds * 1000.0) as i64)
}

/// `A{severity=critical}`, firing until it is told otherwise.
fn firing(text: &str, starts: f64) -> PushedAlert {
    let (name, rest) = text.split_once('{').unwrap_or((text, "}"));
    let matchers = parse_matchers(rest.trim_end_matches('}'), Grammar::Classic).unwrap();
    let pairs = matchers.into_iter().map(|matcher| (matcher.name, matcher.value));
    PushedAlert {
        labels: Labels::from_pairs(pairs.chain([("alertname".to_owned(), name.to_owned())])),
        annotations: Labels::empty(),
        starts_at: Some(at(starts)),
        ends_at: Some(at(1e6)),
        generator_url: "".into(),
    }
}

fn resolved(text: &str, starts: f64, ends: f64) -> PushedAlert {
    PushedAlert { ends_at: Some(at(ends)), ..firing(text, starts) }
}

#[test]
fn labels_of_routes_are_inherited_and_told() {
    let mut twin = alertmanager(
        Version(34),
        "route: {receiver: hook, group_by: [alertname], group_wait: 1s, labels: {team: all, page: 'p-{{ .GroupLabels.alertname }}'},
                 routes: [{matchers: [severity=critical], labels: {team: 'db {{ len .Alerts }}'}}]}
receivers: [{name: hook, webhook_configs: [{url: 'http://h'}]}]",
    );
    twin.push(at(0.0), &[firing("A{severity=critical}", 0.0), firing("A{severity=critical,x=y}", 0.0)]);
    twin.push(at(0.0), &[firing("B{severity=warning}", 0.0)]);
    let told: Vec<String> = twin
        .advance(at(2.0))
        .iter()
        .filter_map(|seen| match &seen.what {
            Observed::Notification(one) => Some(one.message.as_ref()?.json()?["routeLabels"].to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(told, [r#"{"page":"p-A","team":"db 2"}"#, r#"{"page":"p-B","team":"all"}"#]);
}

fn matching(text: &str, from: f64, until: f64) -> Silence {
    Silence {
        matchers: parse_matchers(text, Grammar::Classic).unwrap(),
        starts_at: at(from),
        ends_at: at(until),
        comment: String::new(),
    }
}

/// Notifications, mutes and what else is told, a line each: `12s hook firing A+B: first notification`.
fn shown(observations: &[Observation]) -> Vec<String> {
    let names = |alerts: &[crate::timeline::NotifiedAlert]| {
        let names: Vec<String> = alerts
            .iter()
            .map(|alert| {
                format!(
                    "{}{}",
                    if alert.ends_at.is_some() { "-" } else { "" },
                    alert.labels.value("alertname")
                )
            })
            .collect();
        names.join("+")
    };
    observations
        .iter()
        .filter_map(|seen| {
            let time = Duration(seen.at.0);
            Some(match &seen.what {
                Observed::Notification(one) => {
                    let outcome = match &one.outcome {
                        Outcome::Delivered => String::new(),
                        Outcome::WillRetry(error) => format!(", will retry: {error}"),
                        Outcome::Failed(error) => format!(", failed: {error}"),
                    };
                    let alerts = names(&one.alerts);
                    let (status, reason) = (one.status.as_str(), one.reason.as_str());
                    format!("{time} {} {status} {alerts}: {reason}{outcome}", one.receiver)
                }
                Observed::Muted(muted) => {
                    let alert = muted.labels.value("alertname");
                    format!("{time} {} muted {alert}: {}", muted.receiver, muted.by.as_str())
                }
                Observed::GivenUp(given_up) => {
                    format!(
                        "{time} {} given up after {}: {}",
                        given_up.receiver, given_up.attempts, given_up.error
                    )
                }
                Observed::Withheld(withheld) => format!("{time} {} withheld", withheld.receiver),
                _ => return None,
            })
        })
        .collect()
}

const HOOK: &str = "
route: {receiver: hook, group_by: [job], group_wait: 30s, group_interval: 5m, repeat_interval: 1h}
receivers: [{name: hook, webhook_configs: [{url: 'http://x'}]}]
";

#[test]
fn a_group_waits_then_tells_what_is_new_and_repeats() {
    let mut am = alertmanager(Version(25), HOOK);
    am.push(at(0.0), &[firing("A", 0.0)]);
    am.push(at(10.0), &[firing("B", 10.0)]);
    am.push(at(100.0), &[firing("C", 100.0)]);
    am.push(at(400.0), &[resolved("A", 0.0, 390.0)]);
    assert_eq!(
        shown(&am.advance(at(4300.0))),
        [
            "30s hook firing A+B: first notification",
            "5m30s hook firing A+B+C: new alerts added",
            "10m30s hook firing -A+B+C: some alerts resolved",
            // The interval has passed to the millisecond at 1h10m30s, which is not yet past.
        ]
    );
    assert_eq!(shown(&am.advance(at(4600.0))), ["1h15m30s hook firing B+C: repeat interval elapsed"]);
}

#[test]
fn an_alert_that_has_waited_elsewhere_is_told_at_once() {
    let mut am = alertmanager(Version(25), HOOK);
    am.push(at(100.0), &[firing("A", 60.0)]);
    assert_eq!(shown(&am.advance(at(100.0))), ["1m40s hook firing A: first notification"]);
}

#[test]
fn an_alert_without_an_end_resolves_by_itself() {
    let mut am = alertmanager(Version(25), HOOK);
    am.push(at(0.0), &[PushedAlert { ends_at: None, ..firing("A", 0.0) }]);
    assert_eq!(
        shown(&am.advance(at(2000.0))),
        ["30s hook firing A: first notification", "5m30s hook resolved -A: all alerts resolved"]
    );
}

#[test]
fn a_failing_receiver_is_tried_again_within_the_interval() {
    let mut am = alertmanager(Version(25), HOOK);
    am.set_receiver_behaviour(at(0.0), "hook", None, Behaviour::Status(500));
    am.push(at(0.0), &[firing("A", 0.0)]);
    let seen = am.advance(at(31.5));
    assert_eq!(
        shown(&seen),
        [
            "30s hook firing A: first notification, will retry: unexpected status code 500",
            "30s500ms hook firing A: first notification, will retry: unexpected status code 500",
            "31s250ms hook firing A: first notification, will retry: unexpected status code 500",
        ]
    );
    am.set_receiver_behaviour(at(32.0), "hook", None, Behaviour::Accept);
    assert_eq!(shown(&am.advance(at(600.0))), ["32s375ms hook firing A: first notification"]);
}

#[test]
fn a_refused_notification_is_tried_with_the_next_flush() {
    let mut am = alertmanager(Version(25), HOOK);
    am.set_receiver_behaviour(at(0.0), "hook", None, Behaviour::Status(400));
    am.push(at(0.0), &[firing("A", 0.0)]);
    assert_eq!(
        shown(&am.advance(at(340.0))),
        [
            "30s hook firing A: first notification, failed: unexpected status code 400",
            "5m30s hook firing A: first notification, failed: unexpected status code 400",
        ]
    );
}

#[test]
fn a_hanging_receiver_is_given_up_when_the_next_flush_is_due() {
    let mut am = alertmanager(Version(25), HOOK);
    am.set_receiver_behaviour(at(0.0), "hook", None, Behaviour::Timeout);
    am.push(at(0.0), &[firing("A", 0.0)]);
    assert_eq!(
        shown(&am.advance(at(330.0))),
        [
            "30s hook firing A: first notification, failed: context deadline exceeded",
            "5m30s hook given up after 1: context deadline exceeded",
            "5m30s hook firing A: first notification, failed: context deadline exceeded",
        ]
    );
}

#[test]
fn mutes_are_told_once_and_count_as_flushed() {
    let mut am = alertmanager(Version(25), HOOK);
    am.silence(at(0.0), matching("alertname=A", 0.0, 400.0));
    am.push(at(0.0), &[firing("A", 0.0), firing("B", 0.0)]);
    assert_eq!(
        shown(&am.advance(at(700.0))),
        [
            "30s hook muted A: silence",
            "30s hook firing B: first notification",
            "10m30s hook firing A+B: new alerts added",
        ]
    );
}

#[test]
fn a_source_inhibits_unless_both_play_both_parts() {
    let config = r#"
route: {receiver: hook, group_by: [alertname], group_wait: 10s}
receivers: [{name: hook, webhook_configs: [{url: 'http://x'}]}]
inhibit_rules:
- {source_matchers: ['severity=~"critical|both"'], target_matchers: ['severity=~"warning|both"'], equal: [zone]}
"#;
    let mut am = alertmanager(Version(25), config);
    am.push(
        at(0.0),
        &[
            firing("S{severity=critical}", 0.0),
            firing("T{severity=warning}", 0.0),
            firing("Elsewhere{severity=warning,zone=x}", 0.0),
            firing("Both1{severity=both,zone=y}", 0.0),
            firing("Both2{severity=both,zone=y}", 0.0),
        ],
    );
    let mut seen = shown(&am.advance(at(10.0)));
    seen.sort();
    assert_eq!(
        seen,
        [
            "10s hook firing Both1: first notification",
            "10s hook firing Both2: first notification",
            "10s hook firing Elsewhere: first notification",
            "10s hook firing S: first notification",
            "10s hook muted T: inhibition",
        ]
    );
}

#[test]
fn a_restart_forgets_alerts_and_keeps_the_log_if_its_storage_stays() {
    for (keep, expected) in [(true, vec![]), (false, vec!["5m30s hook firing A: first notification"])] {
        let mut am = alertmanager(Version(25), HOOK);
        am.push(at(0.0), &[firing("A", 0.0)]);
        am.advance(at(100.0));
        am.restart(at(300.0), keep);
        am.push(at(330.0), &[firing("A", 0.0)]);
        assert_eq!(shown(&am.advance(at(400.0))), expected);
    }
}

#[test]
fn a_copy_goes_its_own_way() {
    let mut am = alertmanager(Version(25), HOOK);
    am.push(at(0.0), &[firing("A", 0.0)]);
    let mut copy = am.clone();
    copy.push(at(10.0), &[firing("B", 10.0)]);
    assert_eq!(shown(&copy.advance(at(30.0))), ["30s hook firing A+B: first notification"]);
    assert_eq!(shown(&am.advance(at(30.0))), ["30s hook firing A: first notification"]);
}

#[test]
fn an_empty_group_opens_anew_only_after_housekeeping() {
    // Resolved at 5m30s, empty from then on; housekeeping at 6m.
    for (again, expected) in [(340.0, "10m30s"), (365.0, "6m35s")] {
        let mut am = alertmanager(Version(25), HOOK);
        am.push(at(0.0), &[firing("A", 0.0)]);
        am.push(at(300.0), &[resolved("A", 0.0, 290.0)]);
        am.advance(at(335.0));
        am.push(at(again), &[firing("A", again)]);
        assert_eq!(shown(&am.advance(at(700.0))), [format!("{expected} hook firing A: first notification")]);
    }
}
