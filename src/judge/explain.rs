//! A failed claim put into words: what was wanted, what happened instead, and under which id.

mod alert;
mod condition;
mod exactly;
mod handled;
mod notified;
mod unsent;

use super::course::{Outcome, Window};
use super::rule::RuleFacts;
use super::seen::Seen;
use super::verdict::Failure;
use super::words::{clock, one_line};
use super::{Decision, because};
use crate::scenario::{Claim, Then};
use crate::stack::Stack;
use crate::time::Timestamp;
use crate::timeline::Timeline;

/// How many of a long list of differences are told.
const TOLD: usize = 5;

pub(super) fn failure(then: &Then, decision: &Decision, timeline: &Timeline, stack: &Stack) -> Failure {
    let case = Case { then, decision, timeline, stack, start: decision.claimed.start };
    let mut failure = match &then.claim {
        Claim::Alert(claim) => alert::failure(&case, claim),
        Claim::Target { labels, up } => condition::target(&case, labels, *up),
        Claim::Expr { expr, .. } => condition::expression(&case, &one_line(&expr.value)),
        Claim::Series { selector, exists } => condition::series(&case, &one_line(&selector.value), *exists),
        Claim::RuleHealthy { rule } => {
            condition::rule_health(&case, rule.as_ref().map(|rule| rule.value.as_str()))
        }
        Claim::ExactAlerts { .. } | Claim::ExactSamples { .. } => exactly::failure(&case),
        Claim::Notified(claim) => notified::failure(&case, claim),
        Claim::NobodyNotified { others, but } => notified::somebody(&case, *others, but),
        Claim::Muted(claim) => handled::muted(&case, claim),
        Claim::Routed(claim) => handled::routed(&case, claim),
    };
    if let Claim::Alert(claim) = &then.claim {
        let rules = RuleFacts::of(stack, &claim.alert.value);
        because::add(&mut failure, claim, decision, timeline, &rules);
    }
    failure
}

/// One failed claim and all that is known about it.
struct Case<'a> {
    then: &'a Then,
    decision: &'a Decision,
    timeline: &'a Timeline,
    stack: &'a Stack,
    start: Timestamp,
}

impl Case<'_> {
    fn clock(&self, at: Timestamp) -> String {
        clock(at, self.start)
    }

    /// The claim's subject as of an instant.
    fn seen(&self, at: Timestamp) -> Seen {
        Seen::until(self.then, self.timeline, self.decision.claimed.since, at)
    }

    /// The instant at which the claim was lost: there the subject shows what was wrong with it.
    fn lost_at(&self) -> Timestamp {
        match self.decision.outcome {
            Outcome::Held { at } | Outcome::Early { at } | Outcome::Violated { at } | Outcome::Not { at } => {
                at
            }
            Outcome::Late { by, .. } => by,
            Outcome::Broke { ended, .. } => ended,
            Outcome::Unseen { by } => by,
        }
    }

    /// `firing by 15m`, given what the condition is called and its opposite.
    fn wanted(&self, condition: &str, opposite: &str) -> String {
        let negated = self.then.timing.negated;
        let condition = if negated { opposite } else { condition };
        match self.decision.window {
            Window::Instant { .. } => format!("{condition} at {}", self.clock(self.lost_at())),
            Window::Within { since, from, by, lasting } => {
                let mut text = condition.to_owned();
                if from > since {
                    text += &format!(" not before {}", self.clock(from));
                }
                text += &format!(" by {}", self.clock(by));
                if lasting.0 > 0 {
                    text += &format!(" and then for {lasting}");
                }
                text
            }
            Window::Throughout { from, to, .. } => {
                format!("{condition} from {} to {}", self.clock(from), self.clock(to))
            }
        }
    }

    /// The lateness in words, where it happened late.
    fn late(&self) -> Option<(Timestamp, String)> {
        match self.decision.outcome {
            Outcome::Late { by, happened: Some(happened) } => {
                Some((happened, format!("{} too late", happened - by)))
            }
            _ => None,
        }
    }

    fn failure(&self, id: &'static str, message: String, wanted: String, happened: String) -> Failure {
        Failure {
            id,
            message,
            wanted,
            happened,
            because: Vec::new(),
            notes: Vec::new(),
            related: Vec::new(),
            follows_from: None,
        }
    }
}

fn query_failed(case: &Case, expr: &str, error: &str, wanted: String) -> Failure {
    let happened = format!("at {} the query failed: {error}", case.clock(case.lost_at()));
    case.failure("query-failed", format!("`{expr}` could not be evaluated"), wanted, happened)
}

fn nothing_seen(case: &Case, subject: &str, wanted: String) -> Failure {
    let happened = format!("nothing was seen of it by {}", case.clock(case.decision.decided));
    let mut failure =
        case.failure("nothing-seen", format!("nothing was seen of {subject}"), wanted, happened);
    if matches!(case.then.claim, Claim::Target { .. }) {
        failure.notes.push("no target with these labels was ever discovered".to_owned());
    }
    failure
}
