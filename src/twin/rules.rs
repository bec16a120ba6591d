//! Rule groups at work: what each evaluation writes, which alerts change, what counts as failed.
//!
//! Follows Prometheus' rule manager: a rule that fails writes nothing and keeps its alerts and its series; a
//! series that a rule no longer gives gets a stale marker at once.

mod restart;

use std::collections::HashSet;

use super::ahead::{Ahead, EvalFailed, Evaluator, Produced, Row};
use super::alert::{AlertRuleState, AlertSeries, AlertTiming, Element, Slot, Transition};
use super::alert_text::{AlertText, AlertTexts, Look};
use crate::labels::{Labels, METRIC_NAME};
use crate::promql::functions::xxhash::xxhash64;
use crate::promql::{STALE_NAN, SeriesId, Storage};
use crate::stack::{Rule, RuleGroup, RuleKind};
use crate::time::{Duration, Timestamp};
use crate::timeline::{ActiveAlert, AlertChange, AlertState, Observed, Timeline};
use restart::Remains;

/// A rule group with the state of its rules.
pub struct GroupRun {
    pub group: RuleGroup,
    interval: Duration,
    /// Evaluations are due at whole intervals from here.
    origin: Timestamp,
    query_offset: Duration,
    rules: Vec<RuleRun>,
    /// How often it was evaluated since its process started anew; `None` where it runs with all that it knows.
    since_start: Option<u32>,
}

struct RuleRun {
    ahead: Ahead,
    kind: KindRun,
    /// The series that the last successful evaluation wrote.
    written: Vec<SeriesId>,
    health: Option<Result<(), String>>,
}

enum KindRun {
    Recording {
        /// The series a column is recorded as; for the columns of `generation`.
        series: Vec<Option<SeriesId>>,
        generation: u64,
    },
    Alerting {
        state: AlertRuleState,
        timing: AlertTiming,
        text: AlertText,
        /// The alert that a column stands for, where its labels don't depend on the value.
        slots: Vec<Option<Slot>>,
        generation: u64,
        remains: Remains,
    },
}

/// What an evaluation works with.
pub struct Ground<'a> {
    pub evaluator: &'a mut Evaluator,
    pub storage: &'a mut Storage,
    pub timeline: &'a mut Timeline,
    /// Something reads `ALERTS` or `ALERTS_FOR_STATE`, so they are written.
    pub writes_alert_series: bool,
    /// What Alertmanager is sent, where there is one.
    pub sent: Option<&'a mut Vec<SentAlert>>,
}

/// An alert on its way to Alertmanager, before external labels and relabelling.
#[derive(Clone, Debug)]
pub struct SentAlert {
    pub alert: ActiveAlert,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    /// The rule's expression, for the link to it.
    pub expr: String,
}

impl Ground<'_> {
    fn look(&self) -> Look<'_> {
        Look { engine: &self.evaluator.engine, storage: self.storage }
    }
}

impl GroupRun {
    pub fn new(group: RuleGroup, defaults: &GroupDefaults, produced: &Produced, texts: &AlertTexts) -> Self {
        let rules = group
            .rules
            .iter()
            .map(|rule| RuleRun {
                ahead: Ahead::new(&rule.expr, produced),
                kind: match &rule.kind {
                    RuleKind::Recording { .. } => KindRun::Recording { series: Vec::new(), generation: 0 },
                    RuleKind::Alerting { hold, keep_firing_for, .. } => KindRun::Alerting {
                        state: AlertRuleState::default(),
                        timing: AlertTiming {
                            hold: *hold,
                            keep_firing_for: *keep_firing_for,
                            limit: group.limit,
                        },
                        text: AlertText::new(rule, texts),
                        slots: Vec::new(),
                        generation: 0,
                        remains: Remains::default(),
                    },
                },
                written: Vec::new(),
                health: None,
            })
            .collect();
        let interval = group.interval.unwrap_or(defaults.interval);
        GroupRun {
            interval,
            origin: defaults.aligned_at.unwrap_or_else(|| spread(&group, interval)),
            query_offset: group.query_offset.unwrap_or(defaults.query_offset),
            rules,
            since_start: None,
            group,
        }
    }

    pub fn is_due(&self, at: Timestamp) -> bool {
        (at - self.origin).0.rem_euclid(self.interval.0) == 0
    }

    /// The first evaluation after `at`.
    pub fn next_due(&self, at: Timestamp) -> Timestamp {
        let passed = (at - self.origin).0.div_euclid(self.interval.0);
        self.origin + Duration((passed + 1) * self.interval.0)
    }

    /// The last evaluation that was due at or before `at`.
    pub fn last_due(&self, at: Timestamp) -> Timestamp {
        self.next_due(at) - self.interval
    }

    /// One evaluation of the group, its rules in order, each seeing what those before it wrote.
    pub fn evaluate(&mut self, at: Timestamp, ground: &mut Ground<'_>) {
        let sample_at = at - self.query_offset;
        let rules = || self.group.rules.iter().zip(&self.rules);
        if rules().any(|(_, run)| run.ahead.will_look_ahead(sample_at)) {
            let together = rules().filter(|(_, run)| run.ahead.will_look_ahead(sample_at));
            ground.evaluator.share(together.map(|(rule, _)| &rule.expr));
        }
        let evaluation = Evaluation { at, sample_at, interval: self.interval, restored: self.is_restored() };
        for (rule, run) in self.group.rules.iter().zip(&mut self.rules) {
            let result = run.evaluate(rule, &self.group, evaluation, ground);
            if run.health.as_ref() != Some(&result) {
                let error = result.as_ref().err().cloned().unwrap_or_default();
                ground.timeline.push(
                    at,
                    Observed::Rule {
                        group: self.group.name.value.clone(),
                        rule: rule.name().value.clone(),
                        healthy: result.is_ok(),
                        error,
                    },
                );
                run.health = Some(result);
            }
        }
        self.count_since_start(at);
    }

    /// What was computed past the clock is no longer true.
    pub fn forget_ahead(&mut self) {
        for run in &mut self.rules {
            run.ahead.forget();
        }
    }

    /// The elements of the alerts of this name that are pending or firing, in the order of their labels.
    pub fn active_alerts(&self, name: &str, at: Timestamp, ground: &Look<'_>) -> Vec<ActiveAlert> {
        let mut alerts = Vec::new();
        for (rule, run) in self.group.rules.iter().zip(&self.rules) {
            if let KindRun::Alerting { state, text, .. } = &run.kind
                && rule.name().value == name
            {
                let active = state.kept().filter(|element| element.is_active());
                alerts.extend(active.map(|element| text.active_alert(element, at, ground)));
            }
        }
        alerts.sort_by(|a: &ActiveAlert, b| a.labels.cmp(&b.labels));
        alerts
    }
}

/// One evaluation of a group.
#[derive(Clone, Copy)]
struct Evaluation {
    at: Timestamp,
    /// What its expressions are evaluated at, and its samples bear.
    sample_at: Timestamp,
    interval: Duration,
    /// Alerts are written to the storage.
    restored: bool,
}

/// What groups that state nothing of their own take.
#[derive(Clone, Copy, Debug)]
pub struct GroupDefaults {
    pub interval: Duration,
    pub query_offset: Duration,
    /// All groups are evaluated at whole intervals from here; `None` spreads them by a hash, as Prometheus does.
    pub aligned_at: Option<Timestamp>,
}

/// Prometheus evaluates a group at an offset of its own within the interval.
fn spread(group: &RuleGroup, interval: Duration) -> Timestamp {
    let identity = format!("file\u{ff}{}\u{ff}name\u{ff}{}\u{ff}", group.file.path(), group.name.value);
    Timestamp((xxhash64(identity.as_bytes()) % interval.0.unsigned_abs().max(1)) as i64)
}

impl RuleRun {
    fn evaluate(
        &mut self,
        rule: &Rule,
        group: &RuleGroup,
        evaluation: Evaluation,
        ground: &mut Ground<'_>,
    ) -> Result<(), String> {
        let Evaluation { at, sample_at, interval, restored } = evaluation;
        let row = self
            .ahead
            .at(&rule.expr, sample_at, interval, ground.evaluator, ground.storage)
            .map_err(|EvalFailed(reason)| reason)?;
        let written = match &mut self.kind {
            KindRun::Recording { series, generation } => {
                if *generation != row.generation() {
                    *generation = row.generation();
                    *series = vec![None; row.columns()];
                }
                record(rule, group, &row, series, sample_at, ground.storage)?
            }
            KindRun::Alerting { state, timing, text, slots, generation, remains } => {
                if restored {
                    remains.wrote(sample_at);
                }
                if row.is_empty() && state.is_idle() && remains.is_settled() {
                    Vec::new()
                } else {
                    if *generation != row.generation() {
                        *generation = row.generation();
                        *slots = vec![None; row.columns()];
                    }
                    let result = alert_slots(state, text, slots, &row, at, ground);
                    let mut transitions =
                        state.evaluate(at, &result, *timing).map_err(|error| error.to_string())?;
                    if !remains.is_settled() {
                        for before in remains.settle(state, &mut transitions) {
                            let gone = before.ended();
                            let why = restart::why_gone(before.state).to_owned();
                            observe(rule, &gone, text, (before.state, AlertState::Inactive), why, at, ground);
                        }
                    }
                    for Transition { slot, from, to } in transitions {
                        let why = reason(from, to, *timing);
                        observe(rule, &state.elements[slot], text, (from, to), why, at, ground);
                    }
                    send(rule, interval, state, text, at, ground);
                    match ground.writes_alert_series && restored {
                        true => write_alert_series(rule, state, sample_at, ground.storage),
                        false => Vec::new(),
                    }
                }
            }
        };
        mark_stale(&self.written, &written, sample_at, ground.storage);
        self.written = written;
        Ok(())
    }
}

fn record(
    rule: &Rule,
    group: &RuleGroup,
    row: &Row<'_>,
    series: &mut [Option<SeriesId>],
    at: Timestamp,
    storage: &mut Storage,
) -> Result<Vec<SeriesId>, String> {
    if group.limit > 0 && row.len() as u64 > group.limit {
        return Err(format!("exceeded limit of {} with {} series", group.limit, row.len()));
    }
    let mut written = Vec::with_capacity(row.len());
    for (column, _) in row.iter() {
        let id =
            *series[column].get_or_insert_with(|| storage.series(&recorded_labels(rule, row.labels(column))));
        written.push(id);
    }
    if has_duplicates(&written) {
        return Err("vector contains metrics with the same labelset after applying rule labels".into());
    }
    for ((column, value), id) in row.iter().zip(&written) {
        match row.histogram(column) {
            Some(histogram) => storage.append_histogram(*id, at, (**histogram).clone()),
            None => storage.append(*id, at, value),
        };
    }
    Ok(written)
}

fn recorded_labels(rule: &Rule, result: &Labels) -> Labels {
    let mut labels = result.builder();
    labels.set(METRIC_NAME, rule.name().value.as_str());
    for (name, value) in &rule.labels {
        labels.set(name.value.as_str(), value.value.as_str());
    }
    labels.build()
}

fn has_duplicates(ids: &[SeriesId]) -> bool {
    let mut seen = HashSet::with_capacity(ids.len());
    ids.len() > 1 && !ids.iter().all(|id| seen.insert(*id))
}

fn alert_slots(
    state: &mut AlertRuleState,
    text: &AlertText,
    slots: &mut [Option<Slot>],
    row: &Row<'_>,
    at: Timestamp,
    ground: &Ground<'_>,
) -> Vec<(Slot, f64)> {
    let mut result = Vec::with_capacity(row.len());
    for (column, value) in row.iter() {
        let slot = slots[column].unwrap_or_else(|| {
            let labels = text.labels(row.labels(column), value, at, &ground.look());
            state.slot(&labels, row.labels(column))
        });
        if text.labels_are_fixed() {
            slots[column] = Some(slot);
        }
        result.push((slot, value));
    }
    result
}

fn observe(
    rule: &Rule,
    element: &Element,
    text: &AlertText,
    (from, to): (AlertState, AlertState),
    reason: String,
    at: Timestamp,
    ground: &mut Ground<'_>,
) {
    let alert = text.active_alert(element, at, &ground.look());
    let change = AlertChange { from, to, alert, rule: Some(rule.place.clone()), reason };
    ground.timeline.push(at, Observed::Alert(change));
}

fn reason(from: AlertState, to: AlertState, timing: AlertTiming) -> String {
    match (from, to) {
        (AlertState::Inactive, AlertState::Pending) => {
            format!("the expression has a result, `for: {}` begins to count", timing.hold)
        }
        (AlertState::Inactive, AlertState::Firing) => "the expression has a result, without `for`".into(),
        (AlertState::Firing, AlertState::Pending) => {
            "`for` begins to count again, since Prometheus has started again".into()
        }
        (AlertState::Pending, AlertState::Firing) => format!("`for: {}` is met", timing.hold),
        (AlertState::Pending, _) => {
            format!("the expression gave no result before `for: {}` was met", timing.hold)
        }
        (AlertState::Firing, _) if timing.keep_firing_for > Duration::ZERO => {
            format!("the expression gave no result for `keep_firing_for: {}`", timing.keep_firing_for)
        }
        _ => "the expression gives no result any more".into(),
    }
}

fn send(
    rule: &Rule,
    interval: Duration,
    state: &mut AlertRuleState,
    text: &AlertText,
    at: Timestamp,
    ground: &mut Ground<'_>,
) {
    if ground.sent.is_none() {
        return;
    }
    for slot in state.due(at, interval) {
        let element = &state.elements[slot];
        let sent = SentAlert {
            alert: text.active_alert(element, at, &ground.look()),
            starts_at: element.fired_at.unwrap_or(at),
            ends_at: element.ends_at(),
            expr: rule.expr.to_string(),
        };
        if let Some(alerts) = &mut ground.sent {
            alerts.push(sent);
        }
    }
}

fn write_alert_series(
    rule: &Rule,
    state: &mut AlertRuleState,
    at: Timestamp,
    storage: &mut Storage,
) -> Vec<SeriesId> {
    let mut written = Vec::new();
    for element in state.elements.iter_mut().filter(|element| element.is_active()) {
        let series = *element.series.get_or_insert_with(|| alert_series(rule, &element.labels, storage));
        let id = if element.state == AlertState::Firing { series.firing } else { series.pending };
        storage.append(id, at, 1.0);
        storage.append(series.for_state, at, unix_seconds(element));
        written.extend([id, series.for_state]);
    }
    written
}

/// Prometheus writes whole seconds.
fn unix_seconds(element: &Element) -> f64 {
    element.active_at.0.div_euclid(1000) as f64
}

fn alert_series(rule: &Rule, labels: &Labels, storage: &mut Storage) -> AlertSeries {
    let named = |name: &str| labels.with(METRIC_NAME, name).with("alertname", rule.name().value.as_str());
    let in_state = |state: AlertState| named("ALERTS").with("alertstate", state.as_str());
    AlertSeries {
        pending: storage.series(&in_state(AlertState::Pending)),
        firing: storage.series(&in_state(AlertState::Firing)),
        for_state: storage.series(&named("ALERTS_FOR_STATE")),
    }
}

fn mark_stale(before: &[SeriesId], now: &[SeriesId], at: Timestamp, storage: &mut Storage) {
    if before == now {
        return;
    }
    let now: HashSet<SeriesId> = now.iter().copied().collect();
    for id in before.iter().filter(|id| !now.contains(id)) {
        storage.append(*id, at, STALE_NAN);
    }
}
