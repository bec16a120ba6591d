use std::collections::BTreeMap;

use super::*;
use crate::diagnostic::{SourceFile, Span, Spanned};
use crate::documents::{services, yaml};
use crate::promql::StoredValue;
use crate::scenario::{Change, Outage};
use crate::stack::{Discovery, KubernetesRole, Names, RelabelAction, RelabelConfig, Version};

const START: Timestamp = Timestamp(1_700_000_000_000);
const INTERVAL: Duration = Duration::from_secs(15);

fn place() -> Span {
    SourceFile::new("prometheus.yml", "").span(0..0)
}

fn named(text: &str) -> Spanned<String> {
    Spanned::new(text.to_owned(), place())
}

/// A job that scrapes these addresses, or what Kubernetes has where there are none.
fn job(name: &str, targets: &[&str]) -> ScrapeConfig {
    let discovery = match targets {
        [] => Discovery::Kubernetes { role: KubernetesRole::Pod, namespaces: Vec::new(), place: place() },
        targets => Discovery::Static {
            targets: targets.iter().map(|target| named(target)).collect(),
            labels: Labels::empty(),
        },
    };
    ScrapeConfig {
        place: place(),
        job_name: named(name),
        scrape_interval: INTERVAL,
        scrape_timeout: Duration::from_secs(10),
        metrics_path: "/metrics".into(),
        scheme: "http".into(),
        params: Vec::new(),
        honor_labels: false,
        honor_timestamps: true,
        body_size_limit: 0,
        sample_limit: 0,
        label_limit: 0,
        label_name_length_limit: 0,
        label_value_length_limit: 0,
        target_limit: 0,
        discovery: vec![discovery],
        relabel_configs: Vec::new(),
        metric_relabel_configs: Vec::new(),
    }
}

fn relabel(action: RelabelAction, source: &[&str], regex: &str, target: &str, to: &str) -> RelabelConfig {
    RelabelConfig {
        place: place(),
        source_labels: source.iter().map(|label| (*label).to_owned()).collect(),
        separator: ";".into(),
        regex: crate::golang::regex::compile_anchored(regex).expect("a regex"),
        modulus: 0,
        target_label: target.into(),
        replacement: to.into(),
        action,
        names: Names::Legacy,
    }
}

/// A pool, its workload and what came of it.
struct World {
    pool: ScrapePool,
    workload: Workload,
    storage: Storage,
    seen: Vec<(i64, String)>,
}

impl World {
    fn new(services: &str, jobs: Vec<ScrapeConfig>) -> Self {
        World::with(services, jobs, Offsets::Aligned, Version::new(2, 45))
    }

    fn with(services: &str, jobs: Vec<ScrapeConfig>, offsets: Offsets, imitated: Version) -> Self {
        let (node, mut problems) = yaml::read_one(&SourceFile::new("firedrill.yaml", services));
        let specs = node.map(|node| services::read_services(&node, &mut problems)).unwrap_or_default();
        assert!(problems.is_empty(), "{problems:?}");
        let workload = Workload::new(&specs, 1, START);
        let prometheus = Prometheus {
            file: None,
            version: None,
            imitated,
            scrape_interval: INTERVAL,
            scrape_timeout: Duration::from_secs(10),
            evaluation_interval: INTERVAL,
            rule_query_offset: Duration::ZERO,
            external_labels: Labels::from_pairs([("cluster", "prod")]),
            external_url: String::new(),
            scrape_configs: jobs,
            alert_relabel_configs: Vec::new(),
            alertmanagers: Vec::new(),
            rule_files: Vec::new(),
        };
        let pool = ScrapePool::new(&prometheus, offsets, START, &workload);
        World { pool, workload, storage: Storage::default(), seen: Vec::new() }
    }

    fn run(&mut self, seconds: i64) {
        let seen = &mut self.seen;
        self.pool.run(after(seconds), &self.workload, &mut self.storage, &mut |at, what| {
            let text = match what {
                Observed::Target { labels, up: true, .. } => format!("{labels} up"),
                Observed::Target { labels, reason, .. } => format!("{labels} down: {reason}"),
                Observed::TargetGone { labels } => format!("{labels} gone"),
                other => format!("{other:?}"),
            };
            seen.push(((at - START).0 / 1000, text));
        });
    }

    /// A change after what was scraped ahead.
    fn change(&mut self, seconds: i64, change: &Change) {
        self.storage.truncate_after(after(seconds));
        self.pool.cut(after(seconds), &self.workload, &mut self.storage);
        self.workload.apply(after(seconds), change).expect("a change that can be made");
    }

    /// The series with a sample at just this instant; those with a stale marker are `None`.
    fn at(&self, seconds: i64) -> BTreeMap<String, Option<f64>> {
        let (at, before) = (after(seconds), Timestamp(after(seconds).0 - 1));
        let mut out = BTreeMap::new();
        for id in (0..self.storage.len() as u32).map(SeriesId) {
            let value = match self.storage.latest(id, at) {
                Some((time, StoredValue::Float(value))) if time == at => Some(value),
                None if self.storage.latest(id, before).is_some() => None,
                _ => continue,
            };
            out.insert(self.storage.labels(id).to_string(), value);
        }
        out
    }

    #[track_caller]
    fn check(&self, seconds: i64, expected: &[(&str, Option<f64>)]) {
        let all = self.at(seconds);
        for (series, value) in expected {
            assert_eq!(all.get(*series), Some(value), "{series} at {seconds}s among {all:#?}");
        }
    }

    #[track_caller]
    fn check_absent(&self, seconds: i64, series: &str) {
        assert_eq!(self.at(seconds).get(series), None, "{series} at {seconds}s");
    }

    #[track_caller]
    fn check_seen(&self, expected: &[(i64, &str)]) {
        let expected: Vec<_> = expected.iter().map(|(at, text)| (*at, (*text).to_owned())).collect();
        assert_eq!(self.seen, expected);
    }
}

fn after(seconds: i64) -> Timestamp {
    START + Duration::from_secs(seconds)
}

fn down(how: Outage) -> Change {
    Change::Down { service: named("api"), instance: None, how }
}

fn recovers() -> Change {
    Change::Recovers { service: named("api"), instance: None }
}

const API: &str = "api: {address: 'api:8000', metrics: {users: {value: 7, labels: {job: x, kind: a}}}}";
const UP: &str = "up{instance=\"api:8000\", job=\"web\"}";
const USERS: &str = "users{exported_job=\"x\", instance=\"api:8000\", job=\"web\", kind=\"a\"}";

#[test]
fn a_scrape_stores_samples_with_target_labels_and_says_how_it_went() {
    let mut world = World::new(API, vec![job("web", &["api:8000"])]);
    world.run(15);
    world.check(
        15,
        &[
            (UP, Some(1.0)),
            (USERS, Some(7.0)),
            ("scrape_samples_scraped{instance=\"api:8000\", job=\"web\"}", Some(2.0)),
            ("scrape_samples_post_metric_relabeling{instance=\"api:8000\", job=\"web\"}", Some(2.0)),
            ("scrape_series_added{instance=\"api:8000\", job=\"web\"}", Some(0.0)),
        ],
    );
    world.check(0, &[("scrape_series_added{instance=\"api:8000\", job=\"web\"}", Some(2.0))]);
    world.check_seen(&[(0, "{instance=\"api:8000\", job=\"web\"} up")]);
}

#[test]
fn an_address_that_nobody_serves_is_a_target_that_is_down() {
    let mut world = World::new("", vec![job("web", &["api:8000"])]);
    world.run(30);
    world.check(30, &[(UP, Some(0.0))]);
    world.check_seen(&[(0, "{instance=\"api:8000\", job=\"web\"} down: connection refused")]);
}

#[test]
fn a_failed_scrape_ends_the_series_at_once_and_counts_nothing() {
    let mut world = World::new(API, vec![job("web", &["api:8000"])]);
    world.run(600);
    world.change(20, &down(Outage::TimesOut));
    world.run(600);
    world.check(15, &[(UP, Some(1.0)), (USERS, Some(7.0))]);
    world.check(
        30,
        &[
            (UP, Some(0.0)),
            (USERS, None),
            ("scrape_duration_seconds{instance=\"api:8000\", job=\"web\"}", Some(10.0)),
            ("scrape_samples_scraped{instance=\"api:8000\", job=\"web\"}", Some(0.0)),
        ],
    );
    world.check_absent(45, USERS);
    world.change(50, &recovers());
    world.run(600);
    world.check(60, &[(UP, Some(1.0)), (USERS, Some(7.0))]);
    world.check_seen(&[
        (0, "{instance=\"api:8000\", job=\"web\"} up"),
        (30, "{instance=\"api:8000\", job=\"web\"} down: context deadline exceeded"),
        (60, "{instance=\"api:8000\", job=\"web\"} up"),
    ]);
}

#[test]
fn a_change_keeps_the_scrape_of_its_own_instant() {
    let mut world = World::new(API, vec![job("web", &["api:8000"])]);
    world.run(600);
    world.change(30, &down(Outage::Refuses));
    world.run(600);
    world.check(30, &[(UP, Some(1.0))]);
    world.check(45, &[(UP, Some(0.0)), (USERS, None)]);
}

#[test]
fn a_target_that_vanishes_is_marked_stale_two_scrapes_and_a_tenth_later() {
    let services = "api: {metrics: {users: 7}, kubernetes: {ports: {http: 8000}}}";
    let mut world = World::new(services, vec![job("web", &[])]);
    world.run(600);
    world.change(31, &down(Outage::Vanishes));
    world.run(600);
    let up = "up{instance=\"10.1.0.1:8000\", job=\"web\"}";
    world.check(30, &[(up, Some(1.0))]);
    world.check_absent(45, up);
    let series = (0..world.storage.len() as u32).map(SeriesId);
    for id in series {
        let marked = after(30) + Duration(2 * INTERVAL.0 + INTERVAL.0 / 10);
        assert!(world.storage.latest(id, Timestamp(marked.0 - 1)).is_some());
        assert!(world.storage.latest(id, marked).is_none());
    }
    let target = "{instance=\"10.1.0.1:8000\", job=\"web\"}";
    world.check_seen(&[(0, &format!("{target} up")), (31, &format!("{target} gone"))]);
    world.change(300, &recovers());
    world.run(600);
    world.check(315, &[(up, Some(1.0))]);
}

#[test]
fn honor_labels_keeps_what_the_target_says() {
    let mut config = job("web", &["api:8000"]);
    config.honor_labels = true;
    let mut world = World::new(API, vec![config]);
    world.run(0);
    world.check(0, &[("users{instance=\"api:8000\", job=\"x\", kind=\"a\"}", Some(7.0))]);
}

#[test]
fn metric_relabelling_drops_and_renames_and_the_limits_count_what_is_left() {
    let mut config = job("web", &["api:8000"]);
    config.metric_relabel_configs = vec![relabel(RelabelAction::Drop, &["__name__"], "process_.*", "", "")];
    config.sample_limit = 1;
    let mut world = World::new(API, vec![config.clone()]);
    world.run(0);
    let post = "scrape_samples_post_metric_relabeling{instance=\"api:8000\", job=\"web\"}";
    world.check(0, &[(UP, Some(1.0)), (USERS, Some(7.0)), (post, Some(1.0))]);

    config.metric_relabel_configs.clear();
    let mut world = World::new(API, vec![config.clone()]);
    world.run(0);
    world.check(0, &[(UP, Some(0.0)), (post, Some(2.0))]);
    world.check_absent(0, USERS);
    world.check_seen(&[(0, "{instance=\"api:8000\", job=\"web\"} down: sample limit exceeded")]);

    config.sample_limit = 0;
    config.body_size_limit = 50;
    let mut world = World::new(API, vec![config.clone()]);
    world.run(0);
    world.check_seen(&[(0, "{instance=\"api:8000\", job=\"web\"} down: body size limit exceeded")]);

    config.body_size_limit = 0;
    config.label_limit = 4;
    let mut world = World::new(API, vec![config]);
    world.run(0);
    world.check_seen(&[(
        0,
        "{instance=\"api:8000\", job=\"web\"} down: label_limit exceeded (metric: users, number of labels: 5, limit: 4)",
    )]);
}

#[test]
fn a_target_limit_fails_every_target_of_the_job() {
    let mut config = job("web", &["api:8000", "other:1"]);
    config.target_limit = 1;
    let mut world = World::new(API, vec![config]);
    world.run(0);
    world.check(0, &[(UP, Some(0.0)), ("up{instance=\"other:1\", job=\"web\"}", Some(0.0))]);
    assert!(world.seen[0].1.ends_with("target_limit exceeded (number of targets: 2, limit: 1)"));
}

#[test]
fn kubernetes_pods_are_found_kept_and_relabelled_as_the_guides_do() {
    let services = "
api:
  instances: 2
  metrics: {users: 7}
  kubernetes:
    namespace: shop
    labels: {app.kubernetes.io/name: api}
    annotations: {prometheus.io/scrape: 'true', prometheus.io/port: '9102'}
    ports: {http: 8000}
quiet:
  metrics: {users: 1}
  kubernetes: {namespace: shop, ports: [8000]}
";
    let mut config = job("pods", &[]);
    config.relabel_configs = vec![
        relabel(
            RelabelAction::Keep,
            &["__meta_kubernetes_pod_annotation_prometheus_io_scrape"],
            "true",
            "",
            "",
        ),
        relabel(
            RelabelAction::Replace,
            &["__address__", "__meta_kubernetes_pod_annotation_prometheus_io_port"],
            "([^:]+)(?::\\d+)?;(\\d+)",
            "__address__",
            "$1:$2",
        ),
        relabel(RelabelAction::LabelMap, &[], "__meta_kubernetes_pod_label_(.+)", "", "$1"),
        relabel(RelabelAction::Replace, &["__meta_kubernetes_pod_name"], "(.*)", "pod", "$1"),
    ];
    let mut world = World::new(services, vec![config]);
    world.run(0);
    let target = "app_kubernetes_io_name=\"api\", instance=\"10.1.0.2:9102\", job=\"pods\", pod=\"api-1\"";
    world.check(
        0,
        &[
            (format!("up{{{target}}}").as_str(), Some(1.0)),
            (format!("users{{{target}}}").as_str(), Some(7.0)),
        ],
    );
    assert_eq!(world.pool.targets().count(), 2);
}

#[test]
fn nodes_are_reached_through_the_api_server_by_their_path() {
    let services = "
kubelet:
  instances: [node-a, node-b]
  address: kubernetes.default.svc:443
  metrics_path: /api/v1/nodes/{instance}/proxy/metrics
  kubernetes: {kind: node, labels: {zone: one}}
";
    let mut config = job("kubernetes-nodes", &[]);
    config.discovery =
        vec![Discovery::Kubernetes { role: KubernetesRole::Node, namespaces: Vec::new(), place: place() }];
    config.scheme = "https".into();
    config.relabel_configs = vec![
        relabel(RelabelAction::LabelMap, &[], "__meta_kubernetes_node_label_(.+)", "", "$1"),
        relabel(RelabelAction::Replace, &[], "(.*)", "__address__", "kubernetes.default.svc:443"),
        relabel(
            RelabelAction::Replace,
            &["__meta_kubernetes_node_name"],
            "(.+)",
            "__metrics_path__",
            "/api/v1/nodes/${1}/proxy/metrics",
        ),
    ];
    let mut world = World::new(services, vec![config]);
    world.run(0);
    world.check(0, &[("up{instance=\"node-b\", job=\"kubernetes-nodes\", zone=\"one\"}", Some(1.0))]);
}

#[test]
fn other_discovery_takes_the_label_sets_described_for_its_job() {
    let services = "api: {address: 'api:8000', discovery: {web: {__meta_datacenter: eu}}}";
    let mut config = job("web", &[]);
    config.discovery = vec![Discovery::Other { kind: "http_sd_configs", place: place() }];
    config.relabel_configs =
        vec![relabel(RelabelAction::Replace, &["__meta_datacenter"], "(.*)", "dc", "$1")];
    let mut world = World::new(services, vec![config]);
    world.run(0);
    world.check(0, &[("up{dc=\"eu\", instance=\"api:8000\", job=\"web\"}", Some(1.0))]);
}

#[test]
fn two_targets_that_become_one_are_scraped_once() {
    let world = World::new(API, vec![job("web", &["api:8000", "api:8000"])]);
    assert_eq!(world.pool.targets().count(), 1);
}

#[test]
fn a_missing_port_is_the_schemes_and_shows_only_in_prometheus_2() {
    for (semantics, instance) in [(Version::new(2, 45), "api:80"), (Version::NEWEST, "api")] {
        let services = "api: {address: 'api:80'}";
        let mut world = World::with(services, vec![job("web", &["api"])], Offsets::Aligned, semantics);
        world.run(0);
        world.check(0, &[(format!("up{{instance=\"{instance}\", job=\"web\"}}").as_str(), Some(1.0))]);
    }
}

#[test]
fn a_target_that_can_not_be_scraped_says_why() {
    let mut config = job("web", &["api:8000"]);
    config.relabel_configs = vec![relabel(RelabelAction::Replace, &[], "(.*)", "__scrape_timeout__", "20s")];
    let world = World::new(API, vec![config]);
    let reason = "scrape timeout cannot be greater than scrape interval (\"20s\" > \"15s\")";
    assert_eq!(world.pool.rejected()[0].reason, reason);
}

#[test]
fn spread_offsets_keep_the_interval_and_differ_by_target() {
    let services = "api: {address: 'api:8000'}\ndb: {address: 'db:8000'}";
    let jobs = vec![job("web", &["api:8000", "db:8000"])];
    let mut world = World::with(services, jobs, Offsets::Spread, Version::new(2, 45));
    world.run(60);
    let first = |series: &str| {
        let id = (0..world.storage.len() as u32).map(SeriesId);
        let id = id.into_iter().find(|id| world.storage.labels(*id).to_string() == series).expect(series);
        let (last, _) = world.storage.latest(id, after(60)).expect("a sample");
        (last.0 - START.0) % INTERVAL.0
    };
    let offsets = [first(UP), first("up{instance=\"db:8000\", job=\"web\"}")];
    assert_ne!(offsets[0], offsets[1]);
    assert_eq!(world.pool.next_due(after(60)).map(|due| due > after(60)), Some(true));
}

#[test]
fn series_without_a_target_are_stored_as_they_are() {
    let file = SourceFile::new("firedrill.yaml", "kafka_consumergroup_lag: {value: 9, labels: {job: kafka}}");
    let (node, mut problems) = yaml::read_one(&file);
    let spec = services::read_metrics(&node.expect("a document"), &mut problems);
    let mut world = World::new("", vec![]);
    world.workload = Workload::new(&[spec], 1, START);
    world.pool =
        ScrapePool::new(&world.pool.setup.prometheus.clone(), Offsets::Aligned, START, &world.workload);
    world.run(15);
    assert_eq!(
        world.at(15).into_iter().collect::<Vec<_>>(),
        [("kafka_consumergroup_lag{job=\"kafka\"}".to_owned(), Some(9.0))]
    );
}
