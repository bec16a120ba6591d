//! When a claim must hold: `within 5m`, `for 10 minutes`, `never within 10m`, `within 5m of errors-rise`.
//!
//! Gherkin says it in clauses after the claim, YAML as the value of the claim's key; the words are the same.

use super::pattern::{Word, joined, words};
use super::sentence::{Sentence, follow};
use super::{Arg, Args, Family, Key, Takes};
use crate::diagnostic::{Diagnostic, Span};
use crate::scenario::{Timing, values};
use crate::time::Duration;

pub const CLAUSES: &[&str] = &[
    "within {within}",
    "within {within} of/after/since {since}",
    "between {not_before} and {within}",
    "for (at least) {for}",
    "throughout {for}",
    "(but) not before/earlier {not_before}",
    "no sooner/earlier than {not_before}",
    "after {not_before}",
    "of/since {since}",
    "now",
];

const KEYS: &[Key] = &[
    Key { name: "within", takes: Takes::Duration, about: "It holds at the latest by then." },
    Key {
        name: "for",
        takes: Takes::Duration,
        about: "It holds all this time; after `within`, it goes on holding so long.",
    },
    Key { name: "not_before", takes: Takes::Duration, about: "It does not hold earlier than this." },
    Key {
        name: "since",
        takes: Takes::Moment,
        about: "The moment that the times count from; otherwise the last when-step.",
    },
];

/// The keys that timing clauses fill.
pub fn keys() -> &'static [Key] {
    KEYS
}

/// Reads the value of a timing key (`fires: never within 10m`) into the arguments that clauses would give.
/// `first` is the key of what comes before the timing: a comparison (`is: above 0.05 within 5m`), or, if it is
/// said, how often (`notified: once within 5m`).
pub fn expand(
    arg: &Arg,
    first: Option<&'static str>,
    family: &'static Family,
    args: &mut Args,
    problems: &mut Vec<Diagnostic>,
) {
    let locate = |range: std::ops::Range<usize>| match &arg.node {
        Some(node) => node.span_within(range),
        None => arg.span.clone(),
    };
    let sentence = Sentence { text: &arg.text, locate: &locate };
    let mut words = words(&arg.text);
    // A moment's name may stand without quotes here, and so may everything else.
    if let Some(key) = first {
        let takes = family.key(key).map_or(Takes::Text, |key| key.takes);
        let longest = (1..=words.len()).rev().find(|count| takes.accepts(&joined(&words[..*count])));
        match longest {
            Some(count) => {
                args.put(key, sentence.arg(&words[..count]));
                words.drain(..count);
            }
            None if takes == Takes::Times => {}
            None => {
                problems.push(values::bad_value(&arg.text, takes.wanted(), &arg.span));
                return;
            }
        }
    }
    if words.first().is_some_and(|word| ["never", "not"].contains(&word.text) && !is_not_before(&words)) {
        args.imply("never", "true");
        words.remove(0);
    }
    if let Err(stuck) = follow(&words, CLAUSES, family, &sentence, args) {
        let word: Word<'_> = words[stuck.at.min(words.len().saturating_sub(1))];
        problems.push(match stuck.value {
            Some(takes) => values::bad_value(
                &words.get(stuck.at).map_or(String::new(), |_| joined(&words[stuck.at..])),
                takes.wanted(),
                &(sentence.locate)(word.start..arg.text.len()),
            ),
            None => Diagnostic::error("bad-timing", format!("`{}` is no timing", word.text))
                .at(&(sentence.locate)(word.start..word.end()))
                .label("wanted a timing such as `now`, `within 5m`, `for 10m` or `never within 10m`")
                .suggest(word.text, ["within", "for", "never", "not before", "after", "now", "between"]),
        });
    }
}

fn is_not_before(words: &[Word<'_>]) -> bool {
    words.get(1).is_some_and(|word| ["before", "earlier"].contains(&word.text))
}

/// The timing that the arguments say; `negated` where the claim's words already said "not".
pub fn read(args: &Args, problems: &mut Vec<Diagnostic>) -> Option<Timing> {
    let within = args.duration("within", problems);
    let lasting = args.duration("for", problems);
    let not_before = earliest(args, problems);
    let negated = args.has("never");
    let mut timing = Timing { since: args.text("since"), not_before, negated, ..Timing::default() };
    if let (Some(earliest), Some(latest)) = (not_before, within)
        && earliest > latest
    {
        let place = args.get("within").map_or(&args.place, |arg| &arg.span);
        problems.push(impossible(earliest, latest, place));
        return None;
    }
    match (within, lasting) {
        // "does not fire within 10m" and "does not fire for 10m" say the same.
        (Some(stretch), None) | (None, Some(stretch)) if negated => timing.throughout = Some(stretch),
        // "of errors-rise" asks about a stretch that has a beginning; without it, the coming one is meant.
        (None, Some(stretch)) if timing.since.is_some() => timing.throughout = Some(stretch),
        (within, lasting) => {
            timing.within = within;
            timing.lasting = lasting;
        }
    }
    Some(timing)
}

/// In "between 4 and 5 minutes" the first number has the unit of the second.
fn earliest(args: &Args, problems: &mut Vec<Diagnostic>) -> Option<Duration> {
    let number = args.get("not_before").filter(|arg| arg.text.parse::<f64>().is_ok());
    let unit = args.get("within").map(|arg| arg.text.trim_start_matches(|c: char| !c.is_ascii_alphabetic()));
    let lent = number.zip(unit).and_then(|(number, unit)| {
        let is_one_unit = unit.bytes().all(|byte| byte.is_ascii_alphabetic());
        is_one_unit.then(|| values::duration(&format!("{} {unit}", number.text)).ok()).flatten()
    });
    lent.or_else(|| args.duration("not_before", problems))
}

fn impossible(earliest: Duration, latest: Duration, place: &Span) -> Diagnostic {
    Diagnostic::error("impossible-timing", format!("this can't hold by {latest} and not before {earliest}"))
        .at(place)
        .label(format!("{latest} is earlier than {earliest}"))
}
