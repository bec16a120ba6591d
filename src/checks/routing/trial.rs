//! A message as it would be made for an alert whose labels are marked.
//!
//! What is marked in the alert can be looked for in the texts that somebody reads: templates, their functions and the
//! defaults of each kind of receiver need no guessing.

use crate::labels::{Labels, METRIC_NAME};
use crate::routing::{RoutedAlert, Routing};
use crate::stack::RuleKind;
use crate::stack::alertmanager::{Integration, fingerprint};
use crate::time::Timestamp;
use crate::timeline::{AlertStatus, Message, NotifiedAlert, NotifyReason};
use crate::twin::alertmanager::{Notice, Templates, render};
use crate::twin::prometheus_template::{AlertTemplate, AlertTemplateData};

/// Nothing that anybody writes; what changes the case of letters leaves it to be found.
const MARK: &str = "zq1zq";

/// Everything that a message is made with.
pub struct Trial<'r, 's> {
    routing: &'r Routing<'s>,
    templates: &'r Templates,
}

impl<'r, 's> Trial<'r, 's> {
    pub fn of(routing: &'r Routing<'s>, templates: &'r Templates) -> Trial<'r, 's> {
        Trial { routing, templates }
    }

    /// Whether a reader of `integration` is told any of the labels `apart`, alone in its group as the alert may be. `None`
    /// where the message can't be made.
    pub fn tells(
        &self,
        alert: &RoutedAlert<'_>,
        node: usize,
        integration: &Integration,
        apart: &[String],
    ) -> Option<bool> {
        let mut labels = Labels::from_pairs(alert.labels.values()).builder();
        for label in apart {
            labels.set(label.as_str(), MARK);
        }
        let labels = labels.build();
        let notified = NotifiedAlert {
            status: AlertStatus::Firing,
            annotations: self.annotations(alert, &labels),
            fingerprint: fingerprint(&labels),
            labels,
            starts_at: Timestamp::default(),
            ends_at: None,
            generator_url: "http://prometheus:9090/graph".into(),
        };
        // For clients that show no messages: beside the message nobody sees it.
        let mut seen = integration.clone();
        if seen.settings.place("fallback").is_none() {
            seen.settings.remove("fallback");
        }
        let message = self.message(&[notified], node, &seen)?;
        Some(message.texts().iter().any(|text| text.to_lowercase().contains(MARK)))
    }

    fn annotations(&self, alert: &RoutedAlert<'_>, labels: &Labels) -> Labels {
        let RuleKind::Alerting { annotations, .. } = &alert.rule.kind else { return Labels::empty() };
        let prometheus = &self.routing.stack.prometheus;
        let external = &prometheus.external_labels;
        let result = labels.without(METRIC_NAME).without("alertname");
        let data =
            AlertTemplateData::new(&result, external, &prometheus.external_url, 1.0, Timestamp::default());
        let expanded = annotations.iter().map(|(name, text)| {
            let template = AlertTemplate::parse(alert.name(), &text.value, prometheus.imitated);
            let text = match template {
                Ok(template) => template.expand(&data, &|_| Ok(Vec::new())),
                Err(_) => text.value.clone(),
            };
            (name.value.as_str(), text)
        });
        Labels::from_pairs(expanded)
    }

    fn message(&self, alerts: &[NotifiedAlert], node: usize, integration: &Integration) -> Option<Message> {
        let route = self.routing.route(node);
        let group_labels = self.routing.tree.group_labels(node, &alerts.first()?.labels);
        let notice = Notice {
            receiver: &route.receiver.value,
            status: AlertStatus::Firing,
            reason: NotifyReason::FirstNotification,
            alerts,
            group_labels: &group_labels,
            route_labels: &Labels::empty(),
            group_key: "{}",
            external_url: "http://alertmanager:9093",
            version: self.routing.alertmanager.version,
            at: Timestamp::default(),
            templates: self.templates,
        };
        Some(render(integration, &notice).ok()?.message)
    }
}
