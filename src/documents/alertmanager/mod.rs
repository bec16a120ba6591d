//! `alertmanager.yml`, read as strictly as Alertmanager reads it.
//!
//! Promises: what Alertmanager of the stated release refuses is an error here, at its place, with
//! Alertmanager's own reason and what to write instead; all errors of a file are found at once. What it
//! accepts gives the [`Alertmanager`] model with defaults, inheritance and global fallbacks applied.

mod checks;
mod global;
mod http;
mod inhibit_rules;
mod kinds;
mod matchers;
mod operator;
mod receivers;
mod route;
mod scalar;
mod schema;
#[cfg(test)]
mod tests;
mod time_intervals;

use crate::diagnostic::{Diagnostic, SourceFile, Spanned};
use crate::documents::yaml::{self, Kind, Node};
use crate::stack::alertmanager::{Alertmanager, Version};

pub use operator::read_objects;
use schema::{Reader, refused};

const KEYS: [&str; 9] = [
    "global",
    "route",
    "inhibit_rules",
    "receivers",
    "templates",
    "mute_time_intervals",
    "time_intervals",
    "tracing",
    "event_recorder",
];

/// Reads a configuration file. The model is there only if no problem is an error.
pub fn read(file: &SourceFile, version: Version) -> (Option<Alertmanager>, Vec<Diagnostic>) {
    accepted(read_as_meant(file, version))
}

/// Reads a configuration file; the model is there as far as it can be told what was meant, whatever the problems.
pub fn read_as_meant(file: &SourceFile, version: Version) -> (Option<Alertmanager>, Vec<Diagnostic>) {
    let (node, mut problems) = yaml::read_one(file);
    let Some(node) = node else {
        if problems.is_empty() {
            problems.push(refused("missing-key", "no route provided in config", &file.span(0..0)));
        }
        return (None, problems);
    };
    let (alertmanager, more) = read_node(&node, version);
    problems.extend(more);
    (alertmanager, problems)
}

/// Reads a configuration that stands inside another document, such as Helm values; as far as it can be told what was
/// meant.
pub fn read_node(node: &Node, version: Version) -> (Option<Alertmanager>, Vec<Diagnostic>) {
    let mut problems = Vec::new();
    let alertmanager = config(node, &mut Reader { version, problems: &mut problems });
    (alertmanager, problems)
}

fn accepted(
    (alertmanager, problems): (Option<Alertmanager>, Vec<Diagnostic>),
) -> (Option<Alertmanager>, Vec<Diagnostic>) {
    (alertmanager.filter(|_| problems.is_empty()), problems)
}

fn config(node: &Node, reader: &mut Reader<'_>) -> Option<Alertmanager> {
    let since = |key: &str| match key {
        "tracing" => Version(30),
        "event_recorder" => Version(33),
        _ => Version::OLDEST,
    };
    let known: Vec<&str> = KEYS.into_iter().filter(|key| since(key) <= reader.version).collect();
    for (name, _) in reader.entries(node, "Alertmanager's configuration")? {
        let text = name.scalar().unwrap_or_default();
        if !known.contains(&text) {
            let later = KEYS.contains(&text).then(|| since(text));
            reader.unknown_key(name, "Alertmanager's configuration", &known, later);
        }
    }
    let section = |key: &str| node.get(key).filter(|section| section.kind != Kind::Null);
    let global = global::read(section("global"), reader);
    let receivers = receivers::read(section("receivers"), &global, reader);
    let time_intervals =
        time_intervals::read(section("mute_time_intervals"), section("time_intervals"), reader);
    let inhibit_rules = inhibit_rules::read(section("inhibit_rules"), reader);
    let mut templates = Vec::new();
    for item in section("templates").map_or(&[][..], |list| reader.items(list, "templates")) {
        if let Some(glob) = reader.text(item) {
            templates.push(Spanned::new(glob, item.span.clone()));
        }
    }
    let Some(route) = section("route") else {
        let diagnostic = refused("missing-key", "no route provided in config", &node.span)
            .help("add `route: {receiver: …}` and the receiver under `receivers`");
        reader.problem(diagnostic);
        return None;
    };
    let route = route::read(route, &receivers, &time_intervals, reader)?;
    Some(Alertmanager {
        place: node.span.clone(),
        version: reader.version,
        resolve_timeout: global::resolve_timeout(section("global"), &global),
        route,
        receivers,
        inhibit_rules,
        time_intervals,
        templates,
        external_url: String::new(),
        template_files: Vec::new(),
    })
}
