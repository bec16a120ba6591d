//! The few lines of a file that a message shows: short lines, no secrets, carets that fit.

use std::ops::Range;

use super::{SourceFile, Span};

/// What stands in an excerpt where a secret stands in the file.
const CONCEALED: &str = "•••";
/// Characters kept on either side of a place in a line that is too long to show.
const MARGIN: usize = 60;
const LONGEST_LINE: usize = 160;
const LONGEST_SPAN: usize = 80;

/// Lines of a file, cut and concealed, with the spans moved along.
pub struct Excerpt {
    pub text: String,
    pub first_line: usize,
    pub spans: Vec<Range<usize>>,
}

impl Excerpt {
    /// `path:line:column` of a place in the excerpt.
    pub fn location(&self, file: &SourceFile, at: usize) -> String {
        let before = &self.text[..at];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = self.first_line + before.matches('\n').count();
        format!("{}:{line}:{}", file.path(), before[line_start..].chars().count() + 1)
    }
}

/// The lines from the first of `spans` to the last.
pub fn of(file: &SourceFile, spans: &[&Span]) -> Excerpt {
    let text = file.text();
    let shown: Vec<Range<usize>> = spans.iter().map(|span| shown(text, span)).collect();
    let from = shown.iter().map(|span| line_start(text, span.start)).min().unwrap_or(0);
    let to = shown.iter().map(|span| line_end(text, span.end)).max().unwrap_or(from);
    let cuts = cuts(file, from..to, &shown);
    let mut out = String::new();
    let mut at = from;
    for (range, instead) in &cuts {
        out.push_str(&text[at..range.start]);
        out.push_str(instead);
        at = range.end;
    }
    out.push_str(&text[at..to]);
    let moved = |offset: usize| moved(&cuts, from, offset);
    let spans = shown.iter().map(|span| moved(span.start)..moved(span.end)).collect();
    Excerpt { text: out, first_line: text[..from].matches('\n').count() + 1, spans }
}

/// A stretch of a file as it stands, without its secrets.
pub fn concealed(file: &SourceFile, range: Range<usize>) -> String {
    let mut secrets = file.0.secrets();
    secrets.sort_by_key(|secret| secret.start);
    let mut shown = String::new();
    let mut at = range.start;
    for secret in secrets {
        let (start, end) = (secret.start.max(at), secret.end.min(range.end));
        if start < end {
            shown.push_str(&file.text()[at..start]);
            shown.push_str(CONCEALED);
            at = end;
        }
    }
    shown.push_str(&file.text()[at..range.end]);
    shown
}

/// A span over several lines is drawn on its first: that is where a reader looks for it.
fn shown(text: &str, span: &Span) -> Range<usize> {
    let end = span.end.min(line_end(text, span.start));
    let end = span.start + text[span.start..end.max(span.start)].trim_end().len();
    span.start..end.min(forwards(text, span.start, LONGEST_SPAN))
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

fn line_end(text: &str, at: usize) -> usize {
    text[at..].find(['\n', '\r']).map_or(text.len(), |newline| at + newline)
}

/// What is replaced, in order and apart: secrets, and what is too much of a long line.
fn cuts(file: &SourceFile, lines: Range<usize>, shown: &[Range<usize>]) -> Vec<(Range<usize>, &'static str)> {
    let text = file.text();
    let mut cuts: Vec<(Range<usize>, &'static str)> = Vec::new();
    let secrets = file.0.secrets();
    let mut at = lines.start;
    while at <= lines.end {
        let end = line_end(text, at);
        let touched = shown.iter().filter(|span| span.start <= end && span.end >= at);
        let (first, last) =
            touched.fold((end, at), |(first, last), span| (first.min(span.start), last.max(span.end)));
        for secret in &secrets {
            let (start, end) = (secret.start.max(at), secret.end.min(end));
            if start < end {
                cuts.push((start..end, CONCEALED));
            }
        }
        if end - at > LONGEST_LINE {
            let (first, last) = if first <= last { (first, last) } else { (at, at) };
            let kept_from = backwards(text, first, MARGIN).max(at);
            let kept_to = forwards(text, last, MARGIN).min(end);
            if kept_from > at {
                cuts.push((at..kept_from, "…"));
            }
            if kept_to < end {
                cuts.push((kept_to..end, "…"));
            }
        }
        at = text[end..].find('\n').map_or(usize::MAX, |newline| end + newline + 1);
    }
    cuts.sort_by_key(|(range, _)| range.start);
    // A secret that reaches into a cut belongs to it.
    let mut apart: Vec<(Range<usize>, &'static str)> = Vec::new();
    for (range, instead) in cuts {
        match apart.last_mut() {
            Some((last, _)) if range.start < last.end => last.end = last.end.max(range.end),
            _ => apart.push((range, instead)),
        }
    }
    apart
}

fn moved(cuts: &[(Range<usize>, &'static str)], from: usize, offset: usize) -> usize {
    let mut at = offset - from;
    for (range, instead) in cuts {
        if range.end <= offset {
            at = at + instead.len() - range.len();
        } else if range.start < offset {
            // Inside of what was cut: behind what stands there instead.
            at = at + instead.len() - (offset - range.start);
        }
    }
    at
}

fn backwards(text: &str, at: usize, characters: usize) -> usize {
    text[..at].char_indices().rev().take(characters).last().map_or(at, |(start, _)| start)
}

fn forwards(text: &str, at: usize, characters: usize) -> usize {
    text[at..].char_indices().nth(characters).map_or(text.len(), |(end, _)| at + end)
}
