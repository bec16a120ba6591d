//! Where the text of a view stands in the file around it.

use std::ops::Range;

use super::SourceFile;

pub struct Origin {
    pub outer: SourceFile,
    /// In the order of the text, without gaps.
    runs: Vec<Run>,
}

/// A stretch of the view's text and what it was read from. Of equal length it is the same text; otherwise it
/// was written differently: an escape, a folded line break.
struct Run {
    inner: Range<usize>,
    outer: Range<usize>,
}

impl Origin {
    pub fn of<'t>(
        outer: &SourceFile,
        pieces: impl IntoIterator<Item = (Range<usize>, &'t str)>,
    ) -> (String, Origin) {
        let mut text = String::new();
        let mut runs: Vec<Run> = Vec::new();
        for (range, piece) in pieces {
            let start = text.len();
            text.push_str(piece);
            let verbatim = piece.len() == range.len();
            match runs.last_mut() {
                // Pieces may be as small as characters.
                Some(last)
                    if verbatim && last.inner.len() == last.outer.len() && last.outer.end == range.start =>
                {
                    last.inner.end = text.len();
                    last.outer.end = range.end;
                }
                _ => runs.push(Run { inner: start..text.len(), outer: range }),
            }
        }
        (text, Origin { outer: outer.clone(), runs })
    }

    /// What a stretch of the view's text was read from.
    pub fn range(&self, inner: Range<usize>) -> Range<usize> {
        let start = self.offset(inner.start);
        if inner.is_empty() {
            return start..start;
        }
        let last = self.run(inner.end - 1);
        let end = last.map_or(start, |run| match run.inner.len() == run.outer.len() {
            true => run.outer.start + (inner.end - run.inner.start).min(run.outer.len()),
            false => run.outer.end,
        });
        start..end.max(start)
    }

    fn offset(&self, at: usize) -> usize {
        self.run(at).map_or(0, |run| match run.inner.len() == run.outer.len() {
            true => run.outer.start + (at - run.inner.start).min(run.outer.len()),
            false if at >= run.inner.end => run.outer.end,
            false => run.outer.start,
        })
    }

    /// The run that `at` lies in; at the end of the text, the last.
    fn run(&self, at: usize) -> Option<&Run> {
        let behind = self.runs.partition_point(|run| run.inner.start <= at);
        self.runs.get(behind.saturating_sub(1)).filter(|run| run.inner.start <= at)
    }
}
