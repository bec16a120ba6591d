//! Alertmanager in virtual time: a state machine that is pushed alerts and yields observations.
//!
//! It does no I/O and reads no clock. Whoever drives it calls [`Alertmanager::push`] and the like at
//! instants that never go back, and [`Alertmanager::advance`] to let time pass; between the two it is plain
//! data that can be cloned to look ahead. Delivering takes no time unless a receiver is told to hang.

mod alert;
pub mod check;
mod delivery;
mod flush;
mod group;
mod inhibit;
mod notification_log;
mod payload;
mod silence;
pub mod template;
#[cfg(test)]
mod tests;
mod tree;
mod view;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::labels::Labels;
use crate::stack::alertmanager as stack;
use crate::stack::alertmanager::{IntegrationKind, Version, fingerprint};
use crate::time::{Duration, Timestamp};
use crate::timeline::{Observation, Observed, RouteTaken, Routed, Waiting};

use delivery::Behaviours;
use group::{Group, GroupSlot};
use inhibit::{Inhibitor, Role};
use silence::Silences;

pub use alert::{Alert, PushedAlert};
pub use delivery::Behaviour;
pub use notification_log::{NotificationLog, reason as why_notify};
pub use payload::{Notice, Templates, render};
pub use silence::Silence;
pub use tree::{Refused, RouteNode, RouteTree, Routing, Shadowed, Taken};
pub use view::{AlertView, GroupView};

/// A running Alertmanager.
#[derive(Clone, Debug)]
pub struct Alertmanager {
    setup: Arc<Setup>,
    /// When the process started: its housekeeping counts from there.
    started: Timestamp,
    now: Timestamp,
    alerts: Vec<AlertSlot>,
    /// By fingerprint.
    slots: HashMap<u64, usize>,
    /// The slot of the alert that is likely to be pushed next: Prometheus sends them in one order.
    expected: usize,
    groups: Vec<GroupSlot>,
    group_slots: HashMap<(usize, Labels), usize>,
    /// When something happens to which group.
    agenda: BTreeSet<(Timestamp, usize)>,
    inhibitor: Inhibitor,
    silences: Silences,
    log: NotificationLog,
    behaviours: Behaviours,
    next_sweep: Timestamp,
    /// What was last written to its disk.
    saved: (NotificationLog, Silences),
    seen: Vec<Observation>,
}

/// What never changes while it runs.
#[derive(Debug)]
struct Setup {
    config: stack::Alertmanager,
    tree: RouteTree,
    /// By node of the tree: the place of its receiver.
    receivers: Vec<usize>,
    templates: Templates,
    external_url: String,
}

/// An alert's labels and all that follows from them alone, beside what was last pushed.
#[derive(Clone, Debug)]
struct AlertSlot {
    labels: Labels,
    fingerprint: u64,
    /// Slots of the groups that it belongs to.
    placements: Arc<[usize]>,
    roles: Arc<[Role]>,
    alert: Alert,
    /// Whether it is still remembered by itself, and not only by its groups.
    stored: bool,
}

/// Resolved alerts are forgotten this often …
const SWEEP: Duration = Duration::from_secs(15 * 60);
/// … and empty groups this often, before 0.32.
const EMPTY_GROUPS: Duration = Duration::from_secs(30);

impl Alertmanager {
    /// `external_url` is what links in notifications begin with (`--web.external-url`).
    pub fn new(
        config: stack::Alertmanager,
        templates: Templates,
        external_url: &str,
        start: Timestamp,
    ) -> Self {
        let tree = RouteTree::new(&config.route);
        let receivers = tree
            .nodes()
            .iter()
            .map(|node| {
                let name = &node.route.receiver.value;
                config.receivers.iter().position(|receiver| receiver.name.value == *name).unwrap_or(0)
            })
            .collect();
        let inhibitor = Inhibitor::new(config.inhibit_rules.len(), config.version);
        let external_url = external_url.trim_end_matches('/').to_owned();
        Alertmanager {
            setup: Arc::new(Setup { config, tree, receivers, templates, external_url }),
            started: start,
            now: start,
            alerts: Vec::new(),
            slots: HashMap::new(),
            expected: 0,
            groups: Vec::new(),
            group_slots: HashMap::new(),
            agenda: BTreeSet::new(),
            inhibitor,
            silences: Silences::default(),
            log: NotificationLog::default(),
            behaviours: Behaviours::default(),
            next_sweep: start + SWEEP,
            saved: Default::default(),
            seen: Vec::new(),
        }
    }

    pub fn now(&self) -> Timestamp {
        self.now
    }

    pub fn config(&self) -> &stack::Alertmanager {
        &self.setup.config
    }

    pub fn tree(&self) -> &RouteTree {
        &self.setup.tree
    }

    /// Takes alerts in, as posted to `/api/v2/alerts`. What is due at `at` itself happens after that.
    pub fn push(&mut self, at: Timestamp, alerts: &[PushedAlert]) {
        self.run(at, false);
        for pushed in alerts {
            self.take(pushed, at);
        }
    }

    /// Makes a silence and gives its id.
    pub fn silence(&mut self, at: Timestamp, silence: Silence) -> String {
        self.run(at, false);
        self.silences.add(silence)
    }

    /// Whether it knows of a silence, ended or not.
    pub fn has_silence(&self, id: &str) -> bool {
        self.silences.iter().any(|(known, _)| known == id)
    }

    /// Ends a silence now; whether there was such a one.
    pub fn expire(&mut self, at: Timestamp, id: &str) -> bool {
        self.run(at, false);
        self.silences.expire(id, at)
    }

    /// From now on a receiver, or one integration of it, answers like this.
    pub fn set_receiver_behaviour(
        &mut self,
        at: Timestamp,
        receiver: &str,
        integration: Option<(IntegrationKind, usize)>,
        behaviour: Behaviour,
    ) {
        self.run(at, false);
        self.behaviours.set(receiver, integration, behaviour);
    }

    /// The process stops and starts: alerts and groups are forgotten. The notification log and the silences
    /// live in its storage and survive if that does.
    pub fn restart(&mut self, at: Timestamp, keep_storage: bool) {
        self.run(at, false);
        self.started = at;
        self.next_sweep = at + SWEEP;
        // Slots stay, since the notification log speaks of them.
        self.alerts.iter_mut().for_each(|slot| slot.stored = false);
        self.groups.iter_mut().for_each(|slot| slot.group = None);
        self.agenda.clear();
        self.inhibitor = Inhibitor::new(self.setup.config.inhibit_rules.len(), self.setup.config.version);
        if !keep_storage {
            self.silences = Silences::default();
            self.log = NotificationLog::default();
        }
        self.saved = (self.log.clone(), self.silences.clone());
    }

    /// The process ends at once: what it knows when it starts again is what it last wrote down.
    pub fn crash(&mut self, at: Timestamp) {
        self.run(at, false);
        (self.log, self.silences) = self.saved.clone();
        self.restart(at, true);
    }

    /// It stood still until `at`: all that was due meanwhile is due now.
    pub fn go_on(&mut self, at: Timestamp) {
        while let Some((_, slot)) = self.agenda.first().copied().filter(|(due, _)| *due < at) {
            self.agenda.pop_first();
            if let Some(group) = &mut self.groups[slot].group {
                group.not_before(at);
            }
            self.agenda.insert((at, slot));
        }
    }

    /// The next instant at which something happens by itself.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.agenda.first().map(|(at, _)| *at)
    }

    /// Lets time pass up to and including `to`, and gives what was seen since the last time.
    pub fn advance(&mut self, to: Timestamp) -> Vec<Observation> {
        self.run(to, true);
        std::mem::take(&mut self.seen)
    }

    fn run(&mut self, to: Timestamp, including: bool) {
        while let Some((at, slot)) = self.agenda.first().copied() {
            if at > to || (at == to && !including) {
                break;
            }
            self.agenda.pop_first();
            self.sweep(at);
            self.now = self.now.max(at);
            self.step(slot, at);
        }
        self.sweep(to);
        self.now = self.now.max(to);
    }

    /// Forgets what has been resolved for a while.
    fn sweep(&mut self, at: Timestamp) {
        while self.next_sweep <= at {
            let now = self.next_sweep;
            let alerts = &mut self.alerts;
            self.inhibitor.collect_garbage(|slot| alerts[slot].alert.resolved(now));
            self.log.collect_garbage(now);
            self.saved = (self.log.clone(), self.silences.clone());
            // The store itself is swept half as often.
            if (now - self.started).0 % (2 * SWEEP.0) == 0 {
                for slot in alerts.iter_mut().filter(|slot| slot.alert.resolved(now)) {
                    slot.stored = false;
                }
            }
            self.next_sweep = self.next_sweep + SWEEP;
        }
    }

    fn take(&mut self, pushed: &PushedAlert, at: Timestamp) {
        if pushed.labels.is_empty() {
            return;
        }
        let Some(alert) = Alert::received(pushed, at, self.setup.config.resolve_timeout) else { return };
        let slot = self.slot(&pushed.labels, &alert);
        self.expected = (slot + 1) % self.alerts.len();
        let stored = &mut self.alerts[slot];
        let known = stored.stored;
        stored.alert = if known { alert.after(&stored.alert, at) } else { alert };
        stored.stored = true;
        if !known {
            self.see_routed(slot, at);
        }
        let (roles, placements) = (self.alerts[slot].roles.clone(), self.alerts[slot].placements.clone());
        let alerts = &self.alerts;
        self.inhibitor.update(slot, &roles, |slot| &alerts[slot].alert);
        for group in placements.iter() {
            self.insert(*group, slot, at);
        }
    }

    /// The slot of the alert with these labels; where it has none, a new one that is not stored yet.
    fn slot(&mut self, labels: &Labels, alert: &Alert) -> usize {
        if self.alerts.get(self.expected).is_some_and(|expected| expected.labels == *labels) {
            return self.expected;
        }
        let fingerprint = fingerprint(labels);
        if let Some(slot) = self.slots.get(&fingerprint) {
            return *slot;
        }
        let added = self.place(labels, fingerprint, alert.clone());
        self.alerts.push(added);
        let slot = self.alerts.len() - 1;
        self.slots.insert(fingerprint, slot);
        slot
    }

    fn place(&mut self, labels: &Labels, fingerprint: u64, alert: Alert) -> AlertSlot {
        let setup = self.setup.clone();
        let placements = setup
            .tree
            .matching(labels)
            .into_iter()
            .map(|node| {
                let group_labels = setup.tree.group_labels(node, labels);
                let groups = &mut self.groups;
                *self.group_slots.entry((node, group_labels.clone())).or_insert_with(|| {
                    let key = setup.tree.group_key(node, &group_labels).into();
                    groups.push(GroupSlot { route: node, labels: group_labels, key, group: None });
                    groups.len() - 1
                })
            })
            .collect();
        AlertSlot {
            labels: labels.clone(),
            fingerprint,
            placements,
            roles: inhibit::roles(&setup.config.inhibit_rules, labels).into(),
            alert,
            stored: false,
        }
    }

    /// Puts an alert into a group, which is opened if it is not there.
    fn insert(&mut self, group_slot: usize, alert_slot: usize, at: Timestamp) {
        self.drop_if_swept(group_slot, at);
        let GroupSlot { route, labels, key, group } = &mut self.groups[group_slot];
        let route = &self.setup.tree.node(*route).route;
        let is_old = self.alerts[alert_slot].alert.starts_at + route.group_wait < at;
        let opened = group.is_none();
        let group = group.get_or_insert_with(|| Group::new(at + route.group_wait));
        let due_before = group.due();
        group.members.insert(alert_slot);
        group.emptied_at = None;
        // The wait is over for an alert that has already waited as long elsewhere.
        let may_hurry = opened || self.setup.config.version < Version(30);
        if is_old && !group.flushed && may_hurry {
            group.next = at;
        }
        let (due, until) = (group.due(), group.next);
        if opened && until > at {
            let waiting = Waiting {
                receiver: route.receiver.value.clone(),
                group_key: key.to_string(),
                group_labels: labels.clone(),
                until,
            };
            self.seen.push(Observation { at, what: Observed::Waiting(waiting) });
        }
        self.reschedule(group_slot, due_before, due);
    }

    fn reschedule(&mut self, slot: usize, before: Option<Timestamp>, after: Option<Timestamp>) {
        if before != after {
            if let Some(before) = before {
                self.agenda.remove(&(before, slot));
            }
            if let Some(after) = after {
                self.agenda.insert((after, slot));
            }
        }
    }

    /// Empty groups are dropped by housekeeping; while one is still there, its timer has run on.
    fn drop_if_swept(&mut self, slot: usize, at: Timestamp) {
        let route = &self.setup.tree.node(self.groups[slot].route).route;
        let Some(group) = &mut self.groups[slot].group else { return };
        let Some(emptied_at) = group.emptied_at else { return };
        let sweeps = |instant: Timestamp| (instant - self.started).0.div_euclid(EMPTY_GROUPS.0);
        if self.setup.config.version >= Version(32) || sweeps(at) > sweeps(emptied_at) {
            self.groups[slot].group = None;
            return;
        }
        while group.next <= at {
            group.next = group.next + route.group_interval;
        }
    }

    fn see_routed(&mut self, slot: usize, at: Timestamp) {
        let AlertSlot { labels, placements, .. } = &self.alerts[slot];
        let to = placements
            .iter()
            .map(|group| {
                let GroupSlot { route, key, .. } = &self.groups[*group];
                let route = &self.setup.tree.node(*route).route;
                RouteTaken {
                    receiver: route.receiver.value.clone(),
                    group_key: key.to_string(),
                    place: route.place.clone(),
                }
            })
            .collect();
        let routed = Routed { labels: labels.clone(), to };
        self.seen.push(Observation { at, what: Observed::Routed(routed) });
    }
}
