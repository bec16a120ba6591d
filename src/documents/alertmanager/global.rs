//! The `global` section: what receivers fall back to.

use crate::documents::yaml::{Kind, Node};
use crate::stack::alertmanager::{Settings, Version};

use super::http;
use super::schema::{Object, Reader, Refusal, Type, field};

static GLOBAL: Object = Object {
    what: "global",
    fields: &[
        field("resolve_timeout", Type::Duration),
        field("http_config", Type::Object(&http::HTTP_CONFIG)),
        field("jira_api_url", Type::Url).since(28),
        field("smtp_from", Type::Text),
        field("smtp_hello", Type::Text).or("localhost"),
        field("smtp_smarthost", Type::HostPort),
        field("smtp_auth_username", Type::Text),
        field("smtp_auth_password", Type::Text),
        field("smtp_auth_password_file", Type::Text),
        field("smtp_auth_secret", Type::Text),
        field("smtp_auth_secret_file", Type::Text).since(31),
        field("smtp_auth_identity", Type::Text),
        field("smtp_require_tls", Type::Flag).or("true"),
        field("smtp_tls_config", Type::Object(&http::TLS_CONFIG)).since(28),
        field("smtp_force_implicit_tls", Type::OptionalFlag).since(31),
        field("slack_api_url", Type::Url),
        field("slack_api_url_file", Type::Text),
        field("slack_app_token", Type::Text).since(30),
        field("slack_app_token_file", Type::Text).since(30),
        field("slack_app_url", Type::Url).since(30).or("https://slack.com/api/chat.postMessage"),
        field("pagerduty_url", Type::Url).or("https://events.pagerduty.com/v2/enqueue"),
        field("opsgenie_api_url", Type::Url).or("https://api.opsgenie.com/"),
        field("opsgenie_api_key", Type::Text),
        field("opsgenie_api_key_file", Type::Text),
        field("wechat_api_url", Type::Url).or("https://qyapi.weixin.qq.com/cgi-bin/"),
        field("wechat_api_secret", Type::Text),
        field("wechat_api_secret_file", Type::Text).since(31),
        field("wechat_api_corp_id", Type::Text),
        field("victorops_api_url", Type::Url)
            .or("https://alert.victorops.com/integrations/generic/20131114/alert/"),
        field("victorops_api_key", Type::Text),
        field("victorops_api_key_file", Type::Text),
        field("telegram_api_url", Type::Url).or("https://api.telegram.org"),
        field("telegram_bot_token", Type::Text).since(31),
        field("telegram_bot_token_file", Type::Text).since(31),
        field("webex_api_url", Type::Url).or("https://webexapis.com/v1/messages"),
        field("rocketchat_api_url", Type::Url).since(28).or("https://open.rocket.chat/"),
        field("rocketchat_token", Type::Text).since(28),
        field("rocketchat_token_file", Type::Text).since(28),
        field("rocketchat_token_id", Type::Text).since(28),
        field("rocketchat_token_id_file", Type::Text).since(28),
        field("mattermost_webhook_url", Type::Url).since(32),
        field("mattermost_webhook_url_file", Type::Text).since(32),
    ],
    check: Some(check),
};

/// The section's settings; those of an empty section where there is none.
pub fn read(node: Option<&Node>, reader: &mut Reader<'_>) -> Settings {
    let settings = node.filter(|node| node.kind != Kind::Null).and_then(|node| reader.object(node, &GLOBAL));
    settings.unwrap_or_else(|| defaults(reader.version))
}

fn defaults(version: Version) -> Settings {
    let file = crate::diagnostic::SourceFile::new("", "");
    let empty = Node { kind: Kind::Mapping(Vec::new()), span: file.span(0..0) };
    Reader { version, problems: &mut Vec::new() }.object(&empty, &GLOBAL).unwrap_or_default()
}

fn check(global: &Settings) -> Result<(), Refusal> {
    const PAIRS: [(&str, &str); 9] = [
        ("slack_app_token", "slack_app_token_file"),
        ("slack_api_url", "slack_api_url_file"),
        ("opsgenie_api_key", "opsgenie_api_key_file"),
        ("victorops_api_key", "victorops_api_key_file"),
        ("telegram_bot_token", "telegram_bot_token_file"),
        ("smtp_auth_password", "smtp_auth_password_file"),
        ("rocketchat_token", "rocketchat_token_file"),
        ("rocketchat_token_id", "rocketchat_token_id_file"),
        ("smtp_auth_secret", "smtp_auth_secret_file"),
    ];
    const MORE: [(&str, &str); 2] = [
        ("wechat_api_secret", "wechat_api_secret_file"),
        ("mattermost_webhook_url", "mattermost_webhook_url_file"),
    ];
    for (inline, file) in PAIRS.into_iter().chain(MORE) {
        at_most_one(global, inline, file)?;
    }
    let app_token = global.has_text("slack_app_token") || global.has_text("slack_app_token_file");
    let api_url = global.has_text("slack_api_url") || global.has_text("slack_api_url_file");
    if app_token && api_url && global.text("slack_api_url") != global.text("slack_app_url") {
        return Err(Refusal::new(
            "at most one of slack_app_token/slack_app_token_file & slack_api_url/slack_api_url_file must be configured",
        )
        .at("slack_api_url"));
    }
    Ok(())
}

/// Alertmanager's sentence for a setting that can be given inline or in a file, but not both.
pub fn at_most_one(settings: &Settings, inline: &'static str, file: &'static str) -> Result<(), Refusal> {
    match settings.has_text(inline) && settings.has_text(file) {
        true => Err(Refusal::new(format!("at most one of {inline} & {file} must be configured")).at(file)),
        false => Ok(()),
    }
}

/// `resolve_timeout`: 5 minutes unless written; written empty it is nothing.
pub fn resolve_timeout(node: Option<&Node>, global: &Settings) -> crate::time::Duration {
    let written = node.and_then(|node| node.get("resolve_timeout")).is_some();
    match written {
        true => global.duration("resolve_timeout"),
        false => crate::time::Duration::from_secs(300),
    }
}
