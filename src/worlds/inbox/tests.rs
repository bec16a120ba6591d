use std::io::{Read, Write};
use std::net::TcpStream;

use super::*;

fn mailbox(kind: IntegrationKind, stands_for: &str) -> Mailbox {
    Mailbox { receiver: "team".into(), kind, index: 0, stands_for: stands_for.into() }
}

fn inbox() -> Inbox {
    Inbox::start(Clock::starting(Timestamp(0), 1)).unwrap()
}

/// Posts JSON and gives the status and the body of the answer; nothing where there is none.
fn post(url: &str, body: &str) -> Option<(u16, String)> {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let length = body.len();
    let request =
        format!("POST /{path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}

/// Says each line to the mail server, and gives the codes that it answers with, its greeting first.
fn talk(address: SocketAddr, lines: &[&str]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all((lines.join("\r\n") + "\r\n").as_bytes()).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let last = answer.lines().filter(|line| line.as_bytes().get(3) != Some(&b'-'));
    last.map(|line| &line[..3]).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_service_answers_in_its_own_way() {
    use IntegrationKind::*;
    let inbox = inbox();
    for (kind, stands_for, sent, status, answer) in [
        (Slack, "https://hooks.slack.com/services/T/B/X", "{}", 200, "ok"),
        (
            Slack,
            "https://slack.com/api/chat.postMessage",
            r##"{"channel":"#a"}"##,
            200,
            r##"{"ok":true,"channel":"#a","ts":"##,
        ),
        (
            PagerDuty,
            "https://events.pagerduty.com/v2/enqueue",
            r#"{"routing_key":"k","dedup_key":"d"}"#,
            202,
            r#"{"status":"success","message":"Event processed","dedup_key":"d"}"#,
        ),
        (
            PagerDuty,
            "https://events.pagerduty.com/generic/2010-04-15/create_event.json",
            r#"{"service_key":"k","incident_key":"i"}"#,
            200,
            r#"{"status":"success","message":"Event processed","incident_key":"i"}"#,
        ),
        (OpsGenie, "https://api.opsgenie.com/", "{}", 202, r#"{"result":"Request will be processed""#),
        (Telegram, "https://api.telegram.org", r#"{"chat_id":"-5"}"#, 200, r#"{"ok":true,"result":{"#),
        (Discord, "https://discord.com/api/webhooks/1/x", "{}", 204, ""),
        (MsTeams, "https://example.webhook.office.com/x", "{}", 200, "1"),
        (Webhook, "https://example.com/hook", "no JSON", 400, "invalid_payload"),
    ] {
        let url = inbox.open(mailbox(kind, stands_for));
        let (got, body) = post(&url, sent).unwrap();
        assert_eq!((got, body.starts_with(answer)), (status, true), "{kind:?}: {body}");
    }
    // What could not be read did not arrive.
    assert_eq!(inbox.arrivals_after(0).len(), 8);
}

#[test]
fn what_arrives_is_said_to_have_gone_to_the_service() {
    let inbox = inbox();
    let hook = inbox.open(mailbox(IntegrationKind::Slack, "https://hooks.slack.com/services/T/B/X"));
    let api = inbox.open(mailbox(IntegrationKind::OpsGenie, "https://api.opsgenie.com/"));
    post(&hook, r#"{"text":"a"}"#).unwrap();
    post(&format!("{api}v2/alerts"), r#"{"message":"b"}"#).unwrap();
    let urls: Vec<String> = inbox
        .arrivals_after(0)
        .iter()
        .map(|arrival| match &arrival.message {
            Message::Http(requests) => requests[0].url.clone(),
            Message::Mail(_) => String::new(),
        })
        .collect();
    assert_eq!(urls, ["https://hooks.slack.com/services/T/B/X", "https://api.opsgenie.com/v2/alerts"]);
    assert_eq!(post(&hook.replace("/0/", "/7/"), "{}").unwrap().0, 404);
}

#[test]
fn a_mailbox_fails_as_it_is_told_to() {
    let inbox = inbox();
    let hook = inbox.open(mailbox(IntegrationKind::Webhook, "https://example.com/hook"));
    let behave = |answer| inbox.behave("team", None, &Manner { answer, ..Manner::default() });
    for (answer, status, outcome) in [
        (Answer::Status(500), Some(500), Outcome::WillRetry("unexpected status code 500".into())),
        (Answer::Status(404), Some(404), Outcome::Failed("unexpected status code 404".into())),
        (Answer::Drop, None, Outcome::WillRetry("the connection was closed".into())),
        (Answer::Accept, Some(200), Outcome::Delivered),
    ] {
        behave(answer);
        assert_eq!(post(&hook, "{}").map(|(status, _)| status), status);
        assert_eq!(inbox.arrivals_after(0).pop().unwrap().outcome, outcome);
    }
}

#[test]
fn one_integration_of_a_receiver_may_fail_alone() {
    let inbox = inbox();
    let hook = inbox.open(mailbox(IntegrationKind::Webhook, "https://example.com/hook"));
    let slack = inbox.open(mailbox(IntegrationKind::Slack, "https://hooks.slack.com/x"));
    let manner = Manner { answer: Answer::Status(503), ..Manner::default() };
    inbox.behave("team", Some((IntegrationKind::Slack, 0)), &manner);
    assert_eq!(post(&hook, "{}").unwrap().0, 200);
    assert_eq!(post(&slack, "{}").unwrap().0, 503);
}

#[test]
fn wechat_gets_its_token_without_a_notification() {
    let inbox = inbox();
    let url = inbox.open(mailbox(IntegrationKind::WeChat, "https://qyapi.weixin.qq.com/cgi-bin/"));
    let (_, token) = post(&format!("{url}gettoken?corpid=a"), "").unwrap();
    assert!(token.contains(r#""access_token":"#), "{token}");
    assert_eq!(inbox.arrivals_after(0), []);
}

#[test]
fn a_mail_is_received_with_its_envelope() {
    let mut inbox = inbox();
    let address = inbox.open_mail(mailbox(IntegrationKind::Email, "smtp:25"), None).unwrap();
    let codes = talk(
        address,
        &[
            "EHLO localhost",
            "MAIL FROM:<a@example.com> BODY=8BITMIME",
            "RCPT TO:<b@example.com>",
            "DATA",
            "Subject: hello",
            "",
            "..a dot",
            ".",
            "QUIT",
        ],
    );
    assert_eq!(codes, "220 250 250 250 354 250 221");
    let arrivals = inbox.arrivals_after(0);
    let mail = arrivals[0].message.mail().unwrap();
    assert_eq!(
        (mail.from.as_str(), mail.to.as_slice()),
        ("a@example.com", &["b@example.com".to_owned()][..])
    );
    assert_eq!((mail.subject(), mail.text.as_deref()), ("hello", Some(".a dot\n")));
}

#[test]
fn a_refused_mail_is_recorded_as_refused() {
    let mut inbox = inbox();
    let address = inbox.open_mail(mailbox(IntegrationKind::Email, "smtp:25"), None).unwrap();
    let send = ["EHLO x", "MAIL FROM:<a@x>", "RCPT TO:<b@x>", "DATA", "hi", ".", "QUIT"];
    for (answer, codes) in [
        (Answer::Status(500), "220 250 250 250 354 451 221"),
        (Answer::Status(400), "220 250 250 250 354 554 221"),
        (Answer::Drop, "220 250 250 250 354"),
    ] {
        inbox.behave("team", None, &Manner { answer, ..Manner::default() });
        assert_eq!(talk(address, &send), codes);
    }
    assert!(inbox.arrivals_after(0).iter().all(|arrival| arrival.outcome != Outcome::Delivered));
}

#[test]
fn only_who_knows_the_password_may_send() {
    let mut inbox = inbox();
    let login = Login { user: "me".into(), password: "secret".into() };
    let address = inbox.open_mail(mailbox(IntegrationKind::Email, "smtp:25"), Some(login)).unwrap();
    let plain =
        |password: &str| format!("AUTH PLAIN {}", base64::encode(format!("\0me\0{password}").as_bytes()));
    let (right, wrong) = (plain("secret"), plain("guess"));
    let (user, password) = (base64::encode(b"me"), base64::encode(b"secret"));
    for (lines, codes) in [
        (vec!["EHLO x", "MAIL FROM:<a@x>"], "220 250 530"),
        (vec!["EHLO x", &wrong, "MAIL FROM:<a@x>"], "220 250 535 530"),
        (vec!["EHLO x", &right, "MAIL FROM:<a@x>"], "220 250 235 250"),
        (vec!["EHLO x", "AUTH LOGIN", &user, &password, "MAIL FROM:<a@x>"], "220 250 334 334 235 250"),
        (vec!["EHLO x", "AUTH CRAM-MD5", &user], "220 250 334 535"),
        (vec!["EHLO x", "AUTH GSSAPI"], "220 250 504"),
    ] {
        assert_eq!(talk(address, &lines), codes, "{lines:?}");
    }
}
