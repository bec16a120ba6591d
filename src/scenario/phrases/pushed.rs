//! Alerts that somebody other than the stack's Prometheus sends to Alertmanager.

use super::Kind::{self, Given, When};
use super::workload::{MOMENT, finish, missing};
use super::{Args, Built, Family, Key, Phrase, Takes};
use crate::diagnostic::Diagnostic;
use crate::scenario::{AlertmanagerChange, Change, DirectAlert};

const BOTH: &[Kind] = &[Given, When];

pub static PUSHED: Family = Family {
    subject: "pushed",
    or: &[],
    about: "An alert that somebody other than the stack's Prometheus sends to Alertmanager: another Prometheus, a script, \
            `amtool alert add`. It has the labels that are said, no external labels, and passes no relabelling.",
    keys: &[
        Key { name: "pushed", takes: Takes::Name, about: "The alert's name; no rule need make it." },
        Key { name: "labels", takes: Takes::Pairs, about: "Its other labels." },
        Key { name: "annotations", takes: Takes::Pairs, about: "Its annotations." },
        Key {
            name: "lasting",
            takes: Takes::Duration,
            about: "It ends by itself after this time; without it after Alertmanager's `resolve_timeout`.",
        },
        Key { name: "ends", takes: Takes::Flag, about: "It is sent as one that has ended." },
        MOMENT,
    ],
    phrases: &[
        Phrase {
            kinds: BOTH,
            about: "Sends an alert, once.",
            says: &["(the) alert {pushed} is pushed/posted (to Alertmanager)"],
            sets: &[],
            example: "When alert \"BackupFailed\" is pushed to Alertmanager with label severity=\"info\" lasting 30 minutes",
            yaml: "{pushed: BackupFailed, labels: {severity: info}, lasting: 30m}",
        },
        Phrase {
            kinds: &[When],
            about: "Sends an alert that has ended: the same labels as when it began.",
            says: &["(the) alert {pushed} is pushed/posted (to Alertmanager) as resolved"],
            sets: &[("ends", "true")],
            example: "When alert \"BackupFailed\" is pushed to Alertmanager as resolved with label severity=\"info\"",
            yaml: "{pushed: BackupFailed, labels: {severity: info}, ends: true}",
        },
    ],
    clauses: &[
        "with (the) label/labels {labels}",
        "with (the) annotation/annotations {annotations}",
        "lasting {lasting}",
    ],
    build: pushed,
};

fn pushed(args: &mut Args, problems: &mut Vec<Diagnostic>) -> Option<Built> {
    let before = problems.len();
    let Some(name) = args.text("pushed") else {
        problems.push(missing(args, "pushed", "an alert"));
        return None;
    };
    let ends = args.has("ends");
    if ends && args.has("lasting") {
        problems.push(
            Diagnostic::error("conflicting-keys", "an alert that has ended does not last")
                .at(&args.place)
                .label("both are said here"),
        );
    }
    let label_names: Vec<_> = args.pairs("labels").into_iter().map(|(label, _)| label).collect();
    if let Some(again) = label_names.iter().find(|label| label.value == "alertname") {
        problems.push(
            Diagnostic::error("conflicting-keys", "the alert's name is said already")
                .at(&again.span)
                .label("`alertname` is no other label"),
        );
    }
    let alert = DirectAlert {
        labels: args.labels("labels").with("alertname", name.value.as_str()),
        label_names,
        name,
        annotations: args.labels("annotations"),
        lasting: args.duration("lasting", problems),
        ends,
    };
    finish(args, vec![Change::Alertmanager(AlertmanagerChange::Push(alert))], before, "", problems)
}
