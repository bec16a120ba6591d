//! Amazon SNS: the parameters of a `Publish`.

use super::{RenderError, Rendered, Rendering};
use crate::stack::alertmanager::Settings;
use crate::timeline::{Body, HttpRequest, Message};

const MAX_MESSAGE_BYTES: usize = 256 * 1024;
const MAX_SMS: usize = 1600;

/// Alertmanager tries again even if a template fails here.
pub fn render(settings: &Settings, rendering: &Rendering<'_>) -> Result<Rendered, RenderError> {
    publish(settings, rendering).map_err(RenderError::retried)
}

fn publish(settings: &Settings, rendering: &Rendering<'_>) -> Result<Rendered, RenderError> {
    let text = |key: &str| rendering.setting(settings, key);
    let mut parameters = vec![("Action".to_owned(), "Publish".to_owned())];
    let mut put = |name: &str, value: String| parameters.push((name.to_owned(), value));
    let mut address = String::new();
    for (key, name) in
        [("topic_arn", "TopicArn"), ("phone_number", "PhoneNumber"), ("target_arn", "TargetArn")]
    {
        if settings.has_text(key) {
            address = text(key)?;
            put(name, address.clone());
        }
    }
    if settings.has_text("topic_arn") && text("topic_arn")?.ends_with(".fifo") {
        put("MessageDeduplicationId", rendering.dedup_key());
        put("MessageGroupId", rendering.dedup_key());
    }
    let message = text("message")?;
    let limit = if settings.has_text("phone_number") { MAX_SMS } else { MAX_MESSAGE_BYTES };
    let mut end = message.len().min(limit);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    let mut attributes = Vec::new();
    for (name, value) in settings.text_map("attributes") {
        attributes.push((rendering.text(name)?, rendering.text(value)?));
    }
    if end < message.len() {
        attributes.push(("truncated".to_owned(), "true".to_owned()));
    }
    for (at, (name, value)) in attributes.into_iter().enumerate() {
        let entry = format!("MessageAttributes.entry.{}", at + 1);
        put(&format!("{entry}.Name"), name);
        put(&format!("{entry}.Value.DataType"), "String".to_owned());
        put(&format!("{entry}.Value.StringValue"), value);
    }
    put("Message", message[..end].to_owned());
    if settings.has_text("subject") {
        put("Subject", text("subject")?);
    }
    parameters.sort();
    let region = settings.object("sigv4").map_or("", |sigv4| sigv4.text("region"));
    let url = match text("api_url")? {
        url if url.is_empty() => format!("https://sns.{region}.amazonaws.com/"),
        url => url,
    };
    let request = HttpRequest { method: "POST", url, authorization: None, body: Body::Form(parameters) };
    Ok(Rendered { address, message: Message::Http(vec![request]) })
}
