//! Two timelines of one scenario held against each other: the twin's, and that of a real world.
//!
//! Steps are not taken at the same instants in both: a real world sees a little later that a claim is decided. So
//! instants are compared as they lie after the last when-step before them. Compared are the states that each alert goes
//! through, and what each integration is told of each group, with its texts.
//!
//! Tolerated are instants that differ by no more than stated; a notification that waits for its group's timer may come one
//! `group_interval` sooner or later, since what it tells of may have happened on either side of the timer; and numbers
//! in texts that differ by a fifth, since scrapes lie elsewhere in their interval; those of what has resolved are of a
//! moment in which everything was changing, and are not compared. Where steps interrupt Prometheus or the way to
//! Alertmanager, what that hears depends on when it was last sent something: a sending more or less is tolerated. A
//! Prometheus that starts hears of its targets 5 seconds later, and Alertmanager waits as long until it tries a receiver
//! again: these are seconds of the machine. So is the tenth of a second that a message may be under way.

mod texts;

use std::collections::BTreeMap;

use crate::scenario::{AlertmanagerChange, Change, Operation, Scenario};
use crate::stack::Stack;
use crate::time::{Duration, Timestamp};
use crate::timeline::{Message, Notification, NotifyReason, Observed, Outcome, Timeline};

/// What came of holding two timelines against each other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Compared {
    /// Changes of an alert's state that both have.
    pub transitions: usize,
    /// Notifications that both have.
    pub notifications: usize,
    /// Messages whose texts were compared.
    pub payloads: usize,
    /// The most that two instants differ, and of what.
    pub largest: Option<(Duration, String)>,
    pub differences: Vec<Difference>,
}

/// Something that is not the same in both.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    pub what: String,
    pub twin: String,
    pub real: String,
}

/// In the first such part of an interval real groups are evaluated, and when-steps taken.
const IN_STEP: i64 = 5;

/// `--rules.alert.resend-delay`
const RESEND_DELAY: Duration = Duration::from_secs(60);

/// How long discovery takes to hand on what it has found.
const DISCOVERY: Duration = Duration::from_secs(5);

/// The longest pause between two attempts within the ten seconds that a notification has at least.
const RETRY: Duration = Duration::from_secs(5);

/// From an evaluation to the inbox, on a machine that has other things to do.
const WAY: Duration = Duration(100);

/// By how much a step or an evaluation is late on such a machine.
const LATE: Duration = Duration(20);

/// The longest pause at all.
const LONGEST_RETRY: Duration = Duration::from_secs(60);

/// What is tolerated.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tolerance {
    pub instants: Duration,
    /// The longest `group_interval`.
    pub timer: Duration,
    /// The longest time between two sendings of an alert, where steps interrupt them.
    pub sending: Duration,
    /// What discovery takes longer in a world that runs faster, where steps start Prometheus.
    pub discovery: Duration,
    /// How much longer it is there until a delivery is tried again, where steps make receivers fail.
    pub retry: Duration,
    /// What a message's way through two programs takes of the machine's time.
    pub way: Duration,
    /// How much later than meant the machine does what it is to do.
    pub late: Duration,
}

impl Tolerance {
    /// One evaluation, or one scrape where that is longer, and a fifth: so far apart are the instants at which things
    /// can be seen.
    pub fn of(stack: &Stack, scenario: &Scenario, speed: u32, asked: Option<Duration>) -> Tolerance {
        let groups = stack.rule_groups.iter().filter_map(|group| group.interval);
        let scrapes = stack.prometheus.scrape_configs.iter().map(|config| config.scrape_interval);
        let own = groups.chain(scrapes).max().unwrap_or_default().max(stack.prometheus.evaluation_interval);
        let mut timer = Duration::ZERO;
        if let Some(alertmanager) = &stack.alertmanager {
            alertmanager.route.walk(&mut |route| timer = timer.max(route.group_interval));
        }
        // Groups are in step, and steps taken, to a part of their interval.
        let own = own + Duration(own.0 / IN_STEP);
        let changes = || scenario.changes();
        let interrupts = |change: &Change| match change {
            Change::Prometheus(_) => true,
            Change::Alertmanager(change) => matches!(
                change,
                AlertmanagerChange::Operate(_)
                    | AlertmanagerChange::Restart { .. }
                    | AlertmanagerChange::Reachable(_)
            ),
            _ => false,
        };
        let starts = |change: &Change| *change == Change::Prometheus(Operation::Start);
        let sending = match changes().any(interrupts) {
            true => own.max(RESEND_DELAY) + own,
            false => Duration::ZERO,
        };
        let answers =
            |change: &Change| matches!(change, Change::Alertmanager(AlertmanagerChange::Receiver { .. }));
        // Constants of the programs that no speed divides.
        let longer = |constant: Duration, is_there: bool| match is_there {
            true => Duration(constant.0 * i64::from(speed.saturating_sub(1))),
            false => Duration::ZERO,
        };
        let discovery = longer(DISCOVERY, changes().any(starts));
        let retry = match changes().any(answers) {
            true => longer(RETRY, true) + timer.min(LONGEST_RETRY),
            false => Duration::ZERO,
        };
        let way = Duration(WAY.0 * i64::from(speed));
        // Who asks for a tolerance has thought of that.
        let late = if asked.is_some() { Duration::ZERO } else { Duration(LATE.0 * i64::from(speed)) };
        Tolerance { instants: asked.unwrap_or(own), timer, sending, discovery, retry, way, late }
    }

    /// How far apart a change of an alert's state may be.
    fn of_states(&self) -> Duration {
        self.instants + self.discovery + self.late
    }

    fn of_notice(&self, notice: &Notification) -> Duration {
        let timer = match notice.reason {
            NotifyReason::FirstNotification => Duration::ZERO,
            _ => self.timer,
        };
        self.of_states() + timer + self.sending + self.retry + self.way
    }
}

/// A timeline, and how far it goes.
#[derive(Clone, Copy)]
pub struct Told<'t> {
    pub timeline: &'t Timeline,
    pub end: Timestamp,
}

pub fn compare(twin: Told<'_>, real: Told<'_>, tolerance: Tolerance) -> Compared {
    let mut compared = Compared::default();
    let (twin, real) = (Story::of(twin), Story::of(real));
    for (name, twin, real) in pairs(&twin.states, &real.states) {
        let what = |at: usize| format!("{} of {name}", ordinal(at, "change"));
        let show = |event: &(Instant, &'static str)| format!("{} at {}", event.1, event.0);
        sequences(twin, real, |_| tolerance.of_states(), show, what, &mut compared, |a, b| a.1 == b.1);
    }
    compared.transitions = matched(&twin.states, &real.states);
    for (name, twin, real) in pairs(&twin.notices, &real.notices) {
        let what = |at: usize| format!("{} to {name}", ordinal(at, "notification"));
        let show = |(at, notice): &(Instant, &Notification)| {
            let alerts: Vec<&str> =
                notice.alerts.iter().map(|alert| alert.labels.value("alertname")).collect();
            format!("{} {} ({}) at {at}", notice.status.as_str(), alerts.join(", "), notice.reason.as_str())
        };
        let allowed = |(_, notice): &(Instant, &Notification)| tolerance.of_notice(notice);
        let same = |a: &(Instant, &Notification), b: &(Instant, &Notification)| {
            a.1.status == b.1.status && a.1.reason == b.1.reason && labels(a.1) == labels(b.1)
        };
        sequences(twin, real, allowed, show, what, &mut compared, same);
        for (at, (a, b)) in twin.iter().zip(real).enumerate() {
            let numbers = texts::Numbers::of(a.1);
            if let (Some(a), Some(b)) = (&a.1.message, &b.1.message) {
                compared.payloads += 1;
                if let Some((twin, real)) = payload(a, b, numbers) {
                    compared.differences.push(Difference {
                        what: format!("text of the {}", what(at)),
                        twin,
                        real,
                    });
                }
            }
        }
    }
    compared.notifications = matched(&twin.notices, &real.notices);
    compared
}

/// After how many when-steps, and how long after the last of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Instant {
    moments: usize,
    after: Duration,
    /// As it is told to people: since the scenario's beginning.
    since_start: Duration,
    /// How long the stretch after that when-step lasted.
    stretch: Duration,
}

impl std::fmt::Display for Instant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.since_start)
    }
}

/// What one timeline tells, by what it tells of.
struct Story<'t> {
    states: BTreeMap<String, Vec<(Instant, &'static str)>>,
    notices: BTreeMap<String, Vec<(Instant, &'t Notification)>>,
}

impl<'t> Story<'t> {
    fn of(told: Told<'t>) -> Story<'t> {
        let mut story = Story { states: BTreeMap::new(), notices: BTreeMap::new() };
        let start = told.timeline.start;
        let mut moments: Vec<Timestamp> = vec![start];
        let seen = &told.timeline.observations;
        moments.extend(seen.iter().filter_map(|seen| match seen.what {
            Observed::Moment { .. } => Some(seen.at),
            _ => None,
        }));
        let instant = |at: Timestamp| {
            let number = moments.partition_point(|moment| *moment <= at).saturating_sub(1);
            let next = moments.get(number + 1).copied().unwrap_or(told.end);
            Instant {
                moments: number,
                after: at - moments[number],
                since_start: at - start,
                stretch: next - moments[number],
            }
        };
        for observation in seen.iter().filter(|seen| seen.at > start) {
            let at = instant(observation.at);
            match &observation.what {
                Observed::Alert(change) => {
                    let name = change.alert.labels.to_string();
                    story.states.entry(name).or_default().push((at, change.to.as_str()));
                }
                Observed::Notification(notice) if notice.outcome == Outcome::Delivered => {
                    let Notification { receiver, integration, index, group_key, .. } = &**notice;
                    let name = format!("{receiver}/{integration}[{index}] about {group_key}");
                    story.notices.entry(name).or_default().push((at, notice));
                }
                _ => {}
            }
        }
        story
    }
}

/// The two sequences of each name.
fn pairs<'m, T>(
    twin: &'m BTreeMap<String, Vec<T>>,
    real: &'m BTreeMap<String, Vec<T>>,
) -> Vec<(&'m String, &'m [T], &'m [T])> {
    let mut names: Vec<&String> = twin.keys().chain(real.keys()).collect();
    names.sort();
    names.dedup();
    let of = |map: &'m BTreeMap<String, Vec<T>>, name: &String| map.get(name).map_or(&[][..], Vec::as_slice);
    names.into_iter().map(|name| (name, of(twin, name), of(real, name))).collect()
}

fn matched<T>(twin: &BTreeMap<String, Vec<T>>, real: &BTreeMap<String, Vec<T>>) -> usize {
    pairs(twin, real).iter().map(|(_, a, b)| a.len().min(b.len())).sum()
}

/// Holds two sequences against each other, event by event; what differs stops it.
fn sequences<T>(
    twin: &[(Instant, T)],
    real: &[(Instant, T)],
    allowed: impl Fn(&(Instant, T)) -> Duration,
    show: impl Fn(&(Instant, T)) -> String,
    what: impl Fn(usize) -> String,
    compared: &mut Compared,
    same: impl Fn(&(Instant, T), &(Instant, T)) -> bool,
) {
    for at in 0..twin.len().max(real.len()) {
        let (a, b) = (twin.get(at), real.get(at));
        let shown = |event: Option<&(Instant, T)>| event.map_or("nothing".to_owned(), &show);
        let differs = match (a, b) {
            (Some(a), Some(b)) => {
                let apart = apart(a.0, b.0);
                let longest = compared.largest.as_ref().map_or(Duration(-1), |(longest, _)| *longest);
                if same(a, b) && apart > longest {
                    compared.largest = Some((apart, what(at)));
                }
                !same(a, b) || apart > allowed(a)
            }
            // What one side has at the very end the other may not have come to.
            (Some(only), None) | (None, Some(only)) => only.0.after + allowed(only) < only.0.stretch,
            (None, None) => false,
        };
        if differs {
            compared.differences.push(Difference { what: what(at), twin: shown(a), real: shown(b) });
            return;
        }
    }
}

/// How far two instants lie from each other. One may lie before a when-step and the other after it.
fn apart(a: Instant, b: Instant) -> Duration {
    let (first, second) = if a.moments <= b.moments { (a, b) } else { (b, a) };
    match second.moments - first.moments {
        0 => Duration((first.after.0 - second.after.0).abs()),
        1 => Duration(first.stretch.0 - first.after.0 + second.after.0),
        _ => Duration((first.since_start.0 - second.since_start.0).abs()),
    }
}

fn labels(notice: &Notification) -> Vec<String> {
    let mut labels: Vec<String> =
        notice.alerts.iter().map(|alert| format!("{} {}", alert.status.as_str(), alert.labels)).collect();
    labels.sort();
    labels
}

/// The first texts of two messages that differ.
fn payload(twin: &Message, real: &Message, numbers: texts::Numbers) -> Option<(String, String)> {
    let (a, b) = (texts::of(twin), texts::of(real));
    let names: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    names.into_iter().find_map(|name| {
        let (a, b) = (a.get(name), b.get(name));
        let same = matches!((a, b), (Some(a), Some(b)) if texts::same(a, b, numbers));
        let shown =
            |text: Option<&String>| text.map_or("nothing".to_owned(), |text| format!("{name}: {text}"));
        (!same).then(|| (shown(a), shown(b)))
    })
}

fn ordinal(at: usize, what: &str) -> String {
    match at {
        0 => format!("first {what}"),
        1 => format!("second {what}"),
        2 => format!("third {what}"),
        at => format!("{}th {what}", at + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::labels::Labels;
    use crate::timeline::{ActiveAlert, AlertChange, AlertState};

    /// Each timeline as seconds and what is seen then: `!` a when-step, else a state of the one alert.
    fn check(twin: &[(i64, &str)], real: &[(i64, &str)], expected: &[&str], largest: i64) {
        let timeline = |told: &[(i64, &str)]| {
            let mut timeline = Timeline { start: Timestamp(0), observations: Vec::new() };
            for (at, what) in told {
                let state = match *what {
                    "pending" => AlertState::Pending,
                    "firing" => AlertState::Firing,
                    _ => AlertState::Inactive,
                };
                let alert = ActiveAlert {
                    labels: Labels::from_pairs([("alertname", "Down")]),
                    annotations: Labels::empty(),
                    state,
                    active_at: Timestamp(0),
                    value: 0.0,
                };
                let change = AlertChange {
                    from: AlertState::Inactive,
                    to: state,
                    alert,
                    rule: None,
                    reason: String::new(),
                };
                let what = match *what {
                    "!" => Observed::Moment { name: None, text: String::new(), late: Duration::ZERO },
                    _ => Observed::Alert(change),
                };
                timeline.push(Timestamp(at * 1000), what);
            }
            timeline
        };
        let (twin, real) = (timeline(twin), timeline(real));
        let end = Timestamp(1_000_000);
        let tolerance = Tolerance { instants: Duration::from_secs(15), ..Tolerance::default() };
        let told = |timeline| Told { timeline, end };
        let compared = compare(told(&twin), told(&real), tolerance);
        let differences: Vec<String> = compared
            .differences
            .iter()
            .map(|one| format!("{}: {} / {}", one.what, one.twin, one.real))
            .collect();
        assert_eq!(differences, expected);
        assert_eq!(compared.largest.map_or(0, |(longest, _)| longest.0 / 1000), largest);
    }

    #[test]
    fn instants_count_from_the_last_when_step() {
        check(
            &[(10, "!"), (40, "pending"), (100, "!"), (130, "firing")],
            &[(10, "!"), (45, "pending"), (190, "!"), (218, "firing")],
            &[],
            5,
        );
    }

    #[test]
    fn what_comes_too_late_or_not_at_all_is_a_difference() {
        check(
            &[(10, "!"), (40, "pending")],
            &[(10, "!"), (60, "pending")],
            &["first change of {alertname=\"Down\"}: pending at 40s / pending at 1m"],
            20,
        );
        check(
            &[(10, "!"), (40, "pending"), (100, "firing")],
            &[(10, "!"), (40, "pending")],
            &["second change of {alertname=\"Down\"}: firing at 1m40s / nothing"],
            0,
        );
    }

    #[test]
    fn what_one_side_has_at_the_very_end_is_no_difference() {
        check(&[(10, "!"), (40, "pending"), (995, "firing")], &[(10, "!"), (40, "pending")], &[], 0);
    }

    #[test]
    fn a_change_may_lie_on_either_side_of_a_when_step() {
        check(&[(10, "!"), (99, "pending"), (100, "!")], &[(10, "!"), (100, "!"), (104, "pending")], &[], 5);
    }
}
