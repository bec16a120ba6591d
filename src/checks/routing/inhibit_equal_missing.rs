//! An inhibit rule whose `equal` labels no alert has: two missing labels are equal, so any source mutes every target.

use crate::diagnostic::Diagnostic;
use crate::routing::Routing;

pub const ID: &str = "inhibit-equal-missing";

pub fn check(routing: &Routing<'_>) -> Vec<Diagnostic> {
    let rules = routing.alertmanager.inhibit_rules.iter().zip(&routing.inhibition.pairings);
    rules
        .filter(|(rule, pairing)| !rule.equal.is_empty() && pairing.nobody_has_what_must_be_equal())
        .map(|(rule, pairing)| {
            let (sources, targets) = pairing.parts();
            let labels = rule.equal.join(", ");
            Diagnostic::warning(ID, format!("no alert has {labels}, so any source mutes every target"))
                .at(&rule.place)
                .label(format!("{} alerts each mute all of {}", sources.len(), targets.len()))
                .because("a label that both lack is equal")
                .help("give the alerts these labels, or make labels equal that they have")
        })
        .collect()
}
