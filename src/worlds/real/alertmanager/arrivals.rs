//! What arrives at the inbox, brought together with the flush that sent it.

use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::super::relay::{self, instant};
use super::{Alertmanager, Flush, LONGEST_FLIGHT, prints};
use crate::labels::Labels;
use crate::stack::alertmanager::{Integration, IntegrationKind, Receiver, fingerprint};
use crate::time::{Duration, Timestamp};
use crate::timeline::{
    AlertStatus, Body, Message, Notification, NotifiedAlert, NotifyReason, Observation, Observed, Outcome,
};
use crate::twin::alertmanager::{Notice, render, why_notify};
use crate::worlds::inbox::Arrival;

impl Alertmanager {
    /// What arrived, as a notification about the group that it tells of.
    pub(super) fn arrival(&mut self, arrival: Arrival) -> Option<Observation> {
        let config = self.config.clone();
        let receiver = config.receiver(&arrival.mailbox.receiver)?;
        let of = |one: &Integration| (one.kind, one.index) == (arrival.mailbox.kind, arrival.mailbox.index);
        let number = receiver.integrations.iter().position(of)?;
        let integration = &receiver.integrations[number];
        let found = self.flush_of(&arrival, receiver, number);
        let mut alerts = Vec::new();
        let (mut key, mut group_labels, mut attempt) = (Arc::<str>::from(""), Labels::empty(), 1);
        let mut repeat = Duration::ZERO;
        if let Some(found) = found {
            let slot = self.slot(receiver, number);
            let flush = &mut self.flushes[found];
            let flight = flush.flights.entry(slot).or_default();
            flight.0 += 1;
            flight.1 = !matches!(arrival.outcome, Outcome::WillRetry(_));
            attempt = flight.0;
            key = flush.key.clone();
            alerts.clone_from(&flush.members);
            if let Some(group) = self.group(&key, receiver) {
                group_labels = group.labels.clone();
                repeat = self.tree.node(group.node).route.repeat_interval;
            }
        }
        if let Some(body) = arrival.message.json().filter(|_| integration.kind == IntegrationKind::Webhook) {
            alerts = self.in_webhook(body);
        }
        let logged = (prints(&alerts, AlertStatus::Firing), prints(&alerts, AlertStatus::Resolved));
        if !integration.send_resolved {
            alerts.retain(|alert| alert.status == AlertStatus::Firing);
        }
        let slot = self.slot(receiver, number);
        let reason = why_notify(
            self.told.get(&key, slot),
            &logged.0,
            &logged.1,
            integration.send_resolved,
            repeat,
            arrival.at,
        );
        // It did tell: where that is only a question of the last millisecond, the interval has elapsed.
        let reason = reason.unwrap_or(match logged.0.is_empty() {
            true => NotifyReason::AllAlertsResolved,
            false => NotifyReason::RepeatIntervalElapsed,
        });
        if arrival.outcome == Outcome::Delivered {
            self.told.record(&key, slot, arrival.at, (logged.0.clone(), logged.1), repeat);
        }
        let status = match alerts.iter().any(|alert| alert.status == AlertStatus::Firing) {
            true => AlertStatus::Firing,
            false => AlertStatus::Resolved,
        };
        let notification = Notification {
            receiver: receiver.name.value.clone(),
            integration: integration.kind.as_str(),
            index: integration.index,
            reason,
            status,
            group_key: key.to_string(),
            group_labels,
            alerts,
            attempt,
            address: address(integration, &arrival),
            message: Some(arrival.message),
            outcome: arrival.outcome,
        };
        Some(Observation { at: arrival.at, what: Observed::Notification(Box::new(notification)) })
    }

    /// The flush that an arrival is about.
    fn flush_of(&self, arrival: &Arrival, receiver: &Receiver, number: usize) -> Option<usize> {
        let oldest = arrival.at - self.world(LONGEST_FLIGHT);
        // The log counts whole milliseconds.
        let newest = arrival.at + Duration(2 * i64::from(self.clock.speed()));
        let slot = self.slot(receiver, number);
        let of_receiver = |flush: &Flush| self.group(&flush.key, receiver).is_some();
        let open = |flush: &Flush| flush.flights.get(&slot).is_none_or(|(_, done)| !done);
        let candidates: Vec<usize> = (0..self.flushes.len())
            .filter(|at| {
                let flush = &self.flushes[*at];
                flush.at >= oldest && flush.at <= newest && of_receiver(flush) && open(flush)
            })
            .collect();
        if let Some(body) = arrival.message.json() {
            let named = |key: &str| match arrival.mailbox.kind {
                IntegrationKind::Webhook => body["groupKey"] == key,
                IntegrationKind::PagerDuty => body["dedup_key"] == hashed(key),
                _ => false,
            };
            let mut newest_first = candidates.iter().rev();
            if let Some(at) = newest_first.find(|at| named(&self.flushes[**at].key)) {
                return Some(*at);
            }
        }
        let integration = &receiver.integrations[number];
        let due: Vec<usize> =
            candidates.iter().copied().filter(|at| self.is_due(*at, receiver, number, arrival.at)).collect();
        let candidates = if due.is_empty() { candidates } else { due };
        let same = |at: &usize| self.says_the_same(*at, receiver, integration, arrival);
        let alike: Vec<usize> = match candidates.len() {
            0 | 1 => candidates.clone(),
            _ => candidates.iter().copied().filter(same).collect(),
        };
        // Of those that look the same, one that is being tried again goes first, then the last flushed.
        let alike = if alike.is_empty() { candidates } else { alike };
        let tried = alike.iter().find(|at| self.flushes[**at].flights.contains_key(&slot));
        tried.or(alike.last()).copied()
    }

    /// Whether by Alertmanager's rule this flush has something new for the integration.
    fn is_due(&self, flush: usize, receiver: &Receiver, number: usize, at: Timestamp) -> bool {
        let flush = &self.flushes[flush];
        let repeat = self.group(&flush.key, receiver);
        let repeat = repeat.map_or(Duration::ZERO, |g| self.tree.node(g.node).route.repeat_interval);
        let firing = prints(&flush.members, AlertStatus::Firing);
        let resolved = prints(&flush.members, AlertStatus::Resolved);
        let told = self.told.get(&flush.key, self.slot(receiver, number));
        let sends = receiver.integrations[number].send_resolved;
        if firing.is_empty() && !sends {
            return false;
        }
        why_notify(told, &firing, &resolved, sends, repeat, at).is_some()
    }

    /// Whether the message is what the integration would say of this flush.
    fn says_the_same(
        &self,
        flush: usize,
        receiver: &Receiver,
        integration: &Integration,
        arrival: &Arrival,
    ) -> bool {
        let flush = &self.flushes[flush];
        let mut alerts = flush.members.clone();
        if !integration.send_resolved {
            alerts.retain(|alert| alert.status == AlertStatus::Firing);
        }
        let firing = alerts.iter().any(|alert| alert.status == AlertStatus::Firing);
        let labels = self.group(&flush.key, receiver).map(|group| group.labels.clone()).unwrap_or_default();
        let notice = Notice {
            receiver: &receiver.name.value,
            status: if firing { AlertStatus::Firing } else { AlertStatus::Resolved },
            reason: NotifyReason::FirstNotification,
            alerts: &alerts,
            group_labels: &labels,
            route_labels: &Labels::empty(),
            group_key: &flush.key,
            external_url: "",
            version: self.config.version,
            at: arrival.at,
            templates: &self.templates,
        };
        let Ok(rendered) = render(integration, &notice) else { return false };
        subject(&rendered.message) == subject(&arrival.message)
    }

    fn in_webhook(&self, body: &Value) -> Vec<NotifiedAlert> {
        let alerts = body["alerts"].as_array().into_iter().flatten();
        let world = |value: &Value| instant(value).map(|at| self.clock.at_time_of_day(at));
        let alert = |alert: &Value| {
            let status = match alert["status"].as_str() {
                Some("resolved") => AlertStatus::Resolved,
                _ => AlertStatus::Firing,
            };
            let labels = relay::labels(&alert["labels"]);
            NotifiedAlert {
                status,
                fingerprint: fingerprint(&labels),
                labels,
                annotations: relay::labels(&alert["annotations"]),
                starts_at: world(&alert["startsAt"]).unwrap_or_default(),
                ends_at: world(&alert["endsAt"]).filter(|_| status == AlertStatus::Resolved),
                generator_url: alert["generatorURL"].as_str().unwrap_or_default().into(),
            }
        };
        alerts.map(alert).collect()
    }
}

fn hashed(key: &str) -> String {
    Sha256::digest(key.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What tells messages of one integration apart, without what holds instants or links.
fn subject(message: &Message) -> Vec<String> {
    match message {
        Message::Mail(mail) => vec![mail.subject().to_owned(), mail.to.join(",")],
        Message::Http(requests) => match requests.first().map(|request| &request.body) {
            Some(Body::Json(body)) => {
                let attachment = &body["attachments"][0];
                let texts = [&body["channel"], &attachment["title"], &attachment["text"], &body["text"]];
                texts.iter().map(|text| text.to_string()).collect()
            }
            _ => Vec::new(),
        },
    }
}

/// Where a message went, as a reader would say it.
fn address(integration: &Integration, arrival: &Arrival) -> String {
    let text = |key: &str| arrival.message.json().and_then(|body| body[key].as_str()).unwrap_or_default();
    let observed = match (&arrival.message, integration.kind) {
        (Message::Mail(mail), _) => mail.to.join(", "),
        (_, IntegrationKind::Slack | IntegrationKind::RocketChat | IntegrationKind::Mattermost) => {
            text("channel").to_owned()
        }
        (_, IntegrationKind::WeChat) => text("touser").to_owned(),
        (_, IntegrationKind::Webhook | IntegrationKind::PagerDuty) => arrival.mailbox.stands_for.clone(),
        _ => String::new(),
    };
    match observed.is_empty() {
        true => integration.written_address(),
        false => observed,
    }
}
