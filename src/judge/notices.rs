//! Notifications counted: when a claim's condition is a number of things that happen, not a state that lasts.

use std::collections::BTreeMap;

use super::content;
use super::course::{Outcome, Window};
use crate::scenario::{Addressee, Claim, Comparison, NotificationClaim, Then};
use crate::time::Timestamp;
use crate::timeline::{self, Notification};

/// The delivered notifications that a claim counts, and those that it forbids.
pub(super) struct Notices {
    compare: Comparison,
    wanted: usize,
    negated: bool,
    /// Before this nothing counts.
    since: Timestamp,
    counts: Counts,
    /// When the claimed ones came, by integration: all of a receiver's are told of one thing together.
    came: BTreeMap<(String, &'static str, usize), Vec<Timestamp>>,
    others: Vec<Timestamp>,
}

enum Counts {
    Claimed(Box<NotificationClaim>),
    AllBut(Vec<Addressee>),
}

impl Notices {
    /// `None` for a claim that counts no notifications.
    pub fn of(then: &Then, since: Timestamp) -> Option<Notices> {
        let (counts, (compare, wanted)) = match &then.claim {
            Claim::Notified(claim) => (Counts::Claimed(Box::new(claim.clone())), claim.times),
            Claim::NobodyNotified { but, .. } => {
                (Counts::AllBut(but.clone()), (Comparison::GreaterOrEqual, 1))
            }
            _ => return None,
        };
        Some(Notices {
            compare,
            wanted: usize::try_from(wanted).unwrap_or(usize::MAX),
            negated: then.timing.negated,
            since: since - then.timing.waited,
            counts,
            came: BTreeMap::new(),
            others: Vec::new(),
        })
    }

    /// Takes in a notification; false when it does not bear on the claim.
    pub fn see(&mut self, at: Timestamp, seen: &Notification) -> bool {
        if seen.outcome != timeline::Outcome::Delivered || at <= self.since {
            return false;
        }
        let counted = match &self.counts {
            Counts::Claimed(claim) => {
                let meant = claim.to.is(&seen.receiver, seen.integration, &seen.address);
                if !meant && claim.nobody_else {
                    self.others.push(at);
                    return true;
                }
                meant && content::matches(&claim.content, seen)
            }
            Counts::AllBut(known) => {
                !known.iter().any(|to| to.is(&seen.receiver, seen.integration, &seen.address))
            }
        };
        if counted {
            let key = (seen.receiver.clone(), seen.integration, seen.index);
            self.came.entry(key).or_default().push(at);
        }
        counted
    }

    /// The instants of the first, the second … notification. A receiver with several integrations is told once
    /// by all of them; an address is told as often as something comes to it.
    pub fn instants(&self) -> Vec<Timestamp> {
        let by_receiver = match &self.counts {
            Counts::Claimed(claim) => claim.to.receiver.is_some(),
            Counts::AllBut(_) => false,
        };
        if by_receiver {
            let most = self.came.values().map(Vec::len).max().unwrap_or(0);
            return (0..most)
                .filter_map(|nth| self.came.values().filter_map(|c| c.get(nth)).min().copied())
                .collect();
        }
        let mut all: Vec<Timestamp> = self.came.values().flatten().copied().collect();
        all.sort();
        all
    }

    /// What came of the claim, as soon as that can no longer change; everything up to `now` has been seen.
    pub fn decide(&self, window: Window, until: Timestamp, now: Timestamp) -> Option<Outcome> {
        let came = self.instants();
        let count = |upto: Timestamp| came.iter().filter(|at| **at <= upto).count();
        let other = |upto: Timestamp| self.others.iter().copied().find(|at| *at <= upto);
        match window {
            Window::Instant { at, .. } => {
                if now < at {
                    return None;
                }
                if self.negated {
                    return Some(match came.first() {
                        Some(first) => Outcome::Violated { at: *first },
                        // In no time nothing can have been sent.
                        None if at <= self.since => Outcome::Unseen { by: at },
                        None => Outcome::Held { at },
                    });
                }
                Some(match (other(at), self.holds(count(at))) {
                    (Some(at), _) => Outcome::Violated { at },
                    (None, true) => Outcome::Held { at: came.last().copied().unwrap_or(at) },
                    (None, false) => Outcome::Not { at },
                })
            }
            Window::Throughout { from, to, .. } => {
                if let Some(at) = came.iter().copied().find(|at| *at > from && *at <= to.min(now)) {
                    return Some(Outcome::Violated { at });
                }
                (now >= to).then_some(Outcome::Held { at: to })
            }
            Window::Within { from, by, .. } => {
                if let Some(at) = came.first().copied().filter(|at| *at < from) {
                    return Some(Outcome::Early { at });
                }
                if let Some(at) = other(by.min(now)) {
                    return Some(Outcome::Violated { at });
                }
                if let Some(at) = self.most().and_then(|most| came.get(most)).copied().filter(|at| *at <= by)
                {
                    return Some(Outcome::Violated { at });
                }
                let least = self.least();
                let reached = least.checked_sub(1).and_then(|last| came.get(last)).copied();
                let alone = matches!(&self.counts, Counts::Claimed(claim) if claim.nobody_else);
                if self.most().is_none() && !alone && reached.is_some_and(|at| at <= by) {
                    return reached.map(|at| Outcome::Held { at });
                }
                if now < by {
                    return None;
                }
                match reached {
                    _ if least == 0 => Some(Outcome::Held { at: by }),
                    Some(at) if at <= by => Some(Outcome::Held { at }),
                    Some(at) => Some(Outcome::Late { by, happened: Some(at) }),
                    None if now < until => None,
                    None => Some(Outcome::Late { by, happened: None }),
                }
            }
        }
    }

    fn holds(&self, count: usize) -> bool {
        self.least() <= count && self.most().is_none_or(|most| count <= most)
    }

    fn least(&self) -> usize {
        match self.compare {
            Comparison::Equal | Comparison::GreaterOrEqual => self.wanted,
            Comparison::Greater => self.wanted.saturating_add(1),
            Comparison::Less | Comparison::LessOrEqual | Comparison::NotEqual => 0,
        }
    }

    fn most(&self) -> Option<usize> {
        match self.compare {
            Comparison::Equal | Comparison::LessOrEqual => Some(self.wanted),
            Comparison::Less => Some(self.wanted.saturating_sub(1)),
            Comparison::GreaterOrEqual | Comparison::Greater | Comparison::NotEqual => None,
        }
    }
}
