//! A group of alerts: its timer, what it holds, and the flush that is under way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::labels::Labels;
use crate::time::{Duration, Timestamp};
use crate::timeline::{MutedBy, Notification};

use super::delivery::Backoff;

/// A group's name: it may come and go, its place in the list stays.
#[derive(Clone, Debug)]
pub struct GroupSlot {
    pub route: usize,
    pub labels: Labels,
    pub key: Arc<str>,
    pub group: Option<Group>,
}

#[derive(Clone, Debug)]
pub struct Group {
    /// Slots of the alerts it holds.
    pub members: BTreeSet<usize>,
    /// When the timer goes off.
    pub next: Timestamp,
    pub flushed: bool,
    pub emptied_at: Option<Timestamp>,
    pub flight: Option<Flight>,
    /// Why members were last kept out of a notification.
    pub muted: BTreeMap<usize, MutedBy>,
}

impl Group {
    pub fn new(next: Timestamp) -> Group {
        Group {
            members: BTreeSet::new(),
            next,
            flushed: false,
            emptied_at: None,
            flight: None,
            muted: BTreeMap::new(),
        }
    }

    /// What was to happen earlier happens then.
    pub fn not_before(&mut self, at: Timestamp) {
        self.next = self.next.max(at);
        let deliveries = self.flight.iter_mut().flat_map(|flight| &mut flight.deliveries);
        deliveries.for_each(|delivery| delivery.at = delivery.at.max(at));
    }

    /// When something happens to it next. An empty group's timer runs too, but nobody can see it.
    pub fn due(&self) -> Option<Timestamp> {
        match &self.flight {
            Some(flight) => flight.due(),
            None if self.members.is_empty() => None,
            None => Some(self.next),
        }
    }
}

/// A flush whose notifications are not all done yet. The timer runs on, but its ticks wait.
#[derive(Clone, Debug)]
pub struct Flight {
    pub deadline: Timestamp,
    pub deliveries: Vec<Delivery>,
    pub failed: bool,
    /// Resolved members at the flush, with their last update: they leave if it succeeds.
    pub resolved: Vec<(usize, Timestamp)>,
}

impl Flight {
    fn due(&self) -> Option<Timestamp> {
        self.deliveries.iter().map(|delivery| delivery.at).min()
    }
}

/// One integration's notification, until it is done.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Its place among the receiver's integrations.
    pub integration: usize,
    /// When the next attempt is made, or a hanging one ends.
    pub at: Timestamp,
    pub backoff: Backoff,
    /// What is sent; the attempt counts up in it. Shared, so that copies of a world stay cheap.
    pub notification: Arc<Notification>,
    /// The error of rendering, and whether Alertmanager tries again after it.
    pub unrendered: Option<(String, bool)>,
    pub logged: (Arc<BTreeSet<u64>>, Arc<BTreeSet<u64>>),
    pub last_error: String,
    pub own_timeout: Duration,
}
