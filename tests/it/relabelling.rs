//! Debian's Prometheus and the twin scrape the same synthetic services by the same jobs: the same series, whatever
//! relabelling, `honor_labels` and limits make of them.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

use firedrill::diagnostic::SourceFile;
use firedrill::documents::{prometheus, services, yaml};
use firedrill::labels::Labels;
use firedrill::promql::{Engine, Semantics, Storage, Value, parse_with};
use firedrill::stack::{Discovery, Version};
use firedrill::time::Timestamp;
use firedrill::twin::Offsets;
use firedrill::twin::scrape::ScrapePool;
use firedrill::workload::Workload;
use firedrill::worlds::clock::Clock;
use firedrill::worlds::process::{Process, free_address};
use firedrill::worlds::targets::Targets;
use serde_json::json;

use crate::real;
use crate::targets::get;

const SERVICES: &str = "
api:
  instances: 2
  address: '{instance}:8080'
  metrics:
    users: {labels: {job: inner, instance: own, kind: a}, value: 7}
    orders_total: {labels: {path: /a/b, exported_job: taken, le: '1'}, value: 3}
    latency_seconds_count: {labels: {long_label_name_here: a-rather-long-value}, value: 1}
worker:
  instances: 3
  address: '{instance}.jobs:9100'
  metrics: {busy: 1}
  kubernetes:
    namespace: jobs
    labels: {app.kubernetes.io/name: worker, tier: back}
    annotations: {prometheus.io/scrape: 'true', prometheus.io/path: /metrics}
    ports: {metrics: 9100, admin: 9101}
    service: worker
";

/// Each a job of its own; `ROLE` becomes the discovery of pods.
const JOBS: &[&str] = &[
    "static_configs: [{targets: ['api-0:8080', 'api-1:8080'], labels: {env: prod, empty: ''}}]",
    "honor_labels: true, API",
    "honor_labels: true, API, metric_relabel_configs: [{action: labeldrop, regex: job}]",
    "API, relabel_configs: [{source_labels: [__address__], regex: '(.*)-(.):.*', target_label: shard, replacement: '$1/${2}'}]",
    "API, relabel_configs: [{source_labels: [__address__], regex: 'api-0.*', action: keep}]",
    "API, relabel_configs: [{source_labels: [__address__, __scheme__], separator: '|', regex: 'api-0:8080.http', action: drop}]",
    "API, relabel_configs: [{source_labels: [__address__], modulus: 5, target_label: __tmp, action: hashmod}, {source_labels: [__tmp], target_label: bucket}]",
    "API, relabel_configs: [{target_label: instance, replacement: fixed}, {source_labels: [__address__], target_label: real}]",
    "API, relabel_configs: [{target_label: job, replacement: ''}, {target_label: instance, replacement: ''}]",
    "API, relabel_configs: [{target_label: job, replacement: renamed}, {source_labels: [job], target_label: UPPER, action: uppercase}, {source_labels: [__address__], target_label: low, action: lowercase}]",
    "API, relabel_configs: [{target_label: __metrics_path__, replacement: /nothing}]",
    "API, metrics_path: /nothing",
    "API, relabel_configs: [{target_label: __address__, replacement: 'api-1:8080'}]",
    "API, relabel_configs: [{target_label: __address__, replacement: ''}]",
    "API, relabel_configs: [{target_label: __param_debug, replacement: '1'}, {source_labels: [__param_debug], target_label: debug}]",
    "API, params: {module: [one, two]}, relabel_configs: [{source_labels: [__param_module], target_label: module}]",
    "API, relabel_configs: [{source_labels: [__scrape_interval__, __scrape_timeout__, __metrics_path__, __scheme__], target_label: meta}]",
    "API, relabel_configs: [{source_labels: [missing], regex: '', target_label: was, replacement: empty}]",
    "API, relabel_configs: [{source_labels: [job], target_label: '${1}', regex: '(.*)'}]",
    "API, relabel_configs: [{source_labels: [__address__], regex: 'nothing', target_label: never}]",
    "static_configs: [{targets: ['api-0:8080', 'api-0:8080', 'nobody:1']}]",
    "static_configs: [{targets: ['api-0:8080'], labels: {a: '1'}}, {targets: ['api-0:8080'], labels: {a: '2'}}], relabel_configs: [{action: labeldrop, regex: a}]",
    "PODS",
    "PODS, relabel_configs: [{action: labelmap, regex: '__meta_kubernetes_pod_label_(.+)'}]",
    "PODS, relabel_configs: [{action: labelmap, regex: '__meta_kubernetes_(namespace|pod_name)', replacement: 'k8s_$1'}, {source_labels: [__meta_kubernetes_pod_container_port_name], regex: metrics, action: keep}]",
    "PODS, relabel_configs: [{source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scrape], regex: 'true', action: keep}, {source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_path], target_label: __metrics_path__, regex: '(.+)'}]",
    "PODS, relabel_configs: [{action: labelkeep, regex: '__.*|job'}]",
    "PODS, relabel_configs: [{source_labels: [__meta_kubernetes_pod_container_port_number], target_label: port, action: replace}]",
    "API, metric_relabel_configs: [{source_labels: [__name__], regex: 'users|busy', action: drop}]",
    "API, metric_relabel_configs: [{source_labels: [__name__], regex: 'users', action: keep}]",
    "API, metric_relabel_configs: [{source_labels: [__name__], regex: '(.*)_total', target_label: __name__, replacement: 'sum:$1'}]",
    "API, metric_relabel_configs: [{source_labels: [path], regex: '/(.*)/.*', target_label: path}]",
    "API, metric_relabel_configs: [{action: labeldrop, regex: 'exported_.*|le'}]",
    "API, metric_relabel_configs: [{action: labelkeep, regex: '__name__|job|kind'}]",
    "API, metric_relabel_configs: [{source_labels: [instance], target_label: __name__, regex: '.*', replacement: 'one_name'}, {action: labelkeep, regex: '__name__'}]",
    "API, metric_relabel_configs: [{action: labeldrop, regex: '__name__'}]",
    "API, metric_relabel_configs: [{source_labels: [kind], regex: '(.+)', target_label: kind, action: uppercase}, {source_labels: [path], target_label: sharded, modulus: 7, action: hashmod}]",
    "API, sample_limit: 2",
    "API, sample_limit: 4",
    "API, sample_limit: 1, metric_relabel_configs: [{source_labels: [__name__], regex: 'users', action: keep}]",
    "API, target_limit: 1",
    "API, target_limit: 2",
    "API, label_limit: 4",
    "API, label_limit: 6",
    "API, label_name_length_limit: 12",
    "API, label_value_length_limit: 12",
    "API, body_size_limit: 100B",
    "API, body_size_limit: 1KiB",
    "API, body_size_limit: 10MB",
];

const PODS: &str = "kubernetes_sd_configs: [{role: pod}]";
const API: &str = "static_configs: [{targets: ['api-0:8080', 'api-1:8080']}]";

/// What every series says, but for what takes real time.
type Scraped = BTreeMap<Labels, f64>;

#[test]
fn the_real_prometheus_makes_the_same_series_of_every_job() {
    if !real::available(&["prometheus"]) {
        return;
    }
    let (node, mut problems) = yaml::read_one(&SourceFile::new("firedrill.yaml", SERVICES));
    let specs = services::read_services(&node.expect("YAML"), &mut problems);
    assert!(problems.is_empty(), "{problems:?}");
    let start = Timestamp(1_767_603_600_000);
    let ours = twin(&Workload::new(&specs, 1, start), start);

    let targets =
        Targets::start(Workload::new(&specs, 1, start), Clock::starting(start, 1)).expect("targets");
    let theirs = real_prometheus(&targets, ours.len());
    let mut differences = Vec::new();
    for labels in ours.keys().chain(theirs.keys().filter(|labels| !ours.contains_key(labels))) {
        let (ours, theirs) = (ours.get(labels), theirs.get(labels));
        if ours != theirs {
            differences.push(format!("{labels}: twin {ours:?}, Prometheus {theirs:?}"));
        }
    }
    assert!(ours.len() > 400, "only {} series", ours.len());
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
}

fn config(pods: &str, more: &str) -> String {
    let job = |(number, job): (usize, &&str)| {
        let job = job.replace("API", API).replace("PODS", pods);
        // What relabelling takes away or renames still has a label of its own.
        format!("- {{job_name: job-{number:02}, {more} {job}}}\n")
    };
    let jobs: String = JOBS.iter().enumerate().map(job).collect();
    format!("global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs:\n{jobs}")
}

fn twin(workload: &Workload, start: Timestamp) -> Scraped {
    let file = SourceFile::new("prometheus.yml", config(PODS, ""));
    let (config, problems) = prometheus::read(&file, Version::new(2, 42));
    let config = config.unwrap_or_else(|| panic!("{problems:?}"));
    let mut pool = ScrapePool::new(&config, Offsets::Aligned, start, workload);
    let mut storage = Storage::default();
    pool.run(start, workload, &mut storage, &mut |_, _| {});
    let expr = parse_with("{__name__!=\"\"}", Default::default()).expect("a selector");
    let answer = Engine::new(Semantics::V2).instant(&storage, &expr, start).expect("an answer");
    let Value::Vector(samples) = answer.value else { panic!("no vector") };
    let samples = samples.into_iter().map(|sample| (sample.labels, sample.value.float().unwrap_or(f64::NAN)));
    samples.filter(|(labels, _)| is_compared(labels)).map(|(labels, value)| (labels, seen(value))).collect()
}

fn real_prometheus(targets: &Targets, wanted: usize) -> Scraped {
    let text = config(PODS, "");
    let (read, _) = prometheus::read(&SourceFile::new("prometheus.yml", text), Version::new(2, 42));
    let discovery = read.expect("a config").scrape_configs.into_iter().flat_map(|job| job.discovery);
    let pods = discovery.into_iter().find(|discovery| matches!(discovery, Discovery::Kubernetes { .. }));
    let pods = targets.discover("pods", &pods.expect("a job with pods"));
    let http =
        format!("http_sd_configs: [{{url: 'http://{}{pods}', refresh_interval: 1s}}]", targets.address());
    let folder = tempfile::tempdir().expect("a folder");
    let proxied = format!("proxy_url: 'http://{}',", targets.address());
    std::fs::write(folder.path().join("prometheus.yml"), config(&http, &proxied)).expect("written");
    let address = free_address().expect("an address");
    let mut command = Command::new("prometheus");
    command
        .arg(format!("--config.file={}", folder.path().join("prometheus.yml").display()))
        .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
        .arg(format!("--web.listen-address={address}"))
        .arg("--scrape.discovery-reload-interval=100ms");
    let process = Process::start("prometheus", folder.path(), command).expect("it starts");
    let begun = Instant::now();
    loop {
        std::thread::sleep(Duration::from_millis(250));
        let answer = get(address, "/api/v1/query?query=%7B__name__!%3D%22%22%7D");
        let elements = answer["data"]["result"].as_array().cloned().unwrap_or_default();
        let element = |element: &serde_json::Value| {
            let labels = element["metric"].as_object()?.iter();
            let labels = labels.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
            let value = element["value"][1].as_str()?.parse().ok()?;
            Some((Labels::from_pairs(labels), seen(value)))
        };
        let scraped: Scraped =
            elements.iter().filter_map(element).filter(|(labels, _)| is_compared(labels)).collect();
        // Every target was scraped once there are as many series; what is never complete is shown as it is.
        if scraped.len() >= wanted || begun.elapsed() > Duration::from_secs(20) {
            assert!(answer != json!(null), "{}", process.log());
            return scraped;
        }
    }
}

/// How long a scrape took, and which series were new at the last one, is another thing there.
fn is_compared(labels: &Labels) -> bool {
    !["scrape_duration_seconds", "scrape_series_added"].contains(&labels.name())
}

/// Times of starting differ in nothing but the clock.
fn seen(value: f64) -> f64 {
    if value > 1e9 { 1e9 } else { value }
}
