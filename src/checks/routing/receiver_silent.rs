//! Alerts go to a receiver that tells nobody. One that is named for it (`null`, `blackhole`) is meant so.

use super::listed;
use crate::diagnostic::Diagnostic;
use crate::routing::Routing;

pub const ID: &str = "receiver-silent";

const ON_PURPOSE: [&str; 10] =
    ["null", "none", "nil", "blackhole", "black-hole", "devnull", "dev-null", "drop", "noop", "ignore"];

pub fn check(routing: &Routing<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for receiver in &routing.alertmanager.receivers {
        let name = receiver.name.value.as_str();
        if !receiver.integrations.is_empty() || ON_PURPOSE.contains(&name.to_lowercase().as_str()) {
            continue;
        }
        let mut alerts: Vec<&str> = routing.told_to(name).map(|alert| alert.name()).collect();
        alerts.dedup();
        if alerts.is_empty() {
            continue;
        }
        found.push(
            Diagnostic::warning(ID, format!("receiver `{name}` tells nobody"))
                .at(&receiver.name.span)
                .label("has no integration, such as `email_configs` or `slack_configs`")
                .because(format!("it is where these go: {}", listed(alerts)))
                .help("if nobody is to be told, call it `null`"),
        );
    }
    found
}
