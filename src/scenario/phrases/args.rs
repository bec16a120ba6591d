//! The values of a step by their keys, whichever door they came through, each with its place.

use super::{Takes, values};
use crate::diagnostic::{Diagnostic, Span, Spanned};
use crate::labels::Labels;
use crate::promql;
use crate::scenario::{Comparison, Latency};
use crate::time::{Duration, Timestamp};

#[derive(Clone, Debug)]
pub struct Arg {
    pub text: String,
    pub span: Span,
    /// Where the key takes names with values.
    pub pairs: Vec<(Spanned<String>, Spanned<String>)>,
    /// Where a stretch of the text stands, for carets inside expressions.
    pub node: Option<crate::documents::yaml::Node>,
}

#[derive(Clone, Debug)]
pub struct Args {
    values: Vec<(&'static str, Arg)>,
    /// Where the whole step stands.
    pub place: Span,
    /// What the person wrote the step with: a when-step marks a moment, a given-step does not.
    pub kind: super::Kind,
}

impl Args {
    pub fn new(kind: super::Kind, place: Span) -> Self {
        Args { values: Vec::new(), place, kind }
    }

    pub fn put(&mut self, key: &'static str, arg: Arg) {
        self.values.push((key, arg));
    }

    /// A value that words imply.
    pub fn imply(&mut self, key: &'static str, text: &str) {
        let span = self.place.clone();
        self.put(key, Arg { text: text.to_owned(), span, pairs: Vec::new(), node: None });
    }

    pub fn has(&self, key: &str) -> bool {
        self.values.iter().any(|(name, _)| *name == key)
    }

    pub fn get(&self, key: &str) -> Option<&Arg> {
        self.values.iter().find(|(name, _)| *name == key).map(|(_, arg)| arg)
    }

    pub fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a Arg> {
        self.values.iter().filter(move |(name, _)| *name == key).map(|(_, arg)| arg)
    }

    pub fn text(&self, key: &str) -> Option<Spanned<String>> {
        self.get(key).map(|arg| Spanned::new(arg.text.clone(), arg.span.clone()))
    }

    pub fn pairs(&self, key: &str) -> Vec<(Spanned<String>, Spanned<String>)> {
        self.all(key).flat_map(|arg| arg.pairs.clone()).collect()
    }

    pub fn labels(&self, key: &str) -> Labels {
        let pairs = self.pairs(key);
        Labels::from_pairs(pairs.iter().map(|(name, value)| (name.value.as_str(), value.value.as_str())))
    }

    pub fn duration(&self, key: &str, problems: &mut Vec<Diagnostic>) -> Option<Duration> {
        self.value(key, values::duration, problems)
    }

    pub fn number(&self, key: &str, problems: &mut Vec<Diagnostic>) -> Option<f64> {
        self.value(key, values::number, problems)
    }

    pub fn ratio(&self, key: &str, problems: &mut Vec<Diagnostic>) -> Option<f64> {
        self.value(key, values::ratio, problems)
    }

    pub fn rate(&self, key: &str, problems: &mut Vec<Diagnostic>) -> Option<f64> {
        self.value(key, values::rate, problems)
    }

    pub fn latency(&self, key: &str, problems: &mut Vec<Diagnostic>) -> Option<Latency> {
        self.value(key, values::latency, problems)
    }

    pub fn comparison(&self, key: &str, problems: &mut Vec<Diagnostic>) -> Option<(Comparison, f64)> {
        self.value(key, values::comparison, problems)
    }

    pub fn count(&self, key: &str, problems: &mut Vec<Diagnostic>) -> Option<u64> {
        self.value(key, |text| text.parse().map_err(|_| values::COUNT), problems)
    }

    pub fn time(&self, key: &str, problems: &mut Vec<Diagnostic>) -> Option<Timestamp> {
        self.value(key, values::timestamp, problems)
    }

    /// PromQL that parses; where it doesn't, the caret stands in the person's text.
    pub fn expression(&self, key: &str, problems: &mut Vec<Diagnostic>) -> Option<Spanned<String>> {
        let arg = self.get(key)?;
        let Err(error) = promql::parse_for_any(&arg.text) else { return self.text(key) };
        let place = match &arg.node {
            Some(node) => node.span_within(error.range.clone()),
            None if arg.span.text() == arg.text => {
                let start = arg.span.start;
                arg.span.file.span(start + error.range.start..start + error.range.end)
            }
            None => arg.span.clone(),
        };
        problems.push(values::bad_expression(&error, &place));
        None
    }

    pub(super) fn value<T>(
        &self,
        key: &str,
        read: impl Fn(&str) -> Result<T, values::Wanted>,
        problems: &mut Vec<Diagnostic>,
    ) -> Option<T> {
        let arg = self.get(key)?;
        match read(&arg.text) {
            Ok(value) => Some(value),
            Err(wanted) => {
                problems.push(values::bad_value(&arg.text, wanted, &arg.span));
                None
            }
        }
    }
}

/// A value that is not what its key takes.
pub fn refused(text: &str, takes: Takes, span: &Span) -> Diagnostic {
    match takes {
        Takes::OneOf(words) => Diagnostic::error("bad-value", format!("`{text}` is not known here"))
            .at(span)
            .label(format!("wanted {}", words.join(", ")))
            .suggest(text, words.iter().copied()),
        takes => values::bad_value(text, takes.wanted(), span),
    }
}
