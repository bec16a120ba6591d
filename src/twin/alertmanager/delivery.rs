//! How receivers behave, and when Alertmanager tries again.

use std::collections::BTreeMap;

use crate::stack::alertmanager::IntegrationKind;
use crate::time::{Duration, Timestamp};

/// What a receiver answers.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Behaviour {
    #[default]
    Accept,
    /// This HTTP status; a mail server refuses with it, if it is no success.
    Status(u16),
    /// It takes the request and never answers.
    Timeout,
    /// Nobody listens.
    Refuse,
}

/// Behaviours by receiver, or by one integration of it.
#[derive(Clone, Debug, Default)]
pub struct Behaviours {
    by_receiver: BTreeMap<(String, Option<(IntegrationKind, usize)>), Behaviour>,
}

impl Behaviours {
    pub fn set(
        &mut self,
        receiver: &str,
        integration: Option<(IntegrationKind, usize)>,
        behaviour: Behaviour,
    ) {
        // A receiver as a whole overrules what was said of its parts before.
        if integration.is_none() {
            self.by_receiver.retain(|(known, _), _| known != receiver);
        }
        self.by_receiver.insert((receiver.to_owned(), integration), behaviour);
    }

    pub fn of(&self, receiver: &str, kind: IntegrationKind, index: usize) -> Behaviour {
        if self.by_receiver.is_empty() {
            return Behaviour::Accept;
        }
        let get = |integration| self.by_receiver.get(&(receiver.to_owned(), integration));
        get(Some((kind, index))).or_else(|| get(None)).cloned().unwrap_or_default()
    }
}

/// What came of one attempt.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Delivered,
    /// It failed; Alertmanager may try again from then on.
    Retry {
        error: String,
        from: Timestamp,
    },
    /// It failed, and trying again is no use.
    Failed(String),
    /// It hangs until the notification's time is up.
    Hangs,
}

/// An attempt made at `at`. `own_timeout` is the integration's own, zero for none.
pub fn attempt(
    behaviour: &Behaviour,
    kind: IntegrationKind,
    by_service_key: bool,
    own_timeout: Duration,
    at: Timestamp,
) -> Answer {
    match behaviour {
        Behaviour::Accept | Behaviour::Status(200..=299) => Answer::Delivered,
        Behaviour::Status(code) if kind == IntegrationKind::Email => {
            Answer::Retry { error: format!("send MAIL command: {code}"), from: at }
        }
        Behaviour::Status(code) => {
            let error = format!("unexpected status code {code}");
            match retries(kind, by_service_key, *code) {
                true => Answer::Retry { error, from: at },
                false => Answer::Failed(error),
            }
        }
        Behaviour::Refuse => Answer::Retry { error: "connection refused".into(), from: at },
        Behaviour::Timeout if own_timeout > Duration::ZERO => {
            Answer::Retry { error: "context deadline exceeded".into(), from: at + own_timeout }
        }
        Behaviour::Timeout => Answer::Hangs,
    }
}

/// Server errors are tried again; other codes only where the service is known to mean "later" by them.
fn retries(kind: IntegrationKind, by_service_key: bool, code: u16) -> bool {
    let later = match kind {
        IntegrationKind::PagerDuty if by_service_key => Some(403),
        IntegrationKind::PagerDuty | IntegrationKind::OpsGenie | IntegrationKind::IncidentIo => Some(429),
        // The bot's client reports every error alike.
        IntegrationKind::Telegram => return true,
        IntegrationKind::WeChat => return true,
        IntegrationKind::Jira | IntegrationKind::RocketChat | IntegrationKind::Mattermost => Some(429),
        _ => None,
    };
    code / 100 == 5 || later == Some(code)
}

/// The pause after each attempt: half a second at first, half as much again each time, a minute at most. The
/// real one varies each by up to half of it, at random; this is the middle.
#[derive(Clone, Copy, Debug)]
pub struct Backoff(Duration);

impl Default for Backoff {
    fn default() -> Self {
        Backoff(Duration(500))
    }
}

impl Backoff {
    pub fn next(&mut self) -> Duration {
        let pause = self.0;
        self.0 = Duration((pause.0 * 3 / 2).min(60_000));
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: IntegrationKind, code: u16, retried: bool) {
        let answer = attempt(&Behaviour::Status(code), kind, false, Duration::ZERO, Timestamp(0));
        let error = format!("unexpected status code {code}");
        let expected = match retried {
            true => Answer::Retry { error, from: Timestamp(0) },
            false => Answer::Failed(error),
        };
        assert_eq!(answer, expected);
    }

    #[test]
    fn server_errors_are_tried_again_and_client_errors_are_final() {
        check(IntegrationKind::Webhook, 500, true);
        check(IntegrationKind::Webhook, 400, false);
        check(IntegrationKind::Webhook, 429, false);
        check(IntegrationKind::Slack, 503, true);
        check(IntegrationKind::PagerDuty, 429, true);
        check(IntegrationKind::OpsGenie, 429, true);
        check(IntegrationKind::PagerDuty, 403, false);
    }

    #[test]
    fn the_pauses_grow() {
        let mut backoff = Backoff::default();
        let pauses: Vec<i64> = (0..4).map(|_| backoff.next().0).collect();
        assert_eq!(pauses, [500, 750, 1125, 1687]);
    }
}
