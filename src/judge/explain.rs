//! A failed claim put into words: what was wanted, what happened instead, and under which id.

use super::alerts::Miss;
use super::course::{Outcome, Window};
use super::exact::{self, Difference};
use super::rule::RuleFacts;
use super::seen::{Seen, TargetSeen, disagreeing};
use super::verdict::Failure;
use super::words::{alert_name, clock, counted, number_text, one_line, rounded, state_word};
use super::{Decision, because};
use crate::diagnostic::Span;
use crate::golang::quote;
use crate::labels::Labels;
use crate::scenario::{AlertClaim, Claim, ClaimedState, TextMatch, Then};
use crate::time::Timestamp;
use crate::timeline::{ActiveAlert, AlertState, SeenSample, Timeline};

/// How many of a long list of differences are told.
const TOLD: usize = 5;

pub(super) fn failure(then: &Then, decision: &Decision, timeline: &Timeline, rules: &[RuleFacts]) -> Failure {
    let case = Case { then, decision, timeline, start: decision.claimed.start };
    let mut failure = match &then.claim {
        Claim::Alert(claim) => alert(&case, claim),
        Claim::Target { labels, up } => target(&case, labels, *up),
        Claim::Expr { expr, .. } => expression(&case, &one_line(&expr.value)),
        Claim::Series { selector, exists } => series(&case, &one_line(&selector.value), *exists),
        Claim::RuleHealthy { rule } => rule_health(&case, rule.as_ref().map(|rule| rule.value.as_str())),
        Claim::ExactAlerts { .. } | Claim::ExactSamples { .. } => exactly(&case),
    };
    if let Claim::Alert(claim) = &then.claim {
        because::add(&mut failure, claim, decision, timeline, rules);
    }
    failure
}

/// One failed claim and all that is known about it.
struct Case<'a> {
    then: &'a Then,
    decision: &'a Decision,
    timeline: &'a Timeline,
    start: Timestamp,
}

impl Case<'_> {
    fn clock(&self, at: Timestamp) -> String {
        clock(at, self.start)
    }

    /// The claim's subject as of an instant.
    fn seen(&self, at: Timestamp) -> Seen {
        Seen::until(self.then, self.timeline, at)
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

fn alert(case: &Case, claim: &AlertClaim) -> Failure {
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
            let (compare, number) = claim.value.unwrap_or((crate::scenario::Comparison::Equal, got));
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

fn target(case: &Case, labels: &Labels, up: bool) -> Failure {
    let (condition, opposite) = if up { ("up", "down") } else { ("down", "up") };
    let wanted = case.wanted(condition, &format!("not {condition}"));
    let seen = case.seen(case.lost_at());
    let at = case.clock(case.lost_at());
    if let Some(failure) = by_time(case, &format!("target {labels}"), condition, "target-late", &wanted) {
        return failure;
    }
    if seen.targets.is_empty() {
        return nothing_seen(case, &format!("target {labels}"), wanted);
    }
    let present = seen.targets.iter().filter(|(_, target)| **target != TargetSeen::Gone).count();
    if present == 0 {
        let message = format!("target {labels} is no longer discovered");
        return case.failure("target-gone", message, wanted, format!("it had left discovery at {at}"));
    }
    let wants_up = up != case.then.timing.negated;
    let id = if wants_up { "target-down" } else { "target-up" };
    let against = |t: &TargetSeen| match t {
        TargetSeen::Up => !wants_up,
        TargetSeen::Down(_) => wants_up,
        TargetSeen::Gone => false,
    };
    let lost: Vec<(&Labels, &TargetSeen)> = seen.targets.iter().filter(|(_, t)| against(t)).collect();
    let is = if wants_up { "down" } else { "up" };
    let is = if lost.is_empty() { opposite } else { is };
    let mut failure = case.failure(
        id,
        format!("target {labels} was {is}"),
        wanted,
        format!("{} of {} {is} at {at}", lost.len(), counted(present, "target")),
    );
    failure.because = lost
        .iter()
        .take(TOLD)
        .map(|(labels, target)| match target {
            TargetSeen::Down(reason) if !reason.is_empty() => format!("{labels} is down: {reason}"),
            _ => format!("{labels} is {is}"),
        })
        .collect();
    failure
}

fn expression(case: &Case, expr: &str) -> Failure {
    let Claim::Expr { compare, number, .. } = &case.then.claim else {
        return nothing_seen(case, expr, String::new());
    };
    let condition = format!("{} {}", compare.symbol(), number_text(*number));
    let wanted = case.wanted(&condition, &format!("not {condition}"));
    let seen = case.seen(case.lost_at());
    let at = case.clock(case.lost_at());
    if let Some(failure) = by_time(case, &format!("`{expr}`"), &condition, "value-late", &wanted) {
        return failure;
    }
    match &seen.value {
        None => nothing_seen(case, &format!("`{expr}`"), wanted),
        Some(Err(error)) => query_failed(case, expr, error, wanted),
        Some(Ok(samples)) if samples.is_empty() => case.failure(
            "no-result",
            format!("`{expr}` gave no result"),
            wanted,
            format!("no result at {at}"),
        ),
        Some(Ok(samples)) => {
            let mut wrong = disagreeing(samples, *compare, *number);
            if wrong.is_empty() {
                wrong = samples.iter().collect();
            }
            let first = wrong.first().map_or(String::new(), |sample| value_text(sample));
            let mut failure = case.failure(
                "value-differs",
                format!("`{expr}` was {first}"),
                wanted,
                format!("was {first} at {at}"),
            );
            if samples.len() > 1 {
                failure.because.push(format!(
                    "{} of the result's {} {}",
                    wrong.len(),
                    counted(samples.len(), "element"),
                    if wrong.len() == 1 { "disagrees" } else { "disagree" }
                ));
                failure
                    .because
                    .extend(wrong.iter().take(TOLD).map(|s| format!("{} is {}", s.labels, value_text(s))));
            }
            failure
        }
    }
}

fn series(case: &Case, selector: &str, exists: bool) -> Failure {
    let (condition, opposite) = if exists { ("there", "absent") } else { ("absent", "there") };
    let wanted = case.wanted(condition, opposite);
    let seen = case.seen(case.lost_at());
    let at = case.clock(case.lost_at());
    if let Some(failure) = by_time(case, &format!("series `{selector}`"), condition, "series-late", &wanted) {
        return failure;
    }
    match &seen.value {
        None => nothing_seen(case, &format!("series `{selector}`"), wanted),
        Some(Err(error)) => query_failed(case, selector, error, wanted),
        Some(Ok(samples)) if samples.is_empty() => case.failure(
            "series-missing",
            format!("there is no series `{selector}`"),
            wanted,
            format!("none was found at {at}"),
        ),
        Some(Ok(samples)) => {
            let mut failure = case.failure(
                "series-exists",
                format!("there is a series `{selector}`"),
                wanted,
                format!("{} found at {at}", counted(samples.len(), "series").replace("seriess", "series")),
            );
            failure.because =
                samples.iter().take(TOLD).map(|s| format!("{} is {}", s.labels, value_text(s))).collect();
            failure
        }
    }
}

fn rule_health(case: &Case, rule: Option<&str>) -> Failure {
    let wanted = case.wanted("healthy", "failing");
    let subject = rule.map_or("every rule".to_owned(), |rule| format!("rule {rule}"));
    if let Some(failure) = by_time(case, &subject, "healthy", "health-late", &wanted) {
        return failure;
    }
    let seen = case.seen(case.lost_at());
    let at = case.clock(case.lost_at());
    let failing: Vec<_> = seen.rules.iter().filter(|(_, (healthy, _))| !healthy).collect();
    match failing.first() {
        Some(((group, name), (_, error))) => {
            let happened = format!("at {at} its evaluation in group {group} failed: {error}");
            let mut failure =
                case.failure("rule-failed", format!("rule {name} could not be evaluated"), wanted, happened);
            let others = failing.iter().skip(1).take(TOLD);
            failure.because = others
                .map(|((group, name), (_, error))| format!("rule {name} in group {group} too: {error}"))
                .collect();
            failure
        }
        None if seen.rules.is_empty() => nothing_seen(case, &subject, wanted),
        None => {
            let happened = format!("healthy at {at}");
            case.failure(
                "rule-healthy",
                format!("{subject} was evaluated, but should fail"),
                wanted,
                happened,
            )
        }
    }
}

fn exactly(case: &Case) -> Failure {
    let seen = case.seen(case.lost_at());
    let at = case.clock(case.lost_at());
    let mut lines: Vec<String> = Vec::new();
    let mut related: Vec<(Span, String)> = Vec::new();
    let (id, subject, wanted, happened);
    match &case.then.claim {
        Claim::ExactAlerts { alert, expected } => {
            let active = seen.exact.as_ref().map_or(&[][..], |(_, active)| active);
            let firing: Vec<&ActiveAlert> = active.iter().filter(|a| a.state == AlertState::Firing).collect();
            for difference in exact::alerts(&alert.value, expected, active) {
                match difference {
                    Difference::Missing(_, wanted) => {
                        let labels = wanted.labels.with("alertname", alert.value.as_str());
                        lines.push(format!("expected {labels}, annotations {}", wanted.annotations));
                        let near = exact::nearest(&labels, firing.iter().copied(), |a| &a.labels);
                        let label = match near {
                            Some(near) => {
                                differing(&labels, &near.labels, &wanted.annotations, &near.annotations)
                            }
                            None => match active.iter().any(|a| a.state == AlertState::Pending) {
                                true => format!("not firing at {at}: still pending"),
                                false => format!("not firing at {at}"),
                            },
                        };
                        related.push((wanted.place.clone(), label));
                    }
                    Difference::Unexpected(got) => {
                        lines.push(format!("got {}, annotations {}", got.labels, got.annotations));
                    }
                }
            }
            id = "alerts-differ";
            subject = format!("the firing alerts {}", alert.value);
            wanted = format!("{} at {at}", counted(expected.len(), "expected alert"));
            happened = format!("{} firing", counted(firing.len(), "alert"));
        }
        Claim::ExactSamples { expr, expected, fuzzy } => {
            let expr = one_line(&expr.value);
            let wanted_text = format!("{} at {at}", counted(expected.len(), "expected sample"));
            let samples = match &seen.value {
                None => return nothing_seen(case, &format!("`{expr}`"), wanted_text),
                Some(Err(error)) => return query_failed(case, &expr, error, wanted_text),
                Some(Ok(samples)) => samples,
            };
            for difference in exact::samples(expected, samples, *fuzzy) {
                match difference {
                    Difference::Missing(_, wanted) => {
                        let value = wanted.histogram.clone().unwrap_or_else(|| number_text(wanted.value));
                        lines.push(format!("expected {} {value}", wanted.labels));
                        let label = match samples.iter().find(|s| s.labels == wanted.labels) {
                            Some(got) if got.value.is_nan() && wanted.value.is_nan() => {
                                "NaN, which equals nothing, not even NaN, in promtool too".to_owned()
                            }
                            Some(got) => format!("was {}", exact_value_text(got)),
                            None => match exact::nearest(&wanted.labels, samples.iter(), |s| &s.labels) {
                                Some(near) => differing(
                                    &wanted.labels,
                                    &near.labels,
                                    &Labels::empty(),
                                    &Labels::empty(),
                                ),
                                None => "not in the result, which is empty".to_owned(),
                            },
                        };
                        related.push((wanted.place.clone(), label));
                    }
                    Difference::Unexpected(got) => {
                        lines.push(format!("got {} {}", got.labels, exact_value_text(got)));
                    }
                }
            }
            id = "samples-differ";
            subject = format!("the result of `{expr}`");
            wanted = wanted_text;
            happened = counted(samples.len(), "sample");
        }
        _ => return nothing_seen(case, "it", String::new()),
    }
    if case.then.timing.negated {
        let message = format!("{subject} is exactly what it should not be");
        return case.failure("unexpectedly-equal", message, format!("not {wanted}"), happened);
    }
    let rest = lines.len().saturating_sub(2 * TOLD);
    lines.truncate(2 * TOLD);
    if rest > 0 {
        lines.push(format!("and {rest} more"));
    }
    let mut failure = case.failure(id, format!("{subject} differs from what is expected"), wanted, happened);
    if id == "alerts-differ" {
        failure.message = format!("{subject} differ from the expected ones");
    }
    failure.because = lines;
    failure.related = related;
    failure.related.truncate(TOLD);
    failure
}

/// In which labels and annotations the nearest candidate differs.
fn differing(wanted: &Labels, got: &Labels, wanted_notes: &Labels, got_notes: &Labels) -> String {
    let labels = exact::label_differences(wanted, got).into_iter().map(|d| ("label", d));
    let notes = exact::label_differences(wanted_notes, got_notes).into_iter().map(|d| ("annotation", d));
    let text: Vec<String> = labels
        .chain(notes)
        .map(|(kind, (name, wanted, got))| match (wanted, got) {
            (Some(wanted), Some(got)) => format!("{kind} {name} was {}, not {}", quote(got), quote(wanted)),
            (Some(wanted), None) => format!("{kind} {name} was missing, not {}", quote(wanted)),
            (None, Some(got)) => format!("{kind} {name} was there too: {}", quote(got)),
            (None, None) => String::new(),
        })
        .collect();
    if text.is_empty() { "one more than there was".to_owned() } else { text.join("; ") }
}

/// Failures of timing that read alike for every condition.
fn by_time(case: &Case, subject: &str, condition: &str, late: &'static str, wanted: &str) -> Option<Failure> {
    let wanted = wanted.to_owned();
    match case.decision.outcome {
        Outcome::Late { happened: Some(at), .. } => {
            let (_, lateness) = case.late()?;
            let message = format!("{subject} was {condition} {lateness}");
            Some(case.failure(late, message, wanted, format!("{condition} at {} only", case.clock(at))))
        }
        Outcome::Early { at } => {
            let message = format!("{subject} was {condition} too early");
            Some(case.failure(
                "too-early",
                message,
                wanted,
                format!("{condition} at {} already", case.clock(at)),
            ))
        }
        Outcome::Broke { began, ended } => {
            let message = format!("{subject} was {condition} for {} only", ended - began);
            let happened =
                format!("{condition} at {}, no longer at {}", case.clock(began), case.clock(ended));
            Some(case.failure("did-not-last", message, wanted, happened))
        }
        _ => None,
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

fn value_text(sample: &SeenSample) -> String {
    sample.histogram.clone().unwrap_or_else(|| rounded(sample.value))
}

fn exact_value_text(sample: &SeenSample) -> String {
    sample.histogram.clone().unwrap_or_else(|| number_text(sample.value))
}
