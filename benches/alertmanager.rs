//! A day of the embedded Alertmanager: 10,000 alerts in 1,000 groups through a tree of 200 routes, every
//! notification rendered.
//!
//! Run by `ci/bench.sh`. The alerts are pushed every minute, as Prometheus does; each hour a tenth of them resolves and
//! fires again. All that is seen is kept, as the twin keeps it. With `--check` it fails where it takes more of the
//! processor's time than the project promises.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Instant;

use firedrill::diagnostic::SourceFile;
use firedrill::documents::alertmanager as documents;
use firedrill::labels::Labels;
use firedrill::stack::alertmanager::Version;
use firedrill::time::{Duration, Timestamp};
use firedrill::timeline::{Observation, Observed};
use firedrill::twin::alertmanager::{Alertmanager, PushedAlert, Templates};

const TEAMS: usize = 20;
/// Below each team: one route a service, of which there are nine, and the team's own.
const SERVICES: usize = 9;
const GROUPS: usize = 1_000;
const ALERTS: usize = 10_000;
const HOURS: i64 = 24;
const START: Timestamp = Timestamp(1_772_323_200_000);
const PROMISED_SECONDS: f64 = 10.0;

fn main() {
    let check = std::env::args().any(|argument| argument == "--check");
    let seen = Seen::default();
    let begun = Instant::now();
    let seen = day(seen);
    let wall = begun.elapsed().as_secs_f64();
    let usage = usage();
    let seconds = usage.ru_utime.tv_sec as f64 + usage.ru_utime.tv_usec as f64 / 1e6;
    let sent: usize = seen.sent.values().sum();
    println!(
        "{ALERTS} alerts, {GROUPS} groups, {} routes, {HOURS} h: {wall:.2} s ({seconds:.2} s of the processor), {} MiB at most; \
         {sent} notifications, {:.0} a second, {} MiB of text",
        TEAMS * (1 + SERVICES),
        usage.ru_maxrss / 1024,
        sent as f64 / wall,
        seen.bytes >> 20,
    );
    let kinds: Vec<String> = seen.sent.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    println!("  {}", kinds.join(", "));
    if check && seconds > PROMISED_SECONDS {
        eprintln!("slower than promised: {PROMISED_SECONDS} s");
        std::process::exit(1);
    }
}

#[derive(Default)]
struct Seen {
    all: Vec<Observation>,
    sent: BTreeMap<&'static str, usize>,
    bytes: usize,
}

impl Seen {
    fn take(&mut self, seen: Vec<Observation>) {
        for observation in &seen {
            let Observed::Notification(notification) = &observation.what else { continue };
            let message = notification.message.as_ref().expect("everything can be rendered");
            *self.sent.entry(notification.integration).or_default() += 1;
            self.bytes += message.texts().into_iter().map(str::len).sum::<usize>();
        }
        self.all.extend(seen);
    }
}

fn day(mut seen: Seen) -> Seen {
    let mut alertmanager = alertmanager();
    let mut alerts: Vec<PushedAlert> = (0..ALERTS).map(alert).collect();
    for minute in 0..HOURS * 60 {
        let now = START + Duration::from_secs(60 * minute);
        for (number, alert) in alerts.iter_mut().enumerate() {
            // Every tenth of them, another tenth each hour, is gone for the first ten minutes of the hour.
            let gone = minute % 60 < 10 && minute >= 60 && number % 10 == (minute / 60) as usize % 10;
            match (gone, minute % 60) {
                (true, 0) => alert.ends_at = Some(now),
                (true, _) => {}
                (false, 10) if number % 10 == (minute / 60) as usize % 10 => {
                    alert.starts_at = Some(now);
                    alert.ends_at = Some(now + Duration::from_secs(240));
                }
                (false, _) => alert.ends_at = Some(now + Duration::from_secs(240)),
            }
        }
        alertmanager.push(now, &alerts);
        seen.take(alertmanager.advance(now));
    }
    seen.take(alertmanager.advance(START + Duration::from_secs(3600 * HOURS)));
    seen
}

fn alertmanager() -> Alertmanager {
    let file = SourceFile::new("alertmanager.yml", config());
    let (config, problems) = documents::read(&file, Version::NEWEST);
    let config = config.unwrap_or_else(|| panic!("{problems:?}"));
    let templates = Templates::new(&[], Version::NEWEST).expect("the defaults can be read");
    Alertmanager::new(config, templates, "http://alertmanager.example.com", START)
}

/// Ten alerts a group; the groups go round the teams, their services and the kinds of problems.
fn alert(number: usize) -> PushedAlert {
    let (group, instance) = (number / (ALERTS / GROUPS), number % (ALERTS / GROUPS));
    let (team, service) = (group % TEAMS, group / TEAMS % SERVICES);
    let name = format!("Problem{}", group / TEAMS / SERVICES);
    let labels = [
        ("alertname", name.clone()),
        ("team", format!("team-{team}")),
        ("service", format!("service-{service}")),
        ("severity", if group % 3 == 0 { "critical" } else { "warning" }.to_owned()),
        ("cluster", "eu-1".to_owned()),
        ("job", format!("service-{service}")),
        ("instance", format!("10.0.{team}.{instance}:9090")),
    ];
    let annotations = [
        ("summary", format!("{name} on service-{service}")),
        ("description", format!("Instance 10.0.{team}.{instance}:9090 has been in trouble for 5 minutes.")),
        ("runbook_url", format!("https://runbooks.example.com/{name}")),
    ];
    PushedAlert {
        labels: Labels::from_pairs(labels),
        annotations: Labels::from_pairs(annotations),
        starts_at: Some(START),
        ends_at: None,
        generator_url: format!("http://prometheus.example.com/graph?g0.expr=up+%3D%3D+{group}&g0.tab=1")
            .into(),
    }
}

fn config() -> String {
    let mut config = "
global:
  smtp_smarthost: mail.example.com:587
  smtp_from: alerts@example.com
  slack_api_url: https://hooks.slack.com/services/T/B/secret
  opsgenie_api_key: key
route:
  receiver: mail
  group_by: [alertname, team, service]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 4h
  routes:
"
    .to_owned();
    let receivers = ["chat", "mail", "hook", "pager", "genie", "chat-and-mail"];
    for team in 0..TEAMS {
        let receiver = receivers[team % receivers.len()];
        writeln!(config, "  - matchers: [team=\"team-{team}\"]\n    receiver: {receiver}\n    routes:")
            .unwrap();
        for service in 0..SERVICES {
            let receiver = receivers[(team + service) % receivers.len()];
            writeln!(config, "    - matchers: ['service=~\"service-({service}|x{service})\"']").unwrap();
            writeln!(config, "      receiver: {receiver}").unwrap();
        }
    }
    config.push_str(
        r#"
receivers:
- name: chat
  slack_configs: [&chat {channel: '#alerts', send_resolved: true, title: '[{{ .Status | toUpper }}] {{ .GroupLabels.alertname }}',
    text: '{{ range .Alerts }}*{{ .Annotations.summary }}*: {{ .Annotations.description }} <{{ .Annotations.runbook_url }}|runbook>{{ end }}'}]
- name: mail
  email_configs: [&mail {to: ops@example.com, send_resolved: true}]
- name: hook
  webhook_configs: [{url: http://relay.example.com/}]
- name: pager
  pagerduty_configs: [{routing_key: key, description: '{{ .CommonAnnotations.summary }}'}]
- name: genie
  opsgenie_configs: [{message: '{{ .CommonLabels.alertname }} of {{ .CommonLabels.team }}'}]
- name: chat-and-mail
  slack_configs: [*chat]
  email_configs: [*mail]
inhibit_rules:
- source_matchers: [severity="critical", service="service-0"]
  target_matchers: [severity="warning"]
  equal: [team]
"#,
    );
    config
}

/// What this process has cost up to now.
fn usage() -> libc::rusage {
    // SAFETY: a plain C structure, filled by the kernel for this process.
    unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    }
}
