//! The default texts of Alertmanager: written anew, giving the same output as its own.

use super::mail;
use crate::stack::alertmanager::Version;

/// The default templates of a version: those of the services, then those of mails.
pub(super) fn texts(version: Version) -> [String; 2] {
    [services(version), mail::mail(version)]
}

const COMMON: &str = r#"
{{ define "__alertmanager" }}Alertmanager{{ end }}
{{ define "__alertmanagerURL" }}{{ .ExternalURL }}/#/alerts?receiver={{ urlquery .Receiver }}{{ end }}
{{ define "__subject" -}}
    [{{ toUpper .Status }}{{ if eq .Status "firing" }}:{{ len .Alerts.Firing }}{{ end }}]
    {{- print " " (join " " .GroupLabels.SortedPairs.Values) " " -}}
    {{ if lt (len .GroupLabels) (len .CommonLabels) -}}
        ({{ with .CommonLabels.Remove .GroupLabels.Names }}{{ join " " .Values }}{{ end }})
    {{- end -}}
{{ end }}
{{ define "__description" }}{{ end }}
{{ define "__text_alert_list" }}{{ range . }}Labels:
{{ range .Labels.SortedPairs }}{{ printf " - %s = %s\n" .Name .Value }}{{ end }}Annotations:
{{ range .Annotations.SortedPairs }}{{ printf " - %s = %s\n" .Name .Value }}{{ end }}Source: {{ .GeneratorURL }}
{{ end }}{{ end }}
{{ define "__color" }}{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}{{ end }}
"#;

const MARKDOWN_LIST: &str = r#"
{{ define "__text_alert_list_markdown" }}{{ range . }}
Labels:
{{ range .Labels.SortedPairs }}{{ printf "  - %s = %s\n" .Name .Value }}{{ end }}
Annotations:
{{ range .Annotations.SortedPairs }}{{ printf "  - %s = %s\n" .Name .Value }}{{ end }}
Source: {{ .GeneratorURL }}
{{ end }}
{{ end }}
"#;

const ANNOTATIONS: &str = r#"{{ join " " .CommonAnnotations.SortedPairs.Values }}"#;

/// The firing alerts, then the resolved ones, each list under its heading.
fn both_lists(before: &str, heading: &str, list: &str, after: &str) -> String {
    ["Firing", "Resolved"]
        .map(|status| {
            format!(
                r#"{{{{ with .Alerts.{status} }}}}{before}{heading}Alerts {status}:
{{{{ template "{list}" . }}}}{after}{{{{ end }}}}"#
            )
        })
        .join("\n")
}

fn services(version: Version) -> String {
    let mut out = COMMON.to_owned();
    let mut define = |since: u16, name: &str, body: &str| {
        if version >= Version(since) {
            out.push_str(&format!("{{{{ define \"{name}\" }}}}{body}{{{{ end }}}}"));
        }
    };
    let subject = r#"{{ template "__subject" . }}"#;
    let name = r#"{{ template "__alertmanager" . }}"#;
    let url = r#"{{ template "__alertmanagerURL" . }}"#;
    let close = both_lists("", "", "__text_alert_list", "");
    let spaced = both_lists("\n", "", "__text_alert_list", "\n");
    let markdown = format!("\n{}\n", both_lists("\n", "# ", "__text_alert_list_markdown", "\n"));
    for (service, since) in [("slack", 0), ("mattermost", 32)] {
        define(since, &format!("{service}.default.title"), subject);
        define(since, &format!("{service}.default.username"), name);
        define(since, &format!("{service}.default.titlelink"), url);
        define(since, &format!("{service}.default.fallback"), &format!("{subject} | {url}"));
        define(32, &format!("{service}.default.color"), r#"{{ template "__color" . }}"#);
    }
    for empty in ["callbackid", "pretext", "iconemoji", "iconurl", "text", "footer"] {
        define(0, &format!("slack.default.{empty}"), "");
    }
    define(30, "mattermost.default.text", &markdown);
    define(0, "pagerduty.default.description", subject);
    define(0, "pagerduty.default.client", name);
    define(0, "pagerduty.default.clientURL", url);
    define(0, "pagerduty.default.instances", r#"{{ template "__text_alert_list" . }}"#);
    define(0, "opsgenie.default.message", subject);
    define(0, "opsgenie.default.description", &format!("{ANNOTATIONS}\n{close}"));
    define(0, "opsgenie.default.source", url);
    define(
        0,
        "wechat.default.message",
        &format!("{subject}\n{ANNOTATIONS}\n{close}\nAlertmanagerUrl:\n{url}"),
    );
    for empty in ["to_user", "to_party", "to_tag", "agent_id"] {
        define(0, &format!("wechat.default.{empty}"), "");
    }
    define(0, "victorops.default.state_message", &format!("{ANNOTATIONS}\n{close}"));
    define(0, "victorops.default.entity_display_name", subject);
    define(0, "victorops.default.monitoring_tool", name);
    define(0, "pushover.default.title", subject);
    define(0, "pushover.default.message", &format!("{ANNOTATIONS}\n{spaced}\n"));
    define(0, "pushover.default.url", url);
    define(0, "sns.default.subject", subject);
    define(0, "sns.default.message", &format!("{ANNOTATIONS}\n{spaced}\n"));
    define(0, "telegram.default.message", &format!("\n{spaced}\n"));
    define(28, "discord.default.content", "");
    define(0, "discord.default.title", subject);
    define(0, "discord.default.message", &format!("\n{spaced}\n"));
    define(0, "webex.default.message", &format!("{ANNOTATIONS}\n{spaced}\n"));
    define(27, "msteams.default.summary", subject);
    define(26, "msteams.default.title", subject);
    define(26, "msteams.default.text", &markdown);
    define(28, "msteamsv2.default.title", subject);
    define(28, "msteamsv2.default.text", &markdown);
    define(28, "jira.default.summary", subject);
    define(28, "jira.default.description", &markdown);
    define(28, "jira.default.priority", JIRA_PRIORITY);
    define(28, "rocketchat.default.title", subject);
    define(28, "rocketchat.default.alias", name);
    define(28, "rocketchat.default.titlelink", url);
    for empty in ["emoji", "iconurl", "text"] {
        define(28, &format!("rocketchat.default.{empty}"), "");
    }
    if version >= Version(26) {
        out.push_str(MARKDOWN_LIST);
    }
    out
}

/// The highest priority that a firing alert's severity asks for; a resolved one's where no firing alert asks for any.
const JIRA_PRIORITY: &str = r#"
{{- $high := false }}{{ $medium := false }}{{ $low := false -}}
{{- range .Alerts.Firing }}{{ with .Labels.severity -}}
    {{- if eq . "critical" }}{{ $high = true }}{{ else if eq . "warning" }}{{ $medium = true -}}
    {{- else if eq . "info" }}{{ $low = true }}{{ end -}}
{{- end }}{{ end -}}
{{- if not (or $high $medium $low) -}}
    {{- range .Alerts.Resolved }}{{ with .Labels.severity -}}
        {{- if eq . "critical" }}{{ $high = true }}{{ else if eq . "warning" }}{{ $medium = true -}}
        {{- else if eq . "info" }}{{ $low = true }}{{ end -}}
    {{- end }}{{ end -}}
{{- end -}}
{{- if $high }}High{{ else if $medium }}Medium{{ else if $low }}Low{{ end -}}
"#;
