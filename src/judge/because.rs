//! Why an alert did what it did, as far as the timeline and its rule tell.

use super::Decision;
use super::course::{Outcome, Window};
use super::rule::{Compared, RuleFacts};
use super::verdict::Failure;
use super::words::{clock, one_line, rounded};
use crate::labels::Labels;
use crate::scenario::{AlertClaim, ClaimedState};
use crate::time::{Duration, Timestamp};
use crate::timeline::{AlertChange, AlertState, Observed, Timeline};

/// Adds the alert's story to a failure: since when its expression had a result, what its `for` took,
/// which `for` would do, and how far its value stayed from the threshold.
pub(super) fn add(
    failure: &mut Failure,
    claim: &AlertClaim,
    decision: &Decision,
    timeline: &Timeline,
    rules: &[RuleFacts],
) {
    let story = Story { claim, decision, timeline, start: decision.claimed.start };
    let rule = story.rule(rules);
    match failure.id {
        "fired-late" | "fired-early" | "fired-but-should-not" => story.how_it_fired(failure, rule),
        "never-fired" | "not-firing" | "never-pending" | "not-pending" => {
            story.why_it_did_not_fire(failure, rule)
        }
        "never-resolved" | "not-resolved" => story.why_it_did_not_resolve(failure),
        "stopped-firing" | "stopped-pending" | "resolved-early" => story.why_it_ended(failure),
        "rule-failed" => {
            if let Some(rule) = rule {
                failure.related.push((rule.place.clone(), "the rule".to_owned()));
            }
            if claim.state == ClaimedState::Inactive || decision.outcome.is_violation() {
                failure.notes.push("a rule that fails proves nothing about its alert's absence".to_owned());
            }
        }
        _ => {
            if let Some(rule) = rule {
                failure.related.push((rule.place.clone(), "the alert's rule".to_owned()));
            }
        }
    }
}

/// The changes of an alert's elements that carry these labels.
pub(super) fn changes<'a>(
    timeline: &'a Timeline,
    alert: &'a str,
    labels: &'a Labels,
) -> impl DoubleEndedIterator<Item = (Timestamp, &'a AlertChange)> {
    timeline.observations.iter().filter_map(move |seen| match &seen.what {
        Observed::Alert(change)
            if change.alert.labels.value("alertname") == alert && change.alert.labels.contains(labels) =>
        {
            Some((seen.at, change))
        }
        _ => None,
    })
}

impl Outcome {
    fn is_violation(&self) -> bool {
        matches!(self, Outcome::Violated { .. } | Outcome::Not { .. })
    }
}

struct Story<'a> {
    claim: &'a AlertClaim,
    decision: &'a Decision,
    timeline: &'a Timeline,
    start: Timestamp,
}

impl<'a> Story<'a> {
    fn clock(&self, at: Timestamp) -> String {
        clock(at, self.start)
    }

    fn changes(&self) -> impl DoubleEndedIterator<Item = (Timestamp, &'a AlertChange)> {
        changes(self.timeline, &self.claim.alert.value, &self.claim.labels)
    }

    /// The rule that made the elements seen; with none seen, the only one of that name.
    fn rule<'r>(&self, rules: &'r [RuleFacts]) -> Option<&'r RuleFacts> {
        let seen = self.changes().next_back().and_then(|(_, change)| change.rule.as_ref());
        match seen {
            Some(place) => rules
                .iter()
                .filter(|rule| rule.place.file.path() == place.file.path())
                .min_by_key(|rule| rule.place.start.abs_diff(place.start)),
            None => rules.first().filter(|_| rules.len() == 1),
        }
    }

    fn how_it_fired(&self, failure: &mut Failure, rule: Option<&RuleFacts>) {
        let fired_at = match self.decision.outcome {
            Outcome::Late { happened: Some(at), .. } => at,
            Outcome::Early { at } | Outcome::Violated { at } | Outcome::Not { at } => at,
            _ => return,
        };
        let fired = self.changes().rfind(|(at, c)| *at <= fired_at && c.to == AlertState::Firing);
        let Some((at, change)) = fired else { return };
        let active_at = change.alert.active_at;
        let hold = rule.map(|rule| rule.hold);
        if let Some(rule) = rule {
            let began = format!("began counting at {}", self.clock(active_at));
            match (&rule.hold_place, rule.hold > Duration::ZERO) {
                (Some(place), true) => failure.related.push((place.clone(), began)),
                _ => failure
                    .related
                    .push((rule.place.clone(), format!("had a result at {}", self.clock(active_at)))),
            }
        }
        let since = self.decision.claimed.since;
        let waited = active_at - since;
        let held = at - active_at;
        failure.because.push(match hold {
            _ if waited < Duration::ZERO => {
                format!(
                    "the expression had a result since {}, before the claim's time began",
                    self.clock(active_at)
                )
            }
            Some(hold) if hold > Duration::ZERO => {
                let over = Duration(held.0 - hold.0);
                let rest = match over > Duration::ZERO {
                    true => format!(", and {over} to the next evaluation"),
                    false => String::new(),
                };
                format!("{waited} until the expression had a result, then {hold} of `for`{rest}")
            }
            Some(_) => format!("{waited} until the expression had a result; the rule has no `for`"),
            None => format!("{waited} until the expression had a result, {held} later it fired"),
        });
        if let Some(value) = finite(change.alert.value) {
            failure.because.push(format!("its value was {} when it fired", rounded(value)));
        }
        if let (Outcome::Late { by, .. }, Some(hold)) = (self.decision.outcome, hold) {
            let longest = by - active_at;
            failure.notes.push(if longest < Duration::ZERO {
                "no `for` meets this deadline: the expression itself had its first result after it".to_owned()
            } else if longest < hold {
                format!("the longest `for` that meets this deadline is {longest}")
            } else {
                format!("with a `for` of {hold} the next evaluation came after the deadline")
            });
        }
        if let (Outcome::Early { .. }, Some(hold), Window::Within { from, .. }) =
            (self.decision.outcome, hold, self.decision.window)
        {
            let shortest = from - active_at;
            if shortest > hold {
                failure.notes.push(format!("the shortest `for` that is late enough is {shortest}"));
            }
        }
    }

    fn why_it_did_not_fire(&self, failure: &mut Failure, rule: Option<&RuleFacts>) {
        let until = match self.decision.outcome {
            Outcome::Violated { at } | Outcome::Not { at } => at,
            _ => self.decision.decided,
        };
        if let Some(rule) = rule {
            let label = match rule.hold > Duration::ZERO {
                true => format!("its `for` is {}", rule.hold),
                false => "the alert's rule".to_owned(),
            };
            let place =
                rule.hold_place.as_ref().filter(|_| rule.hold > Duration::ZERO).unwrap_or(&rule.place);
            failure.related.push((place.clone(), label));
        }
        let last = self.changes().rfind(|(at, _)| *at <= until);
        match last {
            Some((at, change)) if change.to == AlertState::Pending => {
                let counted = until - change.alert.active_at;
                failure.because.push(format!(
                    "pending since {}: {counted} of its `for`{} had passed by {}",
                    self.clock(at),
                    rule.map_or(String::new(), |rule| format!(" of {}", rule.hold)),
                    self.clock(until)
                ));
            }
            Some((at, change)) if change.to == AlertState::Inactive => {
                let was = change.from.as_str();
                let reason =
                    if change.reason.is_empty() { String::new() } else { format!(": {}", change.reason) };
                failure.because.push(format!("it was {was} until {}, then inactive{reason}", self.clock(at)));
            }
            _ => failure.because.extend(self.never_had_a_result(rule, until)),
        }
    }

    /// "the expression never gave a result", with its value where it was watched.
    fn never_had_a_result(&self, rule: Option<&RuleFacts>, until: Timestamp) -> Vec<String> {
        let any = Labels::empty();
        let others =
            changes(self.timeline, &self.claim.alert.value, &any).filter(|(at, _)| *at <= until).count();
        if others > 0 {
            return vec!["the alert's other elements became active, none with these labels did".to_owned()];
        }
        let mut because = vec![format!("the alert's expression gave no result by {}", self.clock(until))];
        because
            .extend(rule.iter().flat_map(|rule| &rule.compared).filter_map(|side| self.how_far(side, until)));
        because
    }

    /// What one side of the rule's condition was like, where it was watched.
    fn how_far(&self, side: &Compared, until: Timestamp) -> Option<String> {
        let since = self.decision.claimed.since;
        let mut extremes: Option<(f64, f64)> = None;
        let mut looked = false;
        let mut error = None;
        for seen in self.timeline.observations.iter().filter(|o| o.at >= since && o.at <= until) {
            match &seen.what {
                Observed::Value { expr, result: Ok(samples) } if *expr == side.expr => {
                    looked = true;
                    for value in samples.iter().filter_map(|s| finite(s.value)) {
                        let (low, high) = extremes.unwrap_or((value, value));
                        extremes = Some((low.min(value), high.max(value)));
                    }
                }
                Observed::Value { expr, result: Err(message) } if *expr == side.expr => error = Some(message),
                _ => {}
            }
        }
        let expr = one_line(&side.expr);
        match (extremes, error) {
            (Some((low, high)), _) => {
                let course = match low == high {
                    true => format!("`{expr}` was {}", rounded(low)),
                    false => format!("`{expr}` went from {} to {}", rounded(low), rounded(high)),
                };
                Some(match side.threshold {
                    Some((compare, number)) => format!("{course}, wanted {compare} {}", rounded(number)),
                    None => course,
                })
            }
            (None, Some(error)) => Some(format!("`{expr}` could not be evaluated: {error}")),
            (None, None) if looked => Some(format!("`{expr}` gave no value")),
            (None, None) => None,
        }
    }

    fn why_it_did_not_resolve(&self, failure: &mut Failure) {
        let until = self.decision.decided;
        match self.changes().rfind(|(at, _)| *at <= until) {
            Some((at, change)) if change.to == AlertState::Firing => {
                failure
                    .because
                    .push(format!("firing since {}, and its expression still gave a result", self.clock(at)));
                if let Some(value) = finite(change.alert.value) {
                    failure.because.push(format!("its value was {} when it fired", rounded(value)));
                }
            }
            _ if !self.changes().any(|(at, change)| at <= until && change.to == AlertState::Firing) => {
                failure.because.push("it had never been firing, so there was nothing to resolve".to_owned());
            }
            _ => {}
        }
    }

    fn why_it_ended(&self, failure: &mut Failure) {
        let until = self.decision.decided;
        if let Some((at, change)) =
            self.changes().rfind(|(at, change)| *at <= until && change.to == AlertState::Inactive)
            && !change.reason.is_empty()
        {
            failure.because.push(format!("at {}: {}", self.clock(at), change.reason));
        }
    }
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}
