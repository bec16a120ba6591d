//! The state of one alerting rule: which elements are pending or firing, since when, and what they send.
//!
//! A transcription of Prometheus' rules into a pure state machine. The expression's result comes in, state
//! changes come out; evaluating and expanding templates is the caller's business.

use std::collections::HashMap;

use crate::labels::Labels;
use crate::promql::SeriesId;
use crate::time::{Duration, Timestamp};
use crate::timeline::AlertState;

/// An unchanged alert is sent again after this.
const RESEND_DELAY: Duration = Duration::from_secs(60);
/// How long a resolved alert is kept, so that Alertmanager hears of it.
const RESOLVED_RETENTION: Duration = Duration::from_secs(15 * 60);

/// One element of a rule's result, and what became of it.
#[derive(Clone, Debug)]
pub struct Element {
    /// The alert's labels, `alertname` among them, without a metric name.
    pub labels: Labels,
    /// The series of the expression's result, for templates.
    pub result: Labels,
    pub value: f64,
    pub state: AlertState,
    pub active_at: Timestamp,
    pub fired_at: Option<Timestamp>,
    pub resolved_at: Option<Timestamp>,
    pub last_sent_at: Option<Timestamp>,
    valid_until: Timestamp,
    keep_firing_since: Option<Timestamp>,
    /// The evaluation that last had this element in its result.
    pub seen_at: Option<Timestamp>,
    /// Dropped from the rule's active set; the slot waits for the same labels to come back.
    gone: bool,
    pub series: Option<AlertSeries>,
}

/// Where this element's `ALERTS` and `ALERTS_FOR_STATE` samples go.
#[derive(Clone, Copy, Debug)]
pub struct AlertSeries {
    pub pending: SeriesId,
    pub firing: SeriesId,
    pub for_state: SeriesId,
}

impl Element {
    /// When it ends as far as Alertmanager knows: when it was resolved, or when the last word of it runs out.
    pub fn ends_at(&self) -> Timestamp {
        self.resolved_at.unwrap_or(self.valid_until)
    }

    fn needs_sending(&self, at: Timestamp) -> bool {
        match (self.state, self.last_sent_at) {
            (AlertState::Pending, _) => false,
            (_, None) => true,
            (_, Some(sent)) => {
                self.resolved_at.is_some_and(|resolved| resolved > sent) || sent + RESEND_DELAY < at
            }
        }
    }

    /// The same, no longer active.
    pub fn ended(&self) -> Element {
        Element { state: AlertState::Inactive, ..self.clone() }
    }

    pub fn is_active(&self) -> bool {
        !self.gone && self.state != AlertState::Inactive
    }
}

/// An element's index, stable for the life of the rule.
pub type Slot = usize;

#[derive(Clone, Debug, Default)]
pub struct AlertRuleState {
    pub elements: Vec<Element>,
    slots: HashMap<Labels, Slot>,
    /// The slots whose element is kept, in the order in which they became active.
    kept: Vec<Slot>,
}

/// The two durations and the limit that the rule states.
#[derive(Clone, Copy, Debug)]
pub struct AlertTiming {
    pub hold: Duration,
    pub keep_firing_for: Duration,
    /// 0 is none.
    pub limit: u64,
}

/// An element changed its state at this evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct Transition {
    pub slot: Slot,
    pub from: AlertState,
    pub to: AlertState,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AlertError {
    #[error("vector contains metrics with the same labelset after applying alert labels")]
    DuplicateLabels,
    #[error("exceeded limit of {limit} with {got} alerts")]
    Limit { limit: u64, got: u64 },
}

impl AlertRuleState {
    /// The slot of an alert with these labels, made where there was none.
    pub fn slot(&mut self, labels: &Labels, result: &Labels) -> Slot {
        if let Some(slot) = self.slots.get(labels) {
            return *slot;
        }
        let slot = self.elements.len();
        self.elements.push(Element {
            labels: labels.clone(),
            result: result.clone(),
            value: f64::NAN,
            state: AlertState::Inactive,
            active_at: Timestamp::default(),
            fired_at: None,
            resolved_at: None,
            last_sent_at: None,
            valid_until: Timestamp::default(),
            keep_firing_since: None,
            seen_at: None,
            gone: true,
            series: None,
        });
        self.slots.insert(labels.clone(), slot);
        slot
    }

    /// The elements that Alertmanager is to hear of at this evaluation, and until when what it hears is valid.
    pub fn due(&mut self, at: Timestamp, interval: Duration) -> Vec<Slot> {
        let elements = &mut self.elements;
        let due = self.kept.iter().copied().filter(|slot| elements[*slot].needs_sending(at));
        let due: Vec<Slot> = due.collect();
        for slot in &due {
            let element = &mut elements[*slot];
            element.last_sent_at = Some(at);
            element.valid_until = at + Duration(4 * interval.0.max(RESEND_DELAY.0));
        }
        due
    }

    /// The elements that are pending, firing or lately resolved.
    pub fn kept(&self) -> impl Iterator<Item = &Element> {
        self.kept.iter().map(|slot| &self.elements[*slot])
    }

    pub fn kept_slots(&self) -> &[Slot] {
        &self.kept
    }

    pub fn is_idle(&self) -> bool {
        self.kept.is_empty()
    }

    /// One evaluation with the expression's result. An error leaves the state as it was, except a limit
    /// exceeded, which clears it: both as Prometheus does.
    pub fn evaluate(
        &mut self,
        at: Timestamp,
        result: &[(Slot, f64)],
        timing: AlertTiming,
    ) -> Result<Vec<Transition>, AlertError> {
        let mut transitions = Vec::new();
        if result.is_empty() && self.kept.is_empty() {
            return Ok(transitions);
        }
        self.take_result(at, result)?;
        let active = self.settle(at, timing, &mut transitions);
        if timing.limit > 0 && active > timing.limit {
            self.clear();
            return Err(AlertError::Limit { limit: timing.limit, got: active });
        }
        Ok(transitions)
    }

    fn take_result(&mut self, at: Timestamp, result: &[(Slot, f64)]) -> Result<(), AlertError> {
        for (index, (slot, _)) in result.iter().enumerate() {
            let element = &mut self.elements[*slot];
            if element.seen_at == Some(at) {
                for (slot, _) in &result[..index] {
                    self.elements[*slot].seen_at = None;
                }
                return Err(AlertError::DuplicateLabels);
            }
            element.seen_at = Some(at);
        }
        for (slot, value) in result {
            let element = &mut self.elements[*slot];
            element.value = *value;
            if element.is_active() {
                continue;
            }
            if element.gone {
                element.gone = false;
                self.kept.push(*slot);
            }
            element.state = AlertState::Pending;
            element.active_at = at;
            element.fired_at = None;
            element.resolved_at = None;
            element.last_sent_at = None;
            element.keep_firing_since = None;
        }
        Ok(())
    }

    /// Fires, keeps, resolves and drops; returns how many are pending or firing.
    fn settle(&mut self, at: Timestamp, timing: AlertTiming, transitions: &mut Vec<Transition>) -> u64 {
        let mut active = 0;
        let elements = &mut self.elements;
        self.kept.retain(|slot| {
            let element = &mut elements[*slot];
            if element.seen_at == Some(at) {
                element.keep_firing_since = None;
            } else {
                let kept_firing = element.state == AlertState::Firing
                    && timing.keep_firing_for > Duration::ZERO
                    && at - *element.keep_firing_since.get_or_insert(at) < timing.keep_firing_for;
                if !kept_firing {
                    let forgotten = element.state == AlertState::Pending
                        || element.resolved_at.is_some_and(|resolved| at - resolved > RESOLVED_RETENTION);
                    if element.state != AlertState::Inactive {
                        let from = element.state;
                        transitions.push(Transition { slot: *slot, from, to: AlertState::Inactive });
                        element.state = AlertState::Inactive;
                        element.resolved_at = Some(at);
                    }
                    element.gone = forgotten;
                    return !forgotten;
                }
            }
            active += 1;
            if element.state == AlertState::Pending && at - element.active_at >= timing.hold {
                element.state = AlertState::Firing;
                element.fired_at = Some(at);
                // With `for: 0s` an alert fires at once: it was never seen pending.
                let from = match element.active_at == at {
                    true => AlertState::Inactive,
                    false => AlertState::Pending,
                };
                transitions.push(Transition { slot: *slot, from, to: AlertState::Firing });
            } else if element.state == AlertState::Pending && element.active_at == at {
                let (from, to) = (AlertState::Inactive, AlertState::Pending);
                transitions.push(Transition { slot: *slot, from, to });
            }
            true
        });
        active
    }

    fn clear(&mut self) {
        for slot in self.kept.drain(..) {
            let element = &mut self.elements[slot];
            element.gone = true;
            element.state = AlertState::Inactive;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Evaluates once a minute; each item is the elements in the result. Shows each element's state after each.
    fn check(timing: AlertTiming, results: &[&str], expected: &[&str]) {
        let mut rule = AlertRuleState::default();
        let mut got = Vec::new();
        for (minute, elements) in results.iter().enumerate() {
            let result: Vec<(Slot, f64)> = elements
                .split_whitespace()
                .map(|name| (rule.slot(&Labels::from_pairs([("instance", name)]), &Labels::empty()), 1.0))
                .collect();
            let outcome = rule.evaluate(Timestamp(minute as i64 * 60_000), &result, timing);
            let states: Vec<String> = rule
                .kept()
                .map(|element| format!("{}:{}", element.labels.value("instance"), element.state.as_str()))
                .collect();
            got.push(match outcome {
                Ok(_) => states.join(" "),
                Err(error) => error.to_string(),
            });
        }
        assert_eq!(got, expected);
    }

    fn minutes(hold: i64, keep_firing_for: i64) -> AlertTiming {
        AlertTiming {
            hold: Duration::from_secs(hold * 60),
            keep_firing_for: Duration::from_secs(keep_firing_for * 60),
            limit: 0,
        }
    }

    #[test]
    fn a_pending_alert_fires_when_its_for_is_met_and_resolves_when_the_result_goes() {
        check(
            minutes(2, 0),
            &["", "a", "a", "a", "a", ""],
            &["", "a:pending", "a:pending", "a:firing", "a:firing", "a:inactive"],
        );
    }

    #[test]
    fn a_pending_alert_that_vanishes_is_dropped_and_counts_anew() {
        check(
            minutes(2, 0),
            &["a", "a", "", "a", "a", "a"],
            &["a:pending", "a:pending", "", "a:pending", "a:pending", "a:firing"],
        );
    }

    #[test]
    fn without_a_for_an_alert_fires_at_once() {
        check(minutes(0, 0), &["a b", "b"], &["a:firing b:firing", "a:inactive b:firing"]);
    }

    #[test]
    fn keep_firing_for_holds_a_firing_alert() {
        check(
            minutes(0, 2),
            &["a", "", "", "", "a"],
            &["a:firing", "a:firing", "a:firing", "a:inactive", "a:firing"],
        );
    }

    #[test]
    fn a_resolved_alert_is_kept_for_fifteen_minutes() {
        let mut results = vec!["a"];
        results.extend([""; 18]);
        let mut expected = vec!["a:firing"];
        expected.extend(["a:inactive"; 16]);
        expected.extend([""; 2]);
        check(minutes(0, 0), &results, &expected);
    }

    #[test]
    fn two_elements_with_the_same_labels_are_an_error_and_change_nothing() {
        check(
            minutes(0, 0),
            &["a", "a a", "a"],
            &[
                "a:firing",
                "vector contains metrics with the same labelset after applying alert labels",
                "a:firing",
            ],
        );
    }

    #[test]
    fn a_limit_exceeded_clears_the_alerts() {
        let timing = AlertTiming { limit: 1, ..minutes(5, 0) };
        check(timing, &["a", "a b", "a"], &["a:pending", "exceeded limit of 1 with 2 alerts", "a:pending"]);
    }
}
