//! Why a notification was not sent, or was sent when it was: routes that refuse, waits, mutes, failing receivers.

use std::collections::BTreeSet;

use super::notified::{line, told_to};
use super::{Case, TOLD};
use crate::golang::quote;
use crate::judge::content::Mismatch;
use crate::judge::verdict::Failure;
use crate::judge::words::{addressee_in_words, counted};
use crate::labels::Labels;
use crate::scenario::{Addressee, NotificationClaim};
use crate::stack::Unsent;
use crate::stack::alertmanager::{Alertmanager, GroupBy};
use crate::time::Timestamp;
use crate::timeline::{
    self, AlertState, Muted, MutedBy, Notification, Observed, RouteTaken, Routed, Waiting,
};
use crate::twin::alertmanager::RouteTree;

/// Nothing at all was delivered to whom was meant.
pub(super) fn failure(case: &Case, claim: &NotificationClaim, wanted: String) -> Failure {
    let who = addressee_in_words(&claim.to);
    let not = format!("{who} was not notified");
    let by = case.clock(case.decision.decided);
    if let Some(failure) = undelivered(case, claim, &who, &wanted) {
        return failure;
    }
    let came: Vec<(Timestamp, &Routed)> = case
        .routed()
        .filter(|(_, routed)| is_claimed(claim, &routed.labels))
        .filter(|(_, routed)| case.fired_in_time(&routed.labels))
        .collect();
    if came.is_empty() {
        let named: Vec<&str> = claim.content.alerts.iter().map(|alert| alert.value.as_str()).collect();
        let which = match (named.is_empty(), claim.content.labels.is_empty()) {
            (false, _) => format!("no alert {}", named.join(" or ")),
            (true, false) => format!("no alert with {}", claim.content.labels),
            (true, true) => "no alert".to_owned(),
        };
        let happened = format!("{which} came to Alertmanager by {by}");
        let mut failure = case.failure("nothing-fired", not, wanted, happened);
        failure.because.extend(named.iter().map(|alert| case.how_far(alert)));
        case.add_unsent(&mut failure);
        let others: BTreeSet<&str> =
            case.routed().map(|(_, routed)| routed.labels.value("alertname")).collect();
        let anything = named.is_empty() && claim.content.labels.is_empty();
        if !others.is_empty() && !anything {
            let others: Vec<&str> = others.into_iter().take(TOLD).collect();
            failure.because.push(format!("what came: {}", others.join(", ")));
        }
        return failure;
    }
    let mut failure = case.failure("not-notified", not, wanted, format!("nothing was sent to it by {by}"));
    for (at, routed) in came.iter().take(TOLD) {
        explain(&mut failure, case, &claim.to, *at, routed);
    }
    if came.len() > TOLD {
        failure.because.push(format!("and {} more alerts", came.len() - TOLD));
    }
    let instead = case.sent().filter(|(_, seen)| {
        seen.alerts.iter().any(|told| came.iter().any(|(_, routed)| routed.labels == told.labels))
    });
    failure.because.extend(instead.take(TOLD).map(|(at, seen)| format!("instead {}", line(case, at, seen))));
    failure
}

/// It was tried, or withheld.
fn undelivered(case: &Case, claim: &NotificationClaim, who: &str, wanted: &str) -> Option<Failure> {
    let receivers = receivers(case, &claim.to);
    let tried: Vec<(Timestamp, &Notification, &str)> = case
        .since()
        .filter_map(|(at, seen)| match seen {
            Observed::Notification(sent)
                if claim.to.is(&sent.receiver, sent.integration, &sent.address)
                    || (sent.message.is_none() && receivers.contains(sent.receiver.as_str())) =>
            {
                match &sent.outcome {
                    timeline::Outcome::WillRetry(error) | timeline::Outcome::Failed(error) => {
                        Some((at, &**sent, error.as_str()))
                    }
                    timeline::Outcome::Delivered => None,
                }
            }
            _ => None,
        })
        .collect();
    if let (Some((first, sent, _)), Some((last, _, error))) = (tried.first(), tried.last()) {
        let happened = match tried.len() {
            1 => format!("one attempt failed at {}", case.clock(*first)),
            count => format!("{count} attempts failed from {} to {}", case.clock(*first), case.clock(*last)),
        };
        let what = if sent.message.is_none() { "its message could not be made" } else { "the last error" };
        let message = format!("{who} could not be notified");
        let mut failure = case.failure("delivery-failed", message, wanted.to_owned(), happened);
        failure.because.push(format!("{what}: {error}"));
        failure.because.push(line(case, *first, sent));
        if sent.message.is_none()
            && let Some(config) = &case.stack.alertmanager
            && let Some(receiver) = config.receiver(&sent.receiver)
        {
            let place = receiver
                .integrations
                .iter()
                .find(|one| one.kind.as_str() == sent.integration && one.index == sent.index)
                .map_or(&receiver.place, |one| &one.place);
            failure.related.push((place.clone(), "what it is made from".to_owned()));
        }
        return Some(failure);
    }
    let withheld = case.since().find_map(|(at, seen)| match seen {
        Observed::Withheld(withheld)
            if receivers.contains(withheld.receiver.as_str())
                && claim.to.kind.as_ref().is_none_or(|kind| kind.value.as_str() == withheld.integration) =>
        {
            Some((at, withheld))
        }
        _ => None,
    });
    let (at, withheld) = withheld?;
    let happened = format!("a notification was due at {}, but not sent to it", case.clock(at));
    let mut failure =
        case.failure("not-notified", format!("{who} was not notified"), wanted.to_owned(), happened);
    failure.because.push(withheld.reason.to_owned());
    let config = case.stack.alertmanager.as_ref();
    if let Some(receiver) = config.and_then(|config| config.receiver(&withheld.receiver)) {
        failure.related.push((receiver.place.clone(), "the receiver".to_owned()));
    }
    Some(failure)
}

/// Why an alert that came to Alertmanager did not get to whom was meant.
fn explain(failure: &mut Failure, case: &Case, to: &Addressee, came: Timestamp, routed: &Routed) {
    let Some(config) = &case.stack.alertmanager else { return };
    let name = routed.labels.value("alertname");
    let receivers = receivers(case, to);
    let taken: Vec<&RouteTaken> =
        routed.to.iter().filter(|taken| receivers.contains(taken.receiver.as_str())).collect();
    if taken.is_empty() {
        refused(failure, config, &receivers, routed);
        return;
    }
    for taken in taken {
        let muted = case.last(|seen| match seen {
            Observed::Muted(muted) if muted.group_key == taken.group_key && muted.labels == routed.labels => {
                Some(muted)
            }
            _ => None,
        });
        let waiting = case.last(|seen| match seen {
            Observed::Waiting(waiting) if waiting.group_key == taken.group_key => Some(waiting),
            _ => None,
        });
        let before = case.timeline.observations.iter().rev().find_map(|seen| match &seen.what {
            Observed::Notification(sent)
                if sent.group_key == taken.group_key
                    && sent.outcome == timeline::Outcome::Delivered
                    && seen.at <= case.decision.claimed.since =>
            {
                Some(seen.at)
            }
            _ => None,
        });
        let decided = case.decision.decided;
        match (muted, waiting) {
            (Some((at, muted)), _) => {
                failure.because.push(format!(
                    "{name} was muted for receiver {} at {}: {}",
                    muted.receiver,
                    case.clock(at),
                    mute_in_words(muted)
                ));
                if let MutedBy::Inhibition { rule, .. } = &muted.by {
                    failure.related.push((rule.clone(), "this rule inhibits it".to_owned()));
                }
            }
            (None, Some((_, Waiting { until, .. }))) if *until > decided => {
                failure.because.push(format!(
                    "{name} came at {}; its group waits for more alerts until {} (group_wait)",
                    case.clock(came),
                    case.clock(*until)
                ));
                failure.related.push((taken.place.clone(), "the route it takes".to_owned()));
            }
            _ => {
                let before = before.map_or(String::new(), |at| {
                    format!("; it was last notified of at {}, before the claim's time", case.clock(at))
                });
                failure.because.push(format!("{name} was routed to receiver {}{before}", taken.receiver));
                failure.related.push((taken.place.clone(), "the route it takes".to_owned()));
            }
        }
    }
}

/// Which matcher of which route kept an alert from these receivers.
pub(super) fn refused(
    failure: &mut Failure,
    config: &Alertmanager,
    receivers: &BTreeSet<&str>,
    routed: &Routed,
) {
    let name = routed.labels.value("alertname");
    let mut to: Vec<&str> = routed.to.iter().map(|taken| taken.receiver.as_str()).collect();
    to.dedup();
    failure.because.push(format!("{name} was routed to {}", to.join(", ")));
    let tree = RouteTree::new(&config.route);
    let routing = tree.route(&routed.labels);
    let leads: Vec<usize> = (0..tree.nodes().len())
        .filter(|node| receivers.contains(tree.node(*node).route.receiver.value.as_str()))
        .collect();
    if leads.is_empty() {
        let names: Vec<&str> = receivers.iter().copied().collect();
        failure.because.push(format!("no route leads to {}", names.join(" or ")));
        return;
    }
    // The route that came nearest: on the way to it, the fewest matchers missed.
    let refusals = leads.iter().flat_map(|node| {
        let path = tree.path(*node);
        routing.refused.iter().filter(move |refused| path.contains(&refused.node))
    });
    if let Some(refused) = refusals.min_by_key(|refused| refused.matchers - refused.held) {
        let got = match refused.got.as_str() {
            "" => format!("the alert has no label {}", refused.matcher.name),
            got => format!("the alert has {}={}", refused.matcher.name, quote(got)),
        };
        failure.because.push(format!("the route to it wants {}, {got}", refused.matcher));
        let route = &tree.node(refused.node).route;
        let place = route.matchers.iter().find(|matcher| matcher.value == refused.matcher);
        let place = place.map_or(&route.place, |matcher| &matcher.span);
        failure.related.push((place.clone(), "this matcher refused it".to_owned()));
        return;
    }
    if let Some(shadowed) = routing.shadowed.iter().find(|shadowed| leads.contains(&shadowed.node)) {
        let by = &tree.node(shadowed.by).route;
        failure.because.push(format!(
            "the route to it would have matched, but an earlier one to {} took the alert and does not `continue`",
            by.receiver.value
        ));
        failure.related.push((tree.node(shadowed.node).route.place.clone(), "never tried".to_owned()));
        failure.related.push((by.place.clone(), "this route took it".to_owned()));
        return;
    }
    let child = routing.taken.iter().find(|taken| leads.iter().any(|node| taken.path.contains(node)));
    if let Some(taken) = child {
        let route = &tree.node(taken.node).route;
        failure.because.push("a route keeps only what none of its children takes".to_owned());
        failure.related.push((route.place.clone(), "this child took it".to_owned()));
    }
}

/// How it came to be sent when it was: since when the alert was there, and what its group waited for.
pub(super) fn add_course(
    failure: &mut Failure,
    case: &Case,
    at: Timestamp,
    which: &dyn Fn(&Notification) -> bool,
) {
    let Some((_, sent)) = case.sent().find(|(when, seen)| *when == at && which(seen)) else { return };
    let came = case
        .routed()
        .filter(|(when, routed)| *when <= at && sent.alerts.iter().any(|told| told.labels == routed.labels));
    let Some((came, routed)) = came.last() else { return };
    let name = routed.labels.value("alertname");
    let waited = case.timeline.observations.iter().rev().find_map(|seen| match &seen.what {
        Observed::Waiting(waiting) if waiting.group_key == sent.group_key && seen.at <= at => {
            Some((seen.at, waiting.until))
        }
        _ => None,
    });
    let wait = match waited {
        Some((from, until)) if until <= at && from >= came => {
            format!(", its group then waited {} for more alerts (group_wait)", until - from)
        }
        _ => String::new(),
    };
    failure.because.push(format!("{name} came to Alertmanager at {}{wait}", case.clock(came)));
    let attempts = sent.attempt.saturating_sub(1) as usize;
    if attempts > 0 {
        failure.because.push(format!("{} failed before", counted(attempts, "attempt")));
    }
    add_route(failure, case, sent);
}

/// Points at the route by which a notification came.
pub(super) fn add_route(failure: &mut Failure, case: &Case, sent: &Notification) {
    let taken = case
        .routed()
        .flat_map(|(_, routed)| &routed.to)
        .find(|taken| taken.receiver == sent.receiver && taken.group_key == sent.group_key);
    if let Some(taken) = taken {
        failure.related.push((taken.place.clone(), format!("the route to {}", told_to(sent))));
    }
}

/// What the group is made by, where alerts were not told of together.
pub(super) fn add_grouping(failure: &mut Failure, case: &Case, sent: &Notification, misses: &[Mismatch]) {
    let about_groups = misses.iter().any(|miss| matches!(miss, Mismatch::GroupLabels(_)))
        || failure.id == "grouped-differently";
    let Some(config) = case.stack.alertmanager.as_ref().filter(|_| about_groups) else { return };
    let tree = RouteTree::new(&config.route);
    let nodes = tree.nodes().iter().enumerate();
    let node = nodes.map(|(at, node)| (tree.group_key(at, &sent.group_labels), node));
    for (key, node) in node {
        if key == sent.group_key {
            let by = match &node.route.group_by {
                GroupBy::All => "every label".to_owned(),
                GroupBy::Labels(names) if names.is_empty() => "no label: all alerts together".to_owned(),
                GroupBy::Labels(names) => names.join(", "),
            };
            let because = format!("its route groups by {by}");
            if !failure.because.contains(&because) {
                failure.because.push(because);
            }
            failure.related.push((node.route.place.clone(), "the route it took".to_owned()));
        }
    }
}

pub(super) fn mute_in_words(muted: &Muted) -> String {
    match &muted.by {
        MutedBy::Inhibition { source, .. } => format!("inhibited by {source}"),
        MutedBy::Silence { ids } => format!("silenced by {}", ids.join(", ")),
        MutedBy::MuteTimeInterval { names } => format!("mute time interval {}", names.join(", ")),
        MutedBy::ActiveTimeInterval { names } => {
            format!("outside of active time interval {}", names.join(", "))
        }
    }
}

/// The receivers that may reach whom is meant, by name.
fn receivers<'a>(case: &'a Case, to: &Addressee) -> BTreeSet<&'a str> {
    let Some(config) = &case.stack.alertmanager else { return BTreeSet::new() };
    let meant = config
        .receivers
        .iter()
        .filter(|receiver| receiver.integrations.iter().any(|integration| to.may_be(receiver, integration)));
    meant.map(|receiver| receiver.name.value.as_str()).collect()
}

fn is_claimed(claim: &NotificationClaim, labels: &Labels) -> bool {
    let named = &claim.content.alerts;
    labels.contains(&claim.content.labels)
        && (named.is_empty() || named.iter().any(|alert| alert.value == labels.value("alertname")))
}

impl<'a> Case<'a> {
    /// What was observed in the claim's time.
    pub(super) fn since(&self) -> impl Iterator<Item = (Timestamp, &'a Observed)> {
        let from = self.decision.claimed.since - self.then.timing.waited;
        self.until_decided().filter(move |(at, _)| *at > from)
    }

    fn until_decided(&self) -> impl Iterator<Item = (Timestamp, &'a Observed)> {
        let until = self.decision.decided;
        let timeline = self.timeline;
        timeline
            .observations
            .iter()
            .take_while(move |seen| seen.at <= until)
            .map(|seen| (seen.at, &seen.what))
    }

    pub(super) fn last<T>(&self, which: impl Fn(&'a Observed) -> Option<T>) -> Option<(Timestamp, T)> {
        let found: Vec<(Timestamp, T)> =
            self.until_decided().filter_map(|(at, seen)| Some((at, which(seen)?))).collect();
        found.into_iter().next_back()
    }

    /// Alerts that came to Alertmanager, by the decision.
    pub(super) fn routed(&self) -> impl Iterator<Item = (Timestamp, &'a Routed)> {
        self.until_decided().filter_map(|(at, seen)| match seen {
            Observed::Routed(routed) => Some((at, routed)),
            _ => None,
        })
    }

    /// Whether an alert with these labels was firing at some time of the claim's.
    fn fired_in_time(&self, labels: &Labels) -> bool {
        let from = self.decision.claimed.since - self.then.timing.waited;
        let mut fired = None;
        for (at, seen) in self.until_decided() {
            if let Observed::Alert(change) = seen
                && labels.contains(&change.alert.labels)
            {
                match change.to {
                    AlertState::Firing => fired = Some(true),
                    _ if at <= from => fired = Some(false),
                    _ => {}
                }
            }
        }
        // Relabelled, it can't be told: it came, after all.
        fired.unwrap_or(true)
    }

    /// Why no alert at all comes to Alertmanager, where none does.
    pub(super) fn add_unsent(&self, failure: &mut Failure) {
        if let Some(Unsent { place, why }) = self.stack.prometheus.unsent() {
            failure.because.push(Unsent::MESSAGE.to_owned());
            failure.related.push((place, why));
        }
    }

    /// How far an alert got that did not come to Alertmanager.
    pub(super) fn how_far(&self, alert: &str) -> String {
        let last = self.last(|seen| match seen {
            Observed::Alert(change) if change.alert.labels.value("alertname") == alert => Some(change),
            _ => None,
        });
        match last {
            None => format!("{alert} was neither pending nor firing"),
            Some((at, change)) => match change.to {
                AlertState::Pending => format!("{alert} is pending since {}", self.clock(at)),
                AlertState::Firing if self.stack.prometheus.unsent().is_some() => {
                    format!("{alert} fires since {}, but is not sent", self.clock(at))
                }
                AlertState::Firing => {
                    format!(
                        "{alert} fires since {}, but is not sent: see `alert_relabel_configs`",
                        self.clock(at)
                    )
                }
                AlertState::Inactive => {
                    format!("{alert} was {} until {}", change.from.as_str(), self.clock(at))
                }
            },
        }
    }
}
