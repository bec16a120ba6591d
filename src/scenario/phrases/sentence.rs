//! A step as a sentence: one phrase of the table, then its clauses in any order.

use std::ops::Range;

use super::args::{Args, refused};
use super::pattern::{Miss, Pattern, Word, joined, pairs_in, words};
use super::{Arg, Built, FAMILIES, Family, Kind, Phrase, Takes, timing};
use crate::diagnostic::{Diagnostic, Span, Spanned, nearest};

/// Clauses that every when-step may end with.
pub const MOMENT_CLAUSES: &[&str] = &["call/name this {moment}", "called {moment}", "known as {moment}"];

/// The text below a step, between `"""`: the expression or text that the step leaves out.
pub const DOC_STRING: &str = "doc string";

/// A step's words, and where a stretch of them stands in the person's file.
pub struct Sentence<'s> {
    pub text: &'s str,
    pub locate: &'s dyn Fn(Range<usize>) -> Span,
}

impl Sentence<'_> {
    pub fn arg(&self, words: &[Word<'_>]) -> Arg {
        let span = match (words.first(), words.last()) {
            (Some(first), Some(last)) => (self.locate)(first.start..last.end()),
            _ => (self.locate)(0..self.text.len()),
        };
        let quoted = words.len() == 1 && words[0].quoted;
        let text = if quoted { words[0].text.replace("\\\"", "\"") } else { joined(words) };
        Arg { text, span, pairs: Vec::new(), node: None }
    }

    fn pairs(&self, words: &[Word<'_>]) -> Arg {
        let spanned = |range: &Range<usize>| {
            Spanned::new(self.text[range.clone()].replace("\\\"", "\""), (self.locate)(range.clone()))
        };
        let found = pairs_in(words).map(|(pairs, _)| pairs).unwrap_or_default();
        let pairs = found.iter().map(|(name, value)| (spanned(name), spanned(value))).collect();
        Arg { pairs, ..self.arg(words) }
    }

    fn whole(&self) -> Span {
        (self.locate)(0..self.text.len())
    }
}

/// What the sentence means after this keyword. `more` are values that stand beside it: a table, a doc string.
pub fn understand(
    kind: Kind,
    sentence: &Sentence<'_>,
    more: &[(&'static str, Arg)],
    problems: &mut Vec<Diagnostic>,
) -> Option<Built> {
    let words = words(sentence.text);
    match best(kind, sentence, &words) {
        Ok(mut reading) => {
            for (key, arg) in more {
                let json = arg.text.starts_with(['{', '[']);
                let known = reading.family.keys.iter().filter(|known| match *key {
                    DOC_STRING => matches!(known.takes, Takes::Expression | Takes::Text | Takes::Json),
                    key => known.name == key,
                });
                // A text that is JSON is compared as such, where that is possible.
                let known = known.min_by_key(|known| (known.takes == Takes::Json) != json);
                let Some(known) =
                    known.filter(|known| known.takes == Takes::Pairs || !reading.args.has(known.name))
                else {
                    problems.push(
                        Diagnostic::error("unwanted-argument", format!("this step takes no {key}"))
                            .at(&arg.span)
                            .label("means nothing here"),
                    );
                    return None;
                };
                reading.args.put(known.name, arg.clone());
            }
            (reading.family.build)(&mut reading.args, problems)
        }
        Err(problem) => {
            problems.push(*problem);
            None
        }
    }
}

struct Reading {
    family: &'static Family,
    phrase: &'static Phrase,
    head: usize,
    args: Args,
}

fn best(kind: Kind, sentence: &Sentence<'_>, words: &[Word<'_>]) -> Result<Reading, Box<Diagnostic>> {
    let mut readings: Vec<Reading> = Vec::new();
    let mut stuck: Vec<Stuck> = Vec::new();
    for family in FAMILIES {
        for phrase in family.phrases.iter().filter(|phrase| phrase.kinds.contains(&kind)) {
            for pattern in phrase.says.iter().flat_map(|says| Pattern::ways(says)) {
                match read(kind, family, phrase, &pattern, words, sentence) {
                    Ok(reading) => readings.push(reading),
                    Err(miss) => stuck.push(Stuck { family, pattern, miss }),
                }
            }
        }
    }
    let longest = readings.iter().map(|reading| reading.head).max();
    readings.retain(|reading| Some(reading.head) == longest);
    let Some(first) = readings.pop() else { return Err(Box::new(unknown(kind, sentence, words, stuck))) };
    if let Some(other) = readings.iter().find(|other| !std::ptr::eq(other.phrase, first.phrase)) {
        return Err(Box::new(
            Diagnostic::error("ambiguous-step", "this step could mean two things")
                .at(&sentence.whole())
                .label(format!("{} Or: {}", first.phrase.about, other.phrase.about)),
        ));
    }
    Ok(first)
}

fn read(
    kind: Kind,
    family: &'static Family,
    phrase: &'static Phrase,
    pattern: &Pattern,
    words: &[Word<'_>],
    sentence: &Sentence<'_>,
) -> Result<Reading, Miss> {
    let fit = pattern.fit(words, family)?;
    let mut args = Args::new(kind, sentence.whole());
    for (key, range) in &fit.values {
        put(key, &words[range.clone()], family, sentence, &mut args);
    }
    for (key, text) in phrase.sets {
        args.imply(key, text);
    }
    let mut clauses = family.clauses.to_vec();
    if family.is_timed() {
        clauses.extend(timing::CLAUSES);
    }
    if kind == Kind::When {
        clauses.extend(MOMENT_CLAUSES);
    }
    follow(&words[fit.words..], &clauses, family, sentence, &mut args)
        .map_err(|miss| Miss { at: miss.at + fit.words, ..miss })?;
    Ok(Reading { family, phrase, head: fit.words, args })
}

/// Clauses until no word is left.
pub(super) fn follow(
    words: &[Word<'_>],
    clauses: &[&'static str],
    family: &Family,
    sentence: &Sentence<'_>,
    args: &mut Args,
) -> Result<(), Miss> {
    let mut at = 0;
    while at < words.len() {
        let rest = &words[at..];
        let mut furthest: Option<Miss> = None;
        let mut longest = None;
        for pattern in clauses.iter().flat_map(|clause| Pattern::ways(clause)) {
            match pattern.fit(rest, family) {
                Ok(fit) if longest.as_ref().is_none_or(|(words, _)| *words < fit.words) => {
                    longest = Some((fit.words, fit.values));
                }
                Ok(_) => {}
                Err(miss) => {
                    furthest = Some(match furthest.take() {
                        Some(best) => best.or(miss),
                        None => miss,
                    });
                }
            }
        }
        match longest {
            Some((count, values)) => {
                for (key, range) in values {
                    put(key, &rest[range], family, sentence, args);
                }
                at += count;
            }
            None if !rest[0].quoted && ["and", "but", "then"].contains(&rest[0].text) && rest.len() > 1 => {
                at += 1;
            }
            None => {
                let miss = furthest.unwrap_or(Miss { at: 0, words: Vec::new(), value: None });
                return Err(Miss { at: miss.at + at, ..miss });
            }
        }
    }
    Ok(())
}

fn put(key: &'static str, words: &[Word<'_>], family: &Family, sentence: &Sentence<'_>, args: &mut Args) {
    match takes(key, family) {
        Takes::Pairs => args.put(key, sentence.pairs(words)),
        // Each name is a value of its own.
        Takes::Names => {
            for name in words.iter().filter(|word| word.quoted) {
                args.put(key, sentence.arg(std::slice::from_ref(name)));
            }
        }
        _ => args.put(key, sentence.arg(words)),
    }
}

fn takes(key: &str, family: &Family) -> Takes {
    if key == "moment" { Takes::Moment } else { family.key(key).map_or(Takes::Text, |key| key.takes) }
}

/// A phrase that did not fit, and how far it went.
struct Stuck {
    family: &'static Family,
    pattern: Pattern,
    miss: Miss,
}

fn unknown(kind: Kind, sentence: &Sentence<'_>, words: &[Word<'_>], mut stuck: Vec<Stuck>) -> Diagnostic {
    let others = Kind::ALL.into_iter().filter(|other| *other != kind && reads_as(*other, sentence, words));
    let others: Vec<String> = others.map(|other| format!("`{}`", other.as_str())).collect();
    if !others.is_empty() {
        return Diagnostic::error(
            "wrong-keyword",
            format!("this is a step for {}, not for `{}`", others.join(" or "), kind.as_str()),
        )
        .at(&sentence.whole())
        .label(format!("stands after `{}`", kind.as_str()));
    }
    let furthest = stuck.iter().map(|stuck| stuck.miss.at).max().unwrap_or(0);
    stuck.retain(|stuck| stuck.miss.at == furthest);
    let wanted: Vec<&str> = stuck.iter().flat_map(|stuck| stuck.miss.words.iter().copied()).collect();
    let meant = words
        .get(furthest)
        .filter(|word| furthest > 0 && !word.quoted)
        .and_then(|word| nearest(word.text, wanted));
    if let (Some(meant), Some(word)) = (meant, words.get(furthest)) {
        return Diagnostic::error("unknown-step", format!("no step reads `{}`", sentence.text))
            .at(&(sentence.locate)(word.start..word.end()))
            .label("no step goes on like this")
            .help(format!("did you mean `{meant}`?"));
    }
    // A wrong value tells more than a wrong word, but only where words came before it.
    let value = stuck.iter().filter(|_| furthest > 1).find_map(|stuck| stuck.miss.value);
    if let (Some(takes), Some(word)) = (value, words.get(furthest)) {
        // "5 parsecs" is one wrong value, not a number and a word.
        let number = word.text.starts_with(|c: char| c.is_ascii_digit());
        let last = words.get(furthest + 1).filter(|next| number && !next.quoted).unwrap_or(word);
        let range = word.start..last.end();
        return refused(&sentence.text[range.clone()], takes, &(sentence.locate)(range));
    }
    let (label, from) = match words.get(furthest).filter(|_| furthest > 0) {
        Some(word) => ("no step goes on like this", word.start),
        None if furthest > 0 => ("something is missing at the end", sentence.text.len()),
        None => ("no step says this", 0),
    };
    let diagnostic = Diagnostic::error("unknown-step", format!("no step reads `{}`", sentence.text))
        .at(&(sentence.locate)(from..sentence.text.len()))
        .label(label);
    let got = plain(words);
    let closest = stuck
        .iter()
        .map(|stuck| stuck.pattern.example(stuck.family))
        .min_by_key(|example| strsim::damerau_levenshtein(&plain(&super::pattern::words(example)), &got));
    match closest {
        Some(example) => diagnostic
            .help(format!("the nearest step: {} {example}; `firedrill steps` lists them all", kind.as_str())),
        None => diagnostic.help("`firedrill steps` lists all steps"),
    }
}

fn reads_as(kind: Kind, sentence: &Sentence<'_>, words: &[Word<'_>]) -> bool {
    FAMILIES.iter().any(|family| {
        family.phrases.iter().filter(|phrase| phrase.kinds.contains(&kind)).any(|phrase| {
            let mut ways = phrase.says.iter().flat_map(|says| Pattern::ways(says));
            ways.any(|way| read(kind, family, phrase, &way, words, sentence).is_ok())
        })
    })
}

/// The words with every quoted text alike, to compare sentences by what they say.
fn plain(words: &[Word<'_>]) -> String {
    let words: Vec<&str> = words.iter().map(|word| if word.quoted { "…" } else { word.text }).collect();
    words.join(" ").to_lowercase()
}
