//! What the judge needs to know of the stack's rules to say why.

use crate::diagnostic::Span;
use crate::promql::ast::{Expr, ExprKind};
use crate::stack::{RuleKind, Stack};
use crate::time::Duration;
use crate::worlds::Watch;

use super::verdict::Verdict;

/// An alerting rule, as far as an explanation needs it.
#[derive(Clone, Debug)]
pub struct RuleFacts {
    pub alert: String,
    /// What its expression holds against thresholds; the whole expression where it compares nothing.
    pub compared: Vec<Compared>,
    /// The rule's `for`.
    pub hold: Duration,
    pub place: Span,
    /// The value of `for` in their file, where it stands.
    pub hold_place: Option<Span>,
}

/// One side of a rule's condition: `rate(x[5m])` of `rate(x[5m]) > 5`.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    pub expr: String,
    /// The comparison and its number: `> 5`.
    pub threshold: Option<(&'static str, f64)>,
}

impl RuleFacts {
    /// The stack's alerting rules of this name.
    pub fn of(stack: &Stack, alert: &str) -> Vec<RuleFacts> {
        let rules = stack.rule_groups.iter().flat_map(|group| &group.rules);
        rules
            .filter_map(|rule| match &rule.kind {
                RuleKind::Alerting { alert: name, hold, .. } if name.value == alert => {
                    let mut compared = Vec::new();
                    comparisons(&rule.expr, &rule.text.value, &mut compared);
                    Some(RuleFacts {
                        alert: alert.to_owned(),
                        compared,
                        hold: *hold,
                        place: name.span.clone(),
                        hold_place: hold_place(&name.span),
                    })
                }
                _ => None,
            })
            .collect()
    }
}

/// What to record in a second run, so that failures can be explained with values: what the rules of the
/// alerts that failed verdicts are about hold against thresholds. The same seed gives the same events.
pub fn curiosity(verdicts: &[Verdict], stack: &Stack) -> Vec<Watch> {
    let mut watches: Vec<Watch> = Vec::new();
    for alert in verdicts.iter().filter(|verdict| !verdict.held).filter_map(|verdict| verdict.alert.as_ref())
    {
        for compared in RuleFacts::of(stack, alert).into_iter().flat_map(|rule| rule.compared) {
            let watch = Watch::Glance(compared.expr);
            if !watches.contains(&watch) {
                watches.push(watch);
            }
        }
    }
    watches
}

/// The left sides of the comparisons with a number that `and`, `or` and `unless` join.
fn comparisons(expr: &Expr, text: &str, into: &mut Vec<Compared>) {
    let written = |expr: &Expr| text.get(expr.span.range()).unwrap_or(text).trim().to_owned();
    let expr = expr.unwrap_parens();
    match &expr.kind {
        ExprKind::Binary(binary) if binary.op.is_set_operator() => {
            comparisons(&binary.lhs, text, into);
            comparisons(&binary.rhs, text, into);
        }
        ExprKind::Binary(binary) if binary.op.is_comparison() => match number(&binary.rhs) {
            Some(number) => into
                .push(Compared { expr: written(&binary.lhs), threshold: Some((binary.op.as_str(), number)) }),
            None => into.push(Compared { expr: written(expr), threshold: None }),
        },
        _ => into.push(Compared { expr: written(expr), threshold: None }),
    }
}

fn number(expr: &Expr) -> Option<f64> {
    match &expr.unwrap_parens().kind {
        ExprKind::Number(literal) => Some(literal.value),
        ExprKind::Unary(unary) => {
            number(&unary.expr).map(|value| if unary.negative { -value } else { value })
        }
        _ => None,
    }
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
    fn what_a_rule_holds_against_thresholds_is_found_on_both_sides_of_and() {
        let check = |text: &str, expected: &[(&str, Option<(&'static str, f64)>)]| {
            let mut found = Vec::new();
            comparisons(&crate::promql::parse(text).unwrap(), text, &mut found);
            let found: Vec<_> = found.iter().map(|c| (c.expr.as_str(), c.threshold)).collect();
            assert_eq!(found, expected);
        };
        check("sum(rate(x[5m])) / sum(y) > 0.05", &[("sum(rate(x[5m])) / sum(y)", Some((">", 0.05)))]);
        check("(up == 0)", &[("up", Some(("==", 0.0)))]);
        check("absent(up)", &[("absent(up)", None)]);
        check("a > 1 and (b <= -2)", &[("a", Some((">", 1.0))), ("b", Some(("<=", -2.0)))]);
        check("a > on(job) b", &[("a > on(job) b", None)]);
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
