//! What a then-step came to, in words and numbers that a report need only lay out.

use crate::diagnostic::Span;
use crate::scenario::{Claim, Then};
use crate::stack::Stack;
use crate::time::{Duration, Timestamp};
use crate::timeline::Timeline;

use super::course::{Outcome, Window};
use super::{Decision, explain, words};

/// A then-step held against the timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The index of the step in its scenario.
    pub step: usize,
    pub held: bool,
    /// What was claimed, in our words.
    pub claim: String,
    /// The alert that it is about, if it is about one.
    pub alert: Option<String>,
    /// What its times count from.
    pub since: Timestamp,
    /// When it had to hold at the latest, where a time was stated.
    pub by: Option<Timestamp>,
    /// When that which was claimed, or its opposite, was seen.
    pub happened: Option<Timestamp>,
    /// The world's time when it was decided.
    pub decided: Timestamp,
    pub failure: Option<Failure>,
}

/// Why a then-step did not hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// One of [`FAILURES`].
    pub id: &'static str,
    /// One plain sentence, without a full stop.
    pub message: String,
    pub wanted: String,
    pub happened: String,
    /// From the timeline: how it came to this.
    pub because: Vec<String>,
    /// What would help, or is worth knowing.
    pub notes: Vec<String>,
    /// Where in their files the matter was decided.
    pub related: Vec<(Span, String)>,
    /// The verdict (an index into the scenario's) of which this one is but a consequence.
    pub follows_from: Option<usize>,
}

/// Every way in which a claim can fail, in the order of the documentation.
pub const FAILURES: &[(&str, &str)] = &[
    ("never-fired", "the alert was not firing by the deadline, nor some time after it"),
    ("fired-late", "the alert was firing only after the deadline"),
    ("fired-early", "the alert was firing before it was allowed to"),
    ("fired-but-should-not", "the alert was firing although it must not"),
    ("not-firing", "the alert was not firing at an instant at which it had to"),
    ("stopped-firing", "the alert began to fire in time, but did not go on firing long enough"),
    ("never-pending", "the alert was not pending by the deadline, nor some time after it"),
    ("pending-late", "the alert was pending only after the deadline"),
    ("pending-early", "the alert was pending before it was allowed to"),
    ("pending-but-should-not", "the alert was pending although it must not"),
    ("not-pending", "the alert was not pending at an instant at which it had to"),
    ("stopped-pending", "the alert began to be pending in time, but not for long enough"),
    ("never-resolved", "the alert was not resolved by the deadline, nor some time after it"),
    ("resolved-late", "the alert was resolved only after the deadline"),
    ("resolved-early", "the alert was resolved before it was allowed to"),
    ("resolved-but-should-not", "the alert was resolved although it must not"),
    ("not-resolved", "the alert was not resolved at an instant at which it had to"),
    ("fired-again", "the alert was resolved in time, but fired again too soon"),
    ("still-active", "the alert was pending or firing although it had to be inactive"),
    ("inactive-late", "the alert was inactive only after the deadline"),
    ("inactive-early", "the alert was inactive before it was allowed to"),
    ("inactive-but-should-not", "the alert was inactive although it must not"),
    ("wrong-labels", "the alert was in the claimed state, but with other labels"),
    ("wrong-annotation", "the alert was in the claimed state, but an annotation says something else"),
    ("wrong-value", "the alert was in the claimed state, but with another value"),
    ("wrong-count", "another number of the alert's elements was in the claimed state"),
    ("rule-failed", "a rule could not be evaluated"),
    ("target-down", "a target was down that had to be up"),
    ("target-up", "a target was up that had to be down"),
    ("target-gone", "a target was no longer discovered"),
    ("target-late", "a target changed its health only after the deadline"),
    ("value-differs", "an expression's result did not compare as claimed"),
    ("value-late", "an expression's result compared as claimed only after the deadline"),
    ("no-result", "an expression gave no result"),
    ("query-failed", "an expression could not be evaluated"),
    ("series-missing", "no series was found where there had to be one"),
    ("series-exists", "a series was found where there had to be none"),
    ("series-late", "a series came or went only after the deadline"),
    ("health-late", "a rule changed its health only after the deadline"),
    ("rule-healthy", "a rule evaluated although it had to fail"),
    ("alerts-differ", "the firing alerts were not exactly the expected ones"),
    ("samples-differ", "an expression's result was not exactly the expected one"),
    ("unexpectedly-equal", "a result was exactly what it must not be"),
    ("not-notified", "no notification was delivered to whom one was claimed for"),
    ("notified-late", "the notification was delivered only after the deadline"),
    ("notified-early", "the notification was delivered before it was allowed to be"),
    ("notified-too-often", "more notifications were delivered than claimed"),
    ("notified-too-seldom", "fewer notifications were delivered than claimed"),
    ("notified-but-should-not", "a notification was delivered that must not be"),
    ("somebody-notified", "somebody was notified where nobody must be"),
    ("somebody-else-notified", "somebody was notified who is not among those named"),
    (
        "delivery-failed",
        "Alertmanager tried to notify, but the receiver failed or the message could not be made",
    ),
    ("nothing-fired", "there was nothing to notify of: no such alert came to Alertmanager"),
    ("wrong-alert", "notified, but about other alerts"),
    ("wrong-status", "notified, but with the other status"),
    ("wrong-reason", "notified, but for another reason"),
    ("wrong-words", "notified, but the message does not say the claimed text"),
    ("wrong-subject", "notified, but with another subject or title"),
    ("wrong-payload", "notified, but the JSON that was sent differs from the claimed part"),
    ("grouped-differently", "notified, but the alerts are grouped in another way"),
    ("not-muted", "nothing muted the alert"),
    ("muted-otherwise", "the alert was muted, but by something else"),
    ("muted-late", "the alert was muted only after the deadline"),
    ("muted-but-should-not", "the alert was muted although it must not be"),
    ("routed-otherwise", "the alert's routes lead to other receivers"),
    ("routed-late", "the alert came to Alertmanager only after the deadline"),
    ("routed-but-should-not", "the alert's routes lead to where they must not"),
    ("too-early", "a condition held before it was allowed to"),
    ("did-not-last", "a condition held in time, but not for long enough"),
    ("nothing-seen", "nothing was seen that bears on the claim"),
];

impl Verdict {
    /// The verdict on the scenario's step of this index; the timeline may hold more than was known when it was
    /// decided, and the explanation uses it.
    pub fn of(step: usize, then: &Then, decision: &Decision, timeline: &Timeline, stack: &Stack) -> Verdict {
        let alert = match &then.claim {
            Claim::Alert(claim) => Some(claim.alert.value.clone()),
            Claim::ExactAlerts { alert, .. } => Some(alert.value.clone()),
            Claim::Notified(claim) => claim.content.alerts.first().map(|alert| alert.value.clone()),
            Claim::Muted(claim) => Some(claim.alert.value.clone()),
            Claim::Routed(claim) => Some(claim.alert.value.clone()),
            _ => None,
        };
        let (by, happened) = match (decision.window, decision.outcome) {
            (_, Outcome::Late { by, happened }) => (Some(by), happened),
            (window, Outcome::Held { at }) => (deadline(window), Some(at)),
            (window, Outcome::Early { at } | Outcome::Violated { at } | Outcome::Not { at }) => {
                (deadline(window), Some(at))
            }
            (window, Outcome::Broke { ended, .. }) => (deadline(window), Some(ended)),
            (window, Outcome::Unseen { .. }) => (deadline(window), None),
        };
        Verdict {
            step,
            held: decision.outcome.held(),
            claim: words::claim_in_words(then),
            alert,
            since: decision.claimed.since,
            by,
            happened,
            decided: decision.decided,
            failure: (!decision.outcome.held()).then(|| explain::failure(then, decision, timeline, stack)),
        }
    }

    /// Whether this failure stands for itself; consequences are folded under their cause.
    pub fn is_cause(&self) -> bool {
        self.failure.as_ref().is_some_and(|failure| failure.follows_from.is_none())
    }

    /// How late it happened.
    pub fn lateness(&self) -> Option<Duration> {
        Some(self.happened? - self.by?).filter(|late| *late > Duration::ZERO)
    }
}

fn deadline(window: Window) -> Option<Timestamp> {
    match window {
        Window::Instant { .. } => None,
        Window::Within { by, .. } => Some(by),
        Window::Throughout { to, .. } => Some(to),
    }
}
