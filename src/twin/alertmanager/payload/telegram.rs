//! Telegram: a message to a chat.

use super::json::Object;
use super::{RenderError, Rendered, Rendering, inline_or_file, post_json, truncate};
use crate::stack::alertmanager::Settings;

const MAX_MESSAGE: usize = 4096;

pub fn render(settings: &Settings, rendering: &Rendering<'_>) -> Result<Rendered, RenderError> {
    let mode = settings.text("parse_mode");
    let template = settings.text("message");
    let message = if mode == "HTML" { rendering.html(template)? } else { rendering.text(template)? };
    let chat = match settings.number("chat_id") {
        0 => inline_or_file(settings, "chat_id"),
        id => id.to_string(),
    };
    let thread = match settings.number("message_thread_id") {
        0 => String::new(),
        id => id.to_string(),
    };
    let body = Object::default()
        .put("chat_id", chat.as_str())
        .put("disable_web_page_preview", "true")
        .put_unless_empty(
            "disable_notification",
            if settings.flag("disable_notifications") { "true" } else { "" },
        )
        .put_unless_empty("message_thread_id", thread)
        .put_unless_empty("parse_mode", mode)
        .put("text", truncate(message, MAX_MESSAGE))
        .build();
    let url =
        format!("{}/bot{}/sendMessage", settings.text("api_url"), inline_or_file(settings, "bot_token"));
    Ok(Rendered { address: chat, message: post_json(url, body) })
}
