//! What Alertmanager would answer on `/api/v2/alerts/groups`, and what each group waits for.

use std::sync::Arc;

use crate::labels::Labels;
use crate::stack::alertmanager::fingerprint;
use crate::time::Timestamp;
use crate::timeline::MutedBy;

use super::Alertmanager;
use super::alert::{label_set_order, notification_order};

#[derive(Clone, Debug, PartialEq)]
pub struct GroupView {
    pub receiver: String,
    pub labels: Labels,
    pub key: String,
    pub alerts: Vec<AlertView>,
    /// When the group is next looked at, and whether that ends its first wait.
    pub next_flush: Timestamp,
    pub waiting_for: &'static str,
}

#[derive(Clone, Debug, PartialEq)]
pub struct AlertView {
    pub labels: Labels,
    pub annotations: Labels,
    pub fingerprint: u64,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    pub updated_at: Timestamp,
    pub generator_url: Arc<str>,
    /// Fingerprints.
    pub inhibited_by: Vec<u64>,
    pub silenced_by: Vec<String>,
    /// All receivers of the alert, sorted.
    pub receivers: Vec<String>,
}

impl AlertView {
    /// `suppressed` while anything mutes it.
    pub fn state(&self) -> &'static str {
        match self.inhibited_by.is_empty() && self.silenced_by.is_empty() {
            true => "active",
            false => "suppressed",
        }
    }
}

impl Alertmanager {
    /// The groups with alerts that are not resolved, by their labels and then by receiver.
    pub fn groups(&self) -> Vec<GroupView> {
        let mut views: Vec<GroupView> = self
            .groups
            .iter()
            .filter_map(|slot| {
                let group = slot.group.as_ref()?;
                let mut alerts: Vec<AlertView> = group
                    .members
                    .iter()
                    .filter(|member| self.alerts[**member].alert.ends_at >= self.now)
                    .map(|member| self.alert_view(*member))
                    .collect();
                alerts.sort_by(|a, b| notification_order(&a.labels, &b.labels));
                (!alerts.is_empty()).then(|| GroupView {
                    receiver: self.setup.tree.node(slot.route).route.receiver.value.clone(),
                    labels: slot.labels.clone(),
                    key: slot.key.to_string(),
                    alerts,
                    next_flush: group.next,
                    waiting_for: if group.flushed { "group_interval" } else { "group_wait" },
                })
            })
            .collect();
        views.sort_by(|a, b| label_set_order(&a.labels, &b.labels).then_with(|| a.receiver.cmp(&b.receiver)));
        views
    }

    fn alert_view(&self, member: usize) -> AlertView {
        let slot = &self.alerts[member];
        let mut receivers: Vec<String> = slot
            .placements
            .iter()
            .map(|group| self.setup.tree.node(self.groups[*group].route).route.receiver.value.clone())
            .collect();
        receivers.sort();
        let inhibited_by = match self.inhibited_by(member, self.now) {
            Some(MutedBy::Inhibition { source, .. }) => vec![fingerprint(&source)],
            _ => Vec::new(),
        };
        AlertView {
            labels: slot.labels.clone(),
            annotations: slot.alert.annotations.clone(),
            fingerprint: slot.fingerprint,
            starts_at: slot.alert.starts_at,
            ends_at: slot.alert.ends_at,
            updated_at: slot.alert.updated_at,
            generator_url: slot.alert.generator_url.clone(),
            inhibited_by,
            silenced_by: self.silences.muting(&slot.labels, self.now),
            receivers,
        }
    }
}
