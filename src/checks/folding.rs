//! Findings with one cause become one finding, with the others folded under it.
//!
//! Two ways, and a check chooses neither, one or both for a diagnostic: [`Diagnostic::follows_from`] names a finding that
//! explains this one (a refused config explains all that would have come of it); [`Diagnostic::shared`] names a
//! cause that several findings have in common (a metric that nobody exports, in every rule that asks for it), which
//! counts where what it might follow from was not found.

use std::collections::BTreeMap;

use super::Finding;
use crate::diagnostic::{Cause, Diagnostic, Span};

/// Places shown of those that are folded; a report for programs has them all.
const SHOWN: usize = 5;

/// Folds what follows from another finding under it. Where that one was not found, it stands by itself.
pub fn follow(findings: Vec<Finding>) -> Vec<Finding> {
    let parents: Vec<Option<usize>> = findings
        .iter()
        .map(|finding| {
            finding.diagnostic.causes.iter().find_map(|cause| {
                let Cause::Follows { id, within } = cause else { return None };
                findings.iter().position(|other| {
                    other.diagnostic.id == *id
                        && !std::ptr::eq(other, finding)
                        && other.diagnostic.place.as_ref().is_some_and(|place| place.is_within(within))
                })
            })
        })
        .collect();
    let root = |from: usize| {
        let mut at = from;
        // Two that name each other would go round for ever.
        for _ in 0..parents.len() {
            match parents[at] {
                Some(parent) => at = parent,
                None => return at,
            }
        }
        from
    };
    let roots: Vec<usize> = (0..findings.len()).map(root).collect();
    gathered(findings, &roots)
}

/// Folds findings with a shared cause under the worst of them, and of the worst the first.
pub fn gather(findings: Vec<Finding>) -> Vec<Finding> {
    let mut leaders: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, finding) in findings.iter().enumerate() {
        if let Some(cause) = shared(finding) {
            let leader = leaders.entry(cause).or_insert(at);
            if finding.harm > findings[*leader].harm {
                *leader = at;
            }
        }
    }
    let roots = findings
        .iter()
        .enumerate()
        .map(|(at, finding)| shared(finding).and_then(|cause| leaders.get(cause).copied()).unwrap_or(at));
    let roots: Vec<usize> = roots.collect();
    gathered(findings, &roots)
}

/// The cause that a finding shares with others.
fn shared(finding: &Finding) -> Option<&str> {
    finding.diagnostic.causes.iter().find_map(|cause| match cause {
        Cause::Shared(cause) => Some(cause.as_str()),
        Cause::Follows { .. } => None,
    })
}

/// Each finding under its root, in order.
fn gathered(findings: Vec<Finding>, roots: &[usize]) -> Vec<Finding> {
    let mut folded: BTreeMap<usize, Vec<Finding>> = BTreeMap::new();
    let mut standing: Vec<(usize, Finding)> = Vec::new();
    for (at, mut finding) in findings.into_iter().enumerate() {
        match roots[at] == at {
            true => standing.push((at, finding)),
            false => {
                let under = folded.entry(roots[at]).or_default();
                let deeper = std::mem::take(&mut finding.folded);
                under.push(finding);
                under.extend(deeper);
            }
        }
    }
    for (at, finding) in &mut standing {
        finding.folded.extend(folded.remove(at).unwrap_or_default());
    }
    standing.into_iter().map(|(_, finding)| finding).collect()
}

/// What a person reads below a finding of those that are folded under it. One that is mended otherwise says how, where
/// none before it does.
pub fn notes(finding: &Finding) -> Vec<(String, String)> {
    let leader = &finding.diagnostic;
    let same = |folded: &&Finding| folded.diagnostic.id == leader.id;
    let (same, others): (Vec<&Finding>, Vec<&Finding>) = finding.folded.iter().partition(same);
    let mut said: Vec<&str> = leader.help.as_deref().into_iter().collect();
    let mut notes = Vec::new();
    for (name, findings) in [("also", same), ("follows", others)] {
        let mut lines: Vec<String> = Vec::new();
        for Finding { diagnostic, .. } in findings.iter().copied().take(SHOWN) {
            let mut line = place(diagnostic);
            if name == "follows" || diagnostic.message != leader.message {
                line.push_str(&format!(" {}", diagnostic.message));
            }
            if let Some(help) = diagnostic.help.as_deref().filter(|help| !said.contains(help)) {
                said.push(help);
                line.push_str(&format!(": {help}"));
            }
            if name == "follows" {
                line.push_str(&format!(" [{}]", diagnostic.id));
            }
            lines.push(line);
        }
        if findings.len() > SHOWN {
            lines.push(format!("and {} more", findings.len() - SHOWN));
        }
        if !lines.is_empty() {
            notes.push((name.to_owned(), lines.join("\n")));
        }
    }
    notes
}

fn place(diagnostic: &Diagnostic) -> String {
    diagnostic.place.as_ref().map(Span::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::Harm;
    use crate::diagnostic::SourceFile;

    fn finding(
        id: &'static str,
        harm: Harm,
        at: usize,
        cause: impl Fn(Diagnostic, &SourceFile) -> Diagnostic,
    ) -> Finding {
        let file = SourceFile::new("a.yml", "0123456789");
        let diagnostic = Diagnostic::error(id, format!("{id} at {at}")).at(&file.span(at..at + 1));
        Finding::new(harm, cause(diagnostic, &file))
    }

    /// Each standing finding's id with those under it.
    #[track_caller]
    fn check(findings: Vec<Finding>, expected: &[&str]) {
        let told: Vec<String> = gather(follow(findings))
            .iter()
            .map(|finding| {
                let folded: Vec<&str> = finding.folded.iter().map(|folded| folded.diagnostic.id).collect();
                format!("{}({})", finding.diagnostic.id, folded.join(" "))
            })
            .collect();
        assert_eq!(told, expected);
    }

    fn alone(diagnostic: Diagnostic, _: &SourceFile) -> Diagnostic {
        diagnostic
    }

    #[test]
    fn what_follows_is_folded_under_what_it_follows_from() {
        let follows = |diagnostic: Diagnostic, file: &SourceFile| {
            diagnostic.follows_from("config-refused", &file.span(0..5))
        };
        check(
            vec![
                finding("config-refused", Harm::Breaks, 2, alone),
                finding("job-missing", Harm::Silent, 8, follows),
                finding("other", Harm::Silent, 9, alone),
            ],
            &["config-refused(job-missing)", "other()"],
        );
        // Another place, or another id.
        check(
            vec![
                finding("config-refused", Harm::Breaks, 7, alone),
                finding("job-missing", Harm::Silent, 8, follows),
            ],
            &["config-refused()", "job-missing()"],
        );
    }

    #[test]
    fn what_follows_from_what_follows_is_folded_under_the_first() {
        check(
            vec![
                finding("a", Harm::Silent, 1, |diagnostic, file| {
                    diagnostic.follows_from("b", &file.span(0..9))
                }),
                finding("b", Harm::Silent, 2, |diagnostic, file| {
                    diagnostic.follows_from("c", &file.span(0..9))
                }),
                finding("c", Harm::Breaks, 3, alone),
            ],
            &["c(a b)"],
        );
    }

    #[test]
    fn two_that_follow_from_each_other_are_both_told() {
        check(
            vec![
                finding("a", Harm::Silent, 1, |diagnostic, file| {
                    diagnostic.follows_from("b", &file.span(0..9))
                }),
                finding("b", Harm::Silent, 2, |diagnostic, file| {
                    diagnostic.follows_from("a", &file.span(0..9))
                }),
            ],
            &["a()", "b()"],
        );
    }

    #[test]
    fn what_would_follow_from_one_of_several_follows_from_the_first_that_there_is() {
        let either = |diagnostic: Diagnostic, file: &SourceFile| {
            let diagnostic = diagnostic.follows_from("absent", &file.span(0..9));
            diagnostic.follows_from("b", &file.span(0..5)).shared("what both have")
        };
        let findings = || vec![finding("a", Harm::Silent, 6, either), finding("a", Harm::Silent, 7, either)];
        check(findings(), &["a(a)"]);
        check([findings(), vec![finding("b", Harm::Silent, 1, alone)]].concat(), &["b(a a)"]);
    }

    #[test]
    fn one_that_is_mended_otherwise_says_how() {
        let mended = |at: usize, help: &str| {
            finding("a", Harm::Silent, at, |diagnostic, _| diagnostic.help(help).shared("what both have"))
        };
        let told = gather(vec![
            mended(1, "write b"),
            mended(2, "write b"),
            mended(3, "write c"),
            mended(4, "write c"),
        ]);
        let expected = "a.yml:1:3 a at 2\na.yml:1:4 a at 3: write c\na.yml:1:5 a at 4";
        assert_eq!(notes(&told[0]), [("also".to_owned(), expected.to_owned())]);
    }

    #[test]
    fn a_shared_cause_is_told_by_the_worst_and_first() {
        let shared = |diagnostic: Diagnostic, _: &SourceFile| diagnostic.shared("the metric x");
        check(
            vec![
                finding("panel", Harm::Risk, 1, shared),
                finding("rule", Harm::Silent, 3, shared),
                finding("rule", Harm::Silent, 5, shared),
                finding("apart", Harm::Silent, 6, alone),
            ],
            &["rule(panel rule)", "apart()"],
        );
    }
}
