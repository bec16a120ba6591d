//! A world of real programs. Its clock runs by itself; [`World::now`] is the instant up to which all has been seen.
//!
//! When-steps take effect just after an evaluation, as they do in the twin, so that what they change is scraped before
//! the next. Observations come in the order of their time: what is seen early waits for what may still come before it.

mod changes;

use std::collections::VecDeque;
use std::path::Path;
use std::time::Instant;

use self::changes::MadeSilence;
use super::alertmanager::Alertmanager;
use super::ask;
use super::folder::Folder;
use super::place::{Place, Running};
use super::prometheus::{self, Prometheus};
use super::standing::{Plan, Standing, Substituted};
use crate::promql::ParseOptions;
use crate::scenario::{AlertmanagerChange, Change, Life, Operation, Outage};
use crate::stack::Stack;
use crate::time::{Duration, Timestamp};
use crate::timeline::{Observation, Observed, Timeline};
use crate::twin::alertmanager::Templates;
use crate::worlds::{Watch, World, WorldError, interrupt, speed};

/// How long after an evaluation was due its results are asked for, in the machine's time.
const AFTER_TICK: std::time::Duration = std::time::Duration::from_millis(25);

/// How long is waited for an evaluation that is late, before time goes on without it.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(3);

/// What Prometheus says of a scrape that ran into its timeout.
const TIMED_OUT: &str = "context deadline exceeded";

pub struct RealWorld<'a> {
    stack: &'a Stack,
    place: &'a dyn Place,
    speed: u32,
    seed: u64,
    start: Timestamp,
    given: Vec<Change>,
    watches: Vec<Watch>,
    timeline: Timeline,
    now: Timestamp,
    /// When a change took effect that no moment stands for yet.
    changed: Option<Timestamp>,
    /// An instance has left discovery, and may come back.
    vanished: bool,
    /// Prometheus has stood still by a step's doing.
    paused: bool,
    /// What shows that the machine is too busy for this world.
    busy: Option<String>,
    /// Seen, and later than `now`.
    ahead: VecDeque<Observation>,
    up: Option<Up>,
    /// After `up`: it is removed last.
    folder: Option<Folder>,
}

/// What there is once it stands.
struct Up {
    prometheus: Prometheus,
    alertmanager: Option<Alertmanager>,
    exprs: Vec<Watched>,
    silences: Vec<MadeSilence>,
    sent: usize,
    arrived: usize,
    /// When Prometheus last stood still, in the machine's time.
    paused_at: Timestamp,
    standing: Standing,
}

struct Watched {
    /// As the claim has it, and as Prometheus is asked.
    text: String,
    asked: Result<String, String>,
    when: When,
}

#[derive(Clone, Copy, PartialEq)]
enum When {
    EachTick { last: Timestamp },
    At(Timestamp),
    Done,
}

impl<'a> RealWorld<'a> {
    /// `start` is what the world's clock is to show at the first step.
    pub fn new(
        stack: &'a Stack,
        place: &'a dyn Place,
        start: Timestamp,
        speed: u32,
        seed: u64,
    ) -> RealWorld<'a> {
        RealWorld {
            stack,
            place,
            speed: speed.max(1),
            seed,
            start,
            given: Vec::new(),
            watches: Vec::new(),
            timeline: Timeline { start, observations: Vec::new() },
            now: start,
            changed: None,
            vanished: false,
            paused: false,
            busy: None,
            ahead: VecDeque::new(),
            up: None,
            folder: None,
        }
    }

    /// Its configs, logs and data, from the beginning on.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_ref().map(Folder::path)
    }

    /// What stands, once it does.
    pub fn standing(&self) -> Option<&Standing> {
        self.up.as_ref().map(|up| &up.standing)
    }

    /// What the programs run with otherwise than the team wrote it.
    pub fn substituted(&self) -> Substituted {
        self.standing().map(|standing| standing.substituted.clone()).unwrap_or_default()
    }

    /// What shows that the machine was too busy: then what broke in this world may not have been the team's doing.
    pub fn busy(&self) -> Option<&str> {
        self.busy.as_deref()
    }

    fn up(&mut self) -> Result<&mut Up, WorldError> {
        self.up.as_mut().ok_or_else(|| WorldError::Failed("the world has not begun".into()))
    }

    /// Looks at everything; all that was seen up to then is in the timeline or waits in `ahead`.
    fn look(&mut self) -> Result<Timestamp, WorldError> {
        let up = self.up.as_mut().ok_or_else(|| WorldError::Failed("the world has not begun".into()))?;
        up.standing.check()?;
        let (seen, until) = up.look()?;
        let timed_out = seen.iter().find_map(|seen| match &seen.what {
            Observed::Target { labels, up: false, reason }
                if reason.contains(TIMED_OUT) && !up.standing.targets.may_time_out(seen.at) =>
            {
                Some(format!("a scrape of {labels} ran into its timeout, though all services answer"))
            }
            _ => None,
        });
        if self.busy.is_none() && !self.paused {
            self.busy = timed_out;
        }
        self.ahead.extend(seen);
        self.ahead.make_contiguous().sort_by_key(|observation| observation.at);
        Ok(until)
    }

    /// All that was seen up to `to` goes into the timeline.
    fn settle(&mut self, to: Timestamp) {
        while let Some(observation) = self.ahead.pop_front_if(|observation| observation.at <= to) {
            // What came to light late is told when it did: the timeline's order is that of its times.
            let at =
                observation.at.max(self.timeline.observations.last().map_or(observation.at, |last| last.at));
            self.timeline.push(at, observation.what);
        }
        self.now = self.now.max(to);
    }

    /// Waits until all is known up to `to`, and settles it.
    fn catch_up(&mut self, to: Timestamp) -> Result<(), WorldError> {
        let asked = Instant::now();
        loop {
            let clock = self.up()?.standing.clock;
            interrupt::sleep_until(Instant::now() + clock.until(to))?;
            let until = self.look()?;
            if until >= to || asked.elapsed() > PATIENCE + clock.until(to) {
                self.settle(to);
                return Ok(());
            }
            std::thread::sleep(AFTER_TICK / 3);
        }
    }

    /// Whether targets come or go by it.
    fn is_about_discovery(&mut self, change: &Change) -> bool {
        let vanishes = matches!(change, Change::Down { how: Outage::Vanishes, .. });
        self.vanished |= vanishes;
        vanishes || (self.vanished && matches!(change, Change::Recovers { .. }))
    }

    /// Something happens to a program itself. The moment of several in a row is that of the first.
    fn operate(&mut self, change: &Change) -> Result<(), WorldError> {
        if self.changed.is_none() {
            self.await_tick()?;
            // What it has done so far is to be seen while it can be asked.
            let now = self.up()?.standing.clock.now();
            self.catch_up(now)?;
        }
        let place = self.place;
        self.paused |= *change == Change::Prometheus(Operation::Pause);
        let up = self.up()?;
        let at = up.standing.clock.now();
        match change {
            Change::Prometheus(operation) => up.operate_prometheus(*operation, place)?,
            Change::Alertmanager(AlertmanagerChange::Operate(operation)) => {
                up.operate_alertmanager(*operation, place)?;
            }
            _ => {}
        }
        self.changed.get_or_insert(at);
        Ok(())
    }

    /// How long after an evaluation an instant is, if it is one at which steps are taken.
    fn after_evaluation(&self, at: Timestamp) -> Duration {
        let Some(Standing { clock, tick, interval, .. }) = self.standing() else { return Duration::ZERO };
        let since = (clock.time_of_day(at) - *tick).0.rem_euclid(interval.0);
        match since <= latest(*interval) {
            true => Duration(since * i64::from(clock.speed())),
            false => Duration::ZERO,
        }
    }

    /// Waits until all groups have just begun an evaluation.
    fn await_tick(&mut self) -> Result<(), WorldError> {
        let up = self.up()?;
        let Standing { clock, tick, interval, quiet, .. } = up.standing;
        let machine = clock.time_of_day(clock.now());
        let since = (machine - tick).0.rem_euclid(interval.0);
        // Groups are in step to a part of the interval.
        let from = interval.0 / 20 + 1;
        // And all that takes effect has to before the next scrape.
        let to = (quiet.0 / 2).clamp(interval.0 / 10 + 2, latest(interval));
        if (from..=to).contains(&since) {
            return Ok(());
        }
        let wait = (interval.0 - since + from) % interval.0;
        interrupt::sleep_until(Instant::now() + std::time::Duration::from_millis(wait.unsigned_abs()))
    }
}

impl World for RealWorld<'_> {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn watch(&mut self, watch: &Watch) {
        self.watches.push(watch.clone());
    }

    fn given(&mut self, change: &Change) -> Result<(), WorldError> {
        match self.up {
            Some(_) => self.apply(change),
            None => {
                self.given.push(change.clone());
                Ok(())
            }
        }
    }

    fn begin(&mut self) -> Result<(), WorldError> {
        if self.up.is_some() {
            return Ok(());
        }
        let folder = Folder::new().map_err(|error| {
            WorldError::Failed(format!("no folder for this world could be made: {error}"))
        })?;
        let folder = self.folder.insert(folder);
        let standing = Standing::up(&Plan {
            stack: self.stack,
            folder,
            place: self.place,
            speed: self.speed,
            seed: self.seed,
            start: self.start,
            warm_up: crate::twin::warm_up_of(self.stack),
            given: &self.given,
        })?;
        let clock = standing.clock;
        let start = clock.at_time_of_day(standing.tick);
        self.timeline.start = start;
        let alertmanager = match &self.stack.alertmanager {
            Some(config) => {
                let templates = Templates::new(&config.template_files, config.version)
                    .map_err(|error| WorldError::Failed(error.to_string()))?;
                Some(Alertmanager::new(config, templates, clock))
            }
            None => None,
        };
        // What was seen while it was stood up says nothing.
        let from = clock.time_of_day(clock.now());
        let mut prometheus = Prometheus::new(self.stack, from - Duration(30_000));
        let mut exprs = Vec::new();
        for watch in &self.watches {
            let (text, when) = match watch {
                Watch::Alert(alert) | Watch::AlertAt(alert, _) => {
                    prometheus.watch(alert);
                    continue;
                }
                Watch::Expr(text) | Watch::Glance(text) => {
                    let interval = self.stack.prometheus.evaluation_interval;
                    (text, When::EachTick { last: start - interval })
                }
                Watch::ExprAt(text, at) => (text, When::At(start + *at)),
            };
            let options = ParseOptions { semantics: self.stack.prometheus.semantics(), experimental: true };
            let asked = speed::expression(text, options, self.speed);
            exprs.push(Watched { text: text.clone(), asked, when });
        }
        let silences = Vec::new();
        let up =
            Up { prometheus, alertmanager, exprs, silences, sent: 0, arrived: 0, paused_at: from, standing };
        self.up = Some(up);
        for change in std::mem::take(&mut self.given) {
            if let Change::Alertmanager(change) = &change {
                let (stack, place) = (self.stack, self.place);
                self.up()?.change(change, start, stack, place)?;
            }
        }
        // A component that ends is noticed while what is normal goes on.
        while clock.now() < start {
            self.look()?;
            let pause = clock.until(start).min(std::time::Duration::from_secs(1));
            interrupt::sleep_until(Instant::now() + pause)?;
        }
        self.now = start;
        self.catch_up(start)
    }

    fn apply(&mut self, change: &Change) -> Result<(), WorldError> {
        if is_operation(change) {
            return self.operate(change);
        }
        match self.is_about_discovery(change) {
            true => {
                let when = self.up()?.standing.before_handing_on();
                interrupt::sleep_until(when)?;
            }
            false => self.await_tick()?,
        }
        let (stack, place) = (self.stack, self.place);
        let up = self.up()?;
        let at = match change {
            Change::Alertmanager(change) => {
                let now = up.standing.clock.now();
                up.change(change, now, stack, place)?;
                up.standing.clock.now()
            }
            change => up.standing.apply(change, place)?,
        };
        self.changed = Some(at);
        Ok(())
    }

    fn mark(&mut self, name: Option<&str>, text: &str) {
        let at = self.changed.take().unwrap_or(self.now).max(self.now);
        // A component that is lost will be missed by the next step.
        drop(self.catch_up(at));
        let late = self.after_evaluation(at);
        let what = Observed::Moment { name: name.map(str::to_owned), text: text.to_owned(), late };
        self.timeline.push(at, what);
    }

    fn step(&mut self, limit: Timestamp) -> Result<(), WorldError> {
        let now = self.now;
        let up = self.up()?;
        let (clock, tick, interval) = (up.standing.clock, up.standing.tick, up.standing.interval);
        let machine = clock.time_of_day(now);
        let next = Timestamp(machine.0 + interval.0 - (machine - tick).0.rem_euclid(interval.0));
        let next = clock.at_time_of_day(next);
        let late = limit < next;
        let wake = clock.until(limit.min(next)) + if late { std::time::Duration::ZERO } else { AFTER_TICK };
        let due = Instant::now() + wake;
        interrupt::sleep_until(due)?;
        let asked = Instant::now();
        let overslept = asked.saturating_duration_since(due).as_millis();
        if overslept > interval.0.unsigned_abs().into() {
            let words = format!("firedrill itself was woken {overslept} ms late, more than an evaluation");
            self.busy.get_or_insert(words);
        }
        loop {
            let until = self.look()?;
            if until > now || until >= limit {
                self.settle(until.min(limit));
                return Ok(());
            }
            if asked.elapsed() > PATIENCE {
                self.settle(limit.min(clock.now()));
                return Ok(());
            }
            interrupt::sleep_until(Instant::now() + AFTER_TICK / 3)?;
        }
    }

    fn timeline(&self) -> &Timeline {
        &self.timeline
    }
}

impl Up {
    fn look(&mut self) -> Result<(Vec<Observation>, Timestamp), WorldError> {
        let clock = self.standing.clock;
        let lost =
            |who: &str, error: ask::AskError| WorldError::Failed(format!("{who} does not answer: {error}"));
        // What happens while we look is for the next time.
        let now = clock.time_of_day(clock.now()) - Duration(1);
        let (mut seen, mut until) = (Vec::new(), now);
        if self.standing.prometheus_life.runs() {
            let address = self.standing.prometheus.address();
            let looked = self.prometheus.look(address, now, clock);
            let looked = looked.map_err(|error| lost("Prometheus", error))?;
            (seen, until) = (looked.seen, looked.until);
        }
        // One that stands still can't be asked, and does nothing.
        let life = self.standing.alertmanager_life;
        if let Some(alertmanager) = self.alertmanager.as_mut().filter(|_| life != Life::Paused) {
            let sent = self.standing.relay.sent_after(self.sent);
            self.sent += sent.len();
            let arrived = self.standing.inbox.arrivals_after(self.arrived);
            self.arrived += arrived.len();
            let running = self.standing.alertmanager.as_mut();
            let asked = |it: &dyn Running| life.runs().then(|| it.address());
            let (said, address) = running.map_or((String::new(), None), |it| (it.said(), asked(&**it)));
            let told = alertmanager.look(address, sent, &said, arrived);
            seen.extend(told.map_err(|error| lost("Alertmanager", error))?);
        }
        let until = clock.at_time_of_day(until);
        self.evaluate(until, &mut seen);
        Ok((seen, until))
    }

    /// The watched expressions at the ticks up to `until` that were not asked for yet.
    fn evaluate(&mut self, until: Timestamp, seen: &mut Vec<Observation>) {
        let (clock, address) = (self.standing.clock, self.standing.prometheus.address());
        let speed = i64::from(clock.speed());
        let runs = self.standing.prometheus_life.runs();
        // Groups are in step to a part of the interval; by then all have written.
        let late = Duration(self.standing.interval.0 / 20 + 1);
        let interval = Duration(self.standing.interval.0 * speed);
        for watched in &mut self.exprs {
            let mut due = Vec::new();
            match &mut watched.when {
                When::EachTick { last } => {
                    while *last + interval + Duration(late.0 * speed) <= until {
                        *last = *last + interval;
                        due.push(*last);
                    }
                }
                When::At(at) if *at + Duration(late.0 * speed) <= until => {
                    due.push(*at);
                    watched.when = When::Done;
                }
                When::At(_) | When::Done => {}
            }
            // While it does not run, nobody answers.
            let due = due.into_iter().filter(|_| runs);
            for at in due {
                let machine = clock.time_of_day(at) + late;
                let result = match &watched.asked {
                    Ok(asked) => prometheus::evaluate(address, asked, machine),
                    Err(error) => Err(error.clone()),
                };
                let what = Observed::Value { expr: watched.text.clone(), result };
                seen.push(Observation { at, what });
            }
        }
    }
}

/// So long after an evaluation, in milliseconds of the machine's, a step may still be taken.
fn latest(interval: Duration) -> i64 {
    interval.0 / 5 + 2
}

fn is_operation(change: &Change) -> bool {
    matches!(change, Change::Prometheus(_) | Change::Alertmanager(AlertmanagerChange::Operate(_)))
}
