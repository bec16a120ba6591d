//! Claims that an alert is muted, or takes its routes, that failed.

use std::collections::BTreeSet;

use super::condition::by_time;
use super::notified::line;
use super::unsent::{mute_in_words, refused};
use super::{Case, TOLD};
use crate::golang::quote;
use crate::judge::course::{Outcome, Window};
use crate::judge::handled::{is_cause, is_of};
use crate::judge::verdict::Failure;
use crate::judge::words::{alert_name, claim_in_words};
use crate::labels::Labels;
use crate::scenario::{MuteCause, MutedClaim, RoutedClaim, Then, Timing};
use crate::stack::alertmanager::{InhibitRule, Matcher};
use crate::timeline::{MutedBy, Observed};

pub(super) fn muted(case: &Case, claim: &MutedClaim) -> Failure {
    let name = alert_name(&claim.alert.value, &claim.labels);
    // "alert X is muted by inhibition", without its timing.
    let plain = Then { claim: case.then.claim.clone(), timing: Timing::default() };
    let condition = claim_in_words(&plain);
    let condition = condition.split_once(" is ").map_or("muted", |(_, condition)| condition);
    let wanted = case.wanted(condition, &format!("not {condition}"));
    let at = case.lost_at();
    let seen = case.seen(if negated_away(case) { at } else { case.decision.decided });
    let now: Vec<_> = seen.handled.muted.values().collect();
    if case.then.timing.negated {
        let by = now.first().map_or_else(String::new, |muted| format!(": {}", mute_in_words(muted)));
        let happened = format!("muted at {}{by}", case.clock(at));
        let message = format!("{name} was muted, but should not be");
        let mut failure = case.failure("muted-but-should-not", message, wanted, happened);
        if let Some(MutedBy::Inhibition { rule, .. }) = now.first().map(|muted| &muted.by) {
            failure.related.push((rule.clone(), "this rule inhibits it".to_owned()));
        }
        return failure;
    }
    if let Some(failure) = by_time(case, &name, "muted", "muted-late", &wanted) {
        return failure;
    }
    let last = case.last(|seen| match seen {
        Observed::Muted(muted) if is_of(claim, muted) => Some(muted),
        _ => None,
    });
    let (over, otherwise) = match last {
        Some((_, muted)) if is_cause(claim.by.as_ref(), &muted.by) => (last, None),
        _ => (None, last),
    };
    if let Some((at, muted)) =
        otherwise.filter(|(at, _)| *at > case.decision.claimed.since || !now.is_empty())
    {
        let message = format!("{name} was muted by something else");
        let happened = format!("{} at {}", mute_in_words(muted), case.clock(at));
        let mut failure = case.failure("muted-otherwise", message, wanted, happened);
        if let MutedBy::Inhibition { rule, .. } = &muted.by {
            failure.related.push((rule.clone(), "this rule inhibits it".to_owned()));
        }
        return failure;
    }
    let by = case.clock(case.decision.decided);
    let came = case.routed().any(|(_, routed)| is_meant(&claim.alert.value, &claim.labels, &routed.labels));
    if !came && over.is_none() {
        let happened = format!("it did not come to Alertmanager by {by}");
        let mut failure = case.failure("nothing-fired", format!("{name} was not muted"), wanted, happened);
        failure.because.push(case.how_far(&claim.alert.value));
        case.add_unsent(&mut failure);
        return failure;
    }
    let happened = match over {
        Some((at, muted)) => format!("{} at {}, no longer at {by}", mute_in_words(muted), case.clock(at)),
        None => format!("nothing muted it by {by}"),
    };
    let mut failure = case.failure("not-muted", format!("{name} was not muted"), wanted, happened);
    let told = case.sent().filter(|(_, seen)| {
        seen.alerts.iter().any(|alert| is_meant(&claim.alert.value, &claim.labels, &alert.labels))
    });
    failure.because.extend(told.take(TOLD).map(|(at, seen)| line(case, at, seen)));
    if let Some(MuteCause::Inhibition { source }) = &claim.by {
        add_inhibition(&mut failure, case, claim, source.as_ref().map(|source| source.value.as_str()));
    }
    failure
}

/// Which rule came nearest to inhibiting the alert, and what it lacked.
fn add_inhibition(failure: &mut Failure, case: &Case, claim: &MutedClaim, source: Option<&str>) {
    let Some(config) = &case.stack.alertmanager else { return };
    if config.inhibit_rules.is_empty() {
        failure.because.push("there are no inhibit rules".to_owned());
        return;
    }
    let labels = |name: &str| {
        let of = case.routed().filter(|(_, routed)| routed.labels.value("alertname") == name);
        of.map(|(_, routed)| routed.labels.clone()).last()
    };
    let Some(target) = labels(&claim.alert.value) else { return };
    let Some(source) = source else { return };
    let Some(source_labels) = labels(source) else {
        failure.because.push(case.how_far(source));
        return;
    };
    let lacks = |rule: &InhibitRule| -> Vec<String> {
        let refusal = |side: &str, matchers: &[Matcher], labels: &Labels| -> Vec<String> {
            let refusing = matchers.iter().filter(|matcher| !matcher.matches(labels));
            refusing
                .map(|matcher| {
                    let got = quote(labels.value(&matcher.name));
                    format!("its {side} must have {matcher}, and has {}={got}", matcher.name)
                })
                .collect()
        };
        let mut lacks = refusal("source", &rule.source, &source_labels);
        lacks.extend(refusal("target", &rule.target, &target));
        lacks.extend(rule.equal.iter().filter(|name| source_labels.value(name) != target.value(name)).map(
            |name| {
                format!(
                    "{name} must be equal: {source} has {}, {} has {}",
                    quote(source_labels.value(name)),
                    claim.alert.value,
                    quote(target.value(name))
                )
            },
        ));
        lacks
    };
    let nearest =
        config.inhibit_rules.iter().map(|rule| (lacks(rule), rule)).min_by_key(|(lacks, _)| lacks.len());
    if let Some((lacks, rule)) = nearest {
        if lacks.is_empty() {
            failure
                .because
                .push(format!("{source} would inhibit it, but was not firing when it was notified of"));
        }
        failure.because.extend(lacks);
        failure.related.push((rule.place.clone(), "the nearest inhibit rule".to_owned()));
    }
}

pub(super) fn routed(case: &Case, claim: &RoutedClaim) -> Failure {
    let name = alert_name(&claim.alert.value, &claim.labels);
    let wanted_to: Vec<&str> = claim.to.iter().map(|to| to.value.as_str()).collect();
    let condition = format!("routed to {}", wanted_to.join(", "));
    let wanted = case.wanted(&condition, &format!("not {condition}"));
    if case.then.timing.negated {
        let message = format!("{name} was {condition}, but should not be");
        let happened = format!("{condition} at {}", case.clock(case.lost_at()));
        return case.failure("routed-but-should-not", message, wanted, happened);
    }
    if let Some(failure) = by_time(case, &name, "routed", "routed-late", &wanted) {
        return failure;
    }
    let seen = case.seen(case.decision.decided);
    let by = case.clock(case.decision.decided);
    if seen.handled.routed.is_empty() {
        let happened = format!("it did not come to Alertmanager by {by}");
        let mut failure = case.failure("nothing-fired", format!("{name} was not routed"), wanted, happened);
        failure.because.push(case.how_far(&claim.alert.value));
        case.add_unsent(&mut failure);
        return failure;
    }
    let other =
        seen.handled.routed.values().find(|routed| {
            !routed.to.iter().map(|taken| taken.receiver.as_str()).eq(wanted_to.iter().copied())
        });
    let to: Vec<&str> = other.iter().flat_map(|r| &r.to).map(|taken| taken.receiver.as_str()).collect();
    let message = format!("{name} was routed to {}", to.join(", "));
    let happened = format!("routed to {}", to.join(", "));
    let mut failure = case.failure("routed-otherwise", message, wanted, happened);
    let (Some(routed), Some(config)) = (other, &case.stack.alertmanager) else { return failure };
    let missing: BTreeSet<&str> = wanted_to.iter().copied().filter(|name| !to.contains(name)).collect();
    if !missing.is_empty() {
        refused(&mut failure, config, &missing, routed);
    }
    let extra = routed.to.iter().filter(|taken| !wanted_to.contains(&taken.receiver.as_str()));
    for taken in extra.take(TOLD) {
        failure.related.push((taken.place.clone(), format!("this route leads to {}", taken.receiver)));
    }
    failure
}

fn is_meant(alert: &str, wanted: &Labels, labels: &Labels) -> bool {
    labels.value("alertname") == alert && labels.contains(wanted)
}

/// A claim that something never is, or is not now, is lost at an instant at which it was.
fn negated_away(case: &Case) -> bool {
    case.then.timing.negated
        && (matches!(case.decision.window, Window::Throughout { .. })
            || matches!(case.decision.outcome, Outcome::Not { .. } | Outcome::Violated { .. }))
}
