//! A guide's blocks of PromQL: one query, or some, apart by blank lines, comments or the line's end.
//!
//! Promises: what is no PromQL is left out; a guide may abbreviate.

use std::ops::Range;

use crate::diagnostic::{SourceFile, Spanned};
use crate::promql;
use crate::stack::wiring::{Query, QueryKind};

pub fn read(file: &SourceFile) -> Vec<Query> {
    let text = file.text();
    if let Some(query) = query(file, 0..text.len()) {
        return vec![query];
    }
    let paragraphs = pieces(text, "\n\n");
    paragraphs
        .into_iter()
        .flat_map(|range| match query(file, range.clone()) {
            Some(query) => vec![query],
            None => {
                let lines = pieces(&text[range.clone()], "\n").into_iter();
                lines
                    .filter_map(|line| query(file, range.start + line.start..range.start + line.end))
                    .collect()
            }
        })
        .collect()
}

fn query(file: &SourceFile, range: Range<usize>) -> Option<Query> {
    let text = file.text().get(range.clone())?;
    let start = range.start + (text.len() - text.trim_start().len());
    let text = text.trim();
    let expr = promql::parse(text).ok()?;
    let span = file.span(start..start + text.len());
    Some(Query { kind: QueryKind::Block, expr, text: Spanned::new(text.to_owned(), span) })
}

fn pieces(text: &str, separator: &str) -> Vec<Range<usize>> {
    let mut at = 0;
    let ranges = text.split(separator).map(|piece| {
        let range = at..at + piece.len();
        at = range.end + separator.len();
        range
    });
    ranges.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let queries = read(&SourceFile::new("a", text));
        let got: Vec<String> =
            queries.iter().map(|query| format!("{} {}", query.text.span, query.text.value)).collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn a_block_is_one_query_or_some() {
        check("rate(a[5m])\n", &["a:1:1 rate(a[5m])"]);
        check("# errors\nsum(\n  a\n)\n\n# all\nb\n", &["a:1:1 # errors\nsum(\n  a\n)", "a:6:1 # all\nb"]);
        check("a\nb > 1\n", &["a:1:1 a", "a:2:1 b > 1"]);
        check("errors …", &[]);
    }
}
