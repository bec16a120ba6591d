//! What happens in Alertmanager: silences, and receivers that fail.

use super::Kind::{self, Given, When};
use super::notifications::{ADDRESS, CHANNEL, EMAIL, INTEGRATION, RECEIVER_NAME, addressee};
use super::workload::{MOMENT, finish};
use super::{Args, Built, Family, Key, Phrase, Takes};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::scenario::{AlertmanagerChange, Change, ReceiverAnswer};
use crate::stack::alertmanager::{Grammar, parse_matchers};

const BOTH: &[Kind] = &[Given, When];

pub static SILENCE: Family = Family {
    subject: "silence",
    or: &[],
    about: "Silences in Alertmanager: made before the scenario or in its course, and expired.",
    keys: &[
        Key {
            name: "silence",
            takes: Takes::Name,
            about: "The matchers of the alerts meant; of a silence that expires, its matchers or its comment, or `\"*\"` \
                    for all.",
        },
        Key { name: "lasting", takes: Takes::Duration, about: "It ends by itself after this time." },
        Key { name: "comment", takes: Takes::Name, about: "Its comment." },
        Key { name: "expires", takes: Takes::Flag, about: "It ends now." },
        MOMENT,
    ],
    phrases: &[
        Phrase {
            kinds: BOTH,
            about: "Makes a silence.",
            says: &["(there is) a silence for/on/of {silence}"],
            sets: &[],
            example: "When a silence for \"alertname=ApiSlow, severity=~warn.*\" is created for 2 hours \
                      with comment \"release\"",
            yaml: "{silence: \"alertname=ApiSlow, severity=~warn.*\", lasting: 2h, comment: release}",
        },
        Phrase {
            kinds: &[When],
            about: "Expires a silence, by its matchers or its comment.",
            says: &["(the) silence {silence} expires/ends"],
            sets: &[("expires", "true")],
            example: "When the silence \"release\" expires",
            yaml: "{silence: release, expires: true}",
        },
        Phrase {
            kinds: &[When],
            about: "Expires every silence.",
            says: &["all silences expire/end", "every silence expires/ends"],
            sets: &[("silence", "*"), ("expires", "true")],
            example: "When all silences expire",
            yaml: "{silence: \"*\", expires: true}",
        },
    ],
    clauses: &["(is) (made/created) for {lasting}", "lasting {lasting}", "with (the) comment {comment}"],
    build: silence,
};

fn silence(args: &mut Args, problems: &mut Vec<Diagnostic>) -> Option<Built> {
    let before = problems.len();
    let Some(silence) = args.text("silence") else {
        problems.push(super::workload::missing(args, "silence", "a silence"));
        return None;
    };
    let change = if args.has("expires") {
        if args.has("lasting") || args.has("comment") {
            problems.push(
                Diagnostic::error("conflicting-keys", "a silence that expires is not made at the same time")
                    .at(&args.place)
                    .label("it is named by its matchers or its comment alone"),
            );
        }
        AlertmanagerChange::Expire { silence: Some(silence).filter(|silence| silence.value != "*") }
    } else {
        problems.extend(unreadable(&silence, Grammar::Fallback));
        let lasting = args.duration("lasting", problems);
        let comment = args.text("comment").map(|comment| comment.value).unwrap_or_default();
        AlertmanagerChange::Silence { matchers: silence, lasting, comment }
    };
    finish(args, vec![Change::Alertmanager(change)], before, "", problems)
}

/// Why a silence's matchers can't be read.
pub fn unreadable(matchers: &Spanned<String>, grammar: Grammar) -> Option<Diagnostic> {
    let message = match parse_matchers(&matchers.value, grammar) {
        Ok(read) if read.is_empty() => "a silence needs at least one matcher".to_owned(),
        // Alertmanager refuses what would mute everything.
        Ok(read) if read.iter().all(|matcher| matcher.matches(&crate::labels::Labels::empty())) => {
            "at least one matcher of a silence may not match the empty string".to_owned()
        }
        Ok(_) => return None,
        Err(error) => error.to_string(),
    };
    Some(
        Diagnostic::error("bad-matcher", "these matchers can't be used for a silence")
            .at(&matchers.span)
            .label(message)
            .help("matchers are written `alertname=\"ApiDown\", severity=~\"warn.*\"`"),
    )
}

pub static RECEIVER: Family = Family {
    subject: "receiver",
    or: &["channel", "email", "integration"],
    about: "How receivers answer Alertmanager. They accept everything until a step says otherwise.",
    keys: &[
        RECEIVER_NAME,
        CHANNEL,
        EMAIL,
        INTEGRATION,
        ADDRESS,
        Key {
            name: "fails",
            takes: Takes::OneOf(&["true", "times out", "refuses"]),
            about: "It answers with an error, never, or refuses connections.",
        },
        Key {
            name: "status",
            takes: Takes::Count,
            about: "The HTTP status or SMTP code it fails with; 500.",
        },
        Key { name: "works", takes: Takes::Flag, about: "It accepts notifications again." },
        MOMENT,
    ],
    phrases: &[
        Phrase {
            kinds: BOTH,
            about: "Lets it fail with an error: Alertmanager tries again after a 5xx, and gives up after a 4xx.",
            says: &[
                "(the) receiver {receiver} fails",
                "(the) channel {channel} fails",
                "(the) {integration} ({address}) fails",
                "(the) receiver {receiver} answers",
                "(the) {integration} ({address}) answers",
            ],
            sets: &[("fails", "true")],
            example: "When receiver \"pagerduty\" fails with status 503",
            yaml: "{receiver: pagerduty, fails: true, status: 503}",
        },
        Phrase {
            kinds: BOTH,
            about: "Lets it take requests and never answer.",
            says: &[
                "(the) receiver {receiver} times out",
                "(the) receiver {receiver} hangs",
                "(the) channel {channel} times out",
                "(the) {integration} ({address}) times out",
                "(the) {integration} ({address}) hangs",
            ],
            sets: &[("fails", "times out")],
            example: "When pagerduty times out",
            yaml: "{integration: pagerduty, fails: times out}",
        },
        Phrase {
            kinds: BOTH,
            about: "Lets it refuse connections.",
            says: &[
                "(the) receiver {receiver} refuses connections",
                "(the) receiver {receiver} is down/unreachable",
                "(the) channel {channel} is down/unreachable",
                "(the) {integration} ({address}) refuses connections",
                "(the) {integration} ({address}) is down/unreachable",
            ],
            sets: &[("fails", "refuses")],
            example: "When webhook \"http://hooks.example.com/x\" is down",
            yaml: "{integration: webhook, address: \"http://hooks.example.com/x\", fails: refuses}",
        },
        Phrase {
            kinds: BOTH,
            about: "Lets it work again.",
            says: &[
                "(the) receiver {receiver} works/recovers (again)",
                "(the) channel {channel} works/recovers (again)",
                "(the) {integration} ({address}) works/recovers (again)",
            ],
            sets: &[("works", "true")],
            example: "When receiver \"pagerduty\" works again",
            yaml: "{receiver: pagerduty, works: true}",
        },
    ],
    clauses: &["with (the) (status/code) {status}"],
    build: receiver,
};

fn receiver(args: &mut Args, problems: &mut Vec<Diagnostic>) -> Option<Built> {
    let before = problems.len();
    let who = addressee(args, problems)?;
    let status = args.count("status", problems);
    let answer = match (args.get("fails").map(|arg| arg.text.as_str()), args.has("works")) {
        (Some("times out"), false) if status.is_none() => Some(ReceiverAnswer::TimesOut),
        (Some("refuses"), false) if status.is_none() => Some(ReceiverAnswer::Refuses),
        (Some("true"), false) | (None, false) if status.is_some() || args.has("fails") => {
            // What HTTP and SMTP know.
            match u16::try_from(status.unwrap_or(500)).ok().filter(|status| (100..=599).contains(status)) {
                Some(status) => Some(ReceiverAnswer::Status(status)),
                None => {
                    let place = args.get("status").map_or(&args.place, |arg| &arg.span);
                    problems.push(
                        Diagnostic::error(
                            "bad-value",
                            "this is not a status that a receiver could answer with",
                        )
                        .at(place)
                        .label("wanted one from 100 to 599, such as 500"),
                    );
                    None
                }
            }
        }
        (None, true) if status.is_none() => Some(ReceiverAnswer::Accepts),
        (None, false) => None,
        _ => {
            problems.push(
                Diagnostic::error("conflicting-keys", "a receiver can answer in one way only")
                    .at(&args.place)
                    .label("two are said here"),
            );
            None
        }
    };
    let change = answer.map(|answer| Change::Alertmanager(AlertmanagerChange::Receiver { who, answer }));
    finish(args, change.into_iter().collect(), before, "say how it answers: fails, status or works", problems)
}
