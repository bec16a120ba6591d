//! The texts of a rule that people read, and what templates in them ask for.

use crate::diagnostic::{Span, Spanned};
use crate::stack::{Rule, RuleKind};

/// The annotations of an alert, each with its name.
pub fn texts(rule: &Rule) -> Vec<(&str, &Spanned<String>)> {
    match &rule.kind {
        RuleKind::Alerting { annotations, .. } => {
            annotations.iter().map(|(name, text)| (name.value.as_str(), text)).collect()
        }
        RuleKind::Recording { .. } => Vec::new(),
    }
}

/// The labels that a text's templates show: `{{ $labels.pod }}`, `{{ .Labels.pod }}`.
pub fn labels(text: &Spanned<String>) -> Vec<(&str, Span)> {
    let mut found = Vec::new();
    for (at, inside) in actions(&text.value) {
        for mark in ["$labels.", ".Labels."] {
            for (start, _) in inside.match_indices(mark) {
                let name = &inside[start + mark.len()..];
                let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
                if end > 0 && !matches!(&name[..end], "SortedPairs" | "Names" | "Values" | "Remove") {
                    let start = at + start;
                    found.push((&name[..end], super::part_of(text, start..start + mark.len() + end)));
                }
            }
        }
    }
    found
}

/// What stands between the braces of each action, and where.
pub fn actions(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = text[at..].find("{{") {
        let start = at + open + 2;
        let Some(length) = text[start..].find("}}") else { break };
        found.push((start, &text[start..start + length]));
        at = start + length + 2;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::SourceFile;

    #[test]
    fn labels_in_templates_are_found_where_they_stand() {
        let text = "a {{ $labels.pod }} {{ printf \"%s\" .Labels.ns | title }} $labels.x {{ $value }}";
        let spanned = Spanned::new(text.to_owned(), SourceFile::new("f", text).span(0..text.len()));
        let got: Vec<String> = labels(&spanned).iter().map(|(name, span)| format!("{span} {name}")).collect();
        assert_eq!(got, ["f:1:6 pod", "f:1:36 ns"]);
    }
}
