//! The one table of steps. A family is what a step talks about (a service, an alert); its keys are the YAML
//! form, its phrases the Gherkin, and both give the same arguments to the same builder.
//!
//! Matching, `firedrill steps`, the docs page and the JSON schema are all read from [`FAMILIES`].

mod alertmanager;
mod args;
mod claims;
mod notifications;
mod pattern;
mod programs;
mod pushed;
mod replicas;
mod scene;
mod sentence;
mod timing;
mod workload;

pub use alertmanager::unreadable as unreadable_matchers;
pub use args::{Arg, Args, refused};
pub use pattern::Pattern;
pub use sentence::{DOC_STRING, Sentence, understand};
pub use timing::{CLAUSES as TIMING_CLAUSES, expand as expand_timing, keys as timing_keys};

use super::{What, values};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::time::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Given,
    When,
    Then,
}

impl Kind {
    pub const ALL: [Kind; 3] = [Kind::Given, Kind::When, Kind::Then];

    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Given => "Given",
            Kind::When => "When",
            Kind::Then => "Then",
        }
    }
}

/// What a step talks about, and everything that can be said of it.
pub struct Family {
    /// The YAML key that says which family a step is of.
    pub subject: &'static str,
    /// Other keys that say so in its place.
    pub or: &'static [&'static str],
    pub about: &'static str,
    pub keys: &'static [Key],
    pub phrases: &'static [Phrase],
    /// What may follow a phrase, in any order: `with label severity="critical"`.
    pub clauses: &'static [&'static str],
    pub build: fn(&mut Args, &mut Vec<Diagnostic>) -> Option<Built>,
}

pub struct Phrase {
    pub kinds: &'static [Kind],
    pub about: &'static str,
    /// `a/b` is either word, `(x)` may be left out, `{key}` is a value of that key.
    pub says: &'static [&'static str],
    /// What the words mean that hold no value: `goes down` sets `down`.
    pub sets: &'static [(&'static str, &'static str)],
    pub example: &'static str,
    pub yaml: &'static str,
}

pub struct Key {
    pub name: &'static str,
    pub takes: Takes,
    pub about: &'static str,
}

/// What a value must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// A name in quotes; in YAML quotes are as YAML wants them.
    Name,
    /// A name of a moment: quoted or one bare word.
    Moment,
    /// Free text.
    Text,
    /// PromQL.
    Expression,
    /// `severity="critical"`, or a mapping.
    Pairs,
    /// Several names in quotes; in YAML a list, or one.
    Names,
    /// Alertmanager's name of a kind of receiver: `pagerduty`, in any case.
    Integration,
    /// How often: `once`, `3 times`.
    Times,
    /// JSON; in YAML any value.
    Json,
    Duration,
    Number,
    Ratio,
    Rate,
    Latency,
    Comparison,
    Count,
    Time,
    /// `true`, in YAML only.
    Flag,
    OneOf(&'static [&'static str]),
    /// `within 5m of errors-rise`, in YAML only: Gherkin says it in clauses.
    Timing,
    /// `above 0.05 within 5m`, in YAML only.
    ComparisonAndTiming,
    /// `once within 12m`, in YAML only.
    TimesAndTiming,
}

impl Takes {
    /// Whether a timing is part of it.
    pub fn is_timed(self) -> bool {
        matches!(self, Takes::Timing | Takes::ComparisonAndTiming | Takes::TimesAndTiming)
    }

    pub fn wanted(self) -> values::Wanted {
        match self {
            Takes::Name => "a name in quotes such as `\"api\"`",
            Takes::Moment => "the name of a moment such as `\"errors-rise\"`",
            Takes::Text => "a text in quotes such as `\"is above 5%\"`",
            Takes::Expression => "a PromQL expression such as `` `sum(up)` ``",
            Takes::Pairs => "names with values such as `severity=\"critical\"`",
            Takes::Names => "names in quotes such as `\"pagerduty\" and \"slack\"`",
            Takes::Integration => values::INTEGRATION,
            Takes::Times => values::TIMES,
            Takes::Json => "JSON such as `{\"status\": \"firing\"}`",
            Takes::TimesAndTiming => "how often, and when, such as `once within 5m` or `never within 10m`",
            Takes::Duration => values::DURATION,
            Takes::Number => values::NUMBER,
            Takes::Ratio => values::RATIO,
            Takes::Rate => values::RATE,
            Takes::Latency => values::LATENCY,
            Takes::Comparison => values::COMPARISON,
            Takes::Count => values::COUNT,
            Takes::Time => values::TIMESTAMP,
            Takes::Flag => "`true`",
            Takes::OneOf(_) => "one of the known words",
            Takes::Timing => "a timing such as `now`, `within 5m` or `never within 10m`",
            Takes::ComparisonAndTiming => "a comparison such as `above 0.05 within 5m`",
        }
    }

    /// Whether this text is such a value.
    pub fn accepts(self, text: &str) -> bool {
        match self {
            Takes::Integration => values::integration(text).is_ok(),
            Takes::Times => values::times(text).is_ok(),
            Takes::Duration => values::duration(text).is_ok(),
            Takes::Number => values::number(text).is_ok(),
            Takes::Ratio => values::ratio(text).is_ok(),
            Takes::Rate => values::rate(text).is_ok(),
            Takes::Latency => values::latency(text).is_ok(),
            Takes::Comparison => values::comparison(text).is_ok(),
            Takes::Count => text.parse::<u64>().is_ok(),
            Takes::Time => values::timestamp(text).is_ok(),
            Takes::Flag => text == "true",
            Takes::OneOf(words) => words.contains(&text),
            _ => true,
        }
    }
}

/// What a step came to be.
#[derive(Debug)]
pub enum Built {
    Step(What),
    Stack(Spanned<String>),
    Seed(u64),
    Start(Timestamp),
}

pub static FAMILIES: &[&Family] = &[
    &scene::STACK,
    &scene::SEED,
    &scene::START,
    &workload::SERVICE,
    &workload::METRIC,
    &scene::WAIT,
    &claims::ALERT,
    &claims::TARGET,
    &claims::JOB,
    &claims::EXPR,
    &claims::SERIES,
    &claims::RULE,
    &notifications::RECEIVER,
    &notifications::NOBODY,
    &notifications::ALERT,
    &pushed::PUSHED,
    &alertmanager::SILENCE,
    &alertmanager::RECEIVER,
    &programs::ALERTMANAGER,
    &programs::PROMETHEUS,
    &replicas::REPLICAS,
    &replicas::REPLICA,
];

impl Family {
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().chain(timing::keys()).find(|key| key.name == name)
    }

    /// With its article, for messages.
    pub fn named(&self) -> String {
        let article = if self.subject.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        match self.subject {
            "expr" => "an expression".to_owned(),
            "series" => "series".to_owned(),
            subject => format!("{article} {subject}"),
        }
    }

    pub fn fits(&self, kind: Kind) -> bool {
        self.phrases.iter().any(|phrase| phrase.kinds.contains(&kind))
    }

    /// Whether some key takes a timing, so that timing clauses may follow.
    pub fn is_timed(&self) -> bool {
        self.keys.iter().any(|key| key.takes.is_timed())
    }

    /// Whether this key says that a step is of this family.
    pub fn is_about(&self, key: &str) -> bool {
        self.subject == key || self.or.contains(&key)
    }
}

#[cfg(test)]
mod tests;
