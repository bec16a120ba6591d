//! Inhibition: alerts that fire mute others that are like them.

use std::collections::{BTreeMap, BTreeSet};

use crate::labels::Labels;
use crate::stack::alertmanager::{InhibitRule, Matcher, Version, fingerprint};
use crate::time::Timestamp;

use super::alert::Alert;

/// The part that an alert can play in one rule; it depends on its labels only.
#[derive(Clone, Debug)]
pub struct Role {
    pub rule: usize,
    pub source: bool,
    pub target: bool,
    /// The hash of the labels that must be equal; a missing label is an empty one.
    equal: u64,
}

/// What one rule remembers of its sources, by the labels that must be equal.
#[derive(Clone, Debug, Default)]
struct Sources {
    by_equal: BTreeMap<u64, Candidates>,
}

#[derive(Clone, Debug, Default)]
struct Candidates {
    all: BTreeSet<usize>,
    /// From 0.30 on one source stands for all with the same equal labels: the one that ends last.
    leader: Option<usize>,
}

#[derive(Clone, Debug)]
pub struct Inhibitor {
    rules: Vec<Sources>,
    by_leader: bool,
}

/// Which parts an alert plays, over all rules.
pub fn roles(rules: &[InhibitRule], labels: &Labels) -> Vec<Role> {
    let all = |matchers: &[Matcher]| matchers.iter().all(|matcher| matcher.matches(labels));
    rules
        .iter()
        .enumerate()
        .filter_map(|(rule, inhibit)| {
            let (source, target) = (all(&inhibit.source), all(&inhibit.target));
            let equal =
                Labels::from_pairs(inhibit.equal.iter().map(|name| (name.as_str(), labels.value(name))));
            (source || target).then(|| Role { rule, source, target, equal: fingerprint(&equal) })
        })
        .collect()
}

impl Inhibitor {
    pub fn new(rules: usize, version: Version) -> Inhibitor {
        Inhibitor { rules: vec![Sources::default(); rules], by_leader: version >= Version(30) }
    }

    /// Remembers an alert (by its slot) where it is a source. `alert` gives the current state of any slot.
    pub fn update<'a>(&mut self, slot: usize, roles: &[Role], alert: impl Fn(usize) -> &'a Alert) {
        for role in roles.iter().filter(|role| role.source) {
            let candidates = self.rules[role.rule].by_equal.entry(role.equal).or_default();
            candidates.all.insert(slot);
            let keeps = candidates
                .leader
                .is_some_and(|leader| leader == slot || !alert(leader).resolved(alert(slot).ends_at));
            if !keeps {
                candidates.leader = Some(slot);
            }
        }
    }

    /// Forgets resolved sources, as the real one does every 15 minutes.
    pub fn collect_garbage(&mut self, resolved: impl Fn(usize) -> bool) {
        for rule in &mut self.rules {
            rule.by_equal.retain(|_, candidates| {
                candidates.all.retain(|slot| !resolved(*slot));
                if candidates.leader.is_some_and(&resolved) {
                    candidates.leader = None;
                }
                !candidates.all.is_empty()
            });
        }
    }

    /// The source and the rule that mute an alert now. A target that is a source too is not muted by another
    /// that plays both parts.
    pub fn muting<'a>(
        &self,
        roles: &[Role],
        at: Timestamp,
        alert: impl Fn(usize) -> (&'a Alert, &'a [Role]),
    ) -> Option<(usize, usize)> {
        roles.iter().filter(|role| role.target).find_map(|role| {
            let candidates = self.rules[role.rule].by_equal.get(&role.equal)?;
            let inhibits = |slot: usize| {
                let (source, its_roles) = alert(slot);
                let is_target = || its_roles.iter().any(|other| other.rule == role.rule && other.target);
                !(source.resolved(at) || role.source && is_target())
            };
            let source = match self.by_leader {
                true => candidates.leader.filter(|slot| inhibits(*slot)),
                false => candidates.all.iter().copied().find(|slot| inhibits(*slot)),
            }?;
            Some((role.rule, source))
        })
    }
}
