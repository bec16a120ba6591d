//! No route leads to a receiver.

use crate::diagnostic::Diagnostic;
use crate::routing::Routing;

pub const ID: &str = "receiver-unused";

pub fn check(routing: &Routing<'_>) -> Vec<Diagnostic> {
    let used = |name: &str| routing.tree.nodes().iter().any(|node| node.route.receiver.value == name);
    let unused = routing.alertmanager.receivers.iter().filter(|receiver| !used(&receiver.name.value));
    unused
        .map(|receiver| {
            Diagnostic::warning(ID, format!("no route leads to receiver `{}`", receiver.name.value))
                .at(&receiver.name.span)
                .label("nobody is told through this")
                .help("name it as the `receiver` of a route, or remove it")
        })
        .collect()
}
