//! Every kind of receiver, with all keys that its releases know.

use crate::stack::alertmanager::IntegrationKind;

use super::checks;
use super::http::{HTTP_CONFIG, TLS_CONFIG};
use super::schema::{Field, Object, Type, field};

/// A `…_configs` key of a receiver.
pub struct ReceiverKind {
    pub kind: IntegrationKind,
    pub key: &'static str,
    /// The release that brought it.
    pub since: u16,
    pub object: &'static Object,
}

const HTTP: Field = field("http_config", Type::Object(&HTTP_CONFIG));

const fn send_resolved(default: &'static str) -> Field {
    field("send_resolved", Type::Flag).or(default)
}

/// In the order in which Alertmanager builds them.
pub static KINDS: [ReceiverKind; 18] = [
    ReceiverKind { kind: IntegrationKind::Webhook, key: "webhook_configs", since: 25, object: &WEBHOOK },
    ReceiverKind { kind: IntegrationKind::Email, key: "email_configs", since: 25, object: &EMAIL },
    ReceiverKind {
        kind: IntegrationKind::PagerDuty,
        key: "pagerduty_configs",
        since: 25,
        object: &PAGERDUTY,
    },
    ReceiverKind { kind: IntegrationKind::OpsGenie, key: "opsgenie_configs", since: 25, object: &OPSGENIE },
    ReceiverKind { kind: IntegrationKind::WeChat, key: "wechat_configs", since: 25, object: &WECHAT },
    ReceiverKind { kind: IntegrationKind::Slack, key: "slack_configs", since: 25, object: &SLACK },
    ReceiverKind {
        kind: IntegrationKind::VictorOps,
        key: "victorops_configs",
        since: 25,
        object: &VICTOROPS,
    },
    ReceiverKind { kind: IntegrationKind::Pushover, key: "pushover_configs", since: 25, object: &PUSHOVER },
    ReceiverKind { kind: IntegrationKind::Sns, key: "sns_configs", since: 25, object: &SNS },
    ReceiverKind { kind: IntegrationKind::Telegram, key: "telegram_configs", since: 25, object: &TELEGRAM },
    ReceiverKind { kind: IntegrationKind::Discord, key: "discord_configs", since: 25, object: &DISCORD },
    ReceiverKind { kind: IntegrationKind::Webex, key: "webex_configs", since: 25, object: &WEBEX },
    ReceiverKind { kind: IntegrationKind::MsTeams, key: "msteams_configs", since: 26, object: &MSTEAMS },
    ReceiverKind {
        kind: IntegrationKind::MsTeamsV2,
        key: "msteamsv2_configs",
        since: 28,
        object: &MSTEAMSV2,
    },
    ReceiverKind { kind: IntegrationKind::Jira, key: "jira_configs", since: 28, object: &JIRA },
    ReceiverKind {
        kind: IntegrationKind::IncidentIo,
        key: "incidentio_configs",
        since: 29,
        object: &INCIDENTIO,
    },
    ReceiverKind {
        kind: IntegrationKind::RocketChat,
        key: "rocketchat_configs",
        since: 28,
        object: &ROCKETCHAT,
    },
    ReceiverKind {
        kind: IntegrationKind::Mattermost,
        key: "mattermost_configs",
        since: 30,
        object: &MATTERMOST,
    },
];

static WEBHOOK: Object = Object {
    what: "webhook_configs",
    fields: &[
        send_resolved("true"),
        HTTP,
        field("url", Type::TemplateUrl),
        field("url_file", Type::Text).since(26),
        field("max_alerts", Type::Unsigned),
        field("timeout", Type::GoDuration).since(28),
        field("payload", Type::Json).since(32),
    ],
    check: Some(checks::webhook),
};

static EMAIL: Object = Object {
    what: "email_configs",
    fields: &[
        send_resolved("false"),
        field("to", Type::Text),
        field("from", Type::Text),
        field("hello", Type::Text),
        field("smarthost", Type::HostPort),
        field("auth_username", Type::Text),
        field("auth_password", Type::Text),
        field("auth_password_file", Type::Text),
        field("auth_secret", Type::Text),
        field("auth_secret_file", Type::Text).since(31),
        field("auth_identity", Type::Text),
        field("headers", Type::TextMap),
        field("html", Type::Text).or(r#"{{ template "email.default.html" . }}"#),
        field("text", Type::Text),
        field("require_tls", Type::OptionalFlag),
        field("tls_config", Type::Object(&TLS_CONFIG)),
        field("force_implicit_tls", Type::OptionalFlag).since(31),
        field("threading", Type::Object(&THREADING)).since(30),
    ],
    check: Some(checks::email),
};

static THREADING: Object = Object {
    what: "threading",
    fields: &[field("enabled", Type::Flag), field("thread_by_date", Type::Text)],
    check: None,
};

static PAGERDUTY: Object = Object {
    what: "pagerduty_configs",
    fields: &[
        send_resolved("true"),
        HTTP,
        field("service_key", Type::Text),
        field("service_key_file", Type::Text),
        field("routing_key", Type::Text),
        field("routing_key_file", Type::Text),
        field("url", Type::Url),
        field("client", Type::Text).or(r#"{{ template "pagerduty.default.client" . }}"#),
        field("client_url", Type::Text).or(r#"{{ template "pagerduty.default.clientURL" . }}"#),
        field("description", Type::Text).or(r#"{{ template "pagerduty.default.description" .}}"#),
        field("details", Type::JsonMap),
        field("images", Type::List(&PAGERDUTY_IMAGE)),
        field("links", Type::List(&PAGERDUTY_LINK)),
        field("source", Type::Text),
        field("severity", Type::Text),
        field("class", Type::Text),
        field("component", Type::Text),
        field("group", Type::Text),
        field("timeout", Type::GoDuration).since(30),
    ],
    check: Some(checks::pagerduty),
};

static PAGERDUTY_IMAGE: Object = Object {
    what: "images",
    fields: &[field("src", Type::Text), field("alt", Type::Text), field("href", Type::Text)],
    check: None,
};

static PAGERDUTY_LINK: Object =
    Object { what: "links", fields: &[field("href", Type::Text), field("text", Type::Text)], check: None };

static OPSGENIE: Object = Object {
    what: "opsgenie_configs",
    fields: &[
        send_resolved("true"),
        HTTP,
        field("api_key", Type::Text),
        field("api_key_file", Type::Text),
        field("api_url", Type::Url),
        field("message", Type::Text).or(r#"{{ template "opsgenie.default.message" . }}"#),
        field("description", Type::Text).or(r#"{{ template "opsgenie.default.description" . }}"#),
        field("source", Type::Text).or(r#"{{ template "opsgenie.default.source" . }}"#),
        field("details", Type::TextMap),
        field("entity", Type::Text),
        field("responders", Type::List(&OPSGENIE_RESPONDER)),
        field("actions", Type::Text),
        field("tags", Type::Text),
        field("note", Type::Text),
        field("priority", Type::Text),
        field("update_alerts", Type::Flag),
    ],
    check: Some(checks::opsgenie),
};

static OPSGENIE_RESPONDER: Object = Object {
    what: "responders",
    fields: &[
        field("id", Type::Text),
        field("name", Type::Text),
        field("username", Type::Text),
        field("type", Type::Text),
    ],
    check: None,
};

static WECHAT: Object = Object {
    what: "wechat_configs",
    fields: &[
        send_resolved("false"),
        HTTP,
        field("api_secret", Type::Text),
        field("api_secret_file", Type::Text).since(31),
        field("corp_id", Type::Text),
        field("message", Type::Text).or(r#"{{ template "wechat.default.message" . }}"#),
        field("api_url", Type::Url),
        field("to_user", Type::Text).or(r#"{{ template "wechat.default.to_user" . }}"#),
        field("to_party", Type::Text).or(r#"{{ template "wechat.default.to_party" . }}"#),
        field("to_tag", Type::Text).or(r#"{{ template "wechat.default.to_tag" . }}"#),
        field("agent_id", Type::Text).or(r#"{{ template "wechat.default.agent_id" . }}"#),
        field("message_type", Type::Text),
    ],
    check: Some(checks::wechat),
};

static SLACK: Object = Object {
    what: "slack_configs",
    fields: &[
        send_resolved("false"),
        HTTP,
        field("api_url", Type::Url),
        field("api_url_file", Type::Text),
        field("app_token", Type::Text).since(30),
        field("app_token_file", Type::Text).since(30),
        field("app_url", Type::Url).since(30),
        field("channel", Type::Text),
        field("username", Type::Text).or(r#"{{ template "slack.default.username" . }}"#),
        field("color", Type::Text).or(r#"{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}"#),
        field("title", Type::Text).or(r#"{{ template "slack.default.title" . }}"#),
        field("title_link", Type::Text).or(r#"{{ template "slack.default.titlelink" . }}"#),
        field("pretext", Type::Text).or(r#"{{ template "slack.default.pretext" . }}"#),
        field("text", Type::Text).or(r#"{{ template "slack.default.text" . }}"#),
        field("message_text", Type::Text).since(31),
        field("fields", Type::List(&SLACK_FIELD)),
        field("short_fields", Type::Flag),
        field("footer", Type::Text).or(r#"{{ template "slack.default.footer" . }}"#),
        field("fallback", Type::Text).or(r#"{{ template "slack.default.fallback" . }}"#),
        field("callback_id", Type::Text).or(r#"{{ template "slack.default.callbackid" . }}"#),
        field("icon_emoji", Type::Text).or(r#"{{ template "slack.default.iconemoji" . }}"#),
        field("icon_url", Type::Text).or(r#"{{ template "slack.default.iconurl" . }}"#),
        field("image_url", Type::Text),
        field("thumb_url", Type::Text),
        field("link_names", Type::Flag),
        field("mrkdwn_in", Type::TextList),
        field("actions", Type::List(&SLACK_ACTION)),
        field("update_message", Type::Flag).since(32),
        field("timeout", Type::GoDuration).since(30),
    ],
    check: Some(checks::slack),
};

static SLACK_FIELD: Object = Object {
    what: "fields",
    fields: &[field("title", Type::Text), field("value", Type::Text), field("short", Type::OptionalFlag)],
    check: Some(checks::slack_field),
};

static SLACK_ACTION: Object = Object {
    what: "actions",
    fields: &[
        field("type", Type::Text),
        field("text", Type::Text),
        field("url", Type::Text),
        field("style", Type::Text),
        field("name", Type::Text),
        field("value", Type::Text),
        field("confirm", Type::Object(&SLACK_CONFIRMATION)),
    ],
    check: Some(checks::slack_action),
};

static SLACK_CONFIRMATION: Object = Object {
    what: "confirm",
    fields: &[
        field("text", Type::Text),
        field("title", Type::Text),
        field("ok_text", Type::Text),
        field("dismiss_text", Type::Text),
    ],
    check: Some(checks::slack_confirmation),
};

static VICTOROPS: Object = Object {
    what: "victorops_configs",
    fields: &[
        send_resolved("true"),
        HTTP,
        field("api_key", Type::Text),
        field("api_key_file", Type::Text),
        field("api_url", Type::Url),
        field("routing_key", Type::Text),
        field("message_type", Type::Text).or("CRITICAL"),
        field("state_message", Type::Text).or(r#"{{ template "victorops.default.state_message" . }}"#),
        field("entity_display_name", Type::Text)
            .or(r#"{{ template "victorops.default.entity_display_name" . }}"#),
        field("monitoring_tool", Type::Text).or(r#"{{ template "victorops.default.monitoring_tool" . }}"#),
        field("custom_fields", Type::TextMap),
    ],
    check: Some(checks::victorops),
};

static PUSHOVER: Object = Object {
    what: "pushover_configs",
    fields: &[
        send_resolved("true"),
        HTTP,
        field("user_key", Type::Text),
        field("user_key_file", Type::Text).since(26),
        field("token", Type::Text),
        field("token_file", Type::Text).since(26),
        field("title", Type::Text).or(r#"{{ template "pushover.default.title" . }}"#),
        field("message", Type::Text).or(r#"{{ template "pushover.default.message" . }}"#),
        field("url", Type::Text).or(r#"{{ template "pushover.default.url" . }}"#),
        field("url_title", Type::Text),
        field("device", Type::Text).since(26),
        field("sound", Type::Text),
        field("priority", Type::Text).or(r#"{{ if eq .Status "firing" }}2{{ else }}0{{ end }}"#),
        field("retry", Type::TextDuration).or("1m"),
        field("expire", Type::TextDuration).or("1h"),
        field("ttl", Type::TextDuration).since(27),
        field("html", Type::Flag),
        field("monospace", Type::Flag).since(29),
    ],
    check: Some(checks::pushover),
};

static SNS: Object = Object {
    what: "sns_configs",
    fields: &[
        send_resolved("true"),
        HTTP,
        field("api_url", Type::Text),
        field("sigv4", Type::Object(&SIGV4)),
        field("topic_arn", Type::Text),
        field("phone_number", Type::Text),
        field("target_arn", Type::Text),
        field("subject", Type::Text).or(r#"{{ template "sns.default.subject" . }}"#),
        field("message", Type::Text).or(r#"{{ template "sns.default.message" . }}"#),
        field("attributes", Type::TextMap),
        field("use_aws_http_client", Type::Flag).since(33),
    ],
    check: Some(checks::sns),
};

static SIGV4: Object = Object {
    what: "sigv4",
    fields: &[
        field("region", Type::Text),
        field("access_key", Type::Text),
        field("secret_key", Type::Text),
        field("profile", Type::Text),
        field("role_arn", Type::Text),
        field("use_fips_sts_endpoint", Type::Flag).since(29),
        field("external_id", Type::Text).since(30),
    ],
    check: Some(checks::sigv4),
};

static TELEGRAM: Object = Object {
    what: "telegram_configs",
    fields: &[
        send_resolved("true"),
        HTTP,
        field("api_url", Type::Url),
        field("bot_token", Type::Text),
        field("bot_token_file", Type::Text).since(26),
        field("chat_id", Type::Number),
        field("chat_id_file", Type::Text).since(31),
        field("message_thread_id", Type::Number).since(28),
        field("message", Type::Text).or(r#"{{ template "telegram.default.message" . }}"#),
        field("disable_notifications", Type::Flag),
        field("parse_mode", Type::Text).or("HTML"),
    ],
    check: Some(checks::telegram),
};

static DISCORD: Object = Object {
    what: "discord_configs",
    fields: &[
        send_resolved("true"),
        HTTP,
        field("webhook_url", Type::Url),
        field("webhook_url_file", Type::Text).since(27),
        field("content", Type::Text).since(28),
        field("title", Type::Text).or(r#"{{ template "discord.default.title" . }}"#),
        field("message", Type::Text).or(r#"{{ template "discord.default.message" . }}"#),
        field("username", Type::Text).since(28),
        field("avatar_url", Type::Text).since(28),
    ],
    check: Some(checks::webhook_url),
};

static WEBEX: Object = Object {
    what: "webex_configs",
    fields: &[
        send_resolved("true"),
        HTTP,
        field("api_url", Type::Url),
        field("message", Type::Text).or(r#"{{ template "webex.default.message" . }}"#),
        field("room_id", Type::Text),
    ],
    check: Some(checks::webex),
};

static MSTEAMS: Object = Object {
    what: "msteams_configs",
    fields: &[
        send_resolved("true"),
        HTTP,
        field("webhook_url", Type::Url),
        field("webhook_url_file", Type::Text).since(27),
        field("title", Type::Text).or(r#"{{ template "msteams.default.title" . }}"#),
        field("summary", Type::Text).since(27).or(r#"{{ template "msteams.default.summary" . }}"#),
        field("text", Type::Text).or(r#"{{ template "msteams.default.text" . }}"#),
    ],
    check: Some(checks::webhook_url),
};

static MSTEAMSV2: Object = Object {
    what: "msteamsv2_configs",
    fields: &[
        send_resolved("true"),
        HTTP,
        field("webhook_url", Type::Url),
        field("webhook_url_file", Type::Text),
        field("title", Type::Text).or(r#"{{ template "msteamsv2.default.title" . }}"#),
        field("text", Type::Text).or(r#"{{ template "msteamsv2.default.text" . }}"#),
    ],
    check: Some(checks::webhook_url),
};

static JIRA: Object = Object {
    what: "jira_configs",
    fields: &[
        send_resolved("true"),
        HTTP,
        field("api_url", Type::Url),
        field("api_type", Type::Text).since(29).or("auto"),
        field("project", Type::Text),
        field("summary", Type::TextOr(&JIRA_FIELD)).or(r#"{{ template "jira.default.summary" . }}"#),
        field("description", Type::TextOr(&JIRA_FIELD)).or(r#"{{ template "jira.default.description" . }}"#),
        field("labels", Type::TextList),
        field("priority", Type::Text).or(r#"{{ template "jira.default.priority" . }}"#),
        field("issue_type", Type::Text),
        field("reopen_transition", Type::Text),
        field("resolve_transition", Type::Text),
        field("wont_fix_resolution", Type::Text),
        field("reopen_duration", Type::Duration),
        field("fields", Type::Json),
    ],
    check: Some(checks::jira),
};

static JIRA_FIELD: Object = Object {
    what: "jira_configs",
    fields: &[field("template", Type::Text), field("enable_update", Type::OptionalFlag)],
    check: None,
};

static INCIDENTIO: Object = Object {
    what: "incidentio_configs",
    fields: &[
        send_resolved("true"),
        HTTP,
        field("url", Type::Url),
        field("url_file", Type::Text),
        field("alert_source_token", Type::Text),
        field("alert_source_token_file", Type::Text),
        field("max_alerts", Type::Unsigned),
        field("timeout", Type::GoDuration),
    ],
    check: Some(checks::incidentio),
};

static ROCKETCHAT: Object = Object {
    what: "rocketchat_configs",
    fields: &[
        send_resolved("false"),
        HTTP,
        field("api_url", Type::Url),
        field("token_id", Type::Text),
        field("token_id_file", Type::Text),
        field("token", Type::Text),
        field("token_file", Type::Text),
        field("channel", Type::Text),
        field("color", Type::Text).or(r#"{{ if eq .Status "firing" }}red{{ else }}green{{ end }}"#),
        field("title", Type::Text).or(r#"{{ template "rocketchat.default.title" . }}"#),
        field("title_link", Type::Text).or(r#"{{ template "rocketchat.default.titlelink" . }}"#),
        field("text", Type::Text).or(r#"{{ template "rocketchat.default.text" . }}"#),
        field("fields", Type::List(&ROCKETCHAT_FIELD)),
        field("short_fields", Type::Flag),
        field("emoji", Type::Text).or(r#"{{ template "rocketchat.default.emoji" . }}"#),
        field("icon_url", Type::Text).or(r#"{{ template "rocketchat.default.iconurl" . }}"#),
        field("image_url", Type::Text),
        field("thumb_url", Type::Text),
        field("link_names", Type::Flag),
        field("actions", Type::List(&ROCKETCHAT_ACTION)),
    ],
    check: Some(checks::rocketchat),
};

static ROCKETCHAT_FIELD: Object = Object {
    what: "fields",
    fields: &[field("title", Type::Text), field("value", Type::Text), field("short", Type::OptionalFlag)],
    check: None,
};

/// Go's YAML lower-cases field names that have no tag of their own.
static ROCKETCHAT_ACTION: Object = Object {
    what: "actions",
    fields: &[
        field("type", Type::Text),
        field("text", Type::Text),
        field("url", Type::Text),
        field("imageurl", Type::Text),
        field("iswebview", Type::Flag),
        field("webviewheightratio", Type::Text),
        field("msg", Type::Text),
        field("msginchatwindow", Type::Flag),
        field("msgprocessingtype", Type::Text),
    ],
    check: None,
};

static MATTERMOST: Object = Object {
    what: "mattermost_configs",
    fields: &[
        send_resolved("true"),
        HTTP,
        field("webhook_url", Type::Url),
        field("webhook_url_file", Type::Text),
        field("channel", Type::Text),
        field("username", Type::Text).or(r#"{{ template "mattermost.default.username" . }}"#),
        field("text", Type::Text).or(r#"{{ template "mattermost.default.text" . }}"#),
        field("fallback", Type::Text).since(32).or(r#"{{ template "mattermost.default.fallback" . }}"#),
        field("color", Type::Text).since(32).or(r#"{{ template "mattermost.default.color" . }}"#),
        field("pretext", Type::Text).since(32),
        field("author_name", Type::Text).since(32),
        field("author_link", Type::Text).since(32),
        field("author_icon", Type::Text).since(32),
        field("title", Type::Text).since(32).or(r#"{{ template "mattermost.default.title" . }}"#),
        field("title_link", Type::Text).since(32).or(r#"{{ template "mattermost.default.titlelink" . }}"#),
        field("fields", Type::List(&MATTERMOST_FIELD)).since(32),
        field("thumb_url", Type::Text).since(32),
        field("footer", Type::Text).since(32),
        field("footer_icon", Type::Text).since(32),
        field("image_url", Type::Text).since(32),
        field("icon_url", Type::Text),
        field("icon_emoji", Type::Text),
        field("attachments", Type::List(&MATTERMOST_ATTACHMENT)),
        field("type", Type::Text),
        field("props", Type::Object(&MATTERMOST_PROPS)),
        field("priority", Type::Object(&MATTERMOST_PRIORITY)),
    ],
    check: Some(checks::mattermost),
};

static MATTERMOST_FIELD: Object = Object {
    what: "fields",
    fields: &[field("title", Type::Text), field("value", Type::Text), field("short", Type::OptionalFlag)],
    check: Some(checks::mattermost_field),
};

static MATTERMOST_ATTACHMENT: Object = Object {
    what: "attachments",
    fields: &[
        field("fallback", Type::Text),
        field("color", Type::Text),
        field("pretext", Type::Text),
        field("text", Type::Text),
        field("author_name", Type::Text),
        field("author_link", Type::Text),
        field("author_icon", Type::Text),
        field("title", Type::Text),
        field("title_link", Type::Text),
        field("fields", Type::List(&MATTERMOST_FIELD)),
        field("thumb_url", Type::Text),
        field("footer", Type::Text),
        field("footer_icon", Type::Text),
        field("image_url", Type::Text),
    ],
    check: None,
};

static MATTERMOST_PROPS: Object = Object { what: "props", fields: &[field("card", Type::Text)], check: None };

static MATTERMOST_PRIORITY: Object = Object {
    what: "priority",
    fields: &[
        field("priority", Type::Text),
        field("requested_ack", Type::Flag),
        field("persistent_notifications", Type::Flag),
    ],
    check: None,
};
