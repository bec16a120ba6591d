//! What a guide says in prose: the items of its lists and the rows of its tables, under their headings.
//!
//! Promises: fenced blocks are no prose, and every item keeps its place. Sentences of paragraphs are not listed: they
//! explain, where lists promise.

use std::ops::Range;

use super::markdown;
use crate::diagnostic::{SourceFile, Spanned};
use crate::stack::wiring::Listed;

/// All items of a guide, in its order.
pub fn read(file: &SourceFile) -> Vec<Listed> {
    let text = file.text();
    let mut listed = Vec::new();
    // Each heading with its level; a bold line that leads to a list counts as the deepest.
    let mut headings: Vec<(usize, Spanned<String>)> = Vec::new();
    for line in prose_lines(file) {
        let written = &text[line.clone()];
        let trimmed = written.trim();
        let indent = written.len() - written.trim_start().len();
        let start = line.start + indent;
        let level = trimmed.len() - trimmed.trim_start_matches('#').len();
        if level > 0 && trimmed[level..].starts_with(' ') {
            headings.retain(|(known, _)| *known < level);
            headings.push((level, spanned(file, start + level..line.start + written.trim_end().len())));
            continue;
        }
        if is_lead(trimmed) {
            headings.retain(|(known, _)| *known < LEAD);
            headings.push((LEAD, spanned(file, start..start + trimmed.len())));
            continue;
        }
        // A link leads to what others do, and promises nothing.
        if trimmed.contains("](http") {
            continue;
        }
        let item = item(trimmed).or_else(|| row(trimmed));
        let Some(offset) = item else { continue };
        let headings = headings.iter().map(|(_, heading)| heading.clone()).collect();
        let text = spanned(file, start + offset..start + trimmed.len());
        if !text.value.is_empty() {
            listed.push(Listed { headings, text });
        }
    }
    listed
}

/// The lines outside of fenced blocks; a closing fence is one, and says nothing.
fn prose_lines(file: &SourceFile) -> Vec<Range<usize>> {
    let blocks: Vec<Range<usize>> = markdown::blocks(file)
        .iter()
        .map(|block| {
            let inside = block.source.span(0..block.source.text().len()).in_own_file();
            block.place.in_own_file().start..inside.end.max(block.place.end)
        })
        .collect();
    let mut lines = Vec::new();
    let mut at = 0;
    for line in file.text().split_inclusive('\n') {
        let range = at..at + line.len();
        at = range.end;
        if !blocks.iter().any(|block| range.start < block.end && block.start < range.end) {
            lines.push(range);
        }
    }
    lines
}

/// Deeper than any heading.
const LEAD: usize = 7;

/// The words without their marks.
fn spanned(file: &SourceFile, range: Range<usize>) -> Spanned<String> {
    let written = &file.text()[range.clone()];
    let lead = written.len() - written.trim_start().len();
    let span = file.span(range.start + lead..range.end);
    let plain: String = written.chars().filter(|c| !matches!(c, '*' | '`' | '#' | '|')).collect();
    Spanned::new(plain.trim().trim_end_matches(':').to_owned(), span)
}

/// `**Business Metrics**:`
fn is_lead(line: &str) -> bool {
    let bare = line.trim_end_matches(':').trim_end();
    bare.len() > 4 && bare.starts_with("**") && (bare.ends_with("**") || bare.ends_with(":**"))
}

/// Where the words of `- [ ] words` and `1. words` begin.
fn item(line: &str) -> Option<usize> {
    let bullet = ["- ", "* ", "+ "].iter().any(|mark| line.starts_with(mark));
    let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let numbered = digits > 0 && (line[digits..].starts_with(". ") || line[digits..].starts_with(") "));
    let start = match (bullet, numbered) {
        (true, _) => 2,
        (_, true) => digits + 2,
        _ => return None,
    };
    let boxed = ["[ ] ", "[x] ", "[X] "].iter().any(|mark| line[start..].starts_with(mark));
    Some(start + if boxed { 4 } else { 0 })
}

/// A table's row; not the line below its head.
fn row(line: &str) -> Option<usize> {
    let cells = line.starts_with('|') && line.len() > 2 && line.ends_with('|');
    (cells && !line.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '))).then_some(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(guide: &str, expected: &[&str]) {
        let file = SourceFile::new("guide.md", guide);
        let got: Vec<String> = read(&file)
            .iter()
            .map(|item| {
                let headings: Vec<&str> =
                    item.headings.iter().map(|heading| heading.value.as_str()).collect();
                format!("{} > {} {}", headings.join(" > "), item.text.value, item.text.span)
            })
            .collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn an_item_stands_under_its_headings() {
        check(
            "# Alerts\n## Critical\n- Service **down**\n\n```yaml\n- a\n```\n# Other\n1. One\n",
            &["Alerts > Critical > Service down guide.md:3:3", "Other > One guide.md:9:4"],
        );
    }

    #[test]
    fn an_item_with_a_link_is_none() {
        check("# M\n- [ELK](http://x.org) for logs\n- Users\n", &["M > Users guide.md:3:3"]);
    }

    #[test]
    fn a_bold_line_leads_to_its_list() {
        check("# M\n**Business Metrics**:\n\n- [ ] Users\n", &["M > Business Metrics > Users guide.md:4:7"]);
    }

    #[test]
    fn a_table_s_row_is_an_item() {
        check(
            "| Alert | At |\n|---|---|\n| CPU | 80% |\n",
            &[" > Alert  At guide.md:1:3", " > CPU  80% guide.md:3:3"],
        );
    }
}
