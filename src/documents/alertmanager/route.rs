//! The `route` section: the tree, what its nodes inherit, and what they refer to.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Spanned};
use crate::documents::yaml::{Kind, Node};
use crate::labels::Labels;
use crate::stack::alertmanager::{GroupBy, NamedTimeInterval, Receiver, Route, Version};
use crate::time::Duration;

use super::matchers::{self, label_name_is_valid};
use super::schema::{Reader, refused};

const KEYS: [&str; 12] = [
    "receiver",
    "group_by",
    "match",
    "match_re",
    "matchers",
    "mute_time_intervals",
    "active_time_intervals",
    "continue",
    "routes",
    "group_wait",
    "group_interval",
    "repeat_interval",
];

/// Deeper trees than anybody draws.
const MAX_DEPTH: usize = 90;

/// What a node hands down to its children.
#[derive(Clone)]
struct Inherited {
    receiver: Spanned<String>,
    group_by: GroupBy,
    labels: Labels,
    group_wait: Duration,
    group_interval: Duration,
    repeat_interval: Duration,
}

/// Reads the tree; `None` where there is none that could be used.
pub fn read(
    node: &Node,
    receivers: &[Receiver],
    intervals: &[NamedTimeInterval],
    reader: &mut Reader<'_>,
) -> Option<Route> {
    let root = Inherited {
        receiver: Spanned::new(String::new(), node.span.clone()),
        group_by: GroupBy::Labels(Vec::new()),
        labels: Labels::empty(),
        group_wait: Duration::from_secs(30),
        group_interval: Duration::from_secs(5 * 60),
        repeat_interval: Duration::from_secs(4 * 3600),
    };
    let route = route(node, &root, 0, reader)?;
    if route.receiver.value.is_empty() {
        let diagnostic = refused("missing-key", "root route must specify a default receiver", &route.place)
            .help("add `receiver: …`, the receiver of every alert that no other route takes");
        reader.problem(diagnostic);
    }
    let mut forbid = |key: &str, reason: &str, help: &str| {
        if let Some(value) = node.get(key).filter(|value| !is_empty(value)) {
            reader.problem(refused("root-route", reason, &value.span).help(help));
        }
    };
    let fallback = "the root route takes every alert; put the conditions on a route below it";
    for key in ["match", "match_re", "matchers"] {
        forbid(key, "root route must not have any matchers", fallback);
    }
    forbid("mute_time_intervals", "root route must not have any mute time intervals", fallback);
    forbid("active_time_intervals", "root route must not have any active time intervals", fallback);
    if route.continues {
        let place = node.get("continue").map_or(&node.span, |value| &value.span);
        reader.problem(refused("root-route", "cannot have continue in root route", place));
    }
    references(&route, receivers, intervals, reader);
    Some(route)
}

fn is_empty(node: &Node) -> bool {
    match &node.kind {
        Kind::Null => true,
        Kind::Scalar(_) => false,
        Kind::Sequence(items) => items.is_empty(),
        Kind::Mapping(entries) => entries.is_empty(),
    }
}

fn route(node: &Node, parent: &Inherited, depth: usize, reader: &mut Reader<'_>) -> Option<Route> {
    let mut labels = None;
    for (name, value) in reader.entries(node, "a route")? {
        let text = name.scalar().unwrap_or_default();
        match text {
            "labels" if reader.version >= Version(34) => labels = Some(value),
            _ if KEYS.contains(&text) => {}
            _ => reader.unknown_key(name, "route", &KEYS, None),
        }
    }
    if depth > MAX_DEPTH {
        reader.problem(Diagnostic::error("route-depth", "this tree of routes is too deep").at(&node.span));
        return None;
    }
    let mut own = parent.clone();
    if let Some(receiver) = node.get("receiver") {
        let text = reader.text(receiver).unwrap_or_default();
        if !text.is_empty() {
            own.receiver = Spanned::new(text, receiver.span.clone());
        }
    }
    if let Some(group_by) = node.get("group_by") {
        own.group_by = read_group_by(group_by, &parent.group_by, reader);
    }
    own.labels = labels.map_or(own.labels, |labels| read_labels(labels, &parent.labels, reader));
    let mut duration = |key: &'static str, inherited: &mut Duration, may_be_zero: bool| {
        let Some(value) = node.get(key).filter(|value| value.kind != Kind::Null) else { return };
        let Some(text) = reader.text(value) else { return };
        match Duration::parse(&text) {
            Ok(Duration::ZERO) if !may_be_zero => {
                reader.problem(refused("bad-value", format!("{key} cannot be zero"), &value.span));
            }
            Ok(duration) => *inherited = duration,
            Err(error) => {
                let help = "durations look like `30s`, `5m`, `1h30m`";
                reader.problem(refused("bad-value", error.to_string(), &value.span).help(help));
            }
        }
    };
    duration("group_wait", &mut own.group_wait, true);
    duration("group_interval", &mut own.group_interval, false);
    duration("repeat_interval", &mut own.repeat_interval, false);
    let mut matchers = Vec::new();
    matchers.extend(matchers::equal(node.get("match"), reader));
    matchers.extend(matchers::regexes(node.get("match_re"), reader));
    matchers.extend(matchers::list(node.get("matchers"), reader));
    matchers.sort_by(|a, b| a.value.sort_key().cmp(&b.value.sort_key()));
    let continues = node.get("continue").is_some_and(|value| match super::scalar::flag(value) {
        Some(flag) => flag,
        None if value.kind == Kind::Null => false,
        None => {
            reader.wrong_type(value, "true or false");
            false
        }
    });
    let names = |key: &str, reader: &mut Reader<'_>| -> Vec<Spanned<String>> {
        let items = node.get(key).map_or(&[][..], |list| reader.items(list, "names of time intervals"));
        items.iter().filter_map(|item| Some(Spanned::new(reader.text(item)?, item.span.clone()))).collect()
    };
    let mute_time_intervals = names("mute_time_intervals", reader);
    let active_time_intervals = names("active_time_intervals", reader);
    let children = node.get("routes").map_or(&[][..], |list| reader.items(list, "routes"));
    let routes = children.iter().filter_map(|child| route(child, &own, depth + 1, reader)).collect();
    Some(Route {
        place: node.span.clone(),
        receiver: own.receiver,
        matchers,
        group_by: own.group_by,
        group_wait: own.group_wait,
        group_interval: own.group_interval,
        repeat_interval: own.repeat_interval,
        mute_time_intervals,
        active_time_intervals,
        labels: own.labels,
        continues,
        routes,
    })
}

/// Those of the parent, and over them a route's own.
fn read_labels(node: &Node, parent: &Labels, reader: &mut Reader<'_>) -> Labels {
    let mut labels: BTreeMap<String, String> =
        parent.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    for (name, value) in reader.entries(node, "labels").unwrap_or_default() {
        let (Some(text), Some(value)) = (reader.text(name), reader.text(value)) else { continue };
        if !label_name_is_valid(&text, reader.version) {
            let reason = format!("invalid label name {} in route labels", crate::golang::quote(&text));
            reader.problem(refused("bad-value", reason, &name.span));
        }
        labels.insert(text, value);
    }
    Labels::verbatim(labels.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

/// An empty list is no list: it inherits.
fn read_group_by(node: &Node, parent: &GroupBy, reader: &mut Reader<'_>) -> GroupBy {
    let mut labels: Vec<String> = Vec::new();
    let mut all = None;
    for item in reader.items(node, "group_by") {
        let Some(label) = reader.text(item) else { continue };
        if label == "..." {
            all = Some(&item.span);
        } else if !label_name_is_valid(&label, reader.version) {
            let reason = format!("invalid label name {} in group_by list", crate::golang::quote(&label));
            reader.problem(refused("bad-value", reason, &item.span));
        } else if labels.contains(&label) {
            let reason = format!("duplicated label \"{label}\" in group_by");
            reader.problem(refused("bad-value", reason, &item.span));
        } else {
            labels.push(label);
        }
    }
    match all {
        Some(span) if !labels.is_empty() => {
            let reason = "cannot have wildcard group_by (`...`) and other other labels at the same time";
            reader.problem(refused("bad-value", reason, span));
            GroupBy::All
        }
        Some(_) => GroupBy::All,
        None if labels.is_empty() => parent.clone(),
        None => GroupBy::Labels(labels),
    }
}

fn references(
    route: &Route,
    receivers: &[Receiver],
    intervals: &[NamedTimeInterval],
    reader: &mut Reader<'_>,
) {
    let mut seen: Vec<(usize, usize)> = Vec::new();
    route.walk(&mut |route| {
        let name = &route.receiver;
        let place = (name.span.start, name.span.end);
        // An inherited name is reported once, where it is written.
        if !name.value.is_empty()
            && !receivers.iter().any(|known| known.name.value == name.value)
            && !seen.contains(&place)
        {
            seen.push(place);
            let reason = format!("undefined receiver \"{}\" used in route", name.value);
            let diagnostic = refused("undefined-receiver", reason, &name.span)
                .suggest(&name.value, receivers.iter().map(|known| known.name.value.as_str()));
            reader.problem(diagnostic);
        }
        for name in route.active_time_intervals.iter().chain(&route.mute_time_intervals) {
            if !intervals.iter().any(|known| known.name.value == name.value) {
                let reason = format!("undefined time interval \"{}\" used in route", name.value);
                let diagnostic = refused("undefined-time-interval", reason, &name.span)
                    .suggest(&name.value, intervals.iter().map(|known| known.name.value.as_str()));
                reader.problem(diagnostic);
            }
        }
    });
}
