//! Receivers that lead nowhere: placeholders that nobody has filled in, and this very host.

use super::{Check, Harm, global_setting_unused, routing};
use crate::diagnostic::{Diagnostic, Span, Spanned};
use crate::stack::alertmanager::{Alertmanager, IntegrationKind, Receiver, Setting};
use crate::stack::wiring::{AlertmanagerConfig, Wiring};

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
    wiring.alertmanagers.iter().flat_map(|config| of_config(wiring, config)).collect()
}

fn of_config(wiring: &Wiring, config: &AlertmanagerConfig) -> Vec<Diagnostic> {
    let unused = global_setting_unused::of(config);
    let is_unused = |path: &str| unused.iter().any(|setting| setting.path == path);
    let mut untold: Option<Vec<String>> = None;
    let mut mails = true;
    let mut found = Vec::new();
    for setting in config.settings.iter().filter(|setting| KEYS.contains(&setting.key())) {
        let judged = judge(setting.key(), &setting.value).filter(|_| !is_unused(&setting.path));
        let Some(diagnostic) = judged else { continue };
        mails &= !setting.path.starts_with("global.smtp_");
        let untold = untold.get_or_insert_with(|| routing::untold(wiring, config));
        let receiver = receiver_of(config, setting.key(), &setting.value);
        found.push(match receiver.is_some_and(|receiver| untold.contains(&receiver.name.value)) {
            true => {
                let because = diagnostic.because.clone().unwrap_or_default();
                diagnostic.because(format!("{because}; none of the documented alerts is sent here"))
            }
            false => diagnostic,
        });
    }
    if config.meant.as_ref().is_some_and(|meant| reaches_nobody(meant, &found, mails)) {
        for diagnostic in &mut found {
            let because = diagnostic.because.take().unwrap_or_default();
            diagnostic.because = Some(format!("{because}; no receiver of this config reaches anybody"));
        }
    }
    found
}

/// Whether none of the receivers is without a placeholder; `mails`: what stands under `global` for them has none.
fn reaches_nobody(config: &Alertmanager, placeholders: &[Diagnostic], mails: bool) -> bool {
    let is_placeholder = |place: &Span| {
        placeholders.iter().filter_map(|found| found.place.as_ref()).any(|own| own.same_as(place))
    };
    let mut integrations = config.receivers.iter().flat_map(|receiver| &receiver.integrations).peekable();
    integrations.peek().is_some()
        && integrations.all(|integration| {
            let settings = &integration.settings;
            let lost = integration.kind == IntegrationKind::Email && !mails;
            lost || settings.iter().filter_map(|(key, _)| settings.place(key)).any(is_placeholder)
        })
}

/// Whose setting it is; none for what stands under `global`.
fn receiver_of<'c>(
    config: &'c AlertmanagerConfig,
    key: &str,
    value: &Spanned<String>,
) -> Option<&'c Receiver> {
    let has = |receiver: &&Receiver| {
        let mut places =
            receiver.integrations.iter().filter_map(|integration| integration.settings.place(key));
        places.any(|place| place.same_as(&value.span))
    };
    config.meant.as_ref()?.receivers.iter().find(has)
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
            let diagnostic = judge(key, &Spanned::new(text.clone(), place.clone()));
            found
                .extend(diagnostic.filter(|diagnostic| !found.iter().any(|known| known.same_as(diagnostic))));
        }
    }
    found
}

fn judge(key: &str, value: &Spanned<String>) -> Option<Diagnostic> {
    let text = value.value.to_lowercase();
    if key.ends_with("password") {
        return is_password_placeholder(&text).then(|| {
            Diagnostic::error("", "this password is a placeholder")
                .at(&value.span)
                .label("nobody has filled this in")
                .because("each mail fails: the server refuses it")
                .help("take it from a file, by `smtp_auth_password_file`")
                .shared("placeholders among the receivers")
        });
    }
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
        Diagnostic::error("", format!("this {} is a placeholder", what(key)))
            .at(&value.span)
            .label("nobody has filled this in")
            .because("Alertmanager takes it as it is, and each notification fails")
            .help("take the value from a secret, by the key ending in `_file` where there is one")
            .shared("placeholders among the receivers")
    })
}

fn what(key: &str) -> &'static str {
    match key {
        "service_key" | "routing_key" | "api_key" | "bot_token" | "user_key" | "token" => "key",
        _ => "receiver",
    }
}

/// `your-password`, `app-password`, `<password>`: words for what is to stand here.
pub fn is_password_placeholder(text: &str) -> bool {
    let text = text.to_lowercase();
    let words = |c: char| c.is_ascii_alphabetic() || matches!(c, '-' | '_');
    let named = text.strip_suffix("password").is_some_and(|before| before.ends_with(['-', '_']));
    is_placeholder(&text) || named && text.chars().all(words)
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

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    fn guide(global: &str, receivers: &str) -> String {
        format!(
            "```yaml\n# alertmanager.yml\nglobal: {{{global}}}\nroute: {{receiver: a}}\nreceivers:\n{receivers}```\n"
        )
    }

    #[test]
    fn what_no_receiver_takes_from_the_globals_is_no_receiver() {
        let global = "smtp_smarthost: 'localhost:25', smtp_from: a@example.io";
        let mail = "- name: a\n  email_configs: [{to: ops@example.io}]\n";
        let found = ["3:26 this receiver is Alertmanager's own host"];
        check("placeholder-receiver", &guide(global, mail), &found);
        let hook = "- name: a\n  webhook_configs: [{url: 'http://relay:8080/'}]\n";
        check("placeholder-receiver", &guide(global, hook), &[]);
    }

    #[test]
    fn a_password_that_says_what_it_is_to_be_is_a_placeholder() {
        let mail = "- name: a\n  email_configs: [{to: ops@example.io}]\n";
        let global = |password: &str| {
            guide(
                &format!(
                    "smtp_smarthost: 'mail:25', smtp_from: a@example.io, smtp_auth_password: {password}"
                ),
                mail,
            )
        };
        for placeholder in ["app-password", "YOUR_PASSWORD", "changeme"] {
            check("placeholder-receiver", &global(placeholder), &["3:82 this password is a placeholder"]);
        }
        for password in ["passw0rd-2", "hunter2", "mypassword", "s3cret-password"] {
            check("placeholder-receiver", &global(password), &[]);
        }
    }

    #[test]
    fn it_is_said_where_no_documented_alert_comes() {
        let because = |severity: &str| {
            let text = format!(
                "```yaml\n# alertmanager.yml\nroute:\n  receiver: hook\n  routes: [{{matchers: [severity=critical], receiver: b}}]\nreceivers:\n- name: hook\n  webhook_configs: [{{url: 'http://localhost:5001/'}}]\n- name: b\n  webhook_configs: [{{url: 'http://relay:8080/'}}]\n```\n```yaml\ngroups:\n- name: g\n  rules: [{{alert: A, expr: up == 0, labels: {{severity: {severity}}}}}]\n```\n"
            );
            let findings = crate::checks::run(&crate::documents::wiring::of_text("guide.md", &text));
            let mut found =
                findings.into_iter().filter(|finding| finding.diagnostic.id == "placeholder-receiver");
            found.next().and_then(|finding| finding.diagnostic.because).unwrap_or_default()
        };
        assert!(because("critical").ends_with("none of the documented alerts is sent here"));
        assert!(!because("warning").contains("documented alerts"));
    }

    #[test]
    fn it_is_said_where_nobody_is_reached_at_all() {
        let all = |more: &str| {
            let text = guide(
                "resolve_timeout: 5m",
                &format!("- name: a\n  webhook_configs: [{{url: 'http://your-webhook-url'}}]\n{more}"),
            );
            let findings = crate::checks::run(&crate::documents::wiring::of_text("guide.md", &text));
            let mut found =
                findings.into_iter().filter(|finding| finding.diagnostic.id == "placeholder-receiver");
            let because = found.next().and_then(|finding| finding.diagnostic.because).unwrap_or_default();
            because.ends_with("no receiver of this config reaches anybody")
        };
        assert!(all(""));
        assert!(all("- name: b\n  webhook_configs: [{url: 'http://localhost:1/'}]\n"));
        assert!(!all("- name: b\n  webhook_configs: [{url: 'http://relay:8080/'}]\n"));
    }
}
