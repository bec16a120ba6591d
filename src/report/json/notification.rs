//! What Alertmanager did, as JSON.

use serde_json::{Value, json};

use crate::time::Timestamp;
use crate::timeline::{
    Body, GivenUp, HttpRequest, Mail, Message, Muted, MutedBy, Notification, NotifiedAlert, Outcome, Routed,
    Waiting, Withheld,
};

pub fn notification(seen: &Notification, start: Timestamp) -> Value {
    let (outcome, error) = match &seen.outcome {
        Outcome::Delivered => ("delivered", None),
        Outcome::WillRetry(error) => ("will-retry", Some(error)),
        Outcome::Failed(error) => ("failed", Some(error)),
    };
    json!({
        "kind": "notification",
        "receiver": seen.receiver,
        "integration": seen.integration,
        "index": seen.index,
        "reason": seen.reason.as_str(),
        "status": seen.status.as_str(),
        "group_key": seen.group_key,
        "group_labels": seen.group_labels,
        "alerts": seen.alerts.iter().map(|one| alert(one, start)).collect::<Vec<_>>(),
        "attempt": seen.attempt,
        "address": seen.address,
        "message": seen.message.as_ref().map(message),
        "outcome": outcome,
        "error": error,
    })
}

fn alert(alert: &NotifiedAlert, start: Timestamp) -> Value {
    json!({
        "status": alert.status.as_str(),
        "labels": alert.labels,
        "annotations": alert.annotations,
        "starts_at_seconds": (alert.starts_at - start).seconds(),
        "ends_at_seconds": alert.ends_at.map(|end| (end - start).seconds()),
        "generator_url": &*alert.generator_url,
        "fingerprint": format!("{:016x}", alert.fingerprint),
    })
}

fn message(message: &Message) -> Value {
    match message {
        Message::Http(requests) => json!({ "requests": requests.iter().map(request).collect::<Vec<_>>() }),
        Message::Mail(mail) => json!({ "mail": self::mail(mail) }),
    }
}

fn request(request: &HttpRequest) -> Value {
    let body = match &request.body {
        Body::Json(body) => body.clone(),
        Body::Form(pairs) => pairs.iter().map(|(name, value)| (name.clone(), json!(value))).collect(),
    };
    json!({ "method": request.method, "url": request.url, "body": body })
}

fn mail(mail: &Mail) -> Value {
    let headers: Value = mail.headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    json!({ "from": mail.from, "to": mail.to, "headers": headers, "text": mail.text, "html": mail.html })
}

pub fn given_up(seen: &GivenUp) -> Value {
    json!({
        "kind": "notification-given-up",
        "receiver": seen.receiver,
        "integration": seen.integration,
        "index": seen.index,
        "group_key": seen.group_key,
        "attempts": seen.attempts,
        "error": seen.error,
    })
}

pub fn withheld(seen: &Withheld) -> Value {
    json!({
        "kind": "notification-withheld",
        "receiver": seen.receiver,
        "integration": seen.integration,
        "index": seen.index,
        "group_key": seen.group_key,
        "reason": seen.reason,
    })
}

pub fn routed(seen: &Routed) -> Value {
    let to = seen.to.iter().map(|taken| {
        json!({ "receiver": taken.receiver, "group_key": taken.group_key, "route": taken.place.to_string() })
    });
    json!({ "kind": "routed", "labels": seen.labels, "to": to.collect::<Vec<_>>() })
}

pub fn waiting(seen: &Waiting, start: Timestamp) -> Value {
    json!({
        "kind": "waiting",
        "receiver": seen.receiver,
        "group_key": seen.group_key,
        "group_labels": seen.group_labels,
        "until_seconds": (seen.until - start).seconds(),
        "reason": "group_wait",
    })
}

pub fn muted(seen: &Muted) -> Value {
    let by = match &seen.by {
        MutedBy::Inhibition { source, rule } => json!({ "source": source, "rule": rule.to_string() }),
        MutedBy::Silence { ids } => json!({ "silences": ids }),
        MutedBy::MuteTimeInterval { names } | MutedBy::ActiveTimeInterval { names } => {
            json!({ "time_intervals": names })
        }
    };
    json!({
        "kind": "muted",
        "receiver": seen.receiver,
        "group_key": seen.group_key,
        "labels": seen.labels,
        "reason": seen.by.as_str(),
        "by": by,
    })
}
