//! Finding what a change names, and whether it can be made there; a run is not started otherwise.

use crate::diagnostic::{Diagnostic, Spanned};
use crate::scenario::{Change, Course as Asked, Latency, MetricName};
use crate::time::Duration;
use crate::workload::Workload;
use crate::workload::service::{Own, Service};

/// No scrape is so frequent that more could be seen.
const SHORTEST_FLAP: Duration = Duration::from_secs(1);

pub(super) enum Resolved {
    Service(usize, Scope),
    Metrics(Vec<FoundSeries>),
}

/// A service, and its series as pairs of instance and own series.
pub(super) type FoundSeries = (usize, Vec<(usize, usize)>);

/// What of a service a change concerns.
pub(super) struct Scope {
    pub instances: Vec<usize>,
    pub flows: Vec<usize>,
    /// All instances, without naming one.
    pub whole: bool,
    /// A route was named.
    pub route: bool,
}

impl Workload {
    /// Whether the change can be made at all; a run is not started otherwise.
    pub fn validate(&self, change: &Change) -> Result<(), Diagnostic> {
        self.resolve(change).map(drop)
    }

    pub fn service_names(&self) -> impl Iterator<Item = &str> {
        self.services.iter().map(|service| service.spec().name.value.as_str())
    }

    /// The metrics that a step may set: those that requests don't move.
    pub fn metric_names(&self) -> impl Iterator<Item = &str> {
        self.services
            .iter()
            .flat_map(|service| &service.spec().metrics)
            .map(|metric| metric.name.value.as_str())
    }

    pub(super) fn resolve(&self, change: &Change) -> Result<Resolved, Diagnostic> {
        let of = |service: &Spanned<String>, route: &Option<String>, instance: &Option<Spanned<String>>| {
            let index = match instance {
                Some(instance) if service.value.is_empty() => self.find_service_of(instance)?,
                _ => self.find_service(service)?,
            };
            let scope = Scope {
                instances: self.services[index].find_instances(instance.as_ref())?,
                flows: self.services[index].find_flows(service, route.as_deref())?,
                whole: instance.is_none(),
                route: route.is_some(),
            };
            Ok::<_, Diagnostic>((index, scope))
        };
        let (index, scope) = match change {
            Change::Traffic { service, route, per_second } => {
                check_amount(service, "requests per second", *per_second)?;
                let found = of(service, route, &None)?;
                self.services[found.0].check_counts_requests(service)?;
                found
            }
            Change::Errors { service, route, instance, ratio, .. } => {
                if !(0.0..=1.0).contains(ratio) {
                    return Err(wrong_amount(
                        service,
                        format!("an error ratio lies between 0 and 1 (100%), not at {ratio}"),
                    ));
                }
                let found = of(service, route, instance)?;
                self.services[found.0].check_counts_requests(service)?;
                found
            }
            Change::Latency { service, route, instance, latency } => {
                check_latency(service, *latency)?;
                let found = of(service, route, instance)?;
                self.services[found.0].check_times_requests(service)?;
                found
            }
            Change::Recovers { service, instance }
            | Change::Down { service, instance, .. }
            | Change::Restarts { service, instance } => of(service, &None, instance)?,
            Change::Flaps { service, instance, every, .. } => {
                check_period(service, *every)?;
                of(service, &None, instance)?
            }
            Change::Database { service, instance, .. } => {
                let found = of(service, &None, instance)?;
                self.services[found.0].check_has_database(service)?;
                found
            }
            Change::Metric { metric, course } => {
                let found = self.find_metric(metric)?;
                for (index, series) in &found {
                    self.services[*index].check_course(metric, course, series)?;
                }
                return Ok(Resolved::Metrics(found));
            }
            Change::MetricGone { metric } => return Ok(Resolved::Metrics(self.find_metric(metric)?)),
            // No service is concerned.
            Change::Prometheus(_) | Change::Alertmanager(_) => return Ok(Resolved::Metrics(Vec::new())),
        };
        Ok(Resolved::Service(index, scope))
    }

    fn find_service(&self, name: &Spanned<String>) -> Result<usize, Diagnostic> {
        self.services.iter().position(|service| service.spec().name.value == name.value).ok_or_else(|| {
            unknown("unknown-service", "service", name, self.service_names().map(str::to_owned).collect())
        })
    }

    /// A step that names an instance need not say whose it is, as long as only one service has it.
    fn find_service_of(&self, instance: &Spanned<String>) -> Result<usize, Diagnostic> {
        let has = |service: &Service| {
            (0..service.instances.len()).any(|at| service.is_instance(at, &instance.value))
        };
        let found: Vec<usize> = (0..self.services.len()).filter(|at| has(&self.services[*at])).collect();
        match found.as_slice() {
            [only] => Ok(*only),
            [] => {
                let specs = self.services.iter().flat_map(|service| &service.spec().instances);
                let known = specs.map(|instance| instance.name.clone()).collect();
                Err(unknown("unknown-instance", "instance", instance, known))
            }
            several => {
                let names: Vec<&str> =
                    several.iter().map(|at| self.services[*at].spec().name.value.as_str()).collect();
                Err(Diagnostic::error(
                    "ambiguous-instance",
                    format!("several services have an instance `{}`", instance.value),
                )
                .at(&instance.span)
                .label(format!("which one: {}?", names.join(" or "))))
            }
        }
    }

    /// By service, the own series that fit with the instances that export them.
    fn find_metric(&self, metric: &MetricName) -> Result<Vec<FoundSeries>, Diagnostic> {
        if let Some(service) = &metric.service {
            self.find_service(service)?;
        }
        let asked = |service: &Service| match &metric.service {
            Some(name) => service.spec().name.value == name.value,
            None => true,
        };
        let services = || self.services.iter().enumerate().filter(|(_, service)| asked(service));
        let found: Vec<_> = services()
            .map(|(index, service)| (index, service.find_series(metric)))
            .filter(|(_, series)| !series.is_empty())
            .collect();
        if !found.is_empty() {
            return Ok(found);
        }
        let name = &metric.name;
        if let Some((_, service)) = services().find(|(_, service)| service.moved_by_requests(&name.value)) {
            return Err(Diagnostic::error(
                "metric-of-requests",
                format!("`{}` follows the requests to {}", name.value, service.spec().name.value),
            )
            .at(&name.span)
            .label("can't be set on its own")
            .help("change the service's traffic, errors or latency instead"));
        }
        let label_sets: Vec<String> =
            services().flat_map(|(_, service)| service.label_sets(&name.value)).collect();
        if label_sets.is_empty() {
            let names = services().flat_map(|(_, service)| &service.spec().metrics);
            let names = names.map(|known| known.name.value.clone()).collect();
            return Err(unknown("unknown-metric", "metric", name, names));
        }
        let known = label_sets.iter().take(5).map(|set| format!("`{set}`")).collect::<Vec<_>>().join(", ");
        Err(Diagnostic::error(
            "unknown-series",
            format!("no series of `{}` has the labels {}", name.value, metric.labels),
        )
        .at(&name.span)
        .label("no series fits")
        .help(format!("known: {known}")))
    }
}

impl Service {
    fn find_instances(&self, name: Option<&Spanned<String>>) -> Result<Vec<usize>, Diagnostic> {
        let Some(name) = name else { return Ok((0..self.instances.len()).collect()) };
        let found: Vec<usize> =
            (0..self.instances.len()).filter(|instance| self.is_instance(*instance, &name.value)).collect();
        if !found.is_empty() {
            return Ok(found);
        }
        let known = self.spec().instances.iter().flat_map(|known| {
            std::iter::once(&known.name).chain(&known.addresses).cloned().collect::<Vec<_>>()
        });
        Err(unknown("unknown-instance", "instance", name, known.collect()))
    }

    fn is_instance(&self, instance: usize, name: &str) -> bool {
        let spec = &self.spec().instances[instance];
        spec.name == name || spec.addresses.iter().any(|address| address == name)
    }

    /// A route by its path, or by method and path.
    fn find_flows(&self, service: &Spanned<String>, route: Option<&str>) -> Result<Vec<usize>, Diagnostic> {
        let Some(route) = route else { return Ok((0..self.flows.len()).collect()) };
        let found: Vec<usize> = self
            .flows
            .iter()
            .enumerate()
            .filter(|(_, flow)| flow.path == route || format!("{} {}", flow.method, flow.path) == route)
            .map(|(index, _)| index)
            .collect();
        if !found.is_empty() {
            return Ok(found);
        }
        let mut known: Vec<String> = self.flows.iter().map(|flow| flow.path.clone()).collect();
        known.dedup();
        let route = Spanned::new(route.to_owned(), service.span.clone());
        Err(unknown("unknown-route", "route", &route, known))
    }

    /// The own series that fit, with each instance that exports them. Where a series has no `instance` label of its
    /// own, that label picks an instance by name or address.
    fn find_series(&self, metric: &MetricName) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        for (own, series) in self.metrics.iter().enumerate() {
            let described = &self.spec().metrics[series.metric];
            if described.name.value != metric.name.value {
                continue;
            }
            for (instance, spec) in self.spec().instances.iter().enumerate() {
                let exports = described.instances.is_empty() || described.instances.contains(&spec.name);
                let fits = metric.labels.iter().all(|(name, value)| {
                    series.labels.value(name) == value
                        || name == "instance"
                            && series.labels.get(name).is_none()
                            && self.is_instance(instance, value)
                });
                if exports && fits {
                    found.push((instance, own));
                }
            }
        }
        found
    }

    fn label_sets(&self, metric: &str) -> Vec<String> {
        let of_metric =
            self.metrics.iter().filter(|own| self.spec().metrics[own.metric].name.value == metric);
        of_metric.map(|own| own.labels.to_string()).collect()
    }

    fn moved_by_requests(&self, metric: &str) -> bool {
        let spec = self.spec();
        let timed = spec.duration.as_ref().is_some_and(|duration| {
            let base = metric
                .strip_suffix("_bucket")
                .or_else(|| metric.strip_suffix("_sum"))
                .or_else(|| metric.strip_suffix("_count"));
            duration.name.value == metric || base.is_some_and(|base| duration.name.value == base)
        });
        timed || spec.requests.as_ref().is_some_and(|requests| requests.name.value == metric)
    }

    fn check_counts_requests(&self, service: &Spanned<String>) -> Result<(), Diagnostic> {
        match self.spec().requests.is_some() || self.spec().duration.is_some() {
            true => Ok(()),
            false => Err(self.no_instrument(service, "counts no requests", "instrumentation.requests")),
        }
    }

    fn check_times_requests(&self, service: &Spanned<String>) -> Result<(), Diagnostic> {
        match self.spec().duration.is_some() {
            true => Ok(()),
            false => Err(self.no_instrument(service, "measures no durations", "instrumentation.duration")),
        }
    }

    fn check_has_database(&self, service: &Spanned<String>) -> Result<(), Diagnostic> {
        match self.spec().database().is_some() {
            true => Ok(()),
            false => {
                Err(Diagnostic::error("no-database", format!("`{}` looks at no database", service.value))
                    .at(&service.span)
                    .label("has none")
                    .related(&self.spec().name.span, "described here")
                    .help("services with `exporter: postgres` or `exporter: redis` have one"))
            }
        }
    }

    fn no_instrument(&self, service: &Spanned<String>, lack: &str, key: &str) -> Diagnostic {
        Diagnostic::error("not-instrumented", format!("`{}` {lack}", service.value))
            .at(&service.span)
            .label("nothing would be seen of this")
            .related(&self.spec().name.span, "described here")
            .help(format!("describe it under `{key}`"))
    }

    fn check_course(
        &self,
        metric: &MetricName,
        course: &Asked,
        series: &[(usize, usize)],
    ) -> Result<(), Diagnostic> {
        let name = &metric.name.value;
        let finite = match course {
            Asked::Set(_) => true,
            Asked::Ramp { to, .. } => to.is_finite(),
            Asked::PerSecond(rate) => rate.is_finite(),
            Asked::Noise { mean, spread } => mean.is_finite() && spread.is_finite() && *spread >= 0.0,
        };
        if !finite {
            return Err(wrong_course(metric, format!("`{name}` can't take such a course: {course:?}")));
        }
        for (_, own) in series {
            match (&self.metrics[*own].what, course) {
                (Own::Counter(_), Asked::Set(amount) | Asked::PerSecond(amount))
                    if amount.is_nan() || *amount < 0.0 =>
                {
                    return Err(wrong_course(metric, format!("`{name}` is a counter: it can't be negative")));
                }
                (Own::Counter(_), Asked::Noise { mean, .. }) if *mean < 0.0 => {
                    return Err(wrong_course(metric, format!("`{name}` is a counter: it can't fall")));
                }
                (Own::Observed(_), Asked::Ramp { .. } | Asked::Noise { .. }) => {
                    let kind = self.spec().metrics[self.metrics[*own].metric].kind.as_str();
                    return Err(wrong_course(
                        metric,
                        format!("`{name}` is a {kind}: it has observations per second, and what is observed"),
                    ));
                }
                (Own::Observed(_), Asked::PerSecond(rate)) if *rate < 0.0 => {
                    return Err(wrong_course(metric, format!("`{name}` can't observe less than nothing")));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn unknown(id: &'static str, what: &str, name: &Spanned<String>, mut known: Vec<String>) -> Diagnostic {
    known.sort_unstable();
    known.dedup();
    let diagnostic = Diagnostic::error(id, format!("there is no {what} `{}`", name.value))
        .at(&name.span)
        .label("not described in firedrill.yaml");
    let suggested = diagnostic.suggest(&name.value, known.iter().map(String::as_str));
    match (&suggested.help, known.is_empty()) {
        (Some(_), _) => suggested,
        (None, true) => suggested.help(format!("firedrill.yaml describes no {what}")),
        (None, false) => suggested.help(format!("known: {}", known.join(", "))),
    }
}

fn wrong_amount(place: &Spanned<String>, message: String) -> Diagnostic {
    Diagnostic::error("wrong-amount", message).at(&place.span)
}

pub(super) fn wrong_course(metric: &MetricName, message: String) -> Diagnostic {
    Diagnostic::error("wrong-course", message).at(&metric.name.span)
}

fn check_amount(place: &Spanned<String>, what: &str, amount: f64) -> Result<(), Diagnostic> {
    match amount.is_finite() && amount >= 0.0 {
        true => Ok(()),
        false => Err(wrong_amount(place, format!("{amount} is no amount of {what}"))),
    }
}

fn check_period(place: &Spanned<String>, every: Duration) -> Result<(), Diagnostic> {
    match every >= SHORTEST_FLAP {
        true => Ok(()),
        false => {
            Err(wrong_amount(place, format!("nothing flaps every {every}: the shortest is {SHORTEST_FLAP}")))
        }
    }
}

fn check_latency(place: &Spanned<String>, latency: Latency) -> Result<(), Diagnostic> {
    let (quantile, length) = match latency {
        Latency::Fixed(length) => (0.5, length),
        Latency::Quantile(quantile, length) => (quantile, length),
    };
    if quantile <= 0.0 || quantile >= 1.0 || quantile.is_nan() {
        return Err(wrong_amount(place, format!("a quantile lies between 0 and 1, not at {quantile}")));
    }
    match length.0 > 0 {
        true => Ok(()),
        false => Err(wrong_amount(place, format!("requests can't take {length}"))),
    }
}
