//! Claims about targets, values, series and the health of rules that failed.

use super::{Case, TOLD, nothing_seen, query_failed};
use crate::judge::course::Outcome;
use crate::judge::seen::{TargetSeen, disagreeing};
use crate::judge::verdict::Failure;
use crate::judge::words::{counted, number_text, rounded};
use crate::labels::Labels;
use crate::scenario::Claim;
use crate::timeline::SeenSample;

pub(super) fn target(case: &Case, labels: &Labels, up: bool) -> Failure {
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

pub(super) fn expression(case: &Case, expr: &str) -> Failure {
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

pub(super) fn series(case: &Case, selector: &str, exists: bool) -> Failure {
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

pub(super) fn rule_health(case: &Case, rule: Option<&str>) -> Failure {
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

/// Failures of timing that read alike for every condition.
pub(super) fn by_time(
    case: &Case,
    subject: &str,
    condition: &str,
    late: &'static str,
    wanted: &str,
) -> Option<Failure> {
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

fn value_text(sample: &SeenSample) -> String {
    sample.histogram.clone().unwrap_or_else(|| rounded(sample.value))
}
