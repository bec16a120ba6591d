//! The `receivers` section: names, kinds, and what falls back to `global`.

use std::collections::BTreeMap;

use crate::diagnostic::{Span, Spanned};
use crate::documents::yaml::{Kind, Node};
use crate::stack::alertmanager::{Integration, IntegrationKind, Receiver, Setting, Settings, Version};

use super::checks;
use super::kinds::{KINDS, ReceiverKind};
use super::schema::{Reader, Refusal, refused};

pub fn read(node: Option<&Node>, global: &Settings, reader: &mut Reader<'_>) -> Vec<Receiver> {
    let mut receivers: Vec<Receiver> = Vec::new();
    let items = node.map_or(&[][..], |node| reader.items(node, "receivers"));
    for item in items {
        let Some(receiver) = receiver(item, global, reader) else { continue };
        match receivers.iter().find(|known| known.name.value == receiver.name.value) {
            Some(first) => {
                let reason = format!("notification config name \"{}\" is not unique", receiver.name.value);
                let diagnostic = refused("duplicate-receiver", reason, &receiver.name.span)
                    .related(&first.name.span, "first here")
                    .help("put both lists of configurations under one receiver, or rename one");
                reader.problem(diagnostic);
            }
            None => receivers.push(receiver),
        }
    }
    receivers
}

fn receiver(node: &Node, global: &Settings, reader: &mut Reader<'_>) -> Option<Receiver> {
    let entries = reader.entries(node, "a receiver")?;
    let known: Vec<&str> = ["name"]
        .into_iter()
        .chain(KINDS.iter().filter(|kind| Version(kind.since) <= reader.version).map(|kind| kind.key))
        .collect();
    for (name, value) in entries {
        let text = name.scalar().unwrap_or_default();
        let kind = KINDS.iter().find(|kind| kind.key == text);
        match (text, kind) {
            ("name", _) => {}
            (_, Some(kind)) if Version(kind.since) <= reader.version => {}
            // Labels on receivers carry no meaning for notifications.
            ("labels", _) if reader.version >= Version(33) => {
                reader.entries(value, "labels");
            }
            (_, kind) => {
                reader.unknown_key(name, "a receiver", &known, kind.map(|kind| Version(kind.since)));
            }
        }
    }
    let name = match node.get("name").filter(|name| name.scalar().is_some_and(|name| !name.is_empty())) {
        Some(name) => Spanned::new(reader.text(name)?, name.span.clone()),
        None => {
            let diagnostic =
                refused("missing-key", "missing name in receiver", &node.span).help("add `name: …`");
            reader.problem(diagnostic);
            return None;
        }
    };
    let mut integrations = Vec::new();
    for kind in &KINDS {
        let Some(list) = node.get(kind.key).filter(|_| Version(kind.since) <= reader.version) else {
            continue;
        };
        for (index, item) in reader.items(list, kind.key).iter().enumerate() {
            integrations.extend(integration(item, kind, index, global, reader));
        }
    }
    Some(Receiver { place: node.span.clone(), name, integrations })
}

fn integration(
    node: &Node,
    kind: &ReceiverKind,
    index: usize,
    global: &Settings,
    reader: &mut Reader<'_>,
) -> Option<Integration> {
    if node.kind == Kind::Null {
        let reason = format!("missing {} config", kind.kind.as_str());
        reader.problem(refused("missing-key", reason, &node.span));
        return None;
    }
    let before = reader.problems.len();
    let mut settings = reader.object(node, kind.object)?;
    if reader.problems.len() == before
        && let Err(refusal) = complete(kind.kind, &mut settings, global, reader.version)
    {
        reader.refuse("missing-global", refusal, &settings, &node.span);
    }
    Some(Integration {
        place: node.span.clone(),
        kind: kind.kind,
        index,
        send_resolved: settings.flag("send_resolved"),
        settings,
    })
}

/// Fills in what `global` or the release gives, and refuses what is then still missing.
fn complete(
    kind: IntegrationKind,
    settings: &mut Settings,
    global: &Settings,
    version: Version,
) -> Result<(), Refusal> {
    let mut fill = Filling { settings, global };
    if fill.settings.object("http_config").is_none()
        && let Some(http) = global.object("http_config")
    {
        fill.settings.set("http_config", Setting::Object(http.clone()), global.place("http_config").cloned());
    }
    match kind {
        IntegrationKind::Email => email(&mut fill)?,
        IntegrationKind::Slack => slack(&mut fill, version)?,
        IntegrationKind::PagerDuty => {
            fill.require("url", "pagerduty_url", "no global PagerDuty URL set")?;
            if !fill.settings.has_text("source") {
                let client = fill.settings.text("client").to_owned();
                fill.settings.set("source", Setting::Text(client), None);
            }
            pagerduty_details(fill.settings, version);
        }
        IntegrationKind::OpsGenie => {
            fill.require("api_url", "opsgenie_api_url", "no global OpsGenie URL set")?;
            fill.end_with_slash("api_url");
            fill.either(
                ["api_key", "api_key_file"],
                ["opsgenie_api_key", "opsgenie_api_key_file"],
                "no global OpsGenie API Key set either inline or in a file",
            )?;
        }
        IntegrationKind::WeChat => {
            fill.require("api_url", "wechat_api_url", "no global Wechat URL set")?;
            fill.end_with_slash("api_url");
            fill.either(
                ["api_secret", "api_secret_file"],
                ["wechat_api_secret", "wechat_api_secret_file"],
                "no global Wechat ApiSecret set",
            )?;
            fill.require("corp_id", "wechat_api_corp_id", "no global Wechat CorpID set")?;
            if !fill.settings.has_text("message_type") {
                fill.settings.set("message_type", Setting::Text("text".into()), None);
            }
        }
        IntegrationKind::VictorOps => {
            fill.require("api_url", "victorops_api_url", "no global VictorOps URL set")?;
            fill.end_with_slash("api_url");
            fill.either(
                ["api_key", "api_key_file"],
                ["victorops_api_key", "victorops_api_key_file"],
                "no global VictorOps API Key set",
            )?;
        }
        IntegrationKind::Telegram => {
            fill.inherit("api_url", "telegram_api_url");
            fill.either(
                ["bot_token", "bot_token_file"],
                ["telegram_bot_token", "telegram_bot_token_file"],
                match version >= Version(26) {
                    true => "missing bot_token or bot_token_file on telegram_config",
                    false => "missing bot_token on telegram_config",
                },
            )?;
        }
        IntegrationKind::Webex => fill.require("api_url", "webex_api_url", "no global Webex URL set")?,
        IntegrationKind::Jira => fill.require("api_url", "jira_api_url", "no global Jira Cloud URL set")?,
        IntegrationKind::RocketChat => {
            fill.inherit("api_url", "rocketchat_api_url");
            fill.either(
                ["token_id", "token_id_file"],
                ["rocketchat_token_id", "rocketchat_token_id_file"],
                "no global Rocketchat TokenID set either inline or in a file",
            )?;
            fill.either(
                ["token", "token_file"],
                ["rocketchat_token", "rocketchat_token_file"],
                "no global Rocketchat Token set either inline or in a file",
            )?;
        }
        IntegrationKind::Mattermost => fill.either(
            ["webhook_url", "webhook_url_file"],
            ["mattermost_webhook_url", "mattermost_webhook_url_file"],
            "missing webhook_url or webhook_url_file on mattermost_config",
        )?,
        _ => {}
    }
    Ok(())
}

struct Filling<'s> {
    settings: &'s mut Settings,
    global: &'s Settings,
}

impl Filling<'_> {
    fn inherit(&mut self, key: &str, global_key: &str) {
        let unset = match self.settings.get(key) {
            None => true,
            Some(Setting::Text(text)) => text.is_empty(),
            Some(_) => false,
        };
        if unset && let Some(value) = self.global.get(global_key) {
            self.settings.set(key, value.clone(), self.global.place(global_key).cloned());
        }
    }

    fn require(&mut self, key: &'static str, global_key: &str, reason: &str) -> Result<(), Refusal> {
        self.inherit(key, global_key);
        match self.settings.has_text(key) {
            true => Ok(()),
            false => {
                Err(Refusal::new(reason)
                    .help(format!("add `{key}: …` here, or `global: {{{global_key}: …}}`")))
            }
        }
    }

    fn either(
        &mut self,
        keys: [&'static str; 2],
        global_keys: [&str; 2],
        reason: &str,
    ) -> Result<(), Refusal> {
        if !keys.iter().any(|key| self.settings.has_text(key)) {
            for (key, global_key) in keys.iter().zip(global_keys) {
                self.inherit(key, global_key);
            }
        }
        match keys.iter().any(|key| self.settings.has_text(key)) {
            true => Ok(()),
            false => {
                let [key, global_key] = [keys[0], global_keys[0]];
                Err(Refusal::new(reason)
                    .help(format!("add `{key}: …` here, or `global: {{{global_key}: …}}`")))
            }
        }
    }

    fn end_with_slash(&mut self, key: &'static str) {
        let text = self.settings.text(key).to_owned();
        if !text.ends_with('/') {
            let place = self.settings.place(key).cloned();
            self.settings.set(key, Setting::Text(format!("{text}/")), place);
        }
    }
}

fn email(fill: &mut Filling<'_>) -> Result<(), Refusal> {
    fill.require("smarthost", "smtp_smarthost", "no global SMTP smarthost set")?;
    fill.require("from", "smtp_from", "no global SMTP from set")?;
    for (key, global_key) in [
        ("hello", "smtp_hello"),
        ("auth_username", "smtp_auth_username"),
        ("auth_identity", "smtp_auth_identity"),
        ("require_tls", "smtp_require_tls"),
        ("force_implicit_tls", "smtp_force_implicit_tls"),
    ] {
        fill.inherit(key, global_key);
    }
    for pair in [["auth_password", "auth_password_file"], ["auth_secret", "auth_secret_file"]] {
        if !pair.iter().any(|key| fill.settings.has_text(key)) {
            for key in pair {
                fill.inherit(key, &format!("smtp_{key}"));
            }
        }
    }
    let mut headers: BTreeMap<String, String> = fill
        .settings
        .text_map("headers")
        .map(|(name, value)| (checks::canonical_header(name), value.to_owned()))
        .collect();
    for (name, value) in [
        ("Subject", r#"{{ template "email.default.subject" . }}"#),
        ("To", fill.settings.text("to")),
        ("From", fill.settings.text("from")),
    ] {
        headers.entry(name.to_owned()).or_insert_with(|| value.to_owned());
    }
    let place: Option<Span> = fill.settings.place("headers").cloned();
    fill.settings.set("headers", Setting::TextMap(headers), place);
    Ok(())
}

fn slack(fill: &mut Filling<'_>, version: Version) -> Result<(), Refusal> {
    if version < Version(30) {
        return fill.either(
            ["api_url", "api_url_file"],
            ["slack_api_url", "slack_api_url_file"],
            "no global Slack API URL set either inline or in a file",
        );
    }
    fill.inherit("app_url", "slack_app_url");
    let has = |settings: &Settings, keys: [&str; 2]| keys.iter().any(|key| settings.has_text(key));
    let api = ["api_url", "api_url_file"];
    let app = ["app_token", "app_token_file"];
    let own_authorization =
        fill.settings.object("http_config").is_some_and(|http| http.object("authorization").is_some());
    if !has(fill.settings, app) && !own_authorization && !fill.settings.has_text("api_url") {
        fill.inherit("app_token", "slack_app_token");
        fill.inherit("app_token_file", "slack_app_token_file");
    }
    if !has(fill.settings, api) {
        fill.inherit("api_url", "slack_api_url");
        fill.inherit("api_url_file", "slack_api_url_file");
    }
    match (has(fill.settings, app), has(fill.settings, api)) {
        (false, false) => Err(Refusal::new("no Slack API URL nor App token set either inline or in a file")
            .help("add `api_url: …` here, or `global: {slack_api_url: …}`")),
        (true, _) if own_authorization => {
            Err(Refusal::new("http authorization can't be set when using Slack App tokens").at("http_config"))
        }
        (true, _) => {
            let url = fill.settings.text("app_url").to_owned();
            fill.settings.set("api_url", Setting::Text(url), None);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// The details that every PagerDuty event carries unless they are overwritten.
fn pagerduty_details(settings: &mut Settings, version: Version) {
    let (firing, resolved) = match version >= Version(30) {
        true => (r"{{ .Alerts.Firing | toJson }}", r"{{ .Alerts.Resolved | toJson }}"),
        false => (
            r#"{{ template "pagerduty.default.instances" .Alerts.Firing }}"#,
            r#"{{ template "pagerduty.default.instances" .Alerts.Resolved }}"#,
        ),
    };
    let defaults = [
        ("firing", firing),
        ("resolved", resolved),
        ("num_firing", "{{ .Alerts.Firing | len }}"),
        ("num_resolved", "{{ .Alerts.Resolved | len }}"),
    ];
    let place = settings.place("details").cloned();
    let details = match settings.get("details") {
        Some(Setting::Json(serde_json::Value::Object(written))) => {
            let mut details = written.clone();
            for (key, value) in defaults {
                details.entry(key).or_insert_with(|| value.into());
            }
            Setting::Json(serde_json::Value::Object(details))
        }
        _ => {
            let mut details: BTreeMap<String, String> =
                settings.text_map("details").map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
            for (key, value) in defaults {
                details.entry(key.to_owned()).or_insert_with(|| value.to_owned());
            }
            Setting::TextMap(details)
        }
    };
    settings.set("details", details, place);
}
