//! Where an integration leads, as a reader would say it; never a secret.

use crate::golang::url::credentials;
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
        IntegrationKind::Webhook => match first(&["url"]) {
            url if url.is_empty() => first(&["url_file"]),
            url => public_url(&url),
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

/// A URL without what lets one in: user and password, the query, and what looks like a token in the path.
pub fn public_url(url: &str) -> String {
    let mut url = url.to_owned();
    if let Some(credentials) = credentials(&url) {
        url.replace_range(credentials.start..=credentials.end, "");
    }
    let (rest, query) = match url.find(['?', '#']) {
        Some(at) => (&url[..at], "?…"),
        None => (url.as_str(), ""),
    };
    let path = rest.find("://").map_or(0, |at| at + 3);
    let path = rest[path..].find('/').map_or(rest.len(), |at| path + at);
    let parts: Vec<&str> =
        rest[path..].split('/').map(|part| if is_token(part) { "…" } else { part }).collect();
    format!("{}{}{query}", &rest[..path], parts.join("/"))
}

/// Long, with digits among its letters or letters of both cases: nobody names a path so. A template is read as it is written.
fn is_token(part: &str) -> bool {
    let has = |is: fn(&char) -> bool| part.chars().any(|c| is(&c));
    let mixed = has(char::is_ascii_digit) || has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase);
    part.len() >= 16 && mixed && !part.contains("{{")
}

#[cfg(test)]
mod tests {
    use super::public_url;

    #[test]
    fn of_a_url_is_shown_what_lets_nobody_in() {
        for (url, shown) in [
            ("http://relay:8080/on-call", "http://relay:8080/on-call"),
            ("http://relay:8080/", "http://relay:8080/"),
            ("http://me:pass@relay/alerts", "http://relay/alerts"),
            ("http://relay/alerts?token=abc", "http://relay/alerts?…"),
            (
                "https://hooks.slack.com/services/T0FUN/B0FUN/aBcDeFgHiJkLmNoPqRsTuVwX",
                "https://hooks.slack.com/services/T0FUN/B0FUN/…",
            ),
            ("https://hc-ping.com/5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278/fail", "https://hc-ping.com/…/fail"),
            ("http://relay/team-of-the-education-platform", "http://relay/team-of-the-education-platform"),
            ("{{ .Url }}", "{{ .Url }}"),
        ] {
            assert_eq!(public_url(url), shown, "{url}");
        }
    }
}
