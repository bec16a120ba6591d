//! One webhook of Slack with several channels.

use std::collections::BTreeMap;

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::alertmanager::{Alertmanager, IntegrationKind};
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "slack-channel-ignored",
    harm: Harm::Risk,
    title: "one Slack webhook can't post to several channels",
    explanation: "The webhook of a Slack app posts to the channel for which it was installed, and passes over `channel`: critical alerts and \
                  warnings come to the same place. Only webhooks of old custom integrations, which Slack wants replaced, heed it. Make \
                  a webhook for each channel, or give Alertmanager (0.30 or later) an `app_token`, by which it may post to any.",
    example: "# alertmanager.yml\nglobal: {slack_api_url_file: /etc/alertmanager/slack}\nroute: {receiver: team}\nreceivers:\n- name: team\n  slack_configs:\n  - channel: '#team'\n- name: pager\n  slack_configs:\n  - channel: '#critical'\n",
    mended: "# alertmanager.yml\nroute: {receiver: team}\nreceivers:\n- name: team\n  slack_configs:\n  - channel: '#team'\n    api_url_file: /etc/alertmanager/slack-team\n- name: pager\n  slack_configs:\n  - channel: '#critical'\n    api_url_file: /etc/alertmanager/slack-critical\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    wiring.alertmanagers.iter().filter_map(|config| config.meant.as_ref()).flat_map(of).collect()
}

fn of(config: &Alertmanager) -> Vec<Diagnostic> {
    let mut channels: BTreeMap<&str, Vec<Spanned<&str>>> = BTreeMap::new();
    for integration in config.receivers.iter().flat_map(|receiver| &receiver.integrations) {
        let settings = &integration.settings;
        let app = settings.has_text("app_token") || settings.has_text("app_token_file");
        if integration.kind != IntegrationKind::Slack || app {
            continue;
        }
        let webhook = ["api_url", "api_url_file"].map(|key| settings.text(key));
        let Some(webhook) = webhook.into_iter().find(|text| is_webhook(text)) else { continue };
        let Some(place) = settings.place("channel") else { continue };
        let channel = settings.text("channel");
        let known = channels.entry(webhook).or_default();
        if !known.iter().any(|known| known.value == channel) {
            known.push(Spanned::new(channel, place.clone()));
        }
    }
    channels.into_iter().filter_map(|(webhook, channels)| told(webhook, &channels)).collect()
}

/// A file may hold one; another service that speaks Slack's language may do what it likes.
fn is_webhook(text: &str) -> bool {
    text.contains("hooks.slack.com/services/") || text.starts_with('/')
}

fn told(webhook: &str, channels: &[Spanned<&str>]) -> Option<Diagnostic> {
    let [first, rest @ ..] = channels else { return None };
    let second = rest.first()?;
    let found = Diagnostic::warning(
        "",
        format!("{} and {} are one channel, as they share one webhook", first.value, second.value),
    )
    .at(&second.span)
    .label("a webhook posts to the channel for which it was made")
    .related(&first.span, "the same webhook");
    let found = rest.iter().skip(1).fold(found, |found, other| found.related(&other.span, "this one too"));
    let because = match webhook.contains("YOUR") {
        true => {
            "assuming that one webhook takes the place of all, and that it is a Slack app's, which passes over `channel`"
        }
        false => "assuming a webhook of a Slack app, which passes over `channel`",
    };
    Some(found.because(because).help(
        "make a webhook for each channel and give each receiver its own `api_url_file`, or use an `app_token`",
    ))
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn a_webhook_for_each_channel_is_right() {
        let guide = |first: &str, second: &str, channel: &str| {
            format!(
                "```yaml\n# alertmanager.yml\nroute: {{receiver: a}}\nreceivers:\n- name: a\n  slack_configs:\n  - {{channel: '#a', {first}}}\n  - {{channel: '{channel}', {second}}}\n```\n"
            )
        };
        let url = |key: &str| format!("api_url: 'https://hooks.slack.com/services/T/B/{key}'");
        let found = ["8:15 #a and #b are one channel, as they share one webhook"];
        check("slack-channel-ignored", &guide(&url("x"), &url("x"), "#b"), &found);
        check("slack-channel-ignored", &guide(&url("x"), &url("y"), "#b"), &[]);
        check("slack-channel-ignored", &guide(&url("x"), &url("x"), "#a"), &[]);
        let relay = "api_url: 'http://relay:80/slack'";
        check("slack-channel-ignored", &guide(relay, relay, "#b"), &[]);
        let token = "app_token_file: /t";
        check("slack-channel-ignored", &guide(token, token, "#b"), &[]);
    }
}
