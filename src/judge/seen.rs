//! What a claim has seen so far of the thing that it is about, and whether its condition holds.

use std::collections::BTreeMap;

use super::alerts::AlertsSeen;
use super::course::Truth;
use super::exact;
use super::handled::Handled;
use super::notices::Notices;
use crate::labels::Labels;
use crate::scenario::{Claim, Comparison, Then};
use crate::time::Timestamp;
use crate::timeline::{ActiveAlert, Observation, Observed, SeenSample, Timeline};

/// The state of one claim's subject, as of the last observation taken in.
pub(super) struct Seen {
    claim: Claim,
    /// Claims that want an alert absent are not content with a rule that fails.
    wants_absence: bool,
    pub alerts: AlertsSeen,
    pub targets: BTreeMap<Labels, TargetSeen>,
    pub value: Option<Result<Vec<SeenSample>, String>>,
    /// By group and name: whether the rule is healthy, and its error.
    pub rules: BTreeMap<(String, String), (bool, String)>,
    /// The last instant at which the alert was looked at, and its active elements then.
    pub exact: Option<(Timestamp, Vec<ActiveAlert>)>,
    /// Of a claim that counts notifications.
    pub notices: Option<Notices>,
    pub handled: Handled,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum TargetSeen {
    Up,
    Down(String),
    /// It left discovery.
    Gone,
}

impl Seen {
    /// The claim counts its time from `since`; what has happened before bears on states, but is not counted.
    pub fn since(then: &Then, since: Timestamp) -> Self {
        Seen {
            claim: then.claim.clone(),
            wants_absence: then.timing.negated,
            alerts: AlertsSeen::default(),
            targets: BTreeMap::new(),
            value: None,
            rules: BTreeMap::new(),
            exact: None,
            notices: Notices::of(then, since),
            handled: Handled::default(),
        }
    }

    /// As of an instant, with all that was seen at it.
    pub fn until(then: &Then, timeline: &Timeline, since: Timestamp, at: Timestamp) -> Self {
        let mut seen = Seen::since(then, since);
        timeline.observations.iter().take_while(|o| o.at <= at).for_each(|o| {
            seen.see(o);
        });
        seen
    }

    /// Takes in an observation; false when it does not bear on the claim.
    pub fn see(&mut self, observation: &Observation) -> bool {
        match (&self.claim, &observation.what) {
            (_, Observed::Notification(sent)) if self.notices.is_some() => {
                return self.notices.as_mut().is_some_and(|notices| notices.see(observation.at, sent));
            }
            (Claim::Muted(claim), what) => return self.handled.see_mute(claim, what),
            (Claim::Routed(claim), what) => return self.handled.see_route(claim, what),
            (Claim::Alert(claim), Observed::Alert(change)) => {
                return self.alerts.change(&claim.alert.value, change);
            }
            (Claim::Alert(claim), Observed::AlertsSeen { alert, active }) if *alert == claim.alert.value => {
                active.iter().for_each(|active| self.alerts.look(active));
            }
            (Claim::ExactAlerts { alert: name, .. }, Observed::AlertsSeen { alert, active })
                if *alert == name.value =>
            {
                match &mut self.exact {
                    // Several rules may bear one name.
                    Some((at, seen)) if *at == observation.at => {
                        seen.extend(active.iter().filter(|a| !seen.contains(a)).cloned().collect::<Vec<_>>());
                    }
                    exact => *exact = Some((observation.at, active.clone())),
                }
            }
            (Claim::Target { labels: wanted, .. }, Observed::Target { labels, up, reason })
                if labels.contains(wanted) =>
            {
                let seen = if *up { TargetSeen::Up } else { TargetSeen::Down(reason.clone()) };
                self.targets.insert(labels.clone(), seen);
            }
            (Claim::Target { labels: wanted, .. }, Observed::TargetGone { labels })
                if labels.contains(wanted) =>
            {
                self.targets.insert(labels.clone(), TargetSeen::Gone);
            }
            (
                Claim::Expr { expr: text, .. }
                | Claim::ExactSamples { expr: text, .. }
                | Claim::Series { selector: text, .. },
                Observed::Value { expr, result },
            ) if *expr == text.value => self.value = Some(result.clone()),
            (claim, Observed::Rule { group, rule, healthy, error }) if concerns(claim, rule) => {
                self.rules.insert((group.clone(), rule.clone()), (*healthy, error.clone()));
            }
            _ => return false,
        }
        true
    }

    /// Whether the claim's condition holds, its timing and negation aside.
    pub fn truth(&self) -> Truth {
        match &self.claim {
            Claim::Alert(claim) => {
                let absent = claim.state == crate::scenario::ClaimedState::Inactive;
                match self.rule_error() {
                    Some(_) if absent => Truth::No,
                    Some(_) if self.wants_absence => Truth::Yes,
                    _ => truth(self.alerts.holds(claim)),
                }
            }
            Claim::Target { up, .. } => {
                let mut present = self.targets.values().filter(|t| **t != TargetSeen::Gone).peekable();
                match present.peek() {
                    None if self.targets.is_empty() => Truth::Unknown,
                    None => Truth::No,
                    Some(_) => truth(present.all(|target| (*target == TargetSeen::Up) == *up)),
                }
            }
            Claim::Expr { compare, number, .. } => match &self.value {
                None => Truth::Unknown,
                Some(Err(_)) => Truth::No,
                Some(Ok(samples)) => truth(
                    !samples.is_empty()
                        && samples.iter().all(|s| s.histogram.is_none() && compare.holds(s.value, *number)),
                ),
            },
            Claim::Series { exists, .. } => match &self.value {
                None => Truth::Unknown,
                Some(Err(_)) => Truth::No,
                Some(Ok(samples)) => truth(samples.is_empty() != *exists),
            },
            Claim::RuleHealthy { .. } => match self.rules.is_empty() {
                true => Truth::Unknown,
                false => truth(self.rules.values().all(|(healthy, _)| *healthy)),
            },
            Claim::ExactAlerts { alert, expected } => {
                let active = self.exact.as_ref().map_or(&[][..], |(_, active)| active);
                truth(exact::alerts(&alert.value, expected, active).is_empty())
            }
            // Counted, and no condition that lasts.
            Claim::Notified(_) | Claim::NobodyNotified { .. } => Truth::Unknown,
            Claim::Muted(claim) => self.handled.is_muted(claim),
            Claim::Routed(claim) => self.handled.is_routed(claim),
            Claim::ExactSamples { expected, fuzzy, .. } => match &self.value {
                None => Truth::Unknown,
                Some(Err(_)) => Truth::No,
                Some(Ok(samples)) => truth(exact::samples(expected, samples, *fuzzy).is_empty()),
            },
        }
    }

    /// The error of the claim's rule, where it fails to evaluate.
    pub fn rule_error(&self) -> Option<&str> {
        self.rules.values().find(|(healthy, _)| !healthy).map(|(_, error)| error.as_str())
    }
}

/// The samples of a result that do not compare as claimed.
pub(super) fn disagreeing(samples: &[SeenSample], compare: Comparison, number: f64) -> Vec<&SeenSample> {
    samples.iter().filter(|s| s.histogram.is_some() || !compare.holds(s.value, number)).collect()
}

fn truth(holds: bool) -> Truth {
    if holds { Truth::Yes } else { Truth::No }
}

/// Whether the claim is about this rule, or about the alert that it makes.
fn concerns(claim: &Claim, name: &str) -> bool {
    match claim {
        Claim::Alert(claim) => claim.alert.value == name,
        Claim::ExactAlerts { alert, .. } => alert.value == name,
        Claim::RuleHealthy { rule } => rule.as_ref().is_none_or(|rule| rule.value == name),
        _ => false,
    }
}
