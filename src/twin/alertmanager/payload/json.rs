//! JSON objects as Go's encoder writes them: fields in order, empty ones left out where they are `omitempty`.

use serde_json::{Map, Value};

use super::{RenderError, Rendering};
use crate::stack::alertmanager::{Setting, Settings};

#[derive(Default)]
pub struct Object(Map<String, Value>);

impl Object {
    pub fn put(mut self, key: &str, value: impl Into<Value>) -> Object {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    /// Left out if it is empty, zero, false or nothing.
    pub fn put_unless_empty(self, key: &str, value: impl Into<Value>) -> Object {
        let value = value.into();
        let empty = match &value {
            Value::Null | Value::Bool(false) => true,
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(entries) => entries.is_empty(),
            Value::Number(number) => number.as_i64() == Some(0),
            Value::Bool(true) => false,
        };
        if empty { self } else { self.put(key, value) }
    }

    pub fn build(self) -> Value {
        Value::Object(self.0)
    }
}

/// A tree of settings with every text expanded; a text that reads as JSON becomes what it says.
pub fn expand_deep(value: &Value, rendering: &Rendering<'_>) -> Result<Value, RenderError> {
    Ok(match value {
        Value::String(text) => {
            let text = rendering.text(text)?;
            match serde_json::from_str::<Value>(&text) {
                Ok(Value::String(_)) | Err(_) => Value::String(text),
                Ok(inner) => inner,
            }
        }
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| expand_deep(item, rendering)).collect::<Result<_, _>>()?)
        }
        Value::Object(entries) => {
            let mut expanded = Map::new();
            for (key, value) in entries {
                expanded.insert(rendering.text(key)?, expand_deep(value, rendering)?);
            }
            Value::Object(expanded)
        }
        other => other.clone(),
    })
}

/// A setting of texts by name, or a free tree in newer releases, expanded.
pub fn expand_map(settings: &Settings, key: &str, rendering: &Rendering<'_>) -> Result<Value, RenderError> {
    if let Some(Setting::Json(tree)) = settings.get(key) {
        return expand_deep(tree, rendering);
    }
    let mut expanded = Map::new();
    for (name, template) in settings.text_map(key) {
        expanded.insert(name.to_owned(), Value::String(rendering.text(template)?));
    }
    Ok(Value::Object(expanded))
}
