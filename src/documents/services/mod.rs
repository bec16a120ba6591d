//! `services:` and `metrics:` of `firedrill.yaml`: the synthetic services, as a person describes them.
//!
//! Read strictly: an unknown key, a wrong type, a name that Prometheus could not hold is a diagnostic at its place.

mod amount;
mod exporter;
mod kubernetes;
mod metric;

use super::yaml::{Kind, Mapping, Node, wrong_type};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::labels::Labels;
use crate::workload::{
    DiscoverySpec, Distribution, DurationSpec, Ingestion, InstanceSpec, KubernetesKind, MetricKind,
    MetricSpec, RequestLabels, RequestsSpec, RouteSpec, ServiceSpec, TrafficSpec,
};

/// prom-client's and the Python client's default upper bounds.
const DEFAULT_BUCKETS: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
const DEFAULT_PORT: u16 = 8080;
const MAX_INSTANCES: f64 = 10_000.0;
/// What the top-level `metrics` are called where a service's name is wanted.
pub const DIRECT: &str = "metrics";

/// The value of the top-level `services` key.
pub fn read_services(node: &Node, problems: &mut Vec<Diagnostic>) -> Vec<ServiceSpec> {
    let Some(entries) = node.entries() else {
        problems.push(wrong_type(node, "a mapping of service names to services"));
        return Vec::new();
    };
    entries
        .iter()
        .enumerate()
        .filter_map(|(index, (name, node))| {
            let name = amount::name(name, "a service name", problems)?;
            read_service(name, node, index, problems)
        })
        .collect()
}

/// The value of the top-level `metrics` key: series that stand in Prometheus without a target.
pub fn read_metrics(node: &Node, problems: &mut Vec<Diagnostic>) -> ServiceSpec {
    let instance = InstanceSpec {
        name: DIRECT.to_owned(),
        addresses: Vec::new(),
        metrics_path: String::new(),
        ip: String::new(),
        node: String::new(),
    };
    ServiceSpec {
        place: node.span.clone(),
        name: Spanned::new(DIRECT.to_owned(), node.span.clone()),
        ingestion: Ingestion::Direct,
        instances: vec![instance],
        labels: Labels::empty(),
        traffic: default_traffic(),
        routes: vec![default_route(node)],
        requests: None,
        duration: None,
        statuses: Vec::new(),
        metrics: metric::read_metrics(node, problems),
        exporters: Vec::new(),
        kubernetes: None,
        discovery: Vec::new(),
    }
}

fn read_service(
    name: Spanned<String>,
    node: &Node,
    index: usize,
    problems: &mut Vec<Diagnostic>,
) -> Option<ServiceSpec> {
    // `api:` alone is a service with one instance and no metrics but `up`.
    let empty = Node { kind: Kind::Mapping(Vec::new()), span: node.span.clone() };
    let node = if node.kind == Kind::Null { &empty } else { node };
    let mut keys = Mapping::of(node, "service", problems)?;
    let described = keys.get("instances");
    let address = keys.get("address").and_then(|node| amount::text(node, problems));
    let metrics_path = keys.get("metrics_path").and_then(|node| amount::text(node, problems));
    let labels = keys.get("labels").map(|node| amount::labels(node, problems)).unwrap_or_default();
    let traffic = keys.get("traffic").and_then(|node| read_traffic(node, problems));
    let routes = keys.get("routes").map(|node| read_routes(node, problems)).unwrap_or_default();
    let instrumentation = keys.get("instrumentation").and_then(|node| read_instrumentation(node, problems));
    let (exporters, exported) =
        keys.get("exporter").map(|node| exporter::read(node, problems)).unwrap_or_default();
    let own = keys.get("metrics").map(|node| metric::read_metrics(node, problems)).unwrap_or_default();
    let cluster = keys.get("kubernetes").and_then(|node| kubernetes::read(node, &name.value, problems));
    let discovery = keys.get("discovery").map(|node| read_discovery(node, problems)).unwrap_or_default();
    keys.finish(problems);

    let names = match described {
        Some(node) => read_instances(node, &name.value, problems),
        None => vec![Described { name: name.value.clone(), address: None }],
    };
    let place = Place {
        index,
        address: address.map(|address| address.value),
        metrics_path: metrics_path.map_or_else(|| "/metrics".to_owned(), |path| path.value),
        cluster: cluster.as_ref(),
    };
    let instances: Vec<InstanceSpec> =
        names.into_iter().enumerate().map(|(at, described)| place.instance(at, described)).collect();
    let metrics = with_own(exported, own);
    check_instance_names(&metrics, &instances, problems);
    let (requests, duration, statuses) = instrumentation.unwrap_or_default();
    Some(ServiceSpec {
        place: node.span.clone(),
        ingestion: Ingestion::Scraped,
        instances,
        labels,
        traffic: traffic.unwrap_or_else(default_traffic),
        routes: if routes.is_empty() { vec![default_route(node)] } else { routes },
        requests,
        duration,
        statuses,
        metrics,
        exporters,
        kubernetes: cluster.map(|cluster| cluster.spec),
        discovery,
        name,
    })
}

/// An exporter's metrics, replaced where the service describes one of the same name itself.
fn with_own(mut exported: Vec<MetricSpec>, own: Vec<MetricSpec>) -> Vec<MetricSpec> {
    exported.retain(|metric| !own.iter().any(|other| other.name.value == metric.name.value));
    exported.extend(own);
    exported
}

fn check_instance_names(metrics: &[MetricSpec], instances: &[InstanceSpec], problems: &mut Vec<Diagnostic>) {
    for metric in metrics {
        for name in &metric.instances {
            if !instances.iter().any(|instance| instance.name == *name) {
                let known = instances.iter().map(|instance| instance.name.as_str());
                problems.push(
                    Diagnostic::error("unknown-instance", format!("there is no instance `{name}`"))
                        .at(&metric.name.span)
                        .label("of this metric")
                        .suggest(name, known),
                );
            }
        }
    }
}

struct Described {
    name: String,
    address: Option<String>,
}

fn read_instances(node: &Node, service: &str, problems: &mut Vec<Diagnostic>) -> Vec<Described> {
    let Some(items) = node.items() else {
        let Some(count) = amount::number(node, problems) else { return Vec::new() };
        if count.fract() != 0.0 || !(1.0..=MAX_INSTANCES).contains(&count) {
            problems.push(amount::out_of_range(node, "a whole number from 1 to 10000, or a list of names"));
            return Vec::new();
        }
        let name = |at: usize| if count == 1.0 { service.to_owned() } else { format!("{service}-{at}") };
        return (0..count as usize).map(|at| Described { name: name(at), address: None }).collect();
    };
    let mut found: Vec<Described> = Vec::new();
    for item in items {
        let described = if item.entries().is_some() {
            let Some(mut keys) = Mapping::of(item, "instance", problems) else { continue };
            let name = keys.require("name", problems).and_then(|node| amount::name(node, "a name", problems));
            let address = keys.get("address").and_then(|node| amount::text(node, problems));
            keys.finish(problems);
            name.map(|name| Described { name: name.value, address: address.map(|address| address.value) })
        } else {
            amount::name(item, "an instance's name or address", problems).map(|text| Described {
                address: text.value.contains(':').then(|| text.value.clone()),
                name: text.value,
            })
        };
        let Some(described) = described else { continue };
        if found.iter().any(|known| known.name == described.name) {
            problems.push(
                Diagnostic::error(
                    "duplicate-instance",
                    format!("two instances are called `{}`", described.name),
                )
                .at(&item.span)
                .label("again here"),
            );
            continue;
        }
        found.push(described);
    }
    if found.is_empty() {
        problems.push(wrong_type(node, "at least one instance"));
    }
    found
}

/// Where a service's instances stand.
struct Place<'s> {
    index: usize,
    /// `{instance}` in it stands for the instance's name.
    address: Option<String>,
    metrics_path: String,
    cluster: Option<&'s kubernetes::Cluster>,
}

impl Place<'_> {
    fn instance(&self, at: usize, described: Described) -> InstanceSpec {
        let Described { name, address } = described;
        let fill = |text: &str| text.replace("{instance}", &name);
        let mut addresses = Vec::new();
        let mut add = |address: String| {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        };
        let port = self.port();
        let is_node = self.cluster.is_some_and(|cluster| cluster.spec.kind == KubernetesKind::Node);
        let (high, low) = (at / 250, at % 250 + 1);
        let ip = match is_node {
            true => format!("192.168.{high}.{low}"),
            false => format!("10.{}.{high}.{low}", 1 + self.index % 250),
        };
        match (&address, &self.address) {
            (Some(own), _) => add(own.clone()),
            (None, Some(shared)) => add(fill(shared)),
            (None, None) => {}
        }
        if !name.contains(':') {
            add(format!("{name}:{port}"));
        }
        let mut node = String::new();
        if let Some(cluster) = self.cluster {
            for port in cluster.ports().chain([if is_node { 10250 } else { port }]) {
                add(format!("{ip}:{port}"));
            }
            for address in cluster.service_addresses() {
                add(address);
            }
            node = if is_node { name.clone() } else { cluster.node(at) };
        }
        InstanceSpec { addresses, metrics_path: fill(&self.metrics_path), ip, node, name }
    }

    fn port(&self) -> u16 {
        let stated = self.address.as_deref().and_then(|address| address.rsplit_once(':')?.1.parse().ok());
        stated.or_else(|| self.cluster.and_then(kubernetes::Cluster::port)).unwrap_or(DEFAULT_PORT)
    }
}

fn default_traffic() -> TrafficSpec {
    TrafficSpec {
        per_second: 10.0,
        errors: 0.0,
        error_status: 500,
        status: 200,
        latency: Distribution::Quantile(0.95, 0.1),
    }
}

fn default_route(node: &Node) -> RouteSpec {
    RouteSpec {
        path: Spanned::new("/".to_owned(), node.span.clone()),
        methods: vec!["GET".to_owned()],
        share: 1.0,
        latency: None,
    }
}

fn read_traffic(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<TrafficSpec> {
    let mut traffic = default_traffic();
    let mut keys = Mapping::of(node, "traffic", problems)?;
    if let Some(rate) = keys.get("per_second").and_then(|node| amount::at_least_zero(node, problems)) {
        traffic.per_second = rate;
    }
    if let Some(ratio) = keys.get("errors").and_then(|node| amount::ratio(node, problems)) {
        traffic.errors = ratio;
    }
    if let Some(status) = keys.get("error_status").and_then(|node| amount::status(node, problems)) {
        traffic.error_status = status;
    }
    if let Some(status) = keys.get("status").and_then(|node| amount::status(node, problems)) {
        traffic.status = status;
    }
    if let Some(latency) = keys.get("latency").and_then(|node| amount::distribution(node, problems)) {
        traffic.latency = latency;
    }
    keys.finish(problems);
    Some(traffic)
}

/// `/path: 0.7` or `/path: {share, methods, latency}`.
fn read_routes(node: &Node, problems: &mut Vec<Diagnostic>) -> Vec<RouteSpec> {
    let Some(entries) = node.entries() else {
        problems.push(wrong_type(node, "a mapping of paths to routes"));
        return Vec::new();
    };
    entries
        .iter()
        .filter_map(|(path, node)| {
            let path = amount::name(path, "a path", problems)?;
            let mut route = RouteSpec { path, ..default_route(node) };
            match &node.kind {
                Kind::Null => {}
                Kind::Scalar(_) => route.share = amount::at_least_zero(node, problems)?,
                _ => {
                    let mut keys = Mapping::of(node, "route", problems)?;
                    if let Some(share) = keys.get("share").and_then(|n| amount::at_least_zero(n, problems)) {
                        route.share = share;
                    }
                    if let Some(methods) = keys.get("methods") {
                        route.methods = amount::texts(methods, problems);
                    }
                    route.latency = keys.get("latency").and_then(|n| amount::distribution(n, problems));
                    keys.finish(problems);
                }
            }
            Some(route)
        })
        .collect()
}

type Instrumentation = (Option<RequestsSpec>, Option<DurationSpec>, Vec<(String, String)>);

fn read_instrumentation(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Instrumentation> {
    let mut keys = Mapping::of(node, "instrumentation", problems)?;
    let requests = keys.get("requests").and_then(|node| {
        let counted = read_counted(node, "requests", problems)?;
        let help = counted.help.unwrap_or_else(|| "Requests served.".to_owned());
        Some(RequestsSpec { name: counted.name, help, labels: counted.labels, constant: counted.constant })
    });
    let duration = keys.get("duration").and_then(|node| {
        let timed = read_counted(node, "duration", problems)?;
        let help = timed.help.unwrap_or_else(|| "How long requests took, in seconds.".to_owned());
        Some(DurationSpec {
            name: timed.name,
            help,
            labels: timed.labels,
            constant: timed.constant,
            kind: timed.kind,
        })
    });
    let statuses = keys.get("statuses").map(|node| read_statuses(node, problems)).unwrap_or_default();
    keys.finish(problems);
    Some((requests, duration, statuses))
}

struct Counted {
    name: Spanned<String>,
    help: Option<String>,
    labels: RequestLabels,
    constant: Labels,
    kind: MetricKind,
}

/// A metric of requests: its name alone has the usual labels; a mapping has those that it names.
fn read_counted(node: &Node, what: &'static str, problems: &mut Vec<Diagnostic>) -> Option<Counted> {
    let default_kind = MetricKind::Histogram { buckets: DEFAULT_BUCKETS.to_vec() };
    if node.scalar().is_some() {
        let usual = |name: &str| Some(name.to_owned());
        return Some(Counted {
            name: amount::metric_name(node, problems)?,
            help: None,
            labels: RequestLabels { method: usual("method"), route: usual("route"), status: usual("status") },
            constant: Labels::empty(),
            kind: default_kind,
        });
    }
    let mut keys = Mapping::of(node, what, problems)?;
    let name = keys.require("name", problems).and_then(|node| amount::metric_name(node, problems));
    let help = keys.get("help").and_then(|node| amount::text(node, problems)).map(|help| help.value);
    let mut label = |key, problems: &mut Vec<Diagnostic>| {
        keys.get(key).and_then(|node| amount::label_name(node, problems))
    };
    let labels = RequestLabels {
        method: label("method", problems),
        route: label("route", problems),
        status: label("status", problems),
    };
    let constant = keys.get("labels").map(|node| amount::labels(node, problems)).unwrap_or_default();
    let mut kind = default_kind;
    if what == "duration"
        && let Some(stated) = metric::read_shape(&mut keys, problems)
    {
        kind = stated;
    }
    keys.finish(problems);
    Some(Counted { name: name?, help, labels, constant, kind })
}

/// `{2xx: success, 5xx: error}`: what stands in the status label instead of the code.
fn read_statuses(node: &Node, problems: &mut Vec<Diagnostic>) -> Vec<(String, String)> {
    let Some(entries) = node.entries() else {
        problems.push(wrong_type(node, "a mapping of status codes to texts"));
        return Vec::new();
    };
    let mut statuses = Vec::new();
    for (key, value) in entries {
        let (Some(key_text), Some(text)) = (key.scalar(), amount::text(value, problems)) else { continue };
        let class = key_text.strip_suffix("xx").is_some_and(|c| matches!(c, "1" | "2" | "3" | "4" | "5"));
        let code = key_text.parse::<u16>().is_ok_and(|code| (100..600).contains(&code));
        if !class && !code {
            problems.push(wrong_type(key, "a status code such as 404, or a class such as 5xx"));
            continue;
        }
        statuses.push((key_text.to_owned(), text.value));
    }
    statuses
}

/// `job: {labels}` or `job: [{labels}, …]`.
fn read_discovery(node: &Node, problems: &mut Vec<Diagnostic>) -> Vec<DiscoverySpec> {
    let Some(entries) = node.entries() else {
        problems.push(wrong_type(node, "a mapping of job names to label sets"));
        return Vec::new();
    };
    let mut found = Vec::new();
    for (job, sets) in entries {
        let Some(job) = amount::name(job, "a job name", problems) else { continue };
        let sets = sets.items().unwrap_or(std::slice::from_ref(sets));
        for set in sets {
            let labels = match set.kind {
                Kind::Null => Labels::empty(),
                _ => amount::labels(set, problems),
            };
            found.push(DiscoverySpec { job: job.clone(), labels });
        }
    }
    found
}

#[cfg(test)]
mod tests;
