//! From the parser's events to the tree: anchors, merges, duplicate keys, and limits that stop bombs.
//!
//! The parser is libyaml's, as is the one in Prometheus and Alertmanager: what it takes, they take. It is laxer than the
//! YAML specification about the indentation inside quotes and brackets, and people rely on that.

use std::collections::HashMap;
use std::io::{self, Read};

use libyaml_safer::{Event, EventData, Mark, Parser, ScalarStyle};

use super::{Kind, Node, Scalar, Style, wrong_type};
use crate::caught::caught;
use crate::diagnostic::{Diagnostic, SourceFile, Span};

const MAX_DEPTH: usize = 100;
/// Nodes after aliases are expanded: past any real file, well below what hurts.
const MAX_NODES: usize = 2_000_000;

pub fn documents(file: &SourceFile) -> (Vec<Node>, Vec<Diagnostic>) {
    if let Some(problem) = forbidden_character(file) {
        return (Vec::new(), vec![problem]);
    }
    let mut composer =
        Composer { file, anchors: HashMap::new(), problems: Vec::new(), nodes: 0, depth: 0, last_end: 0 };
    let documents = composer.documents();
    (documents, composer.problems)
}

struct Composer<'f> {
    file: &'f SourceFile,
    anchors: HashMap<String, Node>,
    problems: Vec<Diagnostic>,
    nodes: usize,
    depth: usize,
    /// Where the last thing read ends that is not a block collection.
    last_end: usize,
}

type Events<'f> = Parser<io::Chain<&'f [u8], &'static [u8]>>;

/// Reading stops here; the reason is already among the problems.
struct Stopped;

impl<'f> Composer<'f> {
    fn documents(&mut self) -> Vec<Node> {
        let mut events: Events<'f> = Parser::new();
        let text = &self.file.text()[byte_order_mark(self.file.text())..];
        // The parser dies of a block scalar whose last line does not end.
        let end: &[u8] = if text.ends_with('\n') { b"" } else { b"\n" };
        events.set_input(text.as_bytes().chain(end));
        let mut documents = Vec::new();
        while let Ok(event) = self.next(&mut events) {
            match event.data {
                EventData::StreamEnd => break,
                EventData::DocumentStart { .. } => {
                    self.anchors.clear();
                    match self.next(&mut events).and_then(|event| self.node(&mut events, event)) {
                        Ok(node) => documents.push(node),
                        Err(Stopped) => break,
                    }
                }
                _ => {}
            }
        }
        documents
    }

    fn next(&mut self, events: &mut Events<'f>) -> Result<Event, Stopped> {
        // The parser panics at a few things that it has no words for.
        let Ok(parsed) = caught(|| events.parse()) else {
            let problem = given_up(self.file, self.last_end);
            return self.stop(problem);
        };
        parsed.or_else(|error| {
            let at = error.problem_mark().map_or(0, |mark| self.offset(mark));
            let span = self.file.span(at..at);
            let mut diagnostic =
                Diagnostic::error("yaml-syntax", "this is not YAML").at(&span).label(error.problem());
            if let Some((context, mark)) = error.context().zip(error.context_mark()) {
                let from = self.offset(mark);
                if from != at {
                    diagnostic = diagnostic.related(&self.file.span(from..from), context);
                }
            }
            let line_start = self.file.text()[..at].rfind('\n').map_or(0, |newline| newline + 1);
            let mut lines = self.file.text()[line_start..].lines().take(2);
            if lines.any(|line| line.trim_start_matches(' ').starts_with('\t')) {
                diagnostic = diagnostic.help("YAML is indented with spaces, not with tabs");
            }
            self.stop(diagnostic)
        })
    }

    fn stop<T>(&mut self, diagnostic: Diagnostic) -> Result<T, Stopped> {
        self.problems.push(diagnostic);
        Err(Stopped)
    }

    fn node(&mut self, events: &mut Events<'f>, event: Event) -> Result<Node, Stopped> {
        let start = self.offset(event.start_mark);
        if self.depth > MAX_DEPTH {
            let span = self.file.span(start..start + 1);
            return self.stop(too_deep(&span));
        }
        self.depth += 1;
        let node = self.node_at(events, event, start);
        self.depth -= 1;
        node
    }

    fn node_at(&mut self, events: &mut Events<'f>, event: Event, start: usize) -> Result<Node, Stopped> {
        self.count(1, start)?;
        let end = self.offset(event.end_mark);
        let (kind, anchor, end) = match event.data {
            EventData::Alias { anchor } => return self.alias(&anchor, self.file.span(start..end)),
            EventData::Scalar { anchor, tag, mut value, style, .. } => {
                if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
                    self.without_end_of_file(&mut value, end);
                }
                let span = self.scalar_span(start, end, style, &value);
                self.last_end = span.end;
                let node = Node { kind: scalar(value, style, tag.as_deref()), span };
                return Ok(self.anchored(anchor, node));
            }
            EventData::SequenceStart { anchor, .. } => {
                let mut items: Vec<Node> = Vec::new();
                loop {
                    let event = self.next(events)?;
                    if event.data == EventData::SequenceEnd {
                        break (Kind::Sequence(items), anchor, self.end_of_collection(start, &event));
                    }
                    items.push(self.node(events, event)?);
                }
            }
            EventData::MappingStart { anchor, .. } => {
                let mut entries: Vec<(Node, Node)> = Vec::new();
                loop {
                    let event = self.next(events)?;
                    if event.data == EventData::MappingEnd {
                        let end = self.end_of_collection(start, &event);
                        break (Kind::Mapping(self.merged(entries)), anchor, end);
                    }
                    let key = self.node(events, event)?;
                    let event = self.next(events)?;
                    let value = self.node(events, event)?;
                    entries.push((key, value));
                }
            }
            _ => (Kind::Null, None, start),
        };
        let node = Node { kind, span: self.file.span(start..end) };
        Ok(self.anchored(anchor, node))
    }

    fn anchored(&mut self, anchor: Option<String>, node: Node) -> Node {
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, node.clone());
        }
        node
    }

    fn alias(&mut self, anchor: &str, span: Span) -> Result<Node, Stopped> {
        let Some(node) = self.anchors.get(anchor).cloned() else {
            let unknown = format!("no anchor `&{anchor}` ends before this alias");
            return self.stop(Diagnostic::error("yaml-alias", unknown).at(&span));
        };
        self.count(size(&node), span.start)?;
        self.last_end = span.end;
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

    /// A flow collection ends at its bracket; a block one with its last value, or a comment behind it
    /// would be part of it.
    fn end_of_collection(&mut self, start: usize, end: &Event) -> usize {
        let at = self.offset(end.start_mark);
        if self.file.text()[at..].starts_with(['}', ']']) && end.end_mark.index > end.start_mark.index {
            self.last_end = at + 1;
        }
        self.last_end.max(start)
    }

    /// The parser's span of a scalar begins at its anchor or tag, and goes on into a comment or blank lines.
    fn scalar_span(&self, start: usize, end: usize, style: ScalarStyle, value: &str) -> Span {
        let text = self.file.text();
        let mut start = start;
        let mut end = end.max(start);
        while text[start..end].starts_with(['&', '!']) {
            let word = text[start..end].find(char::is_whitespace).map_or(end, |at| start + at);
            start = word + (text[word..end].len() - text[word..end].trim_start().len());
        }
        match style {
            ScalarStyle::SingleQuoted => end = start + single_quoted_length(&text[start..end]),
            ScalarStyle::DoubleQuoted => end = start + double_quoted_length(&text[start..end]),
            ScalarStyle::Literal | ScalarStyle::Folded => {
                start += block_text_start(&text[start..end], value);
                end = start + text[start..end].trim_end().len();
            }
            _ => end = start + text[start..end].trim_end().len(),
        }
        self.file.span(start..end)
    }

    /// The parser was given an end of the file's last line that is not there: it is none of a block scalar's either.
    fn without_end_of_file(&self, value: &mut String, end: usize) {
        let text = self.file.text();
        if end < text.len() || text.ends_with('\n') {
            return;
        }
        fn last_line_is_blank(text: &str) -> bool {
            text.rsplit('\n').next().unwrap_or(text).trim().is_empty()
        }
        if let Some(before) = value.strip_suffix('\n')
            && (!last_line_is_blank(text) || last_line_is_blank(before))
        {
            value.pop();
        }
    }

    /// The parser does not count a byte order mark.
    fn offset(&self, mark: Mark) -> usize {
        let index = usize::try_from(mark.index).unwrap_or(usize::MAX);
        index.saturating_add(byte_order_mark(self.file.text())).min(self.file.text().len())
    }
}

/// What the parser panics at, as far as can be told: somewhere behind what it read last.
fn given_up(file: &SourceFile, from: usize) -> Diagnostic {
    let rest = &file.text()[from..];
    let tag = rest.match_indices('!').find_map(|(at, _)| {
        let length = rest[at..].find(|c: char| c.is_whitespace() || c == ',')?;
        rest[at + length..].starts_with(',').then_some(from + at..from + at + length)
    });
    let problem = Diagnostic::error("yaml-syntax", "this YAML can't be read");
    match tag {
        Some(tag) => problem
            .at(&file.span(tag))
            .label("a tag without a value, right before a comma")
            .help("write a space between the tag and the comma, or leave the tag out"),
        None => {
            problem.at(&file.span(from..from)).label("something behind this is no YAML that is known here")
        }
    }
}

fn byte_order_mark(text: &str) -> usize {
    if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 }
}

/// Where the text of a block scalar begins: behind the header and blank lines, and the block's indentation.
fn block_text_start(source: &str, value: &str) -> usize {
    let mut at = source.find('\n').map_or(source.len(), |newline| newline + 1);
    while let Some(length) = source[at..].find('\n')
        && source[at..at + length].trim().is_empty()
    {
        at += length + 1;
    }
    let spaces = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let own = value.lines().find(|line| !line.trim().is_empty()).map_or(0, spaces);
    at + spaces(&source[at..]).saturating_sub(own)
}

fn too_deep(span: &Span) -> Diagnostic {
    Diagnostic::error("yaml-depth", "this YAML is nested too deep")
        .at(span)
        .label(format!("level {MAX_DEPTH} is the deepest that is read"))
}

fn null_key(key: &Node) -> Option<String> {
    (key.kind == Kind::Null).then(|| key.span.text().to_owned())
}

fn scalar(text: String, style: ScalarStyle, tag: Option<&str>) -> Kind {
    let style = match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted => Style::SingleQuoted,
        ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
        ScalarStyle::Literal => Style::Literal,
        ScalarStyle::Folded => Style::Folded,
        _ => Style::Plain,
    };
    let plain = match tag.map(|tag| tag.strip_prefix("tag:yaml.org,2002:").unwrap_or_default()) {
        Some("null") => return Kind::Null,
        Some("bool" | "int" | "float") => true,
        Some(_) => false,
        None => style == Style::Plain,
    };
    match text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" if plain => Kind::Null,
        _ => Kind::Scalar(Scalar { text, plain, style }),
    }
}

fn single_quoted_length(source: &str) -> usize {
    let mut quotes = source.bytes().enumerate().skip(1).filter(|(_, byte)| *byte == b'\'').map(|(at, _)| at);
    while let Some(at) = quotes.next() {
        if source.as_bytes().get(at + 1) != Some(&b'\'') {
            return at + 1;
        }
        quotes.next();
    }
    source.len()
}

fn double_quoted_length(source: &str) -> usize {
    let mut bytes = source.bytes().enumerate().skip(1);
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'"' => return at + 1,
            _ => {}
        }
    }
    source.len()
}

/// YAML knows no control characters, and a byte order mark only at the start.
fn forbidden_character(file: &SourceFile) -> Option<Diagnostic> {
    let allowed = |c: char| {
        matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
            || c >= '\u{10000}'
    };
    let (at, c) =
        file.text().char_indices().find(|(at, c)| !(allowed(*c) || *at == 0 && *c == '\u{feff}'))?;
    Some(
        Diagnostic::error("yaml-syntax", "control characters are not allowed")
            .at(&file.span(at..at + c.len_utf8()))
            .label(format!("the character U+{:04X}", c as u32)),
    )
}

fn size(node: &Node) -> usize {
    match &node.kind {
        Kind::Sequence(items) => 1 + items.iter().map(size).sum::<usize>(),
        Kind::Mapping(entries) => 1 + entries.iter().map(|(_, value)| 1 + size(value)).sum::<usize>(),
        _ => 1,
    }
}
