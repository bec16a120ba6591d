//! What was seen, when, and why: the one kind of record that every world yields.

mod notification;

use crate::diagnostic::Span;
use crate::labels::Labels;
use crate::time::{Duration, Timestamp};

pub use notification::{
    AlertStatus, Body, GivenUp, HttpRequest, Mail, Message, Muted, MutedBy, Notification, NotifiedAlert,
    NotifyReason, Outcome, RouteTaken, Routed, Waiting, Withheld,
};

/// Observations in the order of their time; those of one instant in the order they happened.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    pub start: Timestamp,
    pub observations: Vec<Observation>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    pub at: Timestamp,
    pub what: Observed,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Observed {
    /// A when-step took effect. `then` claims count their time from the last of these, or from a named one.
    /// `late` is how long before it the evaluation was that it followed, where that was not at the same instant.
    Moment { name: Option<String>, text: String, late: Duration },
    /// A target's health at its first scrape, and whenever it changes.
    Target { labels: Labels, up: bool, reason: String },
    /// A target left or entered discovery.
    TargetGone { labels: Labels },
    /// An alert changed its state.
    Alert(AlertChange),
    /// What a watched alert is like at an evaluation, each element of it that is active.
    AlertsSeen { alert: String, active: Vec<ActiveAlert> },
    /// A rule's health at its first evaluation, and whenever it changes.
    Rule { group: String, rule: String, healthy: bool, error: String },
    /// What a watched expression gave.
    Value { expr: String, result: Result<Vec<SeenSample>, String> },
    /// An alert reached Alertmanager and took its routes.
    Routed(Routed),
    /// A group waits for its `group_wait`.
    Waiting(Waiting),
    /// An attempt to notify a receiver.
    Notification(Box<Notification>),
    /// A notification's attempts ended without success.
    GivenUp(GivenUp),
    /// A notification was due, but not for this integration.
    Withheld(Withheld),
    /// An alert was kept out of a notification.
    Muted(Muted),
}

/// An element of an instant vector, or a scalar (then the labels are empty).
#[derive(Clone, Debug, PartialEq)]
pub struct SeenSample {
    pub labels: Labels,
    /// `NaN` where `histogram` is set.
    pub value: f64,
    /// A native histogram, in Prometheus' own notation.
    pub histogram: Option<String>,
}

/// Prometheus' own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlertState {
    Inactive,
    Pending,
    Firing,
}

impl AlertState {
    pub fn as_str(self) -> &'static str {
        match self {
            AlertState::Inactive => "inactive",
            AlertState::Pending => "pending",
            AlertState::Firing => "firing",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct AlertChange {
    pub from: AlertState,
    pub to: AlertState,
    pub alert: ActiveAlert,
    /// Where the rule stands in somebody's file.
    pub rule: Option<Span>,
    /// In Prometheus' terms: "`for` of 5m not yet met", "the expression gives no result any more".
    pub reason: String,
}

/// One element of an alerting rule, as `/api/v1/alerts` would show it.
#[derive(Clone, Debug, PartialEq)]
pub struct ActiveAlert {
    /// The alert's labels, `alertname` among them.
    pub labels: Labels,
    pub annotations: Labels,
    pub state: AlertState,
    pub active_at: Timestamp,
    pub value: f64,
}

impl Timeline {
    pub fn push(&mut self, at: Timestamp, what: Observed) {
        self.observations.push(Observation { at, what });
    }
}
