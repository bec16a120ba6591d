//! What each kind of receiver gets for a group of alerts: one file a kind.
//!
//! Settings are templates and are expanded here; a template that fails makes the notification fail, as it
//! does in Alertmanager. What Alertmanager would read from a file on its machine (`api_url_file` and the like)
//! stands as `<file PATH>`.

mod discord;
mod email;
mod incidentio;
mod jira;
mod json;
mod mattermost;
mod msteams;
mod opsgenie;
mod pagerduty;
mod pushover;
mod rocketchat;
mod slack;
mod sns;
mod telegram;
mod victorops;
mod webex;
mod webhook;
mod wechat;

use sha2::{Digest, Sha256};

use crate::labels::Labels;
use crate::stack::alertmanager::{Integration, IntegrationKind, Settings, Version};
use crate::time::Timestamp;
use crate::timeline::{AlertStatus, Body, HttpRequest, Message, NotifiedAlert, NotifyReason};

pub use super::template::Templates;
use super::template::{Data, TemplateAlert};

/// Everything that a notification is made of.
pub struct Notice<'a> {
    pub receiver: &'a str,
    pub status: AlertStatus,
    pub reason: NotifyReason,
    pub alerts: &'a [NotifiedAlert],
    pub group_labels: &'a Labels,
    /// As their templates gave them.
    pub route_labels: &'a Labels,
    pub group_key: &'a str,
    pub external_url: &'a str,
    pub version: Version,
    pub at: Timestamp,
    pub templates: &'a Templates,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// Where it goes, as a reader would say it.
    pub address: String,
    pub message: Message,
}

/// Why nothing can be sent, and whether Alertmanager tries again all the same.
#[derive(Clone, Debug, PartialEq)]
pub struct RenderError {
    pub reason: String,
    pub retry: bool,
}

impl RenderError {
    fn new(reason: impl Into<String>) -> RenderError {
        RenderError { reason: reason.into(), retry: false }
    }

    fn context(mut self, context: &str) -> RenderError {
        self.reason = format!("{context}: {}", self.reason);
        self
    }

    fn retried(mut self) -> RenderError {
        self.retry = true;
        self
    }
}

pub fn render(integration: &Integration, notice: &Notice<'_>) -> Result<Rendered, RenderError> {
    let settings = &integration.settings;
    let rendering = Rendering::new(notice);
    match integration.kind {
        IntegrationKind::Webhook => webhook::render(settings, &rendering),
        IntegrationKind::Email => email::render(settings, &rendering),
        IntegrationKind::PagerDuty => pagerduty::render(settings, &rendering),
        IntegrationKind::OpsGenie => opsgenie::render(settings, &rendering),
        IntegrationKind::WeChat => wechat::render(settings, &rendering),
        IntegrationKind::Slack => slack::render(settings, &rendering),
        IntegrationKind::VictorOps => victorops::render(settings, &rendering),
        IntegrationKind::Pushover => pushover::render(settings, &rendering),
        IntegrationKind::Sns => sns::render(settings, &rendering),
        IntegrationKind::Telegram => telegram::render(settings, &rendering),
        IntegrationKind::Discord => discord::render(settings, &rendering),
        IntegrationKind::Webex => webex::render(settings, &rendering),
        IntegrationKind::MsTeams => msteams::render(settings, &rendering),
        IntegrationKind::MsTeamsV2 => msteams::render_v2(settings, &rendering),
        IntegrationKind::Jira => jira::render(settings, &rendering),
        IntegrationKind::IncidentIo => incidentio::render(settings, &rendering),
        IntegrationKind::RocketChat => rocketchat::render(settings, &rendering),
        IntegrationKind::Mattermost => mattermost::render(settings, &rendering),
    }
}

/// A notice with the data that its templates see.
struct Rendering<'a> {
    notice: &'a Notice<'a>,
    data: Data,
}

impl<'a> Rendering<'a> {
    fn new(notice: &'a Notice<'a>) -> Rendering<'a> {
        let data = data(notice.receiver, notice.group_labels, notice.external_url, notice.alerts);
        let data = data.at(notice.at).because(notice.reason.as_str());
        Rendering { notice, data: data.with_route_labels(notice.route_labels.clone()) }
    }

    fn text(&self, template: &str) -> Result<String, RenderError> {
        // Most settings are plain words.
        if !template.contains("{{") {
            return Ok(template.to_owned());
        }
        self.notice.templates.text(template, &self.data).map_err(|error| RenderError::new(error.to_string()))
    }

    fn html(&self, template: &str) -> Result<String, RenderError> {
        self.notice.templates.html(template, &self.data).map_err(|error| RenderError::new(error.to_string()))
    }

    /// A setting, expanded.
    fn setting(&self, settings: &Settings, key: &str) -> Result<String, RenderError> {
        self.text(settings.text(key))
    }

    fn firing(&self) -> bool {
        self.notice.status == AlertStatus::Firing
    }

    /// The group key's hash: services want short keys for "the same incident".
    fn dedup_key(&self) -> String {
        hex_sha256(self.notice.group_key)
    }
}

/// What templates see of some alerts.
pub fn data(receiver: &str, group_labels: &Labels, external_url: &str, alerts: &[NotifiedAlert]) -> Data {
    let alerts = alerts.iter().map(|alert| TemplateAlert {
        status: alert.status.as_str().to_owned(),
        labels: alert.labels.clone(),
        annotations: alert.annotations.clone(),
        starts_at: alert.starts_at,
        ends_at: alert.ends_at,
        generator_url: alert.generator_url.clone(),
        fingerprint: format!("{:016x}", alert.fingerprint),
    });
    Data::new(receiver, group_labels, external_url, alerts.collect())
}

fn hex_sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An inline secret, or where it would be read from.
fn inline_or_file(settings: &Settings, key: &str) -> String {
    match settings.text(key) {
        "" => match settings.text(&format!("{key}_file")) {
            "" => String::new(),
            path => format!("<file {path}>"),
        },
        inline => inline.to_owned(),
    }
}

fn post_json(url: String, body: serde_json::Value) -> Message {
    Message::Http(vec![HttpRequest { method: "POST", url, authorization: None, body: Body::Json(body) }])
}

/// At most `limit` characters, the last an ellipsis where it was cut.
fn truncate(text: String, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text;
    }
    match limit {
        0..=3 => text.chars().take(limit).collect(),
        _ => text.chars().take(limit - 1).chain(['…']).collect(),
    }
}

/// At most `limit` bytes, the last an ellipsis where it was cut.
fn truncate_bytes(text: String, limit: usize) -> String {
    if text.len() <= limit {
        return text;
    }
    let mut end = limit.saturating_sub('…'.len_utf8());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &text[..end])
}

/// As Go prints an instant in JSON: RFC 3339 without trailing zeros; no instant is its zero time.
fn rfc3339(at: Option<Timestamp>) -> String {
    match at.and_then(|at| jiff::Timestamp::from_millisecond(at.0).ok()) {
        Some(instant) => instant.to_string(),
        None => "0001-01-01T00:00:00Z".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_end_in_an_ellipsis() {
        assert_eq!(truncate("héllo wörld".into(), 6), "héllo…");
        assert_eq!(truncate("hello".into(), 5), "hello");
        assert_eq!(truncate("hello".into(), 3), "hel");
        assert_eq!(truncate_bytes("hello wörld".into(), 11), "hello w…");
    }

    #[test]
    fn instants_are_printed_as_go_prints_them() {
        assert_eq!(rfc3339(Some(Timestamp(1_772_323_200_000))), "2026-03-01T00:00:00Z");
        assert_eq!(rfc3339(Some(Timestamp(1_772_323_200_120))), "2026-03-01T00:00:00.12Z");
        assert_eq!(rfc3339(None), "0001-01-01T00:00:00Z");
    }
}
