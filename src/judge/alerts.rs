//! The elements of one alert, as a claim sees them.

use std::collections::BTreeMap;

use crate::labels::Labels;
use crate::scenario::{AlertClaim, ClaimedState, TextMatch};
use crate::timeline::{ActiveAlert, AlertChange, AlertState};

/// Every element that was ever active, by its labels.
#[derive(Default)]
pub(super) struct AlertsSeen {
    elements: BTreeMap<Labels, Element>,
}

struct Element {
    last: ActiveAlert,
    state: AlertState,
    fired: bool,
}

/// Why elements in the claimed state are not the claimed ones; the nearest speaks.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Miss {
    Labels { got: Labels },
    Annotation { labels: Labels, name: String, wanted: TextMatch, got: Option<String> },
    Value { labels: Labels, got: f64 },
    Count { got: usize },
}

impl AlertsSeen {
    /// A change of state of any alert; false for one of another name, which is passed over.
    pub fn change(&mut self, alert: &str, change: &AlertChange) -> bool {
        if change.alert.labels.value("alertname") != alert {
            return false;
        }
        let element = self.elements.entry(change.alert.labels.clone()).or_insert_with(|| Element {
            last: change.alert.clone(),
            state: change.from,
            fired: false,
        });
        element.last = change.alert.clone();
        element.state = change.to;
        match change.to {
            AlertState::Firing => element.fired = true,
            // What begins anew was not resolved yet.
            AlertState::Pending => element.fired = change.from == AlertState::Firing,
            AlertState::Inactive => {}
        }
        true
    }

    /// What an active element is like at an evaluation: its value and annotations move on.
    pub fn look(&mut self, active: &ActiveAlert) {
        let element = self.elements.entry(active.labels.clone()).or_insert_with(|| Element {
            last: active.clone(),
            state: active.state,
            fired: false,
        });
        element.last = active.clone();
        element.state = active.state;
        element.fired |= active.state == AlertState::Firing;
    }

    /// Whether the claimed elements are in the claimed state.
    pub fn holds(&self, claim: &AlertClaim) -> bool {
        match claim.state {
            ClaimedState::Inactive => !self.some_active(&claim.labels),
            ClaimedState::Resolved if claim.count.is_none() => {
                let firing =
                    |e: &Element| e.state == AlertState::Firing && e.last.labels.contains(&claim.labels);
                !self.elements.values().any(firing) && self.fitting(claim).next().is_some()
            }
            _ => {
                let got = self.fitting(claim).count();
                claim.count.map_or(got > 0, |count| got == count)
            }
        }
    }

    /// Where elements of the alert are in the claimed state but differ otherwise.
    pub fn miss(&self, claim: &AlertClaim) -> Option<Miss> {
        if claim.state == ClaimedState::Inactive {
            return None;
        }
        let in_state = || self.elements.values().filter(|e| is_in(e, claim.state)).map(|e| &e.last);
        let fitting = self.fitting(claim).count();
        if fitting > 0 {
            return claim.count.filter(|count| *count != fitting).map(|_| Miss::Count { got: fitting });
        }
        let labelled = in_state().find(|e| e.labels.contains(&claim.labels));
        let Some(labelled) = labelled else {
            return in_state()
                .min_by_key(|e| claim.labels.iter().filter(|(n, v)| e.labels.value(n) != *v).count())
                .map(|e| Miss::Labels { got: e.labels.clone() });
        };
        let labels = labelled.labels.clone();
        for (name, wanted) in &claim.annotations {
            if !says(labelled, name, wanted) {
                let got = match name.as_str() {
                    "" => Some(labelled.annotations.to_string()),
                    name => labelled.annotations.get(name).map(str::to_owned),
                };
                return Some(Miss::Annotation { labels, name: name.clone(), wanted: wanted.clone(), got });
            }
        }
        Some(Miss::Value { labels, got: labelled.value })
    }

    /// Elements that carry these labels, in this state.
    pub fn in_state(&self, labels: &Labels, state: AlertState) -> impl Iterator<Item = &ActiveAlert> {
        self.elements
            .values()
            .filter(move |e| e.state == state && e.last.labels.contains(labels))
            .map(|e| &e.last)
    }

    fn some_active(&self, labels: &Labels) -> bool {
        self.elements.values().any(|e| e.state != AlertState::Inactive && e.last.labels.contains(labels))
    }

    fn fitting(&self, claim: &AlertClaim) -> impl Iterator<Item = &ActiveAlert> {
        self.elements.values().filter(|e| is_in(e, claim.state)).map(|e| &e.last).filter(|e| {
            e.labels.contains(&claim.labels)
                && claim.annotations.iter().all(|(name, wanted)| says(e, name, wanted))
                && claim.value.is_none_or(|(compare, number)| compare.holds(e.value, number))
        })
    }
}

fn is_in(element: &Element, state: ClaimedState) -> bool {
    match state {
        ClaimedState::Inactive => element.state == AlertState::Inactive,
        ClaimedState::Pending => element.state == AlertState::Pending,
        ClaimedState::Firing => element.state == AlertState::Firing,
        ClaimedState::Resolved => element.fired && element.state != AlertState::Firing,
    }
}

fn says(alert: &ActiveAlert, name: &str, wanted: &TextMatch) -> bool {
    let fits = |got: &str| match wanted {
        TextMatch::Is(text) => got == text,
        TextMatch::Contains(text) => got.contains(text.as_str()),
    };
    // Without a name any annotation may say it.
    if name.is_empty() {
        alert.annotations.iter().any(|(_, got)| fits(got))
    } else {
        fits(alert.annotations.value(name))
    }
}
