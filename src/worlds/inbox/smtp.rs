//! A mail server's side of one conversation: EHLO, STARTTLS, AUTH with PLAIN, LOGIN or CRAM-MD5, and mails.

use std::io::{self, BufRead, BufReader, Read, Write};

use md5::{Digest, Md5};

use super::{Answer, Manner, base64, mail};
use crate::timeline::Mail;
use crate::worlds::authority::Authority;
use crate::worlds::connection::Connection;

const LONGEST_LINE: u64 = 64 * 1024;
const LONGEST_MAIL: usize = 64 * 1024 * 1024;

/// Who may send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    pub user: String,
    pub password: String,
}

/// Talks until the other side leaves. TLS is begun when it asks for it, unless there is TLS already. `take` gets each
/// mail, and says how it is answered.
pub fn converse(
    connection: Connection<'_>,
    authority: &Authority,
    login: Option<&Login>,
    take: impl Fn(Mail) -> Manner,
) -> io::Result<()> {
    let mut session = Session { reader: BufReader::new(connection) };
    session.say("220 inbox.firedrill ESMTP")?;
    let mut known = login.is_none();
    let mut envelope = Envelope::default();
    while let Some(line) = session.line()? {
        let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => {
                envelope = Envelope::default();
                let offer = if session.is_secure() { "" } else { "250-STARTTLS\r\n" };
                session.say(&format!(
                    "250-inbox.firedrill\r\n250-8BITMIME\r\n{offer}250 AUTH PLAIN LOGIN CRAM-MD5"
                ))?;
            }
            "STARTTLS" if !session.is_secure() => {
                session.say("220 2.0.0 ready to start TLS")?;
                session.begin_tls(authority)?;
                // What was said in the clear does not count.
                known = login.is_none();
                envelope = Envelope::default();
            }
            "HELO" => session.say("250 inbox.firedrill")?,
            "AUTH" => match session.authenticate(rest, login)? {
                Some(true) => {
                    known = true;
                    session.say("235 2.7.0 authentication successful")?;
                }
                Some(false) => session.say("535 5.7.8 authentication credentials invalid")?,
                None => session.say("504 5.5.4 unrecognized authentication type")?,
            },
            "MAIL" if !known => session.say("530 5.7.0 authentication required")?,
            "MAIL" => {
                envelope = Envelope { from: Some(address(rest)), to: Vec::new() };
                session.say("250 2.1.0 ok")?;
            }
            "RCPT" if envelope.from.is_some() => {
                envelope.to.push(address(rest));
                session.say("250 2.1.5 ok")?;
            }
            "DATA" if !envelope.to.is_empty() => {
                session.say("354 end with a line that is a dot")?;
                let Some(text) = session.text()? else {
                    return session.say("552 5.3.4 message too big");
                };
                let Envelope { from, to } = std::mem::take(&mut envelope);
                let manner = take(mail::read(from.unwrap_or_default(), to, &text));
                std::thread::sleep(manner.delay);
                match manner.answer {
                    Answer::Accept | Answer::Status(..300) => session.say("250 2.0.0 ok")?,
                    Answer::Status(status) => session.say(refusal(status))?,
                    Answer::Drop => return Ok(()),
                    Answer::Never => {
                        // Whatever else is said goes unheard.
                        while session.line()?.is_some() {}
                        return Ok(());
                    }
                }
            }
            "RCPT" | "DATA" => session.say("503 5.5.1 bad sequence of commands")?,
            "RSET" => {
                envelope = Envelope::default();
                session.say("250 2.0.0 ok")?;
            }
            "NOOP" => session.say("250 2.0.0 ok")?,
            "QUIT" => return session.say("221 2.0.0 bye"),
            _ => session.say("502 5.5.2 command not recognized")?,
        }
    }
    Ok(())
}

/// The reply that comes nearest to an HTTP status.
pub fn refusal(status: u16) -> &'static str {
    match status {
        500.. => "451 4.3.0 try again later",
        _ => "554 5.7.1 refused",
    }
}

#[derive(Default)]
struct Envelope {
    from: Option<String>,
    to: Vec<String>,
}

struct Session<'s> {
    reader: BufReader<Connection<'s>>,
}

impl Session<'_> {
    fn say(&mut self, text: &str) -> io::Result<()> {
        let connection = self.reader.get_mut();
        connection.write_all(format!("{text}\r\n").as_bytes())?;
        connection.flush()
    }

    fn is_secure(&self) -> bool {
        self.reader.get_ref().is_secure()
    }

    fn begin_tls(&mut self, authority: &Authority) -> io::Result<()> {
        if !self.reader.buffer().is_empty() {
            // Commands sent along in the clear must not be taken for ones that came behind TLS.
            return Err(io::ErrorKind::InvalidData.into());
        }
        self.reader.get_mut().begin_tls(authority)
    }

    /// The next line without its end; nothing when the other side has left.
    fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        self.reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)?;
        Ok(line.ends_with(b"\n").then(|| String::from_utf8_lossy(&line).trim_end().to_owned()))
    }

    /// A mail up to its dot; nothing when it is longer than any.
    fn text(&mut self) -> io::Result<Option<String>> {
        let mut text = Vec::new();
        loop {
            let start = text.len();
            self.reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut text)?;
            match &text[start..] {
                [] => return Err(io::ErrorKind::UnexpectedEof.into()),
                b".\r\n" | b".\n" => {
                    text.truncate(start);
                    return Ok(Some(String::from_utf8_lossy(&text).into_owned()));
                }
                // A dot that begins a line is sent twice.
                [b'.', ..] => drop(text.remove(start)),
                _ => {}
            }
            if text.len() > LONGEST_MAIL {
                return Ok(None);
            }
        }
    }

    /// Whether the other side is who it must be; `None` for a mechanism that is not spoken here.
    fn authenticate(&mut self, request: &str, login: Option<&Login>) -> io::Result<Option<bool>> {
        let (mechanism, initial) = request.split_once(' ').unwrap_or((request, ""));
        let matches = |user: &str, password: &str| {
            login.is_none_or(|login| login.user == user && login.password == password)
        };
        Ok(match mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" => {
                let answer = match initial {
                    "" => self.ask("")?,
                    initial => base64::decode(initial),
                };
                let answer = answer.map(|answer| String::from_utf8_lossy(&answer).into_owned());
                // Whom to act for, the user, the password.
                let parts: Vec<&str> = answer.as_deref().unwrap_or_default().split('\0').collect();
                Some(matches!(parts[..], [_, user, password] if matches(user, password)))
            }
            "LOGIN" => {
                let user = match initial {
                    "" => self.ask("Username:")?,
                    initial => base64::decode(initial),
                };
                let password = self.ask("Password:")?;
                let text = |bytes: Vec<u8>| String::from_utf8(bytes).ok();
                match (user.and_then(text), password.and_then(text)) {
                    (Some(user), Some(password)) => Some(matches(&user, &password)),
                    _ => Some(false),
                }
            }
            "CRAM-MD5" => {
                const CHALLENGE: &str = "<1.1@inbox.firedrill>";
                let answer = self.ask(CHALLENGE)?.and_then(|answer| String::from_utf8(answer).ok());
                let Some((user, digest)) = answer.as_deref().and_then(|answer| answer.rsplit_once(' '))
                else {
                    return Ok(Some(false));
                };
                Some(login.is_none_or(|login| {
                    login.user == user && keyed_md5(login.password.as_bytes(), CHALLENGE.as_bytes()) == digest
                }))
            }
            _ => None,
        })
    }

    /// The answer to a challenge; nothing where it is not base64.
    fn ask(&mut self, challenge: &str) -> io::Result<Option<Vec<u8>>> {
        self.say(&format!("334 {}", base64::encode(challenge.as_bytes())))?;
        Ok(self.line()?.and_then(|line| base64::decode(&line)))
    }
}

/// HMAC with MD5 (RFC 2104), in hexadecimal.
fn keyed_md5(key: &[u8], text: &[u8]) -> String {
    let mut block = [0; 64];
    match key.len() > block.len() {
        true => block[..16].copy_from_slice(&Md5::digest(key)),
        false => block[..key.len()].copy_from_slice(key),
    }
    let inner = Md5::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(text).finalize();
    let outer = Md5::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize();
    outer.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `FROM:<a@example.com> BODY=8BITMIME`: what stands in the brackets.
fn address(text: &str) -> String {
    let inside = text.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inside.map_or("", |(address, _)| address).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_the_standards_example() {
        assert_eq!(
            keyed_md5(b"tanstaaftanstaaf", b"<1896.697170952@postoffice.reston.mci.net>"),
            "b913a602c7eda7a495b4e6e7334d3890"
        );
    }
}
