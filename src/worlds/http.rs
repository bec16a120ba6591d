//! As much of HTTP/1.1 as the programs speak that we serve: requests with a stated length, kept-alive
//! connections, and answers that may come late or never.
//!
//! Refuses bodies without a length, and what is longer than anything these programs send.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use super::authority::Authority;
use super::connection::Connection;
use super::server::Server;

const LONGEST_HEAD: u64 = 64 * 1024;
const LONGEST_BODY: u64 = 64 * 1024 * 1024;

#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub method: String,
    /// As it stands in the request: a path, or a whole URL when the server is used as a proxy.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    pub status: u16,
    pub content_type: &'static str,
    pub body: String,
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Answering {
    Now(Reply),
    After(Duration, Reply),
    /// The connection is closed without a word.
    HangUp,
    /// No answer until the other side has had enough.
    Never,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

impl Reply {
    pub fn text(status: u16, body: impl Into<String>) -> Reply {
        Reply { status, content_type: "text/plain; charset=utf-8", body: body.into() }
    }

    pub fn json(status: u16, body: &serde_json::Value) -> Reply {
        Reply { status, content_type: "application/json", body: body.to_string() }
    }
}

/// A server that answers each request by `answer`.
pub fn serve(answer: impl Fn(&Request) -> Answering + Send + Sync + 'static) -> io::Result<Server> {
    Server::start(move |stream| {
        // An error here is the other side's going away.
        drop(converse(BufReader::new(Connection::clear(stream)), None, &answer));
    })
}

/// The same behind TLS.
pub fn serve_securely(
    authority: Arc<Authority>,
    answer: impl Fn(&Request) -> Answering + Send + Sync + 'static,
) -> io::Result<Server> {
    Server::start(move |stream| {
        let Ok(connection) = Connection::secure(stream, &authority) else { return };
        drop(converse(BufReader::new(connection), None, &answer));
    })
}

/// A proxy that leads nowhere else: whatever host is asked for, `answer` answers in its place, also behind TLS.
pub fn serve_as_proxy(
    authority: Arc<Authority>,
    answer: impl Fn(&Request) -> Answering + Send + Sync + 'static,
) -> io::Result<Server> {
    Server::start(move |stream| {
        drop(converse(BufReader::new(Connection::clear(stream)), Some(&authority), &answer));
    })
}

/// With `tunnels`, the other end of a tunnel that is asked for is here too.
fn converse(
    mut reader: BufReader<Connection<'_>>,
    tunnels: Option<&Authority>,
    answer: &impl Fn(&Request) -> Answering,
) -> io::Result<()> {
    loop {
        let request = match read(&mut reader)? {
            Incoming::Request(request) => request,
            Incoming::End => return Ok(()),
            Incoming::Refused(reply) => return write(reader.get_mut(), &reply, false),
        };
        if let Some(authority) = tunnels.filter(|_| request.method == "CONNECT") {
            if !reader.buffer().is_empty() || reader.get_ref().is_secure() {
                // Sent before the tunnel was there, or a tunnel in a tunnel.
                return Err(io::ErrorKind::InvalidData.into());
            }
            reader.get_mut().write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
            reader.get_mut().begin_tls(authority)?;
            continue;
        }
        let reply = match answer(&request) {
            Answering::Now(reply) => reply,
            Answering::After(delay, reply) => {
                if reader.get_mut().gone_within(Some(delay))? {
                    return Ok(());
                }
                reply
            }
            Answering::HangUp => return Ok(()),
            Answering::Never => return reader.get_mut().gone_within(None).map(drop),
        };
        let keep = !request.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        write(reader.get_mut(), &reply, keep)?;
        if !keep {
            return Ok(());
        }
    }
}

enum Incoming {
    Request(Request),
    End,
    Refused(Reply),
}

fn read(reader: &mut BufReader<Connection<'_>>) -> io::Result<Incoming> {
    let mut head = reader.by_ref().take(LONGEST_HEAD);
    let mut line = || -> io::Result<Option<String>> {
        let mut line = Vec::new();
        head.read_until(b'\n', &mut line)?;
        Ok(line.ends_with(b"\n").then(|| String::from_utf8_lossy(&line).trim_end().to_owned()))
    };
    let Some(first) = line()? else { return Ok(Incoming::End) };
    let mut words = first.split(' ');
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Ok(Incoming::Refused(Reply::text(400, "this is no HTTP")));
    };
    let mut headers = Vec::new();
    loop {
        match line()? {
            None => return Ok(Incoming::Refused(Reply::text(431, "the header is too long"))),
            Some(line) if line.is_empty() => break,
            Some(line) => match line.split_once(':') {
                Some((name, value)) => headers.push((name.to_owned(), value.trim().to_owned())),
                None => return Ok(Incoming::Refused(Reply::text(400, "a header without a colon"))),
            },
        }
    }
    let (method, target) = (method.to_owned(), target.to_owned());
    let mut request = Request { method, target, headers, body: Vec::new() };
    if request.header("transfer-encoding").is_some() {
        return Ok(Incoming::Refused(Reply::text(411, "the body's length must be stated")));
    }
    let length = request.header("content-length").map_or(Ok(0), str::parse);
    match length {
        Ok(length) if length <= LONGEST_BODY => {
            request.body = vec![0; length as usize];
            reader.read_exact(&mut request.body)?;
            Ok(Incoming::Request(request))
        }
        Ok(_) => Ok(Incoming::Refused(Reply::text(413, "the body is too long"))),
        Err(_) => Ok(Incoming::Refused(Reply::text(400, "the body's length is no number"))),
    }
}

fn write(connection: &mut Connection<'_>, reply: &Reply, keep: bool) -> io::Result<()> {
    let Reply { status, content_type, body } = reply;
    let keeping = if keep { "keep-alive" } else { "close" };
    let mut text = format!("HTTP/1.1 {status} {}\r\nConnection: {keeping}\r\n", reason(*status));
    // An answer with this status has no body at all.
    if *status != 204 {
        text.push_str(&format!("Content-Type: {content_type}\r\nContent-Length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    if *status != 204 {
        text.push_str(body);
    }
    connection.write_all(text.as_bytes())?;
    connection.flush()
}

/// Nobody reads the words; a line without any would be odd.
fn reason(status: u16) -> &'static str {
    match status {
        200..=299 => "OK",
        300..=399 => "Redirect",
        400..=499 => "Client Error",
        500..=599 => "Server Error",
        _ => "Status",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpStream;
    use std::time::Instant;

    /// What comes back for `sent` when every request is answered with what it held.
    fn check(sent: &str, expected: &str) {
        let server = serve(|request| {
            let body = String::from_utf8_lossy(&request.body).into_owned();
            let reply = Reply::text(200, format!("{} {} {body}", request.method, request.target));
            match request.target.as_str() {
                "/late" => Answering::After(Duration::from_millis(30), reply),
                "/gone" => Answering::HangUp,
                _ => Answering::Now(reply),
            }
        })
        .unwrap();
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream.write_all(sent.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut got = String::new();
        drop(stream.read_to_string(&mut got));
        let shown: Vec<&str> = got
            .split("\r\n")
            .filter(|line| {
                !line.is_empty() && !line.starts_with("Content-") && !line.starts_with("Connection")
            })
            .collect();
        assert_eq!(shown.join(" | "), expected, "{sent:?}");
    }

    #[test]
    fn requests_on_one_connection_are_answered_in_order() {
        check(
            "POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nhelloGET /b HTTP/1.1\r\nConnection: close\r\n\r\n",
            "HTTP/1.1 200 OK | POST /a helloHTTP/1.1 200 OK | GET /b ",
        );
    }

    #[test]
    fn what_is_no_request_is_refused() {
        check("hello\r\n\r\n", "HTTP/1.1 400 Client Error | this is no HTTP");
        check(
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 411 Client Error | the body's length must be stated",
        );
        check(
            "POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
            "HTTP/1.1 413 Client Error | the body is too long",
        );
        check("GET / HTTP/1.1\r\nHos", "HTTP/1.1 431 Client Error | the header is too long");
        check("GET /gone HTTP/1.1\r\n\r\n", "");
    }

    #[test]
    fn an_answer_may_be_late() {
        let server =
            serve(|_| Answering::After(Duration::from_millis(60), Reply::text(200, "at last"))).unwrap();
        let mut stream = TcpStream::connect(server.address()).unwrap();
        let asked = Instant::now();
        stream.write_all(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n").unwrap();
        let mut got = String::new();
        stream.read_to_string(&mut got).unwrap();
        assert!(got.ends_with("at last"), "{got}");
        assert!(asked.elapsed() >= Duration::from_millis(60));
    }
}
