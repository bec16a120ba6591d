//! YAML with a place for every value: the tree that all readers of people's files walk.
//!
//! Promises: every node knows where it stands; a duplicate key, an unknown anchor, a bomb or a depth
//! that no person writes is a diagnostic, never a crash or a silent choice. Types are not guessed here:
//! a scalar keeps its text, and the reader that wants a number says so (see [`value`](super::value)).

mod compose;
mod places;
#[cfg(test)]
mod tests;

use std::ops::Range;

use crate::diagnostic::{Diagnostic, SourceFile, Span, nearest};

#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub kind: Kind,
    /// The value alone: without anchor, tag, comment, or the indicator of a block scalar.
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Null,
    Scalar(Scalar),
    Sequence(Vec<Node>),
    /// In the order written; keys are unique.
    Mapping(Vec<(Node, Node)>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Scalar {
    pub text: String,
    /// It may be a number or a boolean: written without quotes, or tagged so.
    pub plain: bool,
    pub style: Style,
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

/// All documents of a file, and what is wrong with it. A document that can't be read to its end is left out.
pub fn read(file: &SourceFile) -> (Vec<Node>, Vec<Diagnostic>) {
    compose::documents(file)
}

/// The single document of a file; an empty file is `None`, a second document a diagnostic.
pub fn read_one(file: &SourceFile) -> (Option<Node>, Vec<Diagnostic>) {
    let (documents, mut problems) = read(file);
    let mut documents = documents.into_iter();
    let first = documents.next();
    if let Some(second) = documents.next() {
        problems.push(
            Diagnostic::error("yaml-documents", "this file may hold only one YAML document")
                .at(&second.span)
                .label("a second document starts here"),
        );
    }
    (first.filter(|node| node.kind != Kind::Null), problems)
}

impl Node {
    /// What the node is, in a person's words; never its text, which may be a secret.
    pub fn describe(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "nothing",
            Kind::Scalar(scalar) if scalar.plain => match super::value::resolve(&scalar.text) {
                super::value::Resolved::Bool(_) => "true or false",
                super::value::Resolved::Integer(_) | super::value::Resolved::Float(_) => "a number",
                super::value::Resolved::Text => "text",
            },
            Kind::Scalar(scalar) => match scalar.style {
                Style::SingleQuoted | Style::DoubleQuoted => "text in quotes",
                _ => "text",
            },
            Kind::Sequence(_) => "a list",
            Kind::Mapping(_) => "a mapping",
        }
    }

    pub fn scalar(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(&scalar.text),
            _ => None,
        }
    }

    pub fn entries(&self) -> Option<&[(Node, Node)]> {
        match &self.kind {
            Kind::Mapping(entries) => Some(entries),
            _ => None,
        }
    }

    pub fn items(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::Sequence(items) => Some(items),
            _ => None,
        }
    }

    pub fn is_null(&self) -> bool {
        self.kind == Kind::Null
    }

    /// The value of a key in a mapping.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries()?.iter().find(|(name, _)| name.scalar() == Some(key)).map(|(_, value)| value)
    }

    /// Where a stretch of the scalar's *value* stands in the file: through quotes, escapes, folding and
    /// the indentation of a block scalar. This is what puts a caret inside an expression.
    pub fn span_within(&self, range: Range<usize>) -> Span {
        match &self.kind {
            Kind::Scalar(scalar) => places::within(scalar, &self.span, range),
            _ => self.span.clone(),
        }
    }

    /// A scalar's value as a file of its own, whose places are those of this file: how a config inside of a
    /// ConfigMap is read.
    pub fn view(&self) -> Option<SourceFile> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(places::view(scalar, &self.span)),
            _ => None,
        }
    }
}

/// A mapping being read: every key asked for is known, every other key is somebody's mistake.
pub struct Mapping<'n> {
    pub node: &'n Node,
    what: &'static str,
    entries: &'n [(Node, Node)],
    known: Vec<&'static str>,
}

impl<'n> Mapping<'n> {
    /// `what` names the thing in messages: "scrape config", "rule".
    pub fn of(node: &'n Node, what: &'static str, problems: &mut Vec<Diagnostic>) -> Option<Self> {
        match node.entries() {
            Some(entries) => Some(Mapping { node, what, entries, known: Vec::new() }),
            None => {
                problems.push(wrong_type(node, &format!("a mapping ({what})")));
                None
            }
        }
    }

    /// The value of `key`; a key without a value counts as absent, as it does in Go's YAML.
    pub fn get(&mut self, key: &'static str) -> Option<&'n Node> {
        self.written(key).filter(|value| !value.is_null())
    }

    /// The value of `key` even where it is null.
    pub fn written(&mut self, key: &'static str) -> Option<&'n Node> {
        self.known.push(key);
        self.entries.iter().find(|(name, _)| name.scalar() == Some(key)).map(|(_, value)| value)
    }

    pub fn require(&mut self, key: &'static str, problems: &mut Vec<Diagnostic>) -> Option<&'n Node> {
        let found = self.get(key);
        if found.is_none() {
            problems.push(self.missing(key));
        }
        found
    }

    /// Says that `key` is missing, pointing at the key where it stands without a value.
    pub fn missing(&self, key: &str) -> Diagnostic {
        let span = self.key_span(key).unwrap_or(&self.node.span);
        let label = match self.key_span(key) {
            Some(_) => "has no value".to_owned(),
            None => format!("`{key}` is missing here"),
        };
        Diagnostic::error("missing-key", format!("{} needs `{key}`", self.what)).at(span).label(label)
    }

    /// The span of the key itself, to point at a name rather than its value.
    pub fn key_span(&self, key: &str) -> Option<&'n Span> {
        self.entries.iter().find(|(name, _)| name.scalar() == Some(key)).map(|(name, _)| &name.span)
    }

    /// Every key that was not asked for is an error, with the nearest known one suggested.
    pub fn finish(self, problems: &mut Vec<Diagnostic>) {
        for (name, _) in self.entries {
            let text = name.scalar().unwrap_or("");
            if !self.known.contains(&text) {
                let unknown = unknown_key(name, self.what, &self.known);
                problems.push(match misspelt(text, &self.known) {
                    Some(meant) if self.key_span(meant).is_none() => unknown.mend(&name.span, meant),
                    _ => unknown,
                });
            }
        }
    }
}

/// The one known key that this surely stands for: a letter or two away, and no other is as near.
fn misspelt<'k>(text: &str, known: &[&'k str]) -> Option<&'k str> {
    let distance = |key: &&str| strsim::damerau_levenshtein(text, key);
    let mut near: Vec<&'k str> =
        known.iter().copied().filter(|key| distance(key) <= 2 && key.len() > 4).collect();
    near.sort_by_key(distance);
    near.dedup();
    match near.as_slice() {
        [only] => Some(only),
        [first, second, ..] if distance(first) < distance(second) => Some(first),
        _ => None,
    }
}

/// A key that nobody knows here, with the nearest known one suggested.
pub fn unknown_key(name: &Node, what: &str, known: &[&str]) -> Diagnostic {
    let text = name.scalar().unwrap_or("");
    let diagnostic = Diagnostic::error("unknown-key", format!("unknown key `{text}` in {what}"))
        .at(&name.span)
        .label("not known here");
    match nearest(text, known.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None if known.is_empty() => diagnostic,
        None => {
            let mut known = known.to_vec();
            known.sort_unstable();
            known.dedup();
            let shown = known.len().min(12);
            let more = if known.len() > shown { ", …" } else { "" };
            diagnostic.help(format!("known keys: {}{more}", known[..shown].join(", ")))
        }
    }
}

pub fn wrong_type(node: &Node, wanted: &str) -> Diagnostic {
    Diagnostic::error("wrong-type", format!("expected {wanted}"))
        .at(&node.span)
        .label(format!("wanted {wanted}, got {}", node.describe()))
}
