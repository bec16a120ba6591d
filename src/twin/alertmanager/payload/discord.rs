//! Discord: one embed through a webhook.

use serde_json::Value;

use super::json::Object;
use super::{RenderError, Rendered, Rendering, inline_or_file, post_json, truncate};
use crate::stack::alertmanager::{Settings, Version};

const MAX_TITLE: usize = 256;
const MAX_DESCRIPTION: usize = 4096;
const MAX_CONTENT: usize = 2000;
const RED: u32 = 0x99_2D22;
const GREEN: u32 = 0x2E_CC71;

pub fn render(settings: &Settings, rendering: &Rendering<'_>) -> Result<Rendered, RenderError> {
    let cut = |text: String, limit| match rendering.notice.version >= Version(27) {
        true => truncate(text, limit),
        false => text,
    };
    let embed = Object::default()
        .put("title", cut(rendering.setting(settings, "title")?, MAX_TITLE))
        .put("description", cut(rendering.setting(settings, "message")?, MAX_DESCRIPTION))
        .put("color", if rendering.firing() { RED } else { GREEN })
        .build();
    let body = Object::default()
        .put("content", cut(rendering.setting(settings, "content")?, MAX_CONTENT))
        .put("embeds", Value::Array(vec![embed]))
        .put_unless_empty("username", settings.text("username"))
        .put_unless_empty("avatar_url", settings.text("avatar_url"))
        .build();
    let url = inline_or_file(settings, "webhook_url");
    Ok(Rendered { address: url.clone(), message: post_json(url, body) })
}
