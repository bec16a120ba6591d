//! The receivers' side: takes requests and mails, notes when, and answers as told.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use firedrill::twin::alertmanager::Behaviour;
use serde_json::Value;

/// What arrived, in the order of arrival.
#[derive(Clone, Debug)]
pub struct Arrival {
    pub at: Instant,
    /// The path of the request, without its slash; `mail` for a mail.
    pub path: String,
    pub body: Value,
    pub answered: bool,
}

#[derive(Clone, Default)]
pub struct Inbox {
    arrivals: Arc<Mutex<Vec<Arrival>>>,
    behaviours: Arc<Mutex<HashMap<String, Behaviour>>>,
    pub http_port: u16,
    pub smtp_port: u16,
}

impl Inbox {
    pub fn start() -> Inbox {
        let (http, smtp) = (listener(), listener());
        let inbox = Inbox {
            http_port: http.local_addr().unwrap().port(),
            smtp_port: smtp.local_addr().unwrap().port(),
            ..Inbox::default()
        };
        let (for_http, for_smtp) = (inbox.clone(), inbox.clone());
        thread::spawn(move || serve(&http, move |stream| for_http.clone().http(stream)));
        thread::spawn(move || serve(&smtp, move |stream| for_smtp.clone().smtp(stream)));
        inbox
    }

    pub fn behave(&self, path: &str, behaviour: Behaviour) {
        self.behaviours.lock().unwrap().insert(path.to_owned(), behaviour);
    }

    pub fn arrivals(&self) -> Vec<Arrival> {
        self.arrivals.lock().unwrap().clone()
    }

    fn arrived(&self, path: &str, body: Value, answered: bool) {
        let arrival = Arrival { at: Instant::now(), path: path.to_owned(), body, answered };
        self.arrivals.lock().unwrap().push(arrival);
    }

    fn http(self, stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let mut writer = stream;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let path = line.split(' ').nth(1)?.trim_start_matches('/').to_owned();
            let mut length = 0;
            loop {
                let mut header = String::new();
                reader.read_line(&mut header).ok()?;
                match header.trim().split_once(':') {
                    None => break,
                    Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                        length = value.trim().parse().ok()?;
                    }
                    Some(_) => {}
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).ok()?;
            let behaviour = self.behaviours.lock().unwrap().get(&path).cloned().unwrap_or_default();
            let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
            self.arrived(&path, body, behaviour == Behaviour::Accept);
            let status = match behaviour {
                Behaviour::Status(code) => code,
                Behaviour::Timeout => {
                    // Until the other side hangs up.
                    drop(reader.read_line(&mut String::new()));
                    return None;
                }
                _ => 200,
            };
            write!(writer, "HTTP/1.1 {status} Told\r\nContent-Length: 2\r\n\r\nok").ok()?;
        }
    }

    fn smtp(self, stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let mut writer = stream;
        let mut say = |text: &str| writer.write_all(format!("{text}\r\n").as_bytes()).ok();
        let mut to = Vec::new();
        let mut from = String::new();
        say("220 inbox")?;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let address = || line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
            match line.get(..4).map(str::to_ascii_uppercase).as_deref() {
                Some("EHLO" | "HELO") => say("250 inbox")?,
                Some("MAIL") => {
                    from = address();
                    say("250 ok")?;
                }
                Some("RCPT") => {
                    to.push(address());
                    say("250 ok")?;
                }
                Some("DATA") => {
                    say("354 go on")?;
                    let mut text = String::new();
                    loop {
                        let mut line = String::new();
                        reader.read_line(&mut line).ok()?;
                        if line.trim_end() == "." {
                            break;
                        }
                        text.push_str(line.strip_prefix('.').unwrap_or(&line));
                    }
                    self.arrived("mail", super::mail::read(&from, &to, &text), true);
                    say("250 ok")?;
                }
                Some("QUIT") => {
                    say("221 bye")?;
                    return None;
                }
                _ => say("500 what?")?,
            }
        }
    }
}

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

fn serve(listener: &TcpListener, handle: impl Fn(TcpStream) -> Option<()> + Send + Sync + Clone + 'static) {
    for stream in listener.incoming().flatten() {
        let handle = handle.clone();
        thread::spawn(move || handle(stream));
    }
}

/// A request to Alertmanager's API; the body of its answer.
/// In HTTP/1.0, which has no chunks.
pub fn request(address: SocketAddr, method: &str, path: &str, body: &Value) -> Result<String, String> {
    let failed = |error: std::io::Error| error.to_string();
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(5)).map_err(failed)?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).map_err(failed)?;
    let body = body.to_string();
    let head = format!(
        "{method} {path} HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).map_err(failed)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(failed)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    match head.split(' ').nth(1) {
        Some("200") => Ok(body.to_owned()),
        _ => Err(answer),
    }
}
