//! A service as it runs: its present conduct, and for each instance the course of every series.
//!
//! Traffic is shared equally by the instances that are up, as a load balancer would. An instance that refuses or
//! vanished has lost its process: back again, its counters begin at zero. One that times out only hangs.

use std::collections::HashMap;
use std::sync::Arc;

use crate::labels::{Labels, LabelsBuilder};
use crate::scenario::Outage;
use crate::time::Timestamp;
use crate::workload::course::{Course, Shape, mix};
use crate::workload::distribution::Distribution;
use crate::workload::instrument::{Family, Instrument, Registry};
use crate::workload::rates::Rates;
use crate::workload::spec::{Ingestion, MetricKind, RequestLabels, SeriesSpec, ServiceSpec};

#[derive(Clone, Debug)]
pub struct Service {
    spec: Arc<ServiceSpec>,
    seed: u64,
    registry: Registry,
    pub(super) flows: Vec<Flow>,
    pub(super) metrics: Vec<OwnSeries>,
    pub(super) instances: Vec<Instance>,
    pub(super) conduct: Conduct,
    /// What "recovers" returns to.
    pub(super) normal: Conduct,
    /// `process_start_time_seconds`, where there is a process.
    start_time: Option<usize>,
    recorded: HashMap<(usize, u16), Recorded>,
}

/// The requests of one method to one route.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    pub path: String,
    pub method: String,
    /// Of the service's traffic; all flows together have 1.
    pub share: f64,
}

/// A series of a metric that requests don't move: a scenario may.
#[derive(Clone, Debug)]
pub(super) struct OwnSeries {
    pub metric: usize,
    pub labels: Labels,
    pub what: Own,
}

#[derive(Clone, Debug)]
pub(super) enum Own {
    Gauge(usize),
    Counter(usize),
    Observed(Instrument),
}

#[derive(Clone, Debug)]
pub(super) struct Instance {
    pub health: Vec<(Timestamp, Health)>,
    pub courses: Vec<Course>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    Up,
    Refuses,
    TimesOut,
    Vanished,
}

impl Health {
    pub(super) fn of(outage: Outage) -> Health {
        match outage {
            Outage::Refuses => Health::Refuses,
            Outage::TimesOut => Health::TimesOut,
            Outage::Vanishes => Health::Vanished,
        }
    }
}

/// How the service behaves now.
#[derive(Clone, Debug)]
pub(super) struct Conduct {
    pub per_second: f64,
    /// A flow with a rate of its own, whatever the service's.
    pub flow_rates: Vec<Option<f64>>,
    /// By instance, then flow.
    pub requests: Vec<Vec<RequestConduct>>,
    /// By instance, then own series.
    pub metrics: Vec<Vec<MetricConduct>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct RequestConduct {
    pub errors: f64,
    pub status: u16,
    pub latency: Distribution,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct MetricConduct {
    pub exported: bool,
    pub value: f64,
    pub per_second: f64,
    pub noise: f64,
    pub observed: Distribution,
}

/// Where a request of some flow and status is recorded.
#[derive(Clone, Debug)]
struct Recorded {
    counter: Option<usize>,
    duration: Option<Instrument>,
}

impl Service {
    pub(super) fn new(spec: ServiceSpec, seed: u64, start: Timestamp) -> Self {
        let mut registry = Registry::default();
        let start_time = (spec.ingestion == Ingestion::Scraped).then(|| {
            let help = "Start time of the process since unix epoch in seconds.";
            let family = registry.family("process_start_time_seconds", help, &MetricKind::Gauge);
            registry.simple(family, &spec.labels, false)
        });
        let metrics = own_series(&spec, &mut registry);
        let flows = flows(&spec);
        let conduct = Conduct {
            per_second: spec.traffic.per_second,
            flow_rates: vec![None; flows.len()],
            requests: vec![request_conduct(&spec); spec.instances.len()],
            metrics: spec.instances.iter().map(|instance| metric_conduct(&spec, &instance.name)).collect(),
        };
        let instance =
            Instance { health: Vec::new(), courses: vec![Course::default(); registry.series.len()] };
        let mut service = Service {
            seed,
            instances: vec![instance; spec.instances.len()],
            spec: Arc::new(spec),
            registry,
            flows,
            metrics,
            normal: conduct.clone(),
            conduct,
            start_time,
            recorded: HashMap::new(),
        };
        for instance in 0..service.instances.len() {
            service.process_starts(instance, start);
            for own in 0..service.metrics.len() {
                service.settle_metric(instance, own, start);
            }
        }
        service.settle(start);
        service
    }

    pub fn spec(&self) -> &ServiceSpec {
        &self.spec
    }

    pub fn families(&self) -> &[Family] {
        &self.registry.families
    }

    pub fn health(&self, instance: usize, at: Timestamp) -> Health {
        let health = &self.instances[instance].health;
        let after = health.partition_point(|(since, _)| *since <= at);
        after.checked_sub(1).map_or(Health::Up, |index| health[index].1)
    }

    pub fn series_count(&self) -> usize {
        self.registry.series.len()
    }

    pub fn series_labels(&self, position: usize) -> &Labels {
        &self.registry.series[position].labels
    }

    /// The position of the series' family in [`Service::families`].
    pub fn series_family(&self, position: usize) -> usize {
        self.registry.series[position].family
    }

    pub fn samples(&self, instance: usize, at: Timestamp, mut each: impl FnMut(usize, f64)) {
        for (position, course) in self.instances[instance].courses.iter().enumerate() {
            if let Some(value) = course.value(at, self.salt(instance, position)) {
                each(position, value);
            }
        }
    }

    pub(super) fn value(&self, instance: usize, position: usize, at: Timestamp) -> Option<f64> {
        self.instances[instance].courses[position].value(at, self.salt(instance, position))
    }

    pub(super) fn set_health(&mut self, instance: usize, at: Timestamp, health: Health) {
        self.instances[instance].health.push((at, health));
    }

    /// A new process: its counters begin at zero.
    pub(super) fn process_starts(&mut self, instance: usize, at: Timestamp) {
        let series = &self.registry.series;
        let courses = &mut self.instances[instance].courses;
        for (course, _) in courses.iter_mut().zip(series).filter(|(_, identity)| identity.resets) {
            course.reset(at);
        }
        self.started(instance, at, at);
    }

    /// From `at` on the process says that it started at `started`.
    pub(super) fn started(&mut self, instance: usize, at: Timestamp, started: Timestamp) {
        if let Some(start_time) = self.start_time {
            let shape = Shape::Line { from: started.seconds(), per_second: 0.0 };
            self.instances[instance].courses[start_time].set(at, shape);
        }
    }

    pub(super) fn restarts_at_zero(&self, position: usize) -> bool {
        self.registry.series[position].resets
    }

    /// Gives every series that requests and observations move its present rate, on every instance.
    pub(super) fn settle(&mut self, at: Timestamp) {
        let up: Vec<bool> = (0..self.instances.len()).map(|i| self.health(i, at) == Health::Up).collect();
        let serving = up.iter().filter(|up| **up).count().max(1) as f64;
        let mut rates = Rates::default();
        for (instance, up) in up.into_iter().enumerate() {
            rates.clear();
            if up {
                self.record_requests(instance, serving, &mut rates);
            }
            self.record_observations(instance, &mut rates);
            self.turn(instance, at, &rates);
        }
    }

    fn record_requests(&mut self, instance: usize, serving: f64, rates: &mut Rates) {
        for flow in 0..self.flows.len() {
            let of_service =
                self.conduct.flow_rates[flow].unwrap_or(self.conduct.per_second * self.flows[flow].share);
            let per_second = of_service / serving;
            let conduct = self.conduct.requests[instance][flow];
            let failing = per_second * conduct.errors;
            let outcomes = [(self.spec.traffic.status, per_second - failing), (conduct.status, failing)];
            for (status, rate) in outcomes.into_iter().filter(|(_, rate)| *rate > 0.0) {
                let recorded = self.recorded(flow, status);
                if let Some(counter) = recorded.counter {
                    rates.add(counter, rate);
                }
                if let Some(duration) = &recorded.duration {
                    rates.observe(duration, rate, conduct.latency);
                }
            }
        }
    }

    fn record_observations(&self, instance: usize, rates: &mut Rates) {
        for (own, conduct) in self.metrics.iter().zip(&self.conduct.metrics[instance]) {
            if let Own::Observed(instrument) = &own.what
                && conduct.exported
            {
                rates.observe(instrument, conduct.per_second, conduct.observed);
            }
        }
    }

    fn turn(&mut self, instance: usize, at: Timestamp, rates: &Rates) {
        let courses = &mut self.instances[instance].courses;
        courses.resize_with(self.registry.series.len(), Course::default);
        // What is not recorded any more stands still; it does not vanish, as a client library keeps what it has counted.
        for recorded in self.recorded.values() {
            let parts = recorded.duration.iter().flat_map(Instrument::growing);
            for position in recorded.counter.into_iter().chain(parts) {
                courses[position].turn(at, rates.growth(position));
            }
            if let Some(duration) = &recorded.duration {
                rates.show_quantiles(duration, at, courses);
            }
        }
        for (own, conduct) in self.metrics.iter().zip(&self.conduct.metrics[instance]) {
            let Own::Observed(instrument) = &own.what else { continue };
            if !conduct.exported {
                instrument.positions().for_each(|position| courses[position].set(at, Shape::Absent));
                continue;
            }
            for position in instrument.growing() {
                let wanted = rates.growth(position);
                match courses[position].shape(at) {
                    Shape::Line { per_second, .. } if per_second == wanted => {}
                    _ => {
                        let from = courses[position].value(at, 0).unwrap_or(0.0);
                        courses[position].set(at, Shape::Line { from, per_second: wanted });
                    }
                }
            }
            rates.show_quantiles(instrument, at, courses);
        }
    }

    /// Puts a gauge or counter of its own onto the course that its conduct says.
    pub(super) fn settle_metric(&mut self, instance: usize, own: usize, at: Timestamp) {
        let conduct = self.conduct.metrics[instance][own];
        let (position, shape) = match self.metrics[own].what {
            Own::Observed(_) => return,
            Own::Gauge(position) if conduct.noise > 0.0 => {
                (position, Shape::Noise { mean: conduct.value, spread: conduct.noise })
            }
            Own::Gauge(position) => {
                (position, Shape::Line { from: conduct.value, per_second: conduct.per_second })
            }
            Own::Counter(position) => {
                let from = self.value(instance, position, at).unwrap_or(conduct.value);
                let (per_second, spread) = (conduct.per_second, conduct.noise);
                match spread > 0.0 {
                    true => (position, Shape::NoisyGrowth { from, per_second, spread }),
                    false => (position, Shape::Line { from, per_second }),
                }
            }
        };
        let shape = if conduct.exported { shape } else { Shape::Absent };
        self.instances[instance].courses[position].set(at, shape);
    }

    fn recorded(&mut self, flow: usize, status: u16) -> &Recorded {
        let (spec, registry, flows) = (&self.spec, &mut self.registry, &self.flows);
        self.recorded.entry((flow, status)).or_insert_with(|| {
            let counter = spec.requests.as_ref().map(|requests| {
                let labels = request_labels(spec, &requests.labels, &requests.constant, &flows[flow], status);
                let family = registry.family(&requests.name.value, &requests.help, &MetricKind::Counter);
                registry.simple(family, &labels, true)
            });
            let duration = spec.duration.as_ref().and_then(|duration| {
                let labels = request_labels(spec, &duration.labels, &duration.constant, &flows[flow], status);
                let family = registry.family(&duration.name.value, &duration.help, &duration.kind);
                registry.instrument(family, &labels, &duration.kind)
            });
            Recorded { counter, duration }
        })
    }

    fn salt(&self, instance: usize, position: usize) -> u64 {
        let name = self.spec.name.value.bytes().fold(self.seed, |salt, byte| mix(salt ^ u64::from(byte)));
        mix(name ^ ((instance as u64) << 32 | position as u64))
    }
}

fn flows(spec: &ServiceSpec) -> Vec<Flow> {
    let total: f64 = spec.routes.iter().map(|route| route.share).sum();
    let mut flows = Vec::new();
    for route in &spec.routes {
        for method in &route.methods {
            flows.push(Flow {
                path: route.path.value.clone(),
                method: method.clone(),
                share: if total > 0.0 { route.share / total / route.methods.len() as f64 } else { 0.0 },
            });
        }
    }
    flows
}

fn request_conduct(spec: &ServiceSpec) -> Vec<RequestConduct> {
    let traffic = &spec.traffic;
    let of_route = |route: &super::RouteSpec| RequestConduct {
        errors: traffic.errors,
        status: traffic.error_status,
        latency: route.latency.unwrap_or(traffic.latency),
    };
    spec.routes.iter().flat_map(|route| std::iter::repeat_n(of_route(route), route.methods.len())).collect()
}

fn metric_conduct(spec: &ServiceSpec, instance: &str) -> Vec<MetricConduct> {
    spec.metrics
        .iter()
        .flat_map(|metric| {
            let exported =
                metric.instances.is_empty() || metric.instances.iter().any(|name| name == instance);
            metric.series.iter().map(move |series| normal_course(series, exported))
        })
        .collect()
}

fn normal_course(series: &SeriesSpec, exported: bool) -> MetricConduct {
    MetricConduct {
        exported,
        value: series.value,
        per_second: series.per_second,
        noise: series.noise,
        observed: series.observed,
    }
}

fn own_series(spec: &ServiceSpec, registry: &mut Registry) -> Vec<OwnSeries> {
    let mut own = Vec::new();
    for (metric, described) in spec.metrics.iter().enumerate() {
        let family = registry.family(&described.name.value, &described.help, &described.kind);
        for series in &described.series {
            let labels = merged(&spec.labels, &series.labels);
            let what = match registry.instrument(family, &labels, &described.kind) {
                Some(instrument) => Own::Observed(instrument),
                None if described.kind == MetricKind::Counter => {
                    Own::Counter(registry.simple(family, &labels, true))
                }
                None => Own::Gauge(registry.simple(family, &labels, false)),
            };
            own.push(OwnSeries { metric, labels, what });
        }
    }
    own
}

fn request_labels(
    spec: &ServiceSpec,
    names: &RequestLabels,
    constant: &Labels,
    flow: &Flow,
    status: u16,
) -> Labels {
    let mut labels = merged(&spec.labels, constant).builder();
    let mut put = |name: &Option<String>, value: &str| {
        if let Some(name) = name {
            labels.set(name.as_str(), value);
        }
    };
    put(&names.method, &flow.method);
    put(&names.route, &flow.path);
    put(&names.status, &status_text(spec, status));
    labels.build()
}

fn status_text(spec: &ServiceSpec, status: u16) -> String {
    let code = status.to_string();
    let class = format!("{}xx", status / 100);
    let named = |wanted: &str| spec.statuses.iter().find(|(key, _)| key == wanted);
    named(&code).or_else(|| named(&class)).map_or_else(|| code.clone(), |(_, text)| text.clone())
}

fn merged(base: &Labels, over: &Labels) -> Labels {
    let mut builder: LabelsBuilder = base.builder();
    for (name, value) in over.iter() {
        builder.set(name, value);
    }
    builder.build()
}
