//! The value of a label that an alert's words speak of, while its selector takes every value.

use crate::checks::sources::{Known, Sources};
use crate::checks::{Query, series, templates, words};
use crate::promql::ast::{Expr, ExprKind, TextRange, VectorSelector};
use crate::stack::Rule;

/// What is spoken of and not selected.
pub struct Spoken<'q> {
    pub metric: &'q str,
    /// Where the metric stands in the expression.
    pub range: TextRange,
    pub label: String,
    pub value: String,
}

/// Values of labels that can have others, too.
const OPEN: [(&str, &str, &[&str]); 1] = [("pg_stat_activity_count", "state", &["active", "idle"])];

/// Words that say too little to be taken for a label's value.
const LOOSE: [&str; 8] = ["true", "false", "unknown", "other", "total", "none", "system", "user"];

/// The first that an alert's words speak of.
pub fn of<'q>(query: &Query<'q>, sources: &Sources) -> Option<Spoken<'q>> {
    let rule = query.rule.filter(|rule| crate::checks::alerts(rule))?;
    let words = said(rule);
    let selectors = query.expr.selectors();
    selectors.iter().find_map(|(selector, range)| {
        let metric = selector.metric_name()?;
        let labels = values(&sources.selected(selector), metric);
        let spoken = labels.into_iter().find_map(|(label, values)| {
            let mut said = values.iter().filter(|value| {
                value.len() > 3
                    && value.chars().all(char::is_alphabetic)
                    && !LOOSE.contains(&value.to_lowercase().as_str())
                    && words.contains(&value.to_lowercase())
            });
            let value = said.next().filter(|_| values.len() > 1 && said.next().is_none())?;
            Some((label.clone(), value.clone()))
        });
        let (label, value) = spoken.filter(|(label, _)| !tells(query.expr, rule, label))?;
        let range = selector.name.as_ref().map_or(*range, |name| name.span);
        Some(Spoken { metric, range, label, value })
    })
}

/// The labels of a metric whose values are known, with these.
fn values(known: &Known, metric: &str) -> Vec<(String, Vec<String>)> {
    let own = series::own_labels(known).unwrap_or_default();
    let closed = own.into_iter().filter_map(|label| Some((label.clone(), series::values(known, &label)?)));
    let open = OPEN.iter().filter(|(name, ..)| *name == metric);
    let open = open.map(|(_, label, values)| {
        ((*label).to_owned(), values.iter().map(|value| (*value).to_owned()).collect())
    });
    closed.chain(open).collect()
}

/// The words of an alert's name and texts, in lower case, what its templates fill in aside.
fn said(rule: &Rule) -> Vec<String> {
    let mut words = words::severity_in_prose::camel(&rule.name().value);
    for (_, text) in templates::texts(rule) {
        let mut plain = text.value.clone();
        for (_, action) in templates::actions(&text.value) {
            plain = plain.replace(action, "");
        }
        let all = plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        words.extend(all.map(str::to_lowercase));
    }
    words
}

/// Whether an expression selects or groups by a label, or the alert's texts show it.
fn tells(expr: &Expr, rule: &Rule, label: &str) -> bool {
    let matches = |selector: &VectorSelector| selector.matchers.iter().any(|it| &*it.name == label);
    let mut told = expr.selectors().iter().any(|(selector, _)| matches(selector));
    expr.walk(&mut |inner| {
        if let ExprKind::Aggregate(aggregate) = &inner.kind {
            told |= aggregate.grouping.iter().any(|it| &*it.name == label) != aggregate.without;
        }
    });
    told || templates::texts(rule)
        .iter()
        .any(|(_, text)| templates::labels(text).iter().any(|(name, _)| *name == label))
}
