//! Slack: one attachment in a channel.

use serde_json::Value;

use super::json::Object;
use super::{RenderError, Rendered, Rendering, inline_or_file, post_json, truncate};
use crate::stack::alertmanager::Settings;

const MAX_TITLE: usize = 1024;

pub fn render(settings: &Settings, rendering: &Rendering<'_>) -> Result<Rendered, RenderError> {
    let text = |key: &str| rendering.setting(settings, key);
    let mrkdwn_in: Vec<Value> = match settings.text_list("mrkdwn_in") {
        [] => ["fallback", "pretext", "text"].into_iter().map(Value::from).collect(),
        written => written.iter().map(|part| Value::from(part.as_str())).collect(),
    };
    let attachment = Object::default()
        .put_unless_empty("title", truncate(text("title")?, MAX_TITLE))
        .put_unless_empty("title_link", text("title_link")?)
        .put_unless_empty("pretext", text("pretext")?)
        .put("text", text("text")?)
        .put("fallback", text("fallback")?)
        .put("callback_id", text("callback_id")?)
        .put_unless_empty("fields", fields(settings, rendering)?)
        .put_unless_empty("actions", actions(settings, rendering)?)
        .put_unless_empty("image_url", text("image_url")?)
        .put_unless_empty("thumb_url", text("thumb_url")?)
        .put("footer", text("footer")?)
        .put_unless_empty("color", text("color")?)
        .put_unless_empty("mrkdwn_in", mrkdwn_in)
        .build();
    let channel = text("channel")?;
    let body = Object::default()
        .put_unless_empty("channel", channel.as_str())
        .put_unless_empty("username", text("username")?)
        .put_unless_empty("icon_emoji", text("icon_emoji")?)
        .put_unless_empty("icon_url", text("icon_url")?)
        .put_unless_empty("link_names", settings.flag("link_names"))
        .put_unless_empty("text", text("message_text")?)
        .put("attachments", vec![attachment])
        .build();
    let url = inline_or_file(settings, "api_url");
    // Without a channel the webhook's own one gets it.
    let address = if channel.is_empty() { url.clone() } else { channel };
    Ok(Rendered { address, message: post_json(url, body) })
}

fn fields(settings: &Settings, rendering: &Rendering<'_>) -> Result<Vec<Value>, RenderError> {
    let field = |field: &Settings| {
        let short = field.optional_flag("short").unwrap_or(settings.flag("short_fields"));
        Ok(Object::default()
            .put_unless_empty("title", rendering.setting(field, "title")?)
            .put_unless_empty("value", rendering.setting(field, "value")?)
            .put("short", short)
            .build())
    };
    settings.list("fields").iter().map(field).collect()
}

/// A link forgets what a message button would need.
fn actions(settings: &Settings, rendering: &Rendering<'_>) -> Result<Vec<Value>, RenderError> {
    let action = |action: &Settings| {
        let text = |key: &str| rendering.setting(action, key);
        let is_link = action.has_text("url");
        let button = |key: &str| if is_link { Ok(String::new()) } else { text(key) };
        let confirm = match action.object("confirm").filter(|_| !is_link) {
            None => Value::Null,
            Some(confirm) => {
                let text = |key: &str| rendering.setting(confirm, key);
                Object::default()
                    .put_unless_empty("text", text("text")?)
                    .put_unless_empty("title", text("title")?)
                    .put_unless_empty("ok_text", text("ok_text")?)
                    .put_unless_empty("dismiss_text", text("dismiss_text")?)
                    .build()
            }
        };
        Ok(Object::default()
            .put_unless_empty("type", text("type")?)
            .put_unless_empty("text", text("text")?)
            .put_unless_empty("url", text("url")?)
            .put_unless_empty("style", text("style")?)
            .put_unless_empty("name", button("name")?)
            .put_unless_empty("value", button("value")?)
            .put_unless_empty("confirm", confirm)
            .build())
    };
    settings.list("actions").iter().map(action).collect()
}
