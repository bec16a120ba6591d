//! `# firedrill: ignore ID because REASON`: on the line of a finding, or on a line of its own above it.

use super::{Finding, Harm};
use crate::diagnostic::{Diagnostic, Severity, SourceFile};
use crate::stack::wiring::Wiring;

const MARK: &str = "firedrill: ignore ";

struct Comment {
    id: String,
    path: String,
    line: usize,
}

/// Without what comments ignore; a comment that gives no reason ignores nothing and is found itself.
pub fn apply(mut findings: Vec<Finding>, wiring: &Wiring) -> Vec<Finding> {
    let mut files: Vec<SourceFile> = Vec::new();
    for part in &wiring.parts {
        let file = part.place.in_own_file().file;
        if !files.iter().any(|known| known.path() == file.path()) {
            files.push(file);
        }
    }
    let mut comments = Vec::new();
    let mut more = Vec::new();
    for file in &files {
        for (at, _) in file.text().match_indices(MARK) {
            let rest = &file.text()[at + MARK.len()..];
            let line = rest.lines().next().unwrap_or_default();
            let id = line.split_whitespace().next().unwrap_or_default();
            let reason = line.split_once(" because ").map_or("", |(_, reason)| reason);
            let reason = reason.trim().trim_end_matches("-->").trim();
            if reason.is_empty() {
                more.push(Finding { harm: Harm::Style, diagnostic: without_reason(file, at, id) });
                continue;
            }
            let place = file.span(at..at + MARK.len());
            let before = &file.text()[..at];
            let lead = before[before.rfind('\n').map_or(0, |newline| newline + 1)..].trim();
            let alone = matches!(lead, "#" | "//" | "<!--");
            let line = place.line() + usize::from(alone);
            comments.push(Comment { id: id.to_owned(), path: file.path().to_owned(), line });
        }
    }
    findings.retain(|finding| {
        let Some(place) = &finding.diagnostic.place else { return true };
        let place = place.in_own_file();
        let (path, line) = (place.file.path(), place.line());
        let of = |comment: &Comment| comment.id == finding.diagnostic.id && comment.path == path;
        !comments.iter().any(|comment| of(comment) && comment.line == line)
    });
    findings.extend(more);
    findings
}

fn without_reason(file: &SourceFile, at: usize, id: &str) -> Diagnostic {
    let mut diagnostic = Diagnostic::error("ignored-without-reason", "this comment gives no reason")
        .at(&file.span(at..at + MARK.len() + id.len()))
        .label("ignores nothing")
        .help(format!("write `# firedrill: ignore {id} because …`"));
    diagnostic.severity = Severity::Warning;
    diagnostic
}
