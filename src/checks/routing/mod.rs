//! What is wrong with where alerts go. Every check is a function of the stack's [`Routing`] alone, so that `firedrill check`
//! and `firedrill drill` find the same, and so that where alerts go is found out once for all of them.

pub(super) mod alert_reaches_only_default;
pub(super) mod alert_unknown;
pub(super) mod continue_useless;
pub(super) mod group_by_missing;
pub(super) mod inhibit_equal_missing;
pub(super) mod inhibit_never;
pub(super) mod messages_alike;
pub(super) mod notification_fails;
pub(super) mod receiver_silent;
pub(super) mod receiver_unused;
pub(super) mod repeat_interval_off_beat;
pub(super) mod resolution_untold;
pub(super) mod route_shadowed;
pub(super) mod route_unreachable;
pub(super) mod severity_not_routed;
pub(super) mod slack_channel_ignored;
pub(super) mod template_unused;
pub(super) mod time_interval_unused;
mod trial;

use std::collections::{BTreeMap, BTreeSet};

use super::sources::Sources;
use super::{Check, alerts_sent_to_nobody, placeholder_receiver, series};
use crate::diagnostic::{Diagnostic, Severity};
use crate::routing::Routing;
use crate::stack::wiring::{AlertmanagerConfig, Home, Wiring};
use crate::stack::{Prometheus, Rule, Stack};

/// A check of the routes.
pub struct RoutingCheck {
    pub check: &'static Check,
    find: Find,
    /// A drill tells it too: it is about what becomes of alerts, and not about how the routes might be better.
    drilled: bool,
}

type Find = fn(&Routing<'_>) -> Vec<Diagnostic>;

/// Every one, in the order of the manual.
pub const CHECKS: &[RoutingCheck] = &[
    RoutingCheck { check: &notification_fails::CHECK, find: notification_fails::check, drilled: true },
    RoutingCheck { check: &receiver_silent::CHECK, find: receiver_silent::check, drilled: true },
    RoutingCheck {
        check: &alert_reaches_only_default::CHECK,
        find: alert_reaches_only_default::check,
        drilled: true,
    },
    RoutingCheck { check: &alert_unknown::CHECK, find: alert_unknown::check, drilled: true },
    RoutingCheck { check: &route_shadowed::CHECK, find: route_shadowed::check, drilled: true },
    RoutingCheck { check: &route_unreachable::CHECK, find: route_unreachable::check, drilled: true },
    RoutingCheck { check: &receiver_unused::CHECK, find: receiver_unused::check, drilled: true },
    RoutingCheck { check: &continue_useless::CHECK, find: continue_useless::check, drilled: true },
    RoutingCheck {
        check: &repeat_interval_off_beat::CHECK,
        find: repeat_interval_off_beat::check,
        drilled: true,
    },
    RoutingCheck { check: &group_by_missing::CHECK, find: group_by_missing::check, drilled: true },
    RoutingCheck { check: &severity_not_routed::CHECK, find: severity_not_routed::check, drilled: false },
    RoutingCheck { check: &inhibit_never::CHECK, find: inhibit_never::check, drilled: true },
    RoutingCheck { check: &inhibit_equal_missing::CHECK, find: inhibit_equal_missing::check, drilled: true },
    RoutingCheck { check: &time_interval_unused::CHECK, find: time_interval_unused::check, drilled: true },
    RoutingCheck { check: &template_unused::CHECK, find: template_unused::check, drilled: true },
    RoutingCheck { check: &resolution_untold::CHECK, find: resolution_untold::check, drilled: false },
];

/// The checks that a drill makes, in its order.
pub fn found_by_drills() -> impl Iterator<Item = &'static Check> {
    let others = [&alerts_sent_to_nobody::CHECK, &placeholder_receiver::CHECK];
    let drilled = CHECKS.iter().filter(|routing| routing.drilled);
    others.into_iter().chain(drilled.map(|routing| routing.check))
}

/// What a drill finds: everything that is wrong with where alerts go. A warning, except where a message is lost.
pub fn check(routing: &Routing<'_>) -> Vec<Diagnostic> {
    let unsent =
        alerts_sent_to_nobody::of(&routing.stack.prometheus, routing.alerts.first().map(|alert| alert.rule));
    let unsent = unsent.into_iter();
    let placeholders = placeholder_receiver::of(routing.alertmanager).into_iter();
    let id = placeholder_receiver::CHECK.id;
    let placeholders = placeholders.map(|found| Diagnostic { id, severity: Severity::Warning, ..found });
    let drilled = CHECKS.iter().filter(|check| check.drilled);
    unsent.chain(placeholders).chain(drilled.flat_map(|check| (check.find)(routing))).collect()
}

/// What the checks of these ids find in the documents: in each Alertmanager config, with all alerts that are documented.
pub(super) fn found(wiring: &Wiring, runs: &dyn Fn(&str) -> bool) -> BTreeMap<&'static str, Vec<Diagnostic>> {
    let checks: Vec<&RoutingCheck> = CHECKS.iter().filter(|routing| runs(routing.check.id)).collect();
    let mut found: BTreeMap<_, _> = checks.iter().map(|routing| (routing.check.id, Vec::new())).collect();
    if checks.is_empty() {
        return found;
    }
    let refused = wiring.alertmanagers.iter().any(|config| !config.problems.is_empty());
    let (sources, assuming) = (Sources::new(wiring), Sources::assuming(wiring));
    for stack in wiring.alertmanagers.iter().filter_map(|config| stack(wiring, config)) {
        let Some(routing) = Routing::knowing(&stack, &|rule| labels(rule, &sources)) else { continue };
        for RoutingCheck { check, find, .. } in &checks {
            // What a config that Alertmanager refuses would say is not known.
            if !(refused && check.id == notification_fails::CHECK.id) {
                found.entry(check.id).or_default().extend(find(&routing));
            }
        }
        if let Some(told) = found.get_mut(group_by_missing::CHECK.id)
            && let Some(routing) = Routing::knowing(&stack, &|rule| labels(rule, &assuming))
        {
            group_by_missing::assuming(&routing, told);
        }
    }
    found
}

/// The receivers to which no documented alert is sent, where there are no others.
pub(super) fn untold(wiring: &Wiring, config: &AlertmanagerConfig) -> Vec<String> {
    let Some(stack) = stack(wiring, config) else { return Vec::new() };
    let Some(routing) = Routing::of(&stack).filter(Routing::knows_all_alerts) else { return Vec::new() };
    let names = routing.alertmanager.receivers.iter().map(|receiver| &receiver.name.value);
    names.filter(|name| routing.told_to(name).next().is_none()).cloned().collect()
}

/// All labels that a rule's alerts can have from their series, where the documents tell.
fn labels(rule: &Rule, sources: &Sources) -> Option<BTreeSet<String>> {
    series::of_rule(rule, sources).labels().cloned()
}

/// What one of them finds.
fn alone(wiring: &Wiring, id: &str) -> Vec<Diagnostic> {
    found(wiring, &|other| other == id).into_values().flatten().collect()
}

/// A config and all documented rules, as one stack; none where there are no rules, and so no alerts.
fn stack(wiring: &Wiring, config: &AlertmanagerConfig) -> Option<Stack> {
    let alertmanager = config.meant.clone()?;
    let rule_groups: Vec<_> = wiring.rule_files.iter().flat_map(|file| file.groups.clone()).collect();
    let prometheus = wiring.prometheus.iter().find(|config| config.home != Home::Values);
    let prometheus = prometheus.and_then(|config| config.config.clone()).unwrap_or_else(Prometheus::default);
    let stack = Stack {
        alertmanager: Some(alertmanager),
        rule_groups,
        prometheus,
        more_rules: wiring.more_rules(),
        ..Stack::default()
    };
    (!stack.rule_groups.is_empty()).then_some(stack)
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
