//! Messages in which the alerts of a group stand without anything between them.

use regex::Regex;

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::alertmanager::{Setting, Settings};
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "alerts-run-together",
    harm: Harm::Style,
    title: "a message about several alerts is one run of words",
    explanation: "A notification tells all alerts of a group. Where the text of one is followed by the next without a line's end or anything else \
                  between them, the message reads `Pod a is downPod b is down`. It looks well in every test with one alert.",
    example: "# alertmanager.yml\nroute: {receiver: team}\nreceivers:\n- name: team\n  slack_configs:\n  - api_url_file: /etc/alertmanager/slack\n    channel: '#alerts'\n    text: '{{ range .Alerts }}{{ .Annotations.summary }}{{ end }}'\n",
    mended: "# alertmanager.yml\nroute: {receiver: team}\nreceivers:\n- name: team\n  slack_configs:\n  - api_url_file: /etc/alertmanager/slack\n    channel: '#alerts'\n    text: \"{{ range .Alerts }}{{ .Annotations.summary }}\\n{{ end }}\"\n",
    find,
};

/// What is told of each alert, without anything nested in it.
const RANGE: &str = r"(?s)\{\{-?\s*range\s[^}]*\.Alerts\b[^}]*\}\}(.*?)\{\{-?\s*end\b";

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let Ok(range) = Regex::new(RANGE) else { return Vec::new() };
    let mut found: Vec<Diagnostic> = Vec::new();
    for config in &wiring.alertmanagers {
        let receivers = config.meant.iter().flat_map(|meant| &meant.receivers);
        let mut first: Option<Diagnostic> = None;
        for integration in receivers.flat_map(|receiver| &receiver.integrations) {
            for (key, _) in integration.settings.iter() {
                if !runs_together(&integration.settings, key, &range) {
                    continue;
                }
                let Some(place) = integration.settings.place(key) else { continue };
                first = Some(match first.take() {
                    Some(first) => first.related(place, "so does this"),
                    None => Diagnostic::warning("", "several alerts run together in this text")
                        .at(place)
                        .label("nothing stands between one and the next")
                        .help("end what is said of each alert with a line's end: `…\\n{{ end }}` in double quotes, or a block `|`"),
                });
            }
        }
        found.extend(first);
    }
    found
}

fn runs_together(settings: &Settings, key: &str, range: &Regex) -> bool {
    let Some(Setting::Text(text)) = settings.get(key) else { return false };
    range.captures_iter(text).any(|captures| {
        let said = &captures[1];
        // What trims a blank takes what was between them.
        let bare = said.starts_with("{{") && said.ends_with("}}");
        let nests = ["if", "range", "with", "else", "define", "template"];
        let nested = nests
            .iter()
            .any(|word| said.contains(&format!("{{{{ {word}")) || said.contains(&format!("{{{{- {word}")));
        let prints_line = said.contains("\\n") || said.contains('\n');
        bare && !nested && !prints_line
    })
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[track_caller]
    fn told(text: &str, expected: bool) {
        let guide = format!(
            "```yaml\n# alertmanager.yml\nroute: {{receiver: a}}\nreceivers:\n- name: a\n  slack_configs:\n  - api_url: https://hooks.slack.com/services/x\n    text: {text}\n```\n"
        );
        let found = ["8:11 several alerts run together in this text"];
        check("alerts-run-together", &guide, if expected { &found } else { &[] });
    }

    #[test]
    fn anything_between_two_alerts_keeps_them_apart() {
        told("'{{ range .Alerts }}{{ .Annotations.summary }}{{ end }}'", true);
        told("'{{ range .Alerts.Firing }}{{ .Labels.instance }}: {{ .Annotations.summary }}{{ end }}'", true);
        told("'{{ range .Alerts }}{{ .Annotations.summary }} {{ end }}'", false);
        told("'{{ range .Alerts }}- {{ .Annotations.summary }}{{ end }}'", false);
        told("\"{{ range .Alerts }}{{ .Annotations.summary }}\\n{{ end }}\"", false);
        told("'{{ range .Alerts }}{{ .Annotations.summary }}{{ printf \"\\n\" }}{{ end }}'", false);
    }

    #[test]
    fn a_text_about_the_group_is_said_once() {
        told("'{{ .CommonAnnotations.summary }}'", false);
        told("'{{ range .Alerts }}{{ if .Annotations.a }}{{ .Annotations.a }}{{ end }}{{ end }}'", false);
    }
}
