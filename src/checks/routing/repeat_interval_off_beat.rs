//! A repeat_interval that group_interval stretches: a group is only looked at every group_interval.

use crate::diagnostic::Diagnostic;
use crate::routing::Routing;
use crate::time::Duration;

pub const ID: &str = "repeat-interval-off-beat";

pub fn check(routing: &Routing<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for node in routing.tree.nodes() {
        let (repeat, interval) = (node.route.repeat_interval, node.route.group_interval);
        let inherited = node.parent.map(|parent| {
            let parent = routing.route(parent);
            (parent.repeat_interval, parent.group_interval)
        });
        if inherited == Some((repeat, interval)) || interval == Duration::ZERO || repeat.0 % interval.0 == 0 {
            continue;
        }
        let beats = repeat.0 / interval.0 + 1;
        let real = Duration(beats.saturating_mul(interval.0));
        let what = if repeat < interval { "shorter than" } else { "no multiple of" };
        let message = format!("repeat_interval {repeat} is {what} group_interval {interval}");
        found.push(
            Diagnostic::warning(ID, message)
                .at(&node.route.place)
                .label(format!("repeats every {real}"))
                .because("a group is looked at every group_interval, and repeated at the first look that is late enough"),
        );
    }
    found
}
