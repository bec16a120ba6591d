//! Claims about what Alertmanager does: who is notified of what, what mutes an alert, which way it takes.

use serde_json::Value;

use super::Kind::Then;
use super::claims::{missing, one_claim, required, then};
use super::{Args, Built, Family, Key, Phrase, Takes, timing};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::scenario::{
    Addressee, Claim, Comparison, Content, MuteCause, MutedClaim, NotificationClaim, RoutedClaim, Timing,
    values,
};
use crate::stack::alertmanager::IntegrationKind;
use crate::timeline::{AlertStatus, NotifyReason};

const THEN: &[super::Kind] = &[Then];

const REASONS: [NotifyReason; 5] = [
    NotifyReason::FirstNotification,
    NotifyReason::NewAlertsInGroup,
    NotifyReason::NewResolvedAlerts,
    NotifyReason::AllAlertsResolved,
    NotifyReason::RepeatIntervalElapsed,
];

pub const RECEIVER_NAME: Key = Key {
    name: "receiver",
    takes: Takes::Name,
    about: "The receiver's name in Alertmanager's configuration.",
};
pub const CHANNEL: Key = Key {
    name: "channel",
    takes: Takes::Name,
    about: "The channel, instead: whichever receiver posts to it.",
};
pub const EMAIL: Key = Key { name: "email", takes: Takes::Name, about: "The mail address, instead." };
pub const INTEGRATION: Key = Key {
    name: "integration",
    takes: Takes::Integration,
    about: "The kind of receiver, instead: `pagerduty`, `webhook`, `slack` …",
};
pub const ADDRESS: Key =
    Key { name: "address", takes: Takes::Name, about: "Where that kind sends to: a URL, a channel …" };

pub static RECEIVER: Family = Family {
    subject: "receiver",
    or: &["channel", "email", "integration"],
    about: "Whom Alertmanager notifies, how often, of what and in which words. Only what is delivered counts. \
            Without a timing: since the last when-step, until now.",
    keys: &[
        RECEIVER_NAME,
        CHANNEL,
        EMAIL,
        INTEGRATION,
        ADDRESS,
        Key {
            name: "notified",
            takes: Takes::TimesAndTiming,
            about: "It is notified, at least once if nothing else is said: `once within 12m`.",
        },
        Key { name: "times", takes: Takes::Times, about: "How often." },
        Key {
            name: "status",
            takes: Takes::OneOf(&["firing", "resolved"]),
            about: "The notification's status.",
        },
        Key {
            name: "alert",
            takes: Takes::Names,
            about: "The alert it is about; several are told of in one notification.",
        },
        Key { name: "labels", takes: Takes::Pairs, about: "One of its alerts has these labels." },
        Key {
            name: "group_labels",
            takes: Takes::Pairs,
            about: "The labels that its group is made by, all of them.",
        },
        Key { name: "saying", takes: Takes::Text, about: "A text that a reader finds in it." },
        Key {
            name: "subject",
            takes: Takes::Text,
            about: "A text in the mail's subject, or in the title of what else is sent.",
        },
        Key { name: "payload", takes: Takes::Json, about: "A part of the JSON that is sent." },
        Key {
            name: "reason",
            takes: Takes::OneOf(&[
                REASONS[0].as_str(),
                REASONS[1].as_str(),
                REASONS[2].as_str(),
                REASONS[3].as_str(),
                REASONS[4].as_str(),
            ]),
            about: "Why it is sent, in Alertmanager's words.",
        },
        Key {
            name: "nobody_else",
            takes: Takes::OneOf(&["true", "nobody else"]),
            about: "And nobody else is notified of anything in that time.",
        },
    ],
    phrases: &[
        Phrase {
            kinds: THEN,
            about: "The receiver is notified.",
            says: &["(the) receiver {receiver} is notified ({times})"],
            sets: &[("notified", "now")],
            example: "Then receiver \"pagerduty\" is notified once within 12 minutes, \
                      saying \"API error rate is above 5%\"",
            yaml: "{receiver: pagerduty, notified: once within 12m, saying: API error rate is above 5%}",
        },
        Phrase {
            kinds: THEN,
            about: "Somebody is notified at an address, whatever the receiver is called.",
            says: &[
                "(the) channel {channel} is notified ({times})",
                "(an) email to {email} is sent ({times})",
                "(the) {integration} ({address}) is notified ({times})",
            ],
            sets: &[("notified", "now")],
            example: "Then channel \"#critical-alerts\" is notified within 6 minutes about alert \"ApiDown\"",
            yaml: "{channel: \"#critical-alerts\", notified: within 6m, alert: ApiDown}",
        },
        Phrase {
            kinds: THEN,
            about: "The receiver is not notified, or not for a time.",
            says: &["(the) receiver {receiver} is not/never notified"],
            sets: &[("notified", "now"), ("never", "true")],
            example: "Then receiver \"slack\" is not notified for 10 minutes",
            yaml: "{receiver: slack, notified: never within 10m}",
        },
        Phrase {
            kinds: THEN,
            about: "Nobody is notified at an address.",
            says: &[
                "(the) channel {channel} is not/never notified",
                "no email to {email} is sent",
                "(the) {integration} ({address}) is not/never notified",
            ],
            sets: &[("notified", "now"), ("never", "true")],
            example: "Then no email to \"management@example.com\" is sent for 30 minutes with status resolved",
            yaml: "{email: management@example.com, notified: never within 30m, status: resolved}",
        },
    ],
    clauses: &[
        "saying {saying}",
        "with (the) subject {subject}",
        "with (the) status {status}",
        "about (the) alert/alerts {alert}",
        "grouped (together) with (the) (alert/alerts) {alert}",
        "with (the) label/labels {labels}",
        "grouped by {group_labels}",
        "with (the) payload {payload}",
        "because {reason}",
        "{nobody_else} (is) (notified)",
    ],
    build: receiver,
};

fn receiver(args: &mut Args, problems: &mut Vec<Diagnostic>) -> Option<Built> {
    let before = problems.len();
    let to = addressee(args, problems);
    one_claim(args, &[("notified", ())], problems)?;
    let timing = counted(args, timing::read(args, problems)?, problems)?;
    let times = args.times("times", problems).unwrap_or((Comparison::GreaterOrEqual, 1));
    let payload = payload(args, problems);
    let status = args.get("status").map(|arg| match arg.text.as_str() {
        "resolved" => AlertStatus::Resolved,
        _ => AlertStatus::Firing,
    });
    let reason = args.get("reason").and_then(|arg| REASONS.into_iter().find(|r| r.as_str() == arg.text));
    let texts = |key: &str| args.all(key).map(|arg| arg.text.clone()).collect();
    let content = Content {
        status,
        reason,
        alerts: args.spanned("alert"),
        labels: args.labels("labels"),
        group_labels: args.has("group_labels").then(|| args.labels("group_labels")),
        saying: texts("saying"),
        subject: texts("subject"),
        payload,
    };
    let nobody_else = args.has("nobody_else");
    if timing.negated && nobody_else {
        problems.push(
            Diagnostic::error("conflicting-keys", "nobody else than nobody is nobody")
                .at(&args.place)
                .label("say `nobody is notified`"),
        );
    }
    if problems.len() > before {
        return None;
    }
    let claim = NotificationClaim { to: to?, times, content, nobody_else };
    Some(then(Claim::Notified(claim), timing))
}

/// Whom the arguments name.
pub fn addressee(args: &Args, problems: &mut Vec<Diagnostic>) -> Option<Addressee> {
    let kind = match args.get("integration") {
        Some(arg) => {
            let kind = args.integration("integration", problems)?;
            Some(Spanned::new(kind, arg.span.clone()))
        }
        None => args.get("email").map(|arg| Spanned::new(IntegrationKind::Email, arg.span.clone())),
    };
    let addresses = ["channel", "email", "address"];
    let address = addresses.iter().find_map(|key| args.text(key));
    let clash = addresses.iter().filter(|key| args.has(key)).count() > 1
        || args.has("email") && args.has("integration");
    if clash {
        let message = "only one of channel, email and address can be meant at a time";
        problems.push(Diagnostic::error("conflicting-keys", message).at(&args.place).label("in this step"));
        return None;
    }
    let to = Addressee { receiver: args.text("receiver"), kind, address };
    if to == Addressee::default() {
        problems.push(missing(args, "receiver"));
        return None;
    }
    Some(to)
}

fn payload(args: &Args, problems: &mut Vec<Diagnostic>) -> Option<Value> {
    let arg = args.get("payload")?;
    match serde_json::from_str(&arg.text) {
        Ok(value) => Some(value),
        Err(error) => {
            problems.push(
                Diagnostic::error("bad-value", "this is not JSON")
                    .at(&arg.span)
                    .label(error.to_string())
                    .help(format!("wanted {}", Takes::Json.wanted())),
            );
            None
        }
    }
}

/// Notifications are counted, they don't last.
fn counted(args: &Args, timing: Timing, problems: &mut Vec<Diagnostic>) -> Option<Timing> {
    let lasts = timing.lasting.is_some() || timing.throughout.is_some() && !timing.negated;
    if !lasts {
        return Some(timing);
    }
    let place = args.get("for").map_or(&args.place, |arg| &arg.span);
    problems.push(
        Diagnostic::error("bad-timing", "a notification is sent at an instant and does not last")
            .at(place)
            .label("wanted `within`, with a count if need be: `twice within 1h`"),
    );
    None
}

pub static NOBODY: Family = Family {
    subject: "nobody",
    or: &["nobody_else"],
    about: "That no receiver is notified of anything. \"Else\" leaves out whom the then-steps since the last change \
            name.",
    keys: &[
        Key { name: "nobody", takes: Takes::Timing, about: "No receiver is notified." },
        Key { name: "nobody_else", takes: Takes::Timing, about: "No receiver is that was not named before." },
    ],
    phrases: &[
        Phrase {
            kinds: THEN,
            about: "No receiver is notified.",
            says: &["nobody is notified", "no receiver is notified"],
            sets: &[("nobody", "now")],
            example: "Then nobody is notified for 10 minutes",
            yaml: "{nobody: for 10m}",
        },
        Phrase {
            kinds: THEN,
            about: "No receiver is notified but those that were named.",
            says: &["nobody else is notified", "no other receiver is notified"],
            sets: &[("nobody_else", "now")],
            example: "Then nobody else is notified within 15 minutes",
            yaml: "{nobody_else: within 15m}",
        },
    ],
    clauses: &[],
    build: nobody,
};

fn nobody(args: &mut Args, problems: &mut Vec<Diagnostic>) -> Option<Built> {
    let others = one_claim(args, &[("nobody", false), ("nobody_else", true)], problems)?;
    // "Never" says it once more.
    args.imply("never", "true");
    let timing = timing::read(args, problems)?;
    Some(then(Claim::NobodyNotified { others, but: Vec::new() }, timing))
}

pub static ALERT: Family = Family {
    subject: "alert",
    or: &[],
    about: "What Alertmanager does with an alert: what mutes it, and to which receivers its routes lead.",
    keys: &[
        Key { name: "alert", takes: Takes::Name, about: "The alert's name." },
        Key { name: "muted", takes: Takes::Timing, about: "It is kept from a notification." },
        Key {
            name: "by",
            takes: Takes::OneOf(&["inhibition", "silence", "time interval"]),
            about: "What mutes it.",
        },
        Key { name: "source", takes: Takes::Name, about: "The alert that inhibits it." },
        Key { name: "interval", takes: Takes::Name, about: "The time interval that mutes it, by name." },
        Key { name: "receiver", takes: Takes::Name, about: "Only as it would go to this receiver." },
        Key { name: "routed", takes: Takes::Timing, about: "It comes to Alertmanager and takes its routes." },
        Key { name: "to", takes: Takes::Names, about: "All receivers that its routes lead to, in order." },
        Key { name: "labels", takes: Takes::Pairs, about: "Only elements with these labels." },
    ],
    phrases: &[
        Phrase {
            kinds: THEN,
            about: "The alert is muted.",
            says: &["(the) alert {alert} is/stays muted"],
            sets: &[("muted", "now")],
            example: "Then alert \"ApiSlow\" is muted by inhibition by \"ApiDown\" within 10 minutes",
            yaml: "{alert: ApiSlow, muted: within 10m, by: inhibition, source: ApiDown}",
        },
        Phrase {
            kinds: THEN,
            about: "The alert is inhibited, by any alert or by this one.",
            says: &["(the) alert {alert} is inhibited (by {source})"],
            sets: &[("muted", "now"), ("by", "inhibition")],
            example: "Then alert \"ApiSlow\" is inhibited within 10 minutes",
            yaml: "{alert: ApiSlow, muted: within 10m, by: inhibition}",
        },
        Phrase {
            kinds: THEN,
            about: "A silence mutes the alert.",
            says: &["(the) alert {alert} is silenced"],
            sets: &[("muted", "now"), ("by", "silence")],
            example: "Then alert \"ApiSlow\" is silenced within 10 minutes",
            yaml: "{alert: ApiSlow, muted: within 10m, by: silence}",
        },
        Phrase {
            kinds: THEN,
            about: "The alert is not muted, or not for a time.",
            says: &["(the) alert {alert} is not/never muted"],
            sets: &[("muted", "now"), ("never", "true")],
            example: "Then alert \"ApiSlow\" is not muted for 10 minutes",
            yaml: "{alert: ApiSlow, muted: never within 10m}",
        },
        Phrase {
            kinds: THEN,
            about: "The alert's routes lead to these receivers, and to no other.",
            says: &[
                "(the) alert {alert} is routed to (the) (receiver/receivers) {to}",
                "(the) alert {alert} takes the route/routes to (the) (receiver/receivers) {to}",
                "(the) alert {alert} takes the route/routes {to}",
            ],
            sets: &[("routed", "now")],
            example: "Then alert \"ApiDown\" is routed to \"pagerduty\" and \"slack\" within 5 minutes",
            yaml: "{alert: ApiDown, routed: within 5m, to: [pagerduty, slack]}",
        },
    ],
    clauses: &[
        "by (a/an/the) {by}",
        "by (the) (alert) {source}",
        "by (the) time interval {interval}",
        "for (the) receiver {receiver}",
        "with (the) label/labels {labels}",
    ],
    build: alert,
};

fn alert(args: &mut Args, problems: &mut Vec<Diagnostic>) -> Option<Built> {
    let alert = required(args, "alert", problems)?;
    let muted = one_claim(args, &[("muted", true), ("routed", false)], problems)?;
    let timing = timing::read(args, problems)?;
    let labels = args.labels("labels");
    if !muted {
        let to = args.spanned("to");
        if to.is_empty() {
            problems.push(missing(args, "to"));
            return None;
        }
        return Some(then(Claim::Routed(RoutedClaim { alert, labels, to }), timing));
    }
    let (source, name) = (args.text("source"), args.text("interval"));
    let by = match args.get("by").map(|by| by.text.as_str()) {
        Some("silence") if source.is_none() && name.is_none() => Some(MuteCause::Silence),
        Some("inhibition") if name.is_none() => Some(MuteCause::Inhibition { source }),
        Some("time interval") if source.is_none() => Some(MuteCause::TimeInterval { name }),
        None if source.is_some() && name.is_none() => Some(MuteCause::Inhibition { source }),
        None if source.is_none() && name.is_some() => Some(MuteCause::TimeInterval { name }),
        None if source.is_none() => None,
        _ => {
            problems.push(
                Diagnostic::error(
                    "conflicting-keys",
                    "an alert is claimed to be muted by one cause at a time",
                )
                .at(&args.place)
                .label("`source` goes with inhibition, `interval` with a time interval"),
            );
            return None;
        }
    };
    let claim = MutedClaim { alert, labels, by, receiver: args.text("receiver") };
    Some(then(Claim::Muted(claim), timing))
}

impl Args {
    fn times(&self, key: &str, problems: &mut Vec<Diagnostic>) -> Option<crate::scenario::Times> {
        self.value(key, values::times, problems)
    }

    fn integration(&self, key: &str, problems: &mut Vec<Diagnostic>) -> Option<IntegrationKind> {
        self.value(key, values::integration, problems)
    }

    fn spanned(&self, key: &str) -> Vec<Spanned<String>> {
        self.all(key).map(|arg| Spanned::new(arg.text.clone(), arg.span.clone())).collect()
    }
}
