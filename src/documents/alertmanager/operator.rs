//! `AlertmanagerConfig` objects, as the Prometheus operator turns them into a configuration.
//!
//! Each object becomes a route below the root, for alerts of its own namespace; its receivers and time
//! intervals get the object's name before theirs. Secrets stand as placeholders, since their values are elsewhere.

use crate::diagnostic::{Diagnostic, Span};
use crate::documents::yaml::{Kind, Node, Scalar, Style};
use crate::golang::quote;
use crate::stack::alertmanager::{Alertmanager, Version};

/// The receiver of what no object takes.
const NOBODY: &str = "null";

/// Reads these objects as one configuration, together with the one that the operator is given beside them: their
/// routes come before its own.
pub fn read_objects(
    base: Option<&Node>,
    objects: &[&Node],
    version: Version,
) -> (Option<Alertmanager>, Vec<Diagnostic>) {
    let Some(place) = base.or(objects.first().copied()).map(|node| &node.span) else {
        return (None, Vec::new());
    };
    let (mut routes, mut rules, mut intervals) = (Vec::new(), Vec::new(), Vec::new());
    let mut receivers = Vec::new();
    for object in objects {
        let name_of = |key: &str| {
            object
                .get("metadata")
                .and_then(|metadata| metadata.get(key))
                .and_then(Node::scalar)
                .unwrap_or("default")
        };
        let namespace = name_of("namespace");
        let prefix = format!("{namespace}/{}/", name_of("name"));
        let Some(spec) = object.get("spec") else { continue };
        let own = format!("namespace={}", quote(namespace));
        if let Some(route) = spec.get("route") {
            let route = with_matcher(native(route, "route", &prefix), "matchers", &own);
            routes.push(with(route, "continue", text("true", &object.span)));
        }
        for item in spec.get("receivers").and_then(Node::items).unwrap_or_default() {
            receivers.push(native(item, "named", &prefix));
        }
        for item in spec.get("muteTimeIntervals").and_then(Node::items).unwrap_or_default() {
            intervals.push(native(item, "named", &prefix));
        }
        for item in spec.get("inhibitRules").and_then(Node::items).unwrap_or_default() {
            let rule = with_matcher(native(item, "inhibit", &prefix), "source_matchers", &own);
            rules.push(with_matcher(rule, "target_matchers", &own));
        }
    }
    let nobody = || {
        let root = mapping(vec![("receiver", text(NOBODY, place))], place);
        let receiver = mapping(vec![("name", text(NOBODY, place))], place);
        mapping(vec![("route", root), ("receivers", list(vec![receiver], place))], place)
    };
    let mut config = base.cloned().unwrap_or_else(nobody);
    if !routes.is_empty()
        && let Some(root) = config.get("route").cloned()
    {
        config = with(config, "route", with_items(root, "routes", routes, true));
    }
    config = with_items(config, "receivers", receivers, false);
    config = with_items(config, "inhibit_rules", rules, false);
    config = with_items(config, "time_intervals", intervals, false);
    super::read_node(&config, version)
}

/// The same in Alertmanager's own words; every part keeps its place.
fn native(node: &Node, within: &str, prefix: &str) -> Node {
    let kind = match &node.kind {
        Kind::Mapping(entries) => {
            if let Some(key) = secret_reference(entries) {
                return text(&format!("http://secret.invalid/{key}"), &node.span);
            }
            let entries = entries.iter().map(|(name, value)| {
                let key = name.scalar().unwrap_or_default();
                (renamed(name, &snake_case(key, within)), entry(key, value, within, prefix))
            });
            Kind::Mapping(entries.collect())
        }
        Kind::Sequence(items) => {
            Kind::Sequence(items.iter().map(|item| native(item, within, prefix)).collect())
        }
        other => other.clone(),
    };
    Node { kind, span: node.span.clone() }
}

fn entry(key: &str, value: &Node, within: &str, prefix: &str) -> Node {
    let items = value.items();
    let each = |make: &dyn Fn(&Node) -> Node| {
        list(items.unwrap_or_default().iter().map(make).collect(), &value.span)
    };
    match (within, key) {
        ("route", "receiver") | ("named", "name") => {
            text(&format!("{prefix}{}", value.scalar().unwrap_or_default()), &value.span)
        }
        ("route", "muteTimeIntervals" | "activeTimeIntervals") => {
            each(&|name| text(&format!("{prefix}{}", name.scalar().unwrap_or_default()), &name.span))
        }
        (_, "matchers" | "sourceMatch" | "targetMatch") if items.is_some() => each(&matcher),
        (_, "daysOfMonth") => each(&|days| {
            let day = |key: &str| days.get(key).and_then(Node::scalar).unwrap_or_default();
            text(&format!("{}:{}", day("start"), day("end")), &days.span)
        }),
        // Lists of pairs here, mappings there.
        (_, "details" | "customFields" | "headers") if items.is_some() => {
            let pairs = items
                .unwrap_or_default()
                .iter()
                .filter_map(|pair| Some((pair.get("key")?.clone(), pair.get("value")?.clone())));
            Node { kind: Kind::Mapping(pairs.collect()), span: value.span.clone() }
        }
        (_, "routes") => native(value, "route", prefix),
        ("named", _) => native(value, "settings", prefix),
        _ => native(value, within, prefix),
    }
}

/// `{name, value, matchType}`, or the older `{name, value, regex}`.
fn matcher(node: &Node) -> Node {
    let part = |key: &str| node.get(key).and_then(Node::scalar).unwrap_or_default();
    let op = match (part("matchType"), part("regex")) {
        ("", "true") => "=~",
        ("", _) => "=",
        (op, _) => op,
    };
    text(&format!("{}{op}{}", part("name"), quote(part("value"))), &node.span)
}

/// `{name: SECRET, key: KEY}` says where a value is.
fn secret_reference(entries: &[(Node, Node)]) -> Option<String> {
    let get = |wanted: &str| {
        entries.iter().find(|(name, _)| name.scalar() == Some(wanted)).and_then(|(_, value)| value.scalar())
    };
    let only_these =
        entries.iter().all(|(name, _)| matches!(name.scalar(), Some("name" | "key" | "optional")));
    let (name, key) = (get("name")?, get("key")?);
    only_these.then(|| format!("{name}/{key}"))
}

/// `apiURL` → `api_url`; a few keys have other names altogether.
fn snake_case(key: &str, within: &str) -> String {
    match (within, key) {
        ("inhibit", "sourceMatch") => return "source_matchers".into(),
        ("inhibit", "targetMatch") => return "target_matchers".into(),
        (_, "urlSecret") => return "url".into(),
        _ => {}
    }
    let mut out = String::new();
    let mut after_lower = false;
    for c in key.chars() {
        if c.is_ascii_uppercase() && after_lower {
            out.push('_');
        }
        after_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// With these items before or after those that a list has.
fn with_items(node: Node, key: &str, items: Vec<Node>, before: bool) -> Node {
    if items.is_empty() {
        return node;
    }
    let span = node.span.clone();
    let own = node.get(key).and_then(Node::items).unwrap_or_default().to_vec();
    let all = if before { [items, own].concat() } else { [own, items].concat() };
    with(node, key, list(all, &span))
}

fn with_matcher(node: Node, key: &str, matcher: &str) -> Node {
    let span = node.span.clone();
    let mut items = node.get(key).and_then(Node::items).unwrap_or_default().to_vec();
    items.push(text(matcher, &span));
    with(node, key, list(items, &span))
}

fn with(node: Node, key: &str, value: Node) -> Node {
    let Kind::Mapping(mut entries) = node.kind else { return node };
    entries.retain(|(name, _)| name.scalar() != Some(key));
    entries.push((text(key, &node.span), value));
    Node { kind: Kind::Mapping(entries), span: node.span }
}

fn renamed(name: &Node, to: &str) -> Node {
    text(to, &name.span)
}

fn text(text: &str, span: &Span) -> Node {
    Node {
        kind: Kind::Scalar(Scalar { text: text.to_owned(), plain: true, style: Style::Plain }),
        span: span.clone(),
    }
}

fn list(items: Vec<Node>, span: &Span) -> Node {
    Node { kind: Kind::Sequence(items), span: span.clone() }
}

fn mapping(entries: Vec<(&str, Node)>, span: &Span) -> Node {
    let entries = entries.into_iter().map(|(name, value)| (text(name, span), value)).collect();
    Node { kind: Kind::Mapping(entries), span: span.clone() }
}
