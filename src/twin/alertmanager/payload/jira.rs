//! Jira: the issue that a first notification creates.
//!
//! Alertmanager first searches for an open issue with the group's label, and then updates or moves it; what a
//! reader sees is the text either way.

use serde_json::Value;

use super::json::{Object, expand_deep};
use super::{RenderError, Rendered, Rendering, post_json, truncate};
use crate::stack::alertmanager::{Setting, Settings};

const MAX_SUMMARY: usize = 255;
const MAX_DESCRIPTION: usize = 32_767;

pub fn render(settings: &Settings, rendering: &Rendering<'_>) -> Result<Rendered, RenderError> {
    let template = |key: &str| settings.object(key).map_or("", |field| field.text("template"));
    let project = rendering.setting(settings, "project")?;
    let mut labels: Vec<String> = Vec::new();
    for label in settings.text_list("labels") {
        labels.push(rendering.text(label)?);
    }
    labels.push(format!("ALERT{{{}}}", rendering.dedup_key()));
    labels.sort();
    let named = |name: String| Object::default().put("name", name).build();
    let mut fields = Object::default()
        .put("description", truncate(rendering.text(template("description"))?, MAX_DESCRIPTION))
        .put("issuetype", named(rendering.setting(settings, "issue_type")?))
        .put("project", Object::default().put("key", project.as_str()).build())
        .put("labels", labels)
        .put("summary", truncate(rendering.text(template("summary"))?, MAX_SUMMARY));
    let priority = rendering.setting(settings, "priority")?;
    if !priority.is_empty() {
        fields = fields.put("priority", named(priority));
    }
    if let Some(Setting::Json(Value::Object(custom))) = settings.get("fields") {
        for (name, value) in custom {
            fields = fields.put(name, expand_deep(value, rendering)?);
        }
    }
    let url = format!("{}/issue", settings.text("api_url").trim_end_matches('/'));
    let body = Object::default().put("fields", fields.build()).build();
    Ok(Rendered { address: project, message: post_json(url, body) })
}
