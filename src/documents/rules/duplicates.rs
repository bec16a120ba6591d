//! Rules that write the same series, as `promtool` lints them: allowed, and nearly always a mistake.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Span};
use crate::stack::{Rule, RuleGroup};

pub fn report(groups: &[RuleGroup], problems: &mut Vec<Diagnostic>) {
    let mut seen: BTreeMap<Identity, &Span> = BTreeMap::new();
    for rule in groups.iter().flat_map(|group| &group.rules) {
        let name = rule.name();
        match seen.get(&identity(rule)) {
            Some(first) => problems.push(
                Diagnostic::warning(
                    "duplicate-rule",
                    format!("two rules are named `{}` and have the same labels", name.value),
                )
                .at(&name.span)
                .label("again here")
                .related(first, "first here")
                .because("might cause inconsistency while recording expressions"),
            ),
            None => drop(seen.insert(identity(rule), &name.span)),
        }
    }
}

/// The name, and the labels in order.
type Identity = (String, Vec<(String, String)>);

fn identity(rule: &Rule) -> Identity {
    let mut labels: Vec<_> =
        rule.labels.iter().map(|(name, value)| (name.value.clone(), value.value.clone())).collect();
    labels.sort();
    (rule.name().value.clone(), labels)
}
