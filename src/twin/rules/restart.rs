//! Rules whose Prometheus ends and starts anew: what is forgotten, and what `for` finds in the storage.
//!
//! Follows Prometheus' rule manager. A new process knows no alerts: what has a result begins to be pending. After the
//! second evaluation of a group, alerts whose `for` is at least the grace period take up the time that `ALERTS_FOR_STATE`
//! says; until then neither that series nor `ALERTS` is written. Nothing is marked stale that the old process wrote.

use std::collections::BTreeMap;

use super::super::alert::{AlertRuleState, Element, Transition};
use super::{GroupRun, KindRun};
use crate::labels::Labels;
use crate::time::{Duration, Timestamp};
use crate::timeline::AlertState;

/// `--rules.alert.for-outage-tolerance`: what was written longer ago is not taken up.
const OUTAGE_TOLERANCE: Duration = Duration::from_secs(3600);
/// `--rules.alert.for-grace-period`: a `for` that is taken up lasts this long at least, one that is shorter is not.
const GRACE_PERIOD: Duration = Duration::from_secs(600);
/// Evaluations before alerts are taken up: the first may not have all samples yet.
const EVALUATIONS: u32 = 2;

/// What an alerting rule's last process leaves behind.
#[derive(Default)]
pub struct Remains {
    /// As people last saw its alerts.
    seen: BTreeMap<Labels, Element>,
    /// The newest sample of `ALERTS_FOR_STATE`: when it was written, and what it says.
    stored: BTreeMap<Labels, (Timestamp, Timestamp)>,
    /// When alerts were last written to the storage.
    written_at: Option<Timestamp>,
}

impl GroupRun {
    /// The process ends; only the storage stays.
    pub fn end(&mut self) {
        let restored = self.since_start.is_none();
        for run in &mut self.rules {
            run.ahead.forget();
            // No stale marker will be written for these.
            run.written.clear();
            match &mut run.kind {
                KindRun::Recording { series, generation } => (*series, *generation) = (Vec::new(), 0),
                KindRun::Alerting { state, slots, generation, remains, .. } => {
                    remains.keep(state, restored);
                    *state = AlertRuleState::default();
                    (*slots, *generation) = (Vec::new(), 0);
                }
            }
        }
        self.since_start = Some(0);
    }

    /// Whether alerts are written to the storage.
    pub(super) fn is_restored(&self) -> bool {
        self.since_start.is_none()
    }

    /// The group was evaluated once more since its process started.
    pub(super) fn count_since_start(&mut self, at: Timestamp) {
        let Some(count) = &mut self.since_start else { return };
        *count += 1;
        if *count < EVALUATIONS {
            return;
        }
        self.since_start = None;
        for run in &mut self.rules {
            if let KindRun::Alerting { state, timing, remains, .. } = &mut run.kind {
                remains.restore(state, timing.hold, at);
            }
        }
    }
}

impl Remains {
    fn keep(&mut self, state: &AlertRuleState, restored: bool) {
        if restored {
            self.stored.clear();
        }
        for element in state.kept().filter(|element| element.is_active()) {
            self.seen.insert(element.labels.clone(), element.clone());
            if let Some(written_at) = self.written_at.filter(|_| restored) {
                let whole_seconds = Timestamp(element.active_at.0.div_euclid(1000) * 1000);
                self.stored.insert(element.labels.clone(), (written_at, whole_seconds));
            }
        }
    }

    pub(super) fn wrote(&mut self, at: Timestamp) {
        self.written_at = Some(at);
    }

    /// Whether the old process left alerts that no evaluation has looked for yet.
    pub(super) fn is_settled(&self) -> bool {
        self.seen.is_empty()
    }

    /// Counts the first evaluation's changes from what people saw before: also gives those that are gone.
    pub(super) fn settle(
        &mut self,
        state: &AlertRuleState,
        transitions: &mut Vec<Transition>,
    ) -> Vec<Element> {
        let mut seen = std::mem::take(&mut self.seen);
        transitions.retain_mut(|transition| {
            if let Some(before) = seen.remove(&state.elements[transition.slot].labels) {
                transition.from = before.state;
            }
            transition.from != transition.to
        });
        seen.into_values().collect()
    }

    fn restore(&mut self, state: &mut AlertRuleState, hold: Duration, at: Timestamp) {
        let stored = std::mem::take(&mut self.stored);
        if hold < GRACE_PERIOD {
            return;
        }
        for element in state.elements.iter_mut().filter(|element| element.is_active()) {
            let Some((written_at, active_at)) = stored.get(&element.labels).copied() else { continue };
            if at - written_at > OUTAGE_TOLERANCE {
                continue;
            }
            let left = Duration(hold.0 - (written_at - active_at).0);
            element.active_at = if left <= Duration::ZERO {
                // It was firing, and fires again with the next evaluation.
                active_at
            } else if left < GRACE_PERIOD {
                at + GRACE_PERIOD - hold
            } else {
                // The outage does not count.
                active_at + (at - written_at)
            };
        }
    }
}

/// Why an alert is gone that the old process had.
pub fn why_gone(before: AlertState) -> &'static str {
    match before {
        AlertState::Firing => {
            "the expression gives no result any more, since before Prometheus started again"
        }
        _ => "the expression gave no result when Prometheus had started again",
    }
}
