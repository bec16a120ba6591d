//! Rocket.Chat: one attachment in a channel.

use serde_json::Value;

use super::json::Object;
use super::{RenderError, Rendered, Rendering, post_json, truncate};
use crate::stack::alertmanager::Settings;

const MAX_TITLE: usize = 1024;

pub fn render(settings: &Settings, rendering: &Rendering<'_>) -> Result<Rendered, RenderError> {
    let text = |key: &str| rendering.setting(settings, key);
    let mut fields: Vec<Value> = Vec::new();
    for field in settings.list("fields") {
        let short = field.optional_flag("short").unwrap_or(settings.flag("short_fields"));
        fields.push(
            Object::default()
                .put("short", short)
                .put_unless_empty("title", rendering.setting(field, "title")?)
                .put_unless_empty("value", rendering.setting(field, "value")?)
                .build(),
        );
    }
    let mut actions: Vec<Value> = Vec::new();
    for action in settings.list("actions") {
        let text = |key: &str| rendering.setting(action, key);
        actions.push(
            Object::default()
                .put("type", "button")
                .put_unless_empty("text", text("text")?)
                .put_unless_empty("url", text("url")?)
                .put("is_webview", false)
                .put_unless_empty("msg", text("msg")?)
                .put("msg_in_chat_window", false)
                .build(),
        );
    }
    let attachment = Object::default()
        .put_unless_empty("title", truncate(text("title")?, MAX_TITLE))
        .put_unless_empty("title_link", text("title_link")?)
        .put_unless_empty("text", text("text")?)
        .put_unless_empty("image_url", text("image_url")?)
        .put_unless_empty("thumb_url", text("thumb_url")?)
        .put_unless_empty("color", text("color")?)
        .put_unless_empty("fields", fields)
        .put_unless_empty("actions", actions)
        .build();
    let channel = text("channel")?;
    let body = Object::default()
        .put_unless_empty("channel", channel.as_str())
        .put_unless_empty("emoji", text("emoji")?)
        .put_unless_empty("avatar", text("icon_url")?)
        .put("attachments", vec![attachment])
        .build();
    let url = format!("{}/api/v1/chat.postMessage", settings.text("api_url").trim_end_matches('/'));
    Ok(Rendered { address: channel, message: post_json(url, body) })
}
