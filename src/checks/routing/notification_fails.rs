//! A receiver's message can't be made: its templates fail, so nobody is told. An error: the alert is lost.
//!
//! Tried with the first alert that reaches the receiver, firing, through the embedded Alertmanager.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::labels::Labels;
use crate::routing::{Routing, channel};
use crate::stack::alertmanager::Route;
use crate::time::{Duration, Timestamp};
use crate::timeline::{Observed, Outcome};
use crate::twin::alertmanager::{Alertmanager, PushedAlert, Templates};

pub const CHECK: Check = Check {
    id: "notification-fails",
    harm: Harm::Breaks,
    title: "a receiver's message can't be made, so nobody is told",
    explanation: "Alertmanager parses a template when it starts, and executes it when it notifies. What fails then (a template that nobody defines, a function given the wrong kind of value) is a line in its log, and the notification is lost. Tried with the first alert that comes to the receiver.",
    example: "# alertmanager.yml\nroute: {receiver: chat}\nreceivers:\n- name: chat\n  slack_configs:\n  - api_url_file: /etc/alertmanager/slack\n    channel: '#alerts'\n    text: '{{ template \"team.text\" . }}'\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n    labels: {severity: critical}\n  - alert: ApiSlow\n    expr: slow > 1\n    labels: {severity: warning}\n",
    mended: "# alertmanager.yml\nroute: {receiver: chat}\nreceivers:\n- name: chat\n  slack_configs:\n  - api_url_file: /etc/alertmanager/slack\n    channel: '#alerts'\n    text: '{{ .CommonAnnotations.summary }}'\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n    labels: {severity: critical}\n  - alert: ApiSlow\n    expr: slow > 1\n    labels: {severity: warning}\n",
    find: |wiring| super::alone(wiring, CHECK.id),
};

pub(super) fn check(routing: &Routing<'_>) -> Vec<Diagnostic> {
    let config = routing.alertmanager;
    let templates = match Templates::new(&config.template_files, config.version) {
        Ok(templates) => templates,
        Err(error) => {
            let diagnostic =
                Diagnostic::error(CHECK.id, "this template can't be read, so Alertmanager does not start")
                    .because(error.message);
            return vec![match &error.place {
                Some(place) => diagnostic.at(place),
                None => diagnostic,
            }];
        }
    };
    let mut found = Vec::new();
    for receiver in &config.receivers {
        let Some(alert) = routing.told_to(&receiver.name.value).next() else { continue };
        let start = Timestamp(0);
        let route = Route {
            receiver: receiver.name.clone(),
            routes: Vec::new(),
            group_wait: Duration::ZERO,
            mute_time_intervals: Vec::new(),
            active_time_intervals: Vec::new(),
            ..config.route.clone()
        };
        let alone = crate::stack::alertmanager::Alertmanager {
            route,
            receivers: vec![receiver.clone()],
            inhibit_rules: Vec::new(),
            ..config.clone()
        };
        let mut alertmanager = Alertmanager::new(alone, templates.clone(), "http://localhost:9093", start);
        let pushed = PushedAlert {
            labels: Labels::from_pairs(alert.labels.values()),
            annotations: Labels::empty(),
            starts_at: Some(start),
            ends_at: Some(start + Duration::from_secs(240)),
            generator_url: "http://localhost:9090".into(),
        };
        alertmanager.push(start, &[pushed]);
        for seen in alertmanager.advance(start) {
            let Observed::Notification(sent) = &seen.what else { continue };
            let (Outcome::Failed(error) | Outcome::WillRetry(error)) = &sent.outcome else { continue };
            let integration = receiver
                .integrations
                .iter()
                .find(|known| known.kind.as_str() == sent.integration && known.index == sent.index);
            let to = integration.map_or(String::new(), channel);
            found.push(
                Diagnostic::error(
                    CHECK.id,
                    format!("receiver `{}` can't tell anybody by {to}", receiver.name.value),
                )
                .at(integration.map_or(&receiver.place, |integration| &integration.place))
                .label("this message can't be made")
                .because(format!("{error} (tried with `{}`)", alert.name())),
            );
        }
    }
    found
}
