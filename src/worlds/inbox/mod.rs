//! The inbox: receives in place of Slack, PagerDuty, mail servers … what the real Alertmanager sends.
//!
//! Each integration of each receiver has a [`Mailbox`] with an address of its own, so that whatever arrives is
//! known by where it arrives and never guessed from its text. It answers as the real service does, or fails as
//! it is told to. Loopback only. Behind TLS it shows certificates of an authority of its own, which the real
//! Alertmanager must be told to trust.

mod base64;
mod mail;
mod services;
mod smtp;

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::authority::Authority;
use super::clock::Clock;
use super::connection::Connection;
use super::http::{self, Answering, Request};
use super::server::Server;
use crate::stack::alertmanager::IntegrationKind;
use crate::time::Timestamp;
use crate::timeline::{Message, Outcome};

pub use smtp::Login;

/// Alertmanager begins with TLS at this port of a mail server, and at no other.
pub const MAIL_OVER_TLS: u16 = 465;

/// One integration of one receiver, and what it usually talks to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mailbox {
    pub receiver: String,
    pub kind: IntegrationKind,
    /// Among the receiver's integrations of that kind.
    pub index: usize,
    /// The URL that the mailbox stands in for; what arrives is said to have gone there.
    pub stands_for: String,
}

/// What arrived, and what was answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    pub at: Timestamp,
    pub mailbox: Mailbox,
    pub message: Message,
    pub outcome: Outcome,
}

/// How a mailbox treats what arrives from now on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Manner {
    /// Before it does anything else; a mail server waits after the mail is in.
    pub delay: std::time::Duration,
    pub answer: Answer,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub enum Answer {
    #[default]
    Accept,
    /// This HTTP status; a mail server refuses for good below 500, and for now from there on.
    Status(u16),
    /// The message is read, and the connection closed.
    Drop,
    /// The message is read, and no answer ever given.
    Never,
}

/// Receives until it is dropped.
#[derive(Debug)]
pub struct Inbox {
    shared: Arc<Shared>,
    authority: Arc<Authority>,
    http: Server,
    /// Started with the first mailbox that needs it.
    https: Option<Server>,
    /// Of one mailbox each: mail servers, proxies.
    own: Vec<Server>,
}

#[derive(Debug)]
struct Shared {
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    mailboxes: Vec<Mailbox>,
    manners: BTreeMap<usize, Manner>,
    arrivals: Vec<Arrival>,
}

impl Inbox {
    pub fn start(clock: Clock) -> io::Result<Inbox> {
        let shared = Arc::new(Shared { clock, state: Mutex::default() });
        let answering = Arc::clone(&shared);
        let http = http::serve(move |request| answering.request(request))?;
        Ok(Inbox { shared, authority: Arc::new(Authority::new()?), http, https: None, own: Vec::new() })
    }

    /// The certificate, in PEM, of the authority that whoever talks TLS to the inbox must trust.
    pub fn authority(&self) -> &str {
        self.authority.certificate()
    }

    /// The URL at which the mailbox receives; below it every path is the mailbox's too.
    pub fn open(&self, mailbox: Mailbox) -> String {
        format!("http://{}/{}/", self.http.address(), self.shared.add(mailbox))
    }

    /// The same with TLS.
    pub fn open_securely(&mut self, mailbox: Mailbox) -> io::Result<String> {
        let address = match &self.https {
            Some(server) => server.address(),
            None => {
                let answering = Arc::clone(&self.shared);
                let authority = Arc::clone(&self.authority);
                let server = http::serve_securely(authority, move |request| answering.request(request))?;
                self.https.insert(server).address()
            }
        };
        Ok(format!("https://{address}/{}/", self.shared.add(mailbox)))
    }

    /// The URL of a proxy for this mailbox alone: whatever is sent through it, to whatever host, with TLS or without, the
    /// mailbox receives. For an integration whose URL is not configured anywhere.
    pub fn open_as_proxy(&mut self, mailbox: Mailbox) -> io::Result<String> {
        let number = self.shared.add(mailbox);
        let (shared, authority) = (Arc::clone(&self.shared), Arc::clone(&self.authority));
        let server = http::serve_as_proxy(authority, move |request| {
            shared.request_to(number, request, path_of(&request.target))
        })?;
        let url = format!("http://{}", server.address());
        self.own.push(server);
        Ok(url)
    }

    /// A mail server for this mailbox alone, with TLS for those who ask for it. Where `login` is known, nobody else is
    /// let in.
    pub fn open_mail(&mut self, mailbox: Mailbox, login: Option<Login>) -> io::Result<SocketAddr> {
        let number = self.shared.add(mailbox);
        let (shared, authority) = (Arc::clone(&self.shared), Arc::clone(&self.authority));
        let server = Server::start(move |stream| {
            let connection = Connection::clear(stream);
            // An error here is the other side's going away.
            drop(smtp::converse(connection, &authority, login.as_ref(), |mail| shared.mail(number, mail)));
        })?;
        let address = server.address();
        self.own.push(server);
        Ok(address)
    }

    /// A mail server that begins with TLS, at [`MAIL_OVER_TLS`] of a loopback address that has it free. Few but
    /// root may listen there.
    pub fn open_mail_over_tls(&mut self, mailbox: Mailbox, login: Option<Login>) -> io::Result<SocketAddr> {
        let number = self.shared.add(mailbox);
        let serve = {
            let (shared, authority) = (Arc::clone(&self.shared), Arc::clone(&self.authority));
            Arc::new(move |stream: &std::net::TcpStream| {
                let Ok(connection) = Connection::secure(stream, &authority) else { return };
                drop(smtp::converse(connection, &authority, login.as_ref(), |mail| {
                    shared.mail(number, mail)
                }));
            })
        };
        let mut hosts = (1..=254).map(|host| IpAddr::V4(Ipv4Addr::new(127, 0, 0, host)));
        let server = loop {
            let Some(host) = hosts.next() else { return Err(io::ErrorKind::AddrInUse.into()) };
            let serve = Arc::clone(&serve);
            match Server::start_at((host, MAIL_OVER_TLS).into(), move |stream| serve(stream)) {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                started => break started?,
            }
        };
        let address = server.address();
        self.own.push(server);
        Ok(address)
    }

    /// From now on the receiver's mailboxes behave in this manner; with `of`, only that one.
    pub fn behave(&self, receiver: &str, of: Option<(IntegrationKind, usize)>, manner: &Manner) {
        let mut state = self.shared.state();
        let meant: Vec<usize> = (0..state.mailboxes.len())
            .filter(|number| {
                let mailbox = &state.mailboxes[*number];
                mailbox.receiver == receiver && of.is_none_or(|of| of == (mailbox.kind, mailbox.index))
            })
            .collect();
        for number in meant {
            state.manners.insert(number, manner.clone());
        }
    }

    /// What arrived from the `seen`-th on, in the order of arrival.
    pub fn arrivals_after(&self, seen: usize) -> Vec<Arrival> {
        self.shared.state().arrivals.get(seen..).unwrap_or_default().to_vec()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The new mailbox's number.
    fn add(&self, mailbox: Mailbox) -> usize {
        let mut state = self.state();
        state.mailboxes.push(mailbox);
        state.mailboxes.len() - 1
    }

    fn request(&self, request: &Request) -> Answering {
        match addressed(&request.target) {
            Some((number, rest)) => self.request_to(number, request, rest),
            None => Answering::Now(services::nobody()),
        }
    }

    fn request_to(&self, number: usize, request: &Request, rest: &str) -> Answering {
        let at = self.clock.now();
        let Some(mailbox) = self.state().mailboxes.get(number).cloned() else {
            return Answering::Now(services::nobody());
        };
        let manner = self.manner(number);
        if let (Some(reply), Answer::Accept) = (services::aside(&mailbox, request, rest), &manner.answer) {
            // A question that goes before the message: a token, a search.
            return Answering::Now(reply);
        }
        let received = match services::receive(&mailbox, request, rest) {
            Ok(received) => received,
            Err(refusal) => return Answering::Now(refusal),
        };
        let (outcome, answering) = match manner.answer {
            Answer::Accept => {
                let reply = services::reply(&mailbox, &received, at);
                (Outcome::Delivered, delayed(manner.delay, reply))
            }
            Answer::Status(status) => {
                let outcome = match status {
                    200..=299 => Outcome::Delivered,
                    _ => services::failed(mailbox.kind, status),
                };
                (outcome, delayed(manner.delay, services::refusal(status)))
            }
            Answer::Drop => (Outcome::WillRetry("the connection was closed".into()), Answering::HangUp),
            Answer::Never => (Outcome::WillRetry("no answer".into()), Answering::Never),
        };
        let message = Message::Http(vec![received]);
        self.state().arrivals.push(Arrival { at, mailbox, message, outcome });
        answering
    }

    fn mail(&self, number: usize, mail: crate::timeline::Mail) -> Manner {
        let at = self.clock.now();
        let manner = self.manner(number);
        let outcome = match manner.answer {
            Answer::Accept | Answer::Status(..300) => Outcome::Delivered,
            // Alertmanager tries every refused mail again.
            Answer::Status(status) => Outcome::WillRetry(format!("refused with {}", smtp::refusal(status))),
            Answer::Drop => Outcome::WillRetry("the connection was closed".into()),
            Answer::Never => Outcome::WillRetry("no answer".into()),
        };
        let mut state = self.state();
        let mailbox = state.mailboxes[number].clone();
        state.arrivals.push(Arrival { at, mailbox, message: Message::Mail(mail), outcome });
        manner
    }

    fn manner(&self, number: usize) -> Manner {
        self.state().manners.get(&number).cloned().unwrap_or_default()
    }
}

/// The mailbox that a path names, and the path below it.
fn addressed(target: &str) -> Option<(usize, &str)> {
    let path = target.strip_prefix('/')?;
    let end = path.find(['/', '?']).unwrap_or(path.len());
    let number = path[..end].parse().ok()?;
    let rest = &path[end..];
    Some((number, rest.strip_prefix('/').unwrap_or(rest)))
}

/// The path in a URL that a proxy is asked for, or in what is asked for behind a tunnel.
fn path_of(target: &str) -> &str {
    let path = match target.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
        None => target,
    };
    path.strip_prefix('/').unwrap_or(path)
}

fn delayed(delay: std::time::Duration, reply: http::Reply) -> Answering {
    match delay.is_zero() {
        true => Answering::Now(reply),
        false => Answering::After(delay, reply),
    }
}

#[cfg(test)]
mod tests;
