//! Microsoft Teams: a message card for connectors, an adaptive card for workflows.

use serde_json::Value;

use super::json::Object;
use super::{RenderError, Rendered, Rendering, inline_or_file, post_json};
use crate::stack::alertmanager::{Settings, Version};

pub fn render(settings: &Settings, rendering: &Rendering<'_>) -> Result<Rendered, RenderError> {
    let text = |key: &str| rendering.setting(settings, key);
    let mut card = Object::default()
        .put("@context", "http://schema.org/extensions")
        .put("type", "MessageCard")
        .put("title", text("title")?);
    if rendering.notice.version >= Version(27) {
        card = card.put("summary", text("summary")?);
    }
    let colour = if rendering.firing() { "8C1A1A" } else { "2DC72D" };
    let card = card.put("text", text("text")?).put("themeColor", colour).build();
    let url = inline_or_file(settings, "webhook_url");
    Ok(Rendered { address: url.clone(), message: post_json(url, card) })
}

pub fn render_v2(settings: &Settings, rendering: &Rendering<'_>) -> Result<Rendered, RenderError> {
    let text = |key: &str| rendering.setting(settings, key);
    let title = Object::default()
        .put("type", "TextBlock")
        .put("text", text("title")?)
        .put("weight", "Bolder")
        .put("size", "Medium")
        .put("wrap", true)
        .put("style", "heading")
        .put("color", if rendering.firing() { "Attention" } else { "Good" })
        .build();
    let body =
        Object::default().put("type", "TextBlock").put("text", text("text")?).put("wrap", true).build();
    let content = Object::default()
        .put("$schema", "http://adaptivecards.io/schemas/adaptive-card.json")
        .put("type", "AdaptiveCard")
        .put("version", "1.2")
        .put("body", vec![title, body])
        .put("msteams", Object::default().put("width", "full").build())
        .build();
    let attachment = Object::default()
        .put("contentType", "application/vnd.microsoft.card.adaptive")
        .put("contentUrl", Value::Null)
        .put("content", content)
        .build();
    let message = Object::default().put("type", "message").put("attachments", vec![attachment]).build();
    let url = inline_or_file(settings, "webhook_url");
    Ok(Rendered { address: url.clone(), message: post_json(url, message) })
}
