//! A group's turn: what is muted, whom to tell, and what came of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::labels::Labels;
use crate::stack::alertmanager::{Integration, Route};
use crate::time::{Duration, Timestamp};
use crate::timeline::{
    AlertStatus, GivenUp, Muted, MutedBy, Notification, NotifiedAlert, NotifyReason, Observation, Observed,
    Outcome, Withheld,
};

use super::alert::notification_order;
use super::delivery::{Answer, Backoff, attempt};
use super::group::{Delivery, Flight};
use super::notification_log::reason;
use super::payload::{Notice, data, render};
use super::{Alertmanager, Setup};

/// Notifications have this long at least, however short the group's interval.
const MIN_TIMEOUT: Duration = Duration::from_secs(10);

impl Alertmanager {
    /// What is due for a group at `at`: its timer, an attempt, or the end of a hanging one.
    pub(super) fn step(&mut self, slot: usize, at: Timestamp) {
        let Some(mut group) = self.groups[slot].group.take() else { return };
        if group.flight.is_none() && group.next <= at && !group.members.is_empty() {
            let route = &self.setup.clone().tree.node(self.groups[slot].route).route.clone();
            group.next = at + route.group_interval;
            group.flushed = true;
            let members: Vec<usize> = group.members.iter().copied().collect();
            group.flight = Some(self.flush(slot, &members, &mut group.muted, route, at));
        }
        if let Some(flight) = &mut group.flight {
            self.deliver(slot, flight, at);
            if flight.deliveries.is_empty() {
                let flight = group.flight.take();
                for (alert, updated_at) in flight.iter().filter(|f| !f.failed).flat_map(|f| &f.resolved) {
                    // One that fired again meanwhile stays.
                    if self.alerts[*alert].alert.updated_at == *updated_at {
                        group.members.remove(alert);
                        group.muted.remove(alert);
                    }
                }
                if group.members.is_empty() {
                    group.emptied_at = Some(at);
                }
                // A tick that came while the flush was under way has waited.
                group.next = group.next.max(at);
            }
        }
        let due = group.due();
        self.groups[slot].group = Some(group);
        self.reschedule(slot, None, due);
    }

    fn flush(
        &mut self,
        slot: usize,
        members: &[usize],
        muted: &mut std::collections::BTreeMap<usize, MutedBy>,
        route: &Route,
        at: Timestamp,
    ) -> Flight {
        let deadline = at + route.group_interval.max(MIN_TIMEOUT);
        let resolved = members
            .iter()
            .map(|member| (*member, &self.alerts[*member].alert))
            .filter(|(_, alert)| alert.resolved(at))
            .map(|(member, alert)| (member, alert.updated_at))
            .collect();
        let mut flight = Flight { deadline, deliveries: Vec::new(), failed: false, resolved };
        let audible = self.audible(slot, members, muted, route, at);
        if audible.is_empty() {
            return flight;
        }
        let (resolved, firing): (Vec<usize>, Vec<usize>) =
            audible.iter().partition(|member| self.alerts[**member].alert.resolved(at));
        let set = |members: &[usize]| -> Arc<BTreeSet<u64>> {
            Arc::new(members.iter().map(|member| *member as u64).collect())
        };
        let logged = (set(&firing), set(&resolved));
        let route_labels = self.route_labels(slot, members, route, at);
        let setup = self.setup.clone();
        let receiver_at = setup.receivers[self.groups[slot].route];
        let Some(receiver) = setup.config.receivers.get(receiver_at) else { return flight };
        for (number, integration) in receiver.integrations.iter().enumerate() {
            let key = self.groups[slot].key.clone();
            let reason = reason(
                self.log.get(&key, (receiver_at, number)),
                &logged.0,
                &logged.1,
                integration.send_resolved,
                route.repeat_interval,
                at,
            );
            let Some(reason) = reason else { continue };
            if firing.is_empty() && !integration.send_resolved {
                self.log.record(&key, (receiver_at, number), at, logged.clone(), route.repeat_interval);
                self.see(
                    at,
                    Observed::Withheld(Withheld {
                        receiver: receiver.name.value.clone(),
                        integration: integration.kind.as_str(),
                        index: integration.index,
                        group_key: key.to_string(),
                        reason: Withheld::ALL_RESOLVED,
                    }),
                );
                continue;
            }
            let members = if integration.send_resolved { &audible } else { &firing };
            flight.deliveries.push(self.delivery(
                slot,
                &setup,
                (&receiver.name.value, integration, number),
                members,
                reason,
                &route_labels,
                logged.clone(),
                at,
            ));
        }
        flight
    }

    /// The members that nothing mutes.
    fn audible(
        &mut self,
        slot: usize,
        members: &[usize],
        muted: &mut std::collections::BTreeMap<usize, MutedBy>,
        route: &Route,
        at: Timestamp,
    ) -> Vec<usize> {
        let by_time = self.muted_by_time(route, at);
        let mut audible = Vec::with_capacity(members.len());
        for member in members {
            let by = self.inhibited_by(*member, at).or_else(|| by_time.clone()).or_else(|| {
                let ids = self.silences.muting(&self.alerts[*member].labels, at);
                (!ids.is_empty()).then_some(MutedBy::Silence { ids })
            });
            let Some(by) = by else {
                muted.remove(member);
                audible.push(*member);
                continue;
            };
            if muted.get(member) != Some(&by) {
                muted.insert(*member, by.clone());
                let what = Muted {
                    receiver: route.receiver.value.clone(),
                    group_key: self.groups[slot].key.to_string(),
                    labels: self.alerts[*member].labels.clone(),
                    by,
                };
                self.see(at, Observed::Muted(what));
            }
        }
        audible
    }

    pub(super) fn inhibited_by(&self, member: usize, at: Timestamp) -> Option<MutedBy> {
        let (rule, source) = self.inhibitor.muting(&self.alerts[member].roles, at, |slot| {
            (&self.alerts[slot].alert, &self.alerts[slot].roles)
        })?;
        Some(MutedBy::Inhibition {
            source: self.alerts[source].labels.clone(),
            rule: self.setup.config.inhibit_rules[rule].place.clone(),
        })
    }

    fn muted_by_time(&self, route: &Route, at: Timestamp) -> Option<MutedBy> {
        let config = &self.setup.config;
        let holds = |name: &str| {
            config
                .time_interval(name)
                .is_some_and(|named| named.intervals.iter().any(|interval| interval.contains(at)))
        };
        let active = &route.active_time_intervals;
        if !active.is_empty() && !active.iter().any(|name| holds(&name.value)) {
            let names = active.iter().map(|name| name.value.clone()).collect();
            return Some(MutedBy::ActiveTimeInterval { names });
        }
        let names: Vec<String> = route
            .mute_time_intervals
            .iter()
            .filter(|name| holds(&name.value))
            .map(|name| name.value.clone())
            .collect();
        (!names.is_empty()).then_some(MutedBy::MuteTimeInterval { names })
    }

    #[expect(clippy::too_many_arguments, reason = "one notification is the meeting of all these")]
    fn delivery(
        &self,
        slot: usize,
        setup: &Setup,
        (receiver, integration, number): (&str, &Integration, usize),
        members: &[usize],
        reason: NotifyReason,
        route_labels: &Labels,
        logged: (Arc<BTreeSet<u64>>, Arc<BTreeSet<u64>>),
        at: Timestamp,
    ) -> Delivery {
        let mut alerts: Vec<NotifiedAlert> =
            members.iter().map(|member| self.notified(*member, at)).collect();
        alerts.sort_by(|a, b| notification_order(&a.labels, &b.labels));
        let status = match alerts.iter().any(|alert| alert.status == AlertStatus::Firing) {
            true => AlertStatus::Firing,
            false => AlertStatus::Resolved,
        };
        let group = &self.groups[slot];
        let rendered = render(
            integration,
            &Notice {
                receiver,
                status,
                reason,
                alerts: &alerts,
                group_labels: &group.labels,
                route_labels,
                group_key: &group.key,
                external_url: &setup.external_url,
                version: setup.config.version,
                at,
                templates: &setup.templates,
            },
        );
        let (address, message, unrendered) = match rendered {
            Ok(rendered) => (rendered.address, Some(rendered.message), None),
            Err(error) => (String::new(), None, Some((error.reason, error.retry))),
        };
        let notification = Notification {
            receiver: receiver.to_owned(),
            integration: integration.kind.as_str(),
            index: integration.index,
            reason,
            status,
            group_key: group.key.to_string(),
            group_labels: group.labels.clone(),
            alerts,
            attempt: 0,
            address,
            message,
            outcome: Outcome::Delivered,
        };
        Delivery {
            integration: number,
            at,
            backoff: Backoff::default(),
            notification: Arc::new(notification),
            unrendered,
            logged,
            last_error: String::new(),
            own_timeout: integration.settings.duration("timeout"),
        }
    }

    /// The labels of a route, expanded over the whole group.
    fn route_labels(&self, slot: usize, members: &[usize], route: &Route, at: Timestamp) -> Labels {
        if route.labels.is_empty() {
            return Labels::empty();
        }
        let mut alerts: Vec<NotifiedAlert> =
            members.iter().map(|member| self.notified(*member, at)).collect();
        alerts.sort_by(|a, b| notification_order(&a.labels, &b.labels));
        let group = &self.groups[slot];
        let data = data(&route.receiver.value, &group.labels, &self.setup.external_url, &alerts).at(at);
        // The reason is not known to them.
        let data = data.because("unknown").with_route_labels(route.labels.clone());
        self.setup.templates.route_labels(&data)
    }

    fn notified(&self, member: usize, at: Timestamp) -> NotifiedAlert {
        let slot = &self.alerts[member];
        let resolved = slot.alert.resolved(at);
        NotifiedAlert {
            status: if resolved { AlertStatus::Resolved } else { AlertStatus::Firing },
            labels: slot.labels.clone(),
            annotations: slot.alert.annotations.clone(),
            starts_at: slot.alert.starts_at,
            ends_at: resolved.then_some(slot.alert.ends_at),
            generator_url: slot.alert.generator_url.clone(),
            fingerprint: slot.fingerprint,
        }
    }

    /// Makes the attempts that are due, and drops the deliveries that are done.
    fn deliver(&mut self, slot: usize, flight: &mut Flight, at: Timestamp) {
        let setup = self.setup.clone();
        let receiver_at = setup.receivers[self.groups[slot].route];
        let route = &setup.tree.node(self.groups[slot].route).route;
        let Some(receiver) = setup.config.receivers.get(receiver_at) else {
            flight.deliveries.clear();
            return;
        };
        let mut pending = Vec::new();
        for mut delivery in std::mem::take(&mut flight.deliveries) {
            if delivery.at > at {
                pending.push(delivery);
                continue;
            }
            if at >= flight.deadline {
                flight.failed = true;
                self.see(at, Observed::GivenUp(given_up(&delivery)));
                continue;
            }
            let integration = &receiver.integrations[delivery.integration];
            let behaviour = self.behaviours.of(&receiver.name.value, integration.kind, integration.index);
            let answer = match &delivery.unrendered {
                Some((error, true)) => Answer::Retry { error: error.clone(), from: at },
                Some((error, false)) => Answer::Failed(error.clone()),
                None => {
                    let settings = &integration.settings;
                    let by_service_key =
                        settings.has_text("service_key") || settings.has_text("service_key_file");
                    attempt(&behaviour, integration.kind, by_service_key, delivery.own_timeout, at)
                }
            };
            let notification = Arc::make_mut(&mut delivery.notification);
            notification.attempt += 1;
            notification.outcome = match &answer {
                Answer::Delivered => Outcome::Delivered,
                Answer::Retry { error, .. } => Outcome::WillRetry(error.clone()),
                Answer::Failed(error) => Outcome::Failed(error.clone()),
                Answer::Hangs => Outcome::Failed("context deadline exceeded".into()),
            };
            let seen = Box::new(notification.clone());
            self.see(at, Observed::Notification(seen));
            match answer {
                Answer::Delivered => {
                    let key = &self.groups[slot].key;
                    let integration = (receiver_at, delivery.integration);
                    self.log.record(key, integration, at, delivery.logged, route.repeat_interval);
                }
                Answer::Failed(_) => flight.failed = true,
                Answer::Hangs => {
                    delivery.last_error = "context deadline exceeded".into();
                    delivery.at = flight.deadline;
                    pending.push(delivery);
                }
                Answer::Retry { error, from } => {
                    delivery.last_error = error;
                    delivery.at = (at + delivery.backoff.next()).max(from).min(flight.deadline);
                    pending.push(delivery);
                }
            }
        }
        flight.deliveries = pending;
    }

    fn see(&mut self, at: Timestamp, what: Observed) {
        self.seen.push(Observation { at, what });
    }
}

fn given_up(delivery: &Delivery) -> GivenUp {
    let notification = &delivery.notification;
    GivenUp {
        receiver: notification.receiver.clone(),
        integration: notification.integration,
        index: notification.index,
        group_key: notification.group_key.clone(),
        attempts: notification.attempt,
        error: delivery.last_error.clone(),
    }
}
