//! From a firing alert to Alertmanager: external labels, relabelling, and the push.

use std::sync::Arc;

use super::alertmanager::{Alertmanager, Behaviour, PushedAlert, Silence, Templates, check};
use super::replicas::Replicas;
use super::rules::SentAlert;
use crate::diagnostic::Spanned;
use crate::golang::template::escape_query;
use crate::labels::{Labels, LabelsBuilder};
use crate::scenario::{AlertmanagerChange, Life, Operation, ReceiverAnswer};
use crate::stack::alertmanager::{Grammar, parse_matchers};
use crate::stack::{Prometheus, Stack};
use crate::time::{Duration, Timestamp};
use crate::timeline::Timeline;
use crate::worlds::WorldError;

const DEFAULT_PROMETHEUS_URL: &str = "http://localhost:9090";
const DEFAULT_ALERTMANAGER_URL: &str = "http://localhost:9093";

/// The stack's Alertmanager, and how Prometheus' alerts get to it.
pub struct Alerting {
    pub alertmanager: Alertmanager,
    prometheus: Prometheus,
    replicas: Replicas,
    /// How Alertmanager is.
    life: Life,
    /// What it was sent while it stood still.
    held: Vec<PushedAlert>,
    /// Whether what is sent gets there.
    reachable: bool,
    /// Since when Prometheus has known where it is.
    known_from: Timestamp,
    /// Those that steps made, by the names that steps know them by.
    silences: Vec<MadeSilence>,
}

struct MadeSilence {
    id: String,
    matchers: String,
    comment: String,
}

/// A silence that no step limits outlasts every scenario.
const LONG: Duration = Duration::from_secs(10 * 365 * 86_400);

impl Alerting {
    /// The stack's Alertmanager as it starts; `None` where the stack has none.
    pub fn of(stack: &Stack, start: Timestamp) -> Result<Option<Alerting>, WorldError> {
        let Some(config) = &stack.alertmanager else { return Ok(None) };
        let templates = Templates::new(&config.template_files, config.version)
            .map_err(|error| WorldError::Refused(Box::new(check::unreadable(&error))))?;
        let url =
            if config.external_url.is_empty() { DEFAULT_ALERTMANAGER_URL } else { &config.external_url };
        let alertmanager = Alertmanager::new(config.clone(), templates, url, start);
        let (prometheus, replicas) = (stack.prometheus.clone(), Replicas::default());
        Ok(Some(Alerting {
            alertmanager,
            prometheus,
            replicas,
            life: Life::Runs,
            held: Vec::new(),
            reachable: true,
            known_from: start,
            silences: Vec::new(),
        }))
    }

    /// Takes what the rules sent at this instant; every replica of Prometheus pushes it in its turn.
    pub fn push(&mut self, at: Timestamp, sent: &[SentAlert]) {
        if !sent.is_empty() {
            self.replicas.take(at, sent);
        }
        self.push_due(at);
    }

    /// The next instant at which something is pushed or Alertmanager has something to do.
    pub fn next_due(&self) -> Option<Timestamp> {
        let own = self.life.runs().then(|| self.alertmanager.next_due()).flatten();
        own.into_iter().chain(self.replicas.next_due()).min()
    }

    /// Prometheus has started anew, and hears of Alertmanager at that instant.
    pub fn heard_of_at(&mut self, at: Timestamp) {
        self.known_from = at;
    }

    fn push_due(&mut self, to: Timestamp) {
        while let Some(sending) = self.replicas.due(to) {
            let alerts = sending.alerts.into_iter();
            let pushed: Vec<PushedAlert> = alerts.flat_map(|(own, sent)| self.outgoing(&own, sent)).collect();
            // What does not get there is lost: the next time that it is sent is the next attempt.
            if pushed.is_empty() || !self.reachable || sending.at < self.known_from {
                continue;
            }
            match self.life {
                Life::Runs => self.alertmanager.push(sending.at, &pushed),
                Life::Paused => self.held.extend(pushed),
                Life::Down => {}
            }
        }
    }

    fn operate(&mut self, at: Timestamp, operation: Operation) -> Result<(), WorldError> {
        let Some(life) = self.life.after(operation) else {
            return Err(WorldError::Failed("this can't happen to Alertmanager now".into()));
        };
        match operation {
            Operation::Stop | Operation::Start => self.alertmanager.restart(at, true),
            Operation::Kill => {
                self.alertmanager.crash(at);
                self.held.clear();
                self.silences.retain(|made| self.alertmanager.has_silence(&made.id));
            }
            Operation::Pause => {}
            Operation::Resume => {
                self.alertmanager.go_on(at);
                self.alertmanager.push(at, &std::mem::take(&mut self.held));
            }
        }
        self.life = life;
        Ok(())
    }

    /// A step's change at `at`; the length of a silence counts from `from`.
    pub fn change(
        &mut self,
        at: Timestamp,
        from: Timestamp,
        change: &AlertmanagerChange,
    ) -> Result<(), WorldError> {
        match change {
            AlertmanagerChange::Push(alert) => {
                let pushed = PushedAlert {
                    labels: alert.labels.clone(),
                    annotations: alert.annotations.clone(),
                    starts_at: None,
                    ends_at: if alert.ends { Some(at) } else { alert.lasting.map(|lasting| from + lasting) },
                    generator_url: "".into(),
                };
                self.alertmanager.push(at, &[pushed]);
            }
            AlertmanagerChange::Silence { matchers, lasting, comment } => {
                let grammar = Grammar::of(self.alertmanager.config().version);
                let read = parse_matchers(&matchers.value, grammar)
                    .map_err(|error| WorldError::Failed(error.to_string()))?;
                let ends_at = from + lasting.unwrap_or(LONG).min(LONG);
                let silence = Silence { matchers: read, starts_at: at, ends_at, comment: comment.clone() };
                let id = self.alertmanager.silence(at, silence);
                self.silences.push(MadeSilence {
                    id,
                    matchers: matchers.value.clone(),
                    comment: comment.clone(),
                });
            }
            AlertmanagerChange::Expire { silence: wanted } => {
                let is_meant = |made: &MadeSilence| {
                    let named =
                        |name: &Spanned<String>| [&made.matchers, &made.comment].contains(&&name.value);
                    wanted.as_ref().is_none_or(named)
                };
                for made in self.silences.iter().filter(|made| is_meant(made)) {
                    self.alertmanager.expire(at, &made.id);
                }
            }
            AlertmanagerChange::Receiver { who, answer } => {
                let behaviour = match answer {
                    ReceiverAnswer::Accepts => Behaviour::Accept,
                    ReceiverAnswer::Status(code) => Behaviour::Status(*code),
                    ReceiverAnswer::TimesOut => Behaviour::Timeout,
                    ReceiverAnswer::Refuses => Behaviour::Refuse,
                };
                let receivers = self.alertmanager.config().receivers.clone();
                for receiver in &receivers {
                    for integration in receiver.integrations.iter().filter(|one| who.may_be(receiver, one)) {
                        let which = Some((integration.kind, integration.index));
                        let name = &receiver.name.value;
                        self.alertmanager.set_receiver_behaviour(at, name, which, behaviour.clone());
                    }
                }
            }
            AlertmanagerChange::Restart { keeps_storage } => {
                self.alertmanager.restart(at, *keeps_storage);
                if !keeps_storage {
                    self.silences.clear();
                }
            }
            AlertmanagerChange::Operate(operation) => self.operate(at, *operation)?,
            AlertmanagerChange::Reachable(reachable) => self.reachable = *reachable,
            AlertmanagerChange::Replicas { count, label, apart } => {
                self.replicas = Replicas::new(*count, label.clone(), *apart);
            }
            AlertmanagerChange::Replica { number, up } => self.replicas.set_up(number.value, *up),
        }
        Ok(())
    }

    /// Lets time pass.
    pub fn advance(&mut self, to: Timestamp, timeline: &mut Timeline) {
        self.push_due(to);
        if self.life.runs() {
            timeline.observations.extend(self.alertmanager.advance(to));
        }
    }

    /// The labels with which an alert is sent: with external labels and after relabelling, which may drop it.
    pub fn labels(&self, labels: &Labels) -> Option<Labels> {
        self.labels_from(&Labels::empty(), labels).into_iter().next()
    }

    /// The same from a replica that has an external label of its `own`, in each way that it is relabelled.
    fn labels_from(&self, own: &Labels, labels: &Labels) -> Vec<Labels> {
        let mut labels = labels.builder();
        add_missing(&mut labels, own);
        add_missing(&mut labels, &self.prometheus.external_labels);
        self.prometheus.sent_as(&labels.build())
    }

    fn outgoing(&self, own: &Labels, sent: SentAlert) -> Vec<PushedAlert> {
        let url = match self.prometheus.external_url.as_str() {
            "" => DEFAULT_PROMETHEUS_URL,
            url => url.trim_end_matches('/'),
        };
        let generator_url: Arc<str> =
            format!("{url}/graph?g0.expr={}&g0.tab=1", escape_query(&sent.expr)).into();
        let sent_as = self.labels_from(own, &sent.alert.labels).into_iter();
        let pushed = sent_as.map(|labels| PushedAlert {
            labels,
            annotations: sent.alert.annotations.clone(),
            starts_at: Some(sent.starts_at),
            ends_at: Some(sent.ends_at),
            generator_url: generator_url.clone(),
        });
        pushed.collect()
    }
}

fn add_missing(labels: &mut LabelsBuilder, external: &Labels) {
    for (name, value) in external.iter() {
        if labels.get(name).is_empty() {
            labels.set(name, value);
        }
    }
}
