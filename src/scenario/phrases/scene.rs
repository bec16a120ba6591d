//! What a scenario stands on (stack, seed, start) and the time that passes in it.

use super::Kind::{Given, When};
use super::workload::MOMENT;
use super::{Args, Built, Family, Key, Phrase, Takes};
use crate::diagnostic::Diagnostic;
use crate::scenario::{self, Action, What};

pub static STACK: Family = Family {
    subject: "stack",
    or: &[],
    about: "The documents to stand up: a folder or a file, from where you work.",
    keys: &[Key { name: "stack", takes: Takes::Name, about: "The folder or file." }],
    phrases: &[Phrase {
        kinds: &[Given],
        about: "Stands up the stack that these documents describe.",
        says: &["the stack in/at/is {stack}", "(the) stack {stack}"],
        sets: &[],
        example: "Given the stack in \"fixtures/stacks/sei\"",
        yaml: "stack: fixtures/stacks/sei",
    }],
    clauses: &[],
    build: |args, _| args.text("stack").map(Built::Stack),
};

pub static SEED: Family = Family {
    subject: "seed",
    or: &[],
    about: "The seed of everything random: noise, and spread offsets.",
    keys: &[Key { name: "seed", takes: Takes::Count, about: "A whole number." }],
    phrases: &[Phrase {
        kinds: &[Given],
        about: "Fixes the seed, so that noise is the same every time.",
        says: &["(the) (random) seed (is) {seed}"],
        sets: &[],
        example: "Given the seed is 7",
        yaml: "seed: 7",
    }],
    clauses: &[],
    build: |args, problems| args.count("seed", problems).map(Built::Seed),
};

pub static START: Family = Family {
    subject: "start",
    or: &[],
    about: "The world's time at the first step.",
    keys: &[Key { name: "start", takes: Takes::Time, about: "RFC 3339, or seconds since 1970." }],
    phrases: &[Phrase {
        kinds: &[Given],
        about: "Sets the clock, for rules that look at the hour or the day.",
        says: &["the time/clock/start is {start}", "it is {start}"],
        sets: &[],
        example: "Given the time is \"2025-01-31T10:00:00Z\"",
        yaml: "start: 2025-01-31T10:00:00Z",
    }],
    clauses: &[],
    build: |args, problems| args.time("start", problems).map(Built::Start),
};

pub static WAIT: Family = Family {
    subject: "wait",
    or: &[],
    about: "Time that passes while nothing else changes.",
    keys: &[Key { name: "wait", takes: Takes::Duration, about: "How long." }, MOMENT],
    phrases: &[Phrase {
        kinds: &[When],
        about: "Lets time pass.",
        says: &["{wait} pass/passes/go/goes (by)", "(we/I) wait (for) {wait}"],
        sets: &[],
        example: "When 10 minutes pass",
        yaml: "wait: 10m",
    }],
    clauses: &[],
    build: wait,
};

fn wait(args: &mut Args, problems: &mut Vec<Diagnostic>) -> Option<Built> {
    let action = Action::Wait(args.duration("wait", problems)?);
    let moment = args.text("moment").map(|moment| moment.value);
    Some(Built::Step(What::When(scenario::When { moment, action })))
}
