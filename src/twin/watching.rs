//! Records what claims will want to see: watched alerts and expressions.

use std::collections::BTreeSet;

use super::ahead::{Ahead, EvalFailed, Evaluator, Produced, Row};
use super::alert_text::Look;
use super::reads::{ALERT_SERIES, Reads};
use super::rules::GroupRun;
use crate::promql::{self, Expr, Semantics, Storage};
use crate::time::{Duration, Timestamp};
use crate::timeline::{Observed, SeenSample, Timeline};
use crate::worlds::Watch;

pub struct Watching {
    semantics: Semantics,
    produced: Produced,
    reads_alert_series: bool,
    looks_forward: bool,
    alerts: BTreeSet<String>,
    alerts_at: Vec<(Timestamp, String)>,
    exprs: Vec<Watched>,
    exprs_at: Vec<(Timestamp, Watched)>,
}

struct Watched {
    text: String,
    /// What parsing gave; a claim about an expression that can't be read sees the error.
    expr: Result<Box<(Expr, Ahead)>, String>,
    /// More elements than these are not recorded.
    most: usize,
}

/// So many elements of a result are recorded for a glance.
const GLANCE: usize = 16;

/// What happened at an instant before it is recorded.
#[derive(Clone, Copy)]
pub struct Instant {
    pub at: Timestamp,
    /// At least one rule group was evaluated.
    pub evaluated: bool,
    /// Watched expressions are evaluated.
    pub tick: bool,
    /// The distance of ticks.
    pub step: Duration,
}

impl Watching {
    pub fn new(produced: Produced, rules_read: &[Reads], semantics: Semantics) -> Self {
        let mut watching = Watching {
            semantics,
            produced,
            reads_alert_series: false,
            looks_forward: false,
            alerts: BTreeSet::new(),
            alerts_at: Vec::new(),
            exprs: Vec::new(),
            exprs_at: Vec::new(),
        };
        rules_read.iter().for_each(|reads| watching.take_note(reads));
        watching
    }

    pub fn add(&mut self, watch: &Watch, start: Timestamp) {
        match watch {
            Watch::Alert(alert) => drop(self.alerts.insert(alert.clone())),
            Watch::AlertAt(alert, at) => {
                let wanted = (start + *at, alert.clone());
                if !self.alerts_at.contains(&wanted) {
                    self.alerts_at.push(wanted);
                }
            }
            Watch::Expr(text) => self.watch_ticks(text, usize::MAX),
            Watch::Glance(text) => self.watch_ticks(text, GLANCE),
            Watch::ExprAt(text, at) => {
                let at = start + *at;
                if !self.exprs_at.iter().any(|(known, watched)| *known == at && watched.text == *text) {
                    let watched = self.watched(text, usize::MAX);
                    self.exprs_at.push((at, watched));
                }
            }
        }
    }

    /// Something reads `ALERTS` or `ALERTS_FOR_STATE`.
    pub fn reads_alert_series(&self) -> bool {
        self.reads_alert_series
    }

    /// Something may look past its own time: no sample may be there before it is due.
    pub fn looks_forward(&self) -> bool {
        self.looks_forward
    }

    pub fn wants_ticks(&self) -> bool {
        !self.exprs.is_empty()
    }

    /// The next instant at which an expression is to be evaluated that is no tick.
    pub fn next_instant(&self, after: Timestamp) -> Option<Timestamp> {
        self.exprs_at.iter().map(|(at, _)| *at).filter(|at| *at > after).min()
    }

    /// What was computed past the clock is no longer true.
    pub fn forget_ahead(&mut self) {
        let watched = self.exprs.iter_mut().chain(self.exprs_at.iter_mut().map(|(_, watched)| watched));
        for (_, ahead) in watched.filter_map(|watched| watched.expr.as_deref_mut().ok()) {
            ahead.forget();
        }
    }

    pub fn record(
        &mut self,
        instant: Instant,
        groups: &[GroupRun],
        evaluator: &mut Evaluator,
        storage: &Storage,
        timeline: &mut Timeline,
    ) {
        if instant.evaluated && !(self.alerts.is_empty() && self.alerts_at.is_empty()) {
            self.record_alerts(instant, groups, &Look { engine: &evaluator.engine, storage }, timeline);
        }
        if instant.tick {
            for watched in &mut self.exprs {
                watched.record(instant, evaluator, storage, timeline);
            }
        }
        for (_, watched) in self.exprs_at.iter_mut().filter(|(at, _)| *at == instant.at) {
            watched.record(instant, evaluator, storage, timeline);
        }
    }

    fn record_alerts(&self, instant: Instant, groups: &[GroupRun], look: &Look<'_>, timeline: &mut Timeline) {
        // An instant asked for is judged by the last evaluation at or before it.
        let until = instant.at + instant.step;
        let due = self.alerts_at.iter().filter(|(at, _)| *at >= instant.at && *at < until);
        let names: BTreeSet<&String> = self.alerts.iter().chain(due.map(|(_, alert)| alert)).collect();
        for alert in names {
            let mut active: Vec<_> =
                groups.iter().flat_map(|group| group.active_alerts(alert, instant.at, look)).collect();
            active.sort_by(|a, b| a.labels.cmp(&b.labels));
            timeline.push(instant.at, Observed::AlertsSeen { alert: alert.clone(), active });
        }
    }

    fn watch_ticks(&mut self, text: &str, most: usize) {
        match self.exprs.iter_mut().find(|watched| watched.text == text) {
            Some(watched) => watched.most = watched.most.max(most),
            None => {
                let watched = self.watched(text, most);
                self.exprs.push(watched);
            }
        }
    }

    fn watched(&mut self, text: &str, most: usize) -> Watched {
        let expr = promql::parse_as(text, self.semantics).map_err(|error| error.to_string()).map(|expr| {
            self.take_note(&Reads::of(&expr));
            let ahead = Ahead::new(&expr, &self.produced);
            Box::new((expr, ahead))
        });
        Watched { text: text.to_owned(), expr, most }
    }

    fn take_note(&mut self, reads: &Reads) {
        self.looks_forward |= reads.only_now;
        self.reads_alert_series |= ALERT_SERIES.iter().any(|name| reads.may_read(name));
    }
}

impl Watched {
    fn record(
        &mut self,
        instant: Instant,
        evaluator: &mut Evaluator,
        storage: &Storage,
        timeline: &mut Timeline,
    ) {
        let result = match &mut self.expr {
            Err(error) => Err(error.clone()),
            Ok(watched) => {
                let (expr, ahead) = &mut **watched;
                ahead
                    .at(expr, instant.at, instant.step, evaluator, storage)
                    .map(|row| samples(row, self.most))
                    .map_err(|EvalFailed(reason)| reason)
            }
        };
        timeline.push(instant.at, Observed::Value { expr: self.text.clone(), result });
    }
}

fn samples(row: Row<'_>, most: usize) -> Vec<SeenSample> {
    row.iter()
        .take(most)
        .map(|(column, value)| SeenSample {
            labels: row.labels(column).clone(),
            value,
            histogram: row.histogram(column).map(|histogram| histogram.to_string()),
        })
        .collect()
}
