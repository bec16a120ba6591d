//! The mends that are safe to make: `firedrill check --fix`.
//!
//! Promises: only what a diagnostic itself offers is changed, only where the text stands as it was read, and never two
//! mends over each other.

use std::collections::BTreeMap;

use similar::TextDiff;

use super::Finding;
use crate::diagnostic::SourceFile;

/// A file with its mends made.
#[derive(Clone, Debug)]
pub struct Mended {
    pub file: SourceFile,
    pub text: String,
    /// The same as it may be shown.
    shown: String,
    /// How many findings were mended in it.
    pub count: usize,
}

impl Mended {
    /// What changes, as `diff -u` shows it; what is secret stays so.
    pub fn diff(&self) -> String {
        let path = self.file.path();
        let before = self.file.span(0..self.file.text().len()).shown();
        TextDiff::from_lines(&before, &self.shown)
            .unified_diff()
            .context_radius(3)
            .header(path, path)
            .to_string()
    }
}

/// Every file in which something can be mended.
pub fn mend(findings: &[Finding]) -> Vec<Mended> {
    let mut edits: BTreeMap<String, (SourceFile, Vec<Edit>)> = BTreeMap::new();
    for finding in findings.iter().flat_map(|finding| std::iter::once(finding).chain(&finding.folded)) {
        let Some(mends) = own_edits(finding) else { continue };
        for (file, mends) in mends {
            let (_, known) = edits.entry(file.path().to_owned()).or_insert_with(|| (file, Vec::new()));
            let apart = mends.iter().all(|edit| known.iter().all(|known| edit.is_apart_from(known)));
            if apart {
                known.extend(mends);
            }
        }
    }
    let mended = edits.into_values().filter(|(_, edits)| !edits.is_empty()).map(|(file, mut edits)| {
        edits.sort_by_key(|edit| edit.start);
        let (mut text, mut shown) = (String::new(), String::new());
        let mut at = 0;
        let end = Edit { start: file.text().len(), end: file.text().len(), text: String::new() };
        for edit in edits.iter().chain([&end]) {
            text.push_str(&file.text()[at..edit.start]);
            shown.push_str(&file.span(at..edit.start).shown());
            text.push_str(&edit.text);
            shown.push_str(&edit.text);
            at = edit.end;
        }
        Mended { file, text, shown, count: edits.len() }
    });
    mended.collect()
}

#[derive(Clone, Debug)]
struct Edit {
    start: usize,
    end: usize,
    text: String,
}

impl Edit {
    fn is_apart_from(&self, other: &Edit) -> bool {
        // Two insertions at one place would depend on their order.
        self.end < other.start || other.end < self.start
    }
}

/// A finding's mends in the person's own files; `None` where the text is not written as it was read.
fn own_edits(finding: &Finding) -> Option<Vec<(SourceFile, Vec<Edit>)>> {
    let mends = finding.diagnostic.mends.iter().map(|(span, text)| {
        let own = span.in_own_file();
        (own.text() == span.text())
            .then(|| (own.file.clone(), vec![Edit { start: own.start, end: own.end, text: text.clone() }]))
    });
    mends.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::Harm;
    use crate::diagnostic::Diagnostic;

    /// Mends as ranges of `abcdef` and what is written there.
    #[track_caller]
    fn check(mends: &[(std::ops::Range<usize>, &str)], expected: &str) {
        let file = SourceFile::new("a.yml", "abcdef");
        let findings = mends.iter().map(|(range, text)| {
            Finding::new(Harm::Silent, Diagnostic::error("x", "x").mend(&file.span(range.clone()), *text))
        });
        let mended = mend(&findings.collect::<Vec<_>>());
        assert_eq!(mended.first().map_or("abcdef", |mended| mended.text.as_str()), expected);
    }

    #[test]
    fn mends_apart_are_all_made_and_of_two_over_each_other_the_first() {
        check(&[], "abcdef");
        check(&[(4..5, "E"), (0..1, "")], "bcdEf");
        check(&[(1..3, "X"), (2..4, "Y")], "aXdef");
        check(&[(2..2, "X"), (2..2, "Y")], "abXcdef");
    }

    #[test]
    fn a_diff_shows_no_secret() {
        let file = SourceFile::new("a.yml", "password: hunter2\nintervall: 1s\n");
        file.span(10..17).conceal();
        let mend_it = Diagnostic::error("x", "x").mend(&file.span(18..27), "interval");
        let mended = mend(&[Finding::new(Harm::Silent, mend_it)]);
        assert_eq!(
            mended[0].diff(),
            "--- a.yml\n+++ a.yml\n@@ -1,2 +1,2 @@\n password: •••\n-intervall: 1s\n+interval: 1s\n"
        );
        assert_eq!(mended[0].text, "password: hunter2\ninterval: 1s\n");
    }

    #[test]
    fn what_was_written_differently_is_left_alone() {
        let file = SourceFile::new("a.yml", r#"a: "x\ty""#);
        let view = file.view([(4..8, "x\ty")]);
        let finding = Finding::new(Harm::Silent, Diagnostic::error("x", "x").mend(&view.span(1..2), " "));
        assert!(mend(&[finding]).is_empty());
    }
}
