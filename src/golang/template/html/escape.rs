//! A text as it may stand in each place of an HTML page: markup, attributes, URLs, scripts, style sheets.

use super::super::builtin::escape_html;
use super::super::json::to_json;
use super::super::value::Value;
use crate::golang::is_print;

/// As for text; without `escapes_ampersand` entities that stand there already are kept.
pub(super) fn escape(text: &str, escapes_ampersand: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' if !escapes_ampersand => out.push('&'),
            '+' => out.push_str("&#43;"),
            c => out.push_str(&escape_html(c.encode_utf8(&mut [0; 4]))),
        }
    }
    out
}

pub(super) fn escape_unquoted(text: &str, escapes_ampersand: bool) -> String {
    if text.is_empty() {
        // An empty value would take what follows for its own.
        return "ZgotmplZ".to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\0' => out.push_str("&#xfffd;"),
            '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | ' ' | '=' | '`' => {
                out.push_str(&format!("&#{};", c as u32))
            }
            c => out.push_str(&escape(c.encode_utf8(&mut [0; 4]), escapes_ampersand)),
        }
    }
    out
}

/// The text without its tags.
pub(super) fn strip_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut is_tag = false;
    for (at, c) in text.char_indices() {
        match c {
            '<' if text[at + 1..].starts_with(|c: char| c == '/' || c == '!' || c.is_ascii_alphabetic()) => {
                is_tag = true;
            }
            '>' if is_tag => is_tag = false,
            c if !is_tag => out.push(c),
            _ => {}
        }
    }
    out
}

pub(super) fn attribute_name(text: &str) -> String {
    let is_plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric());
    let lower = text.to_ascii_lowercase();
    let is_dangerous =
        lower.starts_with("on") || matches!(lower.as_str(), "style" | "href" | "src" | "action");
    if is_plain && !is_dangerous { text.to_owned() } else { "ZgotmplZ".to_owned() }
}

pub(super) fn is_safe_url(text: &str) -> bool {
    match text.split_once(':') {
        Some((scheme, _)) if !scheme.contains('/') => {
            ["http", "https", "mailto"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
        }
        _ => true,
    }
}

/// Keeps what URLs are made of and escapes the rest.
pub(super) fn normalize_url(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    for (at, byte) in bytes.iter().enumerate() {
        let is_escape = *byte == b'%'
            && bytes.get(at + 1).is_some_and(u8::is_ascii_hexdigit)
            && bytes.get(at + 2).is_some_and(u8::is_ascii_hexdigit);
        let is_kept = byte.is_ascii_alphanumeric() || b"-._~!#$&*+,/:;=?@[]".contains(byte) || is_escape;
        match is_kept {
            true => out.push(char::from(*byte)),
            false => out.push_str(&format!("%{byte:02x}")),
        }
    }
    out
}

pub(super) fn query_escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            true => out.push(char::from(byte)),
            false => out.push_str(&format!("%{byte:02x}")),
        }
    }
    out
}

/// The inside of a JavaScript string.
pub(super) fn js_string(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\0' => out.push_str(r"\u0000"),
            '\t' => out.push_str(r"\t"),
            '\n' => out.push_str(r"\n"),
            '\u{b}' => out.push_str(r"\u000b"),
            '\u{c}' => out.push_str(r"\f"),
            '\r' => out.push_str(r"\r"),
            '\\' => out.push_str(r"\\"),
            '/' => out.push_str(r"\/"),
            '"' | '\'' | '&' | '+' | '<' | '>' | '`' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", c as u32));
            }
            c => out.push(c),
        }
    }
    out
}

/// A value as JavaScript: JSON that can't leave the script.
pub(super) fn js_value(value: &Value) -> String {
    let json = to_json(value).unwrap_or_else(|_| "null".to_owned());
    let json = json.replace('/', if json.starts_with('"') { "\\/" } else { "/" });
    match value {
        Value::Int(..) | Value::Float(_) | Value::Bool(_) | Value::Nil | Value::NilInterface => {
            format!(" {json} ")
        }
        _ => json,
    }
}

pub(super) fn css_string(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let needs_escape = matches!(
            c,
            '\0' | '\t'
                | '\n'
                | '\u{c}'
                | '\r'
                | '"'
                | '&'
                | '\''
                | '('
                | ')'
                | '+'
                | '/'
                | ':'
                | ';'
                | '<'
                | '>'
                | '{'
                | '}'
        );
        match c {
            '\\' => out.push_str("\\\\"),
            c if needs_escape => {
                out.push_str(&format!("\\{:x}", c as u32));
                if characters.peek().is_some_and(|next| next.is_ascii_hexdigit() || next.is_whitespace()) {
                    out.push(' ');
                }
            }
            c => out.push(c),
        }
    }
    out
}

/// A value in a style, or a harmless word if it could do more than be one.
pub(super) fn css_value(text: &str) -> String {
    let is_unsafe = text
        .contains(['\0', '"', '\'', '(', ')', '/', ';', '@', '[', '\\', ']', '`', '{', '}', '<', '>'])
        || text.contains("--");
    let letters: String =
        text.chars().filter(|c| c.is_alphanumeric() && is_print(*c)).collect::<String>().to_lowercase();
    match is_unsafe || letters.contains("expression") || letters.contains("mozbinding") {
        true => "ZgotmplZ".to_owned(),
        false => text.to_owned(),
    }
}
