//! `alertmanager.yml` for the real Alertmanager: every integration sends to its mailbox in the inbox.
//!
//! Routes, grouping, templates and texts stay as they are. A service that has one fixed address (PagerDuty's older API,
//! Pushover) is received for by a proxy.

use std::io;
use std::path::Path;

use super::prometheus::set;
use super::{Written, quoted, refused};
use crate::diagnostic::Diagnostic;
use crate::documents::yaml::{self, Node};
use crate::stack::alertmanager::{Alertmanager, Integration, IntegrationKind, Receiver, Settings};
use crate::worlds::edit::Edits;
use crate::worlds::inbox::{Inbox, Login, MAIL_OVER_TLS, Mailbox};
use crate::worlds::real::place::Place;
use crate::worlds::speed;

const INBOX: &str = "the inbox receives in place of the service";
const NO_PORT: &str = "the inbox, with STARTTLS: port 465 can't be had here";
const PROXY: &str = "the service has one fixed address: the inbox receives for it as a proxy";
const PAGERDUTY_V1: &str = "https://events.pagerduty.com/generic/2010-04-15/create_event.json";
const PUSHOVER: &str = "https://api.pushover.net/1/messages.json";
const NO_FILE: &str = "the file is not on this machine, and the inbox lets everybody in";

/// The config to run with, its templates being all files of `templates`.
pub fn alertmanager(
    config: &Alertmanager,
    templates: &Path,
    inbox: &mut Inbox,
    place: &dyn Place,
    speed: u32,
) -> Result<Written, Vec<Diagnostic>> {
    let file = &config.place.file;
    let mut problems = time_intervals(config);
    let edits = if speed > 1 { speed::alertmanager(file, speed) } else { Ok(Edits::new(file)) };
    let mut edits = match edits {
        Ok(edits) => edits,
        Err(wrong) => {
            problems.extend(wrong);
            return Err(problems);
        }
    };
    let Some(root) = yaml::read_one(file).0.filter(|root| root.get("receivers").is_some()) else {
        problems.push(
            refused("this Alertmanager can't be run in a real world")
                .at(&config.place)
                .label("no `alertmanager.yml` stands here"),
        );
        return Err(problems);
    };
    if root.get("templates").is_some_and(|templates| !templates.is_null()) {
        let all = format!("[{}]", quoted(&templates.join("*").display().to_string()));
        set(&mut edits, &root, "templates", &all, "the templates as they are, in this world's folder");
    }
    edits.remove(&root, "tracing", "nothing is traced to elsewhere");
    if let Some(global) = root.get("global") {
        global_section(&mut edits, global);
    }
    let receivers = root.get("receivers").and_then(Node::items).unwrap_or_default();
    for receiver in &config.receivers {
        let name = receiver.name.value.as_str();
        let named = |node: &&Node| node.get("name").and_then(Node::scalar) == Some(name);
        let Some(node) = receivers.iter().find(named) else { continue };
        for integration in &receiver.integrations {
            let key = format!("{}_configs", integration.kind.as_str());
            let item = node.get(&key).and_then(Node::items).and_then(|items| items.get(integration.index));
            match item {
                Some(item) => {
                    let pointed = point(&mut edits, item, receiver, integration, inbox, place);
                    problems.extend(pointed.err());
                }
                None => problems.push(
                    refused(format!("an integration of receiver `{name}` can't be run in a real world"))
                        .at(&integration.place)
                        .label("stands in no `alertmanager.yml`"),
                ),
            }
        }
    }
    match problems.is_empty() {
        true => Written::of(edits),
        false => Err(problems),
    }
}

/// The real program follows the clock on the wall, which is not the scenario's.
fn time_intervals(config: &Alertmanager) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    config.route.walk(&mut |route| {
        if let Some(first) = route.mute_time_intervals.iter().chain(&route.active_time_intervals).next() {
            problems.push(
                refused("a route with time intervals can't be run in a real world")
                    .at(&first.span)
                    .label("follows the clock on the wall, and not the scenario's")
                    .help("run this scenario in the twin"),
            );
        }
    });
    problems
}

fn global_section(edits: &mut Edits, global: &Node) {
    // A secret that only a file holds: something must stand in its place, or the config is refused.
    for (name, value) in global.entries().unwrap_or_default() {
        if let Some(inline) = name.scalar().and_then(|name| name.strip_suffix("_file")) {
            let stands_in = if inline.ends_with("url") { "http://127.0.0.1:9/" } else { "firedrill" };
            edits.replace(&name.span, inline, NO_FILE);
            edits.replace(&value.span, stands_in, NO_FILE);
        }
    }
    if let Some(http) = global.get("http_config") {
        http_config(edits, http);
    }
}

/// Points an integration at its mailbox.
fn point(
    edits: &mut Edits,
    node: &Node,
    receiver: &Receiver,
    integration: &Integration,
    inbox: &mut Inbox,
    place: &dyn Place,
) -> Result<(), Diagnostic> {
    let settings = &integration.settings;
    let mailbox = |stands_for: &str| Mailbox {
        receiver: receiver.name.value.clone(),
        kind: integration.kind,
        index: integration.index,
        stands_for: stands_for.to_owned(),
    };
    secrets_in_files(edits, node);
    if let Some(http) = node.get("http_config") {
        http_config(edits, http);
    }
    if integration.kind == IntegrationKind::Email {
        let opened = mail_server(settings, &mailbox(settings.text("smarthost")), inbox, place);
        let (reached, why) = opened.map_err(|error| {
            refused(format!("no mail server could be opened: {error}")).at(&integration.place)
        })?;
        set(edits, node, "smarthost", &quoted(&reached), why);
        edits.remove(node, "force_implicit_tls", why);
        edits.remove(node, "tls_config", "the inbox has a certificate of its own");
        return Ok(());
    }
    let fixed = match integration.kind {
        IntegrationKind::PagerDuty if by_service_key(settings) => Some(PAGERDUTY_V1),
        IntegrationKind::Pushover => Some(PUSHOVER),
        _ => None,
    };
    if let Some(stands_for) = fixed {
        let opened = inbox.open_as_proxy(mailbox(stands_for));
        let url = opened
            .map_err(|error| refused(format!("no proxy could be opened: {error}")).at(&integration.place))?;
        let url = quoted(&reached(&url, place));
        match node.get("http_config").filter(|http| http.entries().is_some()) {
            Some(http) => set(edits, http, "proxy_url", &url, PROXY),
            None => set(edits, node, "http_config", &format!("{{proxy_url: {url}}}"), PROXY),
        }
        return Ok(());
    }
    let Some(key) = url_key(integration.kind) else { return Ok(()) };
    let url = reached(&inbox.open(mailbox(settings.text(key))), place);
    // Its client adds the path itself, slash and all.
    let url = match integration.kind {
        IntegrationKind::Telegram => url.trim_end_matches('/').to_owned(),
        _ => url,
    };
    set(edits, node, key, &quoted(&url), INBOX);
    Ok(())
}

/// Where a mail server of the kind that the settings ask for is reached, and what to say of it.
fn mail_server(
    settings: &Settings,
    mailbox: &Mailbox,
    inbox: &mut Inbox,
    place: &dyn Place,
) -> io::Result<(String, &'static str)> {
    let over_tls = format!(":{MAIL_OVER_TLS}");
    let begins_with_tls =
        settings.text("smarthost").ends_with(&over_tls) || settings.text("force_implicit_tls") == "true";
    if begins_with_tls {
        // That port may be for others only, here or on the network of containers.
        if let Ok(address) = inbox.open_mail_over_tls(mailbox.clone(), login(settings)) {
            let reached = place.reach(address);
            if reached.ends_with(&over_tls) {
                return Ok((reached, INBOX));
            }
        }
    }
    let address = inbox.open_mail(mailbox.clone(), login(settings))?;
    let why = if begins_with_tls { NO_PORT } else { INBOX };
    Ok((place.reach(address), why))
}

fn by_service_key(settings: &Settings) -> bool {
    settings.has_text("service_key") || settings.has_text("service_key_file")
}

fn login(settings: &Settings) -> Option<Login> {
    let password = ["auth_password", "auth_secret"].map(|key| settings.text(key));
    let password = password.into_iter().find(|text| !text.is_empty())?.to_owned();
    Some(Login { user: settings.text("auth_username").to_owned(), password })
}

fn secrets_in_files(edits: &mut Edits, node: &Node) {
    for (name, value) in node.entries().unwrap_or_default() {
        match name.scalar().and_then(|name| name.strip_suffix("_file")) {
            // URLs are set anyway, all of them.
            Some(inline) if inline.ends_with("url") => edits.remove(node, &format!("{inline}_file"), NO_FILE),
            Some(inline) => {
                edits.replace(&name.span, inline, NO_FILE);
                edits.replace(&value.span, "firedrill", NO_FILE);
            }
            None => {}
        }
    }
}

/// The inbox's URL as a component reaches it.
fn reached(url: &str, place: &dyn Place) -> String {
    let Some(rest) = url.strip_prefix("http://") else { return url.to_owned() };
    let (server, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
    match server.parse() {
        Ok(server) => format!("http://{}{path}", place.reach(server)),
        Err(_) => url.to_owned(),
    }
}

/// What needs files, a proxy or a token from elsewhere.
fn http_config(edits: &mut Edits, node: &Node) {
    for key in
        ["tls_config", "oauth2", "proxy_url", "no_proxy", "proxy_from_environment", "bearer_token_file"]
    {
        edits.remove(node, key, "the inbox is on this machine");
    }
    for section in ["authorization", "basic_auth"] {
        if let Some(section) = node.get(section) {
            secrets_in_files(edits, section);
        }
    }
}

/// The setting that holds an integration's address.
fn url_key(kind: IntegrationKind) -> Option<&'static str> {
    match kind {
        IntegrationKind::Webhook | IntegrationKind::PagerDuty | IntegrationKind::IncidentIo => Some("url"),
        IntegrationKind::OpsGenie
        | IntegrationKind::WeChat
        | IntegrationKind::Slack
        | IntegrationKind::VictorOps
        | IntegrationKind::Sns
        | IntegrationKind::Telegram
        | IntegrationKind::Webex
        | IntegrationKind::Jira
        | IntegrationKind::RocketChat => Some("api_url"),
        IntegrationKind::Discord
        | IntegrationKind::MsTeams
        | IntegrationKind::MsTeamsV2
        | IntegrationKind::Mattermost => Some("webhook_url"),
        IntegrationKind::Email | IntegrationKind::Pushover => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents;
    use crate::time::Timestamp;
    use crate::worlds::clock::Clock;
    use crate::worlds::local::Local;

    #[test]
    fn mail_that_begins_with_tls_goes_to_a_server_that_does() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("prometheus.yml", "global: {}\n");
        write(
            "alertmanager.yml",
            "route: {receiver: a}\nreceivers:\n- name: a\n  email_configs:\n  \
             - {to: a@example.com, from: b@example.com, smarthost: 'mail.example.com:465'}\n  \
             - {to: a@example.com, from: b@example.com, smarthost: 'mail.example.com:587'}\n",
        );
        let (stack, _) = documents::load(&[folder.path().to_str().unwrap()], None).unwrap();
        let mut inbox = Inbox::start(Clock::starting(Timestamp(0), 1)).unwrap();
        let config = stack.alertmanager.as_ref().unwrap();
        let written = alertmanager(config, folder.path(), &mut inbox, &Local, 1).unwrap();
        let hosts: Vec<&str> =
            written.text.lines().filter_map(|line| line.split("smarthost: ").nth(1)).collect();
        assert_eq!(hosts.len(), 2, "{}", written.text);
        // Where the port is for root only, it is said that another is used.
        let at_465 = |host: &&str| host.contains(":465");
        let excused = written.substitutions.iter().any(|one| one.why == NO_PORT);
        assert_eq!(hosts.iter().filter(|host| at_465(host)).count(), usize::from(!excused), "{hosts:?}");
    }
}
