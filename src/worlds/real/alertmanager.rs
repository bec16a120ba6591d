//! The real Alertmanager, watched from all sides: what it is sent, what it logs, what its API says, what arrives.
//!
//! Its log at level debug names each flush with its group and alerts; what arrives at the inbox is known by its mailbox.
//! Brought together they tell who was told what about which group. Why it was told (first notification, repeat …) the
//! program does not say: it follows from what that integration was told before, by Alertmanager's own rule.

mod arrivals;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::Value;

use super::ask::{self, AskError};
use super::logfmt;
use super::relay::{Sent, instant};
use crate::labels::Labels;
use crate::stack::alertmanager::{self as stack, Receiver, fingerprint};
use crate::time::{Duration, Timestamp};
use crate::timeline::{
    AlertStatus, GivenUp, Muted, MutedBy, NotifiedAlert, Observation, Observed, RouteTaken, Routed, Waiting,
    Withheld,
};
use crate::twin::alertmanager::{NotificationLog, RouteTree, Templates, why_notify};
use crate::worlds::clock::Clock;
use crate::worlds::inbox::Arrival;

/// An arrival belongs to a flush that is no older than this, in the machine's time: no notification takes longer.
const LONGEST_FLIGHT: std::time::Duration = std::time::Duration::from_secs(60);

/// How often Alertmanager drops groups that have no alert any more, in the machine's time.
const HOUSEKEEPING: std::time::Duration = std::time::Duration::from_secs(30);

pub struct Alertmanager {
    config: stack::Alertmanager,
    tree: RouteTree,
    templates: Templates,
    clock: Clock,
    /// By the first seven digits of its fingerprint, as the log names alerts.
    alerts: BTreeMap<String, Sent>,
    /// Fingerprints of alerts that it knows.
    routed: BTreeSet<u64>,
    /// Routes with the same matchers have groups of the same key.
    groups: BTreeMap<String, Vec<Group>>,
    /// Those that are there, and since when they have no alert any more.
    open: BTreeMap<String, Option<Timestamp>>,
    flushes: Vec<Flush>,
    told: NotificationLog,
    /// What of it was last written down.
    saved: NotificationLog,
    muted: BTreeMap<(String, Labels), MutedBy>,
}

#[derive(Clone, Debug)]
struct Group {
    node: usize,
    labels: Labels,
}

#[derive(Clone, Debug)]
struct Flush {
    at: Timestamp,
    key: Arc<str>,
    members: Vec<NotifiedAlert>,
    /// By receiver and the integration's place in it: attempts made, and whether that is all.
    flights: BTreeMap<(usize, usize), (u32, bool)>,
}

impl Alertmanager {
    pub fn new(config: &stack::Alertmanager, templates: Templates, clock: Clock) -> Alertmanager {
        Alertmanager {
            tree: RouteTree::new(&config.route),
            config: config.clone(),
            templates,
            clock,
            alerts: BTreeMap::new(),
            routed: BTreeSet::new(),
            groups: BTreeMap::new(),
            open: BTreeMap::new(),
            flushes: Vec::new(),
            told: NotificationLog::default(),
            saved: NotificationLog::default(),
            muted: BTreeMap::new(),
        }
    }

    /// It has ended like a crash: it will know what it had last written down.
    pub fn crashed(&mut self) {
        self.told = self.saved.clone();
    }

    /// It was started anew; without its storage it has forgotten whom it told.
    pub fn restarted(&mut self, keeps_storage: bool) {
        self.routed.clear();
        self.open.clear();
        self.flushes.clear();
        self.muted.clear();
        if !keeps_storage {
            self.told = NotificationLog::default();
        }
        self.saved = self.told.clone();
    }

    /// Takes in what it was sent, what it has said, and what arrived since the last time.
    pub fn look(
        &mut self,
        address: Option<SocketAddr>,
        sent: Vec<Sent>,
        said: &str,
        arrived: Vec<Arrival>,
    ) -> Result<Vec<Observation>, AskError> {
        let mut seen = Vec::new();
        let (mut new, mut opened) = (Vec::new(), Vec::new());
        for alert in sent {
            let print = fingerprint(&alert.labels);
            if self.routed.insert(print) {
                new.push((alert.at, alert.labels.clone()));
            }
            for node in self.tree.matching(&alert.labels) {
                let labels = self.tree.group_labels(node, &alert.labels);
                let key = self.tree.group_key(node, &labels);
                opened.extend(self.opens(&alert, node, &key, &labels));
                let groups = self.groups.entry(key).or_default();
                if !groups.iter().any(|group| group.node == node) {
                    groups.push(Group { node, labels });
                }
            }
            self.alerts.insert(short(print), alert);
        }
        let flushed = self.flushes.len();
        let mut given_up = Vec::new();
        for line in said.lines() {
            match logfmt::value(line, "msg").as_deref() {
                Some("flushing") => self.flush(line),
                Some("Notify for alerts failed") => given_up.push(line),
                _ => {}
            }
        }
        if !new.is_empty() || self.flushes.len() > flushed {
            let known = match address {
                Some(address) => ask::get(address, "/api/v2/alerts")?,
                None => Value::Null,
            };
            for (at, labels) in new {
                let routed = self.routed(&known, labels);
                seen.push(Observation { at, what: Observed::Routed(routed) });
            }
            self.see_muted(flushed, &known, &mut seen);
        }
        seen.extend(opened);
        // What is withheld counts for what is told after it.
        let mut unheard = flushed..self.flushes.len();
        for arrival in arrived {
            while unheard.start < unheard.end && self.flushes[unheard.start].at < arrival.at {
                self.withhold(unheard.start, &mut seen);
                unheard.start += 1;
            }
            seen.extend(self.arrival(arrival));
        }
        unheard.for_each(|flush| self.withhold(flush, &mut seen));
        // What arrived just before may be in it or not: a look takes no longer than an evaluation.
        if said.lines().any(is_written_down) {
            self.saved = self.told.clone();
        }
        for line in given_up {
            self.give_up(line, &mut seen);
        }
        let old = self.clock.now() - self.world(LONGEST_FLIGHT);
        self.flushes.retain(|flush| flush.at > old);
        Ok(seen)
    }

    fn world(&self, machine: std::time::Duration) -> Duration {
        Duration(machine.as_millis() as i64 * i64::from(self.clock.speed()))
    }

    /// `aggrGroup="{}:{alertname=\"X\"}" msg=flushing alerts="[X[5fb791c][active]]"`
    fn flush(&mut self, line: &str) {
        let (Some(key), Some(alerts), Some(at)) = (
            logfmt::value(line, "aggrGroup"),
            logfmt::value(line, "alerts"),
            logfmt::value(line, "ts").or_else(|| logfmt::value(line, "time")),
        ) else {
            return;
        };
        let Some(at) = instant(&Value::from(at)) else { return };
        let members = alerts.split(']').collect::<Vec<_>>();
        let members = members.windows(2).filter_map(|pair| {
            let print = pair[0].rsplit('[').next()?;
            let alert = self.alerts.get(print)?;
            let status = match pair[1] {
                "[resolved" => AlertStatus::Resolved,
                "[active" => AlertStatus::Firing,
                _ => return None,
            };
            Some(NotifiedAlert {
                status,
                labels: alert.labels.clone(),
                annotations: alert.annotations.clone(),
                starts_at: self.clock.at_time_of_day(alert.starts_at),
                ends_at: (status == AlertStatus::Resolved).then(|| self.clock.at_time_of_day(alert.ends_at)),
                generator_url: alert.generator_url.as_str().into(),
                fingerprint: fingerprint(&alert.labels),
            })
        });
        let members: Vec<NotifiedAlert> = members.collect();
        let at = self.clock.at_time_of_day(at);
        if members.iter().all(|member| member.status == AlertStatus::Resolved) {
            self.open.insert(key.clone(), Some(at));
        }
        self.flushes.push(Flush { at, key: key.into(), members, flights: BTreeMap::new() });
    }

    /// A group that the alert opens waits for more of its kind. One that has lost its last alert may be there for a while,
    /// and then goes on with its own timer.
    fn opens(&mut self, alert: &Sent, node: usize, key: &str, labels: &Labels) -> Option<Observation> {
        if alert.ends_at <= self.clock.time_of_day(alert.at) {
            return None;
        }
        let emptied = self.open.insert(key.to_owned(), None);
        let is_new =
            emptied.is_none_or(|emptied| emptied.is_some_and(|at| alert.at - at > self.world(HOUSEKEEPING)));
        let route = &self.tree.node(node).route;
        let has_waited = self.clock.at_time_of_day(alert.starts_at) + route.group_wait <= alert.at;
        if !is_new || has_waited {
            return None;
        }
        let waiting = Waiting {
            receiver: route.receiver.value.clone(),
            group_key: key.to_owned(),
            group_labels: labels.clone(),
            until: alert.at + route.group_wait,
        };
        Some(Observation { at: alert.at, what: Observed::Waiting(waiting) })
    }

    /// The routes that an alert took: the receivers are Alertmanager's word.
    fn routed(&self, known: &Value, labels: Labels) -> Routed {
        let nodes = self.tree.matching(&labels);
        let mut to: Vec<RouteTaken> = nodes
            .iter()
            .map(|node| {
                let route = &self.tree.node(*node).route;
                RouteTaken {
                    receiver: route.receiver.value.clone(),
                    group_key: self.tree.group_key(*node, &self.tree.group_labels(*node, &labels)),
                    place: route.place.clone(),
                }
            })
            .collect();
        if let Some(alert) = known.as_array().into_iter().flatten().find(|alert| is(alert, &labels)) {
            let names = alert["receivers"].as_array().into_iter().flatten();
            let names: Vec<&str> = names.filter_map(|receiver| receiver["name"].as_str()).collect();
            if !to.iter().map(|taken| taken.receiver.as_str()).eq(names.iter().copied()) {
                let elsewhere = |name: &&str| RouteTaken {
                    receiver: (*name).to_owned(),
                    group_key: String::new(),
                    place: self.config.place.clone(),
                };
                to = names.iter().map(elsewhere).collect();
            }
        }
        Routed { labels, to }
    }

    /// What the flushes since `from` kept back, as Alertmanager now says.
    fn see_muted(&mut self, from: usize, known: &Value, seen: &mut Vec<Observation>) {
        for at in from..self.flushes.len() {
            let flush = &self.flushes[at];
            let Some(group) = self.groups.get(&*flush.key).and_then(|groups| groups.first()) else {
                continue;
            };
            let receiver = self.tree.node(group.node).route.receiver.value.clone();
            let (key, flushed_at) = (flush.key.to_string(), flush.at);
            let mut audible = Vec::new();
            for member in &flush.members {
                let alert = known.as_array().into_iter().flatten().find(|alert| is(alert, &member.labels));
                let by = alert.and_then(|alert| self.muted_by(&alert["status"], &member.labels));
                let of = (key.clone(), member.labels.clone());
                let Some(by) = by else {
                    self.muted.remove(&of);
                    audible.push(member.clone());
                    continue;
                };
                if self.muted.get(&of) != Some(&by) {
                    self.muted.insert(of, by.clone());
                    let what = Muted {
                        receiver: receiver.clone(),
                        group_key: key.clone(),
                        labels: member.labels.clone(),
                        by,
                    };
                    seen.push(Observation { at: flushed_at, what: Observed::Muted(what) });
                }
            }
            self.flushes[at].members = audible;
        }
    }

    /// Integrations that are not told of what has resolved: the notification log has it as if they were.
    fn withhold(&mut self, flush: usize, seen: &mut Vec<Observation>) {
        let Flush { at, key, members, .. } = self.flushes[flush].clone();
        if members.iter().any(|member| member.status == AlertStatus::Firing) {
            return;
        }
        let logged = (prints(&members, AlertStatus::Firing), prints(&members, AlertStatus::Resolved));
        for receiver in &self.config.receivers.clone() {
            let Some(group) = self.group(&key, receiver) else { continue };
            let repeat = self.tree.node(group.node).route.repeat_interval;
            for (number, integration) in receiver.integrations.iter().enumerate() {
                let slot = self.slot(receiver, number);
                let due = || why_notify(self.told.get(&key, slot), &logged.0, &logged.1, false, repeat, at);
                if integration.send_resolved || due().is_none() {
                    continue;
                }
                self.told.record(&key, slot, at, logged.clone(), repeat);
                let what = Withheld {
                    receiver: receiver.name.value.clone(),
                    integration: integration.kind.as_str(),
                    index: integration.index,
                    group_key: key.to_string(),
                    reason: Withheld::ALL_RESOLVED,
                };
                seen.push(Observation { at, what: Observed::Withheld(what) });
            }
        }
    }

    fn muted_by(&self, status: &Value, target: &Labels) -> Option<MutedBy> {
        let ids = |name: &str| -> Vec<String> {
            let ids = status[name].as_array().into_iter().flatten();
            ids.filter_map(|id| id.as_str().map(str::to_owned)).collect()
        };
        if let Some(first) = ids("inhibitedBy").first() {
            let source =
                self.alerts.get(first.get(..7)?).map(|alert| alert.labels.clone()).unwrap_or_default();
            let fits = |rule: &&stack::InhibitRule| {
                rule.source.iter().all(|matcher| matcher.matches(&source))
                    && rule.target.iter().all(|matcher| matcher.matches(target))
                    && rule.equal.iter().all(|name| source.value(name) == target.value(name))
            };
            let rule = self.config.inhibit_rules.iter().find(fits).map(|rule| rule.place.clone());
            return Some(MutedBy::Inhibition { source, rule: rule.unwrap_or(self.config.place.clone()) });
        }
        let silences = ids("silencedBy");
        (!silences.is_empty()).then_some(MutedBy::Silence { ids: silences })
    }

    /// `err="all/slack[0]: notify retry canceled after 5 attempts: …; all/webhook[0]: …"`
    fn give_up(&mut self, line: &str, seen: &mut Vec<Observation>) {
        let Some(error) = logfmt::value(line, "err") else { return };
        let at = logfmt::value(line, "ts").or_else(|| logfmt::value(line, "time"));
        let Some(at) = at.and_then(|at| instant(&Value::from(at))) else { return };
        let at = self.clock.at_time_of_day(at);
        for receiver in &self.config.receivers.clone() {
            for (number, integration) in receiver.integrations.iter().enumerate() {
                let kind = integration.kind.as_str();
                let head =
                    format!("{}/{kind}[{}]: notify retry canceled ", receiver.name.value, integration.index);
                let Some((_, rest)) = error.split_once(&head) else { continue };
                let reason = rest.split_once(": ").map_or(rest, |(_, reason)| reason);
                let reason = reason.split("; ").next().unwrap_or(reason).to_owned();
                let slot = self.slot(receiver, number);
                let tried = |flush: &&mut Flush| flush.flights.get(&slot).is_some_and(|(_, done)| !done);
                let Some(flush) = self.flushes.iter_mut().find(tried) else { continue };
                let attempts = flush.flights.get(&slot).map_or(0, |(attempts, _)| *attempts);
                flush.flights.insert(slot, (attempts, true));
                let what = GivenUp {
                    receiver: receiver.name.value.clone(),
                    integration: kind,
                    index: integration.index,
                    group_key: flush.key.to_string(),
                    attempts,
                    error: reason,
                };
                seen.push(Observation { at, what: Observed::GivenUp(what) });
            }
        }
    }

    /// The group of this key that is told to this receiver.
    fn group(&self, key: &str, receiver: &Receiver) -> Option<&Group> {
        let told = |group: &&Group| self.tree.node(group.node).route.receiver.value == receiver.name.value;
        self.groups.get(key)?.iter().find(told)
    }

    fn slot(&self, receiver: &Receiver, number: usize) -> (usize, usize) {
        let at = self.config.receivers.iter().position(|known| known.name.value == receiver.name.value);
        (at.unwrap_or(0), number)
    }
}

/// `component=nflog msg="Maintenance done"`
fn is_written_down(line: &str) -> bool {
    logfmt::value(line, "msg").as_deref() == Some("Maintenance done")
        && logfmt::value(line, "component").as_deref() == Some("nflog")
}

fn is(alert: &Value, labels: &Labels) -> bool {
    super::relay::labels(&alert["labels"]) == *labels
}

fn short(print: u64) -> String {
    format!("{print:016x}")[..7].to_owned()
}

fn prints(alerts: &[NotifiedAlert], status: AlertStatus) -> Arc<BTreeSet<u64>> {
    Arc::new(alerts.iter().filter(|alert| alert.status == status).map(|alert| alert.fingerprint).collect())
}
