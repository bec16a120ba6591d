//! Where alerts go, as far as it can be told before any of them fires.
//!
//! Of an alert that does not fire yet only some labels are known: those that its rule sets, those that its expression
//! leaves, those that Prometheus adds. A route may therefore match, not match, or depend. Promises: what is told as
//! certain is what Alertmanager does with every alert of the rule; what may happen is told with its condition.

mod channel;
mod inference;
mod inhibition;
mod known;
mod walk;

use std::collections::BTreeSet;

use crate::labels::Labels;
use crate::stack::alertmanager::{Alertmanager, Integration, Receiver, Route};
use crate::stack::{Rule, RuleGroup, RuleKind, Stack};
use crate::time::Duration;
use crate::twin::alertmanager::RouteTree;

pub use channel::{channel, public_url};
pub use inference::Inference;
pub use inhibition::{Inhibition, Muting, Pairing};
pub use known::{Known, KnownLabels, matches, only_values};
pub use walk::Destination;

/// A stack's alerts and the ways that they take.
pub struct Routing<'s> {
    pub stack: &'s Stack,
    pub alertmanager: &'s Alertmanager,
    pub tree: RouteTree,
    /// In the order of files, groups and rules.
    pub alerts: Vec<RoutedAlert<'s>>,
    pub inhibition: Inhibition,
}

/// An alerting rule and where its alerts go.
pub struct RoutedAlert<'s> {
    pub group: &'s RuleGroup,
    pub rule: &'s Rule,
    /// As Alertmanager gets them.
    pub labels: KnownLabels,
    /// In the order of the tree; none where `alert_relabel_configs` drop the alert.
    pub destinations: Vec<Destination>,
}

impl RoutedAlert<'_> {
    pub fn name(&self) -> &str {
        &self.rule.name().value
    }

    /// The rule's `for`.
    pub fn hold(&self) -> Duration {
        match &self.rule.kind {
            RuleKind::Alerting { hold, .. } => *hold,
            RuleKind::Recording { .. } => Duration::ZERO,
        }
    }

    /// Whether `alert_relabel_configs` drop all of its alerts.
    pub fn is_dropped(&self) -> bool {
        self.destinations.is_empty()
    }
}

impl<'s> Routing<'s> {
    /// `None` where the stack has no Alertmanager.
    pub fn of(stack: &'s Stack) -> Option<Routing<'s>> {
        Routing::knowing(stack, &|_| None)
    }

    /// The same where somebody knows of a rule all labels that its series can have.
    pub fn knowing(
        stack: &'s Stack,
        series: &dyn Fn(&Rule) -> Option<BTreeSet<String>>,
    ) -> Option<Routing<'s>> {
        let alertmanager = stack.alertmanager.as_ref()?;
        let tree = RouteTree::new(&alertmanager.route);
        let inference = Inference::new(stack);
        let mut alerts = Vec::new();
        for group in &stack.rule_groups {
            for rule in &group.rules {
                if let RuleKind::Alerting { .. } = rule.kind {
                    let series = series(rule);
                    let labels = inference.alert(rule, series.as_ref());
                    let destinations =
                        labels.as_ref().map_or_else(Vec::new, |labels| walk::destinations(&tree, labels));
                    let labels = labels.unwrap_or_else(|| inference.unsent(rule, series.as_ref()));
                    alerts.push(RoutedAlert { group, rule, labels, destinations });
                }
            }
        }
        let inhibition = Inhibition::between(&alertmanager.inhibit_rules, &alerts);
        Some(Routing { stack, alertmanager, tree, alerts, inhibition })
    }

    pub fn route(&self, node: usize) -> &Route {
        &self.tree.node(node).route
    }

    pub fn receiver(&self, node: usize) -> Option<&'s Receiver> {
        self.alertmanager.receiver(&self.route(node).receiver.value)
    }

    pub fn integrations(&self, node: usize) -> &'s [Integration] {
        self.receiver(node).map_or(&[], |receiver| &receiver.integrations)
    }

    /// The alerts that a node takes, or may take.
    pub fn taken_by(&self, node: usize) -> impl Iterator<Item = &RoutedAlert<'s>> {
        self.alerts.iter().filter(move |alert| alert.destinations.iter().any(|to| to.node == node))
    }

    /// Whether an alert comes to a node, or to one below it.
    pub fn is_reached(&self, node: usize) -> bool {
        let mut ways = self.alerts.iter().flat_map(|alert| &alert.destinations);
        ways.any(|to| self.tree.path(to.node).contains(&node))
    }

    /// The alerts that go to a receiver, or may.
    pub fn told_to(&self, receiver: &str) -> impl Iterator<Item = &RoutedAlert<'s>> {
        self.alerts.iter().filter(move |alert| {
            alert.destinations.iter().any(|to| self.route(to.node).receiver.value == receiver)
        })
    }

    /// The matchers from below the root down to a node, as a person would say them.
    pub fn way(&self, node: usize) -> String {
        let path = self.tree.path(node);
        let parts: Vec<String> = path.iter().skip(1).map(|node| matchers_text(self.route(*node))).collect();
        if parts.is_empty() { "default route".to_owned() } else { parts.join(" › ") }
    }

    /// Whether there are alerts, and no others than those that are known.
    pub fn knows_all_alerts(&self) -> bool {
        !self.alerts.is_empty() && self.stack.more_rules.is_none()
    }

    /// The names of all alerts, sorted, each once.
    pub fn alert_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.alerts.iter().map(RoutedAlert::name).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// What an alert with exactly these labels would be taken for on Prometheus' side: external labels are added.
    pub fn with_external(&self, labels: &Labels) -> Labels {
        let mut builder = labels.builder();
        for (name, value) in self.stack.prometheus.external_labels.iter() {
            if builder.get(name).is_empty() {
                builder.set(name, value);
            }
        }
        builder.build()
    }
}

/// A route's own matchers: `severity="critical", team="db"`.
pub fn matchers_text(route: &Route) -> String {
    match route.matchers.as_slice() {
        [] => "everything".to_owned(),
        matchers => matchers.iter().map(|m| m.value.to_string()).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
pub(crate) mod tests;
