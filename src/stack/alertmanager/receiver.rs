//! Receivers and their integrations: one table of settings each, defaults and globals filled in.

use std::collections::BTreeMap;

use crate::diagnostic::{Span, Spanned};
use crate::time::Duration;

#[derive(Clone, Debug)]
pub struct Receiver {
    pub place: Span,
    pub name: Spanned<String>,
    /// In the order in which Alertmanager builds them: by kind, then as written.
    pub integrations: Vec<Integration>,
}

/// One `slack_configs` entry, one `email_configs` entry …
#[derive(Clone, Debug)]
pub struct Integration {
    pub place: Span,
    pub kind: IntegrationKind,
    /// Among those of its kind in its receiver.
    pub index: usize,
    pub send_resolved: bool,
    pub settings: Settings,
}

impl Integration {
    /// Where it sends to, as it is written: perhaps a template, empty where only a file holds it.
    pub fn written_address(&self) -> String {
        let first = |keys: &[&str]| {
            let written = keys.iter().map(|key| self.settings.text(key)).find(|text| !text.is_empty());
            written.unwrap_or_default().to_owned()
        };
        match self.kind {
            IntegrationKind::Email => first(&["to"]),
            IntegrationKind::Slack | IntegrationKind::RocketChat => first(&["channel", "api_url"]),
            IntegrationKind::Mattermost => first(&["channel", "webhook_url"]),
            IntegrationKind::Webhook | IntegrationKind::PagerDuty | IntegrationKind::IncidentIo => {
                first(&["url"])
            }
            IntegrationKind::OpsGenie => first(&["api_url"]),
            IntegrationKind::WeChat => first(&["to_user"]),
            IntegrationKind::VictorOps => first(&["routing_key"]),
            IntegrationKind::Pushover => first(&["user_key"]),
            IntegrationKind::Sns => first(&["topic_arn", "phone_number", "target_arn"]),
            IntegrationKind::Telegram => match self.settings.number("chat_id") {
                0 => first(&["chat_id"]),
                id => id.to_string(),
            },
            IntegrationKind::Discord | IntegrationKind::MsTeams | IntegrationKind::MsTeamsV2 => {
                first(&["webhook_url"])
            }
            IntegrationKind::Webex => first(&["room_id"]),
            IntegrationKind::Jira => first(&["project"]),
        }
    }
}

/// In the order in which Alertmanager builds them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IntegrationKind {
    Webhook,
    Email,
    PagerDuty,
    OpsGenie,
    WeChat,
    Slack,
    VictorOps,
    Pushover,
    Sns,
    Telegram,
    Discord,
    Webex,
    MsTeams,
    MsTeamsV2,
    Jira,
    IncidentIo,
    RocketChat,
    Mattermost,
}

impl IntegrationKind {
    pub const ALL: [IntegrationKind; 18] = [
        IntegrationKind::Webhook,
        IntegrationKind::Email,
        IntegrationKind::PagerDuty,
        IntegrationKind::OpsGenie,
        IntegrationKind::WeChat,
        IntegrationKind::Slack,
        IntegrationKind::VictorOps,
        IntegrationKind::Pushover,
        IntegrationKind::Sns,
        IntegrationKind::Telegram,
        IntegrationKind::Discord,
        IntegrationKind::Webex,
        IntegrationKind::MsTeams,
        IntegrationKind::MsTeamsV2,
        IntegrationKind::Jira,
        IntegrationKind::IncidentIo,
        IntegrationKind::RocketChat,
        IntegrationKind::Mattermost,
    ];

    /// By the name that [`IntegrationKind::as_str`] gives, in any case.
    pub fn named(name: &str) -> Option<IntegrationKind> {
        IntegrationKind::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(name))
    }

    /// The name in Alertmanager's logs and metrics; the configuration's key is this plus `_configs`.
    pub fn as_str(self) -> &'static str {
        match self {
            IntegrationKind::Webhook => "webhook",
            IntegrationKind::Email => "email",
            IntegrationKind::PagerDuty => "pagerduty",
            IntegrationKind::OpsGenie => "opsgenie",
            IntegrationKind::WeChat => "wechat",
            IntegrationKind::Slack => "slack",
            IntegrationKind::VictorOps => "victorops",
            IntegrationKind::Pushover => "pushover",
            IntegrationKind::Sns => "sns",
            IntegrationKind::Telegram => "telegram",
            IntegrationKind::Discord => "discord",
            IntegrationKind::Webex => "webex",
            IntegrationKind::MsTeams => "msteams",
            IntegrationKind::MsTeamsV2 => "msteamsv2",
            IntegrationKind::Jira => "jira",
            IntegrationKind::IncidentIo => "incidentio",
            IntegrationKind::RocketChat => "rocketchat",
            IntegrationKind::Mattermost => "mattermost",
        }
    }
}

/// What is set, by key. A key that has no value, no default and no global is absent.
#[derive(Clone, Debug, Default)]
pub struct Settings(BTreeMap<String, (Setting, Option<Span>)>);

#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    Text(String),
    Flag(bool),
    Number(i64),
    Duration(Duration),
    /// Free-form values (`payload`, `details` of newer releases).
    Json(serde_json::Value),
    TextMap(BTreeMap<String, String>),
    TextList(Vec<String>),
    Object(Settings),
    List(Vec<Settings>),
}

impl PartialEq for Settings {
    fn eq(&self, other: &Settings) -> bool {
        self.0.len() == other.0.len()
            && self.0.iter().zip(&other.0).all(|(a, b)| a.0 == b.0 && a.1.0 == b.1.0)
    }
}

impl Settings {
    pub fn set(&mut self, key: impl Into<String>, setting: Setting, place: Option<Span>) {
        self.0.insert(key.into(), (setting, place));
    }

    pub fn remove(&mut self, key: &str) {
        self.0.remove(key);
    }

    pub fn get(&self, key: &str) -> Option<&Setting> {
        self.0.get(key).map(|(setting, _)| setting)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Setting)> {
        self.0.iter().map(|(key, (setting, _))| (key.as_str(), setting))
    }

    /// Where the value was written; a default has no place.
    pub fn place(&self, key: &str) -> Option<&Span> {
        self.0.get(key).and_then(|(_, place)| place.as_ref())
    }

    /// A text, or the empty one.
    pub fn text(&self, key: &str) -> &str {
        match self.get(key) {
            Some(Setting::Text(text)) => text,
            _ => "",
        }
    }

    /// Whether a text is set and not empty.
    pub fn has_text(&self, key: &str) -> bool {
        !self.text(key).is_empty()
    }

    pub fn flag(&self, key: &str) -> bool {
        matches!(self.get(key), Some(Setting::Flag(true)))
    }

    /// A flag that may be left open.
    pub fn optional_flag(&self, key: &str) -> Option<bool> {
        match self.get(key) {
            Some(Setting::Flag(flag)) => Some(*flag),
            _ => None,
        }
    }

    pub fn number(&self, key: &str) -> i64 {
        match self.get(key) {
            Some(Setting::Number(number)) => *number,
            _ => 0,
        }
    }

    pub fn duration(&self, key: &str) -> Duration {
        match self.get(key) {
            Some(Setting::Duration(duration)) => *duration,
            _ => Duration::ZERO,
        }
    }

    pub fn text_list(&self, key: &str) -> &[String] {
        match self.get(key) {
            Some(Setting::TextList(list)) => list,
            _ => &[],
        }
    }

    pub fn text_map(&self, key: &str) -> impl Iterator<Item = (&str, &str)> {
        let map = match self.get(key) {
            Some(Setting::TextMap(map)) => Some(map),
            _ => None,
        };
        map.into_iter().flatten().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    pub fn object(&self, key: &str) -> Option<&Settings> {
        match self.get(key) {
            Some(Setting::Object(settings)) => Some(settings),
            _ => None,
        }
    }

    pub fn list(&self, key: &str) -> &[Settings] {
        match self.get(key) {
            Some(Setting::List(list)) => list,
            _ => &[],
        }
    }
}
