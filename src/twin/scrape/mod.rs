//! Scraping in virtual time: targets from discovery, their samples into the storage, as Prometheus does it.
//!
//! Scraping runs ahead of the clock. Before a change cuts what was computed, [`ScrapePool::cut`] goes back
//! to where the clock stands.
//!
//! Differs from the real thing where that takes real time: a change in discovery is known at the next scrape (not up to
//! 5 s later), a scrape takes no time, and `scrape_duration_seconds` is a small made-up number.

mod outage;
mod series;
mod target;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::labels::Labels;
use crate::promql::{STALE_NAN, SeriesId, Storage};
use crate::stack::{Prometheus, ScrapeConfig};
use crate::time::{Duration, Timestamp};
use crate::timeline::Observed;
use crate::workload::{InstanceId, Reach, Workload, exposition};

use series::{Counts, Exported, ReportSeries};
pub use target::Target;

/// When, within its interval, a target is scraped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Offsets {
    /// All at the start and then at whole multiples of their interval.
    #[default]
    Aligned,
    /// Each at an offset of its own, from a hash of the target.
    Spread,
}

#[derive(Clone)]
pub struct ScrapePool {
    setup: Arc<Setup>,
    state: State,
    /// The state before the last [`ScrapePool::run`].
    before: Option<Box<State>>,
}

struct Setup {
    prometheus: Prometheus,
    offsets: Offsets,
    start: Timestamp,
}

/// Cheap to clone: what is long is shared until it changes.
#[derive(Clone)]
struct State {
    /// Everything due by then has happened; `None` before the first instant.
    done: Option<Timestamp>,
    /// Of the workload, when the targets were last looked up.
    membership: Option<usize>,
    runs: Vec<Run>,
    leaving: Vec<Leaving>,
    rejected: Arc<Vec<Rejected>>,
    direct: Vec<Direct>,
}

/// A target that is being scraped.
#[derive(Clone)]
struct Run {
    target: Arc<Target>,
    config: usize,
    /// Why every scrape of its job fails (`target_limit`).
    forced: Option<Arc<str>>,
    health: Option<(bool, Arc<str>)>,
    last: Option<Timestamp>,
    exported: Exported,
    report: Option<ReportSeries>,
}

/// A target that left: its series get their stale markers a little later, unless it is back by then.
#[derive(Clone)]
struct Leaving {
    due: Timestamp,
    last: Timestamp,
    series: Arc<[SeriesId]>,
}

/// Series that stand in the storage without a target.
#[derive(Clone)]
struct Direct {
    instance: InstanceId,
    exported: Exported,
}

/// A discovered target that can't be scraped, and Prometheus' reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Rejected {
    pub job: String,
    pub discovered: Labels,
    pub reason: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Schedule {
    interval: Duration,
    /// Of the first scrape, from the start.
    offset: Duration,
}

/// Receives what is seen, in the order of time.
pub type See<'s> = dyn FnMut(Timestamp, Observed) + 's;

impl ScrapePool {
    pub fn new(prometheus: &Prometheus, offsets: Offsets, start: Timestamp, workload: &Workload) -> Self {
        let setup = Setup { prometheus: prometheus.clone(), offsets, start };
        let direct =
            workload.direct().map(|instance| Direct { instance, exported: Exported::default() }).collect();
        let mut pool = ScrapePool {
            setup: Arc::new(setup),
            state: State {
                done: None,
                membership: None,
                runs: Vec::new(),
                leaving: Vec::new(),
                rejected: Arc::default(),
                direct,
            },
            before: None,
        };
        pool.state.look_up(&pool.setup, start, workload, &mut |_, _| {});
        pool
    }

    /// Scrapes everything due up to and with `until` that was not scraped before.
    pub fn run(&mut self, until: Timestamp, workload: &Workload, storage: &mut Storage, see: &mut See<'_>) {
        self.before = Some(Box::new(self.state.clone()));
        self.state.run(&self.setup, until, workload, storage, see);
    }

    /// Back to `now`, for a change that takes effect then: call it before the change is applied, with the storage
    /// cut already. The clock has been at `now` since the last [`ScrapePool::run`].
    pub fn cut(&mut self, now: Timestamp, workload: &Workload, storage: &mut Storage) {
        if self.state.done.is_none_or(|done| done <= now) {
            return;
        }
        if let Some(before) = self.before.take() {
            self.state = *before;
        }
        // What was stored up to now is refused a second time, and was seen already.
        self.state.run(&self.setup, now, workload, storage, &mut |_, _| {});
    }

    /// The next instant after `after` at which something is scraped or marked stale, whether or not that was
    /// computed ahead.
    pub fn next_due(&self, after: Timestamp) -> Option<Timestamp> {
        self.state.next_due(&self.setup, Some(after))
    }

    /// The targets scraped now.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        self.state.runs.iter().map(|run| &*run.target)
    }

    pub fn rejected(&self) -> &[Rejected] {
        &self.state.rejected
    }
}

impl Setup {
    fn configs(&self) -> &[ScrapeConfig] {
        &self.prometheus.scrape_configs
    }

    fn schedule(&self, target: &Target) -> Schedule {
        let interval = target.interval;
        match self.offsets {
            Offsets::Aligned => Schedule { interval, offset: Duration::ZERO },
            Offsets::Spread => {
                let place = Duration((target.hash() % interval.0.unsigned_abs()) as i64);
                let offset = Duration((place.0 - self.start.0).rem_euclid(interval.0));
                Schedule { interval, offset }
            }
        }
    }

    fn direct_schedule(&self) -> Schedule {
        Schedule { interval: self.prometheus.scrape_interval, offset: Duration::ZERO }
    }
}

impl Schedule {
    fn next(self, start: Timestamp, after: Option<Timestamp>) -> Timestamp {
        let first = start + self.offset;
        match after {
            Some(after) if after >= first => {
                let passed = (after - first).0 / self.interval.0 + 1;
                first + Duration(passed.saturating_mul(self.interval.0))
            }
            _ => first,
        }
    }

    fn is_due(self, start: Timestamp, at: Timestamp) -> bool {
        let passed = (at - (start + self.offset)).0;
        passed >= 0 && passed % self.interval.0 == 0
    }
}

impl State {
    fn next_due(&self, setup: &Setup, after: Option<Timestamp>) -> Option<Timestamp> {
        let mut schedules: Vec<Schedule> = Vec::new();
        let direct = (!self.direct.is_empty()).then(|| setup.direct_schedule());
        for schedule in self.runs.iter().map(|run| setup.schedule(&run.target)).chain(direct) {
            if !schedules.contains(&schedule) {
                schedules.push(schedule);
            }
        }
        let scrapes = schedules.into_iter().map(|schedule| schedule.next(setup.start, after));
        let markers = self.leaving.iter().map(|leaving| leaving.due);
        scrapes.chain(markers.filter(|due| after.is_none_or(|after| *due > after))).min()
    }

    fn run(
        &mut self,
        setup: &Setup,
        until: Timestamp,
        workload: &Workload,
        storage: &mut Storage,
        see: &mut See<'_>,
    ) {
        // Discovery may have found the first targets of a job, or lost the last.
        if let Some(done) = self.done.filter(|done| *done < until) {
            self.look_up(setup, done, workload, see);
        }
        while let Some(at) = self.next_due(setup, self.done).filter(|due| *due <= until) {
            self.look_up(setup, at, workload, see);
            self.mark_left(at, storage);
            for run in &mut self.runs {
                if setup.schedule(&run.target).is_due(setup.start, at) {
                    run.scrape(&setup.configs()[run.config], at, workload, storage, see);
                }
            }
            if !self.direct.is_empty() && setup.direct_schedule().is_due(setup.start, at) {
                for direct in &mut self.direct {
                    direct.store(at, workload, storage);
                }
            }
            self.done = Some(at);
        }
        self.done = self.done.max(Some(until));
    }

    /// Compares discovery with what is being scraped. A target that stays keeps its state.
    fn look_up(&mut self, setup: &Setup, at: Timestamp, workload: &Workload, see: &mut See<'_>) {
        let membership = Some(workload.membership(at));
        if self.membership == membership {
            return;
        }
        self.membership = membership;
        let mut known: BTreeMap<(usize, String), Run> = BTreeMap::new();
        for run in self.runs.drain(..) {
            known.insert((run.config, run.target.key.clone()), run);
        }
        let mut rejected = Vec::new();
        for (index, config) in setup.configs().iter().enumerate() {
            let found = target::find(config, setup.prometheus.semantics(), at, workload, &mut rejected);
            let limit = config.target_limit;
            let forced = (limit > 0 && found.len() as u64 > limit).then(|| {
                let count = found.len();
                format!("target_limit exceeded (number of targets: {count}, limit: {limit})").into()
            });
            for target in found {
                let mut run = known.remove(&(index, target.key.clone())).unwrap_or_else(|| Run {
                    target: Arc::new(target),
                    config: index,
                    forced: None,
                    health: None,
                    last: None,
                    exported: Exported::default(),
                    report: None,
                });
                run.forced.clone_from(&forced);
                self.runs.push(run);
            }
        }
        self.rejected = Arc::new(rejected);
        for run in known.into_values() {
            see(at, Observed::TargetGone { labels: run.target.labels.clone() });
            if let Some(last) = run.last {
                // Prometheus waits for two more scrapes and a tenth, in case the target comes back.
                let interval = run.target.interval;
                let due = last + Duration(interval.0.saturating_mul(2) + interval.0 / 10);
                let series = run.exported.present().chain(run.report.iter().flat_map(ReportSeries::ids));
                self.leaving.push(Leaving { due, last, series: series.collect() });
            }
        }
    }

    fn mark_left(&mut self, at: Timestamp, storage: &mut Storage) {
        self.leaving.retain(|leaving| {
            if leaving.due > at {
                return true;
            }
            for id in leaving.series.iter() {
                let back = storage.latest(*id, at).is_some_and(|(newest, _)| newest > leaving.last);
                if !back {
                    storage.append(*id, leaving.due, STALE_NAN);
                }
            }
            false
        });
    }
}

impl Run {
    fn scrape(
        &mut self,
        config: &ScrapeConfig,
        at: Timestamp,
        workload: &Workload,
        storage: &mut Storage,
        see: &mut See<'_>,
    ) {
        self.last = Some(at);
        let target = self.target.clone();
        let reached = match &self.forced {
            Some(reason) => Err(reason.to_string()),
            None => match workload.reach(at, &target.scheme, &target.address, &target.path) {
                Reach::Serves(instance) => Ok(instance),
                Reach::NotFound => Err("server returned HTTP status 404 Not Found".to_owned()),
                Reach::Refuses => Err("connection refused".to_owned()),
                Reach::TimesOut => Err("context deadline exceeded".to_owned()),
            },
        };
        let timed_out = matches!(&reached, Err(reason) if reason == "context deadline exceeded");
        let (counts, result) = match reached {
            Err(reason) => (Counts::default(), Err(reason)),
            Ok(instance) => {
                self.exported.know(instance, workload, storage, |labels| {
                    series::stored_labels(labels, &target.labels, config)
                });
                match self.exported.refusal(instance, at, workload, config.sample_limit) {
                    _ if is_too_long(instance, at, workload, config.body_size_limit) => {
                        (Counts::default(), Err("body size limit exceeded".to_owned()))
                    }
                    Some((counts, reason)) => (counts, Err(reason)),
                    None => (self.exported.store(instance, at, workload, storage), Ok(())),
                }
            }
        };
        if result.is_err() {
            self.exported.end(at, storage);
        }
        let up = result.is_ok();
        let seconds = match timed_out {
            true => target.timeout.seconds(),
            false => 0.001 + 0.000_002 * counts.scraped as f64,
        };
        let report = self.report.get_or_insert_with(|| ReportSeries::new(&target.labels, storage));
        report.store(at, up, seconds, &counts, storage);
        let reason: Arc<str> = result.err().unwrap_or_default().into();
        if self.health.as_ref().is_none_or(|(was, why)| *was != up || *why != reason) {
            self.health = Some((up, reason.clone()));
            let labels = target.labels.clone();
            see(at, Observed::Target { labels, up, reason: reason.to_string() });
        }
    }
}

/// Whether what the instance answers fills the limit; 0 is none.
fn is_too_long(instance: InstanceId, at: Timestamp, workload: &Workload, limit: u64) -> bool {
    limit > 0 && exposition::write(workload, instance, at, 1).len() as u64 >= limit
}

impl Direct {
    fn store(&mut self, at: Timestamp, workload: &Workload, storage: &mut Storage) {
        self.exported.know(self.instance, workload, storage, |labels| Ok(Some(labels.clone())));
        self.exported.store(self.instance, at, workload, storage);
    }
}
