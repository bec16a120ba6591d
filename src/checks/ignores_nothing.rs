//! `# firedrill: ignore ID because REASON`: comments that leave findings out, and those that fail to.
//!
//! On a finding's line; or on a line of its own above it, where it holds for what the next line begins: a rule, a
//! mapping, a fenced block.

use super::{Check, Finding, Harm, all, named};
use crate::diagnostic::{Diagnostic, SourceFile, Span, nearest};
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "ignores-nothing",
    harm: Harm::Style,
    title: "this comment ignores nothing",
    explanation: "A comment leaves a finding out when it names the check and gives a reason: `# firedrill: ignore ID \
                  because REASON`, on the line of the finding or above the rule, mapping or fenced block that it is \
                  in. Without a reason, with a misspelt id, or where nothing is found any more, it says nothing to \
                  anybody.",
    example: "services:\n  prometheus:\n    # firedrill: ignore latest-tag\n    image: prom/prometheus:latest\n",
    mended: "services:\n  prometheus:\n    # firedrill: ignore latest-tag because the demo is thrown away\n    image: prom/prometheus:latest\n",
    find,
};

const MARK: &str = "firedrill: ignore ";

struct Comment {
    id: String,
    reason: String,
    /// From the mark to the id's end.
    place: Span,
    /// All of it: its line, where it stands alone.
    whole: Span,
    /// The lines that it holds for, both included.
    lines: (usize, usize),
}

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let files: Vec<SourceFile> = wiring.files().collect();
    let comments = files.iter().flat_map(comments);
    let found = comments.filter_map(|comment| {
        let id = comment.id.as_str();
        if named(id).is_none() {
            let found = nothing(&comment, format!("there is no check `{id}`"));
            return Some(match nearest(id, all().map(|check| check.id)) {
                Some(near) => found.help(format!("did you mean `{near}`?")),
                None => found.help("`firedrill explain` lists them"),
            });
        }
        comment.reason.is_empty().then(|| {
            nothing(&comment, "this comment gives no reason".to_owned())
                .help(format!("write `# firedrill: ignore {id} because …`"))
        })
    });
    found.collect()
}

/// Without what comments ignore, and with the comments that found nothing to ignore. `ran`: the checks that ran.
pub fn apply(mut findings: Vec<Finding>, wiring: &Wiring, ran: &dyn Fn(&str) -> bool) -> Vec<Finding> {
    let files: Vec<SourceFile> = wiring.files().collect();
    let comments: Vec<Comment> = files.iter().flat_map(comments).collect();
    if comments.is_empty() {
        return findings;
    }
    let mut used = vec![false; comments.len()];
    findings.retain_mut(|finding| {
        finding.folded.retain(|folded| !is_ignored(folded, &comments, &mut used));
        !is_ignored(finding, &comments, &mut used)
    });
    for (comment, used) in comments.iter().zip(used) {
        let known = named(&comment.id).is_some();
        if !used && known && !comment.reason.is_empty() && ran(&comment.id) && ran(CHECK.id) {
            let mut unused = nothing(comment, format!("here is no finding `{}`", comment.id))
                .help("take the comment away")
                .mend(&comment.whole, "");
            unused.id = CHECK.id;
            unused.severity = CHECK.harm.severity();
            findings.push(Finding::new(CHECK.harm, unused));
        }
    }
    findings
}

fn is_ignored(finding: &Finding, comments: &[Comment], used: &mut [bool]) -> bool {
    let Some(place) = &finding.diagnostic.place else { return false };
    let (path, line) = (place.file.path(), place.line());
    let mut ignored = false;
    for (comment, used) in comments.iter().zip(used) {
        let (first, last) = comment.lines;
        let here = comment.place.file.path() == path && (first..=last).contains(&line);
        if here && comment.id == finding.diagnostic.id && !comment.reason.is_empty() {
            *used = true;
            ignored = true;
        }
    }
    ignored
}

fn nothing(comment: &Comment, message: String) -> Diagnostic {
    Diagnostic::warning("", message).at(&comment.place).label("ignores nothing")
}

fn comments(file: &SourceFile) -> Vec<Comment> {
    let text = file.text();
    let found = text.match_indices(MARK).filter_map(|(at, _)| {
        let from = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let lead = &text[from..at];
        let opened = lead.trim_end();
        let mark = ["<!--", "#", "//", "--", ";"].into_iter().find(|mark| opened.ends_with(mark))?;
        let rest = text[at + MARK.len()..].lines().next().unwrap_or_default();
        let rest = rest.trim_end().trim_end_matches("-->").trim_end();
        let id = rest.split_whitespace().next().unwrap_or_default();
        let reason = rest.split_once(" because ").map_or("", |(_, reason)| reason).trim();
        let place = file.span(at..at + MARK.len() + id.len());
        let line = place.line();
        let lines = match opened.trim() == mark {
            true => next_block(text, line),
            false => (line, line),
        };
        let end = at + text[at..].find('\n').unwrap_or(text.len() - at);
        let whole = match opened.trim() == mark {
            true => file.span(from..(end + 1).min(text.len())),
            false => file.span(from + opened[..opened.len() - mark.len()].trim_end().len()..end),
        };
        Some(Comment { id: id.to_owned(), reason: reason.to_owned(), place, whole, lines })
    });
    found.collect()
}

/// The lines of what the first line below `line` begins: itself and all that is indented deeper, or a fenced block.
fn next_block(text: &str, line: usize) -> (usize, usize) {
    let is_comment = |line: &str| line.contains(MARK) || line.trim().is_empty();
    let mut below = text.lines().enumerate().skip(line).skip_while(|(_, line)| is_comment(line));
    let Some((first, opening)) = below.next() else { return (line, line) };
    let indent = |line: &str| line.len() - line.trim_start().len();
    let fence = ["```", "~~~"].into_iter().find(|fence| opening.trim_start().starts_with(fence));
    let mut last = first;
    for (at, line) in below {
        match fence {
            Some(fence) => {
                last = at;
                if line.trim().starts_with(fence) {
                    break;
                }
            }
            None if line.trim().is_empty() => {}
            None if indent(line) > indent(opening) => last = at,
            None => break,
        }
    }
    (first + 1, last + 1)
}

#[cfg(test)]
mod tests {
    use crate::checks::manual::fenced;
    use crate::checks::run;
    use crate::documents::wiring::of_text;

    #[track_caller]
    fn check(guide: &str, expected: &[&str]) {
        let findings = run(&of_text("guide.md", guide));
        // Other checks have something to say of these files, too.
        let these = |id: &str| id == super::CHECK.id || id == "latest-tag";
        let told = findings.iter().filter(|finding| these(finding.diagnostic.id)).map(|finding| {
            let place = finding.diagnostic.place.as_ref().map_or(0, |place| place.line());
            format!("{place} {} {}", finding.diagnostic.id, finding.diagnostic.message)
        });
        assert_eq!(told.collect::<Vec<_>>(), expected, "{guide}");
    }

    const LATEST: &str = "latest-tag this image has no version of its own";

    #[test]
    fn a_comment_with_a_reason_ignores_what_is_found_on_its_line() {
        let compose = |comment: &str| fenced(&format!("services:\n  a:\n    image: a:latest {comment}\n"));
        check(&compose(""), &[&format!("4 {LATEST}")]);
        check(&compose("# firedrill: ignore latest-tag because of that"), &[]);
        check(
            &compose("# firedrill: ignore latest-tag"),
            &[&format!("4 {LATEST}"), "4 ignores-nothing this comment gives no reason"],
        );
        check(
            &compose("# firedrill: ignore latest-tags because of that"),
            &[&format!("4 {LATEST}"), "4 ignores-nothing there is no check `latest-tags`"],
        );
        check(
            &compose("# firedrill: ignore admin-api because of that"),
            &[&format!("4 {LATEST}"), "4 ignores-nothing here is no finding `admin-api`"],
        );
    }

    #[test]
    fn a_comment_above_holds_for_what_the_next_line_begins() {
        let compose = fenced(
            "services:\n  # firedrill: ignore latest-tag because of that\n  a:\n    image: a:latest\n\n  b:\n    image: b:latest\n",
        );
        check(&compose, &[&format!("8 {LATEST}")]);
    }

    #[test]
    fn a_comment_above_a_fence_holds_for_the_block() {
        let block = "```json\n{\"services\": {\"a\": {\"image\": \"a:latest\"}}}\n```\n";
        let comment = "<!-- firedrill: ignore latest-tag because it is a demo -->\n";
        check(&format!("{comment}\n{block}"), &[]);
        check(&format!("{comment}\n{block}{block}"), &[&format!("7 {LATEST}")]);
    }

    #[test]
    fn prose_about_comments_is_no_comment() {
        check("Write `firedrill: ignore latest-tag because …`.\n\n```yaml\na: 1\n```\n", &[]);
    }
}
