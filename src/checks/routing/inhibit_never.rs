//! An inhibit rule that no two alerts of the stack can satisfy.

use super::listed;
use crate::diagnostic::Diagnostic;
use crate::routing::{Known, Routing};
use crate::stack::alertmanager::{InhibitRule, Matcher};

pub const ID: &str = "inhibit-never";

pub fn check(routing: &Routing<'_>) -> Vec<Diagnostic> {
    if routing.alerts.is_empty() {
        return Vec::new();
    }
    let rules = routing.alertmanager.inhibit_rules.iter().zip(&routing.inhibition.pairings);
    rules
        .filter(|(_, pairing)| !pairing.is_possible())
        .map(|(rule, pairing)| {
            let (label, because) = match (pairing.has_source(), pairing.has_target()) {
                (false, _) => ("no alert is a source", format!("no alert matches {}", text(&rule.source))),
                (_, false) => ("no alert is a target", format!("no alert matches {}", text(&rule.target))),
                _ => unequal(routing, rule, &pairing.parts()),
            };
            Diagnostic::warning(ID, "this inhibit rule never mutes anything")
                .at(&rule.place)
                .label(label)
                .because(because)
        })
        .collect()
}

/// Why sources and targets never agree in what must be equal.
fn unequal(
    routing: &Routing<'_>,
    rule: &InhibitRule,
    (sources, targets): &(Vec<usize>, Vec<usize>),
) -> (&'static str, String) {
    let values = |alerts: &[usize], name: &str| -> Option<Vec<String>> {
        let known = alerts.iter().map(|alert| match routing.alerts[*alert].labels.get(name) {
            Known::Value(value) => Some(value.to_string()),
            Known::Absent => Some("(none)".to_owned()),
            Known::Open => None,
        });
        let mut values: Vec<String> = known.collect::<Option<_>>()?;
        values.sort();
        values.dedup();
        Some(values)
    };
    for name in &rule.equal {
        let (Some(of_sources), Some(of_targets)) = (values(sources, name), values(targets, name)) else {
            continue;
        };
        if of_sources.iter().any(|value| of_targets.contains(value)) {
            continue;
        }
        let because = format!(
            "`{name}` must be equal, and never is: sources have {}; targets have {}",
            listed(of_sources.iter().map(String::as_str)),
            listed(of_targets.iter().map(String::as_str))
        );
        return ("no source and target agree in the `equal` labels", because);
    }
    let because = match rule.equal.is_empty() {
        true => "every source is a target too, and such alerts do not mute one another".to_owned(),
        false => format!("no source and target agree in {}", rule.equal.join(", ")),
    };
    ("no source has a target", because)
}

fn text(matchers: &[Matcher]) -> String {
    matchers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
