//! What each service answers, in the form in which its clients read it.

use serde_json::{Value, json};

use super::Mailbox;
use crate::stack::alertmanager::IntegrationKind;
use crate::time::Timestamp;
use crate::timeline::{Body, HttpRequest, Outcome};
use crate::worlds::http::{Reply, Request};

/// The request as one that went to the service itself; `rest` is its path below the mailbox.
pub fn receive(mailbox: &Mailbox, request: &Request, rest: &str) -> Result<HttpRequest, Reply> {
    let Some(method) = ["POST", "PUT", "PATCH"].into_iter().find(|known| *known == request.method) else {
        return Err(Reply::text(405, "method not allowed"));
    };
    let Ok(text) = std::str::from_utf8(&request.body) else {
        return Err(Reply::text(400, "the body is no UTF-8"));
    };
    let form = request.header("content-type").is_some_and(|kind| kind.contains("x-www-form-urlencoded"));
    // Alertmanager sends Pushover's parameters in the URL.
    let (rest, in_url) = match rest.split_once('?') {
        Some((path, parameters)) if mailbox.kind == IntegrationKind::Pushover => (path, Some(parameters)),
        _ => (rest, None),
    };
    let body = match in_url.or(form.then_some(text)) {
        Some(text) => Body::Form(parameters(text)),
        None => match serde_json::from_str(text) {
            Ok(value) => Body::Json(value),
            Err(_) => return Err(Reply::text(400, "invalid_payload")),
        },
    };
    let base = &mailbox.stands_for;
    let url = match rest.is_empty() {
        true => base.clone(),
        false => format!("{}/{rest}", base.trim_end_matches('/')),
    };
    let authorization = request.header("authorization").map(str::to_owned);
    Ok(HttpRequest { method, url, authorization, body })
}

/// The answer to a question that an integration asks before it sends its message, if this is one.
pub fn aside(mailbox: &Mailbox, request: &Request, rest: &str) -> Option<Reply> {
    let path = rest.split('?').next().unwrap_or_default();
    match (mailbox.kind, path) {
        (IntegrationKind::WeChat, "gettoken") => Some(Reply::json(
            200,
            &json!({ "errcode": 0, "errmsg": "ok", "access_token": "token", "expires_in": 7200 }),
        )),
        // No issue is open: so the next request creates one.
        (IntegrationKind::Jira, path) if path == "search" || path.starts_with("search/") => {
            Some(Reply::json(200, &json!({ "issues": [], "total": 0, "isLast": true })))
        }
        _ if request.method == "GET" || request.method == "HEAD" => {
            Some(Reply::text(405, "method not allowed"))
        }
        _ => None,
    }
}

/// The service's answer to a message that it takes.
pub fn reply(mailbox: &Mailbox, received: &HttpRequest, at: Timestamp) -> Reply {
    let field = |name: &str| match &received.body {
        Body::Json(value) => value.get(name).cloned().unwrap_or(Value::Null),
        Body::Form(_) => Value::Null,
    };
    match mailbox.kind {
        IntegrationKind::Slack if received.url.ends_with("/api/chat.postMessage") => Reply::json(
            200,
            &json!({ "ok": true, "channel": field("channel"), "ts": format!("{:.6}", at.seconds()) }),
        ),
        IntegrationKind::Slack | IntegrationKind::Webhook | IntegrationKind::Mattermost => Reply::text(200, "ok"),
        // The older API knows events by an incident key.
        IntegrationKind::PagerDuty if field("routing_key").is_null() => Reply::json(
            200,
            &json!({ "status": "success", "message": "Event processed", "incident_key": field("incident_key") }),
        ),
        IntegrationKind::PagerDuty => Reply::json(
            202,
            &json!({ "status": "success", "message": "Event processed", "dedup_key": field("dedup_key") }),
        ),
        IntegrationKind::OpsGenie => Reply::json(
            202,
            &json!({ "result": "Request will be processed", "took": 0.1, "requestId": "firedrill" }),
        ),
        IntegrationKind::VictorOps => {
            Reply::json(200, &json!({ "result": "success", "entity_id": field("entity_id") }))
        }
        IntegrationKind::WeChat => Reply::json(200, &json!({ "errcode": 0, "errmsg": "ok", "msgid": "1" })),
        IntegrationKind::Pushover => Reply::json(200, &json!({ "status": 1, "request": "firedrill" })),
        IntegrationKind::Telegram => Reply::json(
            200,
            &json!({ "ok": true, "result": {
                "message_id": 1,
                "date": at.0 / 1000,
                "chat": { "id": telegram_chat(&field("chat_id")), "type": "group" },
                "text": field("text"),
            } }),
        ),
        IntegrationKind::Sns => Reply {
            status: 200,
            content_type: "text/xml",
            body: "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult><MessageId>firedrill\
                   </MessageId></PublishResult><ResponseMetadata><RequestId>firedrill</RequestId></ResponseMetadata>\
                   </PublishResponse>"
                .to_owned(),
        },
        IntegrationKind::Discord => Reply::text(204, ""),
        IntegrationKind::Webex => Reply::json(200, &json!({ "id": "firedrill", "roomId": field("roomId") })),
        IntegrationKind::MsTeams => Reply::text(200, "1"),
        IntegrationKind::MsTeamsV2 => Reply::text(202, ""),
        IntegrationKind::Jira => Reply::json(201, &json!({ "id": "1", "key": "DRILL-1", "self": received.url })),
        IntegrationKind::IncidentIo => {
            Reply::json(202, &json!({ "status": "success", "message": "Event accepted for processing" }))
        }
        IntegrationKind::RocketChat => Reply::json(200, &json!({ "success": true })),
        // A mail server does not speak HTTP.
        IntegrationKind::Email => nobody(),
    }
}

/// The answer of a service that is told to answer with this status.
pub fn refusal(status: u16) -> Reply {
    Reply::text(status, format!("firedrill answers {status}"))
}

pub fn nobody() -> Reply {
    Reply::text(404, "nobody receives here")
}

/// What Alertmanager makes of the status: whether it tries again depends on the integration.
pub fn failed(kind: IntegrationKind, status: u16) -> Outcome {
    let why = format!("unexpected status code {status}");
    let too_many = matches!(
        kind,
        IntegrationKind::PagerDuty
            | IntegrationKind::OpsGenie
            | IntegrationKind::Pushover
            | IntegrationKind::Jira
            | IntegrationKind::IncidentIo
    );
    match status {
        500..=599 => Outcome::WillRetry(why),
        429 if too_many => Outcome::WillRetry(why),
        _ => Outcome::Failed(why),
    }
}

/// A chat is a number there, whatever form it was written in.
fn telegram_chat(chat: &Value) -> i64 {
    chat.as_i64().or_else(|| chat.as_str()?.parse().ok()).unwrap_or(0)
}

/// The parameters of a form, sorted by name.
fn parameters(text: &str) -> Vec<(String, String)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    let mut pairs: Vec<(String, String)> = pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (unescape(name), unescape(value))
        })
        .collect();
    pairs.sort();
    pairs
}

/// `+` is a blank, `%41` a byte.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let hex = || u8::from_str_radix(std::str::from_utf8(after.get(..2)?).ok()?, 16).ok();
        match first {
            b'+' => bytes.push(b' '),
            b'%' if let Some(byte) = hex() => {
                bytes.push(byte);
                rest = &after[2..];
            }
            other => bytes.push(*other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_with_its_escapes() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            parameters("title=Disk+full%21&message=50%25+%C3%A9&odd&bad=%zz"),
            [pair("bad", "%zz"), pair("message", "50% é"), pair("odd", ""), pair("title", "Disk full!")]
        );
    }
}
