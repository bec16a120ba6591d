//! Changes to the workload: what services do, and what metrics say.

use super::Kind::{self, Given, When};
use super::{Args, Built, Family, Key, Phrase, Takes};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::scenario::{
    Action, Change, Course, Given as GivenStep, MetricName, Outage, What, When as WhenStep,
};

const BOTH: &[Kind] = &[Given, When];

pub(super) const MOMENT: Key = Key {
    name: "moment",
    takes: Takes::Moment,
    about: "A name for this moment, for claims that count their time from it.",
};

pub static SERVICE: Family = Family {
    subject: "service",
    or: &["instance"],
    about: "A synthetic service: its traffic, errors and latency, and whether it is there at all. \
            What a given-step says is what \"recovers\" returns to.",
    keys: &[
        Key { name: "service", takes: Takes::Name, about: "The service's name." },
        Key { name: "instance", takes: Takes::Name, about: "Only this instance of it." },
        Key { name: "route", takes: Takes::Name, about: "Only requests to this route." },
        Key { name: "requests", takes: Takes::Rate, about: "Requests per second." },
        Key { name: "errors", takes: Takes::Ratio, about: "The share of requests that fail." },
        Key { name: "status", takes: Takes::Count, about: "The status that failing requests get." },
        Key { name: "latency", takes: Takes::Latency, about: "How long requests take." },
        Key {
            name: "down",
            takes: Takes::OneOf(&["true", "refuses", "times out", "vanishes"]),
            about: "Scrapes are refused (the default) or time out, or the target leaves discovery.",
        },
        Key {
            name: "flaps",
            takes: Takes::Duration,
            about: "Down for so long, then up for so long, again and again until it recovers; `down` says in which way.",
        },
        Key { name: "restarts", takes: Takes::Flag, about: "Its counters begin at zero again." },
        Key {
            name: "database",
            takes: Takes::OneOf(&["stops", "starts"]),
            about: "What happens to the database that it looks at, as an exporter of PostgreSQL or Redis.",
        },
        Key {
            name: "recovers",
            takes: Takes::Flag,
            about: "Back to what the given-steps said, and up again.",
        },
        MOMENT,
    ],
    phrases: &[
        Phrase {
            kinds: BOTH,
            about: "Sets how many requests arrive.",
            says: &[
                "(the) (service) {service} serves/handles/receives/gets {requests}",
                "(the) (service) {service} traffic rises/drops/falls/climbs/goes/jumps to {requests}",
            ],
            sets: &[],
            example: "Given \"api\" serves 200 requests per second with 0.1% errors",
            yaml: "{service: api, requests: 200/s, errors: 0.1%}",
        },
        Phrase {
            kinds: BOTH,
            about: "Sets the share of requests that fail.",
            says: &[
                "(instance {instance} of) (the) (service) {service} errors rise/drop/fall/climb/go/jump/are to/at {errors}",
                "(instance {instance} of) (the) (service) {service} fails {errors} of (its) requests",
                "the error rate/ratio of {service} rises/drops/falls/climbs/goes/jumps/is to/at {errors}",
            ],
            sets: &[],
            example: "When \"api\" errors rise to 8% with status 503",
            yaml: "{service: api, errors: 8%, status: 503}",
        },
        Phrase {
            kinds: BOTH,
            about: "Sets how long requests take: all the same, or a spread with one quantile given.",
            says: &[
                "(instance {instance} of) (the) (service) {service} latency rises/drops/falls/climbs/goes/jumps/is to/at {latency}",
                "(instance {instance} of) (the) (service) {service} answers/responds in/within {latency}",
                "(instance {instance} of) (the) (service) {service} slows (down) to {latency}",
            ],
            sets: &[],
            example: "When \"api\" latency rises to p95 of 2s on route \"/checkout\"",
            yaml: "{service: api, latency: p95 of 2s, route: /checkout}",
        },
        Phrase {
            kinds: BOTH,
            about: "Takes it down: scrapes are refused.",
            says: &[
                "(instance {instance} of) (the) (service) {service} goes down",
                "(instance {instance} of) (the) (service) {service} is down",
                "(instance {instance} of) (the) (service) {service} crashes/stops",
                "instance {instance} goes down",
                "instance {instance} is down",
                "instance {instance} crashes/stops",
            ],
            sets: &[("down", "refuses")],
            example: "When instance \"api-0\" goes down",
            yaml: "{service: api, instance: api-0, down: true}",
        },
        Phrase {
            kinds: BOTH,
            about: "Makes it unreachable: scrapes run into their timeout.",
            says: &[
                "(instance {instance} of) (the) (service) {service} is/becomes unreachable",
                "(instance {instance} of) (the) (service) {service} hangs",
                "instance {instance} is/becomes unreachable",
                "instance {instance} hangs",
            ],
            sets: &[("down", "times out")],
            example: "When \"api\" becomes unreachable",
            yaml: "{service: api, down: times out}",
        },
        Phrase {
            kinds: BOTH,
            about: "Takes its targets out of discovery.",
            says: &[
                "(instance {instance} of) (the) (service) {service} vanishes/disappears (from discovery)",
                "instance {instance} vanishes/disappears (from discovery)",
            ],
            sets: &[("down", "vanishes")],
            example: "When instance \"api-1\" vanishes from discovery",
            yaml: "{service: api, instance: api-1, down: vanishes}",
        },
        Phrase {
            kinds: &[When],
            about: "Takes it down now, and changes that every so often: down for 30 seconds, up for 30 seconds, down \
                    again, until it recovers. Each time its counters begin at zero.",
            says: &[
                "(instance {instance} of) (the) (service) {service} flaps every {flaps}",
                "instance {instance} flaps every {flaps}",
            ],
            sets: &[],
            example: "When instance \"api-1\" flaps every 30 seconds",
            yaml: "{service: api, instance: api-1, flaps: 30s}",
        },
        Phrase {
            kinds: &[When],
            about: "Restarts it: counters begin at zero again.",
            says: &[
                "(instance {instance} of) (the) (service) {service} restarts",
                "instance {instance} restarts",
            ],
            sets: &[("restarts", "true")],
            example: "When \"api\" restarts",
            yaml: "{service: api, restarts: true}",
        },
        Phrase {
            kinds: &[When],
            about: "Stops the database that an exporter looks at: `pg_up` or `redis_up` is 0, and all that only a running \
                    database can tell is gone. Where the exporter is real, the very database is stopped.",
            says: &[
                "the database of (instance {instance} of) (the) (service) {service} goes/is down",
                "the database of (instance {instance} of) (the) (service) {service} stops",
            ],
            sets: &[("database", "stops")],
            example: "When the database of \"postgres-exporter\" goes down",
            yaml: "{service: postgres-exporter, database: stops}",
        },
        Phrase {
            kinds: &[When],
            about: "Starts that database again.",
            says: &[
                "the database of (instance {instance} of) (the) (service) {service} comes back",
                "the database of (instance {instance} of) (the) (service) {service} starts/recovers (again)",
            ],
            sets: &[("database", "starts")],
            example: "When the database of \"postgres-exporter\" comes back",
            yaml: "{service: postgres-exporter, database: starts}",
        },
        Phrase {
            kinds: &[When],
            about: "Brings it back to what the given-steps and the stack said.",
            says: &[
                "(instance {instance} of) (the) (service) {service} recovers",
                "(instance {instance} of) (the) (service) {service} comes back",
                "instance {instance} recovers",
                "instance {instance} comes back",
            ],
            sets: &[("recovers", "true")],
            example: "When \"api\" recovers",
            yaml: "{service: api, recovers: true}",
        },
    ],
    clauses: &[
        "(with) {errors} errors",
        "with (an) error rate/ratio (of) {errors}",
        "with status {status}",
        "(with) (a) (latency) (of) {latency}",
        "on route {route}",
        "on instance {instance}",
        "of (the) (service) {service}",
    ],
    build: service,
};

fn service(args: &mut Args, problems: &mut Vec<Diagnostic>) -> Option<Built> {
    let before = problems.len();
    let instance = args.text("instance");
    // An instance's name is enough; whose it is, is known once the stack is.
    let unnamed = || instance.as_ref().map(|instance| Spanned::new(String::new(), instance.span.clone()));
    let Some(service) = args.text("service").or_else(unnamed) else {
        problems.push(missing(args, "service", "a service"));
        return None;
    };
    let route = args.text("route").map(|route| route.value);
    let mut changes = Vec::new();
    if let Some(per_second) = args.rate("requests", problems) {
        let (service, route) = (service.clone(), route.clone());
        changes.push(Change::Traffic { service, route, per_second });
    }
    let status = args.count("status", problems);
    let status = match status.map(u16::try_from) {
        Some(Ok(status)) if (100..=599).contains(&status) => Some(status),
        Some(_) => {
            let place = args.get("status").map_or(&args.place, |arg| &arg.span);
            problems.push(
                Diagnostic::error("bad-value", "this is no HTTP status")
                    .at(place)
                    .label("wanted a status between 100 and 599"),
            );
            None
        }
        None => None,
    };
    if let Some(ratio) = args.ratio("errors", problems) {
        let (service, route, instance) = (service.clone(), route.clone(), instance.clone());
        changes.push(Change::Errors { service, route, instance, ratio, status });
    } else if let Some(status) = args.get("status") {
        problems.push(
            Diagnostic::error("missing-key", "a status needs `errors`: which share of requests gets it?")
                .at(&status.span)
                .label("no errors are set here"),
        );
    }
    if let Some(latency) = args.latency("latency", problems) {
        let (service, route, instance) = (service.clone(), route.clone(), instance.clone());
        changes.push(Change::Latency { service, route, instance, latency });
    }
    let how = args.get("down").map(|how| match how.text.as_str() {
        "times out" => Outage::TimesOut,
        "vanishes" => Outage::Vanishes,
        _ => Outage::Refuses,
    });
    match (args.duration("flaps", problems), how) {
        (Some(_), Some(Outage::Vanishes)) => problems.push(
            Diagnostic::error("conflicting-keys", "what flaps stays in discovery")
                .at(&args.place)
                .label("refuses or times out, and can't vanish"),
        ),
        (Some(every), how) => {
            let how = how.unwrap_or(Outage::Refuses);
            changes.push(Change::Flaps { service: service.clone(), instance: instance.clone(), how, every });
        }
        (None, Some(how)) => {
            changes.push(Change::Down { service: service.clone(), instance: instance.clone(), how });
        }
        (None, None) => {}
    }
    if args.has("restarts") {
        changes.push(Change::Restarts { service: service.clone(), instance: instance.clone() });
    }
    if let Some(database) = args.get("database") {
        let runs = database.text == "starts";
        changes.push(Change::Database { service: service.clone(), instance: instance.clone(), runs });
    }
    if args.has("recovers") {
        changes.push(Change::Recovers { service, instance });
    }
    finish(
        args,
        changes,
        before,
        "say what changes: requests, errors, latency, down, flaps, restarts, database or recovers",
        problems,
    )
}

pub static METRIC: Family = Family {
    subject: "metric",
    or: &[],
    about: "A metric by name and labels, taken out of the services' hands: every series that fits is meant.",
    keys: &[
        Key { name: "metric", takes: Takes::Name, about: "The metric's name." },
        Key { name: "labels", takes: Takes::Pairs, about: "Only series with these labels." },
        Key { name: "service", takes: Takes::Name, about: "Only as this service exports it." },
        Key { name: "value", takes: Takes::Number, about: "Its value from now on." },
        Key {
            name: "ramps_to",
            takes: Takes::Number,
            about: "The value it moves to in a straight line, `over` this time.",
        },
        Key { name: "over", takes: Takes::Duration, about: "How long the ramp takes." },
        Key { name: "increases", takes: Takes::Rate, about: "How much a counter grows per second." },
        Key { name: "around", takes: Takes::Number, about: "The mean of a noisy metric." },
        Key { name: "by", takes: Takes::Number, about: "How far noise strays from the mean at most." },
        Key { name: "gone", takes: Takes::Flag, about: "It is no longer exported." },
        MOMENT,
    ],
    phrases: &[
        Phrase {
            kinds: BOTH,
            about: "Sets a gauge, or a counter's total, at once.",
            says: &[
                "(the) metric {metric} is (set) (to) {value}",
                "(the) metric {metric} becomes {value}",
                "(the) metric {metric} rises/drops/falls/jumps/goes to {value}",
            ],
            sets: &[],
            example: "When metric \"queue_depth\" rises to 500 with label queue=\"mail\"",
            yaml: "{metric: queue_depth, labels: {queue: mail}, value: 500}",
        },
        Phrase {
            kinds: BOTH,
            about: "Moves a gauge in a straight line.",
            says: &[
                "(the) metric {metric} ramps/climbs/moves/sinks to {ramps_to} over/in/within {over}",
                "(the) metric {metric} rises/drops/falls/goes to {ramps_to} over/in/within {over}",
            ],
            sets: &[],
            example: "When metric \"disk_used_ratio\" ramps to 95% over 30 minutes",
            yaml: "{metric: disk_used_ratio, ramps_to: 95%, over: 30m}",
        },
        Phrase {
            kinds: BOTH,
            about: "Makes a counter grow.",
            says: &["(the) metric {metric} increases/grows by {increases}"],
            sets: &[],
            example: "When metric \"jobs_failed_total\" increases by 5 per second",
            yaml: "{metric: jobs_failed_total, increases: 5/s}",
        },
        Phrase {
            kinds: BOTH,
            about: "Lets a gauge stray around a mean, by the seed.",
            says: &["(the) metric {metric} varies/strays around {around} by {by}"],
            sets: &[],
            example: "Given metric \"active_users\" varies around 1000 by 50",
            yaml: "{metric: active_users, around: 1000, by: 50}",
        },
        Phrase {
            kinds: BOTH,
            about: "Stops exporting it.",
            says: &["(the) metric {metric} vanishes/disappears", "(the) metric {metric} is gone/absent"],
            sets: &[("gone", "true")],
            example: "When metric \"queue_depth\" disappears",
            yaml: "{metric: queue_depth, gone: true}",
        },
    ],
    clauses: &["with label/labels {labels}", "of/on/for (the) (service) {service}"],
    build: metric,
};

fn metric(args: &mut Args, problems: &mut Vec<Diagnostic>) -> Option<Built> {
    let before = problems.len();
    let Some(name) = args.text("metric") else {
        problems.push(missing(args, "metric", "a metric"));
        return None;
    };
    let metric = MetricName { name, labels: args.labels("labels"), service: args.text("service") };
    let mut courses = Vec::new();
    courses.extend(args.number("value", problems).map(Course::Set));
    courses.extend(args.rate("increases", problems).map(Course::PerSecond));
    let (to, over) = (args.number("ramps_to", problems), args.duration("over", problems));
    match (to, over) {
        (Some(to), Some(over)) => courses.push(Course::Ramp { to, over }),
        (None, None) => {}
        _ => problems.extend(one_of_two(args, "ramps_to", "over", before, problems)),
    }
    match (args.number("around", problems), args.number("by", problems)) {
        (Some(mean), Some(spread)) => courses.push(Course::Noise { mean, spread }),
        (None, None) => {}
        _ => problems.extend(one_of_two(args, "around", "by", before, problems)),
    }
    let mut changes: Vec<Change> =
        courses.into_iter().map(|course| Change::Metric { metric: metric.clone(), course }).collect();
    if args.has("gone") {
        changes.push(Change::MetricGone { metric });
    }
    if changes.len() > 1 {
        problems.push(
            Diagnostic::error("conflicting-keys", "a metric can take only one course at a time")
                .at(&args.place)
                .label("two are said here"),
        );
    }
    finish(args, changes, before, "say its course: value, ramps_to, increases, around or gone", problems)
}

fn one_of_two(
    args: &Args,
    one: &'static str,
    other: &'static str,
    before: usize,
    problems: &[Diagnostic],
) -> Option<Diagnostic> {
    // A half that could not be read has been complained of.
    let absent = if args.has(one) { other } else { one };
    (problems.len() == before).then(|| missing(args, absent, "this course"))
}

pub(super) fn missing(args: &Args, key: &str, what: &str) -> Diagnostic {
    Diagnostic::error("missing-key", format!("{what} needs `{key}`"))
        .at(&args.place)
        .label(format!("`{key}` is missing here"))
}

pub(super) fn finish(
    args: &Args,
    changes: Vec<Change>,
    before: usize,
    wanted: &str,
    problems: &mut Vec<Diagnostic>,
) -> Option<Built> {
    if problems.len() > before {
        return None;
    }
    if changes.is_empty() {
        problems.push(
            Diagnostic::error("nothing-changes", "this step changes nothing").at(&args.place).label(wanted),
        );
        return None;
    }
    Some(Built::Step(match args.kind {
        Kind::When => What::When(WhenStep {
            moment: args.text("moment").map(|moment| moment.value),
            action: Action::Changes(changes),
        }),
        _ => What::Given(GivenStep::Changes(changes)),
    }))
}
