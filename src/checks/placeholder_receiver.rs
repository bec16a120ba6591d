//! Receivers that lead nowhere: placeholders that nobody has filled in, and this very host.

use super::{Check, Harm};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "placeholder-receiver",
    harm: Harm::Silent,
    title: "notifications are sent to a placeholder or to Alertmanager's own host",
    explanation: "Alertmanager accepts the config and tries to send, again and again. Nobody is told: the failures \
                  stand in its log and in `alertmanager_notifications_failed_total`.",
    example: "# alertmanager.yml\nroute:\n  receiver: hook\nreceivers:\n- name: hook\n  webhook_configs:\n  - url: \
              http://localhost:5001/\n",
    mended: "# alertmanager.yml\nroute:\n  receiver: hook\nreceivers:\n- name: hook\n  webhook_configs:\n  - \
             url_file: /etc/alertmanager/secrets/hook-url\n",
    find,
};

const KEYS: [&str; 12] = [
    "url",
    "api_url",
    "slack_api_url",
    "service_key",
    "routing_key",
    "api_key",
    "webhook_url",
    "smtp_smarthost",
    "smarthost",
    "bot_token",
    "user_key",
    "smtp_auth_password",
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let settings = wiring.alertmanagers.iter().flat_map(|config| &config.settings);
    let settings = settings.filter(|setting| KEYS.contains(&setting.key()));
    settings.filter_map(|setting| judge(&setting.value)).collect()
}

fn judge(value: &Spanned<String>) -> Option<Diagnostic> {
    let text = value.value.to_lowercase();
    let host = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
    let host = host.split(['/', ':']).next().unwrap_or_default();
    // Within a cluster, and within Alertmanager's container, that is Alertmanager alone.
    if matches!(host, "localhost" | "127.0.0.1") {
        let own = Diagnostic::error("", "this receiver is Alertmanager's own host");
        let label = "nothing but Alertmanager runs in its container";
        let assuming = "assuming that no other container shares its network";
        return Some(own.at(&value.span).label(label).because(assuming));
    }
    is_placeholder(&text).then(|| {
        Diagnostic::error("", "this receiver is a placeholder")
            .at(&value.span)
            .label("nobody has filled this in")
            .because("Alertmanager accepts it; each notification fails")
            .help("take the value from a secret, by the key ending in `_file` where there is one")
    })
}

/// `https://hooks.slack.com/services/YOUR/SLACK/WEBHOOK`, `YOUR_PAGERDUTY_KEY`, `<token>`
fn is_placeholder(text: &str) -> bool {
    let words: Vec<&str> =
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let said = |word: &str| words.contains(&word);
    said("your")
        || said("changeme")
        || said("placeholder")
        || said("xxx")
        || said("xxxx")
        || said("todo")
        || text.starts_with('<') && text.ends_with('>')
        || text.contains("t00000000/b00000000")
}
