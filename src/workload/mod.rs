//! The synthetic services that stand in for a team's application.
//!
//! Promises: the value of every series at an instant is a pure function of what `firedrill.yaml` says, the seed and
//! the changes up to then; not of when, how often or in which order it was asked. Traffic has no noise unless
//! a step asks for it. Processes begin at the workload's start with counters at zero, or long before (`age.rs`).
//!
//! Refuses: a change that names a service, instance, route or metric that nobody described.

mod age;
mod change;
mod course;
mod discovery;
mod distribution;
pub mod exposition;
mod flapping;
mod instrument;
mod rates;
mod resolve;
mod service;
mod spec;

pub use distribution::Distribution;
pub use service::{Health, Service};
pub use spec::*;

use std::collections::HashMap;

use crate::diagnostic::Diagnostic;
use crate::labels::Labels;
use crate::scenario::Change;
use crate::time::Timestamp;

#[derive(Clone, Debug)]
pub struct Workload {
    services: Vec<Service>,
    /// Who answers at an address, in the order described.
    addresses: HashMap<String, Vec<InstanceId>>,
    /// The instants at which instances entered or left discovery.
    memberships: Vec<Timestamp>,
    flaps: Vec<flapping::Flap>,
    /// What is given by then has always been so.
    long_running_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId {
    service: u32,
    instance: u32,
}

impl InstanceId {
    /// The position of its service among the workload's.
    pub fn service(self) -> usize {
        self.service as usize
    }

    /// Its own position among the service's.
    pub fn instance(self) -> usize {
        self.instance as usize
    }
}

/// What a request to an address finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    Serves(InstanceId),
    /// Somebody answers, but not at this path.
    NotFound,
    Refuses,
    TimesOut,
}

impl Workload {
    pub fn new(specs: &[ServiceSpec], seed: u64, start: Timestamp) -> Self {
        let mut addresses: HashMap<String, Vec<InstanceId>> = HashMap::new();
        for (service, spec) in specs.iter().enumerate() {
            for (instance, described) in spec.instances.iter().enumerate() {
                let id = InstanceId { service: service as u32, instance: instance as u32 };
                for address in &described.addresses {
                    addresses.entry(address.clone()).or_default().push(id);
                }
            }
        }
        let services = specs.iter().map(|spec| Service::new(spec.clone(), seed, start)).collect();
        Workload { services, addresses, memberships: Vec::new(), flaps: Vec::new(), long_running_at: None }
    }

    /// A when-step: it takes effect at `at`, which is never before the last change.
    pub fn apply(&mut self, at: Timestamp, change: &Change) -> Result<(), Diagnostic> {
        self.change(at, change, false)
    }

    /// A given-step: as [`Workload::apply`], and what "recovers" returns to from now on.
    pub fn given(&mut self, at: Timestamp, change: &Change) -> Result<(), Diagnostic> {
        self.change(at, change, true)
    }

    pub fn services(&self) -> &[Service] {
        &self.services
    }

    pub fn service(&self, id: InstanceId) -> &Service {
        &self.services[id.service as usize]
    }

    /// Whoever answers at `host:port`; of several that share it, the first that is up. An address may
    /// leave out the port, which then is the scheme's.
    pub fn reach(&self, at: Timestamp, scheme: &str, address: &str, path: &str) -> Reach {
        let with_port;
        let address = match has_port(address) {
            true => address,
            false => {
                with_port = format!("{address}:{}", if scheme == "https" { 443 } else { 80 });
                &with_port
            }
        };
        let mut worst = Reach::Refuses;
        for id in self.addresses.get(address).map_or(&[][..], Vec::as_slice) {
            let service = &self.services[id.service as usize];
            match service.health(id.instance as usize, at) {
                Health::Up if service.spec().instances[id.instance as usize].metrics_path == path => {
                    return Reach::Serves(*id);
                }
                Health::Up => worst = Reach::NotFound,
                Health::TimesOut if worst == Reach::Refuses => worst = Reach::TimesOut,
                Health::TimesOut | Health::Refuses | Health::Vanished => {}
            }
        }
        worst
    }

    /// Whether some instance takes connections and never answers.
    pub fn anybody_hangs(&self, at: Timestamp) -> bool {
        let hangs = |service: &Service| {
            (0..service.spec().instances.len())
                .any(|instance| service.health(instance, at) == Health::TimesOut)
        };
        self.services.iter().any(hangs)
    }

    /// Every series that the instance exports at `at`, by its position among the instance's series; positions
    /// never change and only grow in number.
    pub fn samples(&self, id: InstanceId, at: Timestamp, each: impl FnMut(usize, f64)) {
        self.services[id.service as usize].samples(id.instance as usize, at, each);
    }

    pub fn series_count(&self, id: InstanceId) -> usize {
        self.services[id.service as usize].series_count()
    }

    /// The labels of a series as the instance exports it, `__name__` among them.
    pub fn series_labels(&self, id: InstanceId, position: usize) -> &Labels {
        self.services[id.service as usize].series_labels(position)
    }

    /// The instances whose series stand in the storage without a scrape.
    pub fn direct(&self) -> impl Iterator<Item = InstanceId> {
        let direct = |(_, service): &(usize, &Service)| service.spec().ingestion == Ingestion::Direct;
        self.services.iter().enumerate().filter(direct).flat_map(|(index, service)| {
            (0..service.spec().instances.len())
                .map(move |instance| InstanceId { service: index as u32, instance: instance as u32 })
        })
    }

    /// How often instances have entered or left discovery by `at`: targets need no second look while it stays.
    pub fn membership(&self, at: Timestamp) -> usize {
        self.memberships.partition_point(|change| *change <= at)
    }
}

/// Whether `host:port` has its port: IPv6 addresses stand in brackets.
pub fn has_port(address: &str) -> bool {
    let after_bracket = address.rfind(']').map_or(0, |bracket| bracket + 1);
    address[after_bracket..].contains(':')
}

#[cfg(test)]
mod tests;
