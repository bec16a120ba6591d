//! Pushover: parameters of a message.

use super::{RenderError, Rendered, Rendering, inline_or_file, truncate};
use crate::stack::alertmanager::{Settings, Version};
use crate::timeline::{Body, HttpRequest, Message};

const MAX_TITLE: usize = 250;
const MAX_MESSAGE: usize = 1024;
const MAX_URL: usize = 512;

pub fn render(settings: &Settings, rendering: &Rendering<'_>) -> Result<Rendered, RenderError> {
    let text = |key: &str| rendering.setting(settings, key);
    let template = settings.text("message");
    let message = if settings.flag("html") { rendering.html(template)? } else { rendering.text(template)? };
    let message = truncate(message, MAX_MESSAGE);
    let message = match message.trim() {
        // Pushover refuses an empty one.
        "" => "(no details)",
        message => message,
    };
    let user = rendering.text(&inline_or_file(settings, "user_key"))?;
    let seconds = |key: &str| (settings.duration(key).0 / 1000).to_string();
    let mut parameters = vec![
        ("expire", seconds("expire")),
        ("message", message.to_owned()),
        ("priority", text("priority")?),
        ("retry", seconds("retry")),
        ("sound", text("sound")?),
        ("title", truncate(text("title")?, MAX_TITLE)),
        ("token", rendering.text(&inline_or_file(settings, "token"))?),
        ("url", truncate(text("url")?, MAX_URL)),
        ("url_title", text("url_title")?),
        ("user", user.clone()),
    ];
    if settings.flag("html") {
        parameters.push(("html", "1".into()));
    }
    if settings.flag("monospace") {
        parameters.push(("monospace", "1".into()));
    }
    if rendering.notice.version >= Version(26) {
        parameters.push(("device", text("device")?));
    }
    if settings.duration("ttl").0 >= 1000 {
        parameters.push(("ttl", seconds("ttl")));
    }
    let mut parameters: Vec<(String, String)> =
        parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    parameters.sort();
    let request = HttpRequest {
        method: "POST",
        url: "https://api.pushover.net/1/messages.json".into(),
        authorization: None,
        body: Body::Form(parameters),
    };
    Ok(Rendered { address: user, message: Message::Http(vec![request]) })
}
