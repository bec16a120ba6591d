//! The inbox under Debian's Alertmanager: every integration that it has finds its service, and its message arrives.

use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use firedrill::stack::alertmanager::IntegrationKind::{self, *};
use firedrill::time::Timestamp;
use firedrill::timeline::{Message, Outcome};
use firedrill::worlds::clock::Clock;
use firedrill::worlds::inbox::{Answer, Arrival, Inbox, Login, MAIL_OVER_TLS, Mailbox, Manner};
use firedrill::worlds::process::{Process, free_address};
use serde_json::json;

use crate::alertmanager_parity::request;
use crate::real;

#[test]
fn the_real_alertmanager_is_content_with_every_service() {
    if !real::available(&["prometheus-alertmanager"]) {
        return;
    }
    let mut inbox = Inbox::start(Clock::starting(Timestamp(0), 1)).unwrap();
    let login = Login { user: "me".to_owned(), password: "secret".to_owned() };
    let mail = inbox.open_mail(mailbox("mail", Email, "smtp.example.com:587"), Some(login)).unwrap();
    let open = |kind, stands_for| inbox.open(mailbox("all", kind, stands_for));
    let config = format!(
        "route:
  receiver: all
  group_wait: 10ms
  routes: [{{ receiver: all, matchers: ['alertname=~\".*\"'], continue: true }}, {{ receiver: mail }}]
receivers:
  - name: mail
    email_configs:
      - {{ to: b@example.com, from: a@example.com, smarthost: '{mail}', require_tls: false, hello: localhost,
          auth_username: me, auth_secret: secret, auth_password: secret }}
  - name: all
    webhook_configs: [{{ url: '{webhook}' }}]
    slack_configs: [{{ api_url: '{slack}', channel: '#a' }}]
    pagerduty_configs: [{{ url: '{pagerduty}', routing_key: k }}]
    opsgenie_configs: [{{ api_url: '{opsgenie}', api_key: k }}]
    victorops_configs: [{{ api_url: '{victorops}', api_key: k, routing_key: r }}]
    telegram_configs: [{{ api_url: '{telegram}', bot_token: t, chat_id: -5 }}]
    wechat_configs: [{{ api_url: '{wechat}', api_secret: s, corp_id: c, to_user: u, agent_id: '1' }}]
    discord_configs: [{{ webhook_url: '{discord}' }}]
    webex_configs: [{{ api_url: '{webex}', room_id: r, http_config: {{ authorization: {{ credentials: t }} }} }}]
    sns_configs: [{{ api_url: '{sns}', topic_arn: 'arn:aws:sns:us-east-2:123456789012:a',
                     sigv4: {{ region: us-east-2, access_key: a, secret_key: s }} }}]
",
        webhook = open(Webhook, "https://example.com/hook"),
        slack = open(Slack, "https://hooks.slack.com/services/T/B/X"),
        pagerduty = open(PagerDuty, "https://events.pagerduty.com/v2/enqueue"),
        opsgenie = open(OpsGenie, "https://api.opsgenie.com/"),
        victorops = open(VictorOps, "https://alert.victorops.com/integrations/generic/20131114/alert/"),
        telegram = open(Telegram, "https://api.telegram.org").trim_end_matches('/'),
        wechat = open(WeChat, "https://qyapi.weixin.qq.com/cgi-bin/"),
        discord = open(Discord, "https://discord.com/api/webhooks/1/x"),
        webex = open(Webex, "https://webexapis.com/v1/messages"),
        sns = open(Sns, "https://sns.us-east-2.amazonaws.com"),
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("alertmanager.yml"), config).unwrap();
    let (process, address) = alertmanager(folder.path(), &inbox);
    let alert = json!([{ "labels": { "alertname": "Down" }, "annotations": { "summary": "It is down" } }]);
    request(address, "POST", "/api/v2/alerts", &alert).unwrap();
    let arrived = wait_for(11, &inbox, &process);
    let mut kinds: Vec<IntegrationKind> = arrived.iter().map(|arrival| arrival.mailbox.kind).collect();
    kinds.sort();
    assert_eq!(
        kinds,
        [Webhook, Email, PagerDuty, OpsGenie, WeChat, Slack, VictorOps, Sns, Telegram, Discord, Webex]
    );
    for arrival in &arrived {
        assert_eq!(arrival.outcome, Outcome::Delivered, "{arrival:?}");
        let texts = arrival.message.texts().join(" ");
        // What OpsGenie's and VictorOps' clients say of an alert is in their templates too.
        assert!(texts.contains("Down"), "{arrival:?}");
    }
    // It did not try again, and says that nothing failed.
    assert_eq!(failed(address), [] as [String; 0], "{}", process.log());
}

#[test]
fn the_real_alertmanager_talks_tls_to_the_inbox() {
    if !real::available(&["prometheus-alertmanager"]) {
        return;
    }
    let mut inbox = Inbox::start(Clock::starting(Timestamp(0), 1)).unwrap();
    let login = || Some(Login { user: "me".to_owned(), password: "secret".to_owned() });
    let upgraded = inbox.open_mail(mailbox("upgraded", Email, "smtp.example.com:587"), login()).unwrap();
    let digest = inbox.open_mail(mailbox("digest", Email, "smtp.example.com:25"), login()).unwrap();
    let over_tls = inbox.open_mail_over_tls(mailbox("over-tls", Email, "smtp.example.com:465"), login());
    let over_tls = match over_tls {
        Ok(address) => address,
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "port {MAIL_OVER_TLS} cannot be listened at: {error}");
            eprintln!("skipped: port {MAIL_OVER_TLS} cannot be listened at: {error}");
            return;
        }
    };
    let webhook = inbox.open_securely(mailbox("https", Webhook, "https://example.com/hook")).unwrap();
    let flaky = inbox.open_securely(mailbox("flaky", Webhook, "https://example.com/flaky")).unwrap();
    let pushover = inbox.open_as_proxy(mailbox("proxied", Pushover, "https://api.pushover.net/")).unwrap();
    // What else a team reaches by its name only, in the clear and behind TLS.
    let clear = inbox.open_as_proxy(mailbox("clear", Webhook, "http://hooks.internal/")).unwrap();
    let config = format!(
        "global: {{ smtp_hello: localhost, smtp_from: a@example.com }}
route:
  receiver: upgraded
  group_wait: 10ms
  routes:
    - {{ receiver: upgraded, matchers: ['alertname=~\".*\"'], continue: true }}
    - {{ receiver: digest, matchers: ['alertname=~\".*\"'], continue: true }}
    - {{ receiver: over-tls, matchers: ['alertname=~\".*\"'], continue: true }}
    - {{ receiver: https, matchers: ['alertname=~\".*\"'], continue: true }}
    - {{ receiver: flaky, matchers: ['alertname=~\".*\"'], continue: true }}
    - {{ receiver: proxied, matchers: ['alertname=~\".*\"'], continue: true }}
    - {{ receiver: clear }}
receivers:
  # TLS is required unless somebody says otherwise.
  - name: upgraded
    email_configs: [{{ to: b@example.com, smarthost: '{upgraded}', auth_username: me, auth_password: secret }}]
  - name: digest
    email_configs:
      [{{ to: b@example.com, smarthost: '{digest}', auth_username: me, auth_secret: secret, require_tls: false }}]
  - name: over-tls
    email_configs:
      [{{ to: b@example.com, smarthost: '{over_tls}', auth_username: me, auth_password: secret, require_tls: false }}]
  - name: https
    webhook_configs: [{{ url: '{webhook}' }}]
  - name: flaky
    webhook_configs: [{{ url: '{flaky}' }}]
  - name: proxied
    pushover_configs: [{{ user_key: u, token: t, http_config: {{ proxy_url: '{pushover}' }} }}]
  - name: clear
    webhook_configs: [{{ url: 'http://hooks.internal/a/b', http_config: {{ proxy_url: '{clear}' }} }}]
"
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("alertmanager.yml"), config).unwrap();
    let (process, address) = alertmanager(folder.path(), &inbox);
    let fails = |answer| inbox.behave("flaky", None, &Manner { answer, ..Manner::default() });
    let arrived_at = |receiver: &str| {
        let arrivals = inbox.arrivals_after(0).into_iter();
        arrivals.filter(|arrival| arrival.mailbox.receiver == receiver).collect::<Vec<_>>()
    };
    fails(Answer::Status(503));
    let alert = json!([{ "labels": { "alertname": "Down" }, "annotations": { "summary": "It is down" } }]);
    request(address, "POST", "/api/v2/alerts", &alert).unwrap();
    wait_until("seven messages", &inbox, &process, || {
        ["upgraded", "digest", "over-tls", "https", "flaky", "proxied", "clear"]
            .iter()
            .all(|receiver| !arrived_at(receiver).is_empty())
    });
    // Refused, hung up on, and let in at last: it tries again by itself.
    fails(Answer::Drop);
    let dropped = || arrived_at("flaky").iter().any(|one| format!("{:?}", one.outcome).contains("closed"));
    wait_until("one that is dropped", &inbox, &process, dropped);
    fails(Answer::Accept);
    let delivered = || arrived_at("flaky").last().is_some_and(|last| last.outcome == Outcome::Delivered);
    wait_until("one that is let in", &inbox, &process, delivered);

    for receiver in ["upgraded", "digest", "over-tls", "https", "proxied", "clear"] {
        let arrived = arrived_at(receiver);
        assert_eq!(arrived.len(), 1, "{receiver}\n{}", process.log());
        assert_eq!(arrived[0].outcome, Outcome::Delivered, "{receiver}");
        assert!(arrived[0].message.texts().join(" ").contains("Down"), "{receiver}");
    }
    let url = |receiver: &str| match &arrived_at(receiver)[0].message {
        Message::Http(requests) => requests[0].url.clone(),
        Message::Mail(_) => panic!("{receiver} got a mail"),
    };
    assert_eq!(url("https"), "https://example.com/hook");
    assert_eq!(url("proxied"), "https://api.pushover.net/1/messages.json");
    assert_eq!(url("clear"), "http://hooks.internal/a/b");
    assert_eq!(failed(address), [] as [String; 0], "{}", process.log());
}

fn mailbox(receiver: &str, kind: IntegrationKind, stands_for: &str) -> Mailbox {
    Mailbox { receiver: receiver.to_owned(), kind, index: 0, stands_for: stands_for.to_owned() }
}

/// What it says of notifications that failed for good.
fn failed(address: SocketAddr) -> Vec<String> {
    let metrics = request(address, "GET", "/metrics", &json!(null)).unwrap();
    let lines = metrics.lines().filter(|line| line.starts_with("alertmanager_notifications_failed_total"));
    lines.filter(|line| !line.ends_with(" 0")).map(str::to_owned).collect()
}

fn alertmanager(folder: &std::path::Path, inbox: &Inbox) -> (Process, SocketAddr) {
    let address = free_address().unwrap();
    let trusted = folder.join("authority.pem");
    std::fs::write(&trusted, inbox.authority()).unwrap();
    let mut command = Command::new("prometheus-alertmanager");
    command
        .arg(format!("--config.file={}", folder.join("alertmanager.yml").display()))
        .arg(format!("--storage.path={}", folder.join("data").display()))
        .arg(format!("--web.listen-address={address}"))
        .arg("--cluster.listen-address=")
        // Go's own way of naming whom to trust.
        .env("SSL_CERT_FILE", trusted);
    let mut process = Process::start("alertmanager", folder, command).unwrap();
    process.wait_until_ready(Duration::from_secs(60), || TcpStream::connect(address).is_ok()).unwrap();
    (process, address)
}

fn wait_for(count: usize, inbox: &Inbox, process: &Process) -> Vec<Arrival> {
    let what = format!("{count} messages");
    wait_until(&what, inbox, process, || inbox.arrivals_after(0).len() >= count);
    inbox.arrivals_after(0)
}

fn wait_until(what: &str, inbox: &Inbox, process: &Process, happened: impl Fn() -> bool) {
    let begun = Instant::now();
    while !happened() {
        let arrived: Vec<String> = inbox
            .arrivals_after(0)
            .iter()
            .map(|arrival| {
                format!("{} {:?} {:?}", arrival.mailbox.receiver, arrival.mailbox.kind, arrival.outcome)
            })
            .collect();
        assert!(begun.elapsed() < Duration::from_secs(60), "no {what}, only {arrived:#?}\n{}", process.log());
        std::thread::sleep(Duration::from_millis(20));
    }
}
