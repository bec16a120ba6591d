//! Receivers that lead nowhere: placeholders that nobody has filled in, and this very host.

use super::{Check, Harm};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::alertmanager::{Alertmanager, Setting};
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

const KEYS: [&str; 15] = [
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
    "to",
    "channel",
    "token",
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let settings = wiring.alertmanagers.iter().flat_map(|config| &config.settings);
    let settings = settings.filter(|setting| KEYS.contains(&setting.key()));
    settings.filter_map(|setting| judge(&setting.value)).collect()
}

/// Those of a config that Alertmanager accepts; what stands under `global` is told once.
pub fn of(config: &Alertmanager) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    for integration in config.receivers.iter().flat_map(|receiver| &receiver.integrations) {
        for key in KEYS {
            let (Some(Setting::Text(text)), Some(place)) =
                (integration.settings.get(key), integration.settings.place(key))
            else {
                continue;
            };
            let diagnostic = judge(&Spanned::new(text.clone(), place.clone()));
            found
                .extend(diagnostic.filter(|diagnostic| !found.iter().any(|known| known.same_as(diagnostic))));
        }
    }
    found
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
    // What is below these domains is often a real name made anonymous.
    let domains = ["@example.com", "@example.org", "@example.net"];
    if text.split(',').any(|address| domains.iter().any(|domain| address.trim().ends_with(domain))) {
        let found = Diagnostic::error("", "this receiver is an address of an example").at(&value.span);
        return Some(found.label("nobody reads here").because("the domain is reserved for documentation"));
    }
    is_placeholder(&text).then(|| {
        Diagnostic::error("", "this receiver is a placeholder")
            .at(&value.span)
            .label("nobody has filled this in")
            .because("Alertmanager accepts it; each notification fails")
            .help("take the value from a secret, by the key ending in `_file` where there is one")
            .shared(format!("the placeholder {text}"))
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
