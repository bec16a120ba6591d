//! Then-steps held against what was seen. Pure: the judge knows no world and reads no clock.
//!
//! A [`Judgement`] is one then-step in the course of being judged. Feed it every observation of the
//! timeline from its beginning, ask it to [`Judgement::decide`], and let the clock run no further than
//! [`Judgement::deadline`]. A claim counts its time from the last when-step, or from a named moment;
//! it looks back first, and what still holds from before counts.
//!
//! ```text
//! let mut judgement = Judgement::new(then, Claimed::of(then, world.timeline(), world.now(), tick));
//! let decision = loop {
//!     judgement.see_all(world.timeline());
//!     if let Some(decision) = judgement.decide(world.now()) { break decision }
//!     world.step(judgement.deadline())?;
//! };
//! verdicts.push(Verdict::of(step, then, &decision, world.timeline(), &stack));
//! …
//! judge::fold(&mut verdicts);
//! ```
//!
//! It refuses to guess: a claim about which nothing was seen has not held, and an alert is not taken
//! for quiet while its rule fails to evaluate.

mod alerts;
mod because;
mod content;
mod course;
mod exact;
mod explain;
mod fold;
mod handled;
mod notices;
mod reading;
mod rule;
mod seen;
mod verdict;
mod words;

use crate::scenario::{Claim, Then};
use crate::time::{Duration, Timestamp};
use crate::timeline::{Observation, Observed, Timeline};
use crate::worlds::Watch;

pub use course::{Course, Outcome, Truth, Window};
pub use fold::fold;
pub use rule::{Compared, RuleFacts, curiosity};
pub use verdict::{FAILURES, Failure, Verdict};
pub use words::{claim_in_words, clock};

use seen::Seen;

/// After a missed deadline the clock may run on by as much as the deadline itself, and at least by this,
/// so that the report can say when the thing did happen.
const GRACE: Duration = Duration::from_secs(30 * 60);

/// How long a claim waits that says only when a thing must not be yet: "fires after 5m".
const OPEN_ENDED: Duration = Duration::from_secs(30 * 60);

/// The times that a claim is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Claimed {
    /// When the scenario began.
    pub start: Timestamp,
    /// What its times count from.
    pub since: Timestamp,
    /// How long before that the evaluation was that the step followed: what is seen so many evaluations later is no
    /// sooner.
    pub late: Duration,
    /// When the step was reached.
    pub now: Timestamp,
    /// How long a claim about now waits for the first thing to be seen: one evaluation.
    pub patience: Duration,
    /// Whether the clock may run past a missed deadline to see when it would have happened.
    pub curious: bool,
}

impl Claimed {
    /// A claim made `now`, counting from the moment it names, or from the last one.
    pub fn of(then: &Then, timeline: &Timeline, now: Timestamp, patience: Duration) -> Self {
        let wanted = then.timing.since.as_ref().map(|name| name.value.as_str());
        let moment = timeline.observations.iter().rev().find_map(|seen| match &seen.what {
            Observed::Moment { name, late, .. } if wanted.is_none() || wanted == name.as_deref() => {
                Some((seen.at, *late))
            }
            _ => None,
        });
        let (since, late) = moment.unwrap_or((timeline.start, Duration::ZERO));
        Claimed { start: timeline.start, since, late, now, patience, curious: true }
    }
}

/// What came of a then-step, and by which times it was judged.
#[derive(Clone, Copy, Debug)]
pub struct Decision {
    pub outcome: Outcome,
    pub claimed: Claimed,
    pub window: Window,
    /// The world's time when it was decided.
    pub decided: Timestamp,
}

/// A then-step in the course of being judged.
pub struct Judgement {
    claimed: Claimed,
    window: Window,
    negated: bool,
    until: Timestamp,
    seen: Seen,
    course: Course,
    /// The instant whose observations are still coming in, once one of them bears on the claim.
    open: Option<Timestamp>,
    /// How much of the timeline was taken in by [`Judgement::see_all`].
    taken: usize,
}

impl Judgement {
    pub fn new(then: &Then, claimed: Claimed) -> Self {
        let window = window(then, &claimed);
        let until = match window {
            Window::Within { since, by, .. } if claimed.curious => by + GRACE.max(by - since),
            _ => window.end(),
        };
        let mut judgement = Judgement {
            claimed,
            window,
            negated: turns_round(then, &window),
            until,
            seen: Seen::since(then, claimed.since),
            course: Course::default(),
            open: None,
            taken: 0,
        };
        judgement.close(claimed.start);
        judgement
    }

    /// Takes in the next observation; they come in the timeline's order, from its beginning.
    pub fn see(&mut self, observation: &Observation) {
        if let Some(open) = self.open
            && observation.at > open
        {
            self.close(open);
            self.open = None;
        }
        if self.seen.see(observation) {
            self.open = Some(observation.at);
        }
    }

    /// Takes in what the timeline has gained since the last call.
    pub fn see_all(&mut self, timeline: &Timeline) {
        for observation in &timeline.observations[self.taken.min(timeline.observations.len())..] {
            self.see(observation);
        }
        self.taken = timeline.observations.len();
    }

    /// The decision, as soon as nothing that is still to come can change it. Everything up to `now` has been seen.
    pub fn decide(&mut self, now: Timestamp) -> Option<Decision> {
        if let Some(open) = self.open
            && open <= now
        {
            self.close(open);
        }
        let outcome = match &self.seen.notices {
            Some(notices) => notices.decide(self.window, self.until, now)?,
            None => self.course.decide(self.window, self.until, now)?,
        };
        Some(Decision { outcome, claimed: self.claimed, window: self.window, decided: now })
    }

    /// How far the clock may have to run.
    pub fn deadline(&self) -> Timestamp {
        self.until.max(self.window.end())
    }

    fn close(&mut self, at: Timestamp) {
        let truth = match self.seen.truth() {
            Truth::Yes if self.negated => Truth::No,
            Truth::No if self.negated => Truth::Yes,
            truth => truth,
        };
        self.course.set(at, truth);
    }
}

/// What a world must record for a claim, from the scenario's beginning on.
pub fn watches(then: &Then) -> Vec<Watch> {
    let at = then.timing.at;
    match &then.claim {
        Claim::Alert(claim) if !claim.annotations.is_empty() || claim.value.is_some() => {
            vec![Watch::Alert(claim.alert.value.clone())]
        }
        Claim::Alert(_)
        | Claim::Target { .. }
        | Claim::RuleHealthy { .. }
        | Claim::Notified(_)
        | Claim::NobodyNotified { .. }
        | Claim::Muted(_)
        | Claim::Routed(_) => Vec::new(),
        Claim::Expr { expr, .. }
        | Claim::ExactSamples { expr, .. }
        | Claim::Series { selector: expr, .. } => {
            vec![match at {
                Some(at) => Watch::ExprAt(expr.value.clone(), at),
                None => Watch::Expr(expr.value.clone()),
            }]
        }
        Claim::ExactAlerts { alert, .. } => vec![match at {
            Some(at) => Watch::AlertAt(alert.value.clone(), at),
            None => Watch::Alert(alert.value.clone()),
        }],
    }
}

fn window(then: &Then, claimed: &Claimed) -> Window {
    let timing = &then.timing;
    let since = claimed.since;
    let from = timing.not_before.map_or(since, |not_before| since + not_before - claimed.late);
    if let Some(at) = timing.at {
        let at = claimed.start + at;
        return Window::Instant { at, patience: at };
    }
    let within = |by| Window::Within { since, from, by, lasting: timing.lasting.unwrap_or_default() };
    match (timing.throughout, timing.within, timing.lasting) {
        (Some(stretch), ..) => Window::Throughout { from, to: from + stretch, never: timing.negated },
        // What is not to happen within a time is to happen at no instant of it.
        (None, Some(by), None) if timing.negated => Window::Throughout { from, to: since + by, never: true },
        (None, Some(by), _) => within(since + by),
        (None, None, Some(lasting)) => {
            let from = claimed.now.max(from);
            Window::Throughout { from, to: from + lasting, never: timing.negated }
        }
        (None, None, None) if timing.not_before.is_some() && !timing.negated => within(from + OPEN_ENDED),
        (None, None, None) => {
            let at = claimed.now.max(from);
            Window::Instant { at, patience: at + claimed.patience }
        }
    }
}

/// A stretch in which nothing may happen knows so itself; otherwise the condition is turned round.
fn turns_round(then: &Then, window: &Window) -> bool {
    then.timing.negated && !matches!(window, Window::Throughout { .. })
}

#[cfg(test)]
mod tests;
