//! What Alertmanager did: who was told what and why, and what was held back and why.

use std::sync::Arc;

use serde_json::Value;

use crate::diagnostic::Span;
use crate::labels::Labels;
use crate::time::Timestamp;

/// One attempt to tell one integration of a receiver about a group of alerts.
#[derive(Clone, Debug, PartialEq)]
pub struct Notification {
    pub receiver: String,
    /// `email`, `slack` …, as Alertmanager names it.
    pub integration: &'static str,
    /// Among the receiver's integrations of that kind.
    pub index: usize,
    pub reason: NotifyReason,
    pub status: AlertStatus,
    pub group_key: String,
    pub group_labels: Labels,
    pub alerts: Vec<NotifiedAlert>,
    /// 1 is the first.
    pub attempt: u32,
    /// Where it went, as a reader would say it: `#alerts`, `ops@example.com`, a URL.
    pub address: String,
    /// What the receiver got; nothing where it could not be rendered.
    pub message: Option<Message>,
    pub outcome: Outcome,
}

/// Why a notification was sent, in Alertmanager's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NotifyReason {
    FirstNotification,
    NewAlertsInGroup,
    NewResolvedAlerts,
    AllAlertsResolved,
    RepeatIntervalElapsed,
}

impl NotifyReason {
    pub const fn as_str(self) -> &'static str {
        match self {
            NotifyReason::FirstNotification => "first notification",
            NotifyReason::NewAlertsInGroup => "new alerts added",
            NotifyReason::NewResolvedAlerts => "some alerts resolved",
            NotifyReason::AllAlertsResolved => "all alerts resolved",
            NotifyReason::RepeatIntervalElapsed => "repeat interval elapsed",
        }
    }
}

/// Firing while any of the alerts fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlertStatus {
    Firing,
    Resolved,
}

impl AlertStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            AlertStatus::Firing => "firing",
            AlertStatus::Resolved => "resolved",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct NotifiedAlert {
    pub status: AlertStatus,
    pub labels: Labels,
    pub annotations: Labels,
    pub starts_at: Timestamp,
    /// Only of a resolved alert.
    pub ends_at: Option<Timestamp>,
    pub generator_url: Arc<str>,
    pub fingerprint: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Delivered,
    /// It failed, and Alertmanager tries again.
    WillRetry(String),
    /// It failed for good.
    Failed(String),
}

/// What a receiver gets.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// One request, or several that belong together (Opsgenie's updates).
    Http(Vec<HttpRequest>),
    Mail(Mail),
}

#[derive(Clone, Debug, PartialEq)]
pub struct HttpRequest {
    pub method: &'static str,
    pub url: String,
    /// The `Authorization` that the integration itself sets, beyond `http_config`.
    pub authorization: Option<String>,
    pub body: Body,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    Json(Value),
    /// Parameters, sorted by name.
    Form(Vec<(String, String)>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Mail {
    /// Addresses of the envelope.
    pub from: String,
    pub to: Vec<String>,
    /// Values as readers see them; not yet encoded.
    pub headers: Vec<(String, String)>,
    pub text: Option<String>,
    pub html: Option<String>,
}

impl Mail {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub fn subject(&self) -> &str {
        self.header("Subject").unwrap_or_default()
    }
}

impl Message {
    /// Every text that a reader could see, in order: subject and bodies of a mail, all texts of a payload.
    pub fn texts(&self) -> Vec<&str> {
        let mut texts = Vec::new();
        match self {
            Message::Mail(mail) => {
                texts.extend(mail.headers.iter().map(|(_, value)| value.as_str()));
                texts.extend(mail.text.as_deref());
                texts.extend(mail.html.as_deref());
            }
            Message::Http(requests) => {
                for request in requests {
                    match &request.body {
                        Body::Json(value) => json_texts(value, &mut texts),
                        Body::Form(pairs) => texts.extend(pairs.iter().map(|(_, value)| value.as_str())),
                    }
                }
            }
        }
        texts
    }

    /// The JSON body of the first request, if it has one.
    pub fn json(&self) -> Option<&Value> {
        match self {
            Message::Http(requests) => match &requests.first()?.body {
                Body::Json(value) => Some(value),
                Body::Form(_) => None,
            },
            Message::Mail(_) => None,
        }
    }

    pub fn mail(&self) -> Option<&Mail> {
        match self {
            Message::Mail(mail) => Some(mail),
            Message::Http(_) => None,
        }
    }
}

fn json_texts<'v>(value: &'v Value, texts: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(items) => items.iter().for_each(|item| json_texts(item, texts)),
        Value::Object(entries) => entries.values().for_each(|entry| json_texts(entry, texts)),
        _ => {}
    }
}

/// A notification that was tried until its time was up.
#[derive(Clone, Debug, PartialEq)]
pub struct GivenUp {
    pub receiver: String,
    pub integration: &'static str,
    pub index: usize,
    pub group_key: String,
    pub attempts: u32,
    /// The last error.
    pub error: String,
}

/// A notification that was due and not sent to this integration, because of how the integration is set up.
#[derive(Clone, Debug, PartialEq)]
pub struct Withheld {
    pub receiver: String,
    pub integration: &'static str,
    pub index: usize,
    pub group_key: String,
    pub reason: &'static str,
}

impl Withheld {
    pub const ALL_RESOLVED: &'static str = "all alerts resolved, and send_resolved is false";
}

/// An alert came to Alertmanager for the first time, or again after it had been forgotten.
#[derive(Clone, Debug, PartialEq)]
pub struct Routed {
    pub labels: Labels,
    pub to: Vec<RouteTaken>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct RouteTaken {
    pub receiver: String,
    pub group_key: String,
    /// Where the route stands in somebody's file.
    pub place: Span,
}

/// A group was opened and waits for more alerts before it is notified about.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    pub receiver: String,
    pub group_key: String,
    pub group_labels: Labels,
    pub until: Timestamp,
}

/// An alert was taken out of a group's notification; told when it begins or its cause changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Muted {
    pub receiver: String,
    pub group_key: String,
    pub labels: Labels,
    pub by: MutedBy,
}

#[derive(Clone, Debug, PartialEq)]
pub enum MutedBy {
    Inhibition {
        source: Labels,
        rule: Span,
    },
    Silence {
        ids: Vec<String>,
    },
    MuteTimeInterval {
        names: Vec<String>,
    },
    /// Outside of all these.
    ActiveTimeInterval {
        names: Vec<String>,
    },
}

impl MutedBy {
    pub fn as_str(&self) -> &'static str {
        match self {
            MutedBy::Inhibition { .. } => "inhibition",
            MutedBy::Silence { .. } => "silence",
            MutedBy::MuteTimeInterval { .. } => "mute time interval",
            MutedBy::ActiveTimeInterval { .. } => "active time interval",
        }
    }
}
