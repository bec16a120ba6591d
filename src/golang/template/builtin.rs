//! The functions that every Go template has.

use super::format;
use super::value::{IntKind, Parameter, Signature, Value};

const ANY: &[Parameter] = &[Parameter::Any];
const REFLECT: &[Parameter] = &[Parameter::Reflect];
const TWO_REFLECT: &[Parameter] = &[Parameter::Reflect, Parameter::Reflect];
const TEXT_AND_ANY: &[Parameter] = &[Parameter::Str, Parameter::Any];

/// What the builtin of that name takes.
pub(super) fn signature(name: &str) -> Option<Signature> {
    Some(match name {
        "and" | "or" | "call" | "index" | "slice" | "eq" => {
            // The first is fixed, any number may follow.
            Signature::variadic(TWO_REFLECT)
        }
        "ne" | "lt" | "le" | "gt" | "ge" => Signature::fixed(TWO_REFLECT),
        "not" | "len" => Signature::fixed(REFLECT),
        "html" | "js" | "urlquery" | "print" | "println" => Signature::variadic(ANY),
        "printf" => Signature::variadic(TEXT_AND_ANY),
        _ => return None,
    })
}

/// Calls a builtin with as many arguments as its signature asks for. `and` and `or` evaluate lazily, elsewhere.
pub(super) fn call(name: &str, arguments: &[Value]) -> Result<Value, String> {
    match name {
        "not" => Ok(Value::Bool(!arguments[0].is_true())),
        "len" => length(&arguments[0]),
        "index" => {
            arguments[1..].iter().try_fold(arguments[0].clone(), |item, at| index(&item, at, &arguments[0]))
        }
        "slice" => slice(&arguments[0], &arguments[1..]),
        "eq" => equal_any(&arguments[0], &arguments[1..]).map(Value::Bool),
        "ne" => equal(&arguments[0], &arguments[1]).map(|equal| Value::Bool(!equal)),
        "lt" => less(&arguments[0], &arguments[1]).map(Value::Bool),
        "le" => less_or_equal(&arguments[0], &arguments[1]).map(Value::Bool),
        "gt" => less_or_equal(&arguments[0], &arguments[1]).map(|truth| Value::Bool(!truth)),
        "ge" => less(&arguments[0], &arguments[1]).map(|truth| Value::Bool(!truth)),
        "print" => Ok(format::sprint(arguments).into()),
        "println" => Ok(format::sprintln(arguments).into()),
        "printf" => Ok(format::sprintf(arguments[0].as_str().unwrap_or(""), &arguments[1..]).into()),
        "html" => Ok(escape_html(&joined(arguments)).into()),
        "js" => Ok(escape_js(&joined(arguments)).into()),
        "urlquery" => Ok(escape_query(&joined(arguments)).into()),
        "call" if arguments[0].is_nil() => Err("call of nil".into()),
        "call" => Err(format!("non-function of type {}", arguments[0].type_name())),
        _ => Err(format!("{name:?} is not a defined function")),
    }
}

/// The arguments as one text, as `print` writes them.
fn joined(arguments: &[Value]) -> String {
    match arguments {
        [Value::Str(text, _)] => text.to_string(),
        _ => {
            let no_value = || Value::from("<no value>");
            let shown: Vec<Value> = arguments
                .iter()
                .map(|value| if value.is_nil() { no_value() } else { value.clone() })
                .collect();
            format::sprint(&shown)
        }
    }
}

fn length(value: &Value) -> Result<Value, String> {
    match value {
        Value::Str(text, _) => Ok(Value::int(text.len() as i64)),
        Value::List(list) => Ok(Value::int(list.items.len() as i64)),
        Value::Map(map) => Ok(Value::int(map.entries.len() as i64)),
        Value::Nil => Err("reflect: call of reflect.Value.Type on zero Value".into()),
        Value::NilInterface => Err("len of nil pointer".into()),
        value => Err(format!("len of type {}", value.pointed_type_name())),
    }
}

fn index(item: &Value, at: &Value, whole: &Value) -> Result<Value, String> {
    if whole.is_nil() {
        return Err("index of untyped nil".into());
    }
    match item {
        Value::List(list) => {
            let at = index_number(at, list.items.len())?;
            list.items.get(at).cloned().ok_or_else(|| "reflect: slice index out of range".into())
        }
        Value::Str(text, _) => {
            let at = index_number(at, text.len())?;
            let byte = text.as_bytes().get(at).ok_or("reflect: string index out of range")?;
            Ok(Value::Int(i64::from(*byte), IntKind::Uint8))
        }
        Value::Map(map) => match at {
            Value::Str(key, super::value::StrKind::Plain) => {
                Ok(map.entries.get(&**key).cloned().unwrap_or_else(|| map.of.element.zero()))
            }
            at if at.is_nil() => Err("value is nil; should be of type string".into()),
            at => Err(format!("value has type {}; should be string", at.type_name())),
        },
        Value::Nil | Value::NilInterface => Err("index of nil pointer".into()),
        item => Err(format!("can't index item of type {}", item.pointed_type_name())),
    }
}

fn index_number(at: &Value, length: usize) -> Result<usize, String> {
    match at {
        Value::Int(at, _) => match usize::try_from(*at) {
            Ok(at) if at <= length => Ok(at),
            _ => Err(format!("index out of range: {at}")),
        },
        at if at.is_nil() => Err("cannot index slice/array with nil".into()),
        at => Err(format!("cannot index slice/array with type {}", at.type_name())),
    }
}

fn slice(item: &Value, indexes: &[Value]) -> Result<Value, String> {
    if item.is_nil() {
        return Err("slice of untyped nil".into());
    }
    if indexes.len() > 3 {
        return Err(format!("too many slice indexes: {}", indexes.len()));
    }
    let length = match item {
        Value::Str(..) if indexes.len() == 3 => return Err("cannot 3-index slice a string".into()),
        Value::Str(text, _) => text.len(),
        Value::List(list) => list.items.len(),
        item => return Err(format!("can't slice item of type {}", item.pointed_type_name())),
    };
    let mut bounds = [0, length, length];
    for (at, index) in indexes.iter().enumerate() {
        bounds[at] = index_number(index, length)?;
    }
    for pair in bounds[..indexes.len().max(2)].windows(2) {
        if pair[0] > pair[1] {
            return Err(format!("invalid slice index: {} > {}", pair[0], pair[1]));
        }
    }
    Ok(match item {
        Value::Str(text, kind) => {
            let bytes = &text.as_bytes()[bounds[0]..bounds[1]];
            Value::Str(String::from_utf8_lossy(bytes).into(), *kind)
        }
        Value::List(list) => Value::list(list.of, list.items[bounds[0]..bounds[1]].to_vec()),
        _ => Value::Nil,
    })
}

const INCOMPATIBLE: &str = "incompatible types for comparison";
const NOT_COMPARABLE: &str = "invalid type for comparison";

#[derive(PartialEq)]
enum Basic<'v> {
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(&'v str),
}

fn basic(value: &Value) -> Option<Basic<'_>> {
    Some(match value {
        Value::Bool(value) => Basic::Bool(*value),
        Value::Int(value, _) => Basic::Int(*value),
        Value::Float(value) => Basic::Float(*value),
        Value::Str(text, _) => Basic::Str(text),
        _ => return None,
    })
}

fn equal_any(first: &Value, others: &[Value]) -> Result<bool, String> {
    if others.is_empty() {
        return Err("missing argument for comparison".into());
    }
    for other in others {
        if equal(first, other)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn equal(left: &Value, right: &Value) -> Result<bool, String> {
    match (basic(left), basic(right)) {
        _ if left.is_nil() || right.is_nil() => Ok(left.is_nil() && right.is_nil()),
        (Some(a), Some(b)) if std::mem::discriminant(&a) == std::mem::discriminant(&b) => Ok(a == b),
        (None, None) => match (left, right) {
            (Value::Time(a), Value::Time(b)) => Ok(a == b),
            (Value::Struct(a), Value::Struct(b)) => Ok(std::sync::Arc::ptr_eq(&a.fields, &b.fields)),
            _ => {
                let shown = format::sprint(std::slice::from_ref(right));
                Err(format!("non-comparable type {}: {}", shown, right.type_name()))
            }
        },
        _ => Err(INCOMPATIBLE.into()),
    }
}

fn less(left: &Value, right: &Value) -> Result<bool, String> {
    let (left, right) = (basic(left).ok_or(NOT_COMPARABLE)?, basic(right).ok_or(NOT_COMPARABLE)?);
    match (left, right) {
        (Basic::Int(a), Basic::Int(b)) => Ok(a < b),
        (Basic::Float(a), Basic::Float(b)) => Ok(a < b),
        (Basic::Str(a), Basic::Str(b)) => Ok(a < b),
        (Basic::Bool(_), Basic::Bool(_)) => Err(NOT_COMPARABLE.into()),
        _ => Err(INCOMPATIBLE.into()),
    }
}

fn less_or_equal(left: &Value, right: &Value) -> Result<bool, String> {
    Ok(less(left, right)? || equal(left, right)?)
}

/// Go's `template.HTMLEscapeString`.
pub fn escape_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\0' => out.push(char::REPLACEMENT_CHARACTER),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
    out
}

/// Go's `template.JSEscapeString`.
pub fn escape_js(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '"' => out.push_str("\\\""),
            '<' | '>' | '&' | '=' => out.push_str(&format!("\\u{:04X}", c as u32)),
            c if (c as u32) < 0x20 => out.push_str(&format!("\\u{:04X}", c as u32)),
            c if crate::golang::is_print(c) => out.push(c),
            c => out.push_str(&format!("\\u{:04X}", c as u32)),
        }
    }
    out
}

/// Go's `url.QueryEscape`.
pub fn escape_query(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(byte.into()),
            b' ' => out.push('+'),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
