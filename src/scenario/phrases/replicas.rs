//! Several replicas of Prometheus that send the same alerts.

use super::Kind::{self, Given, When};
use super::workload::{MOMENT, finish, missing};
use super::{Args, Built, Family, Key, Phrase, Takes};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::scenario::{AlertmanagerChange, Change};
use crate::time::Duration;

const BOTH: &[Kind] = &[Given, When];
/// More than anybody runs, and few enough to be sent one by one.
const MOST: u64 = 16;

pub static REPLICAS: Family = Family {
    subject: "replicas",
    or: &[],
    about: "Replicas of Prometheus, each of which sends every alert. All see what the first one sees, each a stated time \
            after the one before. Alerts are one to Alertmanager only if nothing but time tells the replicas apart: an \
            external label of their own must be dropped by `alert_relabel_configs`.",
    keys: &[
        Key { name: "replicas", takes: Takes::Count, about: "How many run, 1 to 16." },
        Key {
            name: "label",
            takes: Takes::Name,
            about: "The external label that tells them apart; its values are 1, 2 …. Without it none does.",
        },
        Key {
            name: "apart",
            takes: Takes::Duration,
            about: "How long after the one before each sees and sends; 0s.",
        },
        MOMENT,
    ],
    phrases: &[Phrase {
        kinds: BOTH,
        about: "Lets so many replicas of Prometheus run.",
        says: &["Prometheus runs/run as {replicas} replicas", "Prometheus has {replicas} replicas"],
        sets: &[],
        example: "Given Prometheus runs as 2 replicas with external label \"replica\", 15 seconds apart",
        yaml: "{replicas: 2, label: replica, apart: 15s}",
    }],
    clauses: &["with (the) (external) label {label}", "{apart} apart"],
    build: replicas,
};

fn replicas(args: &mut Args, problems: &mut Vec<Diagnostic>) -> Option<Built> {
    let before = problems.len();
    if !args.has("replicas") {
        problems.push(missing(args, "replicas", "a number of replicas"));
    }
    let count = args.count("replicas", problems).unwrap_or(1);
    if !(1..=MOST).contains(&count) {
        let place = args.get("replicas").map_or(&args.place, |arg| &arg.span);
        problems.push(
            Diagnostic::error("bad-value", format!("{count} replicas can't run"))
                .at(place)
                .label(format!("wanted 1 to {MOST}")),
        );
    }
    let change = AlertmanagerChange::Replicas {
        count: count as usize,
        label: args.text("label").map(|label| label.value),
        apart: args.duration("apart", problems).unwrap_or(Duration::ZERO),
    };
    finish(args, vec![Change::Alertmanager(change)], before, "", problems)
}

pub static REPLICA: Family = Family {
    subject: "replica",
    or: &[],
    about: "One of several replicas of Prometheus.",
    keys: &[
        Key { name: "replica", takes: Takes::Count, about: "Its number, from 1." },
        Key { name: "down", takes: Takes::Flag, about: "It sends nothing any more." },
        Key { name: "recovers", takes: Takes::Flag, about: "It sends again what fires." },
        MOMENT,
    ],
    phrases: &[
        Phrase {
            kinds: BOTH,
            about: "Stops one replica: it sends nothing any more. What no replica sends ends by itself, four evaluation \
                    intervals (four minutes at least) after it was last sent.",
            says: &[
                "(the) Prometheus replica {replica} goes/is down",
                "(the) Prometheus replica {replica} stops",
            ],
            sets: &[("down", "true")],
            example: "When Prometheus replica 1 goes down",
            yaml: "{replica: 1, down: true}",
        },
        Phrase {
            kinds: &[When],
            about: "Starts it again; what fires is sent within a minute.",
            says: &[
                "(the) Prometheus replica {replica} comes back",
                "(the) Prometheus replica {replica} recovers",
            ],
            sets: &[("recovers", "true")],
            example: "When Prometheus replica 1 comes back",
            yaml: "{replica: 1, recovers: true}",
        },
    ],
    clauses: &[],
    build: replica,
};

fn replica(args: &mut Args, problems: &mut Vec<Diagnostic>) -> Option<Built> {
    let before = problems.len();
    let number = args.count("replica", problems)?;
    let place = args.get("replica").map_or(&args.place, |arg| &arg.span);
    let number = Spanned::new(usize::try_from(number).unwrap_or(usize::MAX), place.clone());
    let up = match (args.has("down"), args.has("recovers")) {
        (true, false) => Some(false),
        (false, true) => Some(true),
        (false, false) => None,
        (true, true) => {
            problems.push(
                Diagnostic::error("conflicting-keys", "a replica can't go down and recover at once")
                    .at(&args.place)
                    .label("both are said here"),
            );
            None
        }
    };
    let change = up.map(|up| Change::Alertmanager(AlertmanagerChange::Replica { number, up }));
    finish(args, change.into_iter().collect(), before, "say what happens to it: down or recovers", problems)
}
