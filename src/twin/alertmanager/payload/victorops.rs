//! VictorOps (Splunk On-Call): an event for a routing key.

use std::collections::BTreeMap;

use super::json::Object;
use super::{RenderError, Rendered, Rendering, inline_or_file, post_json, truncate};
use crate::stack::alertmanager::Settings;

const MAX_MESSAGE: usize = 20_480;

pub fn render(settings: &Settings, rendering: &Rendering<'_>) -> Result<Rendered, RenderError> {
    let text = |key: &str| rendering.setting(settings, key);
    let routing_key = text("routing_key").map_err(|error| error.context("templating error"))?;
    let url = format!("{}{}/{routing_key}", settings.text("api_url"), inline_or_file(settings, "api_key"));
    // Alertmanager tries again even if a template fails here.
    let fields = fields(settings, rendering).map_err(|error| error.context("templating error").retried())?;
    let body = fields.into_iter().fold(Object::default(), |object, (name, value)| object.put(&name, value));
    Ok(Rendered { address: routing_key, message: post_json(url, body.build()) })
}

fn fields(settings: &Settings, rendering: &Rendering<'_>) -> Result<BTreeMap<String, String>, RenderError> {
    let text = |key: &str| rendering.setting(settings, key);
    let kind = match (rendering.firing(), text("message_type")?) {
        (false, _) => "RECOVERY".to_owned(),
        (true, kind) if ["INFO", "WARNING", "CRITICAL"].contains(&kind.as_str()) => kind,
        (true, _) => "CRITICAL".to_owned(),
    };
    let mut fields: BTreeMap<String, String> = [
        ("message_type", kind),
        ("entity_id", rendering.dedup_key()),
        ("entity_display_name", text("entity_display_name")?),
        ("state_message", truncate(text("state_message")?, MAX_MESSAGE)),
        ("monitoring_tool", text("monitoring_tool")?),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    for (name, template) in settings.text_map("custom_fields") {
        fields.insert(name.to_owned(), rendering.text(template)?);
    }
    Ok(fields)
}
