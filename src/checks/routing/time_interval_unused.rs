//! A time interval that no route uses.

use crate::diagnostic::Diagnostic;
use crate::routing::Routing;

pub const ID: &str = "time-interval-unused";

pub fn check(routing: &Routing<'_>) -> Vec<Diagnostic> {
    let used = |name: &str| {
        routing.tree.nodes().iter().any(|node| {
            let route = &node.route;
            route
                .mute_time_intervals
                .iter()
                .chain(&route.active_time_intervals)
                .any(|used| used.value == name)
        })
    };
    let unused = routing.alertmanager.time_intervals.iter().filter(|interval| !used(&interval.name.value));
    unused
        .map(|interval| {
            Diagnostic::warning(ID, format!("no route uses time interval `{}`", interval.name.value))
                .at(&interval.name.span)
                .label("mutes nothing")
                .help(
                    "name it under a route's `mute_time_intervals` or `active_time_intervals`, or remove it",
                )
        })
        .collect()
}
