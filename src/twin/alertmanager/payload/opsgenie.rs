//! Opsgenie: an alert created, perhaps updated, and closed.

use serde_json::Value;

use super::json::Object;
use super::{RenderError, Rendered, Rendering, inline_or_file, truncate};
use crate::stack::alertmanager::Settings;
use crate::timeline::{Body, HttpRequest, Message};

const MAX_MESSAGE: usize = 130;

pub fn render(settings: &Settings, rendering: &Rendering<'_>) -> Result<Rendered, RenderError> {
    let requests = requests(settings, rendering).map_err(|error| error.context("templating error"))?;
    Ok(Rendered { address: settings.text("api_url").to_owned(), message: Message::Http(requests) })
}

fn requests(settings: &Settings, rendering: &Rendering<'_>) -> Result<Vec<HttpRequest>, RenderError> {
    let text = |key: &str| rendering.setting(settings, key);
    let alias = rendering.dedup_key();
    let key = rendering.text(&inline_or_file(settings, "api_key"))?;
    let request = |method, path: String, body| HttpRequest {
        method,
        url: format!("{}v2/alerts{path}", settings.text("api_url")),
        authorization: Some(format!("GenieKey {key}")),
        body: Body::Json(body),
    };
    if !rendering.firing() {
        let body = Object::default().put("source", text("source")?).build();
        return Ok(vec![request("POST", format!("/{alias}/close?identifierType=alias"), body)]);
    }
    let message = truncate(text("message")?, MAX_MESSAGE);
    let description = text("description")?;
    let mut details: std::collections::BTreeMap<String, String> =
        rendering.data.common_labels().iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
    for (name, template) in settings.text_map("details") {
        details.insert(name.to_owned(), rendering.text(template)?);
    }
    let details =
        details.into_iter().fold(Object::default(), |object, (name, value)| object.put(&name, value));
    let create = Object::default()
        .put("alias", alias.as_str())
        .put("message", message.as_str())
        .put_unless_empty("description", description.as_str())
        .put("details", details.build())
        .put("source", text("source")?)
        .put_unless_empty("responders", responders(settings, rendering)?)
        .put_unless_empty("tags", list(&text("tags")?))
        .put_unless_empty("note", text("note")?)
        .put_unless_empty("priority", text("priority")?)
        .put_unless_empty("entity", text("entity")?)
        .put_unless_empty("actions", list(&text("actions")?))
        .build();
    let mut requests = vec![request("POST", String::new(), create)];
    if settings.flag("update_alerts") {
        for (what, value) in [("message", message), ("description", description)] {
            let body = Object::default().put_unless_empty(what, value).build();
            requests.push(request("PUT", format!("/{alias}/{what}?identifierType=alias"), body));
        }
    }
    Ok(requests)
}

fn responders(settings: &Settings, rendering: &Rendering<'_>) -> Result<Vec<Value>, RenderError> {
    let mut responders = Vec::new();
    for responder in settings.list("responders") {
        let text = |key: &str| rendering.setting(responder, key);
        let (id, name, username, kind) = (text("id")?, text("name")?, text("username")?, text("type")?);
        if [&id, &name, &username, &kind].iter().all(|part| part.is_empty()) {
            continue;
        }
        if kind == "teams" {
            for team in list(&name) {
                responders.push(Object::default().put("name", team).put("type", "team").build());
            }
            continue;
        }
        responders.push(
            Object::default()
                .put_unless_empty("id", id)
                .put_unless_empty("name", name)
                .put_unless_empty("username", username)
                .put("type", kind)
                .build(),
        );
    }
    Ok(responders)
}

/// `a,b,,c` without the empty ones.
fn list(text: &str) -> Vec<Value> {
    text.trim().split(',').filter(|part| !part.is_empty()).map(Value::from).collect()
}
