//! What a scenario says about Alertmanager: who is told what, what keeps an alert from them, and what happens
//! to Alertmanager and its receivers.

use serde_json::Value;

use super::{Comparison, Operation};
use crate::diagnostic::Spanned;
use crate::labels::Labels;
use crate::stack::alertmanager::{Integration, IntegrationKind, Receiver};
use crate::time::Duration;
use crate::timeline::{AlertStatus, NotifyReason};

/// Whom a step means: a receiver by its name, or whatever is reached by a kind, at an address.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Addressee {
    pub receiver: Option<Spanned<String>>,
    pub kind: Option<Spanned<IntegrationKind>>,
    /// `#alerts`, `ops@example.com`, a URL: as a reader would say it.
    pub address: Option<Spanned<String>>,
}

impl Addressee {
    /// Whether a notification to this receiver, kind and address reaches whom is meant.
    pub fn is(&self, receiver: &str, kind: &str, address: &str) -> bool {
        self.receiver.as_ref().is_none_or(|name| name.value == receiver)
            && self.kind.as_ref().is_none_or(|wanted| wanted.value.as_str() == kind)
            && self.address.as_ref().is_none_or(|wanted| is_address(&wanted.value, address))
    }

    /// Whether an integration may be whom is meant, as far as can be told before its address is expanded.
    pub fn may_be(&self, receiver: &Receiver, integration: &Integration) -> bool {
        let address = integration.written_address();
        let unknown = address.is_empty() || address.contains("{{");
        self.receiver.as_ref().is_none_or(|name| name.value == receiver.name.value)
            && self.kind.as_ref().is_none_or(|wanted| wanted.value == integration.kind)
            && self.address.as_ref().is_none_or(|wanted| unknown || is_address(&wanted.value, &address))
    }
}

/// A mail may go to several at once; a channel is the same with and without its `#`.
fn is_address(wanted: &str, address: &str) -> bool {
    let bare = |text: &str| {
        let text = text.trim().trim_end_matches('>');
        text.rsplit('<').next().unwrap_or(text).trim_start_matches('#').to_lowercase()
    };
    wanted == address || address.split(',').any(|one| bare(one) == bare(wanted))
}

/// A claim that somebody is notified, so often and in these words.
#[derive(Clone, Debug, PartialEq)]
pub struct NotificationClaim {
    pub to: Addressee,
    pub times: Times,
    pub content: Content,
    /// And no receiver but this is notified of anything.
    pub nobody_else: bool,
}

/// How often: `== 1` is once.
pub type Times = (Comparison, u64);

/// What a notification must be like, all of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Content {
    pub status: Option<AlertStatus>,
    pub reason: Option<NotifyReason>,
    /// All of these alerts are told of in one notification.
    pub alerts: Vec<Spanned<String>>,
    /// One of the alerts carries these labels.
    pub labels: Labels,
    /// The labels that the group is made by, all of them.
    pub group_labels: Option<Labels>,
    /// Texts that a reader finds in the message.
    pub saying: Vec<String>,
    /// Texts that a reader finds in the mail's subject, or in the title of what else is sent.
    pub subject: Vec<String>,
    /// A part of the JSON that the receiver gets.
    pub payload: Option<Value>,
}

impl Content {
    /// Whether it asks for nothing in particular.
    pub fn is_any(&self) -> bool {
        *self == Content::default()
    }
}

/// A claim that Alertmanager keeps an alert from its receivers.
#[derive(Clone, Debug, PartialEq)]
pub struct MutedClaim {
    pub alert: Spanned<String>,
    pub labels: Labels,
    pub by: Option<MuteCause>,
    /// Only as it would go to this receiver.
    pub receiver: Option<Spanned<String>>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum MuteCause {
    /// Perhaps by this alert.
    Inhibition {
        source: Option<Spanned<String>>,
    },
    Silence,
    /// A mute time interval, or none of the active ones; perhaps by this name.
    TimeInterval {
        name: Option<Spanned<String>>,
    },
}

/// A claim on the receivers that an alert's routes lead to, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct RoutedClaim {
    pub alert: Spanned<String>,
    pub labels: Labels,
    pub to: Vec<Spanned<String>>,
}

/// What happens to Alertmanager and around it, and to those that send it alerts.
#[derive(Clone, Debug, PartialEq)]
pub enum AlertmanagerChange {
    /// Somebody other than the stack's Prometheus sends an alert, once.
    Push(DirectAlert),
    /// A silence is made, for a while or until it is expired.
    Silence { matchers: Spanned<String>, lasting: Option<Duration>, comment: String },
    /// Silences end that have this comment or these matchers; without one, all do.
    Expire { silence: Option<Spanned<String>> },
    /// From now on whoever is meant answers like this.
    Receiver { who: Addressee, answer: ReceiverAnswer },
    /// Alerts and groups are forgotten; with its storage, also the notification log and the silences.
    Restart { keeps_storage: bool },
    /// Something happens to the program itself.
    Operate(Operation),
    /// Whether what Prometheus sends gets there.
    Reachable(bool),
    /// So many replicas of Prometheus send each alert, one `apart` after the other.
    Replicas { count: usize, label: Option<String>, apart: Duration },
    /// One of them stops or starts to send.
    Replica { number: Spanned<usize>, up: bool },
}

/// An alert as somebody sends it.
#[derive(Clone, Debug, PartialEq)]
pub struct DirectAlert {
    pub name: Spanned<String>,
    /// With its name.
    pub labels: Labels,
    /// The names of its other labels, where they are written.
    pub label_names: Vec<Spanned<String>>,
    pub annotations: Labels,
    /// Until when it says that it goes on; Alertmanager decides where it says nothing.
    pub lasting: Option<Duration>,
    /// It is over.
    pub ends: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiverAnswer {
    Accepts,
    /// With this HTTP status, or this SMTP code.
    Status(u16),
    /// Never.
    TimesOut,
    /// Nobody listens.
    Refuses,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_of_those_a_mail_goes_to_or_a_channel_with_or_without_its_sign() {
        for (wanted, address, same) in [
            ("ops@example.com", "ops@example.com, boss@example.com", true),
            ("Boss@Example.com", "ops@example.com, boss@example.com", true),
            ("ops@example.com", "dev-ops@example.com", false),
            ("ops@example.com", "Ops <ops@example.com>", true),
            ("#alerts", "#alerts", true),
            ("alerts", "#alerts", true),
            ("#alerts", "#critical-alerts", false),
            ("http://hook/a,b", "http://hook/a,b", true),
        ] {
            assert_eq!(is_address(wanted, address), same, "{wanted} / {address}");
        }
    }
}
