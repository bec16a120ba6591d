//! Tables of what may stand where, and the one strict reader that follows them.
//!
//! A key that the table does not have, or not yet in the stated release, is an error at its place; so is a
//! value that Go's YAML would not put into the key's type. What is absent gets its default.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Span, nearest};
use crate::documents::yaml::{Kind, Node};
use crate::stack::alertmanager::{Setting, Settings, Version};

use super::http;
use super::scalar;

/// A mapping with known keys.
pub struct Object {
    /// In messages: "slack_configs".
    pub what: &'static str,
    pub fields: &'static [Field],
    /// A check of the whole, after its keys were read; gives Alertmanager's own reason.
    pub check: Option<Check>,
}

pub type Check = fn(&Settings) -> Result<(), Refusal>;

pub struct Field {
    pub key: &'static str,
    pub of: Type,
    /// The release that brought it.
    pub since: Version,
    pub default: Option<&'static str>,
}

#[derive(Clone, Copy)]
pub enum Type {
    Text,
    Url,
    /// May hold a template from 0.32 on.
    TemplateUrl,
    HostPort,
    Flag,
    /// Absent differs from `false`.
    OptionalFlag,
    Number,
    Unsigned,
    /// Prometheus' durations: `1h30m`.
    Duration,
    /// Go's durations: `1h30m`, `1.5s`; a bare number is nanoseconds.
    GoDuration,
    /// The same, but a bare number is an error.
    TextDuration,
    /// A URL of any scheme.
    ProxyUrl,
    TextMap,
    TextList,
    /// Any value.
    Json,
    /// A mapping to anything; values were texts only before 0.30.
    JsonMap,
    HttpHeaders,
    Object(&'static Object),
    List(&'static Object),
    /// A text, or a mapping from 0.30 on.
    TextOr(&'static Object),
}

/// A reason in Alertmanager's own words, and the key at fault if there is one.
pub struct Refusal {
    pub reason: String,
    pub key: Option<&'static str>,
    pub help: Option<String>,
}

impl Refusal {
    pub fn new(reason: impl Into<String>) -> Refusal {
        Refusal { reason: reason.into(), key: None, help: None }
    }

    pub fn at(mut self, key: &'static str) -> Refusal {
        self.key = Some(key);
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Refusal {
        self.help = Some(help.into());
        self
    }
}

/// An error in Alertmanager's own words.
pub fn refused(id: &'static str, reason: impl Into<String>, place: &Span) -> Diagnostic {
    Diagnostic::error(id, reason).at(place).label("Alertmanager stops here")
}

pub const fn field(key: &'static str, of: Type) -> Field {
    Field { key, of, since: Version::OLDEST, default: None }
}

impl Field {
    pub const fn since(mut self, minor: u16) -> Field {
        self.since = Version(minor);
        self
    }

    pub const fn or(mut self, default: &'static str) -> Field {
        self.default = Some(default);
        self
    }
}

/// What is being read, by which release, and what is wrong with it.
pub struct Reader<'p> {
    pub version: Version,
    pub problems: &'p mut Vec<Diagnostic>,
}

impl Reader<'_> {
    pub fn problem(&mut self, diagnostic: Diagnostic) {
        self.problems.push(diagnostic);
    }

    /// The entries of a mapping; anything else is a diagnostic.
    pub fn entries<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [(Node, Node)]> {
        let entries = node.entries();
        if entries.is_none() {
            self.wrong_type(node, &format!("a mapping ({what})"));
        }
        entries
    }

    /// The items of a list; nothing counts as an empty list, anything else is a diagnostic.
    pub fn items<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Node] {
        match &node.kind {
            Kind::Null => &[],
            Kind::Sequence(items) => items,
            _ => {
                self.wrong_type(node, &format!("a list ({what})"));
                &[]
            }
        }
    }

    pub fn wrong_type(&mut self, node: &Node, wanted: &str) {
        self.problem(crate::documents::yaml::wrong_type(node, wanted).because(match node.scalar() {
            Some(text) => format!("Alertmanager cannot unmarshal `{text}` here"),
            None => format!("Alertmanager cannot unmarshal {} here", node.describe()),
        }));
    }

    /// A key that is not known here.
    pub fn unknown_key(&mut self, name: &Node, what: &str, known: &[&str], later: Option<Version>) {
        let text = name.scalar().unwrap_or("?");
        let diagnostic = Diagnostic::error("unknown-key", format!("unknown key `{text}` in {what}"))
            .at(&name.span)
            .label("not known here")
            .because(format!("Alertmanager {} refuses the file: field {text} not found", self.version));
        // What all kinds of receivers end in makes no two of them alike.
        let stem = |key: &'_ str| key.len() - if key.ends_with("_configs") { "_configs".len() } else { 0 };
        let near = nearest(&text[..stem(text)], known.iter().map(|key| &key[..stem(key)]));
        let near = near.and_then(|near| known.iter().find(|key| &key[..stem(key)] == near));
        let help = match (later, mend(what, text), near) {
            (Some(version), _, _) => format!("Alertmanager knows `{text}` from {version} on"),
            (_, Some(mend), _) => mend.to_owned(),
            (_, _, Some(name)) => format!("did you mean `{name}`?"),
            _ => format!("known keys: {}", known.join(", ")),
        };
        self.problem(diagnostic.help(help));
    }

    pub fn object(&mut self, node: &Node, object: &'static Object) -> Option<Settings> {
        let entries = self.entries(node, object.what)?;
        let mut settings = Settings::default();
        for field in object.fields {
            if let (Some(default), true) = (field.default, field.since <= self.version) {
                let default = match field.of {
                    Type::Flag => Setting::Flag(default == "true"),
                    Type::GoDuration | Type::TextDuration => {
                        Setting::Duration(scalar::go_duration(default).unwrap_or_default())
                    }
                    Type::TextOr(_) => Setting::Object(template_setting(default, None)),
                    _ => Setting::Text(default.to_owned()),
                };
                settings.set(field.key, default, None);
            }
        }
        let before = self.problems.len();
        for (name, value) in entries {
            let text = name.scalar().unwrap_or_default();
            match object.fields.iter().find(|field| field.key == text) {
                Some(field) if field.since <= self.version => match self.value(value, field) {
                    Some(setting) => settings.set(text, setting, Some(value.span.clone())),
                    // Nothing written is Go's zero value: it takes a default away.
                    None if value.kind == Kind::Null => settings.remove(text),
                    None => {}
                },
                later => {
                    let known: Vec<&str> = object
                        .fields
                        .iter()
                        .filter(|field| field.since <= self.version)
                        .map(|field| field.key)
                        .collect();
                    self.unknown_key(name, object.what, &known, later.map(|field| field.since));
                }
            }
        }
        if self.problems.len() == before
            && let Some(check) = object.check
            && let Err(refusal) = check(&settings)
        {
            self.refuse("alertmanager-config", refusal, &settings, &node.span);
        }
        Some(settings)
    }

    pub fn refuse(&mut self, id: &'static str, refusal: Refusal, settings: &Settings, whole: &Span) {
        let place = refusal.key.and_then(|key| settings.place(key)).unwrap_or(whole);
        let mut diagnostic = refused(id, refusal.reason, place);
        diagnostic.help = refusal.help;
        self.problem(diagnostic);
    }

    fn value(&mut self, node: &Node, field: &Field) -> Option<Setting> {
        if node.kind == Kind::Null {
            return None;
        }
        if is_secret(field) {
            node.span.conceal();
        }
        let wrong = |error: String| {
            let error = match node.scalar().filter(|_| is_secret(field)) {
                // The reason may quote any part of it.
                Some(_) if error.starts_with("parse ") => "parse \"<secret>\": it is not a URL".to_owned(),
                _ => error,
            };
            refused("bad-value", format!("`{}`: {error}", field.key), &node.span)
        };
        Some(match field.of {
            Type::Text => Setting::Text(self.text(node)?),
            Type::Flag | Type::OptionalFlag => match scalar::flag(node) {
                Some(flag) => Setting::Flag(flag),
                None => {
                    self.wrong_type(node, "true or false");
                    return None;
                }
            },
            Type::Number | Type::Unsigned => match scalar::number(node) {
                Some(number) if number >= 0 || matches!(field.of, Type::Number) => Setting::Number(number),
                _ => {
                    let wanted = if matches!(field.of, Type::Number) {
                        "a whole number"
                    } else {
                        "a whole number, 0 or more"
                    };
                    self.wrong_type(node, wanted);
                    return None;
                }
            },
            Type::Url
            | Type::TemplateUrl
            | Type::ProxyUrl
            | Type::HostPort
            | Type::Duration
            | Type::GoDuration
            | Type::TextDuration => {
                let text = self.text(node)?;
                let read = match field.of {
                    Type::HostPort => scalar::host_port(&text).map(|()| Setting::Text(text)),
                    Type::Duration => crate::time::Duration::parse(&text)
                        .map(Setting::Duration)
                        .map_err(|error| error.to_string()),
                    Type::GoDuration => scalar::go_duration_node(node, &text).map(Setting::Duration),
                    Type::TextDuration => scalar::go_duration(&text).map(Setting::Duration),
                    Type::ProxyUrl => scalar::parse_url(&text).map(|_| Setting::Text(text.clone())),
                    Type::TemplateUrl if self.version >= Version(32) && text.contains("{{") => {
                        Ok(Setting::Text(text))
                    }
                    _ => scalar::url(&text).map(|()| Setting::Text(text)),
                };
                match read {
                    Ok(setting) => setting,
                    Err(error) => {
                        self.problem(wrong(error));
                        return None;
                    }
                }
            }
            Type::TextMap => Setting::TextMap(self.text_map(node)?),
            Type::TextList => {
                let items = self.items(node, field.key);
                Setting::TextList(items.iter().filter_map(|item| self.text(item)).collect())
            }
            Type::Json => Setting::Json(scalar::json(node)),
            Type::JsonMap if self.version < Version(30) => Setting::TextMap(self.text_map(node)?),
            Type::JsonMap => {
                self.entries(node, field.key)?;
                Setting::Json(scalar::json(node))
            }
            Type::HttpHeaders => {
                for (name, value) in self.entries(node, field.key)? {
                    if let Some(reason) = http::reserved_header(name.scalar().unwrap_or_default()) {
                        self.problem(refused("bad-value", reason, &name.span));
                    }
                    self.object(value, &http::HEADER);
                }
                Setting::Json(scalar::json(node))
            }
            Type::Object(object) => Setting::Object(self.object(node, object)?),
            Type::List(object) => {
                let items = self.items(node, field.key);
                Setting::List(items.iter().filter_map(|item| self.object(item, object)).collect())
            }
            Type::TextOr(object) => match node.scalar() {
                Some(text) => Setting::Object(template_setting(text, Some(&node.span))),
                None if self.version >= Version(30) => Setting::Object(self.object(node, object)?),
                None => {
                    self.wrong_type(node, "a text");
                    return None;
                }
            },
        })
    }

    /// Any single value is a text to Go's YAML.
    pub fn text(&mut self, node: &Node) -> Option<String> {
        match &node.kind {
            Kind::Null => Some(String::new()),
            Kind::Scalar(scalar) => Some(scalar.text.clone()),
            _ => {
                self.wrong_type(node, "a text");
                None
            }
        }
    }

    fn text_map(&mut self, node: &Node) -> Option<BTreeMap<String, String>> {
        let entries = self.entries(node, "texts by name")?;
        let mut map = BTreeMap::new();
        for (name, value) in entries {
            if let (Some(name), Some(value)) = (name.scalar(), self.text(value)) {
                map.insert(name.to_owned(), value);
            }
        }
        Some(map)
    }
}

/// What no message may show: passwords, tokens, and the URLs that are as good as one.
fn is_secret(field: &Field) -> bool {
    const ENDINGS: [&str; 7] =
        ["password", "secret", "token", "api_key", "routing_key", "service_key", "user_key"];
    const WHOLE: [&str; 5] =
        ["credentials", "slack_api_url", "webhook_url", "mattermost_webhook_url", "secret_key"];
    ENDINGS.iter().any(|ending| field.key.ends_with(ending)) || WHOLE.contains(&field.key)
}

fn template_setting(text: &str, place: Option<&Span>) -> Settings {
    let mut settings = Settings::default();
    settings.set("template", Setting::Text(text.to_owned()), place.cloned());
    settings
}

/// What to write instead, for keys that many guides have and Alertmanager never had.
fn mend(what: &str, key: &str) -> Option<&'static str> {
    Some(match (what, key) {
        ("email_configs", "subject") => "the subject is a header: write `headers: {Subject: …}`",
        ("email_configs", "body" | "message" | "content") => {
            "write `html: …` for a formatted mail, or `text: …` for a plain one"
        }
        ("email_configs", "smtp_smarthost") => "inside a receiver it is `smarthost`",
        ("email_configs", "smtp_from") => "inside a receiver it is `from`",
        ("email_configs", "cc" | "bcc") => "write all addresses in `to`, and `headers: {Cc: …}` to show them",
        ("slack_configs", "webhook_url" | "url") => "in `slack_configs` it is `api_url`",
        ("slack_configs", "message" | "body") => "the message is `text`, and its heading `title`",
        ("webhook_configs", "api_url" | "webhook_url") => "in `webhook_configs` it is `url`",
        ("webhook_configs", "headers" | "http_headers") => {
            "headers stand in `http_config: {http_headers: …}` (from 0.28 on)"
        }
        ("webhook_configs", "title" | "message" | "text" | "body") => {
            "a webhook has no text of its own: it gets all alerts as JSON"
        }
        ("pagerduty_configs", "integration_key") => "an Events API v2 integration's key is `routing_key`",
        ("pagerduty_configs", "api_key") => "write `routing_key` (Events API v2) or `service_key` (v1)",
        ("route", "match_regex" | "match_regexp") => "it is `match_re`, or `matchers: [name=~\"…\"]`",
        ("global", "smtp_auth_user") => "it is `smtp_auth_username`",
        _ => return None,
    })
}
