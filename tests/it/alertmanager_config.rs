//! Alertmanager's configuration: the same verdict as `amtool check-config` of Debian's 0.25.
//!
//! Every case is a whole file, or a base file with one stretch replaced. Both programs judge all of them.

use std::path::Path;
use std::process::Command;

use firedrill::diagnostic::SourceFile;
use firedrill::documents::alertmanager;
use firedrill::stack::alertmanager::Version;

use crate::{checked, real};

const BASE: &str = r#"global:
  resolve_timeout: 5m
  smtp_smarthost: 'smtp.example.com:587'
  smtp_from: 'alerts@example.com'
  smtp_auth_username: 'alerts@example.com'
  smtp_auth_password: 'secret'
  slack_api_url: 'https://hooks.slack.com/services/T/B/X'
  http_config: {follow_redirects: true}
templates: []
route:
  receiver: ops
  group_by: ['alertname', 'cluster']
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 4h
  routes:
    - match: {severity: critical}
      receiver: pager
      continue: true
      active_time_intervals: [hours]
    - match_re: {service: '^(a|b)$'}
      receiver: chat
      mute_time_intervals: [night]
    - matchers: ['team="db"', 'env!~"dev|test"']
      receiver: ops
inhibit_rules:
  - source_match: {severity: critical}
    target_match_re: {severity: 'warning|info'}
    equal: ['alertname', 'cluster']
  - source_matchers: ['severity="critical"']
    target_matchers: ['severity=~"warning"']
    equal: [instance]
receivers:
  - name: ops
    email_configs:
      - to: 'ops@example.com'
        headers: {Subject: 'Hello', X-Team: ops}
        html: '<b>x</b>'
        require_tls: false
    webhook_configs:
      - url: 'http://127.0.0.1:9/hook'
        max_alerts: 10
        send_resolved: true
  - name: pager
    pagerduty_configs:
      - routing_key: 'key'
        severity: critical
        details: {runbook: x}
        links: [{href: 'http://x', text: y}]
        images: [{src: 'http://x', alt: y, href: z}]
    opsgenie_configs:
      - api_key: 'key'
        responders: [{name: ops, type: team}]
    pushover_configs:
      - user_key: u
        token: t
        retry: 30s
    victorops_configs:
      - api_key: k
        routing_key: r
        custom_fields: {x: y}
    sns_configs:
      - topic_arn: 'arn:x'
        sigv4: {region: eu-west-1}
    telegram_configs:
      - bot_token: t
        chat_id: -100
        parse_mode: Markdown
    discord_configs:
      - webhook_url: 'https://discord.example.com/x'
    webex_configs:
      - room_id: r
        http_config: {authorization: {credentials: c}}
    wechat_configs:
      - api_secret: s
        corp_id: c
        message_type: markdown
  - name: chat
    slack_configs:
      - channel: '#alerts'
        fields: [{title: t, value: v, short: true}]
        actions: [{type: button, text: b, url: 'http://x'}]
        color: good
time_intervals:
  - name: hours
    time_intervals:
      - times: [{start_time: '09:00', end_time: '17:00'}]
        weekdays: ['monday:friday', 'sunday']
        days_of_month: ['1:5', '-3:-1']
        months: ['january:march', '6']
        years: ['2020:2030', '2040']
        location: 'Europe/Berlin'
mute_time_intervals:
  - name: night
    time_intervals:
      - times: [{start_time: '00:00', end_time: '24:00'}]
"#;

/// What is replaced in the base file, and by what.
const REPLACED: &[(&str, &str)] = &[
    ("resolve_timeout: 5m", "resolve_timeout: 5"),
    ("resolve_timeout: 5m", "resolve_timeout: 1h30m"),
    ("resolve_timeout: 5m", "resolve_timeout: 1.5h"),
    ("resolve_timeout: 5m", "resolve_timeout:"),
    ("resolve_timeout: 5m", "resolve_timeuot: 5m"),
    ("'smtp.example.com:587'", "'smtp.example.com'"),
    ("'smtp.example.com:587'", "'smtp.example.com:'"),
    ("'smtp.example.com:587'", "'[::1]:25'"),
    ("'smtp.example.com:587'", "''"),
    ("  smtp_from: 'alerts@example.com'\n", ""),
    ("smtp_auth_password: 'secret'", "smtp_auth_password: 'x'\n  smtp_auth_password_file: y"),
    ("  slack_api_url: 'https://hooks.slack.com/services/T/B/X'\n", ""),
    ("'https://hooks.slack.com/services/T/B/X'", "'hooks.slack.com/x'"),
    ("'https://hooks.slack.com/services/T/B/X'", "'ftp://hooks.slack.com/x'"),
    ("'https://hooks.slack.com/services/T/B/X'", "'https://'"),
    ("'https://hooks.slack.com/services/T/B/X'", "'<secret>'"),
    ("'https://hooks.slack.com/services/T/B/X'", "'http://h:x/'"),
    ("'https://hooks.slack.com/services/T/B/X'", "'http://h/%zz'"),
    ("'https://hooks.slack.com/services/T/B/X'", "'http://h/a b'"),
    ("'https://hooks.slack.com/services/T/B/X'", "'HTTP://h/a'"),
    ("slack_api_url: '", "slack_api_url_file: f\n  slack_api_url: '"),
    ("{follow_redirects: true}", "{follow_redirects: \"true\"}"),
    ("{follow_redirects: true}", "{follow_redirects: yes}"),
    ("{follow_redirects: true}", "{bearer_token: a, bearer_token_file: b}"),
    ("{follow_redirects: true}", "{basic_auth: {username: a}, bearer_token: b}"),
    ("{follow_redirects: true}", "{basic_auth: {username: a, password: b, password_file: c}}"),
    ("{follow_redirects: true}", "{authorization: {type: Basic}}"),
    ("{follow_redirects: true}", "{authorization: {credentials: a, credentials_file: b}}"),
    ("{follow_redirects: true}", "{oauth2: {client_id: a}}"),
    ("{follow_redirects: true}", "{oauth2: {client_id: a, client_secret: b}}"),
    ("{follow_redirects: true}", "{oauth2: {client_id: a, client_secret: b, token_url: c}}"),
    (
        "{follow_redirects: true}",
        "{oauth2: {client_id: a, client_secret: b, token_url: c, proxy_url: 'http://x'}}",
    ),
    ("{follow_redirects: true}", "{tls_config: {insecure_skip_verify: true, min_version: TLS12}}"),
    ("{follow_redirects: true}", "{tls_config: {min_version: TLS9}}"),
    ("{follow_redirects: true}", "{tls_config: {ca: x}}"),
    ("{follow_redirects: true}", "{http_headers: {x: {values: [y]}}}"),
    ("{follow_redirects: true}", "{no_proxy: x}"),
    ("{follow_redirects: true}", "{proxy_url: 'http://proxy'}"),
    ("{follow_redirects: true}", "{proxy_url: '%zz'}"),
    ("templates: []", "templates: nothing"),
    ("templates: []", "templates: ['*.tmpl']"),
    ("templates: []", "template: []"),
    ("  receiver: ops\n  group_by", "  group_by"),
    ("  receiver: ops\n  group_by", "  receiver: opps\n  group_by"),
    ("  receiver: ops\n  group_by", "  receiver: ops\n  match: {a: b}\n  group_by"),
    ("  receiver: ops\n  group_by", "  receiver: ops\n  match: {}\n  group_by"),
    ("  receiver: ops\n  group_by", "  receiver: ops\n  matchers: ['a=b']\n  group_by"),
    ("  receiver: ops\n  group_by", "  receiver: ops\n  matchers: []\n  group_by"),
    ("  receiver: ops\n  group_by", "  receiver: ops\n  match_re: {a: b}\n  group_by"),
    ("  receiver: ops\n  group_by", "  receiver: ops\n  continue: true\n  group_by"),
    ("  receiver: ops\n  group_by", "  receiver: ops\n  continue: false\n  group_by"),
    ("  receiver: ops\n  group_by", "  receiver: ops\n  mute_time_intervals: [night]\n  group_by"),
    ("  receiver: ops\n  group_by", "  receiver: ops\n  active_time_intervals: [hours]\n  group_by"),
    ("['alertname', 'cluster']\n  group_wait", "['...']\n  group_wait"),
    ("['alertname', 'cluster']\n  group_wait", "['...', 'alertname']\n  group_wait"),
    ("['alertname', 'cluster']\n  group_wait", "['alertname', 'alertname']\n  group_wait"),
    ("['alertname', 'cluster']\n  group_wait", "alertname\n  group_wait"),
    ("['alertname', 'cluster']\n  group_wait", "['alert-name']\n  group_wait"),
    ("['alertname', 'cluster']\n  group_wait", "['']\n  group_wait"),
    ("['alertname', 'cluster']\n  group_wait", "[5]\n  group_wait"),
    ("['alertname', 'cluster']\n  group_wait", "[]\n  group_wait"),
    ("group_wait: 30s", "group_wait: 0s"),
    ("group_wait: 30s", "group_wait: 30"),
    ("group_wait: 30s", "group_wait: ''"),
    ("group_wait: 30s", "group_wait: 30 s"),
    ("group_interval: 5m", "group_interval: 0s"),
    ("group_interval: 5m", "group_interval: 0"),
    ("group_interval: 5m", "group_interval:"),
    ("repeat_interval: 4h", "repeat_interval: 0m"),
    ("repeat_interval: 4h", "repeat_interval: 300y"),
    ("repeat_interval: 4h", "repeat_intervall: 4h"),
    ("{severity: critical}\n      receiver", "{severity: 5}\n      receiver"),
    ("{severity: critical}\n      receiver", "{'sev-erity': x}\n      receiver"),
    ("{severity: critical}\n      receiver", "{'a:b': x}\n      receiver"),
    ("{severity: critical}\n      receiver", "[severity]\n      receiver"),
    ("{severity: critical}\n      receiver", "{severity: [a]}\n      receiver"),
    ("{severity: critical}\n      receiver", "{severity: }\n      receiver"),
    ("receiver: pager", "receiver: pgaer"),
    ("receiver: pager", "reciever: pager"),
    ("receiver: pager", "receiver: ''"),
    ("continue: true", "continue: yes"),
    ("continue: true", "continue: 'yes'"),
    ("continue: true", "continue: 1"),
    ("[hours]", "[hour]"),
    ("[hours]", "hours"),
    ("[night]", "[hours, night]"),
    ("[night]", "[nihgt]"),
    ("'^(a|b)$'", "'^(a|b'"),
    ("'^(a|b)$'", "'a{,5}'"),
    ("'^(a|b)$'", "'(?=a)'"),
    ("'^(a|b)$'", "'[[:alpha:]]+'"),
    ("'^(a|b)$'", ""),
    ("['team=\"db\"', 'env!~\"dev|test\"']", "['team=db, env!=dev']"),
    ("['team=\"db\"', 'env!~\"dev|test\"']", "['{team=\"db\"}']"),
    ("['team=\"db\"', 'env!~\"dev|test\"']", "['team']"),
    ("['team=\"db\"', 'env!~\"dev|test\"']", "['team==db']"),
    ("['team=\"db\"', 'env!~\"dev|test\"']", "['team=\"db']"),
    ("['team=\"db\"', 'env!~\"dev|test\"']", "['team=d\"b']"),
    ("['team=\"db\"', 'env!~\"dev|test\"']", "['te-am=db']"),
    ("['team=\"db\"', 'env!~\"dev|test\"']", "['team=~\"[\"']"),
    ("['team=\"db\"', 'env!~\"dev|test\"']", "['']"),
    ("['team=\"db\"', 'env!~\"dev|test\"']", "'team=db'"),
    ("['team=\"db\"', 'env!~\"dev|test\"']", "['a=b,,c=d']"),
    ("['team=\"db\"', 'env!~\"dev|test\"']", "['a=b,']"),
    ("['team=\"db\"', 'env!~\"dev|test\"']", "[{team: db}]"),
    ("source_match: {severity: critical}", "source_match: {'a-b': critical}"),
    ("source_match: {severity: critical}", "source_matcher: {severity: critical}"),
    ("source_match: {severity: critical}", "name: x\n    source_match: {severity: critical}"),
    ("['alertname', 'cluster']\n  - source", "['alert-name']\n  - source"),
    ("['alertname', 'cluster']\n  - source", "alertname\n  - source"),
    ("equal: [instance]", "equal: []"),
    ("['severity=~\"warning\"']", "['severity=~\"(\"']"),
    ("  - name: pager", "  - name: ops"),
    ("  - name: pager", "  - nam: pager"),
    ("  - name: pager", "  - name: ''"),
    ("to: 'ops@example.com'", "to: 'ops@example.com'\n        subject: 'x'"),
    ("to: 'ops@example.com'", "to: 'ops@example.com'\n        body: 'x'"),
    ("to: 'ops@example.com'", "from: 'ops@example.com'"),
    ("to: 'ops@example.com'", "to: [a, b]"),
    ("{Subject: 'Hello', X-Team: ops}", "{Subject: 'Hello', subject: ops}"),
    ("{Subject: 'Hello', X-Team: ops}", "['Subject: x']"),
    ("{Subject: 'Hello', X-Team: ops}", "{Subject: }"),
    ("require_tls: false", "require_tls: maybe"),
    ("require_tls: false", "tls_config: {ca_file: x}"),
    ("require_tls: false", "smarthost: 'x'"),
    ("url: 'http://127.0.0.1:9/hook'\n", "send_resolved: true\n"),
    ("url: 'http://127.0.0.1:9/hook'\n        max_alerts: 10", "max_alerts: 10"),
    ("'http://127.0.0.1:9/hook'", "'127.0.0.1:9/hook'"),
    ("max_alerts: 10", "max_alerts: -1"),
    ("max_alerts: 10", "max_alerts: 0x10"),
    ("max_alerts: 10", "max_alerts: ten"),
    ("max_alerts: 10", "max_alerts: 1_000"),
    ("max_alerts: 10", "url_file: x"),
    ("max_alerts: 10", "timeout: 5s"),
    ("send_resolved: true", "send_resolved: 'true'"),
    ("routing_key: 'key'\n        severity", "severity"),
    ("routing_key: 'key'", "routing_key: 'key'\n        routing_key_file: x"),
    ("routing_key: 'key'", "service_key_file: x"),
    ("severity: critical\n        details", "severity: critical\n        url: foo\n        details"),
    ("{runbook: x}", "{runbook: {a: b}}"),
    ("{runbook: x}", "[runbook]"),
    ("{href: 'http://x', text: y}", "{hrf: 'http://x', text: y}"),
    ("api_key: 'key'\n        responders", "responders"),
    ("{name: ops, type: team}", "{name: ops, type: teem}"),
    ("{name: ops, type: team}", "{name: ops, type: TEAM}"),
    ("{name: ops, type: team}", "{name: ops, type: '{{ .x }}'}"),
    ("{name: ops, type: team}", "{type: team}"),
    ("user_key: u\n", "sound: u\n"),
    ("token: t\n        retry", "retry"),
    ("retry: 30s", "retry: 30"),
    ("retry: 30s", "retry: 1d"),
    ("retry: 30s", "retry: 1.5m"),
    ("retry: 30s", "html: true"),
    ("routing_key: r\n", "message_type: r\n"),
    ("custom_fields: {x: y}", "custom_fields: {entity_id: y}"),
    ("topic_arn: 'arn:x'", "topic_arn: 'arn:x'\n        phone_number: '1'"),
    ("topic_arn: 'arn:x'", "topic_arn: 'arn:x'\n        phone_number: '1'\n        target_arn: x"),
    ("topic_arn: 'arn:x'", "subject: x"),
    ("{region: eu-west-1}", "{region: eu-west-1, access_key: a}"),
    ("{region: eu-west-1}", "{region: eu-west-1, access_key: a, secret_key: b}"),
    ("bot_token: t\n", "message: t\n"),
    ("chat_id: -100", "chat_id: 0"),
    ("chat_id: -100", "chat_id: '-100'"),
    ("chat_id: -100", "chat_id: abc"),
    ("parse_mode: Markdown", "parse_mode: markdown"),
    ("parse_mode: Markdown", "parse_mode: ''"),
    ("webhook_url: 'https://discord.example.com/x'", "title: x"),
    ("webhook_url: 'https://discord.example.com/x'", "webhook_url_file: x"),
    ("room_id: r\n", "message: r\n"),
    ("http_config: {authorization: {credentials: c}}", "http_config: {}"),
    ("http_config: {authorization: {credentials: c}}", "http_config: {bearer_token: c}"),
    ("api_secret: s\n", "to_user: s\n"),
    ("corp_id: c\n", "to_user: s\n"),
    ("message_type: markdown", "message_type: html"),
    ("{title: t, value: v, short: true}", "{title: t}"),
    ("{title: t, value: v, short: true}", "{value: t}"),
    ("{title: t, value: v, short: true}", "{title: t, value: v, short: x}"),
    ("{type: button, text: b, url: 'http://x'}", "{type: button, text: b}"),
    ("{type: button, text: b, url: 'http://x'}", "{type: button, text: b, name: n, confirm: {title: x}}"),
    ("{type: button, text: b, url: 'http://x'}", "{text: b, url: x}"),
    ("channel: '#alerts'", "chanel: '#alerts'"),
    ("channel: '#alerts'", "channel: {a: b}"),
    ("channel: '#alerts'", "channel: '#alerts'\n        channel: '#x'"),
    ("channel: '#alerts'", "api_url: 'http://x'\n        api_url_file: y"),
    ("slack_configs:", "slack_config:"),
    ("slack_configs:", "msteams_configs:"),
    ("  - name: hours", "  - name: night"),
    ("  - name: hours", "  - nme: hours"),
    ("'09:00'", "'9:00'"),
    ("'09:00'", "'17:00'"),
    ("'09:00'", "'24:00'"),
    ("'09:00'", "09:00"),
    ("'09:00'", "''"),
    ("'17:00'", "'25:00'"),
    ("'17:00'", "'24:01'"),
    ("'monday:friday'", "'friday:monday'"),
    ("'monday:friday'", "'Monday:FRIDAY'"),
    ("'monday:friday'", "'mon:fri'"),
    ("'monday:friday'", "'monday:friday:sunday'"),
    ("'monday:friday'", "1"),
    ("'1:5'", "'5:1'"),
    ("'1:5'", "'0'"),
    ("'1:5'", "'32'"),
    ("'1:5'", "'-1:1'"),
    ("'1:5'", "'20:-10'"),
    ("'1:5'", "'x'"),
    ("'january:march'", "'march:january'"),
    ("'january:march'", "'foo'"),
    ("'january:march'", "'13'"),
    ("'2020:2030'", "'2030:2020'"),
    ("'2020:2030'", "'x'"),
    ("'Europe/Berlin'", "'Europe/Nowhere'"),
    ("'Europe/Berlin'", "'Local'"),
    ("'Europe/Berlin'", "'UTC'"),
    ("'Europe/Berlin'", "''"),
    ("weekdays: [", "weekday: ["),
    ("mute_time_intervals:\n  - name", "mute_time_interval:\n  - name"),
];

/// Whole files.
const FILES: &[&str] = &[
    BASE,
    "route: {receiver: x}\nreceivers: [{name: x}]",
    "receivers: [{name: x}]",
    "route:\nreceivers: [{name: x}]",
    "route: {}\nreceivers: [{name: x}]",
    "route: {receiver: x}",
    "route: {receiver: x}\nreceivers: []",
    "",
    "\n\n# nothing\n",
    "[]",
    "text",
    "route: {receiver: x}\nreceivers: {name: x}",
    "route: [{receiver: x}]\nreceivers: [{name: x}]",
    "route: {receiver: x}\nroute: {receiver: x}\nreceivers: [{name: x}]",
    "global:\nroute: {receiver: x}\nreceivers: [{name: x}]",
    "global: {}\nroute: {receiver: x}\nreceivers: [{name: x}]",
    "global: []\nroute: {receiver: x}\nreceivers: [{name: x}]",
    "route: {receiver: x, routes: [{receiver: y}]}\nreceivers: [{name: x}]",
    "route: {receiver: x, routes: [{routes: [{routes: [{matchers: ['a=b']}]}]}]}\nreceivers: [{name: x}]",
    "route: {receiver: x, routes: {receiver: y}}\nreceivers: [{name: x}]",
    "route: {receiver: 5}\nreceivers: [{name: 5}]",
    "route: &a {receiver: x}\nreceivers: [{name: x}]",
    "tracing: {}\nroute: {receiver: x}\nreceivers: [{name: x}]",
];

#[test]
fn the_verdict_is_that_of_amtool() {
    if !real::available(&["amtool"]) {
        return;
    }
    let mut cases: Vec<(String, String)> =
        FILES.iter().map(|text| (format!("a whole file: {text}"), text.to_string())).collect();
    for (from, to) in REPLACED.iter().filter(|(from, to)| from != to) {
        assert!(BASE.contains(from), "nothing to replace: {from}");
        cases.push((format!("`{from}` → `{to}`"), BASE.replacen(from, to, 1)));
    }
    assert!(cases.len() > 200, "only {} cases", cases.len());
    let folder = tempfile::tempdir().unwrap();
    let answers = amtool(folder.path(), &cases);
    let mut wrong = Vec::new();
    for ((name, text), real) in cases.iter().zip(answers) {
        let file = SourceFile::new("alertmanager.yml", text.as_str());
        let (model, problems) = alertmanager::read(&file, Version::OLDEST);
        let ours = problems.iter().map(|problem| problem.message.clone()).collect::<Vec<_>>().join("; ");
        assert_eq!(model.is_some(), problems.is_empty(), "{name}");
        if model.is_some() != real.is_ok() {
            wrong.push(format!("{name}\n  amtool: {real:?}\n  firedrill: {ours}"));
        }
        for (path, text) in
            [("alertmanager.yml", text.clone()), ("guide.md", checked::guide("alertmanager.yml", text))]
        {
            let told = checked::refusals(path, &text, (None, Some(Version::OLDEST)));
            if told.is_empty() != real.is_ok() {
                wrong.push(format!(
                    "{name}, checked in {path}\n  amtool: {real:?}\n  firedrill: {}",
                    told.join("\n")
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// amtool's answer for each case, from one run over all files.
fn amtool(folder: &Path, cases: &[(String, String)]) -> Vec<Result<(), String>> {
    let paths: Vec<_> = (0..cases.len()).map(|at| folder.join(format!("{at}.yml"))).collect();
    for (path, (_, text)) in paths.iter().zip(cases) {
        std::fs::write(path, text).unwrap();
    }
    let output = Command::new("amtool").arg("check-config").args(&paths).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    paths
        .iter()
        .map(|path| {
            let start = text.find(&format!("Checking '{}'", path.display())).unwrap_or_else(|| {
                panic!("no answer for {}: {}", path.display(), String::from_utf8_lossy(&output.stderr))
            });
            let answer = text[start..]
                .split_once('\n')
                .map_or("", |(line, rest)| if line.contains("SUCCESS") { "SUCCESS" } else { rest });
            let line = text[start..].lines().next().unwrap_or_default();
            match line.contains("SUCCESS") {
                true => Ok(()),
                false => Err(format!("{line} {}", answer.lines().next().unwrap_or_default())),
            }
        })
        .collect()
}
