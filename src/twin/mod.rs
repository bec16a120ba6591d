//! The embedded world: virtual time, no I/O, never the machine's clock.
//!
//! The clock jumps from instant to instant. At each: targets are scraped, then rule groups are evaluated, then
//! what claims watch is recorded. What does not depend on rules is computed ahead of the clock, see `ahead`.

mod ahead;
pub mod alert;
mod alert_text;
mod alerting;
pub mod alertmanager;
pub mod humanize;
mod inputs;
mod outage;
pub mod prometheus_template;
mod reads;
mod replicas;
mod rules;
pub mod scrape;
mod setup;
#[cfg(test)]
mod tests;
mod warm_up;
mod watching;

use std::collections::VecDeque;

use crate::promql::{Engine, Storage};
use crate::scenario::{Change, Life};
use crate::stack::{RuleGroup, Stack};
use crate::time::{Duration, Timestamp};
use crate::timeline::{Observed, Timeline};
use crate::workload::Workload;
use crate::worlds::{Watch, World, WorldError};

use ahead::{Evaluator, Produced};
pub use alert_text::AlertTexts;
pub use alerting::Alerting;
pub use inputs::{Input, InputValue, Inputs};
use reads::Reads;
pub use rules::GroupDefaults;
pub use rules::SentAlert;
use rules::{Ground, GroupRun};
pub use scrape::Offsets;
use scrape::ScrapePool;
pub use setup::{start_of, warm_up_of};
use warm_up::warm_up;
use watching::{Instant, Watching};

/// Computed ahead of the clock at the most: long enough to make steps cheap, short enough that a change which cuts
/// it off wastes little.
const FURTHEST_AHEAD: i64 = 256;

pub struct Twin {
    now: Timestamp,
    begun: bool,
    timeline: Timeline,
    storage: Storage,
    evaluator: Evaluator,
    groups: Vec<GroupRun>,
    /// How often rules are evaluated that state no interval, and watched expressions always.
    tick: Duration,
    watching: Watching,
    source: Source,
    alerting: Option<Alerting>,
    /// Whether Prometheus' alerts get to Alertmanager.
    sends: bool,
    /// How Prometheus is.
    life: Life,
    /// When it last began to stand still.
    paused_at: Timestamp,
    /// In ticks; see [`FURTHEST_AHEAD`].
    furthest_ahead: i64,
}

/// Where samples come from.
enum Source {
    Given(Inputs),
    Scraped(Box<Scraping>),
}

/// The workload and what scrapes it.
struct Scraping {
    workload: Workload,
    pool: ScrapePool,
    /// Seen by scrapes ahead of the clock.
    ahead: VecDeque<(Timestamp, Observed)>,
}

/// What a twin imitates, whatever its samples come from.
struct Setup {
    groups: Vec<RuleGroup>,
    engine: Engine,
    defaults: GroupDefaults,
    texts: AlertTexts,
}

impl Twin {
    /// The world of a promtool unit test: samples are given, groups are evaluated in step.
    fn of_unit_test(setup: Setup, inputs: Inputs, storage: Storage) -> Self {
        let reads = rules_read(&setup.groups);
        let start = inputs.start;
        Twin::new(setup, &reads, start, start, storage, Source::Given(inputs))
    }

    /// The world of a stack: its workload is scraped, its groups evaluated at their own intervals. What is normal
    /// goes on for `warm_up` before the scenario's start.
    fn of_stack(
        setup: Setup,
        stack: &Stack,
        start: Timestamp,
        seed: u64,
        offsets: Offsets,
    ) -> Result<Self, WorldError> {
        let reads = rules_read(&setup.groups);
        let begin = start - warm_up(&reads, stack, &setup);
        let workload = Workload::long_running(&stack.services, seed, begin);
        let pool = ScrapePool::new(&stack.prometheus, offsets, begin, &workload);
        let scraping = Scraping { workload, pool, ahead: VecDeque::new() };
        let source = Source::Scraped(Box::new(scraping));
        let alerting = Alerting::of(stack, begin)?;
        let sends = stack.prometheus.unsent().is_none();
        Ok(Twin { alerting, sends, ..Twin::new(setup, &reads, start, begin, Storage::default(), source) })
    }

    fn new(
        setup: Setup,
        reads: &[Reads],
        start: Timestamp,
        begin: Timestamp,
        storage: Storage,
        source: Source,
    ) -> Self {
        let produced = Produced::by(&setup.groups);
        let semantics = setup.engine.semantics;
        let groups: Vec<GroupRun> = setup
            .groups
            .into_iter()
            .map(|group| GroupRun::new(group, &setup.defaults, &produced, &setup.texts))
            .collect();
        Twin {
            now: begin,
            begun: false,
            timeline: Timeline { start, observations: Vec::new() },
            storage,
            evaluator: Evaluator::new(setup.engine),
            groups,
            tick: setup.defaults.interval,
            watching: Watching::new(produced, reads, semantics),
            source,
            alerting: None,
            sends: false,
            life: Life::Runs,
            paused_at: begin,
            furthest_ahead: FURTHEST_AHEAD,
        }
    }

    /// The next instant after the clock at which something happens.
    fn next_instant(&self) -> Option<Timestamp> {
        let due = self.alerting.as_ref().and_then(Alerting::next_due);
        let due = due.filter(|due| *due > self.now);
        let flap = match &self.source {
            Source::Given(_) => None,
            Source::Scraped(scraping) => scraping.workload.next_flap(),
        };
        let own = match self.life.runs() {
            true => self.next_of_prometheus(),
            // Nothing happens, and that is to be seen no later than what could have.
            false => Some(self.next_tick()),
        };
        due.into_iter().chain(flap).chain(own).min()
    }

    fn next_tick(&self) -> Timestamp {
        let ticks = (self.now - self.timeline.start).0.div_euclid(self.tick.0);
        self.timeline.start + Duration((ticks + 1) * self.tick.0)
    }

    fn next_of_prometheus(&self) -> Option<Timestamp> {
        let groups = self.groups.iter().map(|group| group.next_due(self.now));
        let tick = self.watching.wants_ticks().then(|| self.next_tick());
        let scrape = match &self.source {
            Source::Given(_) => None,
            Source::Scraped(scraping) => scraping.pool.next_due(self.now),
        };
        let watched = self.watching.next_instant(self.now);
        groups.chain(tick).chain(watched).chain(scrape).min()
    }

    /// Everything that happens at the clock's present instant.
    fn happen(&mut self) {
        let now = self.now;
        let mut evaluated = false;
        let mut sent = (self.sends && self.alerting.is_some()).then(Vec::new);
        if self.life.runs() {
            self.supply();
            for group in self.groups.iter_mut().filter(|group| group.is_due(now)) {
                evaluated = true;
                let mut ground = Ground {
                    evaluator: &mut self.evaluator,
                    storage: &mut self.storage,
                    timeline: &mut self.timeline,
                    writes_alert_series: self.watching.reads_alert_series(),
                    sent: sent.as_mut(),
                };
                group.evaluate(now, &mut ground);
            }
        }
        if let Some(alerting) = &mut self.alerting {
            alerting.push(now, &sent.unwrap_or_default());
            alerting.advance(now, &mut self.timeline);
        }
        // While it does not run, nobody answers.
        if self.life.runs() {
            let tick = (now - self.timeline.start).0.rem_euclid(self.tick.0) == 0;
            let instant = Instant { at: now, evaluated, tick, step: self.tick };
            self.watching.record(
                instant,
                &self.groups,
                &mut self.evaluator,
                &self.storage,
                &mut self.timeline,
            );
        }
    }

    /// Sees to it that the samples up to now, and some way ahead, are there.
    fn supply(&mut self) {
        if self.evaluator.horizon < self.now {
            let ahead = if self.watching.looks_forward() { 0 } else { self.furthest_ahead };
            let mut horizon = self.now + Duration(self.tick.0.saturating_mul(ahead));
            match &mut self.source {
                Source::Given(inputs) => inputs.feed(horizon, &mut self.storage),
                Source::Scraped(scraping) => {
                    let Scraping { workload, pool, ahead } = &mut **scraping;
                    horizon = workload.next_flap().map_or(horizon, |flap| horizon.min(flap)).max(self.now);
                    let mut see = |at, what| ahead.push_back((at, what));
                    pool.run(horizon, workload, &mut self.storage, &mut see);
                }
            }
            self.evaluator.horizon = horizon;
        }
        if let Source::Scraped(scraping) = &mut self.source {
            while let Some((at, what)) = scraping.ahead.pop_front_if(|(at, _)| *at <= self.now) {
                self.timeline.push(at, what);
            }
        }
    }

    /// A change of the workload from now on: what was computed past the clock is computed anew.
    fn change(&mut self, change: &Change, normal: bool) -> Result<(), WorldError> {
        if let Change::Alertmanager(change) = change {
            let none = || WorldError::Failed("the stack has no Alertmanager".into());
            // What is given was so from the beginning, but counts its time from the scenario's start.
            let from = self.now.max(self.timeline.start);
            return self.alerting.as_mut().ok_or_else(none)?.change(self.now, from, change);
        }
        if let Change::Prometheus(operation) = change {
            return self.operate(*operation);
        }
        if self.begun {
            self.forget_ahead()?;
        }
        let now = self.now;
        let scraping = self.scraping()?;
        let changed = match normal {
            true => scraping.workload.given(now, change),
            false => scraping.workload.apply(now, change),
        };
        changed.map_err(|problem| WorldError::Refused(Box::new(problem)))
    }

    /// Instances that go down or come back by themselves: like a change, after all else of its instant.
    fn flap(&mut self) -> Result<(), WorldError> {
        let now = self.now;
        let is_due = |scraping: &Scraping| scraping.workload.next_flap().is_some_and(|next| next <= now);
        if matches!(&self.source, Source::Scraped(scraping) if is_due(scraping)) {
            self.forget_ahead()?;
            self.scraping()?.workload.flap_until(now);
        }
        Ok(())
    }

    /// What was computed past the clock is no longer true.
    fn forget_ahead(&mut self) -> Result<(), WorldError> {
        let now = self.now;
        self.storage.truncate_after(now);
        let Source::Scraped(scraping) = &mut self.source else { return Err(given()) };
        scraping.pool.cut(now, &scraping.workload, &mut self.storage);
        scraping.ahead.clear();
        self.evaluator.forget(now);
        self.groups.iter_mut().for_each(GroupRun::forget_ahead);
        self.watching.forget_ahead();
        Ok(())
    }

    fn scraping(&mut self) -> Result<&mut Scraping, WorldError> {
        match &mut self.source {
            Source::Scraped(scraping) => Ok(scraping),
            Source::Given(_) => Err(given()),
        }
    }
}

fn given() -> WorldError {
    WorldError::Failed("a unit test's samples can't be changed by a step".into())
}

impl World for Twin {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn watch(&mut self, watch: &Watch) {
        self.watching.add(watch, self.timeline.start);
    }

    fn given(&mut self, change: &Change) -> Result<(), WorldError> {
        self.change(change, true)
    }

    fn begin(&mut self) -> Result<(), WorldError> {
        if !self.begun {
            self.begun = true;
            self.happen();
            while self.now < self.timeline.start {
                self.step(self.timeline.start)?;
            }
        }
        Ok(())
    }

    fn apply(&mut self, change: &Change) -> Result<(), WorldError> {
        self.change(change, false)
    }

    fn mark(&mut self, name: Option<&str>, text: &str) {
        let what =
            Observed::Moment { name: name.map(str::to_owned), text: text.to_owned(), late: Duration::ZERO };
        self.timeline.push(self.now, what);
    }

    fn step(&mut self, limit: Timestamp) -> Result<(), WorldError> {
        match self.next_instant().filter(|next| *next <= limit) {
            Some(next) => {
                self.now = next;
                self.happen();
                self.flap()?;
            }
            None => self.now = self.now.max(limit),
        }
        Ok(())
    }

    fn timeline(&self) -> &Timeline {
        &self.timeline
    }
}

fn rules_read(groups: &[RuleGroup]) -> Vec<Reads> {
    groups.iter().flat_map(|group| &group.rules).map(|rule| Reads::of(&rule.expr)).collect()
}
