//! WeChat: a message to users, parties or tags of a corporation.

use super::json::Object;
use super::{RenderError, Rendered, Rendering, post_json};
use crate::stack::alertmanager::Settings;

pub fn render(settings: &Settings, rendering: &Rendering<'_>) -> Result<Rendered, RenderError> {
    message(settings, rendering).map_err(|error| error.context("templating error"))
}

fn message(settings: &Settings, rendering: &Rendering<'_>) -> Result<Rendered, RenderError> {
    let text = |key: &str| rendering.setting(settings, key);
    let kind = settings.text("message_type");
    let content = Object::default().put("content", text("message")?).build();
    let empty = Object::default().put("content", "").build();
    let (plain, markdown) = if kind == "markdown" { (empty, content) } else { (content, empty) };
    let address = text("to_user")?;
    let body = Object::default()
        .put("text", plain)
        .put_unless_empty("touser", address.as_str())
        .put_unless_empty("toparty", text("to_party")?)
        .put_unless_empty("totag", text("to_tag")?)
        .put_unless_empty("agentid", text("agent_id")?)
        .put("safe", "0")
        .put_unless_empty("msgtype", kind)
        .put("markdown", markdown)
        .build();
    let url = format!("{}message/send", settings.text("api_url"));
    Ok(Rendered { address, message: post_json(url, body) })
}
