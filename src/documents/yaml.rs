//! YAML with a place for every value: the tree that all readers of people's files walk.
//!
//! Promises: every node knows where it stands; a duplicate key, an unknown anchor, a bomb or a depth
//! that no person writes is a diagnostic, never a crash or a silent choice. Types are not guessed here:
//! a scalar keeps its text, and the reader that wants a number says so.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, Span as ParserSpan};

use crate::diagnostic::{Diagnostic, SourceFile, Span, nearest};

const MAX_DEPTH: usize = 100;
/// Nodes after aliases are expanded: past any real file, well below what hurts.
const MAX_NODES: usize = 2_000_000;

#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub kind: Kind,
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
    /// Written without quotes, so it may be a number or a boolean.
    pub plain: bool,
}

/// All documents of a file, and what is wrong with it. A document that can't be read to its end is left out.
pub fn read(file: &SourceFile) -> (Vec<Node>, Vec<Diagnostic>) {
    let mut composer = Composer {
        file,
        offsets: char_offsets(file.text()),
        anchors: HashMap::new(),
        problems: Vec::new(),
        nodes: 0,
        depth: 0,
    };
    let documents = composer.documents();
    (documents, composer.problems)
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
    /// What the node is, in a person's words.
    pub fn describe(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "nothing",
            Kind::Scalar(_) => "a single value",
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

    /// The value of a key in a mapping.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries()?.iter().find(|(name, _)| name.scalar() == Some(key)).map(|(_, value)| value)
    }

    /// Where a stretch of the scalar's *value* stands in the file: through quotes, escapes, folding and
    /// the indentation of a block scalar. This is what puts a caret inside an expression.
    pub fn span_within(&self, range: Range<usize>) -> Span {
        let Some(value) = self.scalar() else { return self.span.clone() };
        let source = self.span.text();
        let mut at = match source.as_bytes().first() {
            Some(b'"' | b'\'') => 1,
            Some(b'|' | b'>') if value != source => source.find('\n').map_or(0, |newline| newline + 1),
            _ => 0,
        };
        let (mut start, mut end) = (None, None);
        for (index, wanted) in value.char_indices() {
            // Skip what the source has and the value has not: indentation, a quote's first half, a backslash.
            while let Some(got) = source[at..].chars().next() {
                let folded = wanted == ' ' && got == '\n';
                if got == wanted
                    && !(got == '\\' && source[at + 1..].starts_with('\\') && source.starts_with('"'))
                {
                    break;
                }
                if folded || !(got.is_whitespace() || got == '\\' || got == '\'') {
                    break;
                }
                at += got.len_utf8();
            }
            if index >= range.start && start.is_none() {
                start = Some(at);
            }
            if index >= range.end && end.is_none() {
                end = Some(at);
                break;
            }
            at += source[at..].chars().next().map_or(0, char::len_utf8);
        }
        let start = start.unwrap_or(at);
        let end = end.unwrap_or(at).max(start);
        self.span.file.span(self.span.start + start..self.span.start + end)
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
        self.known.push(key);
        self.entries
            .iter()
            .find(|(name, _)| name.scalar() == Some(key))
            .map(|(_, value)| value)
            .filter(|value| value.kind != Kind::Null)
    }

    pub fn require(&mut self, key: &'static str, problems: &mut Vec<Diagnostic>) -> Option<&'n Node> {
        let found = self.get(key);
        if found.is_none() {
            problems.push(
                Diagnostic::error("missing-key", format!("{} needs `{key}`", self.what))
                    .at(&self.node.span)
                    .label(format!("`{key}` is missing here")),
            );
        }
        found
    }

    /// The span of the key itself, to point at a name rather than its value.
    pub fn key_span(&self, key: &str) -> Option<&'n Span> {
        self.entries.iter().find(|(name, _)| name.scalar() == Some(key)).map(|(name, _)| &name.span)
    }

    /// Every key that was not asked for is an error, with the nearest known one suggested.
    pub fn finish(self, problems: &mut Vec<Diagnostic>) {
        for (name, _) in self.entries {
            let text = name.scalar().unwrap_or("?");
            if self.known.contains(&text) {
                continue;
            }
            let diagnostic =
                Diagnostic::error("unknown-key", format!("unknown key `{text}` in {}", self.what))
                    .at(&name.span)
                    .label("not known here");
            let known = self.known.iter().copied();
            problems.push(match nearest(text, known.clone()) {
                Some(name) => diagnostic.help(format!("did you mean `{name}`?")),
                None => diagnostic.help(format!("known keys: {}", known.collect::<Vec<_>>().join(", "))),
            });
        }
    }
}

pub fn wrong_type(node: &Node, wanted: &str) -> Diagnostic {
    Diagnostic::error("wrong-type", format!("expected {wanted}"))
        .at(&node.span)
        .label(format!("wanted {wanted}, got {}", node.describe()))
}

struct Composer<'f> {
    file: &'f SourceFile,
    offsets: Option<Vec<usize>>,
    anchors: HashMap<usize, Node>,
    problems: Vec<Diagnostic>,
    nodes: usize,
    depth: usize,
}

type Events<'f> = Parser<'f, saphyr_parser::StrInput<'f>>;

/// Reading stops here; the reason is already among the problems.
struct Stopped;

impl<'f> Composer<'f> {
    fn documents(&mut self) -> Vec<Node> {
        let mut events: Events<'f> = Parser::new_from_str(self.file.text());
        let mut documents = Vec::new();
        while let Ok((event, _)) = self.next(&mut events) {
            match event {
                Event::StreamEnd => break,
                Event::DocumentStart(_) => {
                    self.anchors.clear();
                    match self.next(&mut events).and_then(|(event, span)| self.node(&mut events, event, span))
                    {
                        Ok(node) => documents.push(node),
                        Err(Stopped) => break,
                    }
                }
                _ => {}
            }
        }
        documents
    }

    fn next(&mut self, events: &mut Events<'f>) -> Result<(Event<'f>, ParserSpan), Stopped> {
        match events.next_event() {
            Some(Ok(event)) => Ok(event),
            None => Err(Stopped),
            Some(Err(error)) => {
                let at = self.offset(error.marker().index());
                let span = self.file.span(at..at + 1);
                self.stop(
                    Diagnostic::error("yaml-syntax", format!("this is not YAML: {}", error.info())).at(&span),
                )
            }
        }
    }

    fn stop<T>(&mut self, diagnostic: Diagnostic) -> Result<T, Stopped> {
        self.problems.push(diagnostic);
        Err(Stopped)
    }

    fn node(&mut self, events: &mut Events<'f>, event: Event<'f>, at: ParserSpan) -> Result<Node, Stopped> {
        let start = self.offset(at.start.index());
        if self.depth > MAX_DEPTH {
            let span = self.file.span(start..start + 1);
            return self.stop(
                Diagnostic::error("yaml-depth", "this YAML is nested too deep")
                    .at(&span)
                    .label(format!("level {MAX_DEPTH} is the deepest that is read")),
            );
        }
        self.depth += 1;
        let node = self.node_at(events, event, at, start);
        self.depth -= 1;
        node
    }

    fn node_at(
        &mut self,
        events: &mut Events<'f>,
        event: Event<'f>,
        at: ParserSpan,
        start: usize,
    ) -> Result<Node, Stopped> {
        self.count(1, start)?;
        let (kind, anchor, end) = match event {
            Event::Alias(id) => return self.alias(id, self.span(&at)),
            Event::Scalar(text, style, anchor, _tag) => {
                (scalar(text, style), anchor, self.offset(at.end.index()))
            }
            Event::SequenceStart(anchor, _tag) => {
                let mut items = Vec::new();
                loop {
                    match self.next(events)? {
                        (Event::SequenceEnd, span) => {
                            break (Kind::Sequence(items), anchor, self.end_of_collection(start, &span));
                        }
                        (event, span) => items.push(self.node(events, event, span)?),
                    }
                }
            }
            Event::MappingStart(anchor, _tag) => {
                let mut entries = Vec::new();
                loop {
                    match self.next(events)? {
                        (Event::MappingEnd, span) => {
                            let entries = self.merged(entries);
                            break (Kind::Mapping(entries), anchor, self.end_of_collection(start, &span));
                        }
                        (event, span) => {
                            let key = self.node(events, event, span)?;
                            let (event, span) = self.next(events)?;
                            let value = self.node(events, event, span)?;
                            entries.push((key, value));
                        }
                    }
                }
            }
            _ => (Kind::Null, 0, start),
        };
        // A plain or quoted scalar ends where the parser says; trailing blank lines of a block are not part of it.
        let end = start + self.file.text()[start..end.max(start)].trim_end().len();
        let node = Node { kind, span: self.file.span(start..end) };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn alias(&mut self, id: usize, span: Span) -> Result<Node, Stopped> {
        let Some(node) = self.anchors.get(&id).cloned() else {
            return self.stop(
                Diagnostic::error("yaml-alias", "this alias refers to an anchor that holds it").at(&span),
            );
        };
        self.count(size(&node), span.start)?;
        Ok(node)
    }

    fn count(&mut self, more: usize, at: usize) -> Result<(), Stopped> {
        self.nodes += more;
        if self.nodes <= MAX_NODES {
            return Ok(());
        }
        let span = self.file.span(at..at + 1);
        self.stop(
            Diagnostic::error("yaml-bomb", "this YAML grows too large when its aliases are expanded")
                .at(&span)
                .label(format!("more than {MAX_NODES} values by here")),
        )
    }

    /// Applies `<<` merges and reports duplicate keys; the first of two stays.
    fn merged(&mut self, entries: Vec<(Node, Node)>) -> Vec<(Node, Node)> {
        let mut seen: HashMap<String, Span> = HashMap::new();
        let mut out: Vec<(Node, Node)> = Vec::with_capacity(entries.len());
        let mut merges = Vec::new();
        for (key, value) in entries {
            let Some(text) = key.scalar().map(str::to_owned).or_else(|| null_key(&key)) else {
                self.problems.push(wrong_type(&key, "a plain key"));
                continue;
            };
            if text == "<<" && matches!(&key.kind, Kind::Scalar(scalar) if scalar.plain) {
                merges.push(value);
                continue;
            }
            if let Some(first) = seen.get(&text) {
                self.problems.push(
                    Diagnostic::error("duplicate-key", format!("the key `{text}` stands here twice"))
                        .at(&key.span)
                        .label("again here")
                        .related(first, "first here"),
                );
                continue;
            }
            seen.insert(text, key.span.clone());
            out.push((key, value));
        }
        for merge in merges {
            let sources = match &merge.kind {
                Kind::Sequence(items) => items.as_slice(),
                _ => std::slice::from_ref(&merge),
            };
            for source in sources {
                let Some(entries) = source.entries() else {
                    self.problems.push(wrong_type(source, "a mapping to merge"));
                    continue;
                };
                for (key, value) in entries {
                    let text = key.scalar().unwrap_or_default().to_owned();
                    if seen.insert(text, key.span.clone()).is_none() {
                        out.push((key.clone(), value.clone()));
                    }
                }
            }
        }
        out
    }

    fn span(&self, span: &ParserSpan) -> Span {
        self.file.span(self.offset(span.start.index())..self.offset(span.end.index()))
    }

    /// Block collections end where the next thing starts; flow ones at their bracket.
    fn end_of_collection(&self, start: usize, end: &ParserSpan) -> usize {
        self.offset(end.end.index()).max(start)
    }

    /// The parser counts characters; spans are bytes.
    fn offset(&self, index: usize) -> usize {
        match &self.offsets {
            None => index.min(self.file.text().len()),
            Some(offsets) => offsets.get(index).copied().unwrap_or(self.file.text().len()),
        }
    }
}

fn null_key(key: &Node) -> Option<String> {
    (key.kind == Kind::Null).then(|| key.span.text().to_owned())
}

fn scalar(text: Cow<'_, str>, style: ScalarStyle) -> Kind {
    let plain = style == ScalarStyle::Plain;
    match &*text {
        "" | "~" | "null" | "Null" | "NULL" if plain => Kind::Null,
        _ => Kind::Scalar(Scalar { text: text.into_owned(), plain }),
    }
}

fn size(node: &Node) -> usize {
    match &node.kind {
        Kind::Sequence(items) => 1 + items.iter().map(size).sum::<usize>(),
        Kind::Mapping(entries) => 1 + entries.iter().map(|(_, value)| 1 + size(value)).sum::<usize>(),
        _ => 1,
    }
}

/// Byte offset of each character, or `None` where the two are the same.
fn char_offsets(text: &str) -> Option<Vec<usize>> {
    (!text.is_ascii()).then(|| text.char_indices().map(|(at, _)| at).collect())
}
