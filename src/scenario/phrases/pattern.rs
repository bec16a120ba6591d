//! Phrases as they stand in the table, and the words of a step held against them.
//!
//! `a/b` is either word, `(x)` may be left out, `{key}` is a value. A step that fits no phrase is told how far
//! the nearest one went, so a wrong value is called wrong rather than the whole step unknown.

use std::ops::Range;

use super::{Family, Takes};

/// One way to say a phrase: optional words decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern(pub Vec<Piece>);

#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    Word(Vec<&'static str>),
    Value(&'static str),
}

impl Pattern {
    /// Every way to say `text`, the longest first.
    pub fn ways(text: &'static str) -> Vec<Pattern> {
        let mut ways: Vec<Vec<Piece>> = vec![Vec::new()];
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (part, after, optional) = match rest.strip_prefix('(') {
                Some(inner) => {
                    let (part, after) = inner.split_once(')').unwrap_or((inner, ""));
                    (part, after, true)
                }
                None => {
                    let (part, after) = rest.split_at(rest.find([' ', '(']).unwrap_or(rest.len()));
                    (part, after, false)
                }
            };
            let pieces: Vec<Piece> = part.split_whitespace().map(Piece::of).collect();
            let with = ways.iter().map(|way| [way.as_slice(), &pieces].concat());
            ways = if optional { with.chain(ways.iter().cloned()).collect() } else { with.collect() };
            rest = after.trim_start();
        }
        ways.into_iter().map(Pattern).collect()
    }

    /// Holds the words against the pattern, from the first on; what is left over is somebody else's.
    pub fn fit(&self, words: &[Word<'_>], family: &Family) -> Result<Fit, Miss> {
        let mut values = Vec::new();
        let mut at = 0;
        for (place, piece) in self.0.iter().enumerate() {
            match piece {
                Piece::Word(wanted) => match words.get(at) {
                    Some(word) if is_one_of(word, wanted) => at += 1,
                    _ => return Err(Miss { at, words: wanted.clone(), value: None }),
                },
                Piece::Value(name) => {
                    let takes = family.key(name).map_or(Takes::Text, |key| key.takes);
                    match take(&words[at..], takes) {
                        Some(most) => {
                            let next = self.0.get(place + 1);
                            let count = up_to(&words[at..], most, takes, next);
                            values.push((*name, at..at + count));
                            at += count;
                        }
                        None => return Err(Miss { at, words: Vec::new(), value: Some(takes) }),
                    }
                }
            }
        }
        Ok(Fit { words: at, values })
    }

    /// The pattern as a person would write it: `alert "…" is firing`.
    pub fn example(&self, family: &Family) -> String {
        let shown = self.0.iter().map(|piece| match piece {
            Piece::Word(words) => words[0].to_owned(),
            Piece::Value(name) => match family.key(name).map_or(Takes::Text, |key| key.takes) {
                Takes::Name | Takes::Names | Takes::Moment | Takes::Text | Takes::Json => "\"…\"".to_owned(),
                Takes::Integration => "pagerduty".to_owned(),
                Takes::Times | Takes::TimesAndTiming => "once".to_owned(),
                Takes::Expression => "`…`".to_owned(),
                Takes::Pairs => "name=\"value\"".to_owned(),
                Takes::Duration => "5m".to_owned(),
                Takes::Ratio => "8%".to_owned(),
                Takes::Rate => "200 requests per second".to_owned(),
                Takes::Latency => "p95 of 2s".to_owned(),
                Takes::Comparison | Takes::ComparisonAndTiming => "above 0.05".to_owned(),
                Takes::Time => "\"2025-01-31T10:00:00Z\"".to_owned(),
                Takes::OneOf(words) => words[0].to_owned(),
                Takes::Number | Takes::Count | Takes::Flag | Takes::Timing => "3".to_owned(),
            },
        });
        shown.collect::<Vec<_>>().join(" ")
    }
}

impl Piece {
    fn of(text: &'static str) -> Piece {
        match text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) => Piece::Value(name),
            None => Piece::Word(text.split('/').collect()),
        }
    }
}

pub struct Fit {
    /// How many words the pattern took.
    pub words: usize,
    /// The values by key, each as a range of words.
    pub values: Vec<(&'static str, Range<usize>)>,
}

/// Where the words and the pattern parted.
#[derive(Clone, Debug)]
pub struct Miss {
    pub at: usize,
    /// The words that would have gone on.
    pub words: Vec<&'static str>,
    /// The value that would have.
    pub value: Option<Takes>,
}

impl Miss {
    /// Of two ways that went equally far, what either would have taken; otherwise the one that went further.
    pub fn or(self, other: Miss) -> Miss {
        match self.at.cmp(&other.at) {
            std::cmp::Ordering::Less => other,
            std::cmp::Ordering::Greater => self,
            std::cmp::Ordering::Equal => Miss {
                at: self.at,
                words: [self.words, other.words].concat(),
                value: self.value.or(other.value),
            },
        }
    }
}

/// A word of a step, or what stands in quotes or backticks.
#[derive(Clone, Copy, Debug)]
pub struct Word<'t> {
    /// Without its quotes.
    pub text: &'t str,
    /// In the step's text, without the quotes.
    pub start: usize,
    pub quoted: bool,
}

impl Word<'_> {
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// Commas, brackets and a closing full stop only part the words.
pub fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(next) = text[at..].chars().next() {
        let rest = &text[at..];
        if next.is_whitespace() || ",()".contains(next) {
            at += next.len_utf8();
        } else if let Some(length) = quoted(rest) {
            words.push(Word { text: &rest[1..length - 1], start: at + 1, quoted: true });
            at += length;
        } else {
            let ends = |(_, c): &(usize, char)| c.is_whitespace() || ",()\"`".contains(*c);
            let length = rest.char_indices().skip(1).find(ends).map_or(rest.len(), |(length, _)| length);
            let word = &rest[..length];
            let word = if at + length == text.len() { word.strip_suffix('.').unwrap_or(word) } else { word };
            if !word.is_empty() {
                words.push(Word { text: word, start: at, quoted: false });
            }
            at += length;
        }
    }
    words
}

/// The length of what stands in quotes here, quotes included; `\"` does not close it.
fn quoted(text: &str) -> Option<usize> {
    let quote = text.chars().next().filter(|c| "\"'`".contains(*c))?;
    let mut escaped = false;
    for (at, next) in text.char_indices().skip(1) {
        match next {
            next if next == quote && !escaped => return Some(at + 1),
            '\\' if quote != '`' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    None
}

fn is_one_of(word: &Word<'_>, wanted: &[&str]) -> bool {
    !word.quoted && wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(word.text))
}

/// How many of the words that may be a value are one: fewer, where only then the pattern's next word follows, as in
/// "between 1 hour and 80 minutes", of which all may be one duration.
fn up_to(words: &[Word<'_>], most: usize, takes: Takes, next: Option<&Piece>) -> usize {
    let Some(Piece::Word(next)) = next else { return most };
    let follows = |count: &usize| words.get(*count).is_some_and(|word| is_one_of(word, next));
    if follows(&most) {
        return most;
    }
    let shorter =
        (1..most).rev().find(|count| follows(count) && take(&words[..*count], takes) == Some(*count));
    shorter.unwrap_or(most)
}

/// No value that people write is longer than "1 hour and 30 minutes and 15 seconds".
const LONGEST_VALUE: usize = 8;

/// How many words from here on are such a value: as many as can be.
fn take(words: &[Word<'_>], takes: Takes) -> Option<usize> {
    let first = words.first()?;
    match takes {
        Takes::Name | Takes::Text | Takes::Expression | Takes::Json => first.quoted.then_some(1),
        Takes::Names => first.quoted.then(|| names(words)),
        Takes::Moment => Some(1),
        Takes::Time if first.quoted => takes.accepts(first.text).then_some(1),
        Takes::Pairs => pairs_in(words).map(|(_, count)| count),
        Takes::Duration if lends_unit(words) => Some(1),
        _ => (1..=words.len().min(LONGEST_VALUE)).rev().find(|count| {
            words[..*count].iter().all(|word| !word.quoted) && takes.accepts(&joined(&words[..*count]))
        }),
    }
}

/// "between 4 and 5 minutes": the unit is said once.
fn lends_unit(words: &[Word<'_>]) -> bool {
    let [number, and, other, ..] = words else { return false };
    let is_number = |word: &Word<'_>| !word.quoted && word.text.parse::<f64>().is_ok();
    let starts_with_digit = other.text.starts_with(|c: char| c.is_ascii_digit());
    is_number(number) && and.text == "and" && !other.quoted && starts_with_digit
}

/// How many words a list of names takes: `"a", "b" and "c"`.
fn names(words: &[Word<'_>]) -> usize {
    let mut count = 0;
    loop {
        let joins = words.get(count).is_some_and(|word| count > 0 && !word.quoted && word.text == "and");
        match words.get(count + usize::from(joins)) {
            Some(word) if word.quoted => count += 1 + usize::from(joins),
            _ => return count,
        }
    }
}

/// Words as they would be written with single spaces.
pub fn joined(words: &[Word<'_>]) -> String {
    words.iter().map(|word| word.text).collect::<Vec<_>>().join(" ")
}

/// A word of a step by its number, and which part of it: a pair's name and value.
pub type PairWords = (Range<usize>, Range<usize>);

/// `a="x"`, `a "x"`, `a=x`, one after the other, "and" between them; byte ranges of the step's text.
pub fn pairs_in(words: &[Word<'_>]) -> Option<(Vec<PairWords>, usize)> {
    let mut pairs = Vec::new();
    let mut at = 0;
    loop {
        let joins = at > 0 && words.get(at).is_some_and(|word| !word.quoted && word.text == "and");
        let Some((pair, count)) = pair(&words[(at + usize::from(joins)).min(words.len())..]) else { break };
        pairs.push(pair);
        at += count + usize::from(joins);
    }
    (!pairs.is_empty()).then_some((pairs, at))
}

fn pair(words: &[Word<'_>]) -> Option<(PairWords, usize)> {
    let name = words.first()?;
    let value = words.get(1).filter(|value| value.quoted);
    if let (false, Some((_, after))) = (name.quoted, name.text.split_once('=')) {
        let named = name.start..name.end() - after.len() - 1;
        return match value {
            Some(value) if after.is_empty() => Some(((named, value.start..value.end()), 2)),
            _ if after.is_empty() => None,
            _ => Some(((named, name.end() - after.len()..name.end()), 1)),
        };
    }
    let is_name = !name.text.is_empty() && name.text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    // `within`, `saying` and the like are clauses of their own, not names of labels.
    value
        .filter(|_| is_name && !["saying", "of", "for", "and", "after"].contains(&name.text))
        .map(|value| ((name.start..name.end(), value.start..value.end()), 2))
}
