//! From a stretch of a scalar's value back to the bytes of the file that it was read from.

use std::ops::Range;

use super::{Scalar, Style};
use crate::diagnostic::{SourceFile, Span};

/// Where `range` of the scalar's value stands. An empty range is the place before that character.
pub fn within(scalar: &Scalar, span: &Span, range: Range<usize>) -> Span {
    let mut walk = Walk::new(scalar, span.text());
    let (mut start, mut end) = (None, None);
    for (at, wanted) in scalar.text.char_indices().skip(leading_blank(scalar, span)) {
        let here = walk.step(wanted);
        if start.is_none() && at + wanted.len_utf8() > range.start {
            start = Some(here.start);
        }
        if at >= range.end {
            break;
        }
        end = Some(here.end);
    }
    let start = start.unwrap_or(walk.at);
    let end = if range.is_empty() { start } else { end.unwrap_or(start).max(start) };
    span.file.span(span.start + start..span.start + end)
}

/// The value as a text of its own that knows where each of its characters stands.
pub fn view(scalar: &Scalar, span: &Span) -> SourceFile {
    let mut walk = Walk::new(scalar, span.text());
    let blank = leading_blank(scalar, span);
    // Line breaks before the span's first line have no place of their own.
    let pieces = scalar.text.char_indices().enumerate().map(|(index, (at, character))| {
        let place = if index < blank { 0..0 } else { walk.step(character) };
        (span.start + place.start..span.start + place.end, &scalar.text[at..at + character.len_utf8()])
    });
    span.file.view(pieces)
}

/// Line breaks that a block scalar's value begins with: its span begins with the first line that is not blank.
fn leading_blank(scalar: &Scalar, span: &Span) -> usize {
    match (scalar.style, span.text().starts_with(['\n', '\r'])) {
        (Style::Literal | Style::Folded, false) => {
            scalar.text.len() - scalar.text.trim_start_matches('\n').len()
        }
        _ => 0,
    }
}

/// Walks the source alongside the value. Both tell the same characters; the source has more around them.
struct Walk<'s> {
    source: &'s str,
    at: usize,
    style: Style,
    /// Columns that every line of a block scalar is indented by.
    indent: usize,
}

impl<'s> Walk<'s> {
    fn new(scalar: &Scalar, source: &'s str) -> Self {
        let at = match scalar.style {
            Style::SingleQuoted | Style::DoubleQuoted => 1.min(source.len()),
            _ => 0,
        };
        Walk { source, at, style: scalar.style, indent: indent(scalar, source) }
    }

    /// The bytes of the source that make the value's next character.
    fn step(&mut self, wanted: char) -> Range<usize> {
        loop {
            let start = self.at;
            let Some(got) = self.peek() else { break };
            match got {
                '\\' if self.style == Style::DoubleQuoted => {
                    // A backslash at the end of a line joins it to the next.
                    if self.source[self.at + 1..].starts_with(['\n', '\r']) {
                        self.at += 1;
                        self.skip_line_break();
                        continue;
                    }
                    self.at += escape_length(&self.source[self.at..]);
                }
                '\'' if self.style == Style::SingleQuoted => self.at += 2,
                '\n' | '\r' => {
                    self.skip_line_break();
                    // Folding: one line break is a space, and of several the first is dropped.
                    if wanted == '\n' && self.style != Style::Literal && self.at_blank_line() {
                        self.skip_line_break();
                    } else if !wanted.is_whitespace() {
                        continue;
                    }
                }
                // Spaces before a folded line break, or indentation, belong to no character of the value.
                ' ' | '\t' if got != wanted => {
                    self.at += 1;
                    continue;
                }
                _ => self.at += got.len_utf8(),
            }
            self.at = self.at.min(self.source.len());
            return start..self.at;
        }
        self.at..self.at
    }

    fn peek(&self) -> Option<char> {
        self.source.get(self.at..)?.chars().next()
    }

    fn at_blank_line(&self) -> bool {
        self.source[self.at..].starts_with(['\n', '\r'])
    }

    /// Past a line break and the indentation behind it.
    fn skip_line_break(&mut self) {
        let rest = &self.source[self.at..];
        self.at += if rest.starts_with("\r\n") { 2 } else { rest.len().min(1) };
        let rest = &self.source[self.at..];
        let spaces = rest.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        self.at += match self.style {
            Style::Literal | Style::Folded => {
                rest.bytes().take(self.indent).take_while(|byte| *byte == b' ').count()
            }
            _ => spaces,
        };
    }
}

/// The indentation of a block scalar: its span starts behind that of its first line, so later lines tell.
fn indent(scalar: &Scalar, source: &str) -> usize {
    if !matches!(scalar.style, Style::Literal | Style::Folded) {
        return 0;
    }
    let leading = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let text_lines = source.lines().skip(1).filter(|line| !line.trim().is_empty());
    let least = text_lines.map(leading).min().unwrap_or(0);
    let value_lines = scalar.text.lines().skip(1).filter(|line| !line.trim().is_empty());
    // The value's least indented line, where its lines are the source's.
    let kept = match scalar.style {
        Style::Literal => value_lines.map(leading).min().unwrap_or(0),
        _ => 0,
    };
    least.saturating_sub(kept)
}

/// Bytes of a double-quoted escape, backslash included.
fn escape_length(source: &str) -> usize {
    let Some(kind) = source[1..].chars().next() else { return 1 };
    let digits = match kind {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => 0,
    };
    (1 + kind.len_utf8() + digits).min(source.len())
}
