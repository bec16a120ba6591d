//! Claims about an alert that failed.

use super::{Case, TOLD, nothing_seen};
use crate::golang::quote;
use crate::judge::alerts::Miss;
use crate::judge::because;
use crate::judge::course::{Outcome, Window};
use crate::judge::seen::Seen;
use crate::judge::verdict::Failure;
use crate::judge::words::{alert_name, counted, number_text, state_word};
use crate::labels::Labels;
use crate::scenario::{AlertClaim, ClaimedState, Comparison, TextMatch};
use crate::time::Timestamp;
use crate::timeline::AlertState;

/// What a claimed state is called when it comes too late, too early and so on.
struct StateWords {
    never: &'static str,
    late: &'static str,
    early: &'static str,
    should_not: &'static str,
    not: &'static str,
    broke: &'static str,
    /// "it fired": the state's beginning.
    began: &'static str,
    /// "did not fire"
    did_not: &'static str,
}

fn state_words(state: ClaimedState) -> StateWords {
    match state {
        ClaimedState::Firing => StateWords {
            never: "never-fired",
            late: "fired-late",
            early: "fired-early",
            should_not: "fired-but-should-not",
            not: "not-firing",
            broke: "stopped-firing",
            began: "fired",
            did_not: "did not fire",
        },
        ClaimedState::Pending => StateWords {
            never: "never-pending",
            late: "pending-late",
            early: "pending-early",
            should_not: "pending-but-should-not",
            not: "not-pending",
            broke: "stopped-pending",
            began: "became pending",
            did_not: "did not become pending",
        },
        ClaimedState::Resolved => StateWords {
            never: "never-resolved",
            late: "resolved-late",
            early: "resolved-early",
            should_not: "resolved-but-should-not",
            not: "not-resolved",
            broke: "fired-again",
            began: "resolved",
            did_not: "did not resolve",
        },
        ClaimedState::Inactive => StateWords {
            never: "still-active",
            late: "inactive-late",
            early: "inactive-early",
            should_not: "inactive-but-should-not",
            not: "still-active",
            broke: "still-active",
            began: "became inactive",
            did_not: "did not become inactive",
        },
    }
}

pub(super) fn failure(case: &Case, claim: &AlertClaim) -> Failure {
    let name = alert_name(&claim.alert.value, &claim.labels);
    let words = state_words(claim.state);
    let state = state_word(claim.state);
    let wanted = case.wanted(state, &format!("not {state}"));
    let at = case.lost_at();
    let seen = case.seen(at);
    if let Some(error) = seen.rule_error() {
        let message = format!("the rule of {} could not be evaluated", claim.alert.value);
        let happened = format!("at {} its evaluation failed: {error}", case.clock(at));
        return case.failure("rule-failed", message, wanted, happened);
    }
    let is_now = || now_is(&seen, claim);
    if case.then.timing.negated && matches!(case.decision.window, Window::Within { .. }) {
        let happened = match case.decision.outcome {
            Outcome::Early { at } => format!("was not {state} at {} already", case.clock(at)),
            Outcome::Late { happened: Some(at), .. } => format!("was {state} until {}", case.clock(at)),
            Outcome::Broke { ended, .. } => format!("was {state} again at {}", case.clock(ended)),
            _ => format!("was {state} until {}", case.clock(case.decision.decided)),
        };
        return case.failure(
            words.should_not,
            format!("{name} was {state}, but should not be"),
            wanted,
            happened,
        );
    }
    match case.decision.outcome {
        Outcome::Early { at } => {
            let (message, happened) = match at > case.decision.claimed.since {
                true => (
                    format!("{name} {} too early", words.began),
                    format!("{} at {}", words.began, case.clock(at)),
                ),
                false => (
                    format!("{name} was {state} already"),
                    format!("was {state} already at {}", case.clock(at)),
                ),
            };
            case.failure(words.early, message, wanted, happened)
        }
        Outcome::Late { by, happened } => {
            if let Some(miss) = nearest_miss(case, claim) {
                return missed(case, claim, miss, wanted);
            }
            match (happened, case.late()) {
                (Some(happened), Some((_, late))) => case.failure(
                    words.late,
                    format!("{name} {} {late}", words.began),
                    wanted,
                    format!("{} at {}", words.began, case.clock(happened)),
                ),
                _ => {
                    let seen_until = case.decision.decided;
                    let still = match seen_until > by {
                        true => format!("nor by {}, when it was {}", case.clock(seen_until), {
                            now_is(&case.seen(seen_until), claim)
                        }),
                        false => format!("it was {}", is_now()),
                    };
                    let happened = format!("{} by {}, {still}", words.did_not, case.clock(by));
                    case.failure(words.never, format!("{name} {}", words.did_not), wanted, happened)
                }
            }
        }
        Outcome::Broke { began, ended } => {
            let happened = format!(
                "{} at {}, but was {} at {}",
                words.began,
                case.clock(began),
                is_now(),
                case.clock(ended)
            );
            let lasted = ended - began;
            case.failure(words.broke, format!("{name} was {state} for {lasted} only"), wanted, happened)
        }
        Outcome::Violated { at } | Outcome::Not { at } => {
            let negated = case.then.timing.negated;
            if negated {
                let from = begun(case, claim, at);
                let happened = match from < at || at == case.decision.claimed.since {
                    true => format!("was {state} at {}, since {}", case.clock(at), case.clock(from)),
                    false => format!("{} at {}", words.began, case.clock(at)),
                };
                let message = match claim.state {
                    ClaimedState::Firing => format!("{name} fired, but should not"),
                    _ => format!("{name} was {state}, but should not be"),
                };
                return case.failure(words.should_not, message, wanted, happened);
            }
            if let Some(miss) = seen.alerts.miss(claim) {
                return missed(case, claim, miss, wanted);
            }
            if claim.state == ClaimedState::Inactive {
                let state = is_now();
                let id = match (
                    case.decision.window,
                    seen.alerts.in_state(&claim.labels, AlertState::Firing).next(),
                ) {
                    (Window::Throughout { .. }, Some(_)) => "fired-but-should-not",
                    (Window::Throughout { .. }, None) => "pending-but-should-not",
                    _ => words.not,
                };
                let happened = format!("was {state} at {}", case.clock(at));
                return case.failure(
                    id,
                    format!("{name} was {state}, but should be inactive"),
                    wanted,
                    happened,
                );
            }
            let happened = format!("was {} at {}", is_now(), case.clock(at));
            case.failure(words.not, format!("{name} was not {state}"), wanted, happened)
        }
        Outcome::Held { .. } | Outcome::Unseen { .. } => nothing_seen(case, &name, wanted),
    }
}

/// Since when the claimed state had been so at an instant.
fn begun(case: &Case, claim: &AlertClaim, at: Timestamp) -> Timestamp {
    let wanted = match claim.state {
        ClaimedState::Firing => AlertState::Firing,
        ClaimedState::Pending => AlertState::Pending,
        ClaimedState::Inactive | ClaimedState::Resolved => AlertState::Inactive,
    };
    because::changes(case.timeline, &claim.alert.value, &claim.labels)
        .filter(|(when, change)| *when <= at && change.to == wanted)
        .map(|(when, _)| when)
        .next_back()
        .unwrap_or(case.start)
}

fn now_is(seen: &Seen, claim: &AlertClaim) -> &'static str {
    let some = |state| seen.alerts.in_state(&claim.labels, state).next().is_some();
    match () {
        () if some(AlertState::Firing) => "firing",
        () if some(AlertState::Pending) => "pending",
        () => "inactive",
    }
}

/// The latest instant of the claim's time at which the alert was in the claimed state, but otherwise than claimed.
fn nearest_miss(case: &Case, claim: &AlertClaim) -> Option<Miss> {
    let by = case.lost_at();
    let mut instants: Vec<Timestamp> = because::changes(case.timeline, &claim.alert.value, &Labels::empty())
        .map(|(at, _)| at)
        .filter(|at| *at > case.decision.claimed.since && *at < by)
        .collect();
    instants.push(by);
    instants.dedup();
    instants.into_iter().rev().find_map(|at| case.seen(at).alerts.miss(claim))
}

fn missed(case: &Case, claim: &AlertClaim, miss: Miss, wanted: String) -> Failure {
    let name = &claim.alert.value;
    let state = state_word(claim.state);
    match miss {
        Miss::Labels { got } => {
            let mut failure = case.failure(
                "wrong-labels",
                format!("{name} was {state}, but not with the claimed labels"),
                format!("{wanted} with {}", claim.labels),
                format!("was {state} as {got}"),
            );
            failure.because = claim
                .labels
                .iter()
                .filter(|(label, value)| got.value(label) != *value)
                .map(|(label, value)| match got.get(label) {
                    Some(got) => format!("label {label} is {}, wanted {}", quote(got), quote(value)),
                    None => format!("there is no label {label}, wanted {}", quote(value)),
                })
                .collect();
            failure
        }
        Miss::Annotation { labels, name: annotation, wanted: text, got } => {
            let (verb, text) = match &text {
                TextMatch::Is(text) => ("reading", text),
                TextMatch::Contains(text) => ("containing", text),
            };
            if annotation.is_empty() {
                let mut failure = case.failure(
                    "wrong-annotation",
                    format!("{name} was {state}, but none of its annotations says so"),
                    format!("an annotation {verb} {}", quote(text)),
                    format!("its annotations are {}", got.unwrap_or_default()),
                );
                failure.notes.push(format!("the alert seen is {labels}"));
                return failure;
            }
            let happened = match got {
                Some(got) => format!("{annotation} reads {}", quote(&got)),
                None => format!("there is no annotation {annotation}"),
            };
            let mut failure = case.failure(
                "wrong-annotation",
                format!("{name} was {state}, but its annotation {annotation} says something else"),
                format!("{annotation} {verb} {}", quote(text)),
                happened,
            );
            failure.notes.push(format!("the alert seen is {labels}"));
            failure
        }
        Miss::Value { labels, got } => {
            let (compare, number) = claim.value.unwrap_or((Comparison::Equal, got));
            let mut failure = case.failure(
                "wrong-value",
                format!("{name} was {state}, but with another value"),
                format!("a value {} {}", compare.symbol(), number_text(number)),
                format!("its value was {}", number_text(got)),
            );
            failure.notes.push(format!("the alert seen is {labels}"));
            failure
        }
        Miss::Count { got } => {
            let count = claim.count.unwrap_or_default();
            let mut failure = case.failure(
                "wrong-count",
                format!("{name} was {state} {}, not {count}", counted(got, "time")),
                format!("{} {wanted}", counted(count, "element")),
                format!("{} {state}", if got == 1 { "1 was".to_owned() } else { format!("{got} were") }),
            );
            let seen = case.seen(case.lost_at());
            let at = match claim.state {
                ClaimedState::Firing => AlertState::Firing,
                ClaimedState::Pending => AlertState::Pending,
                _ => AlertState::Inactive,
            };
            failure.because = seen
                .alerts
                .in_state(&claim.labels, at)
                .take(TOLD)
                .map(|e| format!("{state}: {}", e.labels))
                .collect();
            failure
        }
    }
}
