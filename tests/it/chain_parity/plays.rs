//! The plays. `TARGET` is what is scraped, `HOOK` and `SMTP` where messages go.

pub struct Play {
    pub name: &'static str,
    /// The services of `firedrill.yaml`, their address being `TARGET`.
    metrics: &'static str,
    rules: &'static str,
    /// Beyond the route's and receivers': `global` of Prometheus and `alerting`.
    prometheus: &'static str,
    alertmanager: &'static str,
    /// When-steps.
    steps: &'static str,
}

impl Play {
    /// The documents and the scenario, by name.
    pub fn files(&self) -> Vec<(&'static str, String)> {
        let prometheus = format!(
            "global:
  scrape_interval: 1s
  evaluation_interval: 1s
  external_labels: {{cluster: eu-1}}
rule_files: [rules.yml]
scrape_configs:
- job_name: shop
  static_configs: [{{targets: ['TARGET']}}]
alerting:
  alertmanagers:
  - static_configs: [{{targets: ['ALERTMANAGER']}}]
{}",
            self.prometheus
        );
        let firedrill = format!(
            "versions: {{prometheus: '2.42', alertmanager: '0.25'}}
external_urls: {{prometheus: 'http://prometheus.example.com', alertmanager: 'http://alertmanager.example.com'}}
services:
  shop:
    address: TARGET
    metrics:
{}",
            self.metrics
        );
        let feature = format!(
            "Feature: parity\n  Scenario: {}\n{}    Then every rule is healthy\n",
            self.name, self.steps
        );
        vec![
            ("prometheus.yml", prometheus),
            ("rules.yml", format!("groups:\n- name: shop\n  rules:\n{}", self.rules)),
            ("alertmanager.yml", self.alertmanager.to_owned()),
            ("firedrill.yaml", firedrill),
            ("play.feature", feature),
        ]
    }
}

pub fn all() -> Vec<Play> {
    vec![
        Play {
            name: "a queue grows, and is worked off",
            metrics: "      queue_length: {value: 3, labels: {queue: mail}}\n",
            rules: "  - alert: QueueGrows
    expr: queue_length > 100
    for: 3s
    labels: {severity: warning, queue: '{{ $labels.queue }}'}
    annotations: {summary: '{{ $value | humanize }} in {{ $labels.queue }}', job: '{{ $externalLabels.cluster }}/{{ $labels.job }}'}
",
            prometheus: "",
            alertmanager: "
route: {receiver: hook, group_by: [alertname], group_wait: 2s, group_interval: 3s, repeat_interval: 1h}
receivers: [{name: hook, webhook_configs: [{url: 'HOOK/hook'}]}]
",
            steps: "    When 1 second passes
    And metric \"queue_length\" rises to 5000
    And 11 seconds pass
    And metric \"queue_length\" drops to 2
    And 9 seconds pass
",
        },
        Play {
            name: "a spike that is over before its time tells nobody",
            metrics: "      queue_length: {value: 3}\n      disk_used_ratio: {value: 0.4}\n",
            rules: "  - alert: QueueGrows
    expr: queue_length > 100
    for: 7s
  - alert: DiskFills
    expr: disk_used_ratio > 0.9
    labels: {severity: page}
    annotations: {summary: 'Disk at {{ $value | humanizePercentage }}'}
",
            prometheus: "",
            alertmanager: "
global: {smtp_smarthost: 'SMTP', smtp_from: alerts@example.com, smtp_require_tls: false, smtp_hello: here}
route: {receiver: mail, group_by: [alertname], group_wait: 1s, group_interval: 2s, repeat_interval: 1h}
receivers: [{name: mail, email_configs: [{to: 'ops@example.com, boss@example.com', send_resolved: true,
  headers: {Subject: '{{ .Status }}: {{ .GroupLabels.alertname }}'}, text: '{{ range .Alerts }}{{ .Annotations.summary }}{{ end }}', html: ''}]}]
",
            steps: "    When 1 second passes
    And metric \"queue_length\" rises to 500
    And metric \"disk_used_ratio\" rises to 95%
    And 4 seconds pass
    And metric \"queue_length\" drops to 2
    And 5 seconds pass
    And metric \"disk_used_ratio\" drops to 50%
    And 8 seconds pass
",
        },
        Play {
            name: "a service is down, and its other troubles are kept quiet",
            metrics: "      queue_length: {value: 500}\n",
            rules: "  - alert: ServiceDown
    expr: up == 0
    for: 1s
    labels: {severity: critical}
    annotations: {summary: '{{ $labels.job }} is down'}
  - alert: QueueUnknown
    expr: absent(queue_length)
    for: 4s
    labels: {severity: warning, job: shop}
    annotations: {summary: nobody knows}
",
            prometheus: "  alert_relabel_configs:
  - {source_labels: [instance], regex: '(.*):.*', target_label: host, replacement: '$1'}
  - {regex: instance, action: labeldrop}
",
            alertmanager: "
route:
  receiver: hook
  group_by: [job]
  group_wait: 1s
  group_interval: 3s
  repeat_interval: 5s
  routes:
  - {matchers: [severity=\"critical\"], receiver: chat, continue: true}
  - {matchers: [severity=~\"critical|warning\"], receiver: quiet}
receivers:
- name: hook
- name: chat
  slack_configs: [{api_url: 'HOOK/chat', channel: '#alerts', send_resolved: true}]
- name: quiet
  webhook_configs: [{url: 'HOOK/quiet'}]
inhibit_rules:
- {source_matchers: [severity=\"critical\"], target_matchers: [severity=\"warning\"], equal: [job, cluster]}
",
            steps: "    When 1 second passes
    And \"shop\" goes down
    And 15 seconds pass
    And \"shop\" comes back
    And 8 seconds pass
",
        },
        Play {
            name: "failures are counted, and a second series joins the group",
            metrics: "      jobs_failed_total: {series: [{labels: {kind: mail}}, {labels: {kind: invoice}}]}\n",
            rules: "  - record: kind:failures:rate
    expr: sum by (kind) (rate(jobs_failed_total[4s]))
  - alert: JobsFail
    expr: kind:failures:rate > 1
    labels: {severity: warning}
    annotations: {summary: '{{ $labels.kind }} fails'}
",
            prometheus: "",
            alertmanager: "
route: {receiver: both, group_by: [alertname, cluster], group_wait: 1s, group_interval: 4s, repeat_interval: 1h}
receivers:
- name: both
  webhook_configs: [{url: 'HOOK/all'}, {url: 'HOOK/firing', send_resolved: false}]
  pagerduty_configs: [{routing_key: key, url: 'HOOK/pager', description: '{{ .CommonAnnotations.summary }}'}]
",
            steps: "    When 1 second passes
    And metric \"jobs_failed_total\" increases by 50 per second with label kind=\"mail\"
    And 5 seconds pass
    And metric \"jobs_failed_total\" increases by 50 per second with label kind=\"invoice\"
    And 8 seconds pass
    And metric \"jobs_failed_total\" increases by 0 per second
    And 11 seconds pass
",
        },
    ]
}
