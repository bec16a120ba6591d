//! Mattermost: a post through a webhook.

use serde_json::Value;

use super::json::Object;
use super::{RenderError, Rendered, Rendering, inline_or_file, post_json, truncate};
use crate::stack::alertmanager::Settings;

const MAX_TEXT: usize = 16_383;

pub fn render(settings: &Settings, rendering: &Rendering<'_>) -> Result<Rendered, RenderError> {
    let text = |key: &str| rendering.setting(settings, key);
    let own = settings.list("attachments");
    // Written attachments stand beside the text; without any, the text is in the only one.
    let (message, attachments) = match own {
        [] => (String::new(), vec![attachment(settings, rendering)?]),
        own => {
            let attachments = own.iter().map(|own| attachment(own, rendering)).collect::<Result<_, _>>()?;
            (truncate(text("text")?, MAX_TEXT), attachments)
        }
    };
    let channel = text("channel")?;
    let body = Object::default()
        .put_unless_empty("text", message)
        .put_unless_empty("channel", channel.as_str())
        .put_unless_empty("username", text("username")?)
        .put_unless_empty("icon_url", text("icon_url")?)
        .put_unless_empty("icon_emoji", text("icon_emoji")?)
        .put_unless_empty("attachments", Value::Array(attachments))
        .put_unless_empty("type", text("type")?)
        .put_unless_empty("props", props(settings, rendering)?)
        .put_unless_empty("priority", priority(settings, rendering)?)
        .build();
    let url = inline_or_file(settings, "webhook_url");
    let address = if channel.is_empty() { url.clone() } else { channel };
    Ok(Rendered { address, message: post_json(url, body) })
}

fn attachment(settings: &Settings, rendering: &Rendering<'_>) -> Result<Value, RenderError> {
    const KEYS: [&str; 9] = [
        "fallback",
        "color",
        "pretext",
        "text",
        "author_name",
        "author_link",
        "author_icon",
        "title",
        "title_link",
    ];
    let mut object = Object::default();
    for key in KEYS {
        object = object.put_unless_empty(key, rendering.setting(settings, key)?);
    }
    let mut fields = Vec::new();
    for field in settings.list("fields") {
        let mut entry = Object::default()
            .put_unless_empty("title", rendering.setting(field, "title")?)
            .put_unless_empty("value", rendering.setting(field, "value")?);
        if let Some(short) = field.optional_flag("short") {
            entry = entry.put("short", short);
        }
        fields.push(entry.build());
    }
    object = object.put_unless_empty("fields", fields);
    for key in ["thumb_url", "footer", "footer_icon", "image_url"] {
        object = object.put_unless_empty(key, rendering.setting(settings, key)?);
    }
    Ok(object.build())
}

fn props(settings: &Settings, rendering: &Rendering<'_>) -> Result<Value, RenderError> {
    match settings.object("props") {
        Some(props) if props.has_text("card") => {
            Ok(Object::default().put_unless_empty("card", rendering.setting(props, "card")?).build())
        }
        _ => Ok(Value::Null),
    }
}

/// Anything but `urgent` and `important` is standard, and asks for no acknowledgement.
fn priority(settings: &Settings, rendering: &Rendering<'_>) -> Result<Value, RenderError> {
    let Some(priority) = settings.object("priority").filter(|priority| priority.has_text("priority")) else {
        return Ok(Value::Null);
    };
    let level = rendering.setting(priority, "priority")?.to_lowercase();
    let level = if ["urgent", "important"].contains(&level.as_str()) { level } else { "standard".to_owned() };
    Ok(Object::default()
        .put_unless_empty("requested_ack", level != "standard" && priority.flag("requested_ack"))
        .put_unless_empty(
            "persistent_notifications",
            level == "urgent" && priority.flag("persistent_notifications"),
        )
        .put("priority", level)
        .build())
}
