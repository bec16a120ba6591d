//! What each kind of receiver requires of its own keys, with Alertmanager's own reasons.
//!
//! What depends on the release or on `global` is judged in `receivers`.

use crate::stack::alertmanager::{Setting, Settings};

use super::global::at_most_one;
use super::schema::Refusal;

type Checked = Result<(), Refusal>;

fn refuse(reason: impl Into<String>) -> Checked {
    Err(Refusal::new(reason))
}

fn require(settings: &Settings, key: &str, reason: &str) -> Checked {
    match settings.has_text(key) {
        true => Ok(()),
        false => refuse(reason),
    }
}

fn one_of(settings: &Settings, inline: &'static str, file: &'static str) -> Checked {
    if !settings.has_text(inline) && !settings.has_text(file) {
        return refuse(format!("one of {inline} or {file} must be configured"));
    }
    at_most_one(settings, inline, file)
}

pub fn webhook(settings: &Settings) -> Checked {
    at_most_one(settings, "url", "url_file")?;
    match settings.has_text("url") || settings.has_text("url_file") {
        true => Ok(()),
        false => Err(Refusal::new("missing URL in webhook config").help("add `url: http://…`")),
    }
}

pub fn webhook_url(settings: &Settings) -> Checked {
    one_of(settings, "webhook_url", "webhook_url_file")
}

pub fn email(settings: &Settings) -> Checked {
    require(settings, "to", "missing to address in email config")?;
    let mut seen: Vec<String> = Vec::new();
    for (name, _) in settings.text_map("headers") {
        let canonical = canonical_header(name);
        if seen.contains(&canonical) {
            return Err(
                Refusal::new(format!("duplicate header \"{canonical}\" in email config")).at("headers")
            );
        }
        seen.push(canonical);
    }
    let Some(threading) = settings.object("threading").filter(|threading| threading.flag("enabled")) else {
        return Ok(());
    };
    for header in ["References", "In-Reply-To"] {
        if seen.iter().any(|name| name == header) {
            return Err(Refusal::new(format!(
                "conflicting configuration: threading.enabled conflicts with custom {header} header"
            ))
            .at("headers"));
        }
    }
    match threading.text("thread_by_date") {
        "none" | "daily" => Ok(()),
        _ => Err(Refusal::new("threading.thread_by_date must be either 'none' or 'daily'").at("threading")),
    }
}

/// Go's `textproto.CanonicalMIMEHeaderKey`: `message-id` → `Message-Id`; left alone where it is no header name.
pub fn canonical_header(name: &str) -> String {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(token) {
        return name.to_owned();
    }
    let mut upper = true;
    name.chars()
        .map(|c| {
            let c = if upper { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
            upper = c == '-';
            c
        })
        .collect()
}

pub fn pagerduty(settings: &Settings) -> Checked {
    let keys = ["routing_key", "service_key", "routing_key_file", "service_key_file"];
    if !keys.iter().any(|key| settings.has_text(key)) {
        return Err(Refusal::new("missing service or routing key in PagerDuty config")
            .help("add `routing_key: …` (Events API v2) or `service_key: …` (v1)"));
    }
    at_most_one(settings, "routing_key", "routing_key_file")?;
    at_most_one(settings, "service_key", "service_key_file")
}

pub fn opsgenie(settings: &Settings) -> Checked {
    at_most_one(settings, "api_key", "api_key_file")?;
    for responder in settings.list("responders") {
        let text = |key| responder.text(key);
        let shown = format!("{{{} {} {} {}}}", text("id"), text("name"), text("username"), text("type"));
        if ["id", "username", "name"].iter().all(|key| text(key).is_empty()) {
            return Err(Refusal::new(format!(
                "opsGenieConfig responder {shown} has to have at least one of id, username or name specified"
            ))
            .at("responders"));
        }
        let kind = text("type").to_lowercase();
        let known = ["team", "teams", "user", "escalation", "schedule"];
        if !kind.contains("{{") && !known.contains(&kind.as_str()) {
            return Err(Refusal::new(format!(
                "opsGenieConfig responder {shown} type does not match valid options ^(team|teams|user|escalation|schedule)$"
            ))
            .at("responders"));
        }
    }
    Ok(())
}

pub fn wechat(settings: &Settings) -> Checked {
    let kind = settings.text("message_type");
    if !["", "text", "markdown"].contains(&kind) {
        return Err(Refusal::new(format!(
            "weChat message type \"{kind}\" does not match valid options ^(text|markdown)$"
        ))
        .at("message_type"));
    }
    at_most_one(settings, "api_secret", "api_secret_file")
}

pub fn slack(settings: &Settings) -> Checked {
    at_most_one(settings, "api_url", "api_url_file")?;
    at_most_one(settings, "app_token", "app_token_file")?;
    let api = settings.has_text("api_url") || settings.has_text("api_url_file");
    if api && (settings.has_text("app_token") || settings.has_text("app_token_file")) {
        return refuse("at most one of api_url/api_url_file & app_token/app_token_file must be configured");
    }
    if settings.flag("update_message") && settings.text("api_url") != "https://slack.com/api/chat.postMessage"
    {
        return Err(Refusal::new(
            "update_message can only be used with bot tokens. api_url must be set to https://slack.com/api/chat.postMessage",
        )
        .at("update_message"));
    }
    Ok(())
}

pub fn slack_field(settings: &Settings) -> Checked {
    require(settings, "title", "missing title in Slack field configuration")?;
    require(settings, "value", "missing value in Slack field configuration")
}

pub fn slack_action(settings: &Settings) -> Checked {
    require(settings, "type", "missing type in Slack action configuration")?;
    require(settings, "text", "missing text in Slack action configuration")?;
    match settings.has_text("url") || settings.has_text("name") {
        true => Ok(()),
        false => refuse("missing name or url in Slack action configuration"),
    }
}

pub fn slack_confirmation(settings: &Settings) -> Checked {
    require(settings, "text", "missing text in Slack confirmation configuration")
}

pub fn victorops(settings: &Settings) -> Checked {
    require(settings, "routing_key", "missing Routing key in VictorOps config")?;
    at_most_one(settings, "api_key", "api_key_file")?;
    const RESERVED: [&str; 7] = [
        "routing_key",
        "message_type",
        "state_message",
        "entity_display_name",
        "monitoring_tool",
        "entity_id",
        "entity_state",
    ];
    for (name, _) in settings.text_map("custom_fields") {
        if RESERVED.contains(&name) {
            return Err(Refusal::new(format!(
                "victorOps config contains custom field {name} which cannot be used as it conflicts with the fixed/static fields"
            ))
            .at("custom_fields"));
        }
    }
    Ok(())
}

pub fn pushover(settings: &Settings) -> Checked {
    one_of(settings, "user_key", "user_key_file")?;
    one_of(settings, "token", "token_file")?;
    match settings.flag("html") && settings.flag("monospace") {
        true => Err(Refusal::new("at most one of monospace & html must be configured").at("monospace")),
        false => Ok(()),
    }
}

/// Alertmanager compares the three in a chain, so that all three together pass; so do we.
pub fn sns(settings: &Settings) -> Checked {
    let missing = |key: &str| !settings.has_text(key);
    match (missing("target_arn") != missing("topic_arn")) != missing("phone_number") {
        true => refuse("must provide either a Target ARN, Topic ARN, or Phone Number for SNS config"),
        false => Ok(()),
    }
}

pub fn sigv4(settings: &Settings) -> Checked {
    match settings.has_text("access_key") == settings.has_text("secret_key") {
        true => Ok(()),
        false => refuse(
            "must provide a AWS SigV4 Access key and Secret Key if credentials are specified in the SigV4 config",
        ),
    }
}

pub fn telegram(settings: &Settings) -> Checked {
    at_most_one(settings, "bot_token", "bot_token_file")?;
    if settings.number("chat_id") == 0 && !settings.has_text("chat_id_file") {
        return refuse("missing chat_id on telegram_config");
    }
    if settings.number("chat_id") != 0 && settings.has_text("chat_id_file") {
        return refuse("at most one of chat_id & chat_id_file must be configured");
    }
    match settings.text("parse_mode") {
        "" | "Markdown" | "MarkdownV2" | "HTML" => Ok(()),
        _ => Err(Refusal::new(
            "unknown parse_mode on telegram_config, must be Markdown, MarkdownV2, HTML or empty string",
        )
        .at("parse_mode")),
    }
}

pub fn webex(settings: &Settings) -> Checked {
    require(settings, "room_id", "missing room_id on webex_config")?;
    let http = settings.object("http_config");
    let authorized = http.is_some_and(|http| {
        matches!(http.get("authorization"), Some(Setting::Object(_)))
            || http.has_text("bearer_token")
            || http.has_text("bearer_token_file")
    });
    match authorized {
        true => Ok(()),
        false => refuse("missing webex_configs.http_config.authorization"),
    }
}

pub fn jira(settings: &Settings) -> Checked {
    require(settings, "project", "missing project in jira_config")?;
    require(settings, "issue_type", "missing issue_type in jira_config")?;
    match settings.text("api_type") {
        "" | "auto" | "cloud" | "datacenter" => Ok(()),
        _ => {
            Err(Refusal::new("unknown api_type on jira_config, must be auto, cloud or datacenter")
                .at("api_type"))
        }
    }
}

pub fn incidentio(settings: &Settings) -> Checked {
    one_of(settings, "url", "url_file")?;
    at_most_one(settings, "alert_source_token", "alert_source_token_file")?;
    let token = settings.has_text("alert_source_token") || settings.has_text("alert_source_token_file");
    let Some(http) = settings.object("http_config") else { return Ok(()) };
    match (http.object("authorization").is_some(), token) {
        (true, true) => refuse(
            "cannot specify alert_source_token or alert_source_token_file when using http_config.authorization",
        ),
        (false, false) => refuse(
            "at least one of alert_source_token, alert_source_token_file or http_config.authorization must be configured",
        ),
        _ => Ok(()),
    }
}

pub fn rocketchat(settings: &Settings) -> Checked {
    at_most_one(settings, "token", "token_file")?;
    at_most_one(settings, "token_id", "token_id_file")
}

pub fn mattermost(settings: &Settings) -> Checked {
    at_most_one(settings, "webhook_url", "webhook_url_file")
}

pub fn mattermost_field(settings: &Settings) -> Checked {
    require(settings, "title", "missing title in Mattermost field configuration")?;
    require(settings, "value", "missing value in Mattermost field configuration")
}
