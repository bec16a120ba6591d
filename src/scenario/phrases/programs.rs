//! What happens to Prometheus and Alertmanager themselves: ends, restarts, stand-stills, and the way between them.

use super::Kind::{self, When};
use super::workload::{MOMENT, finish};
use super::{Args, Built, Family, Key, Phrase, Takes};
use crate::diagnostic::Diagnostic;
use crate::scenario::{AlertmanagerChange, Change, Operation};

const ONLY_WHEN: &[Kind] = &[When];

pub static ALERTMANAGER: Family = Family {
    subject: "alertmanager",
    or: &[],
    about: "Alertmanager itself. Its notification log and its silences live in its storage and outlast a restart; \
            alerts and groups don't, and Prometheus sends again what fires within two minutes. What Prometheus sends \
            to one that can't be reached is lost: there is one attempt, and the next with the next sending.",
    keys: &[
        Key {
            name: "alertmanager",
            takes: Takes::OneOf(&[
                "restarts",
                "restarts without its storage",
                "stops",
                "crashes",
                "starts",
                "hangs",
                "goes on",
                "unreachable",
                "reachable",
            ]),
            about: "What happens to it.",
        },
        MOMENT,
    ],
    phrases: &[
        Phrase {
            kinds: ONLY_WHEN,
            about: "Restarts it: alerts and groups are forgotten, until Prometheus sends them again.",
            says: &["(the) Alertmanager restarts"],
            sets: &[("alertmanager", "restarts")],
            example: "When Alertmanager restarts",
            yaml: "{alertmanager: restarts}",
        },
        Phrase {
            kinds: ONLY_WHEN,
            about: "Restarts it with an empty storage: what it had notified of, and its silences, are forgotten too.",
            says: &[
                "(the) Alertmanager restarts without (its) storage",
                "(the) Alertmanager restarts without (its) notification log",
            ],
            sets: &[("alertmanager", "restarts without its storage")],
            example: "When Alertmanager restarts without its storage",
            yaml: "{alertmanager: restarts without its storage}",
        },
        Phrase {
            kinds: ONLY_WHEN,
            about: "Stops it, until a step starts it again.",
            says: &["(the) Alertmanager stops", "(the) Alertmanager goes/is down"],
            sets: &[("alertmanager", "stops")],
            example: "When Alertmanager stops",
            yaml: "{alertmanager: stops}",
        },
        Phrase {
            kinds: ONLY_WHEN,
            about: "Kills it: of its notification log and its silences only that is left which it last wrote down. It \
                    does so every 15 minutes and when it is stopped.",
            says: &["(the) Alertmanager crashes", "(the) Alertmanager is killed"],
            sets: &[("alertmanager", "crashes")],
            example: "When Alertmanager is killed",
            yaml: "{alertmanager: crashes}",
        },
        Phrase {
            kinds: ONLY_WHEN,
            about: "Starts it again, with its storage.",
            says: &["(the) Alertmanager comes back", "(the) Alertmanager starts/recovers (again)"],
            sets: &[("alertmanager", "starts")],
            example: "When Alertmanager comes back",
            yaml: "{alertmanager: starts}",
        },
        Phrase {
            kinds: ONLY_WHEN,
            about: "Lets it stand still, like a stopped process: it takes what it is sent, and does nothing with it.",
            says: &["(the) Alertmanager hangs", "(the) Alertmanager is paused"],
            sets: &[("alertmanager", "hangs")],
            example: "When Alertmanager hangs",
            yaml: "{alertmanager: hangs}",
        },
        Phrase {
            kinds: ONLY_WHEN,
            about: "Lets it go on after it stood still, with what it was sent meanwhile and what was due. Of what had ended by \
                    then it may tell first (the real one, where it happens to) or not at all (the twin).",
            says: &[
                "(the) Alertmanager goes on",
                "(the) Alertmanager resumes",
                "(the) Alertmanager is resumed",
            ],
            sets: &[("alertmanager", "goes on")],
            example: "When Alertmanager goes on",
            yaml: "{alertmanager: goes on}",
        },
        Phrase {
            kinds: ONLY_WHEN,
            about: "Cuts the way from Prometheus to it; it goes on by itself, and what nobody sends it any more ends.",
            says: &["(the) Alertmanager is/becomes unreachable"],
            sets: &[("alertmanager", "unreachable")],
            example: "When Alertmanager becomes unreachable",
            yaml: "{alertmanager: unreachable}",
        },
        Phrase {
            kinds: ONLY_WHEN,
            about: "Lets through again what Prometheus sends it.",
            says: &["(the) Alertmanager is/becomes reachable (again)"],
            sets: &[("alertmanager", "reachable")],
            example: "When Alertmanager is reachable again",
            yaml: "{alertmanager: reachable}",
        },
    ],
    clauses: &[],
    build: alertmanager,
};

fn alertmanager(args: &mut Args, problems: &mut Vec<Diagnostic>) -> Option<Built> {
    let said = args.get("alertmanager").map_or("", |arg| arg.text.as_str());
    let change = match (said, operation(said)) {
        ("restarts", _) => AlertmanagerChange::Restart { keeps_storage: true },
        ("restarts without its storage", _) => AlertmanagerChange::Restart { keeps_storage: false },
        ("unreachable", _) => AlertmanagerChange::Reachable(false),
        ("reachable", _) => AlertmanagerChange::Reachable(true),
        (_, Some(operation)) => AlertmanagerChange::Operate(operation),
        // What is no such word was told where it was read.
        (_, None) => return None,
    };
    finish(args, vec![Change::Alertmanager(change)], problems.len(), "", problems)
}

pub static PROMETHEUS: Family = Family {
    subject: "prometheus",
    or: &[],
    about: "Prometheus itself. Its samples outlast a restart, its alerts begin anew: pending alerts whose `for` is 10 \
            minutes or longer find in the storage since when they have been so, at the second evaluation; they fire \
            10 minutes after it at the earliest if they had not fired yet. What fires is no longer sent to Alertmanager \
            while it is down, and ends there four evaluation intervals (four minutes at least) after it was last sent: a \
            resolved notification goes out though nothing is mended.",
    keys: &[
        Key {
            name: "prometheus",
            takes: Takes::OneOf(&["restarts", "stops", "crashes", "starts", "hangs", "goes on"]),
            about: "What happens to it.",
        },
        MOMENT,
    ],
    phrases: &[
        Phrase {
            kinds: ONLY_WHEN,
            about: "Restarts it. It finds its targets and Alertmanagers 5 seconds after it started.",
            says: &["(the) Prometheus restarts"],
            sets: &[("prometheus", "restarts")],
            example: "When Prometheus restarts",
            yaml: "{prometheus: restarts}",
        },
        Phrase {
            kinds: ONLY_WHEN,
            about: "Stops it, until a step starts it again: nothing is scraped, evaluated or sent.",
            says: &["(the) Prometheus stops", "(the) Prometheus goes/is down"],
            sets: &[("prometheus", "stops")],
            example: "When Prometheus stops",
            yaml: "{prometheus: stops}",
        },
        Phrase {
            kinds: ONLY_WHEN,
            about: "Kills it; what it has scraped is on its disk.",
            says: &["(the) Prometheus crashes", "(the) Prometheus is killed"],
            sets: &[("prometheus", "crashes")],
            example: "When Prometheus is killed",
            yaml: "{prometheus: crashes}",
        },
        Phrase {
            kinds: ONLY_WHEN,
            about: "Starts it again, with its storage.",
            says: &["(the) Prometheus comes back", "(the) Prometheus starts/recovers (again)"],
            sets: &[("prometheus", "starts")],
            example: "When Prometheus comes back",
            yaml: "{prometheus: starts}",
        },
        Phrase {
            kinds: ONLY_WHEN,
            about: "Lets it stand still, like a stopped process or a machine that swaps: nothing is scraped, evaluated or \
                    sent.",
            says: &["(the) Prometheus hangs", "(the) Prometheus is paused"],
            sets: &[("prometheus", "hangs")],
            example: "When Prometheus hangs",
            yaml: "{prometheus: hangs}",
        },
        Phrase {
            kinds: ONLY_WHEN,
            about: "Lets it go on after it stood still: it evaluates what was due last, scrapes, and knows all its \
                    alerts. What it scraped more than 5 minutes ago is no longer seen.",
            says: &["(the) Prometheus goes on", "(the) Prometheus resumes", "(the) Prometheus is resumed"],
            sets: &[("prometheus", "goes on")],
            example: "When Prometheus goes on",
            yaml: "{prometheus: goes on}",
        },
    ],
    clauses: &[],
    build: prometheus,
};

fn prometheus(args: &mut Args, problems: &mut Vec<Diagnostic>) -> Option<Built> {
    let said = args.get("prometheus").map_or("", |arg| arg.text.as_str());
    let operations = match said {
        "restarts" => vec![Operation::Stop, Operation::Start],
        said => operation(said).into_iter().collect(),
    };
    if operations.is_empty() {
        return None;
    }
    let changes = operations.into_iter().map(Change::Prometheus).collect();
    finish(args, changes, problems.len(), "", problems)
}

fn operation(said: &str) -> Option<Operation> {
    Some(match said {
        "stops" => Operation::Stop,
        "crashes" => Operation::Kill,
        "starts" => Operation::Start,
        "hangs" => Operation::Pause,
        "goes on" => Operation::Resume,
        _ => return None,
    })
}
