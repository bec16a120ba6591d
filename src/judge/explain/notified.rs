//! Claims about notifications that failed: too few, too many, at the wrong time, or in the wrong words.

use super::{Case, TOLD, nothing_seen, unsent};
use crate::golang::quote;
use crate::judge::content::{self, Mismatch};
use crate::judge::course::{Outcome, Window};
use crate::judge::reading;
use crate::judge::verdict::Failure;
use crate::judge::words::{addressee_in_words, content_in_words, counted, times_in_words};
use crate::scenario::{Addressee, NotificationClaim};
use crate::time::Timestamp;
use crate::timeline::{self, AlertStatus, Notification, Observed};

pub(super) fn failure(case: &Case, claim: &NotificationClaim) -> Failure {
    let who = addressee_in_words(&claim.to);
    let times = times_in_words(claim.times);
    let mut condition = "notified".to_owned();
    for words in [times, content_in_words(&claim.content)].into_iter().filter(|words| !words.is_empty()) {
        condition += &format!(" {words}");
    }
    let wanted = case.wanted(&condition, &format!("not {condition}"));
    let meant = |seen: &Notification| claim.to.is(&seen.receiver, seen.integration, &seen.address);
    let claimed = |seen: &Notification| meant(seen) && content::matches(&claim.content, seen);
    if claim.nobody_else
        && let Outcome::Violated { at } = case.decision.outcome
        && let Some(other) = case.sent().find(|(when, seen)| *when == at && !meant(seen))
    {
        let what = format!("{} was notified too", told_to(other.1));
        return listed(case, "somebody-else-notified", what, wanted, &|seen| !meant(seen));
    }
    match case.decision.outcome {
        Outcome::Late { happened: Some(at), by } => {
            let message = format!("{who} was notified {} too late", at - by);
            let happened = format!("notified at {}", case.clock(at));
            let mut failure = case.failure("notified-late", message, wanted, happened);
            failure.because =
                case.matching(&claimed).take(TOLD).map(|(at, seen)| line(case, at, seen)).collect();
            unsent::add_course(&mut failure, case, at, &claimed);
            failure
        }
        Outcome::Early { at } => {
            let happened = format!("notified at {} already", case.clock(at));
            let mut failure =
                case.failure("notified-early", format!("{who} was notified too early"), wanted, happened);
            unsent::add_course(&mut failure, case, at, &claimed);
            failure
        }
        Outcome::Violated { .. } if case.then.timing.negated => {
            let message = format!("{who} was notified, but should not be");
            let mut failure = listed(case, "notified-but-should-not", message, wanted, &claimed);
            if let Some((_, seen)) = case.matching(&claimed).next() {
                unsent::add_route(&mut failure, case, seen);
            }
            failure
        }
        Outcome::Unseen { .. } => {
            let mut failure = nothing_seen(case, &who, wanted);
            failure.notes.push(NO_TIME.to_owned());
            failure
        }
        Outcome::Violated { .. } => {
            let count = case.matching(&claimed).count();
            let message = format!("{who} was notified {}", counted(count, "time"));
            listed(case, "notified-too-often", message, wanted, &claimed)
        }
        _ => match case.matching(&claimed).count() {
            0 => match nearest(case, claim) {
                Some((at, seen, misses)) => otherwise(case, claim, at, seen, &misses, wanted),
                None => unsent::failure(case, claim, wanted),
            },
            count if count as u64 > claim.times.1 => {
                let message = format!("{who} was notified {}", counted(count, "time"));
                listed(case, "notified-too-often", message, wanted, &claimed)
            }
            count => {
                let message = format!("{who} was notified {} only", counted(count, "time"));
                listed(case, "notified-too-seldom", message, wanted, &claimed)
            }
        },
    }
}

const NO_TIME: &str =
    "no time has passed since the last when-step, so nothing could have been sent: say for how long";

/// A claim that nobody is notified, nobody else perhaps.
pub(super) fn somebody(case: &Case, others: bool, but: &[Addressee]) -> Failure {
    let known =
        |seen: &Notification| but.iter().any(|to| to.is(&seen.receiver, seen.integration, &seen.address));
    let nobody = if others { "nobody else notified" } else { "nobody notified" };
    let wanted = match case.decision.window {
        Window::Throughout { from, to, .. } => {
            format!("{nobody} from {} to {}", case.clock(from), case.clock(to))
        }
        _ => format!("{nobody} by {}", case.clock(case.decision.decided)),
    };
    let Some((_, seen)) = case.sent().find(|(_, seen)| !known(seen)) else {
        let mut failure = nothing_seen(case, "notifications", wanted);
        failure.notes.push(NO_TIME.to_owned());
        return failure;
    };
    let id = if others { "somebody-else-notified" } else { "somebody-notified" };
    let message = format!("{} was notified", told_to(seen));
    let mut failure = listed(case, id, message, wanted, &|seen| !known(seen));
    unsent::add_route(&mut failure, case, seen);
    failure
}

/// A failure that lists the notifications that make it.
fn listed(
    case: &Case,
    id: &'static str,
    message: String,
    wanted: String,
    which: &dyn Fn(&Notification) -> bool,
) -> Failure {
    let mut sent: Vec<String> = case.matching(&which).map(|(at, seen)| line(case, at, seen)).collect();
    let count = sent.len();
    let times: Vec<String> = case.matching(&which).take(TOLD).map(|(at, _)| case.clock(at)).collect();
    let more = if count > TOLD { ", …" } else { "" };
    let mut failure = case.failure(id, message, wanted, format!("notified at {}{more}", times.join(", ")));
    sent.truncate(TOLD);
    if count > TOLD {
        sent.push(format!("and {} more", count - TOLD));
    }
    failure.because = sent;
    failure
}

/// Of what was sent to whom was meant, that which is most like the claim.
fn nearest<'a>(
    case: &'a Case,
    claim: &NotificationClaim,
) -> Option<(Timestamp, &'a Notification, Vec<Mismatch>)> {
    let meant = case.sent().filter(|(_, seen)| claim.to.is(&seen.receiver, seen.integration, &seen.address));
    let measured = meant.map(|(at, seen)| (at, seen, content::mismatches(&claim.content, seen)));
    measured.min_by_key(|(_, _, misses)| misses.len())
}

/// Somebody was notified, but otherwise than claimed: how, and what was sent instead.
fn otherwise(
    case: &Case,
    claim: &NotificationClaim,
    at: Timestamp,
    seen: &Notification,
    misses: &[Mismatch],
    wanted: String,
) -> Failure {
    let who = addressee_in_words(&claim.to);
    let Some(first) = misses.first() else { return nothing_seen(case, &who, wanted) };
    let what = match first {
        Mismatch::Alert(alert) if claim.content.alerts.len() > 1 => {
            format!("{who} was not notified of {alert} together with the others")
        }
        Mismatch::Alert(alert) => format!("{who} was notified, but not about {alert}"),
        Mismatch::Labels(_) => format!("{who} was notified, but not about an alert with these labels"),
        Mismatch::GroupLabels(_) => format!("{who} was notified of another group"),
        Mismatch::Status(got) => format!("{who} was notified, but with status {}", got.as_str()),
        Mismatch::Reason(got) => format!("{who} was notified, but because {}", got.as_str()),
        Mismatch::Subject { .. } => format!("{who} was notified, but with another subject"),
        Mismatch::Words { .. } => format!("{who} was notified, but in other words"),
        Mismatch::Payload { .. } => format!("{who} was notified, but with another payload"),
    };
    let happened = format!("notified at {}", case.clock(at));
    let mut failure = case.failure(first.id(&claim.content), what, wanted, happened);
    let texts = reading::texts(seen);
    for miss in misses {
        failure.because.push(match miss {
            Mismatch::Alert(alert) => format!("it does not tell of {alert}"),
            Mismatch::Labels(labels) => {
                let near = seen.alerts.iter().max_by_key(|alert| {
                    labels.iter().filter(|(name, value)| alert.labels.value(name) == *value).count()
                });
                let near = near.map_or(String::new(), |alert| format!("; the nearest is {}", alert.labels));
                format!("none of its alerts has {labels}{near}")
            }
            Mismatch::GroupLabels(got) => format!("its group is {got}"),
            Mismatch::Status(got) => format!("its status is {}", got.as_str()),
            Mismatch::Reason(got) => format!("it was sent because {}", got.as_str()),
            Mismatch::Subject { wanted, got: Some(got) } => {
                let difference = reading::word_difference(wanted, got);
                let difference = difference.map_or(String::new(), |words| format!(": {words}"));
                format!("its subject is {}{difference}", quote(got))
            }
            Mismatch::Subject { got: None, .. } => "it has no subject and no title".to_owned(),
            Mismatch::Words { wanted } => match reading::nearest_line(&texts, wanted) {
                Some(line) => {
                    let difference = reading::word_difference(wanted, &line);
                    let difference = difference.map_or(String::new(), |words| format!(": {words}"));
                    format!("the nearest that it says is {}{difference}", quote(&line))
                }
                None => format!("nothing in it is like {}", quote(wanted)),
            },
            Mismatch::Payload { path, wanted, got: Some(got) } => {
                format!("{} is {got}, wanted {wanted}", shown_path(path))
            }
            Mismatch::Payload { path, wanted, got: None } => {
                format!("there is no {} {wanted}", shown_path(path))
            }
        });
    }
    failure.because.push(line(case, at, seen));
    if misses.iter().any(|miss| matches!(miss, Mismatch::Words { .. })) {
        // Keys, hashes and blobs of JSON are for machines.
        let words = |line: &&str| line.contains(' ') && !line.starts_with(['{', '[']);
        let lines: Vec<&str> = texts.iter().flat_map(|text| text.lines()).filter(words).collect();
        let more = if lines.len() > LINES { " …" } else { "" };
        let said = lines.iter().take(LINES).copied().collect::<Vec<_>>().join(" / ");
        if !said.is_empty() {
            failure.notes.push(format!("the message reads: {said}{more}"));
        }
    }
    let others = case
        .sent()
        .filter(|(when, other)| {
            *when != at && claim.to.is(&other.receiver, other.integration, &other.address)
        })
        .take(TOLD);
    failure.because.extend(others.map(|(at, seen)| format!("also {}", line(case, at, seen))));
    unsent::add_grouping(&mut failure, case, seen, misses);
    failure
}

/// Lines of a message that a failure shows at the most.
const LINES: usize = 12;

fn shown_path(path: &str) -> &str {
    if path.is_empty() { "the payload" } else { path.trim_start_matches('.') }
}

/// `10m10s, firing: Slow, Down, to slack #alerts of receiver slack (first notification)`.
pub(super) fn line(case: &Case, at: Timestamp, seen: &Notification) -> String {
    let mut names: Vec<&str> = seen.alerts.iter().map(|alert| alert.labels.value("alertname")).collect();
    names.dedup();
    let more = if names.len() > TOLD { ", …" } else { "" };
    names.truncate(TOLD);
    let status = match seen.status {
        AlertStatus::Firing => "firing",
        AlertStatus::Resolved => "resolved",
    };
    format!(
        "at {} {}: {status} {}{more} ({})",
        case.clock(at),
        told_to(seen),
        names.join(", "),
        seen.reason.as_str()
    )
}

/// `pagerduty (pagerduty)`, `slack (slack #alerts)`.
pub(super) fn told_to(seen: &Notification) -> String {
    // A URL says little, and may be a secret.
    let address =
        Some(seen.address.as_str()).filter(|address| !address.contains("://") && !address.is_empty());
    match address {
        Some(address) => format!("receiver {} ({} {address})", seen.receiver, seen.integration),
        None => format!("receiver {} ({})", seen.receiver, seen.integration),
    }
}

impl Case<'_> {
    /// What was delivered in the claim's time, and after it as far as was watched.
    pub(super) fn sent(&self) -> impl Iterator<Item = (Timestamp, &Notification)> {
        let from = self.decision.claimed.since - self.then.timing.waited;
        let until = self.decision.decided;
        self.timeline.observations.iter().filter_map(move |seen| match &seen.what {
            Observed::Notification(sent)
                if seen.at > from && seen.at <= until && sent.outcome == timeline::Outcome::Delivered =>
            {
                Some((seen.at, &**sent))
            }
            _ => None,
        })
    }

    fn matching<'a>(
        &'a self,
        which: &'a dyn Fn(&Notification) -> bool,
    ) -> impl Iterator<Item = (Timestamp, &'a Notification)> {
        self.sent().filter(move |(_, seen)| which(seen))
    }
}
