//! The plays. Receivers are named like the path of their only address, except where a play says so.

use firedrill::twin::alertmanager::Behaviour;

use super::play::{Play, Pushed, Step};

const WEBHOOK: &str = "
route: {receiver: hook, group_by: [job], group_wait: 1s, group_interval: 2s, repeat_interval: 1h}
receivers: [{name: hook, webhook_configs: [{url: 'HOOK/hook'}]}]
";

/// Firing from now on.
fn firing(labels: &'static str, starts: f64) -> Pushed {
    Pushed {
        labels,
        annotations: "summary=It is <b>down</b> & out,runbook=http://wiki/x",
        starts: Some(starts),
        ends: Some(3600.0),
    }
}

fn resolved(labels: &'static str, starts: f64, ends: f64) -> Pushed {
    Pushed { ends: Some(ends), ..firing(labels, starts) }
}

fn push(at: f64, alerts: &[Pushed]) -> (f64, Step) {
    (at, Step::Push(alerts.to_vec()))
}

fn play(name: &'static str, config: &'static str, seconds: f64, steps: Vec<(f64, Step)>) -> Play {
    Play { name, config, templates: "", steps, seconds }
}

pub fn all() -> Vec<Play> {
    let mut plays = timing();
    plays.extend(routing());
    plays.extend(muting());
    plays.extend(failing());
    plays.extend(rendering());
    plays
}

fn timing() -> Vec<Play> {
    vec![
        play(
            "a group waits, then tells all at once",
            WEBHOOK,
            4.5,
            vec![
                push(0.0, &[firing("A{job=x,instance=2}", 0.0)]),
                push(0.5, &[firing("B{job=x,instance=1}", 0.5), firing("C{job=y}", 0.5)]),
            ],
        ),
        play(
            "a new alert is told with the next interval",
            WEBHOOK,
            6.5,
            vec![push(0.0, &[firing("A{job=x}", 0.0)]), push(1.8, &[firing("B{job=x}", 1.8)])],
        ),
        play(
            "some resolved, then all",
            WEBHOOK,
            8.5,
            vec![
                push(0.0, &[firing("A{job=x}", 0.0), firing("B{job=x}", 0.0)]),
                push(1.9, &[resolved("A{job=x}", 0.0, 1.9)]),
                push(3.9, &[resolved("B{job=x}", 0.0, 3.9)]),
            ],
        ),
        play(
            "the same alert again is nothing new",
            WEBHOOK,
            6.5,
            vec![
                push(0.0, &[firing("A{job=x}", 0.0)]),
                push(1.5, &[firing("A{job=x}", 0.0)]),
                push(3.5, &[firing("A{job=x}", 0.0)]),
            ],
        ),
        play(
            "a repeat after its interval",
            "
route: {receiver: hook, group_wait: 500ms, group_interval: 2s, repeat_interval: 3s}
receivers: [{name: hook, webhook_configs: [{url: 'HOOK/hook'}]}]
",
            10.0,
            vec![push(0.0, &[firing("A", 0.0)])],
        ),
        play(
            "an old alert is told at once",
            "
route: {receiver: hook, group_wait: 5s, group_interval: 3s}
receivers: [{name: hook, webhook_configs: [{url: 'HOOK/hook'}]}]
",
            5.0,
            vec![push(0.5, &[firing("A", -60.0)]), push(1.0, &[firing("B", 1.0)])],
        ),
        play(
            "an alert without an end resolves by itself",
            "
global: {resolve_timeout: 2s}
route: {receiver: hook, group_wait: 500ms, group_interval: 2s}
receivers: [{name: hook, webhook_configs: [{url: 'HOOK/hook'}]}]
",
            6.0,
            vec![push(0.0, &[Pushed { ends: None, ..firing("A", 0.0) }])],
        ),
        play(
            "what resolves while it waits is not told",
            WEBHOOK,
            4.0,
            vec![
                push(0.0, &[firing("A{job=x}", 0.0), firing("B{job=y}", 0.0)]),
                push(0.5, &[resolved("A{job=x}", 0.0, 0.4)]),
            ],
        ),
        play(
            "fired, resolved and fired again",
            WEBHOOK,
            8.5,
            vec![
                push(0.0, &[firing("A{job=x}", 0.0)]),
                push(1.5, &[resolved("A{job=x}", 0.0, 1.5)]),
                push(3.8, &[firing("A{job=x}", 3.8)]),
                push(5.5, &[resolved("A{job=x}", 3.8, 5.5)]),
            ],
        ),
        play(
            "fired again within one interval",
            WEBHOOK,
            6.5,
            vec![
                push(0.0, &[firing("A{job=x}", 0.0)]),
                push(1.4, &[resolved("A{job=x}", 0.0, 1.4)]),
                push(2.2, &[firing("A{job=x}", 2.2)]),
            ],
        ),
        play(
            "overlapping pushes of two replicas are one alert",
            WEBHOOK,
            6.5,
            vec![
                push(0.0, &[Pushed { ends: Some(30.0), ..firing("A{job=x}", -0.2) }]),
                push(0.3, &[Pushed { ends: Some(3.5), ..firing("A{job=x}", 0.1) }]),
                push(
                    0.6,
                    &[Pushed { ends: Some(2.5), annotations: "summary=other", ..firing("A{job=x}", -0.4) }],
                ),
            ],
        ),
        play(
            "one replica sees it resolved before the other",
            WEBHOOK,
            8.5,
            vec![
                push(0.0, &[Pushed { ends: Some(30.0), ..firing("A{job=x}", 0.0) }]),
                push(0.2, &[Pushed { ends: Some(30.0), ..firing("A{job=x}", 0.2) }]),
                push(1.4, &[resolved("A{job=x}", 0.0, 1.4)]),
                push(2.0, &[Pushed { ends: Some(32.0), ..firing("A{job=x}", 0.2) }]),
                push(3.8, &[resolved("A{job=x}", 0.2, 3.8)]),
            ],
        ),
        play(
            "a shorter end of the same replica is heeded",
            WEBHOOK,
            6.5,
            vec![
                push(0.0, &[Pushed { ends: Some(2.0), ..firing("A{job=x}", 0.0) }]),
                push(1.2, &[Pushed { ends: Some(2.6), ..firing("A{job=x}", 0.0) }]),
            ],
        ),
        play(
            "a restart with its storage repeats nothing",
            WEBHOOK,
            9.0,
            vec![
                push(0.0, &[firing("A{job=x}", 0.0)]),
                (2.0, Step::Restart { keep_storage: true }),
                push(5.0, &[firing("A{job=x}", 0.0), firing("B{job=y}", 5.0)]),
            ],
        ),
        play(
            "a restart without its storage tells again",
            WEBHOOK,
            9.0,
            vec![
                push(0.0, &[firing("A{job=x}", 0.0)]),
                (2.0, Step::Restart { keep_storage: false }),
                push(5.0, &[firing("A{job=x}", 0.0)]),
            ],
        ),
    ]
}

fn routing() -> Vec<Play> {
    vec![
        play(
            "grouped by every label",
            "
route: {receiver: hook, group_by: ['...'], group_wait: 500ms, group_interval: 2s}
receivers: [{name: hook, webhook_configs: [{url: 'HOOK/hook'}]}]
",
            3.0,
            vec![push(0.0, &[firing("A{job=x}", 0.0), firing("A{job=y}", 0.0), firing("B{job=x}", 0.0)])],
        ),
        play(
            "grouped by nothing",
            "
route: {receiver: hook, group_wait: 500ms, group_interval: 2s}
receivers: [{name: hook, webhook_configs: [{url: 'HOOK/hook'}]}]
",
            3.0,
            vec![push(0.0, &[firing("A{job=x}", 0.0), firing("A", 0.0), firing("B{instance=x}", 0.0)])],
        ),
        play(
            "continue tells two receivers",
            "
route:
  receiver: rest
  group_wait: 500ms
  group_interval: 2s
  routes:
  - {matchers: [severity=critical], receiver: pager, continue: true}
  - {matchers: ['severity=~\"critical|warning\"'], receiver: chat}
  - {matchers: [severity=critical], receiver: never}
receivers:
- {name: rest, webhook_configs: [{url: 'HOOK/rest'}]}
- {name: pager, webhook_configs: [{url: 'HOOK/pager'}]}
- {name: chat, webhook_configs: [{url: 'HOOK/chat'}]}
- {name: never, webhook_configs: [{url: 'HOOK/never'}]}
",
            3.0,
            vec![push(
                0.0,
                &[
                    firing("A{severity=critical}", 0.0),
                    firing("B{severity=warning}", 0.0),
                    firing("C{severity=info}", 0.0),
                ],
            )],
        ),
        play(
            "nested routes inherit",
            "
route:
  receiver: rest
  group_by: [team]
  group_wait: 500ms
  group_interval: 2s
  routes:
  - match: {team: db}
    receiver: db
    group_wait: 1500ms
    routes:
    - match_re: {severity: crit.*}
      group_by: [alertname]
    - {matchers: [severity!=info], receiver: dba, group_by: ['...']}
receivers:
- {name: rest, webhook_configs: [{url: 'HOOK/rest'}]}
- {name: db, webhook_configs: [{url: 'HOOK/db'}]}
- {name: dba, webhook_configs: [{url: 'HOOK/dba'}]}
",
            4.0,
            vec![push(
                0.0,
                &[
                    firing("A{team=db,severity=critical}", 0.0),
                    firing("B{team=db}", 0.0),
                    firing("C{team=db,severity=info}", 0.0),
                    firing("D{team=web}", 0.0),
                ],
            )],
        ),
        play(
            "one receiver of several kinds, with a name that is a pattern",
            "
global: {smtp_smarthost: 'SMTP', smtp_from: 'am@example.com', smtp_require_tls: false}
route: {receiver: 'team.a+b (1)', group_by: [alertname], group_wait: 500ms, group_interval: 2s}
receivers:
- name: 'team.a+b (1)'
  email_configs: [{to: 'Ops <ops@example.com>, boss@example.com'}]
  webhook_configs: [{url: 'HOOK/one'}, {url: 'HOOK/two', send_resolved: false}]
",
            6.0,
            vec![
                push(0.0, &[firing("A{x=1}", 0.0), firing("A{x=2}", 0.0)]),
                push(1.2, &[resolved("A{x=1}", 0.0, 1.2)]),
                push(3.0, &[resolved("A{x=2}", 0.0, 3.0)]),
            ],
        ),
    ]
}

fn muting() -> Vec<Play> {
    const INHIBIT: &str = "
route: {receiver: hook, group_by: [alertname], group_wait: 1s, group_interval: 2s}
receivers: [{name: hook, webhook_configs: [{url: 'HOOK/hook'}]}]
inhibit_rules:
- {source_match: {severity: critical}, target_match_re: {severity: 'warning|info'}, equal: [zone, cluster]}
- {source_matchers: [both=yes], target_matchers: [both=yes], equal: [zone]}
";
    vec![
        play("a silence that ends by itself", WEBHOOK, 8.0, vec![
            (0.0, Step::Silence("alertname=A", 0.1, 4.0)),
            push(0.3, &[firing("A{job=x}", 0.3), firing("B{job=x}", 0.3)]),
        ]),
        play("a silence that is expired", WEBHOOK, 7.0, vec![
            (0.0, Step::Silence("job=~\"x|y\",alertname!=B", 0.1, 60.0)),
            push(0.3, &[firing("A{job=x}", 0.3), firing("B{job=y}", 0.3)]),
            (2.5, Step::Expire(0)),
        ]),
        play("resolved while silenced is never told", WEBHOOK, 8.0, vec![
            push(0.0, &[firing("A{job=x}", 0.0)]),
            (1.5, Step::Silence("alertname=A", 1.6, 4.5)),
            push(2.5, &[resolved("A{job=x}", 0.0, 2.5)]),
        ]),
        play("inhibited while its source fires", INHIBIT, 8.0, vec![
            push(0.0, &[
                firing("Down{severity=critical,zone=a}", 0.0),
                firing("Slow{severity=warning,zone=a}", 0.0),
                firing("Elsewhere{severity=warning,zone=b}", 0.0),
                firing("NoZone{severity=info}", 0.0),
            ]),
            push(3.5, &[resolved("Down{severity=critical,zone=a}", 0.0, 3.5)]),
        ]),
        play("labels missing on both sides are equal", INHIBIT, 4.0, vec![
            push(0.0, &[
                firing("Down{severity=critical}", 0.0),
                firing("Slow{severity=warning}", 0.0),
                firing("Zoned{severity=warning,zone=a}", 0.0),
            ]),
        ]),
        play("a silenced source inhibits all the same", INHIBIT, 4.0, vec![
            (0.0, Step::Silence("alertname=Down", 0.1, 60.0)),
            push(0.3, &[firing("Down{severity=critical}", 0.3), firing("Slow{severity=warning}", 0.3)]),
        ]),
        play("who plays both parts is not muted by its like", INHIBIT, 4.0, vec![
            push(0.0, &[
                firing("One{both=yes,zone=a}", 0.0),
                firing("Two{both=yes,zone=a}", 0.0),
                firing("Three{both=no,zone=a}", 0.0),
            ]),
        ]),
        play("resolved while inhibited is never told", INHIBIT, 8.0, vec![
            push(0.0, &[firing("Slow{severity=warning}", 0.0)]),
            push(1.4, &[firing("Down{severity=critical}", 1.4)]),
            push(2.2, &[resolved("Slow{severity=warning}", 0.0, 2.2)]),
            push(4.2, &[resolved("Down{severity=critical}", 1.4, 4.2)]),
        ]),
        play("mute and active time intervals", "
route:
  receiver: rest
  group_wait: 500ms
  group_interval: 2s
  routes:
  - {matchers: [case=muted], receiver: muted, mute_time_intervals: [never, always]}
  - {matchers: [case=unmuted], receiver: unmuted, mute_time_intervals: [never]}
  - {matchers: [case=active], receiver: active, active_time_intervals: [always, never]}
  - matchers: [case=inactive]
    receiver: inactive
    active_time_intervals: [never]
    routes: [{matchers: [child=yes], receiver: child}]
receivers:
- {name: rest, webhook_configs: [{url: 'HOOK/rest'}]}
- {name: muted, webhook_configs: [{url: 'HOOK/muted'}]}
- {name: unmuted, webhook_configs: [{url: 'HOOK/unmuted'}]}
- {name: active, webhook_configs: [{url: 'HOOK/active'}]}
- {name: inactive, webhook_configs: [{url: 'HOOK/inactive'}]}
- {name: child, webhook_configs: [{url: 'HOOK/child'}]}
time_intervals:
- name: always
  time_intervals: [{times: [{start_time: '00:00', end_time: '24:00'}], weekdays: ['sunday:saturday'], location: Asia/Tokyo}]
- name: never
  time_intervals: [{years: ['2001:2002'], days_of_month: ['1:-1']}]
", 4.0, vec![
            push(0.0, &[
                firing("A{case=muted}", 0.0),
                firing("B{case=unmuted}", 0.0),
                firing("C{case=active}", 0.0),
                firing("D{case=inactive}", 0.0),
                firing("E{case=inactive,child=yes}", 0.0),
                firing("F", 0.0),
            ]),
        ]),
    ]
}

fn failing() -> Vec<Play> {
    vec![
        play("refused with 400: again with the next flush", WEBHOOK, 6.5, vec![
            (0.0, Step::Behave("hook", Behaviour::Status(400))),
            push(0.0, &[firing("A{job=x}", 0.0)]),
            (4.0, Step::Behave("hook", Behaviour::Accept)),
        ]),
        play("failing with 500: again and again until it works", WEBHOOK, 10.0, vec![
            (0.0, Step::Behave("hook", Behaviour::Status(500))),
            push(0.0, &[firing("A{job=x}", 0.0)]),
            (4.0, Step::Behave("hook", Behaviour::Accept)),
        ]),
        play("hanging: given up after ten seconds", WEBHOOK, 14.0, vec![
            (0.0, Step::Behave("hook", Behaviour::Timeout)),
            push(0.0, &[firing("A{job=x}", 0.0)]),
            (5.0, Step::Behave("hook", Behaviour::Accept)),
            push(6.0, &[firing("B{job=x}", 6.0)]),
        ]),
        play("one of two receivers fails: what is resolved stays until both know", "
route: {receiver: both, group_wait: 500ms, group_interval: 2s, routes: [{receiver: hook, continue: true}, {receiver: other}]}
receivers:
- {name: both}
- {name: hook, webhook_configs: [{url: 'HOOK/hook'}]}
- {name: other, webhook_configs: [{url: 'HOOK/other'}]}
", 8.0, vec![
            push(0.0, &[firing("A", 0.0), firing("B", 0.0)]),
            (1.0, Step::Behave("hook", Behaviour::Status(404))),
            push(1.5, &[resolved("A", 0.0, 1.5)]),
            (5.5, Step::Behave("hook", Behaviour::Accept)),
        ]),
    ]
}

fn rendering() -> Vec<Play> {
    const KINDS: &str = "
global:
  smtp_smarthost: 'SMTP'
  smtp_from: 'Alerts <am@example.com>'
  smtp_require_tls: false
  slack_api_url: 'HOOK/slack'
  pagerduty_url: 'HOOK/pager'
route: {receiver: all, group_by: [alertname, job], group_wait: 500ms, group_interval: 2s}
receivers:
- name: all
  email_configs: [{to: ops@example.com, send_resolved: true}]
  slack_configs: [{channel: '#alerts', send_resolved: true}]
  pagerduty_configs: [{routing_key: key}]
  webhook_configs: [{url: 'HOOK/hook'}]
";
    let two = [
        firing("A{job=x,instance=a:1,severity=critical}", 0.0),
        Pushed {
            annotations: "summary=Größe \"zu\" groß,only=here",
            ..firing("A{job=x,instance=b:2,zone=ä}", 0.0)
        },
    ];
    let mut plays = vec![
        play(
            "the default texts, of one alert",
            KINDS,
            4.5,
            vec![
                push(0.0, &two[..1]),
                push(1.2, &[resolved("A{job=x,instance=a:1,severity=critical}", 0.0, 1.2)]),
            ],
        ),
        play(
            "the default texts, of several alerts",
            KINDS,
            6.0,
            vec![
                push(0.0, &two),
                push(1.2, &[resolved("A{job=x,instance=a:1,severity=critical}", 0.0, 1.2)]),
                push(3.0, &[Pushed { ends: Some(3.0), ..two[1].clone() }]),
            ],
        ),
        play(
            "the rest is cut off a webhook",
            "
route: {receiver: hook, group_wait: 500ms, group_interval: 2s}
receivers: [{name: hook, webhook_configs: [{url: 'HOOK/hook', max_alerts: 2}]}]
",
            2.5,
            vec![push(
                0.0,
                &[firing("A{x=1,same=s}", 0.0), firing("B{x=2,same=s}", 0.0), firing("C{x=3}", 0.0)],
            )],
        ),
    ];
    plays.push(Play {
        name: "texts of one's own, from the configuration and a file",
        config: r##"
global: {smtp_smarthost: 'SMTP', smtp_from: 'am@example.com', smtp_require_tls: false, slack_api_url: 'HOOK/slack', pagerduty_url: 'HOOK/pager'}
templates: ['*.tmpl']
route: {receiver: all, group_by: [alertname], group_wait: 500ms, group_interval: 2s}
receivers:
- name: all
  email_configs:
  - to: '{{ .CommonLabels.team }}@example.com'
    headers: {Subject: '[{{ .Status | toUpper }}:{{ .Alerts.Firing | len }}] {{ .GroupLabels.alertname }} – {{ .CommonAnnotations.summary }}', X-Team: '{{ .CommonLabels.team }}'}
    html: '{{ template "team.html" . }}'
    text: 'Plain: {{ range .Alerts }}{{ .Labels.instance }}={{ .Annotations.summary }};{{ end }} a very long line that has to be folded when it is sent as a mail, because mails have short lines'
  slack_configs:
  - channel: '#{{ .CommonLabels.team }}'
    username: 'bot'
    icon_emoji: ':fire:'
    link_names: true
    title: '{{ template "team.title" . }}'
    title_link: '{{ .ExternalURL }}/x'
    pretext: '{{ len .Alerts }}'
    text: '{{ range $i, $a := .Alerts }}{{ if $i }}, {{ end }}{{ $a.Labels.SortedPairs.Values | join "/" }}{{ end }}'
    footer: '{{ (.CommonLabels.Remove (stringSlice "alertname")).Names }}'
    color: '{{ if eq .CommonLabels.severity "critical" }}#ff0000{{ else }}#ffff00{{ end }}'
    image_url: 'http://x/{{ .GroupLabels.alertname }}.png'
    mrkdwn_in: [text]
    short_fields: true
    fields:
    - {title: Team, value: '{{ .CommonLabels.team | title }}'}
    - {title: Since, value: '{{ (index .Alerts 0).StartsAt.Year }}', short: false}
    actions:
    - {type: button, text: Look, url: '{{ (index .Alerts 0).GeneratorURL }}', name: gone}
    - {type: button, text: Quiet, name: quiet, value: '1', style: danger, confirm: {text: 'Sure?', title: T, ok_text: y, dismiss_text: n}}
  pagerduty_configs:
  - routing_key: '{{ "secret" | toUpper }}'
    description: '{{ template "team.title" . }}'
    severity: '{{ .CommonLabels.severity }}'
    class: c
    component: '{{ .CommonLabels.job }}'
    group: g
    client: 'drill'
    client_url: 'http://x'
    source: s
    details: {firing: '{{ .Alerts.Firing | len }} firing', extra: '{{ reReplaceAll "a(.)" "<$1>" .CommonLabels.team }}'}
    images: [{src: 'http://x/a.png', alt: a, href: b}, {src: '', alt: gone}]
    links: [{href: '{{ .ExternalURL }}', text: am}]
"##,
        templates: r#"{{ define "team.title" }}{{ .GroupLabels.alertname }} ({{ .CommonLabels.team }}){{ end }}
{{ define "team.html" }}<h1 title="{{ .CommonAnnotations.summary }}">{{ .CommonAnnotations.summary }}</h1>
{{- range .Alerts -}}
<a href="{{ .GeneratorURL }}">{{ .Labels.instance }}</a>
{{ end }}<p>{{ .CommonAnnotations.runbook | safeHtml }}</p>{{ end }}"#,
        steps: vec![push(0.0, &[
            firing("A{job=x,instance=<1>,severity=critical,team=data}", 0.0),
            firing("A{job=x,instance=2,severity=critical,team=data}", 0.0),
        ])],
        seconds: 2.5,
    });
    plays.push(play(
        "a template that fails is a failed notification",
        "
global: {slack_api_url: 'HOOK/slack'}
route: {receiver: all, group_wait: 500ms, group_interval: 2s}
receivers:
- name: all
  slack_configs: [{channel: '#x', title: '{{ .Nothing.Here }}'}, {channel: '#y'}]
  webhook_configs: [{url: 'HOOK/hook'}]
",
        5.0,
        vec![push(0.0, &[firing("A", 0.0)]), push(1.2, &[resolved("A", 0.0, 1.2)])],
    ));
    plays
}
