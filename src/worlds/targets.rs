//! The synthetic services as real scrape targets.
//!
//! It is an HTTP proxy: with its URL as a job's `proxy_url`, Prometheus asks it for `http://api:8080/metrics` by that
//! very address, and so the team's targets, relabelling and `instance` labels stay as they are. It also answers
//! `http_sd_configs` in the place of discoveries that need a cluster, with the labels that the cluster would give.
//!
//! An instance that refuses connections closes them without a word, and one that times out never answers: to
//! Prometheus both are down. Where an exporter is real, it is asked itself. Refuses `https` targets, which a proxy cannot
//! read.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use serde_json::{Value, json};

use super::clock::Clock;
use super::http::{self, Answering, Reply, Request};
use super::real::ask;
use super::server::Server;
use crate::diagnostic::Diagnostic;
use crate::labels::Labels;
use crate::scenario::Change;
use crate::stack::Discovery;
use crate::time::Timestamp;
use crate::workload::{Reach, Workload, exposition};

/// What Prometheus accepts as the text format.
const EXPOSITION: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Serves until it is dropped.
#[derive(Debug)]
pub struct Targets {
    shared: Arc<RwLock<Served>>,
    clock: Clock,
    server: Server,
}

#[derive(Debug)]
struct Served {
    workload: Workload,
    /// By number: the job, and what its targets are discovered by.
    discoveries: Vec<(String, Discovery)>,
    /// Where the real exporters listen, by their services' places and their own.
    exporters: BTreeMap<(usize, usize), SocketAddr>,
}

/// Who answers a request.
#[derive(Debug)]
enum Found {
    Here(Answering),
    /// The real exporter there, at this path.
    At(SocketAddr, String),
}

impl Targets {
    pub fn start(workload: Workload, clock: Clock) -> io::Result<Targets> {
        let shared =
            Arc::new(RwLock::new(Served { workload, discoveries: Vec::new(), exporters: BTreeMap::new() }));
        let answering = Arc::clone(&shared);
        let server = http::serve(move |request| {
            let now = clock.now();
            if read(&answering).workload.next_flap().is_some_and(|next| next <= now) {
                write(&answering).workload.flap_until(now);
            }
            let found = answer(&read(&answering), clock, request);
            // While the real one answers nobody else waits.
            match found {
                Found::Here(answering) => answering,
                Found::At(exporter, path) => passed_on(exporter, &path),
            }
        })?;
        Ok(Targets { shared, clock, server })
    }

    /// Where it listens: with `http://` before it, a job's `proxy_url`.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The path there, for an `http_sd_configs` that finds what `discovery` of this job would find.
    pub fn discover(&self, job: &str, discovery: &Discovery) -> String {
        let mut served = write(&self.shared);
        served.discoveries.push((job.to_owned(), discovery.clone()));
        format!("/discovery/{}", served.discoveries.len() - 1)
    }

    /// Whether a scrape that began then may have run into its timeout by a step's doing.
    pub fn may_time_out(&self, at: Timestamp) -> bool {
        let served = read(&self.shared);
        // A real exporter takes as long as it takes.
        !served.exporters.is_empty() || served.workload.anybody_hangs(at)
    }

    /// From now on that exporter answers in the place of an instance.
    pub fn lead_to(&self, instance: (usize, usize), exporter: SocketAddr) {
        write(&self.shared).exporters.insert(instance, exporter);
    }

    /// A given-step: as [`Targets::apply`], and what "recovers" returns to from now on.
    pub fn given(&self, change: &Change) -> Result<(), Diagnostic> {
        write(&self.shared).workload.given(self.clock.now(), change)
    }

    /// A when-step takes effect now, at the instant that is given back.
    pub fn apply(&self, change: &Change) -> Result<Timestamp, Diagnostic> {
        let mut served = write(&self.shared);
        // Read while nobody else can change it: no change is before the last one.
        let now = self.clock.now();
        served.workload.apply(now, change)?;
        Ok(now)
    }
}

fn answer(served: &Served, clock: Clock, request: &Request) -> Found {
    if request.method == "CONNECT" {
        return Found::Here(Answering::Now(Reply::text(501, "only http targets can be served")));
    }
    if request.method != "GET" {
        return Found::Here(Answering::Now(Reply::text(405, "method not allowed")));
    }
    match request.target.split_once("://") {
        Some((scheme, rest)) => {
            let slash = rest.find(['/', '?']).unwrap_or(rest.len());
            let (address, path) = rest.split_at(slash);
            let path = path.split('?').next().unwrap_or_default();
            target(served, clock, scheme, address, if path.is_empty() { "/" } else { path })
        }
        None => Found::Here(Answering::Now(discovered(served, clock, &request.target))),
    }
}

fn target(served: &Served, clock: Clock, scheme: &str, address: &str, path: &str) -> Found {
    let (workload, at) = (&served.workload, clock.now());
    Found::Here(match workload.reach(at, scheme, address, path) {
        Reach::Serves(id) => match served.exporters.get(&(id.service(), id.instance())) {
            Some(exporter) => return Found::At(*exporter, path.to_owned()),
            None => Answering::Now(Reply {
                status: 200,
                content_type: EXPOSITION,
                body: exposition::write(workload, id, at, clock.speed()),
            }),
        },
        Reach::NotFound => Answering::Now(Reply::text(404, "404 page not found")),
        Reach::Refuses => Answering::HangUp,
        Reach::TimesOut => Answering::Never,
    })
}

/// What a real exporter says. One that says nothing is down.
fn passed_on(exporter: SocketAddr, path: &str) -> Answering {
    match ask::request(exporter, "GET", path, None) {
        Ok(answer) => {
            Answering::Now(Reply { status: answer.status, content_type: EXPOSITION, body: answer.body })
        }
        Err(_) => Answering::HangUp,
    }
}

fn discovered(served: &Served, clock: Clock, path: &str) -> Reply {
    let number = path.strip_prefix("/discovery/").and_then(|number| number.parse::<usize>().ok());
    let Some((job, discovery)) = number.and_then(|number| served.discoveries.get(number)) else {
        return Reply::text(404, "nothing is served here");
    };
    let targets = served.workload.targets(clock.now(), job, discovery);
    Reply::json(200, &targets.iter().map(group).collect())
}

/// A target as `http_sd_configs` reads it: its address, and all its other labels.
fn group(labels: &Labels) -> Value {
    let others = labels.iter().filter(|(name, _)| *name != "__address__");
    let others: serde_json::Map<String, Value> =
        others.map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
    json!({ "targets": [labels.value("__address__")], "labels": others })
}

fn read(served: &RwLock<Served>) -> RwLockReadGuard<'_, Served> {
    served.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(served: &RwLock<Served>) -> RwLockWriteGuard<'_, Served> {
    served.write().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::SourceFile;
    use crate::documents::{services, yaml};

    /// What becomes of a request for `target`, as status and first line.
    fn check(method: &str, target: &str, expected: &str) {
        const SERVICES: &str =
            "api: {address: api:8080, traffic: {per_second: 1}, instrumentation: {requests: hits_total}}\n";
        let (node, mut problems) = yaml::read_one(&SourceFile::new("firedrill.yaml", SERVICES));
        let specs = node.map(|node| services::read_services(&node, &mut problems)).unwrap_or_default();
        let clock = Clock::starting(Timestamp(0), 1);
        let served = Served {
            workload: Workload::new(&specs, 1, Timestamp(0)),
            discoveries: Vec::new(),
            exporters: BTreeMap::new(),
        };
        let (method, target) = (method.to_owned(), target.to_owned());
        let request = Request { method, target, headers: Vec::new(), body: Vec::new() };
        let got = match answer(&served, clock, &request) {
            Found::Here(Answering::Now(reply)) => {
                format!("{} {}", reply.status, reply.body.lines().next().unwrap_or_default())
            }
            Found::Here(other) => format!("{other:?}"),
            Found::At(..) => "a real exporter".to_owned(),
        };
        assert_eq!(got, expected, "{request:?}");
    }

    #[test]
    fn a_target_is_reached_by_its_own_address() {
        check(
            "GET",
            "http://api:8080/metrics?debug=1",
            "200 # HELP process_start_time_seconds Start time of the process since unix epoch in seconds.",
        );
        check("GET", "http://api:8080", "404 404 page not found");
        check("GET", "http://api:80/metrics", "HangUp");
        check("GET", "http://other:8080/metrics", "HangUp");
    }

    #[test]
    fn what_is_no_scrape_is_refused() {
        check("CONNECT", "api:8080", "501 only http targets can be served");
        check("POST", "http://api:8080/metrics", "405 method not allowed");
        check("GET", "/discovery/0", "404 nothing is served here");
        check("GET", "/metrics", "404 nothing is served here");
    }
}
