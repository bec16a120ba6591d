//! A receiver's address is one that examples use: mail to example.com, a webhook copied from the manual.

use crate::diagnostic::Diagnostic;
use crate::routing::Routing;
use crate::stack::alertmanager::{Setting, Settings};

pub const ID: &str = "receiver-placeholder";

/// Settings that say where a message goes.
const ADDRESSES: [&str; 12] = [
    "url",
    "webhook_url",
    "api_url",
    "to",
    "channel",
    "routing_key",
    "service_key",
    "api_key",
    "token",
    "user_key",
    "bot_token",
    "smarthost",
];

/// Words that stand where somebody's own value belongs. Kept in lower case.
const WORDS: [&str; 15] = [
    "your-",
    "your_",
    "yourcompany",
    "changeme",
    "change-me",
    "change_me",
    "replace-me",
    "replace_me",
    "placeholder",
    "xxxx",
    "<your",
    "example.com",
    "example.org",
    "example.net",
    "t00000000/b00000000",
];

pub fn check(routing: &Routing<'_>) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    for receiver in &routing.alertmanager.receivers {
        for integration in &receiver.integrations {
            for key in ADDRESSES {
                let Some(reason) = placeholder(&integration.settings, key) else { continue };
                let kind = integration.kind.as_str();
                let message = format!("`{key}` of receiver `{}` is a placeholder", receiver.name.value);
                let diagnostic = Diagnostic::warning(ID, message)
                    .at(integration.settings.place(key).unwrap_or(&integration.place))
                    .label(reason)
                    .because(format!("nobody reads what is sent by {kind} to such an address"));
                // A global value is reported once.
                if !found.iter().any(|known| known.place.is_some() && known.same_as(&diagnostic)) {
                    found.push(diagnostic);
                }
            }
        }
    }
    found
}

fn placeholder(settings: &Settings, key: &str) -> Option<&'static str> {
    let Some(Setting::Text(text)) = settings.get(key) else { return None };
    let text = text.to_lowercase();
    if WORDS.iter().any(|word| text.contains(word)) {
        return Some("as in an example");
    }
    let host = text.split("://").nth(1).unwrap_or(&text);
    let host = host.split('/').next().unwrap_or_default();
    match host {
        "127.0.0.1:5001" | "localhost:5001" => Some("the address of Alertmanager's own example"),
        _ => None,
    }
}
