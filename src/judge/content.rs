//! What a notification is like, held against what a claim wants of it.

use serde_json::Value;

use super::reading;
use crate::labels::Labels;
use crate::scenario::Content;
use crate::timeline::{AlertStatus, Notification, NotifyReason};

/// One way in which a notification is not the claimed one.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Mismatch {
    /// It does not tell of this alert.
    Alert(String),
    /// None of its alerts has these labels.
    Labels(Labels),
    GroupLabels(Labels),
    Status(AlertStatus),
    Reason(NotifyReason),
    Subject {
        wanted: String,
        got: Option<String>,
    },
    Words {
        wanted: String,
    },
    /// Where the JSON differs, as a path with what stands there.
    Payload {
        path: String,
        wanted: Value,
        got: Option<Value>,
    },
}

impl Mismatch {
    /// The id of the failure that it makes.
    pub fn id(&self, content: &Content) -> &'static str {
        match self {
            // Alerts that are told of, but apart.
            Mismatch::Alert(_) if content.alerts.len() > 1 => "grouped-differently",
            Mismatch::Alert(_) | Mismatch::Labels(_) => "wrong-alert",
            Mismatch::GroupLabels(_) => "grouped-differently",
            Mismatch::Status(_) => "wrong-status",
            Mismatch::Reason(_) => "wrong-reason",
            Mismatch::Subject { .. } => "wrong-subject",
            Mismatch::Words { .. } => "wrong-words",
            Mismatch::Payload { .. } => "wrong-payload",
        }
    }
}

/// Whether it is as claimed.
pub(super) fn matches(content: &Content, notification: &Notification) -> bool {
    content.is_any() || mismatches(content, notification).is_empty()
}

/// All that is otherwise than claimed, what matters most first.
pub(super) fn mismatches(content: &Content, notification: &Notification) -> Vec<Mismatch> {
    let mut found = Vec::new();
    let alerts = &notification.alerts;
    for alert in &content.alerts {
        if !alerts.iter().any(|told| told.labels.value("alertname") == alert.value) {
            found.push(Mismatch::Alert(alert.value.clone()));
        }
    }
    if !alerts.iter().any(|told| told.labels.contains(&content.labels)) && !content.labels.is_empty() {
        found.push(Mismatch::Labels(content.labels.clone()));
    }
    if content.group_labels.as_ref().is_some_and(|wanted| *wanted != notification.group_labels) {
        found.push(Mismatch::GroupLabels(notification.group_labels.clone()));
    }
    if content.status.is_some_and(|wanted| wanted != notification.status) {
        found.push(Mismatch::Status(notification.status));
    }
    if content.reason.is_some_and(|wanted| wanted != notification.reason) {
        found.push(Mismatch::Reason(notification.reason));
    }
    for wanted in &content.subject {
        let got = reading::subject(notification);
        if !got.as_ref().is_some_and(|got| reading::says(std::slice::from_ref(got), wanted)) {
            found.push(Mismatch::Subject { wanted: wanted.clone(), got });
        }
    }
    if !content.saying.is_empty() {
        let texts = reading::texts(notification);
        let missing = content.saying.iter().filter(|wanted| !reading::says(&texts, wanted));
        found.extend(missing.map(|wanted| Mismatch::Words { wanted: wanted.clone() }));
    }
    if let Some(wanted) = &content.payload {
        let got = notification.message.as_ref().and_then(|message| message.json());
        found.extend(beyond(wanted, got, String::new()));
    }
    found
}

/// Where `wanted` is no part of `got`: objects may have more keys, lists more items.
fn beyond(wanted: &Value, got: Option<&Value>, path: String) -> Option<Mismatch> {
    let differs =
        || Some(Mismatch::Payload { path: path.clone(), wanted: wanted.clone(), got: got.cloned() });
    match (wanted, got) {
        (Value::Object(wanted), Some(Value::Object(got))) => {
            wanted.iter().find_map(|(key, wanted)| beyond(wanted, got.get(key), format!("{path}.{key}")))
        }
        (Value::Array(wanted), Some(Value::Array(got))) => {
            wanted.iter().enumerate().find_map(|(at, wanted)| {
                let fits = |got: &&Value| beyond(wanted, Some(got), String::new()).is_none();
                match got.iter().find(fits) {
                    Some(_) => None,
                    // With one item there is no doubt which is meant.
                    None if got.len() == 1 => beyond(wanted, got.first(), format!("{path}[0]")),
                    None => Some(Mismatch::Payload {
                        path: format!("{path}[{at}]"),
                        wanted: wanted.clone(),
                        got: None,
                    }),
                }
            })
        }
        (wanted, Some(got)) if same(wanted, got) => None,
        _ => differs(),
    }
}

/// 1 and 1.0 are one number.
fn same(wanted: &Value, got: &Value) -> bool {
    wanted == got || wanted.as_f64().is_some_and(|wanted| got.as_f64() == Some(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(wanted: Value, got: Value, expected: Option<&str>) {
        let path = match beyond(&wanted, Some(&got), String::new()) {
            Some(Mismatch::Payload { path, .. }) => Some(path),
            _ => None,
        };
        assert_eq!(path.as_deref(), expected);
    }

    #[test]
    fn a_payload_may_say_more_than_is_claimed() {
        let got =
            json!({"status": "firing", "n": 1, "alerts": [{"labels": {"a": "x", "b": "y"}}, {"labels": {}}]});
        check(json!({"status": "firing", "n": 1.0}), got.clone(), None);
        check(json!({"alerts": [{"labels": {"b": "y"}}]}), got.clone(), None);
        check(json!({"status": "resolved"}), got.clone(), Some(".status"));
        check(json!({"alerts": [{}, {"labels": {"b": "z"}}]}), got.clone(), Some(".alerts[1]"));
        check(json!({"gone": null}), got, Some(".gone"));
        check(json!({"a": [{"b": 1}]}), json!({"a": [{"b": 2}]}), Some(".a[0].b"));
    }
}
