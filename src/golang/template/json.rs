//! Go's `encoding/json`.

use super::value::{StrKind, Value};
use crate::golang::{FloatFormat, format_float};

/// The value as `json.Marshal` writes it: keys in order, `<`, `>` and `&` escaped.
pub fn to_json(value: &Value) -> Result<String, String> {
    let mut out = String::new();
    write(value, &mut out)?;
    Ok(out)
}

fn write(value: &Value, out: &mut String) -> Result<(), String> {
    match value {
        Value::Nil | Value::NilInterface => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(value, _) => out.push_str(&value.to_string()),
        Value::Float(value) => out.push_str(&float(*value)?),
        Value::Str(text, StrKind::Plain | StrKind::Html | StrKind::Url) => string(text, out),
        Value::Time(time) => string(&time.to_rfc3339(), out),
        Value::List(list) => {
            out.push('[');
            for (at, item) in list.items.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                write(item, out)?;
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            for (at, (key, item)) in map.entries.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                string(key, out);
                out.push(':');
                write(item, out)?;
            }
            out.push('}');
        }
        Value::Struct(object) => {
            out.push('{');
            for (at, (name, item)) in object.of.fields.iter().zip(object.fields.iter()).enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                string(object.of.json_name(name), out);
                out.push(':');
                write(item, out)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

/// Fixed notation but for the very small and the very large.
fn float(value: f64) -> Result<String, String> {
    if !value.is_finite() {
        let text = format_float(value, FloatFormat::General, None);
        return Err(format!("json: unsupported value: {text}"));
    }
    let is_extreme = value != 0.0 && (value.abs() < 1e-6 || value.abs() >= 1e21);
    let text = format_float(value, if is_extreme { FloatFormat::Exponent } else { FloatFormat::Fixed }, None);
    Ok(match text.len() {
        length if length >= 4 && text[..length - 1].ends_with("e-0") => {
            format!("{}{}", &text[..length - 2], &text[length - 1..])
        }
        _ => text,
    })
}

fn string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c if (c as u32) < 0x20 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
}
