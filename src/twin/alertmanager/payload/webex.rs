//! Webex: Markdown in a room.

use super::json::Object;
use super::{RenderError, Rendered, Rendering, post_json, truncate_bytes};
use crate::stack::alertmanager::Settings;

const MAX_MESSAGE_BYTES: usize = 7439;

pub fn render(settings: &Settings, rendering: &Rendering<'_>) -> Result<Rendered, RenderError> {
    let message = truncate_bytes(rendering.setting(settings, "message")?, MAX_MESSAGE_BYTES);
    let room = settings.text("room_id");
    let body = Object::default().put("markdown", message).put_unless_empty("roomId", room).build();
    Ok(Rendered { address: room.to_owned(), message: post_json(settings.text("api_url").to_owned(), body) })
}
