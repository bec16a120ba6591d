//! The inbox under Debian's Alertmanager: every integration that it has finds its service, and its message arrives.

use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use firedrill::stack::alertmanager::IntegrationKind::{self, *};
use firedrill::time::Timestamp;
use firedrill::timeline::Outcome;
use firedrill::worlds::clock::Clock;
use firedrill::worlds::inbox::{Arrival, Inbox, Login, Mailbox};
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
    let mailbox = |receiver: &str, kind: IntegrationKind, stands_for: &str| Mailbox {
        receiver: receiver.to_owned(),
        kind,
        index: 0,
        stands_for: stands_for.to_owned(),
    };
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
    let (process, address) = alertmanager(folder.path());
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
    let metrics = request(address, "GET", "/metrics", &json!(null)).unwrap();
    let failed: Vec<&str> = metrics
        .lines()
        .filter(|line| line.starts_with("alertmanager_notifications_failed_total") && !line.ends_with(" 0"))
        .collect();
    assert_eq!(failed, [] as [&str; 0], "{}", process.log());
}

fn alertmanager(folder: &std::path::Path) -> (Process, SocketAddr) {
    let address = free_address().unwrap();
    let mut command = Command::new("prometheus-alertmanager");
    command
        .arg(format!("--config.file={}", folder.join("alertmanager.yml").display()))
        .arg(format!("--storage.path={}", folder.join("data").display()))
        .arg(format!("--web.listen-address={address}"))
        .arg("--cluster.listen-address=");
    let mut process = Process::start("alertmanager", folder, command).unwrap();
    process.wait_until_ready(Duration::from_secs(60), || TcpStream::connect(address).is_ok()).unwrap();
    (process, address)
}

fn wait_for(count: usize, inbox: &Inbox, process: &Process) -> Vec<Arrival> {
    let begun = Instant::now();
    loop {
        let arrived = inbox.arrivals_after(0);
        if arrived.len() >= count {
            return arrived;
        }
        let kinds = || arrived.iter().map(|arrival| arrival.mailbox.kind).collect::<Vec<_>>();
        assert!(begun.elapsed() < Duration::from_secs(60), "only {:?}\n{}", kinds(), process.log());
        std::thread::sleep(Duration::from_millis(20));
    }
}
