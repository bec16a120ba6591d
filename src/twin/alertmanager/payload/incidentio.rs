//! incident.io: the webhook's message, of version 1.

use super::{RenderError, Rendered, Rendering, inline_or_file, webhook};
use crate::stack::alertmanager::Settings;
use crate::timeline::{Body, HttpRequest, Message};

/// Larger messages keep their first alert only.
const MAX_MESSAGE_BYTES: usize = 512 * 1024;

pub fn render(settings: &Settings, rendering: &Rendering<'_>) -> Result<Rendered, RenderError> {
    let mut body = webhook::message(rendering.notice, settings.number("max_alerts"), "1");
    if body.to_string().len() + 1 > MAX_MESSAGE_BYTES
        && let Some(alerts) = body.get_mut("alerts").and_then(|alerts| alerts.as_array_mut())
    {
        alerts.truncate(1);
    }
    let url = inline_or_file(settings, "url");
    let authorization = match inline_or_file(settings, "alert_source_token") {
        token if token.is_empty() => None,
        token => Some(format!("Bearer {token}")),
    };
    let request = HttpRequest { method: "POST", url: url.clone(), authorization, body: Body::Json(body) };
    Ok(Rendered { address: url, message: Message::Http(vec![request]) })
}
