//! A notification as its reader would see it.

use serde_json::Value;

use super::seen::seen;
use crate::report::look::{Look, wrapped};
use crate::timeline::{Body, HttpRequest, Mail, Message, Notification};

/// What is a key to somebody's account, wherever it stands.
const SECRETS: [&str; 8] =
    ["routing_key", "service_key", "token", "api_key", "apiKey", "user", "access_token", "password"];

/// The message's lines, without a frame.
pub fn lines(sent: &Notification) -> Vec<String> {
    match &sent.message {
        None => vec!["(nothing could be made)".to_owned()],
        Some(Message::Mail(mail)) => mail_lines(mail),
        Some(Message::Http(requests)) => {
            requests.iter().flat_map(|request| http_lines(sent.integration, request)).collect()
        }
    }
}

/// The lines in a frame, as wide as the terminal.
pub fn framed(title: &str, lines: &[String], look: &Look) -> String {
    let (corner, side, end) = if look.ascii { ("+-", "|", "+-") } else { ("┌─", "│", "└─") };
    let mut text = format!("{corner} {}\n", look.strong(title));
    for line in lines {
        for part in wrapped(line, look.width.saturating_sub(2).max(20)) {
            text += format!("{side} {part}").trim_end();
            text.push('\n');
        }
    }
    text + end + "\n"
}

fn mail_lines(mail: &Mail) -> Vec<String> {
    let mut lines = vec![format!("From: {}", mail.from), format!("To: {}", mail.to.join(", "))];
    let shown = ["From", "To"];
    for (name, value) in mail.headers.iter().filter(|(name, _)| !shown.contains(&name.as_str())) {
        lines.push(format!("{name}: {value}"));
    }
    lines.push(String::new());
    match (&mail.text, &mail.html) {
        (Some(text), _) if !text.trim().is_empty() => lines.extend(text_lines(text)),
        (_, Some(html)) => lines.extend(text_lines(&without_tags(html))),
        _ => lines.push("(no body)".to_owned()),
    }
    lines
}

fn http_lines(integration: &str, request: &HttpRequest) -> Vec<String> {
    match &request.body {
        Body::Json(body) => seen(integration, body).unwrap_or_else(|| {
            let mut body = body.clone();
            conceal(&mut body);
            text_lines(&format!("{body:#}"))
        }),
        Body::Form(pairs) => pairs
            .iter()
            .map(|(name, value)| match SECRETS.contains(&name.as_str()) {
                true => format!("{name}: •••"),
                false => format!("{name}: {value}"),
            })
            .collect(),
    }
}

fn conceal(value: &mut Value) {
    match value {
        Value::Object(entries) => {
            for (key, entry) in entries.iter_mut() {
                if SECRETS.contains(&key.as_str()) && entry.is_string() {
                    *entry = Value::from("•••");
                } else {
                    conceal(entry);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(conceal),
        _ => {}
    }
}

/// A message's JSON without what is secret.
pub fn json(sent: &Notification) -> Value {
    match &sent.message {
        None => Value::Null,
        Some(Message::Mail(mail)) => serde_json::json!({
            "from": mail.from, "to": mail.to, "subject": mail.subject(), "text": mail.text, "html": mail.html,
        }),
        Some(Message::Http(requests)) => requests
            .iter()
            .map(|request| match &request.body {
                Body::Json(body) => {
                    let mut body = body.clone();
                    conceal(&mut body);
                    body
                }
                Body::Form(pairs) => pairs
                    .iter()
                    .map(|(name, value)| {
                        let secret = SECRETS.contains(&name.as_str());
                        (name.clone(), Value::from(if secret { "•••" } else { value.as_str() }))
                    })
                    .collect::<serde_json::Map<_, _>>()
                    .into(),
            })
            .collect(),
    }
}

fn text_lines(text: &str) -> Vec<String> {
    text.trim_matches('\n').lines().map(|line| line.trim_end().to_owned()).collect()
}

/// What is left to read of HTML: no tags, no styles, no runs of empty lines.
fn without_tags(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        text.push_str(&rest[..open]);
        let tag = &rest[open..];
        let skipped =
            ["style", "head", "script"].iter().find(|name| tag[1..].to_lowercase().starts_with(**name));
        let end = match skipped.and_then(|name| tag.to_lowercase().find(&format!("</{name}"))) {
            Some(close) if tag.is_char_boundary(close) => tag[close..].find('>').map(|end| close + end),
            _ => tag.find('>'),
        };
        rest = end.map_or("", |end| &tag[end + 1..]);
    }
    text.push_str(rest);
    for (entity, character) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&nbsp;", " "),
        ("&#43;", "+"),
        ("&amp;", "&"),
    ] {
        text = text.replace(entity, character);
    }
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}
