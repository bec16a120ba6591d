//! Stands between Prometheus and Alertmanager: what the one sends is seen here, and passed on as it came.
//!
//! So every alert is known from the moment at which it is sent, and Alertmanager can be out of reach without being
//! touched.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::ask::{self, AskError};
use crate::labels::Labels;
use crate::time::Timestamp;
use crate::worlds::clock::Clock;
use crate::worlds::http::{self, Answering, Reply, Request};
use crate::worlds::server::Server;

/// An alert as Prometheus sends it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    pub at: Timestamp,
    pub labels: Labels,
    pub annotations: Labels,
    /// In the machine's time.
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    pub generator_url: String,
}

#[derive(Debug)]
pub struct Relay {
    shared: Arc<Mutex<State>>,
    server: Server,
}

#[derive(Debug)]
struct State {
    /// Nothing while Alertmanager does not run.
    alertmanager: Option<SocketAddr>,
    reachable: bool,
    /// What reached Alertmanager.
    sent: Vec<Sent>,
}

impl Relay {
    pub fn start(clock: Clock) -> io::Result<Relay> {
        let state = State { alertmanager: None, reachable: true, sent: Vec::new() };
        let shared = Arc::new(Mutex::new(state));
        let answering = Arc::clone(&shared);
        let server = http::serve(move |request| answer(&answering, clock, request))?;
        Ok(Relay { shared, server })
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Where Alertmanager listens now, if it does.
    pub fn lead_to(&self, alertmanager: Option<SocketAddr>) {
        lock(&self.shared).alertmanager = alertmanager;
    }

    /// Whether connections get through.
    pub fn let_through(&self, reachable: bool) {
        lock(&self.shared).reachable = reachable;
    }

    /// Sends an alert past Prometheus, whether that gets through or not; when it ends is Alertmanager's to say where it
    /// is open.
    pub fn send(&self, mut alert: Sent, open: bool) -> Result<(), AskError> {
        let to = lock(&self.shared).alertmanager;
        let to = to.ok_or_else(|| AskError::Unreachable(io::ErrorKind::NotConnected.into()))?;
        let mut body = json!({"labels": alert.labels, "annotations": alert.annotations});
        if !open {
            body["endsAt"] = rfc3339(alert.ends_at).into();
        }
        {
            let sent = &mut lock(&self.shared).sent;
            // What still goes on began when it began.
            let goes_on = |known: &&Sent| known.labels == alert.labels && known.ends_at >= alert.starts_at;
            if let Some(known) = sent.iter().rfind(goes_on) {
                alert.starts_at = known.starts_at;
            }
            sent.push(alert);
        }
        ask::post(to, "/api/v2/alerts", &json!([body])).map(drop)
    }

    /// What Alertmanager was sent from the `seen`-th on.
    pub fn sent_after(&self, seen: usize) -> Vec<Sent> {
        lock(&self.shared).sent.get(seen..).unwrap_or_default().to_vec()
    }
}

fn answer(shared: &Mutex<State>, clock: Clock, request: &Request) -> Answering {
    let at = clock.now();
    let alertmanager = {
        let state = lock(shared);
        state.alertmanager.filter(|_| state.reachable)
    };
    let Some(alertmanager) = alertmanager else { return Answering::HangUp };
    let content_type = request.header("content-type").unwrap_or("application/json");
    let body = (!request.body.is_empty()).then_some((content_type, request.body.as_slice()));
    // What is sent is known before Alertmanager can act on it.
    let sent = match request.method.as_str() {
        "POST" if request.target.ends_with("/alerts") => read(&request.body, at),
        _ => Vec::new(),
    };
    let before = {
        let mut state = lock(shared);
        let before = state.sent.len();
        state.sent.extend(sent);
        before
    };
    match ask::request(alertmanager, &request.method, &request.target, body) {
        Ok(answer) => Answering::Now(Reply {
            status: answer.status,
            content_type: if answer.content_type.contains("json") {
                "application/json"
            } else {
                "text/plain"
            },
            body: answer.body,
        }),
        // It took the request and stands still: once it goes on it will read it, though nobody waits for the answer.
        Err(AskError::Unreachable(error)) if is_timeout(&error) => Answering::HangUp,
        Err(_) => {
            // It came to nothing after all; only one request is under way at a time.
            lock(shared).sent.truncate(before);
            Answering::HangUp
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

fn read(body: &[u8], at: Timestamp) -> Vec<Sent> {
    let Ok(Value::Array(alerts)) = serde_json::from_slice(body) else { return Vec::new() };
    let sent = |alert: &Value| Sent {
        at,
        labels: labels(&alert["labels"]),
        annotations: labels(&alert["annotations"]),
        starts_at: instant(&alert["startsAt"]).unwrap_or_default(),
        ends_at: instant(&alert["endsAt"]).unwrap_or_default(),
        generator_url: alert["generatorURL"].as_str().unwrap_or_default().to_owned(),
    };
    alerts.iter().map(sent).collect()
}

pub fn labels(value: &Value) -> Labels {
    let entries = value.as_object().into_iter().flatten();
    Labels::verbatim(entries.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?))))
}

/// An instant of the machine's time, as Go writes it.
pub fn instant(value: &Value) -> Option<Timestamp> {
    let instant: jiff::Timestamp = value.as_str()?.parse().ok()?;
    Some(Timestamp(instant.as_millisecond()))
}

/// The same as it is written.
pub fn rfc3339(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| String::new(), |instant| instant.to_string())
}

fn lock(shared: &Mutex<State>) -> MutexGuard<'_, State> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
