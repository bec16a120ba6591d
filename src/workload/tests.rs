use std::collections::BTreeMap;

use super::*;
use crate::diagnostic::{SourceFile, Spanned};
use crate::documents::{services, yaml};
use crate::scenario::{Course, Latency, MetricName, Outage};
use crate::time::Duration;

const START: Timestamp = Timestamp(1_700_000_000_000);

fn after(seconds: i64) -> Timestamp {
    START + Duration::from_secs(seconds)
}

fn workload(text: &str) -> Workload {
    let (node, mut problems) = yaml::read_one(&SourceFile::new("firedrill.yaml", text));
    let specs = services::read_services(&node.expect("a document"), &mut problems);
    assert!(problems.is_empty(), "{problems:?}");
    Workload::new(&specs, 1, START)
}

fn named(text: &str) -> Spanned<String> {
    Spanned::new(text.to_owned(), SourceFile::new("scenario.yaml", text).span(0..text.len()))
}

fn errors(service: &str, ratio: f64) -> Change {
    Change::Errors { service: named(service), route: None, instance: None, ratio, status: None }
}

fn traffic(service: &str, per_second: f64) -> Change {
    Change::Traffic { service: named(service), route: None, per_second }
}

fn down(service: &str, instance: Option<&str>, how: Outage) -> Change {
    Change::Down { service: named(service), instance: instance.map(named), how }
}

fn recovers(service: &str) -> Change {
    Change::Recovers { service: named(service), instance: None }
}

fn metric(name: &str, labels: &[(&str, &str)], course: Course) -> Change {
    let labels = Labels::from_pairs(labels.iter().copied());
    Change::Metric { metric: MetricName { name: named(name), labels, service: None }, course }
}

/// Every series of one instance, by its text.
fn seen(workload: &Workload, instance: u32, at: Timestamp) -> BTreeMap<String, f64> {
    let id = InstanceId { service: 0, instance };
    let mut out = BTreeMap::new();
    workload.samples(id, at, |position, value| {
        out.insert(workload.series_labels(id, position).to_string(), value);
    });
    out
}

#[track_caller]
fn check(workload: &Workload, instance: u32, seconds: i64, expected: &[(&str, Option<f64>)]) {
    let all = seen(workload, instance, after(seconds));
    for (series, value) in expected {
        match (all.get(*series), value) {
            (Some(got), Some(wanted)) if (got - wanted).abs() < 1e-6 => {}
            (None, None) => {}
            (got, _) => panic!("{series} at {seconds}s: wanted {value:?}, got {got:?} among {all:#?}"),
        }
    }
}

#[track_caller]
fn check_refused(workload: &Workload, change: Change, id: &str, help: &str) {
    let refused = workload.validate(&change).expect_err("a refusal");
    assert_eq!(refused.id, id, "{refused}");
    let helps = refused.help.clone().unwrap_or_default();
    assert!(helps.contains(help), "{helps}");
}

const API: &str = "api:
  instances: 2
  address: '{instance}:8000'
  traffic: {per_second: 100, latency: 300ms}
  instrumentation:
    requests: {name: http_requests_total, status: status}
    duration: {name: http_request_duration_seconds, buckets: [0.1, 0.5, 1]}
  metrics:
    users: 50
    jobs_total: {per_second: 2}
";

const OK: &str = "http_requests_total{status=\"200\"}";
const FAILED: &str = "http_requests_total{status=\"500\"}";

#[test]
fn requests_are_counted_by_status_and_shared_by_the_instances() {
    let mut workload = workload(API);
    workload.apply(after(60), &errors("api", 0.1)).unwrap();
    check(&workload, 0, 60, &[(OK, Some(3000.0)), (FAILED, None)]);
    check(&workload, 1, 120, &[(OK, Some(3000.0 + 2700.0)), (FAILED, Some(300.0))]);
    let count = "http_request_duration_seconds_count";
    check(&workload, 1, 120, &[(count, Some(6000.0)), ("http_request_duration_seconds_sum", Some(1800.0))]);
    check(
        &workload,
        0,
        120,
        &[
            ("http_request_duration_seconds_bucket{le=\"0.1\"}", None),
            ("http_request_duration_seconds_bucket{le=\"0.5\"}", Some(6000.0)),
            ("http_request_duration_seconds_bucket{le=\"+Inf\"}", Some(6000.0)),
        ],
    );
}

#[test]
fn what_was_asked_in_between_changes_no_value() {
    let mut asked = workload(API);
    let mut unasked = workload(API);
    for seconds in 0..100 {
        seen(&asked, 0, after(seconds * 7 % 100));
    }
    for workload in [&mut asked, &mut unasked] {
        workload.apply(after(30), &traffic("api", 10.0)).unwrap();
        workload.apply(after(40), &metric("users", &[], Course::Noise { mean: 5.0, spread: 1.0 })).unwrap();
    }
    for seconds in [90, 10, 40, 41] {
        assert_eq!(seen(&asked, 0, after(seconds)), seen(&unasked, 0, after(seconds)));
    }
}

#[test]
fn a_refusing_instance_leaves_its_traffic_to_the_others_and_returns_with_counters_at_zero() {
    let mut workload = workload(API);
    workload.apply(after(60), &down("api", Some("api-0"), Outage::Refuses)).unwrap();
    assert_eq!(
        workload.reach(after(59), "http", "api-0:8000", "/metrics"),
        Reach::Serves(InstanceId { service: 0, instance: 0 })
    );
    assert_eq!(workload.reach(after(60), "http", "api-0:8000", "/metrics"), Reach::Refuses);
    assert_eq!(workload.reach(after(60), "http", "api-1:8000", "/other"), Reach::NotFound);
    check(&workload, 1, 120, &[(OK, Some(3000.0 + 6000.0))]);
    workload.apply(after(120), &recovers("api")).unwrap();
    check(&workload, 0, 130, &[(OK, Some(500.0)), ("jobs_total", Some(20.0))]);
    let started = "process_start_time_seconds";
    check(&workload, 0, 130, &[(started, Some(after(120).seconds()))]);
    check(&workload, 1, 130, &[(OK, Some(9500.0)), (started, Some(START.seconds()))]);
}

#[test]
fn a_hanging_instance_keeps_its_counters() {
    let mut workload = workload(API);
    workload.apply(after(60), &down("api", None, Outage::TimesOut)).unwrap();
    assert_eq!(workload.reach(after(60), "http", "api-1:8000", "/metrics"), Reach::TimesOut);
    workload.apply(after(70), &recovers("api")).unwrap();
    check(&workload, 0, 80, &[(OK, Some(3500.0)), ("jobs_total", Some(160.0))]);
}

#[test]
fn recovering_returns_to_what_was_given() {
    let mut workload = workload(API);
    workload.given(START, &traffic("api", 20.0)).unwrap();
    workload.given(START, &metric("users", &[], Course::Set(80.0))).unwrap();
    workload.apply(after(10), &traffic("api", 2000.0)).unwrap();
    workload.apply(after(10), &errors("api", 1.0)).unwrap();
    workload.apply(after(10), &metric("users", &[], Course::Set(1.0))).unwrap();
    check(&workload, 0, 20, &[(OK, Some(100.0)), (FAILED, Some(10_000.0)), ("users", Some(1.0))]);
    workload.apply(after(20), &recovers("api")).unwrap();
    check(&workload, 0, 30, &[(OK, Some(200.0)), (FAILED, Some(10_000.0)), ("users", Some(80.0))]);
}

#[test]
fn metrics_take_the_course_that_is_asked_for() {
    let mut workload = workload(API);
    workload
        .apply(START, &metric("users", &[], Course::Ramp { to: 110.0, over: Duration::from_secs(60) }))
        .unwrap();
    check(&workload, 0, 30, &[("users", Some(80.0))]);
    workload.apply(after(30), &metric("users", &[], Course::PerSecond(-1.0))).unwrap();
    check(&workload, 0, 40, &[("users", Some(70.0))]);
    workload
        .apply(after(40), &metric("jobs_total", &[("instance", "api-0")], Course::PerSecond(10.0)))
        .unwrap();
    check(&workload, 0, 50, &[("jobs_total", Some(180.0))]);
    check(&workload, 1, 50, &[("jobs_total", Some(100.0))]);
    workload.apply(after(50), &metric("jobs_total", &[], Course::Set(1000.0))).unwrap();
    check(&workload, 0, 60, &[("jobs_total", Some(1100.0))]);
    let gone = MetricName { name: named("users"), labels: Labels::empty(), service: None };
    workload.apply(after(60), &Change::MetricGone { metric: gone }).unwrap();
    check(&workload, 0, 60, &[("users", None)]);
    workload.apply(after(70), &recovers("api")).unwrap();
    check(&workload, 0, 70, &[("users", Some(50.0))]);
}

#[test]
fn a_restart_sets_counters_to_zero_and_leaves_gauges() {
    let mut workload = workload(API);
    workload.apply(after(60), &Change::Restarts { service: named("api"), instance: None }).unwrap();
    check(&workload, 0, 60, &[(OK, None), ("jobs_total", Some(0.0)), ("users", Some(50.0))]);
    check(&workload, 0, 70, &[(OK, Some(500.0)), ("jobs_total", Some(20.0))]);
}

#[test]
fn routes_take_their_share_and_can_fail_alone() {
    let mut workload = workload(
        "api:
  traffic: {per_second: 100}
  routes: {/pay: 1, /list: {share: 3, methods: [GET, HEAD]}}
  instrumentation: {requests: hits_total, statuses: {2xx: success, 5xx: error}}
",
    );
    let pay = |status: &str| format!("hits_total{{method=\"GET\", route=\"/pay\", status=\"{status}\"}}");
    let (paid, failed) = (pay("success"), pay("error"));
    let head = "hits_total{method=\"HEAD\", route=\"/list\", status=\"success\"}";
    check(&workload, 0, 10, &[(paid.as_str(), Some(250.0)), (head, Some(375.0))]);
    let failing = Change::Errors {
        service: named("api"),
        route: Some("/pay".into()),
        instance: None,
        ratio: 0.5,
        status: Some(503),
    };
    workload.apply(after(10), &failing).unwrap();
    check(
        &workload,
        0,
        20,
        &[(paid.as_str(), Some(375.0)), (failed.as_str(), Some(125.0)), (head, Some(750.0))],
    );
    let busy = Change::Traffic { service: named("api"), route: Some("HEAD /list".into()), per_second: 1.0 };
    workload.apply(after(20), &busy).unwrap();
    check(&workload, 0, 30, &[(paid.as_str(), Some(500.0)), (head, Some(760.0))]);
}

#[test]
fn latency_moves_the_summary_at_once_and_its_sum_by_the_mean() {
    let mut workload = workload(
        "api:
  traffic: {per_second: 10, latency: 100ms}
  instrumentation: {duration: {name: took_seconds, quantiles: [0.5, 0.95]}}
",
    );
    check(
        &workload,
        0,
        10,
        &[("took_seconds{quantile=\"0.95\"}", Some(0.1)), ("took_seconds_sum", Some(10.0))],
    );
    let slower = Change::Latency {
        service: named("api"),
        route: None,
        instance: None,
        latency: Latency::Quantile(0.95, Duration::from_secs(2)),
    };
    workload.apply(after(10), &slower).unwrap();
    check(
        &workload,
        0,
        20,
        &[("took_seconds{quantile=\"0.95\"}", Some(2.0)), ("took_seconds_count", Some(200.0))],
    );
    workload.apply(after(20), &traffic("api", 0.0)).unwrap();
    assert!(seen(&workload, 0, after(20))["took_seconds{quantile=\"0.5\"}"].is_nan());
}

#[test]
fn a_change_to_something_unknown_names_the_nearest() {
    let workload = workload(API);
    check_refused(&workload, errors("apo", 0.1), "unknown-service", "did you mean `api`");
    let missing = down("api", Some("api-7"), Outage::Refuses);
    check_refused(&workload, missing, "unknown-instance", "did you mean `api-0`");
    check_refused(&workload, metric("user", &[], Course::Set(1.0)), "unknown-metric", "did you mean `users`");
    let no_series = metric("users", &[("kind", "x")], Course::Set(1.0));
    check_refused(&workload, no_series, "unknown-series", "known: `{}`");
    let followed = metric("http_requests_total", &[], Course::PerSecond(1.0));
    check_refused(&workload, followed, "metric-of-requests", "traffic, errors or latency");
    check_refused(&workload, metric("jobs_total", &[], Course::PerSecond(-1.0)), "wrong-course", "");
    check_refused(&workload, errors("api", 1.5), "wrong-amount", "");
    check_refused(&workload, traffic("api", -1.0), "wrong-amount", "");
}

#[test]
fn what_nobody_measures_can_not_be_changed() {
    let workload = workload("db: {metrics: {pg_up: 1}}\n");
    check_refused(&workload, errors("db", 0.1), "not-instrumented", "instrumentation.requests");
}

#[test]
fn the_processes_of_a_world_have_run_for_long_and_what_is_given_has_always_been_so() {
    let text = "api:
  traffic: {per_second: 10}
  instrumentation: {requests: {name: requests_total, status: status}}
  metrics:
    jobs_total: {per_second: 2}
    mails_total: {value: 7, per_second: 2}
    queue: 3
";
    let (node, _) = yaml::read_one(&SourceFile::new("firedrill.yaml", text));
    let specs = services::read_services(&node.expect("a document"), &mut Vec::new());
    let mut workload = Workload::long_running(&specs, 1, START);
    workload.given(START, &errors("api", 0.5)).unwrap();
    workload.given(START, &metric("queue", &[], Course::Set(4.0))).unwrap();
    let week = 7.0 * 86_400.0;
    let started = START.seconds() - week;
    check(
        &workload,
        0,
        10,
        &[
            (r#"process_start_time_seconds"#, Some(started)),
            (r#"requests_total{status="200"}"#, Some(5.0 * (week + 10.0))),
            (r#"requests_total{status="500"}"#, Some(5.0 * (week + 10.0))),
            ("jobs_total", Some(2.0 * (week + 10.0))),
            ("mails_total", Some(27.0)),
            ("queue", Some(4.0)),
        ],
    );
    // A new process is young.
    workload.apply(after(20), &Change::Restarts { service: named("api"), instance: None }).unwrap();
    let begun = START.seconds() + 20.0;
    let series = [("jobs_total", Some(20.0)), (r#"process_start_time_seconds"#, Some(begun))];
    check(&workload, 0, 30, &series);
}

fn flaps(service: &str, instance: &str, every: i64) -> Change {
    let every = Duration::from_secs(every);
    Change::Flaps { service: named(service), instance: Some(named(instance)), how: Outage::Refuses, every }
}

#[test]
fn an_instance_that_flaps_goes_and_comes_at_its_instants_however_late_somebody_looks() {
    let mut workload = workload(API);
    workload.apply(after(60), &flaps("api", "api-0", 30)).unwrap();
    assert_eq!(workload.next_flap(), Some(after(90)));
    workload.flap_until(after(155));
    assert_eq!(workload.next_flap(), Some(after(180)));
    for (seconds, expected) in [(59, true), (60, false), (89, false), (90, true), (120, false), (150, true)] {
        let reach = workload.reach(after(seconds), "http", "api-0:8000", "/metrics");
        assert_eq!(matches!(reach, Reach::Serves(_)), expected, "at {seconds}s");
    }
    // The other takes over all requests meanwhile, and a new process counts from zero.
    check(&workload, 1, 90, &[(OK, Some(3000.0 + 3000.0))]);
    check(&workload, 0, 155, &[(OK, Some(5.0 * 50.0))]);
    workload.apply(after(155), &recovers("api")).unwrap();
    assert_eq!(workload.next_flap(), None);
    check(&workload, 0, 400, &[(OK, Some(250.0 * 50.0))]);
}

#[test]
fn what_flaps_too_fast_is_refused() {
    let mut change = flaps("api", "api-0", 0);
    check_refused(&workload(API), change.clone(), "wrong-amount", "");
    if let Change::Flaps { every, .. } = &mut change {
        *every = Duration::from_secs(1);
    }
    assert!(workload(API).validate(&change).is_ok());
}

#[test]
fn of_a_database_that_is_down_its_exporter_says_just_that() {
    let mut workload = workload("db: {exporter: postgres, metrics: {queries_total: {per_second: 1}}}");
    let database = |runs| Change::Database { service: named("db"), instance: None, runs };
    let connections = "pg_settings_max_connections{server=\"localhost:5432\"}";
    workload.apply(after(60), &database(false)).unwrap();
    workload.apply(after(120), &database(true)).unwrap();
    for (seconds, up, told) in
        [(59, 1.0, Some(100.0)), (60, 0.0, None), (119, 0.0, None), (120, 1.0, Some(100.0))]
    {
        let own = Some(seconds as f64);
        check(&workload, 0, seconds, &[("pg_up", Some(up)), (connections, told), ("queries_total", own)]);
    }
    let none = super::tests::workload(API);
    check_refused(
        &none,
        Change::Database { service: named("api"), instance: None, runs: false },
        "no-database",
        "exporter: postgres",
    );
}
