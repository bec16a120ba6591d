//! What the services make of the JSON that they are sent: what stands in the channel or on the phone.
//!
//! Only what a person reads; keys and identifiers that a service keeps to itself are left out. A service that is not known
//! here, and a webhook, get their JSON as it is.

use serde_json::Value;

/// The lines that a person sees; `None` where the JSON itself is all there is to see.
pub fn seen(integration: &str, body: &Value) -> Option<Vec<String>> {
    let mut page = Page { body, lines: Vec::new() };
    match integration {
        "slack" | "mattermost" => {
            let attachment = body.pointer("/attachments/0")?;
            page.slack(attachment);
        }
        "pagerduty" => page.pagerduty(),
        "opsgenie" => {
            page.text("/message");
            page.text("/description");
            page.named("priority", "/priority");
            page.pairs("/details");
            page.named("source", "/source");
        }
        "victorops" => {
            page.named("kind", "/message_type");
            page.text("/entity_display_name");
            page.text("/state_message");
        }
        "discord" => {
            page.text("/content");
            page.text("/embeds/0/title");
            page.text("/embeds/0/description");
        }
        "msteams" => {
            page.text("/title");
            page.text("/text");
        }
        "msteamsv2" => {
            page.text("/attachments/0/content/body/0/text");
            page.text("/attachments/0/content/body/1/text");
        }
        "telegram" => page.text("/text"),
        "webex" => page.text("/markdown"),
        _ => return None,
    }
    if page.lines.is_empty() {
        page.lines.push("(an empty message)".to_owned());
    }
    Some(page.lines)
}

struct Page<'b> {
    body: &'b Value,
    lines: Vec<String>,
}

impl Page<'_> {
    fn text(&mut self, pointer: &str) {
        let text = text(self.body, pointer);
        if !text.is_empty() {
            self.lines.extend(text.lines().map(|line| line.trim_end().to_owned()));
        }
    }

    fn named(&mut self, name: &str, pointer: &str) {
        let text = text(self.body, pointer);
        if !text.is_empty() {
            self.lines.push(format!("{name}: {text}"));
        }
    }

    /// Each entry of a mapping; what has several lines stands below its name.
    fn pairs(&mut self, pointer: &str) {
        let pairs = self.body.pointer(pointer).and_then(Value::as_object);
        for (name, value) in pairs.into_iter().flatten() {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let text = text.trim();
            match text.contains('\n') {
                true => {
                    self.lines.push(format!("{name}:"));
                    self.lines.extend(text.lines().map(|line| format!("  {}", line.trim_end())));
                }
                false if text.is_empty() => {}
                false => self.lines.push(format!("{name}: {text}")),
            }
        }
    }

    fn slack(&mut self, attachment: &Value) {
        let own = |pointer: &str| text(attachment, pointer);
        let username = text(self.body, "/username");
        if !username.is_empty() {
            self.lines.push(format!("{username}:"));
        }
        for part in ["/pretext", "/title", "/text"] {
            self.lines.extend(own(part).lines().map(|line| line.trim_end().to_owned()));
        }
        for field in attachment.get("fields").and_then(Value::as_array).into_iter().flatten() {
            self.lines.push(format!("{}: {}", text(field, "/title"), text(field, "/value")));
        }
        for action in attachment.get("actions").and_then(Value::as_array).into_iter().flatten() {
            self.lines.push(format!("[{}]", text(action, "/text")));
        }
        for (what, part) in [("link", "/title_link"), ("colour", "/color"), ("footer", "/footer")] {
            let value = own(part);
            if !value.is_empty() {
                self.lines.push(format!("({what}: {value})"));
            }
        }
    }

    /// Both of its interfaces: the older one has everything at the top.
    fn pagerduty(&mut self) {
        for (action, means) in [("trigger", "opens an incident"), ("resolve", "closes the incident")] {
            if ["/event_action", "/event_type"].iter().any(|key| text(self.body, key) == action) {
                self.lines.push(format!("({means})"));
            }
        }
        self.text("/payload/summary");
        self.text("/description");
        for name in ["severity", "source", "class", "component", "group"] {
            self.named(name, &format!("/payload/{name}"));
        }
        self.pairs("/payload/custom_details");
        self.pairs("/details");
        for link in self.body.get("links").and_then(Value::as_array).into_iter().flatten() {
            self.lines.push(format!("[{}] {}", text(link, "/text"), text(link, "/href")));
        }
        self.named("from", "/client");
        self.named("link", "/client_url");
    }
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(integration: &str, body: Value, expected: Option<&[&str]>) {
        let got = seen(integration, &body);
        assert_eq!(
            got.as_deref().map(|lines| lines.iter().map(String::as_str).collect::<Vec<_>>()),
            expected.map(<[_]>::to_vec)
        );
    }

    #[test]
    fn a_page_says_what_it_does_and_keeps_its_keys() {
        check(
            "pagerduty",
            serde_json::json!({"routing_key": "secret", "dedup_key": "abc", "event_action": "trigger", "client": "Alertmanager",
                "payload": {"summary": "Down", "severity": "error", "source": "am",
                    "custom_details": {"num_firing": "1", "firing": "Labels:\n - a = b\n"}}}),
            Some(&[
                "(opens an incident)",
                "Down",
                "severity: error",
                "source: am",
                "num_firing: 1",
                "firing:",
                "  Labels:",
                "   - a = b",
                "from: Alertmanager",
            ]),
        );
        check(
            "pagerduty",
            serde_json::json!({"service_key": "secret", "event_type": "resolve", "description": "Down", "details": {}}),
            Some(&["(closes the incident)", "Down"]),
        );
    }

    #[test]
    fn chats_show_title_and_text() {
        check(
            "discord",
            serde_json::json!({"embeds": [{"title": "T", "description": "a\nb"}]}),
            Some(&["T", "a", "b"]),
        );
        check("telegram", serde_json::json!({"chat_id": 1, "text": "hello"}), Some(&["hello"]));
        check("msteams", serde_json::json!({"title": "T", "text": ""}), Some(&["T"]));
        check("webex", serde_json::json!({"markdown": ""}), Some(&["(an empty message)"]));
        check("webhook", serde_json::json!({"status": "firing"}), None);
    }
}
