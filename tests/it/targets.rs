//! Synthetic targets under Debian's Prometheus, sixty times as fast: the same labels, rates and alerts.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use firedrill::diagnostic::SourceFile;
use firedrill::documents::{services, yaml};
use firedrill::stack::{Discovery, KubernetesRole, Version};
use firedrill::time::Timestamp;
use firedrill::workload::Workload;
use firedrill::worlds::clock::Clock;
use firedrill::worlds::edit::Edits;
use firedrill::worlds::process::{Process, free_address};
use firedrill::worlds::speed;
use firedrill::worlds::targets::Targets;
use serde_json::{Value, json};

use crate::alertmanager_parity::request;
use crate::real;

const SPEED: u32 = 60;

const SERVICES: &str = "
api:
  address: api:8080
  traffic: {per_second: 200, errors: 10%}
  instrumentation: {requests: http_requests_total}
gone: {address: gone:8080, traffic: {per_second: 1}, instrumentation: {requests: gone_total}}
worker:
  kubernetes: {namespace: jobs, ports: {metrics: 9100}, annotations: {prometheus.io/scrape: 'true'}}
  traffic: {per_second: 1}
  instrumentation: {requests: worker_total}
";

const CONFIG: &str = "# The team's own.
global: { scrape_interval: 15s, evaluation_interval: 15s } # often
rule_files: [rules.yml]
scrape_configs:
  - job_name: api
    static_configs:
      - targets: ['api:8080', 'nobody:8080']
  - job_name: pods
    http_sd_configs: [{ url: DISCOVERY, refresh_interval: 1m }]
    relabel_configs:
      - { source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scrape], regex: 'true', action: keep }
      - { source_labels: [__meta_kubernetes_namespace], target_label: namespace }
";

const RULES: &str = "groups:
  - name: api
    rules:
      - record: api:requests:rate5m
        expr: sum(rate(http_requests_total{job=\"api\"}[5m]))
      - alert: Errors
        expr: |
          sum(rate(http_requests_total{status=~\"5..\"}[5m])) # five hundred and more
            / sum(rate(http_requests_total[5m])) > 0.05
        for: 1m
";

#[test]
fn the_real_prometheus_scrapes_and_alerts_as_if_time_passed_faster() {
    if !real::available(&["prometheus"]) {
        return;
    }
    let (node, mut problems) = yaml::read_one(&SourceFile::new("firedrill.yaml", SERVICES));
    let specs = services::read_services(&node.unwrap(), &mut problems);
    assert!(problems.is_empty(), "{problems:?}");
    let clock = Clock::starting(Timestamp(1_767_603_600_000), SPEED);
    let targets = Targets::start(Workload::new(&specs, 1, clock.now()), clock).unwrap();

    let folder = tempfile::tempdir().unwrap();
    write_config(folder.path(), &targets);
    let (process, address) = prometheus(folder.path());

    // Before the range is full, its rate is still rising: five minutes are five seconds here.
    let scraped = "up{job=\"api\", instance=\"api:8080\"}";
    wait_for("scrape older than the range", &process, || query(address, &format!("{scraped} offset 6s")));
    let rate = wait_for("rate", &process, || query(address, "api:requests:rate5m"));
    assert!((rate - 200.0).abs() < 40.0, "200 requests per second, seen as {rate}");
    assert_eq!(query(address, scraped), Some(1.0));
    assert_eq!(query(address, "up{job=\"api\", instance=\"nobody:8080\"}"), Some(0.0));
    assert_eq!(query(address, "count(up{job=\"pods\", namespace=\"jobs\"} == 1)"), Some(1.0));

    let state = wait_for("the alert", &process, || {
        let alerts = get(address, "/api/v1/alerts");
        let alert = alerts["data"]["alerts"].as_array()?.first()?.clone();
        (alert["state"] == "firing").then_some(alert)
    });
    assert_eq!(state["labels"], json!({ "alertname": "Errors" }));
}

fn write_config(folder: &Path, targets: &Targets) {
    let pods = Discovery::Kubernetes {
        role: KubernetesRole::Pod,
        namespaces: Vec::new(),
        place: SourceFile::new("prometheus.yml", "").span(0..0),
    };
    let config = CONFIG
        .replace("DISCOVERY", &format!("http://{}{}", targets.address(), targets.discover("pods", &pods)));
    let file = SourceFile::new("prometheus.yml", config);
    let mut edits: Edits = speed::prometheus(&file, SPEED).unwrap();
    let (node, _) = yaml::read_one(&file);
    for job in node.unwrap().get("scrape_configs").unwrap().items().unwrap() {
        edits.insert(job, "proxy_url", &format!("http://{}", targets.address()), "the synthetic services");
    }
    let (text, substitutions) = edits.apply().unwrap();
    assert!(text.starts_with(
        "# The team's own.\nglobal: {scrape_timeout: 200ms,  scrape_interval: 250ms, evaluation_interval: 250ms } # often"
    ));
    assert_eq!(substitutions.len(), 6);
    std::fs::write(folder.join("prometheus.yml"), text).unwrap();
    let rules = speed::rules(&SourceFile::new("rules.yml", RULES), Version::parse("2.42.0").unwrap(), SPEED);
    std::fs::write(folder.join("rules.yml"), rules.unwrap().apply().unwrap().0).unwrap();
}

fn prometheus(folder: &Path) -> (Process, SocketAddr) {
    let address = free_address().unwrap();
    let mut command = Command::new("prometheus");
    command
        .arg(format!("--config.file={}", folder.join("prometheus.yml").display()))
        .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
        .arg(format!("--web.listen-address={address}"))
        // How soon targets that were found are scraped.
        .arg("--scrape.discovery-reload-interval=100ms");
    let mut process = Process::start("prometheus", folder, command).unwrap();
    process.wait_until_ready(Duration::from_secs(60), || TcpStream::connect(address).is_ok()).unwrap();
    (process, address)
}

fn wait_for<T>(what: &str, process: &Process, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "no {what}\n{}", process.log());
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The value of the only element, if there is one.
fn query(address: SocketAddr, expr: &str) -> Option<f64> {
    let encoded: String = expr.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let answer = get(address, &format!("/api/v1/query?query={encoded}"));
    let [element] = answer["data"]["result"].as_array()?.as_slice() else { return None };
    element["value"][1].as_str()?.parse().ok()
}

/// Nothing while it is not ready to answer.
pub fn get(address: SocketAddr, path: &str) -> Value {
    let answer = request(address, "GET", path, &Value::Null).unwrap_or_default();
    serde_json::from_str(&answer).unwrap_or_default()
}
