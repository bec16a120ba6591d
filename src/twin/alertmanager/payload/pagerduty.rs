//! PagerDuty: Events API v2 for a routing key, v1 for a service key.

use serde_json::Value;

use super::json::{Object, expand_map};
use super::{RenderError, Rendered, Rendering, inline_or_file, post_json, truncate};
use crate::stack::alertmanager::Settings;

const V1_URL: &str = "https://events.pagerduty.com/generic/2010-04-15/create_event.json";
const MAX_DESCRIPTION: usize = 1024;
/// Larger events lose their details.
const MAX_EVENT_BYTES: usize = 512_000;

pub fn render(settings: &Settings, rendering: &Rendering<'_>) -> Result<Rendered, RenderError> {
    let details = expand_map(settings, "details", rendering)?;
    let action = if rendering.firing() { "trigger" } else { "resolve" };
    let by_service_key = settings.has_text("service_key") || settings.has_text("service_key_file");
    let (url, event): (String, Event) = match by_service_key {
        true => {
            let event = v1(settings, rendering, action)
                .map_err(|error| error.context("failed to template PagerDuty v1 message"))?;
            (V1_URL.to_owned(), event)
        }
        false => {
            let event = v2(settings, rendering, action)
                .map_err(|error| error.context("failed to template PagerDuty v2 message"))?;
            (settings.text("url").to_owned(), event)
        }
    };
    let mut body = event(&details);
    // Go ends the body with a newline, which counts.
    if body.to_string().len() + 1 > MAX_EVENT_BYTES {
        let notice =
            "Custom details have been removed because the original event exceeds the maximum size of 512KB";
        body = event(&Object::default().put("error", notice).build());
    }
    Ok(Rendered { address: url.clone(), message: post_json(url, body) })
}

type Event = Box<dyn Fn(&Value) -> Value>;

fn v1(settings: &Settings, rendering: &Rendering<'_>, action: &'static str) -> Result<Event, RenderError> {
    let key = rendering.text(&inline_or_file(settings, "service_key"))?;
    if key.is_empty() {
        return Err(RenderError::new("service key cannot be empty"));
    }
    let description = truncate(rendering.setting(settings, "description")?, MAX_DESCRIPTION);
    let (client, client_url) = match rendering.firing() {
        true => (rendering.setting(settings, "client")?, rendering.setting(settings, "client_url")?),
        false => Default::default(),
    };
    let incident = rendering.dedup_key();
    Ok(Box::new(move |details| {
        Object::default()
            .put("service_key", key.as_str())
            .put("incident_key", incident.as_str())
            .put("event_type", action)
            .put_unless_empty("description", description.as_str())
            .put("event_action", "")
            .put("payload", Value::Null)
            .put_unless_empty("client", client.as_str())
            .put_unless_empty("client_url", client_url.as_str())
            .put_unless_empty("details", details.clone())
            .build()
    }))
}

fn v2(settings: &Settings, rendering: &Rendering<'_>, action: &'static str) -> Result<Event, RenderError> {
    let text = |key: &str| rendering.setting(settings, key);
    let key = rendering.text(&inline_or_file(settings, "routing_key"))?;
    if key.is_empty() {
        return Err(RenderError::new("routing key cannot be empty"));
    }
    let severity = match settings.text("severity") {
        "" => "error".to_owned(),
        written => rendering.text(written)?,
    };
    let (client, client_url) = (text("client")?, text("client_url")?);
    let (summary, source) = (truncate(text("description")?, MAX_DESCRIPTION), text("source")?);
    let (class, component, group) = (text("class")?, text("component")?, text("group")?);
    let mut images = Vec::new();
    for image in settings.list("images") {
        let text = |key: &str| rendering.setting(image, key);
        let (src, alt, href) = (text("src")?, text("alt")?, text("href")?);
        if !src.is_empty() {
            images.push(Object::default().put("src", src).put("alt", alt).put("href", href).build());
        }
    }
    let mut links = Vec::new();
    for link in settings.list("links") {
        let (href, text) = (rendering.setting(link, "href")?, rendering.setting(link, "text")?);
        if !href.is_empty() {
            links.push(Object::default().put("href", href).put("text", text).build());
        }
    }
    let dedup_key = rendering.dedup_key();
    Ok(Box::new(move |details| {
        let payload = Object::default()
            .put("summary", summary.as_str())
            .put("source", source.as_str())
            .put("severity", severity.as_str())
            .put_unless_empty("class", class.as_str())
            .put_unless_empty("component", component.as_str())
            .put_unless_empty("group", group.as_str())
            .put_unless_empty("custom_details", details.clone())
            .build();
        Object::default()
            .put("routing_key", key.as_str())
            .put("dedup_key", dedup_key.as_str())
            .put("event_action", action)
            .put("payload", payload)
            .put_unless_empty("client", client.as_str())
            .put_unless_empty("client_url", client_url.as_str())
            .put_unless_empty("images", images.clone())
            .put_unless_empty("links", links.clone())
            .build()
    }))
}
