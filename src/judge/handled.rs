//! What Alertmanager does with the alert of a claim: what mutes it now, and where its routes have led.

use std::collections::BTreeMap;

use super::course::Truth;
use crate::labels::Labels;
use crate::scenario::{MuteCause, MutedClaim, RoutedClaim};
use crate::timeline::{AlertState, AlertStatus, Muted, MutedBy, Observed, Routed};

/// As of the last observation taken in.
#[derive(Default)]
pub(super) struct Handled {
    /// By group and labels, each alert that is muted.
    pub muted: BTreeMap<(String, Labels), Muted>,
    /// By labels, the receivers that the alert's routes lead to.
    pub routed: BTreeMap<Labels, Routed>,
}

impl Handled {
    /// Takes in what bears on whether the alert is muted; false for everything else.
    pub fn see_mute(&mut self, claim: &MutedClaim, seen: &Observed) -> bool {
        match seen {
            Observed::Muted(muted) if is_of(claim, muted) => {
                self.muted.insert((muted.group_key.clone(), muted.labels.clone()), muted.clone());
                true
            }
            // What is told of is not muted, not in this group.
            Observed::Notification(sent) => {
                let before = self.muted.len();
                self.muted.retain(|(group, labels), _| {
                    *group != sent.group_key
                        || !sent
                            .alerts
                            .iter()
                            .any(|told| told.labels == *labels && told.status == AlertStatus::Firing)
                });
                self.muted.len() < before
            }
            Observed::Alert(change) if change.to == AlertState::Inactive => {
                let before = self.muted.len();
                self.muted.retain(|(_, labels), _| !labels.contains(&change.alert.labels));
                self.muted.len() < before
            }
            _ => false,
        }
    }

    pub fn see_route(&mut self, claim: &RoutedClaim, seen: &Observed) -> bool {
        match seen {
            Observed::Routed(routed)
                if routed.labels.value("alertname") == claim.alert.value
                    && routed.labels.contains(&claim.labels) =>
            {
                self.routed.insert(routed.labels.clone(), routed.clone());
                true
            }
            _ => false,
        }
    }

    pub fn is_muted(&self, claim: &MutedClaim) -> Truth {
        match self.muted.values().any(|muted| is_cause(claim.by.as_ref(), &muted.by)) {
            true => Truth::Yes,
            false => Truth::No,
        }
    }

    pub fn is_routed(&self, claim: &RoutedClaim) -> Truth {
        let leads = |routed: &Routed| {
            routed.to.iter().map(|taken| &taken.receiver).eq(claim.to.iter().map(|name| &name.value))
        };
        match !self.routed.is_empty() && self.routed.values().all(leads) {
            true => Truth::Yes,
            false => Truth::No,
        }
    }
}

/// Whether it is the claimed alert, on its way to the claimed receiver.
pub(super) fn is_of(claim: &MutedClaim, muted: &Muted) -> bool {
    muted.labels.value("alertname") == claim.alert.value
        && muted.labels.contains(&claim.labels)
        && claim.receiver.as_ref().is_none_or(|name| name.value == muted.receiver)
}

pub(super) fn is_cause(wanted: Option<&MuteCause>, by: &MutedBy) -> bool {
    match (wanted, by) {
        (None, _) => true,
        (Some(MuteCause::Inhibition { source: wanted }), MutedBy::Inhibition { source, .. }) => {
            wanted.as_ref().is_none_or(|wanted| source.value("alertname") == wanted.value)
        }
        (Some(MuteCause::Silence), MutedBy::Silence { .. }) => true,
        (
            Some(MuteCause::TimeInterval { name }),
            MutedBy::MuteTimeInterval { names } | MutedBy::ActiveTimeInterval { names },
        ) => name.as_ref().is_none_or(|name| names.contains(&name.value)),
        _ => false,
    }
}
