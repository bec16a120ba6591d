use super::*;
use crate::diagnostic::SourceFile;
use crate::documents::yaml;

fn read(text: &str) -> (Vec<ServiceSpec>, Vec<Diagnostic>) {
    let (node, mut problems) = yaml::read_one(&SourceFile::new("firedrill.yaml", text));
    let services = node.map(|node| read_services(&node, &mut problems)).unwrap_or_default();
    (services, problems)
}

#[track_caller]
fn check_problem(text: &str, id: &str, line: usize, says: &str) {
    let (_, problems) = read(text);
    let got: Vec<_> = problems
        .iter()
        .map(|p| {
            (p.id, p.place.as_ref().map(|s| s.line()), format!("{}; {}; {:?}", p.message, p.label, p.help))
        })
        .collect();
    assert_eq!(got.len(), 1, "{got:?}");
    assert_eq!((got[0].0, got[0].1), (id, Some(line)), "{got:?}");
    assert!(got[0].2.contains(says), "{got:?}");
}

#[test]
fn a_whole_service_is_read() {
    let (services, problems) = read(
        "api:
  instances: 2
  address: '{instance}.shop:8000'
  labels: {app: shop}
  traffic: {per_second: 200, errors: 0.1%, error_status: 503, latency: {p95: 300ms}}
  routes:
    /pay: 0.25
    /list: {share: 3, methods: [GET, HEAD], latency: 20ms}
  instrumentation:
    requests: {name: http_requests_total, method: method, route: endpoint, status: status_code}
    duration: {name: http_request_duration_seconds, buckets: [0.1, 0.5, 1]}
    statuses: {2xx: success}
  metrics:
    active_users: 120
    queue_lag: {value: 3, labels: {topic: a}}
    jobs_total: {series: [{labels: {state: ok}, per_second: 2}, {labels: {state: failed}}]}
    job_seconds: {quantiles: [0.5, 0.9], per_second: 1, observes: {p50: 2m}}
",
    );
    assert!(problems.is_empty(), "{problems:?}");
    let [api] = services.as_slice() else { panic!("{services:?}") };
    let names: Vec<_> = api.instances.iter().map(|i| (i.name.as_str(), i.addresses.join(" "))).collect();
    assert_eq!(
        names,
        [
            ("api-0", "api-0.shop:8000 api-0:8000".to_owned()),
            ("api-1", "api-1.shop:8000 api-1:8000".to_owned())
        ]
    );
    assert_eq!(api.traffic.errors, 0.001);
    assert_eq!(api.traffic.error_status, 503);
    assert_eq!(api.traffic.latency, Distribution::Quantile(0.95, 0.3));
    assert_eq!(api.routes[1].methods, ["GET", "HEAD"]);
    assert_eq!(api.routes[1].latency, Some(Distribution::Fixed(0.02)));
    let requests = api.requests.as_ref().unwrap();
    assert_eq!(requests.labels.route.as_deref(), Some("endpoint"));
    assert_eq!(api.duration.as_ref().unwrap().kind, MetricKind::Histogram { buckets: vec![0.1, 0.5, 1.0] });
    let kinds: Vec<_> = api.metrics.iter().map(|m| (m.name.value.as_str(), m.kind.as_str())).collect();
    assert_eq!(
        kinds,
        [
            ("active_users", "gauge"),
            ("queue_lag", "gauge"),
            ("jobs_total", "counter"),
            ("job_seconds", "summary")
        ]
    );
    assert_eq!(api.metrics[3].series[0].observed, Distribution::Quantile(0.5, 120.0));
}

#[test]
fn an_exporter_is_one_line_and_its_metrics_can_be_changed() {
    let (services, problems) = read(
        "db:
  exporter: {name: postgres, labels: {datname: shop}}
  metrics: {pg_settings_max_connections: 50}
",
    );
    assert!(problems.is_empty(), "{problems:?}");
    let find = |name: &str| services[0].metrics.iter().find(|metric| metric.name.value == name).unwrap();
    assert_eq!(find("pg_stat_database_numbackends").series[0].labels.value("datname"), "shop");
    assert_eq!(find("pg_settings_max_connections").series[0].value, 50.0);
}

#[test]
fn mistakes_are_found_at_their_place() {
    check_problem("api:\n  instance: 3\n", "unknown-key", 2, "did you mean `instances`");
    check_problem("api:\n  instances: 0\n", "out-of-range", 2, "from 1 to 10000");
    check_problem("api:\n  instances: [a, a]\n", "duplicate-instance", 2, "`a`");
    check_problem("api:\n  traffic: {errors: 5}\n", "out-of-range", 2, "0% to 100%");
    check_problem("api:\n  traffic: {latency: {q95: 1s}}\n", "wrong-type", 2, "p95");
    check_problem("api:\n  metrics: {a-b: 1}\n", "bad-metric-name", 2, "a-b");
    check_problem("api:\n  metrics: {a: {type: guage}}\n", "unknown-word", 2, "did you mean `gauge`");
    check_problem("api:\n  metrics: {a: {buckets: [2, 1]}}\n", "out-of-range", 2, "ascending");
    check_problem("api:\n  metrics: {a_total: -1}\n", "out-of-range", 2, "a counter");
    check_problem(
        "api:\n  metrics: {a: {series: [{value: 1}, {value: 2}]}}\n",
        "duplicate-series",
        2,
        "same labels",
    );
    check_problem("api:\n  exporter: postgress\n", "unknown-exporter", 2, "did you mean `postgres`");
    check_problem(
        "api:\n  exporter: {name: kafka, real: true}\n",
        "not-real",
        2,
        "real ones are: node, postgres",
    );
    check_problem("api:\n  exporter: [{name: redis, real: true}, node]\n", "not-real", 2, "make services of");
    check_problem("api:\n  exporter: {name: redis, real: 1}\n", "wrong-type", 2, "true or false");
    check_problem("api:\n  exporter: {name: redis, labels: {shop: a}}\n", "unknown-label", 2, "shop");
    check_problem("api:\n  kubernetes: {kind: pot}\n", "unknown-word", 2, "did you mean `pod`");
    check_problem("api:\n  kubernetes: {service: api}\n", "missing-key", 2, "ports");
    check_problem("api:\n  metrics: {a: {value: 1, instances: [b]}}\n", "unknown-instance", 2, "`b`");
    check_problem("- api\n", "wrong-type", 1, "service names");
}
