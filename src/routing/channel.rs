//! Where an integration leads, as a reader would say it; never a secret.

use crate::stack::alertmanager::{Integration, IntegrationKind, Settings};

/// `slack #alerts`, `email ops@example.com`, `webhook http://relay:8080/`. A template stands as it is written.
pub fn channel(integration: &Integration) -> String {
    let kind = integration.kind.as_str();
    match address(integration) {
        address if address.is_empty() => kind.to_owned(),
        address => format!("{kind} {address}"),
    }
}

fn address(integration: &Integration) -> String {
    let settings = &integration.settings;
    let first = |keys: &[&str]| {
        keys.iter().map(|key| settings.text(key)).find(|text| !text.is_empty()).unwrap_or_default().to_owned()
    };
    match integration.kind {
        IntegrationKind::Email => first(&["to"]).split(',').map(str::trim).collect::<Vec<_>>().join(", "),
        IntegrationKind::Webhook => match first(&["url", "url_file"]) {
            url if url.contains('@') || url.contains('?') => host(&url).to_owned(),
            url => url,
        },
        IntegrationKind::Slack | IntegrationKind::Mattermost | IntegrationKind::RocketChat => {
            first(&["channel"])
        }
        IntegrationKind::PagerDuty => key_kind(settings),
        IntegrationKind::OpsGenie => first_responder(settings),
        IntegrationKind::Sns => first(&["topic_arn", "target_arn", "phone_number"]),
        IntegrationKind::Telegram => match settings.number("chat_id") {
            0 => first(&["chat_id_file"]),
            chat => format!("chat {chat}"),
        },
        IntegrationKind::Webex => first(&["room_id"]),
        IntegrationKind::WeChat => first(&["to_user", "to_party", "to_tag"]),
        IntegrationKind::VictorOps => first(&["routing_key"]),
        IntegrationKind::Jira => first(&["project"]),
        // All else that they have is a secret.
        IntegrationKind::Pushover
        | IntegrationKind::Discord
        | IntegrationKind::MsTeams
        | IntegrationKind::MsTeamsV2
        | IntegrationKind::IncidentIo => String::new(),
    }
}

/// PagerDuty's key is a secret; which of its two interfaces is used is not.
fn key_kind(settings: &Settings) -> String {
    let old = settings.has_text("service_key") || settings.has_text("service_key_file");
    if old { "by service key".to_owned() } else { String::new() }
}

fn first_responder(settings: &Settings) -> String {
    let Some(responder) = settings.list("responders").first() else { return String::new() };
    ["name", "username", "id"]
        .iter()
        .map(|key| responder.text(key))
        .find(|text| !text.is_empty())
        .unwrap_or_default()
        .to_owned()
}

/// The scheme and the host of a URL whose rest may hold a secret.
fn host(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..].find(['/', '?']).map_or(url.len(), |at| start + at);
    let start = url[start..end].rfind('@').map_or(start, |at| start + at + 1);
    &url[start..end]
}
