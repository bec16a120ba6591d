//! What the judge needs to know of the stack's rules to say why.

use crate::diagnostic::Span;
use crate::stack::{RuleKind, Stack};
use crate::time::Duration;
use crate::worlds::Watch;

use super::verdict::Verdict;

/// An alerting rule, as far as an explanation needs it.
#[derive(Clone, Debug)]
pub struct RuleFacts {
    pub alert: String,
    pub expr: String,
    /// The rule's `for`.
    pub hold: Duration,
    pub place: Span,
    /// The value of `for` in their file, where it stands.
    pub hold_place: Option<Span>,
}

impl RuleFacts {
    /// The stack's alerting rules of this name.
    pub fn of(stack: &Stack, alert: &str) -> Vec<RuleFacts> {
        let rules = stack.rule_groups.iter().flat_map(|group| &group.rules);
        rules
            .filter_map(|rule| match &rule.kind {
                RuleKind::Alerting { alert: name, hold, .. } if name.value == alert => Some(RuleFacts {
                    alert: alert.to_owned(),
                    expr: rule.text.value.clone(),
                    hold: *hold,
                    place: name.span.clone(),
                    hold_place: hold_place(&name.span),
                }),
                _ => None,
            })
            .collect()
    }
}

/// What to record in a second run, so that failures can be explained with values: the expressions of
/// the alerts that failed verdicts are about. The same seed gives the same course of events.
pub fn curiosity(verdicts: &[Verdict], stack: &Stack) -> Vec<Watch> {
    let mut watches: Vec<Watch> = Vec::new();
    for verdict in verdicts.iter().filter(|verdict| !verdict.held) {
        let Some(alert) = &verdict.alert else { continue };
        for rule in RuleFacts::of(stack, alert) {
            let watch = Watch::Expr(compared(&rule.expr).to_owned());
            if !watches.contains(&watch) {
                watches.push(watch);
            }
        }
    }
    watches
}

/// The left side of an expression's outermost comparison with a number, whose value tells how far the
/// threshold was; the whole expression where it is no such comparison.
pub(super) fn compared(expr: &str) -> &str {
    threshold(expr).map_or(expr.trim(), |(left, _)| left)
}

/// The left side and the number of `left > 0.05`, where the whole expression is of this form.
pub(super) fn threshold(expr: &str) -> Option<(&str, f64)> {
    let at = expr.trim_end().rfind(['<', '>', '='])?;
    let number: f64 = expr[at + 1..].trim().parse().ok()?;
    let left = expr[..at].trim_end_matches(['<', '>', '=', '!']).trim();
    // `and`, `or` and `unless` bind more loosely: then the comparison is not the whole expression.
    (outermost(left, |word| matches!(word, "and" | "or" | "unless" | "bool")).is_none() && !left.is_empty())
        .then_some((left, number))
}

/// The first word outside brackets and quotes that satisfies.
fn outermost(expr: &str, wanted: impl Fn(&str) -> bool) -> Option<&str> {
    let mut depth = 0i32;
    let mut quote = None;
    let mut word_start = None;
    for (at, c) in expr.char_indices().chain([(expr.len(), ' ')]) {
        if let Some(open) = quote {
            if c == open {
                quote = None;
            }
            continue;
        }
        if c.is_alphanumeric() || c == '_' || c == ':' {
            word_start.get_or_insert(at);
            continue;
        }
        if let Some(start) = word_start.take()
            && depth == 0
            && wanted(&expr[start..at].to_ascii_lowercase())
        {
            return Some(&expr[start..at]);
        }
        match c {
            '"' | '\'' | '`' => quote = Some(c),
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The `for:` that follows an alert's name, before the next rule begins. For pointing only: a rule
/// written in another style is pointed at by its name.
fn hold_place(name: &Span) -> Option<Span> {
    let text = name.file.text();
    let mut at = name.end;
    // The name may stand in the middle of its line.
    at += text[at..].find('\n')? + 1;
    for line in text[at..].split_inclusive('\n') {
        let trimmed = line.trim_start();
        if trimmed.starts_with("- ") || trimmed.starts_with("---") {
            return None;
        }
        if let Some(value) = trimmed.strip_prefix("for:") {
            let value = value.split(" #").next().unwrap_or(value);
            let start =
                at + (line.len() - trimmed.len()) + "for:".len() + (value.len() - value.trim_start().len());
            return Some(name.file.span(start..start + value.trim().len()));
        }
        at += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::SourceFile;

    #[test]
    fn the_left_side_of_a_comparison_is_what_a_threshold_is_held_against() {
        let check = |expr, left| assert_eq!(compared(expr), left);
        check("sum(rate(x[5m])) / sum(rate(y[5m])) > 0.05", "sum(rate(x[5m])) / sum(rate(y[5m]))");
        check("up == 0", "up");
        check("up{job!=\"a\"} != 0", "up{job!=\"a\"}");
        check("absent(up)", "absent(up)");
        check("a > 1 and b > 2", "a > 1 and b > 2");
        check("a{x=\"and\"} >= 2e3", "a{x=\"and\"}");
        check("a > on(job) b", "a > on(job) b");
    }

    #[test]
    fn the_for_of_a_rule_is_found_in_its_text() {
        let check = |text: &str, expected: Option<&str>| {
            let start = text.find("Slow").unwrap();
            let name = SourceFile::new("r.yml", text).span(start..start + 4);
            assert_eq!(hold_place(&name).map(|span| span.text().to_owned()).as_deref(), expected);
        };
        check("- alert: Slow\n  expr: x\n  for: 5m # long\n- alert: B\n  for: 1m\n", Some("5m"));
        check("- alert: Slow\n  expr: x\n- alert: B\n  for: 1m\n", None);
        check("- {alert: Slow, for: 5m}", None);
    }
}
