//! Claims about what is seen: alerts, targets, expressions, series, rules.

use super::Kind::Then;
use super::{Args, Built, Family, Key, Phrase, Takes, timing};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::labels::Labels;
use crate::scenario::{AlertClaim, Claim, ClaimedState, TextMatch, Then as ThenStep, What};

const THEN: &[super::Kind] = &[Then];

pub static ALERT: Family = Family {
    subject: "alert",
    or: &[],
    about: "An alert's state, as Prometheus has it. Without a timing it must hold now.",
    keys: &[
        Key { name: "alert", takes: Takes::Name, about: "The alert's name." },
        Key { name: "fires", takes: Takes::Timing, about: "It is firing." },
        Key { name: "pending", takes: Takes::Timing, about: "It is pending." },
        Key { name: "inactive", takes: Takes::Timing, about: "It is neither pending nor firing." },
        Key { name: "resolves", takes: Takes::Timing, about: "It was firing and is not any more." },
        Key { name: "labels", takes: Takes::Pairs, about: "Only elements with these labels." },
        Key { name: "annotations", takes: Takes::Pairs, about: "Annotations, word for word." },
        Key { name: "saying", takes: Takes::Text, about: "A text that one of its annotations contains." },
        Key { name: "value", takes: Takes::Comparison, about: "The value of its expression." },
        Key { name: "count", takes: Takes::Count, about: "How many elements are in that state." },
    ],
    phrases: &[
        Phrase {
            kinds: THEN,
            about: "The alert is firing.",
            says: &[
                "(the) alert {alert} is (still) firing",
                "(the) alert {alert} fires",
                "(the) alert {alert} keeps/stays firing",
            ],
            sets: &[("fires", "now")],
            example: "Then alert \"APIHighErrorRate\" is firing within 11 minutes with label severity=\"critical\"",
            yaml: "{alert: APIHighErrorRate, fires: within 11m, labels: {severity: critical}}",
        },
        Phrase {
            kinds: THEN,
            about: "The alert is not firing, or does not fire for a time.",
            says: &[
                "(the) alert {alert} is not firing",
                "(the) alert {alert} does not fire",
                "(the) alert {alert} never fires",
                "(the) alert {alert} is never firing",
            ],
            sets: &[("fires", "now"), ("never", "true")],
            example: "Then alert \"APIHighErrorRate\" does not fire for 10 minutes",
            yaml: "{alert: APIHighErrorRate, fires: never within 10m}",
        },
        Phrase {
            kinds: THEN,
            about: "The alert is pending: its expression holds, its `for` is not over.",
            says: &["(the) alert {alert} is/becomes/stays pending"],
            sets: &[("pending", "now")],
            example: "Then alert \"APIHighErrorRate\" is pending within 2 minutes",
            yaml: "{alert: APIHighErrorRate, pending: within 2m}",
        },
        Phrase {
            kinds: THEN,
            about: "The alert is not pending, or does not become so for a time.",
            says: &[
                "(the) alert {alert} is not pending",
                "(the) alert {alert} is never pending",
                "(the) alert {alert} does not become pending",
                "(the) alert {alert} never becomes pending",
            ],
            sets: &[("pending", "now"), ("never", "true")],
            example: "Then alert \"APIHighErrorRate\" does not become pending for 10 minutes",
            yaml: "{alert: APIHighErrorRate, pending: never within 10m}",
        },
        Phrase {
            kinds: THEN,
            about: "The alert is neither pending nor firing.",
            says: &["(the) alert {alert} is/becomes/stays inactive"],
            sets: &[("inactive", "now")],
            example: "Then alert \"APIHighErrorRate\" stays inactive for 10 minutes",
            yaml: "{alert: APIHighErrorRate, inactive: for 10m}",
        },
        Phrase {
            kinds: THEN,
            about: "The alert was firing and is not any more.",
            says: &["(the) alert {alert} resolves", "(the) alert {alert} is resolved"],
            sets: &[("resolves", "now")],
            example: "Then alert \"APIHighErrorRate\" resolves within 7 minutes",
            yaml: "{alert: APIHighErrorRate, resolves: within 7m}",
        },
        Phrase {
            kinds: THEN,
            about: "The alert goes on firing.",
            says: &[
                "(the) alert {alert} does not resolve",
                "(the) alert {alert} is not resolved",
                "(the) alert {alert} never resolves",
            ],
            sets: &[("resolves", "now"), ("never", "true")],
            example: "Then alert \"APIHighErrorRate\" does not resolve within 5 minutes",
            yaml: "{alert: APIHighErrorRate, resolves: never within 5m}",
        },
    ],
    clauses: &[
        "with (the) label/labels {labels}",
        "with (the) annotation/annotations {annotations}",
        "saying {saying}",
        "with (a) value (of) {value}",
        "with exactly {count} element/elements/alert/alerts/series",
    ],
    build: alert,
};

fn alert(args: &mut Args, problems: &mut Vec<Diagnostic>) -> Option<Built> {
    let alert = required(args, "alert", problems)?;
    const STATES: [(&str, ClaimedState); 4] = [
        ("fires", ClaimedState::Firing),
        ("pending", ClaimedState::Pending),
        ("inactive", ClaimedState::Inactive),
        ("resolves", ClaimedState::Resolved),
    ];
    let state = one_claim(args, &STATES, problems)?;
    let timing = timing::read(args, problems);
    let value = args.comparison("value", problems);
    let count = args.count("count", problems);
    let exact = args.pairs("annotations");
    let exact = exact.into_iter().map(|(name, text)| (name.value, TextMatch::Is(text.value)));
    // No name: any annotation may say it.
    let saying = args.all("saying").map(|arg| (String::new(), TextMatch::Contains(arg.text.clone())));
    let annotations = exact.chain(saying).collect();
    if args.has("value") && value.is_none() || args.has("count") && count.is_none() {
        return None;
    }
    let claim = AlertClaim {
        alert,
        labels: args.labels("labels"),
        state,
        annotations,
        value,
        count: count.map(|count| usize::try_from(count).unwrap_or(usize::MAX)),
    };
    Some(then(Claim::Alert(claim), timing?))
}

const UP: Key = Key { name: "up", takes: Takes::Timing, about: "Its scrapes succeed." };
const DOWN: Key = Key { name: "down", takes: Takes::Timing, about: "Its scrapes fail." };

pub static TARGET: Family = Family {
    subject: "target",
    or: &[],
    about: "A target of Prometheus, by its `instance` label.",
    keys: &[
        Key { name: "target", takes: Takes::Name, about: "The target's `instance`: `api-0:8080`." },
        UP,
        DOWN,
        Key { name: "labels", takes: Takes::Pairs, about: "Further labels, to tell targets apart." },
        Key { name: "job", takes: Takes::Name, about: "Only as a target of this job." },
    ],
    phrases: &[
        Phrase {
            kinds: THEN,
            about: "The target is scraped.",
            says: &["(the) target {target} (of job {job}) is/becomes/stays up"],
            sets: &[("up", "now")],
            example: "Then target \"api-0:8080\" is up within 1 minute",
            yaml: "{target: \"api-0:8080\", up: within 1m}",
        },
        Phrase {
            kinds: THEN,
            about: "The target can't be scraped.",
            says: &["(the) target {target} (of job {job}) is/goes/becomes/stays down"],
            sets: &[("down", "now")],
            example: "Then target \"api-0:8080\" of job \"api\" is down within 1 minute",
            yaml: "{target: \"api-0:8080\", job: api, down: within 1m}",
        },
    ],
    clauses: &["with label/labels {labels}", "of job {job}"],
    build: target,
};

pub static JOB: Family = Family {
    subject: "job",
    or: &[],
    about: "All targets of a scrape job.",
    keys: &[
        Key { name: "job", takes: Takes::Name, about: "The `job_name`." },
        UP,
        DOWN,
        Key { name: "labels", takes: Takes::Pairs, about: "Only targets with these labels." },
    ],
    phrases: &[
        Phrase {
            kinds: THEN,
            about: "Every target of the job is scraped.",
            says: &["(the) (every) (target) (of) job {job} is/becomes/stays up"],
            sets: &[("up", "now")],
            example: "Then job \"api\" is up within 1 minute",
            yaml: "{job: api, up: within 1m}",
        },
        Phrase {
            kinds: THEN,
            about: "No target of the job can be scraped.",
            says: &["(the) (every) (target) (of) job {job} is/goes/becomes/stays down"],
            sets: &[("down", "now")],
            example: "Then job \"api\" is down within 1 minute",
            yaml: "{job: api, down: within 1m}",
        },
    ],
    clauses: &["with label/labels {labels}"],
    build: target,
};

fn target(args: &mut Args, problems: &mut Vec<Diagnostic>) -> Option<Built> {
    let up = one_claim(args, &[("up", true), ("down", false)], problems)?;
    let timing = timing::read(args, problems)?;
    let named = [("instance", args.text("target")), ("job", args.text("job"))];
    let mut labels: Labels = args.labels("labels");
    for (label, value) in named {
        if let Some(value) = value {
            labels = labels.with(label, value.value);
        }
    }
    Some(then(Claim::Target { labels, up }, timing))
}

pub static EXPR: Family = Family {
    subject: "expr",
    or: &[],
    about: "A PromQL expression compared with a number; every element of its result must agree, and there must be one.",
    keys: &[
        Key { name: "expr", takes: Takes::Expression, about: "The expression." },
        Key {
            name: "is",
            takes: Takes::ComparisonAndTiming,
            about: "The comparison and when: `above 0.05 within 5m`.",
        },
        Key { name: "compare", takes: Takes::Comparison, about: "The comparison." },
    ],
    phrases: &[
        Phrase {
            kinds: THEN,
            about: "The expression's value compares so.",
            says: &[
                "(the) (value of) (the) expression/query {expr} is/stays/gives/equals/returns {compare}",
                "(the) (value of) (the) expression/query {expr} rises/climbs/goes/falls/drops {compare}",
                "(the) (value of) (the) expression/query is/stays/gives/equals/returns {compare}",
            ],
            sets: &[],
            example: "Then the expression `sum(rate(errors_total[5m]))` is above 0.05 within 5 minutes",
            yaml: "{expr: \"sum(rate(errors_total[5m]))\", is: above 0.05 within 5m}",
        },
        Phrase {
            kinds: THEN,
            about: "The expression's value never compares so.",
            says: &["(the) (value of) (the) expression/query {expr} is never {compare}"],
            sets: &[("never", "true")],
            example: "Then the expression `sum(rate(errors_total[5m]))` is never above 0.05 for 10 minutes",
            yaml: "{expr: \"sum(rate(errors_total[5m]))\", is: below 0.05 for 10m}",
        },
    ],
    clauses: &[],
    build: expression,
};

fn expression(args: &mut Args, problems: &mut Vec<Diagnostic>) -> Option<Built> {
    let given = required(args, "expr", problems);
    if given.is_some() && !args.has("compare") {
        problems.push(missing(args, "is"));
    }
    let expr = args.expression("expr", problems);
    let (compare, number) = args.comparison("compare", problems)?;
    let timing = timing::read(args, problems)?;
    Some(then(Claim::Expr { expr: expr?, compare, number }, timing))
}

pub static SERIES: Family = Family {
    subject: "series",
    or: &[],
    about: "Whether a selector finds any series.",
    keys: &[
        Key { name: "series", takes: Takes::Expression, about: "The selector: `up{job=\"api\"}`." },
        Key { name: "exists", takes: Takes::Timing, about: "It finds at least one." },
        Key { name: "absent", takes: Takes::Timing, about: "It finds none." },
    ],
    phrases: &[
        Phrase {
            kinds: THEN,
            about: "The selector finds at least one series.",
            says: &["(the) series {series} exists", "there is a series {series}"],
            sets: &[("exists", "now")],
            example: "Then series `up{job=\"api\"}` exists within 1 minute",
            yaml: "{series: 'up{job=\"api\"}', exists: within 1m}",
        },
        Phrase {
            kinds: THEN,
            about: "The selector finds nothing.",
            says: &[
                "(the) series {series} is/becomes/stays absent",
                "(the) series {series} does not exist",
                "there is no series {series}",
            ],
            sets: &[("absent", "now")],
            example: "Then series `up{job=\"api\"}` is absent within 5 minutes",
            yaml: "{series: 'up{job=\"api\"}', absent: within 5m}",
        },
    ],
    clauses: &[],
    build: series,
};

fn series(args: &mut Args, problems: &mut Vec<Diagnostic>) -> Option<Built> {
    required(args, "series", problems)?;
    let selector = args.expression("series", problems)?;
    let exists = one_claim(args, &[("exists", true), ("absent", false)], problems)?;
    let timing = timing::read(args, problems)?;
    Some(then(Claim::Series { selector, exists }, timing))
}

pub static RULE: Family = Family {
    subject: "rule",
    or: &[],
    about: "The health of a rule, as Prometheus' rules page shows it.",
    keys: &[
        Key {
            name: "rule",
            takes: Takes::Name,
            about: "The alert's or record's name; `\"*\"` is every rule.",
        },
        Key { name: "healthy", takes: Takes::Timing, about: "It evaluates without an error." },
    ],
    phrases: &[
        Phrase {
            kinds: THEN,
            about: "The rule evaluates without an error.",
            says: &["(the) rule {rule} is/becomes/stays healthy"],
            sets: &[("healthy", "now")],
            example: "Then rule \"APIHighErrorRate\" is healthy",
            yaml: "{rule: APIHighErrorRate, healthy: now}",
        },
        Phrase {
            kinds: THEN,
            about: "Every rule evaluates without an error.",
            says: &["every rule is/stays healthy", "all rules are/stay healthy"],
            sets: &[("rule", "*"), ("healthy", "now")],
            example: "Then every rule is healthy for 10 minutes",
            yaml: "{rule: \"*\", healthy: for 10m}",
        },
        Phrase {
            kinds: THEN,
            about: "The rule fails to evaluate.",
            says: &["(the) rule {rule} is not healthy", "(the) rule {rule} is/becomes unhealthy"],
            sets: &[("healthy", "now"), ("never", "true")],
            example: "Then rule \"APIHighErrorRate\" is not healthy",
            yaml: "{rule: APIHighErrorRate, healthy: not now}",
        },
    ],
    clauses: &[],
    build: rule,
};

fn rule(args: &mut Args, problems: &mut Vec<Diagnostic>) -> Option<Built> {
    let rule = required(args, "rule", problems)?;
    one_claim(args, &[("healthy", ())], problems)?;
    let timing = timing::read(args, problems)?;
    let rule = Some(rule).filter(|rule| rule.value != "*");
    Some(then(Claim::RuleHealthy { rule }, timing))
}

pub(super) fn then(claim: Claim, timing: crate::scenario::Timing) -> Built {
    Built::Step(What::Then(ThenStep { claim, timing }))
}

pub(super) fn required(
    args: &Args,
    key: &'static str,
    problems: &mut Vec<Diagnostic>,
) -> Option<Spanned<String>> {
    let found = args.text(key);
    if found.is_none() {
        problems.push(missing(args, key));
    }
    found
}

pub(super) fn missing(args: &Args, key: &str) -> Diagnostic {
    Diagnostic::error("missing-key", format!("this claim needs `{key}`"))
        .at(&args.place)
        .label(format!("`{key}` is missing here"))
}

/// The one key of several that says what is claimed.
pub(super) fn one_claim<T: Copy>(
    args: &Args,
    known: &[(&'static str, T)],
    problems: &mut Vec<Diagnostic>,
) -> Option<T> {
    let said: Vec<&(&str, T)> = known.iter().filter(|(key, _)| args.has(key)).collect();
    match said.as_slice() {
        [(_, claim)] => Some(*claim),
        others => {
            let names: Vec<&str> = known.iter().map(|(key, _)| *key).collect();
            let (id, message) = match others.len() {
                0 => ("missing-key", format!("this claim needs one of {}", names.join(", "))),
                _ => {
                    ("conflicting-keys", format!("only one of {} can be claimed at a time", names.join(", ")))
                }
            };
            problems.push(Diagnostic::error(id, message).at(&args.place).label("in this step"));
            None
        }
    }
}
