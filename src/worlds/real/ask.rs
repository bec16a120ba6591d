//! Questions to the real programs' HTTP APIs.
//!
//! HTTP/1.0, one connection a question: the answer comes in one piece and ends with it.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

const TO_CONNECT: Duration = Duration::from_secs(2);
const TO_ANSWER: Duration = Duration::from_secs(20);

#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub content_type: String,
    pub body: String,
}

#[derive(Debug, thiserror::Error)]
pub enum AskError {
    #[error("{0}")]
    Unreachable(#[from] io::Error),
    #[error("this is no HTTP answer")]
    NoAnswer,
    #[error("status {0}: {1}")]
    Status(u16, String),
    #[error("this is no JSON: {0}")]
    NoJson(#[from] serde_json::Error),
}

/// The JSON that a GET gives.
pub fn get(address: SocketAddr, path: &str) -> Result<Value, AskError> {
    json(request(address, "GET", path, None)?)
}

/// The JSON that a POST of JSON gives.
pub fn post(address: SocketAddr, path: &str, body: &Value) -> Result<Value, AskError> {
    json(request(address, "POST", path, Some(("application/json", body.to_string().as_bytes())))?)
}

pub fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    body: Option<(&str, &[u8])>,
) -> Result<Answer, AskError> {
    let mut stream = TcpStream::connect_timeout(&address, TO_CONNECT)?;
    stream.set_read_timeout(Some(TO_ANSWER))?;
    stream.set_nodelay(true)?;
    let mut request =
        format!("{method} {path} HTTP/1.0\r\nHost: {address}\r\nConnection: close\r\n").into_bytes();
    if let Some((content_type, body)) = body {
        let head = format!("Content-Type: {content_type}\r\nContent-Length: {}\r\n", body.len());
        request.extend(head.as_bytes());
        request.extend(b"\r\n");
        request.extend(body);
    } else {
        request.extend(b"\r\n");
    }
    stream.write_all(&request)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    read(&answer).ok_or(AskError::NoAnswer)
}

/// Whether it answers this path with success.
pub fn is_ready(address: SocketAddr, path: &str) -> bool {
    request(address, "GET", path, None).is_ok_and(|answer| answer.status == 200)
}

/// A text as a part of a query: every byte escaped that could mean something else.
pub fn escaped(text: &str) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => out.push(byte.into()),
            _ => drop(write!(out, "%{byte:02X}")),
        }
    }
    out
}

fn json(answer: Answer) -> Result<Value, AskError> {
    match answer.status {
        200..=299 if answer.body.trim().is_empty() => Ok(Value::Null),
        200..=299 => Ok(serde_json::from_str(&answer.body)?),
        status => Err(AskError::Status(status, answer.body.trim().to_owned())),
    }
}

fn read(answer: &[u8]) -> Option<Answer> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&answer[..end]);
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let content_type = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        .map_or(String::new(), |(_, value)| value.trim().to_owned());
    let body = String::from_utf8_lossy(&answer[end + 4..]).into_owned();
    Some(Answer { status, content_type, body })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worlds::http::{Answering, Reply, serve};
    use serde_json::json;

    #[test]
    fn an_answer_is_read_or_said_to_be_none() {
        let server = serve(|request| {
            Answering::Now(match request.target.as_str() {
                "/echo" => Reply::text(200, String::from_utf8_lossy(&request.body).into_owned()),
                "/empty" => Reply::text(200, ""),
                _ => Reply::text(404, "nothing here\n"),
            })
        })
        .unwrap();
        let address = server.address();
        assert_eq!(post(address, "/echo", &json!({"a": 1})).unwrap(), json!({"a": 1}));
        assert_eq!(get(address, "/empty").unwrap(), Value::Null);
        assert_eq!(get(address, "/x").unwrap_err().to_string(), "status 404: nothing here");
        assert!(is_ready(address, "/empty") && !is_ready(address, "/x"));
        drop(server);
        assert!(matches!(get(address, "/empty"), Err(AskError::Unreachable(_))));
    }

    #[test]
    fn a_query_is_escaped() {
        assert_eq!(escaped("a{b=~\"é\"}[5m]"), "a%7Bb%3D~%22%C3%A9%22%7D%5B5m%5D".replace('~', "%7E"));
    }
}
