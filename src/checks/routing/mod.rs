//! What is wrong with where alerts go. Every check is a function of the stack's [`Routing`] alone.

mod alert_reaches_only_default;
mod alert_unknown;
mod continue_useless;
mod inhibit_equal_missing;
mod inhibit_never;
mod notification_fails;
mod receiver_placeholder;
mod receiver_silent;
mod receiver_unused;
mod repeat_interval_off_beat;
mod route_shadowed;
mod route_unreachable;
mod template_unused;
mod time_interval_unused;

use crate::diagnostic::Diagnostic;
use crate::routing::Routing;

/// A check's id, what it finds, and the check itself.
pub struct RoutingCheck {
    pub id: &'static str,
    pub finds: &'static str,
    pub check: fn(&Routing<'_>) -> Vec<Diagnostic>,
}

pub const CHECKS: &[RoutingCheck] = &[
    RoutingCheck {
        id: notification_fails::ID,
        finds: "a receiver's message can't be made: its templates fail, so nobody is told (an error)",
        check: notification_fails::check,
    },
    RoutingCheck {
        id: receiver_silent::ID,
        finds: "alerts go to a receiver that tells nobody",
        check: receiver_silent::check,
    },
    RoutingCheck {
        id: receiver_placeholder::ID,
        finds: "a receiver's address is one that examples use",
        check: receiver_placeholder::check,
    },
    RoutingCheck {
        id: alert_reaches_only_default::ID,
        finds: "alerts that no route below the default one takes",
        check: alert_reaches_only_default::check,
    },
    RoutingCheck {
        id: alert_unknown::ID,
        finds: "a route or an inhibit rule names an alert that no rule defines",
        check: alert_unknown::check,
    },
    RoutingCheck {
        id: route_shadowed::ID,
        finds: "an earlier sibling takes everything that the route could take",
        check: route_shadowed::check,
    },
    RoutingCheck {
        id: route_unreachable::ID,
        finds: "no alert of the stack can take the route",
        check: route_unreachable::check,
    },
    RoutingCheck {
        id: receiver_unused::ID,
        finds: "no route leads to the receiver",
        check: receiver_unused::check,
    },
    RoutingCheck {
        id: continue_useless::ID,
        finds: "`continue: true`, but no later sibling can match",
        check: continue_useless::check,
    },
    RoutingCheck {
        id: repeat_interval_off_beat::ID,
        finds: "a repeat_interval that group_interval stretches",
        check: repeat_interval_off_beat::check,
    },
    RoutingCheck {
        id: inhibit_never::ID,
        finds: "an inhibit rule that no two alerts can satisfy",
        check: inhibit_never::check,
    },
    RoutingCheck {
        id: inhibit_equal_missing::ID,
        finds: "an inhibit rule whose `equal` labels no alert has, so that any source mutes every target",
        check: inhibit_equal_missing::check,
    },
    RoutingCheck {
        id: time_interval_unused::ID,
        finds: "a time interval that no route uses",
        check: time_interval_unused::check,
    },
    RoutingCheck {
        id: template_unused::ID,
        finds: "a template that nothing uses",
        check: template_unused::check,
    },
];

/// Everything that the checks find, in their order.
pub fn check(routing: &Routing<'_>) -> Vec<Diagnostic> {
    CHECKS.iter().flat_map(|check| (check.check)(routing)).collect()
}

/// `a, b and 3 more`.
fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 4;
    let names: Vec<&str> = names.into_iter().collect();
    match names.len() {
        0..=SHOWN => names.join(", "),
        more => format!("{} and {} more", names[..SHOWN].join(", "), more - SHOWN),
    }
}

#[cfg(test)]
mod tests;
