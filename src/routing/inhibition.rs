//! Which alerts may mute which, by the inhibit rules.

use std::collections::BTreeMap;

use super::RoutedAlert;
use super::known::{Known, matches};
use crate::stack::alertmanager::{InhibitRule, Matcher};

/// What the inhibit rules mean for a stack's alerts; all numbers are places in its lists.
pub struct Inhibition {
    /// By inhibit rule.
    pub pairings: Vec<Pairing>,
}

/// Who can play which part in one inhibit rule.
pub struct Pairing {
    sources: Vec<Part>,
    targets: Vec<Part>,
    /// Of each label that must be equal, whether matchers want it to be there, so that it is there on both sides.
    wanted: Vec<bool>,
    /// Sources (as places in `sources`) by what is known of the labels that must be equal.
    by_equal: BTreeMap<Vec<Known>, Vec<usize>>,
}

struct Part {
    alert: usize,
    certain: bool,
    /// It certainly plays the other part too.
    both: bool,
    equal: Vec<Known>,
}

/// An alert that may be muted by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Muting {
    pub rule: usize,
    pub source: usize,
    /// Whenever both fire the target is muted.
    pub certain: bool,
}

impl Inhibition {
    pub fn between(rules: &[InhibitRule], alerts: &[RoutedAlert<'_>]) -> Inhibition {
        Inhibition { pairings: rules.iter().map(|rule| Pairing::of(rule, alerts)).collect() }
    }

    /// Everything that may mute an alert, by rule and then in the order of the alerts.
    pub fn muting(&self, target: usize) -> Vec<Muting> {
        let mut found = Vec::new();
        for (rule, pairing) in self.pairings.iter().enumerate() {
            if let Ok(at) = pairing.targets.binary_search_by_key(&target, |part| part.alert) {
                let mut sources = pairing.sources_of(&pairing.targets[at], rule);
                sources.sort_by_key(|muting| muting.source);
                found.extend(sources);
            }
        }
        found
    }
}

impl Pairing {
    fn of(rule: &InhibitRule, alerts: &[RoutedAlert<'_>]) -> Pairing {
        let matchers = || rule.source.iter().chain(&rule.target);
        let wants = |name: &String| matchers().any(|one| one.name == *name && !one.matches_value(""));
        let mut pairing = Pairing {
            sources: Vec::new(),
            targets: Vec::new(),
            wanted: rule.equal.iter().map(wants).collect(),
            by_equal: BTreeMap::new(),
        };
        for (at, alert) in alerts.iter().enumerate().filter(|(_, alert)| !alert.is_dropped()) {
            let source = all(&rule.source, alert);
            let target = all(&rule.target, alert);
            let both = source == Some(true) && target == Some(true);
            let equal: Vec<Known> = rule.equal.iter().map(|name| alert.labels.get(name).clone()).collect();
            if source != Some(false) {
                pairing.by_equal.entry(equal.clone()).or_default().push(pairing.sources.len());
                let certain = source == Some(true);
                pairing.sources.push(Part { alert: at, certain, both, equal: equal.clone() });
            }
            if target != Some(false) {
                pairing.targets.push(Part { alert: at, certain: target == Some(true), both, equal });
            }
        }
        pairing
    }

    pub fn has_source(&self) -> bool {
        !self.sources.is_empty()
    }

    pub fn has_target(&self) -> bool {
        !self.targets.is_empty()
    }

    /// Whether any alert can be muted.
    pub fn is_possible(&self) -> bool {
        self.targets.iter().any(|target| !self.sources_of(target, 0).is_empty())
    }

    /// Sources and targets, as places in the list of alerts.
    pub fn parts(&self) -> (Vec<usize>, Vec<usize>) {
        let alerts = |parts: &[Part]| parts.iter().map(|part| part.alert).collect();
        (alerts(&self.sources), alerts(&self.targets))
    }

    /// Whether every source and every target lack all the labels that must be equal, so that all are equal.
    pub fn nobody_has_what_must_be_equal(&self) -> bool {
        let lacks = |part: &Part| part.equal.iter().all(|known| *known == Known::Absent);
        !self.sources.is_empty()
            && self.sources.iter().all(lacks)
            && self.targets.iter().all(lacks)
            && self.is_possible()
    }

    fn sources_of(&self, target: &Part, rule: usize) -> Vec<Muting> {
        let mut found = Vec::new();
        for (equal, sources) in &self.by_equal {
            let lacks = |known: &[Known]| {
                known.iter().zip(&self.wanted).any(|(known, wanted)| *wanted && *known == Known::Absent)
            };
            if lacks(equal) || lacks(&target.equal) {
                continue;
            }
            let Some(equal) = agree(equal, &target.equal) else { continue };
            for source in sources.iter().map(|source| &self.sources[*source]) {
                // Who plays both parts is not muted by another who does.
                if source.both && target.both {
                    continue;
                }
                // An alert alone can't mute itself; others of its rule can.
                if source.alert == target.alert && target.both {
                    continue;
                }
                let certain = equal && source.certain && target.certain;
                found.push(Muting { rule, source: source.alert, certain });
            }
        }
        found
    }
}

/// Whether labels are certainly equal; `None` where they certainly are not.
fn agree(one: &[Known], other: &[Known]) -> Option<bool> {
    let mut certain = true;
    for (a, b) in one.iter().zip(other) {
        match (a.text(), b.text()) {
            (Some(a), Some(b)) if a != b => return None,
            (Some(_), Some(_)) => {}
            _ => certain = false,
        }
    }
    Some(certain)
}

fn all(matchers: &[Matcher], alert: &RoutedAlert<'_>) -> Option<bool> {
    let mut certain = true;
    for matcher in matchers {
        match matches(matcher, &alert.labels) {
            Some(true) => {}
            Some(false) => return Some(false),
            None => certain = false,
        }
    }
    certain.then_some(true)
}
