//! What a service would answer to a scrape, before the real judge of expositions.

use std::io::Write;
use std::process::{Command, Stdio};

use firedrill::diagnostic::SourceFile;
use firedrill::documents::{services, yaml};
use firedrill::time::{Duration, Timestamp};
use firedrill::workload::exposition::{self, Format};
use firedrill::workload::{Reach, Workload};

use crate::real;

const SERVICES: &str = r#"
shop:
  address: shop:8000
  labels: {app: shop, note: "quotes \" and \\ and\nlines"}
  traffic: {per_second: 100, errors: 5%}
  instrumentation:
    requests: http_requests_total
    duration: {name: http_request_duration_seconds, route: route, buckets: [0.1, 0.5, 1]}
  metrics:
    shop_active_users: {help: "Who is \\ here\nnow.", value: 120}
    shop_payment_seconds: {help: Payments., quantiles: [0.5, 0.99], per_second: 2, observes: {p95: 3s}}
    shop_idle_seconds: {help: Nothing happens., quantiles: [0.5]}
node: {address: node:9100, exporter: node}
db: {address: db:9187, exporter: [postgres, redis, kafka]}
cluster: {address: cluster:8080, exporter: [kube-state-metrics, cadvisor, blackbox]}
"#;

fn exposed(address: &str) -> (String, Vec<(String, f64)>) {
    let (node, mut problems) = yaml::read_one(&SourceFile::new("firedrill.yaml", SERVICES));
    let specs = services::read_services(&node.unwrap(), &mut problems);
    assert!(problems.is_empty(), "{problems:?}");
    let start = Timestamp(1_700_000_000_000);
    let workload = Workload::new(&specs, 1, start);
    let at = start + Duration::from_secs(100);
    let Reach::Serves(id) = workload.reach(at, "http", address, "/metrics") else {
        panic!("nobody serves {address}")
    };
    let mut samples = Vec::new();
    workload.samples(id, at, |position, value| {
        samples.push((workload.series_labels(id, position).to_string(), value));
    });
    (exposition::write(&workload, id, at, 1), samples)
}

#[test]
fn what_is_written_reads_back_as_it_was() {
    for address in ["shop:8000", "node:9100", "db:9187", "cluster:8080"] {
        let (text, mut expected) = exposed(address);
        let read = exposition::read(&text, Format::Prometheus).unwrap();
        let mut got: Vec<_> =
            read.samples.iter().map(|sample| (sample.labels.to_string(), sample.value)).collect();
        let order = |a: &(String, f64), b: &(String, f64)| a.0.cmp(&b.0);
        expected.sort_by(order);
        got.sort_by(order);
        assert_eq!(format!("{got:?}"), format!("{expected:?}"));
    }
}

#[test]
fn promtool_takes_what_the_services_expose() {
    if !real::available(&["promtool"]) {
        return;
    }
    for (address, lints) in [("shop:8000", 0), ("node:9100", 3), ("db:9187", 3), ("cluster:8080", 0)] {
        let (text, _) = exposed(address);
        let mut promtool = Command::new("promtool")
            .args(["check", "metrics"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        promtool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = promtool.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        // 3: readable, but promtool would have named something otherwise; the exporters' authors chose these names.
        assert_eq!(output.status.code(), Some(lints), "{address}: {said}\n{text}");
    }
}
