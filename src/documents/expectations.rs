//! The table for `firedrill drill --expect`: label sets and what should become of them. Read strictly.

use super::value;
use super::yaml::{self, Mapping, Node};
use crate::diagnostic::{Diagnostic, SourceFile, Spanned};
use crate::drill::{Case, Expectations};

/// The table, or everything that is wrong with it. A table without rows is wrong: it could never fail.
pub fn read(file: &SourceFile) -> Result<Expectations, Vec<Diagnostic>> {
    let (root, mut problems) = yaml::read_one(file);
    let Some(root) = root else {
        if problems.is_empty() {
            problems.push(empty(file));
        }
        return Err(problems);
    };
    let mut cases = Vec::new();
    if let Some(mut mapping) = Mapping::of(&root, "the table of expectations", &mut problems) {
        if let Some(list) = mapping.require("expect", &mut problems) {
            cases = value::list(list, &mut problems, case);
            if list.items().is_some_and(<[Node]>::is_empty) {
                problems.push(empty(file));
            }
        }
        mapping.finish(&mut problems);
    }
    if problems.is_empty() { Ok(Expectations { cases }) } else { Err(problems) }
}

fn empty(file: &SourceFile) -> Diagnostic {
    Diagnostic::error("empty-table", "this table expects nothing, so it could never fail")
        .at(&file.span(0..0))
        .label("wanted `expect:` with at least one row")
        .help("a row looks like `- {labels: {alertname: Down, severity: critical}, receivers: [pager]}`")
}

fn case(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Case> {
    let mut mapping = Mapping::of(node, "expectation", problems)?;
    let alert = mapping.get("alert").and_then(|node| value::filled(node, "an alert's name", problems));
    let labels = mapping.get("labels").map_or_else(Vec::new, |node| value::label_pairs(node, true, problems));
    if alert.is_none() && labels.is_empty() {
        problems.push(
            Diagnostic::error("missing-key", "expectation needs `alert` or `labels`")
                .at(&node.span)
                .label("which alert is this about?"),
        );
    }
    let receivers = mapping.require("receivers", problems);
    let names = receivers.map(|node| {
        let names = match node.scalar() {
            Some(_) => value::filled(node, "a receiver", problems).into_iter().collect(),
            None => value::list(node, problems, |node, problems| value::filled(node, "a receiver", problems)),
        };
        if names.is_empty() && node.items().is_some_and(<[Node]>::is_empty) {
            problems.push(
                Diagnostic::error("empty-value", "every alert has a receiver: say which")
                    .at(&node.span)
                    .label("empty"),
            );
        }
        Spanned::new(names, node.span.clone())
    });
    let group_by = mapping.get("group_by").map(|node| {
        let names = value::list(node, problems, |node, problems| value::filled(node, "a label", problems));
        Spanned::new(names.into_iter().map(|name| name.value).collect(), node.span.clone())
    });
    let at = mapping.get("at").and_then(|node| value::instant(node, "2026-03-01T03:00Z", problems));
    let muted = mapping
        .get("muted")
        .and_then(|node| Some(Spanned::new(value::boolean(node, problems)?, node.span.clone())));
    match (&muted, &at) {
        (Some(muted), None) if node.get("at").is_none_or(Node::is_null) => problems.push(
            Diagnostic::error("missing-key", "whether an alert is muted depends on the time")
                .at(&muted.span)
                .label("add `at: 2026-03-01T03:00Z`"),
        ),
        (None, Some(_)) => problems.push(
            Diagnostic::error("missing-key", "`at` is for `muted`, which is missing here")
                .at(&node.span)
                .label("add `muted: true` or `muted: false`"),
        ),
        _ => {}
    }
    mapping.finish(problems);
    Some(Case { place: node.span.clone(), alert, labels, receivers: names?, group_by, at, muted })
}
