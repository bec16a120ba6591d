//! A route or an inhibit rule names an alert that no rule defines.

use crate::diagnostic::{Diagnostic, Span, nearest};
use crate::routing::{Routing, only_values};
use crate::stack::alertmanager::Matcher;

pub const ID: &str = "alert-unknown";

pub fn check(routing: &Routing<'_>) -> Vec<Diagnostic> {
    if routing.alerts.is_empty() {
        return Vec::new();
    }
    let known = routing.alert_names();
    let mut found = Vec::new();
    for node in routing.tree.nodes() {
        for matcher in &node.route.matchers {
            for name in missing(&matcher.value, &known) {
                found.push(unknown("route", name, &matcher.span, &known));
            }
        }
    }
    for rule in &routing.alertmanager.inhibit_rules {
        for matcher in rule.source.iter().chain(&rule.target) {
            for name in missing(matcher, &known) {
                found.push(unknown("inhibit rule", name, &rule.place, &known));
            }
        }
    }
    found
}

/// The alerts that a matcher names and that there are not.
fn missing<'m>(matcher: &'m Matcher, known: &[&str]) -> Vec<&'m str> {
    if matcher.name != "alertname" {
        return Vec::new();
    }
    let named = only_values(matcher).unwrap_or_default();
    named.into_iter().filter(|name| !name.is_empty() && !known.contains(name)).collect()
}

fn unknown(what: &str, name: &str, place: &Span, known: &[&str]) -> Diagnostic {
    let diagnostic =
        Diagnostic::warning(ID, format!("this {what} is for alert `{name}`, which no rule defines"))
            .at(place)
            .label("no alert has this name");
    match nearest(name, known.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help("define the alert, or remove what is for it"),
    }
}
