//! A YAML value as the JSON that it stands for.

use serde_json::Value;

use crate::documents::value::{Resolved, resolve};
use crate::documents::yaml::{Kind, Node};

/// Numbers and booleans as Go's decoder takes them; a key that is no text is left out.
pub fn of(node: &Node) -> Value {
    match &node.kind {
        Kind::Null => Value::Null,
        Kind::Scalar(scalar) if scalar.plain => match resolve(&scalar.text) {
            Resolved::Bool(value) => Value::Bool(value),
            Resolved::Integer(value) => match i64::try_from(value) {
                Ok(value) => Value::from(value),
                Err(_) => Value::from(value as f64),
            },
            Resolved::Float(value) => Value::from(value),
            Resolved::Text => Value::from(scalar.text.as_str()),
        },
        Kind::Scalar(scalar) => Value::from(scalar.text.as_str()),
        Kind::Sequence(items) => items.iter().map(of).collect(),
        Kind::Mapping(entries) => {
            let pairs =
                entries.iter().filter_map(|(name, value)| Some((name.scalar()?.to_owned(), of(value))));
            Value::Object(pairs.collect())
        }
    }
}
