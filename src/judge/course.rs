//! Whether a claim's condition held, over time, and what that means for its timing.
//!
//! A condition is piecewise constant: it changes only when something is observed. So the course of a
//! claim is a short list of changes, and every kind of timing is one question asked of that list.

use crate::time::{Duration, Timestamp};

/// What is known about a claim's condition at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// Nothing that bears on it has been seen yet.
    Unknown,
    No,
    Yes,
}

/// A claim's condition over time: each entry holds from its instant until the next.
#[derive(Clone, Debug, Default)]
pub struct Course {
    changes: Vec<(Timestamp, Truth)>,
}

/// A claim's timing in the world's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// At this instant. With nothing known by then, the first thing seen until `patience` counts.
    Instant { at: Timestamp, patience: Timestamp },
    /// At some instant from `from` to `by`, at none before; and then on for `lasting`.
    Within { since: Timestamp, from: Timestamp, by: Timestamp, lasting: Duration },
    /// At every instant from `from` to `to`; with `never`, at none.
    Throughout { from: Timestamp, to: Timestamp, never: bool },
}

/// What came of a claim, before it is put into words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Held {
        at: Timestamp,
    },
    /// It held before it was allowed to.
    Early {
        at: Timestamp,
    },
    /// It did not hold in time; perhaps later.
    Late {
        by: Timestamp,
        happened: Option<Timestamp>,
    },
    /// It began to hold in time and stopped before its stretch was over.
    Broke {
        began: Timestamp,
        ended: Timestamp,
    },
    /// At this instant of its stretch it was otherwise than claimed.
    Violated {
        at: Timestamp,
    },
    /// It did not hold at the one instant that counts.
    Not {
        at: Timestamp,
    },
    /// Nothing that bears on it was seen.
    Unseen {
        by: Timestamp,
    },
}

impl Course {
    /// The condition is `truth` from `at` on. Instants come in order; the last word on an instant counts.
    pub fn set(&mut self, at: Timestamp, truth: Truth) {
        while self.changes.last().is_some_and(|(last, _)| *last >= at) {
            self.changes.pop();
        }
        if self.changes.last().map_or(Truth::Unknown, |(_, last)| *last) != truth {
            self.changes.push((at, truth));
        }
    }

    /// What was known at an instant.
    pub fn at(&self, at: Timestamp) -> Truth {
        let after = self.changes.partition_point(|(from, _)| *from <= at);
        after.checked_sub(1).map_or(Truth::Unknown, |last| self.changes[last].1)
    }

    /// The first instant of `from ..= to` at which the condition was so.
    fn first(&self, truth: Truth, from: Timestamp, to: Timestamp) -> Option<Timestamp> {
        if from > to {
            return None;
        }
        if self.at(from) == truth {
            return Some(from);
        }
        let after = self.changes.partition_point(|(at, _)| *at <= from);
        self.changes[after..]
            .iter()
            .take_while(|(at, _)| *at <= to)
            .find(|(_, was)| *was == truth)
            .map(|c| c.0)
    }

    /// What came of the claim, as soon as that can no longer change; everything up to `now` has been seen.
    /// After a missed deadline it is watched until `until`, so that a late arrival can be told from none.
    pub fn decide(&self, window: Window, until: Timestamp, now: Timestamp) -> Option<Outcome> {
        match window {
            Window::Instant { at, patience } => {
                if now < at {
                    return None;
                }
                match self.at(at) {
                    Truth::Yes => Some(Outcome::Held { at }),
                    Truth::No => Some(Outcome::Not { at }),
                    Truth::Unknown => match self.first_known(at, patience.min(now)) {
                        Some((at, true)) => Some(Outcome::Held { at }),
                        Some((at, false)) => Some(Outcome::Not { at }),
                        None if now >= patience => Some(Outcome::Unseen { by: now }),
                        None => None,
                    },
                }
            }
            Window::Within { since, from, by, lasting } => {
                if let Some(at) = self.first(Truth::Yes, since, Timestamp(from.0 - 1).min(now)) {
                    return Some(Outcome::Early { at });
                }
                if let Some(began) = self.first(Truth::Yes, from, by.min(now)) {
                    let end = began + lasting;
                    return match self.first(Truth::No, began, end.min(now)) {
                        Some(ended) => Some(Outcome::Broke { began, ended }),
                        None if now >= end => Some(Outcome::Held { at: began }),
                        None => None,
                    };
                }
                if now < by {
                    return None;
                }
                if let Some(happened) = self.first(Truth::Yes, by, now) {
                    return Some(Outcome::Late { by, happened: Some(happened) });
                }
                if now < until {
                    return None;
                }
                match self.at(now) {
                    Truth::Unknown => Some(Outcome::Unseen { by: now }),
                    _ => Some(Outcome::Late { by, happened: None }),
                }
            }
            Window::Throughout { from, to, never } => {
                let (wanted, against) = if never { (Truth::No, Truth::Yes) } else { (Truth::Yes, Truth::No) };
                if let Some(at) = self.first(against, from, to.min(now)) {
                    return Some(Outcome::Violated { at });
                }
                if now < to {
                    return None;
                }
                match self.at(to) == wanted {
                    true => Some(Outcome::Held { at: to }),
                    false => Some(Outcome::Unseen { by: to }),
                }
            }
        }
    }

    fn first_known(&self, from: Timestamp, to: Timestamp) -> Option<(Timestamp, bool)> {
        let (yes, no) = (self.first(Truth::Yes, from, to), self.first(Truth::No, from, to));
        match (yes, no) {
            (Some(yes), Some(no)) if no < yes => Some((no, false)),
            (Some(yes), _) => Some((yes, true)),
            (None, no) => no.map(|no| (no, false)),
        }
    }
}

impl Window {
    /// How far the clock may have to run before the claim can be decided.
    pub fn end(&self) -> Timestamp {
        match *self {
            Window::Instant { at, patience } => at.max(patience),
            Window::Within { by, lasting, .. } => by + lasting,
            Window::Throughout { to, .. } => to,
        }
    }
}

impl Outcome {
    pub fn held(&self) -> bool {
        matches!(self, Outcome::Held { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const YES: Truth = Truth::Yes;
    const NO: Truth = Truth::No;

    fn course(changes: &[(i64, Truth)]) -> Course {
        let mut course = Course::default();
        for (at, truth) in changes {
            course.set(Timestamp(*at), *truth);
        }
        course
    }

    #[track_caller]
    fn check(changes: &[(i64, Truth)], window: Window, now: i64, expected: Option<Outcome>) {
        assert_eq!(course(changes).decide(window, Timestamp(150), Timestamp(now)), expected);
    }

    fn within(from: i64, by: i64, lasting: i64) -> Window {
        Window::Within {
            since: Timestamp(10),
            from: Timestamp(from),
            by: Timestamp(by),
            lasting: Duration(lasting),
        }
    }

    fn throughout(to: i64, never: bool) -> Window {
        Window::Throughout { from: Timestamp(10), to: Timestamp(to), never }
    }

    fn held(at: i64) -> Option<Outcome> {
        Some(Outcome::Held { at: Timestamp(at) })
    }

    #[test]
    fn within_is_decided_at_the_first_instant_that_holds() {
        check(&[(0, NO), (40, YES)], within(10, 100, 0), 40, held(40));
        check(&[(0, NO)], within(10, 100, 0), 40, None);
    }

    #[test]
    fn within_includes_its_deadline() {
        check(&[(0, NO), (100, YES)], within(10, 100, 0), 100, held(100));
        let late = Outcome::Late { by: Timestamp(100), happened: Some(Timestamp(101)) };
        check(&[(0, NO), (101, YES)], within(10, 100, 0), 101, Some(late));
    }

    #[test]
    fn what_held_before_the_claim_began_and_still_does_holds() {
        check(&[(0, YES)], within(10, 100, 0), 10, held(10));
        check(&[(0, YES), (10, NO)], within(10, 100, 0), 10, None);
    }

    #[test]
    fn a_missed_deadline_is_watched_a_little_longer_to_tell_late_from_never() {
        check(&[(0, NO)], within(10, 100, 0), 120, None);
        let never = Outcome::Late { by: Timestamp(100), happened: None };
        check(&[(0, NO)], within(10, 100, 0), 150, Some(never));
    }

    #[test]
    fn looking_back_sees_what_is_over_by_now() {
        check(&[(0, NO), (40, YES), (60, NO)], within(10, 100, 0), 500, held(40));
    }

    #[test]
    fn not_before_refuses_what_comes_early() {
        let early = |at| Some(Outcome::Early { at: Timestamp(at) });
        check(&[(0, NO), (29, YES)], within(30, 100, 0), 29, early(29));
        check(&[(0, NO), (30, YES)], within(30, 100, 0), 30, held(30));
        check(&[(0, YES)], within(30, 100, 0), 10, early(10));
    }

    #[test]
    fn lasting_counts_from_when_it_began() {
        check(&[(0, NO), (40, YES)], within(10, 100, 80), 119, None);
        check(&[(0, NO), (40, YES)], within(10, 100, 80), 120, held(40));
        let broke = Outcome::Broke { began: Timestamp(40), ended: Timestamp(90) };
        check(&[(0, NO), (40, YES), (90, NO)], within(10, 100, 80), 95, Some(broke));
    }

    #[test]
    fn throughout_means_at_every_instant_and_never_at_none() {
        check(&[(0, YES)], throughout(100, false), 99, None);
        check(&[(0, YES)], throughout(100, false), 100, held(100));
        let violated = |at| Some(Outcome::Violated { at: Timestamp(at) });
        check(&[(0, YES), (50, NO), (60, YES)], throughout(100, false), 60, violated(50));
        check(&[(0, NO)], throughout(100, true), 100, held(100));
        check(&[(0, NO), (100, YES)], throughout(100, true), 100, violated(100));
        check(&[(0, NO), (101, YES)], throughout(100, true), 101, held(100));
    }

    #[test]
    fn a_stretch_in_which_nothing_was_seen_proves_nothing() {
        check(&[], throughout(100, true), 100, Some(Outcome::Unseen { by: Timestamp(100) }));
    }

    #[test]
    fn an_instant_waits_for_the_first_thing_seen_but_not_for_ever() {
        let instant = Window::Instant { at: Timestamp(10), patience: Timestamp(70) };
        check(&[(5, YES)], instant, 10, held(10));
        check(&[(5, NO)], instant, 10, Some(Outcome::Not { at: Timestamp(10) }));
        check(&[], instant, 10, None);
        check(&[(40, YES)], instant, 40, held(40));
        check(&[], instant, 70, Some(Outcome::Unseen { by: Timestamp(70) }));
    }

    #[test]
    fn the_last_word_on_an_instant_counts() {
        let mut course = course(&[(0, NO), (40, YES)]);
        course.set(Timestamp(40), NO);
        assert_eq!(course.at(Timestamp(40)), NO);
    }
}
