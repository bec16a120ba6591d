//! A mail as it was sent, and as the twin says it would be, in one form.

use firedrill::timeline::Mail;
use serde_json::{Value, json};

/// Headers that differ with every mail.
const VOLATILE: [&str; 4] = ["Message-Id", "Date", "Content-Type", "Mime-Version"];

/// Envelope, headers and bodies of a raw mail, decoded.
pub fn read(from: &str, to: &[String], raw: &str) -> Value {
    let (head, body) = raw.split_once("\r\n\r\n").unwrap_or((raw, ""));
    let mut headers = serde_json::Map::new();
    let mut boundary = "";
    for line in head.lines() {
        let Some((name, value)) = line.split_once(": ") else { continue };
        if let Some((_, value)) = value.split_once("boundary=") {
            boundary = value;
        }
        if !VOLATILE.iter().any(|volatile| volatile.eq_ignore_ascii_case(name)) {
            headers.insert(name.to_owned(), json!(decode_words(value)));
        }
    }
    assert!(head.contains("multipart/alternative") && head.contains("Message-Id: <"), "{head}");
    let mut parts = serde_json::Map::new();
    for part in body.split(&format!("--{boundary}")) {
        let Some((head, text)) = part.split_once("\r\n\r\n") else { continue };
        let kind = if head.contains("text/html") { "html" } else { "text" };
        parts.insert(
            kind.to_owned(),
            json!(decode_quoted_printable(text.strip_suffix("\r\n").unwrap_or(text))),
        );
    }
    sorted(json!({ "from": from, "to": to, "headers": headers, "parts": parts }))
}

/// What the twin says, in the same form.
pub fn told(mail: &Mail) -> Value {
    let headers: serde_json::Map<String, Value> =
        mail.headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let mut parts = serde_json::Map::new();
    for (kind, body) in [("text", &mail.text), ("html", &mail.html)] {
        if let Some(body) = body {
            // On the wire every line ends the same way.
            parts.insert(kind.to_owned(), json!(body.replace("\r\n", "\n")));
        }
    }
    sorted(json!({ "from": mail.from, "to": mail.to, "headers": headers, "parts": parts }))
}

pub fn sorted(value: Value) -> Value {
    match value {
        Value::Object(entries) => {
            let mut entries: Vec<(String, Value)> =
                entries.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(entries.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

/// `=?utf-8?q?…?=` words; those that follow each other are one text.
fn decode_words(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("=?utf-8?q?") {
        let between = &rest[..start];
        if !between.trim().is_empty() || out.is_empty() {
            out.push_str(between);
        }
        let word = &rest[start + 10..];
        let end = word.find("?=").unwrap_or(word.len());
        out.push_str(&decode_quoted_printable(&word[..end].replace('_', " ")));
        rest = word.get(end + 2..).unwrap_or_default();
    }
    out + rest
}

fn decode_quoted_printable(text: &str) -> String {
    let text = text.replace("=\r\n", "").replace("\r\n", "\n");
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| *first == b'=') {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => bytes.push(*first),
        }
    }
    String::from_utf8(bytes).unwrap()
}
