//! What steps do to the programs that stand, and around them.

use serde_json::json;

use super::super::ask::{self, escaped};
use super::super::place::Place;
use super::super::relay::{Sent, rfc3339};
use super::Up;
use crate::scenario::{AlertmanagerChange, Operation, ReceiverAnswer};
use crate::stack::Stack;
use crate::stack::alertmanager::{Grammar, MatchType, parse_matchers};
use crate::time::{Duration, Timestamp};
use crate::worlds::WorldError;
use crate::worlds::inbox::{Answer, Manner};

/// A silence that no step limits outlasts every scenario.
const LONG: Duration = Duration::from_secs(365 * 86_400);

pub(super) struct MadeSilence {
    id: String,
    matchers: String,
    comment: String,
}

impl Up {
    pub(super) fn operate_prometheus(
        &mut self,
        operation: Operation,
        place: &dyn Place,
    ) -> Result<(), WorldError> {
        let clock = self.standing.clock;
        let now = clock.time_of_day(clock.now());
        if operation == Operation::Pause {
            self.paused_at = now;
        }
        self.standing.operate_prometheus(operation, place)?;
        match operation {
            Operation::Start => self.prometheus.started_anew(now),
            Operation::Resume => self.prometheus.went_on(self.paused_at, now),
            Operation::Stop | Operation::Kill | Operation::Pause => {}
        }
        Ok(())
    }

    pub(super) fn operate_alertmanager(
        &mut self,
        operation: Operation,
        place: &dyn Place,
    ) -> Result<(), WorldError> {
        self.standing.operate_alertmanager(operation, place)?;
        let Some(alertmanager) = &mut self.alertmanager else { return Ok(()) };
        match operation {
            Operation::Kill => alertmanager.crashed(),
            Operation::Start => alertmanager.restarted(true),
            Operation::Stop | Operation::Pause | Operation::Resume => {}
        }
        Ok(())
    }

    /// What happens to Alertmanager and its receivers; a silence's length counts from `from`.
    pub(super) fn change(
        &mut self,
        change: &AlertmanagerChange,
        from: Timestamp,
        stack: &Stack,
        place: &dyn Place,
    ) -> Result<(), WorldError> {
        let none = || WorldError::Failed("the stack has no Alertmanager".into());
        let config = stack.alertmanager.as_ref().ok_or_else(none)?;
        let address = self.standing.alertmanager.as_ref().map(|it| it.address());
        let lost =
            |error: ask::AskError| WorldError::Failed(format!("Alertmanager does not answer: {error}"));
        match change {
            AlertmanagerChange::Push(alert) => {
                let clock = self.standing.clock;
                let at = clock.now();
                let ends = if alert.ends { Some(at) } else { alert.lasting.map(|lasting| from + lasting) };
                let sent = Sent {
                    at,
                    labels: alert.labels.clone(),
                    annotations: alert.annotations.clone(),
                    starts_at: clock.time_of_day(at),
                    ends_at: clock.time_of_day(ends.unwrap_or(at + config.resolve_timeout)),
                    generator_url: String::new(),
                };
                self.standing.relay.send(sent, ends.is_none()).map_err(lost)?;
            }
            AlertmanagerChange::Silence { matchers, lasting, comment } => {
                let address = address.ok_or_else(none)?;
                let clock = self.standing.clock;
                let read = parse_matchers(&matchers.value, Grammar::of(config.version));
                let read = read.map_err(|error| WorldError::Failed(error.to_string()))?;
                let read: Vec<_> = read
                    .iter()
                    .map(|matcher| {
                        let (equal, regex) = match matcher.op {
                            MatchType::Equal => (true, false),
                            MatchType::NotEqual => (false, false),
                            MatchType::Regexp => (true, true),
                            MatchType::NotRegexp => (false, true),
                        };
                        json!({"name": matcher.name, "value": matcher.value, "isEqual": equal, "isRegex": regex})
                    })
                    .collect();
                let ends = from + lasting.unwrap_or(LONG).min(LONG);
                let silence = json!({
                    "matchers": read,
                    "startsAt": rfc3339(clock.time_of_day(clock.now())),
                    "endsAt": rfc3339(clock.time_of_day(ends)),
                    "createdBy": "firedrill",
                    "comment": comment,
                });
                let made = ask::post(address, "/api/v2/silences", &silence).map_err(lost)?;
                self.silences.push(MadeSilence {
                    id: made["silenceID"].as_str().unwrap_or_default().to_owned(),
                    matchers: matchers.value.clone(),
                    comment: comment.clone(),
                });
            }
            AlertmanagerChange::Expire { silence } => {
                let address = address.ok_or_else(none)?;
                let meant = |made: &MadeSilence| {
                    silence.as_ref().is_none_or(|it| it.value == made.comment || it.value == made.matchers)
                };
                for made in self.silences.iter().filter(|made| meant(made)) {
                    let path = format!("/api/v2/silence/{}", escaped(&made.id));
                    // One that has ended by itself is gone already.
                    drop(ask::request(address, "DELETE", &path, None).map_err(lost)?);
                }
                self.silences.retain(|made| !meant(made));
            }
            AlertmanagerChange::Receiver { who, answer } => {
                let answer = match answer {
                    ReceiverAnswer::Accepts => Answer::Accept,
                    ReceiverAnswer::Status(status) => Answer::Status(*status),
                    ReceiverAnswer::TimesOut => Answer::Never,
                    ReceiverAnswer::Refuses => Answer::Drop,
                };
                let manner = Manner { answer, ..Manner::default() };
                for receiver in &config.receivers {
                    for integration in receiver.integrations.iter().filter(|one| who.may_be(receiver, one)) {
                        let which = Some((integration.kind, integration.index));
                        self.standing.inbox.behave(&receiver.name.value, which, &manner);
                    }
                }
            }
            AlertmanagerChange::Replicas { .. } | AlertmanagerChange::Replica { .. } => {
                return Err(WorldError::Failed("replicas of Prometheus are there in the twin only".into()));
            }
            AlertmanagerChange::Restart { keeps_storage } => {
                self.standing.operate_alertmanager(Operation::Stop, place)?;
                if !keeps_storage {
                    self.standing.clear_alertmanager();
                }
                self.standing.operate_alertmanager(Operation::Start, place)?;
                if let Some(alertmanager) = &mut self.alertmanager {
                    alertmanager.restarted(*keeps_storage);
                }
                if !keeps_storage {
                    self.silences.clear();
                }
            }
            AlertmanagerChange::Reachable(reachable) => self.standing.relay.let_through(*reachable),
            AlertmanagerChange::Operate(operation) => self.operate_alertmanager(*operation, place)?,
        }
        Ok(())
    }
}
