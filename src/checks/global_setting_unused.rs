//! Defaults for receivers of a kind that there is none of.

use super::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::alertmanager::IntegrationKind;
use crate::stack::wiring::{AlertmanagerConfig, Home, Setting, Wiring};

pub const CHECK: Check = Check {
    id: "global-setting-unused",
    harm: Harm::Style,
    title: "no receiver uses these settings",
    explanation: "What stands under `global` is a default for receivers of its kind: `smtp_…` for `email_configs`, `slack_api_url` for \
                  `slack_configs`. Without such a receiver nothing is sent by it, and whoever reads the config believes that mail goes \
                  out.",
    example: "# alertmanager.yml\nglobal: {smtp_smarthost: 'mail:587', smtp_from: alerts@example.com}\nroute: {receiver: team}\nreceivers:\n- name: team\n  webhook_configs: [{url: 'http://relay:8080/'}]\n",
    mended: "# alertmanager.yml\nglobal: {smtp_smarthost: 'mail:587', smtp_from: alerts@example.com}\nroute: {receiver: team}\nreceivers:\n- name: team\n  webhook_configs: [{url: 'http://relay:8080/'}]\n  email_configs: [{to: team@example.com}]\n",
    find,
};

/// How the settings of a kind begin, the kind, and the key of a receiver that uses them.
const KINDS: [(&str, IntegrationKind, &str); 10] = [
    ("smtp_", IntegrationKind::Email, "email_configs"),
    ("slack_", IntegrationKind::Slack, "slack_configs"),
    ("pagerduty_", IntegrationKind::PagerDuty, "pagerduty_configs"),
    ("opsgenie_", IntegrationKind::OpsGenie, "opsgenie_configs"),
    ("victorops_", IntegrationKind::VictorOps, "victorops_configs"),
    ("wechat_", IntegrationKind::WeChat, "wechat_configs"),
    ("telegram_", IntegrationKind::Telegram, "telegram_configs"),
    ("webex_", IntegrationKind::Webex, "webex_configs"),
    ("jira_", IntegrationKind::Jira, "jira_configs"),
    ("rocketchat_", IntegrationKind::RocketChat, "rocketchat_configs"),
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    wiring.alertmanagers.iter().flat_map(judge).collect()
}

fn judge(config: &AlertmanagerConfig) -> Vec<Diagnostic> {
    let unused = of(config);
    let mut found = Vec::new();
    for (start, _, key) in KINDS {
        let mut settings = unused.iter().filter(|setting| setting.key().starts_with(start));
        let Some(first) = settings.next() else { continue };
        let diagnostic = Diagnostic::warning("", format!("no receiver uses `{}`", first.key()))
            .at(&first.value.span)
            .label(format!("a default for `{key}`, which no receiver has"))
            .help(format!("add `{key}` to a receiver, or leave it out"));
        let diagnostic = match config.home {
            Home::Values => {
                diagnostic.because("assuming that no AlertmanagerConfig that is not documented uses it")
            }
            _ => diagnostic,
        };
        found.push(settings.fold(diagnostic, |found, setting| {
            found.related(&setting.value.span, format!("nor `{}`", setting.key()))
        }));
    }
    found
}

/// The settings under `global` that no receiver of a config uses.
pub fn of(config: &AlertmanagerConfig) -> Vec<&Setting> {
    // What the receivers are can't be told from what is no config.
    let Some(meant) = &config.meant else { return Vec::new() };
    let is_used = |kind: IntegrationKind, key: &str| {
        let integrations = meant.receivers.iter().flat_map(|receiver| &receiver.integrations);
        integrations.into_iter().any(|integration| integration.kind == kind)
            || config.settings.iter().any(|setting| setting.path.contains(key))
    };
    let unused: Vec<&str> =
        KINDS.iter().filter(|(_, kind, key)| !is_used(*kind, key)).map(|(start, ..)| *start).collect();
    let settings = config.settings.iter().filter(|setting| {
        let key = setting.path.strip_prefix("global.");
        key.is_some_and(|key| unused.iter().any(|start| key.starts_with(start)))
    });
    settings.collect()
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn the_settings_of_a_kind_are_one_finding() {
        let guide = |receiver: &str| {
            format!(
                "```yaml\n# alertmanager.yml\nglobal:\n  resolve_timeout: 5m\n  smtp_smarthost: mail:587\n  smtp_from: a@example.io\n  slack_api_url: https://hooks.slack.com/services/T0/B0/x\nroute: {{receiver: a}}\nreceivers:\n- name: a\n  {receiver}\n```\n"
            )
        };
        let id = "global-setting-unused";
        let mail = "5:19 no receiver uses `smtp_smarthost`";
        let slack = "7:18 no receiver uses `slack_api_url`";
        check(id, &guide("webhook_configs: [{url: 'http://relay:8080/'}]"), &[mail, slack]);
        check(id, &guide("slack_configs: [{channel: '#a'}]"), &[mail]);
        check(id, &guide("email_configs: [{to: b@example.io}]"), &[slack]);
    }
}
