//! `relabel_configs` and their kin, refused for the reasons that Prometheus refuses them for.

use regex::Regex;

use super::value;
use super::yaml::{Mapping, Node};
use crate::diagnostic::{Diagnostic, Span};
use crate::golang::{self, quote};
use crate::stack::{Names, RelabelAction, RelabelConfig, Version};

const ACTIONS: [(&str, RelabelAction); 11] = [
    ("replace", RelabelAction::Replace),
    ("keep", RelabelAction::Keep),
    ("drop", RelabelAction::Drop),
    ("keepequal", RelabelAction::KeepEqual),
    ("dropequal", RelabelAction::DropEqual),
    ("hashmod", RelabelAction::HashMod),
    ("labelmap", RelabelAction::LabelMap),
    ("labeldrop", RelabelAction::LabelDrop),
    ("labelkeep", RelabelAction::LabelKeep),
    ("lowercase", RelabelAction::Lowercase),
    ("uppercase", RelabelAction::Uppercase),
];

/// A list of relabel configs; those that can't be read are left out.
pub fn read(node: &Node, version: Version, problems: &mut Vec<Diagnostic>) -> Vec<RelabelConfig> {
    let names = if version.utf8_names() { Names::Utf8 } else { Names::Legacy };
    read_with(node, names, problems)
}

pub fn read_with(node: &Node, names: Names, problems: &mut Vec<Diagnostic>) -> Vec<RelabelConfig> {
    value::list(node, problems, |node, problems| {
        if node.is_null() {
            problems.push(
                Diagnostic::error("empty-value", "empty or null relabeling rule")
                    .at(&node.span)
                    .label("nothing here"),
            );
            return None;
        }
        one(node, names, problems)
    })
}

fn one(node: &Node, names: Names, problems: &mut Vec<Diagnostic>) -> Option<RelabelConfig> {
    let before = problems.len();
    let mut mapping = Mapping::of(node, "relabel config", problems)?;
    let sources = mapping.get("source_labels");
    let source_labels = sources.map(|node| source_labels(node, names, problems)).unwrap_or_default();
    // A key without a value is the empty text, where without the key it is the default.
    let separator = mapping.written("separator").and_then(|node| value::string(node, problems));
    let regex_node = mapping.written("regex");
    let regex = regex_node.and_then(|node| value::regex(node, problems));
    let modulus = mapping.get("modulus").and_then(|node| value::unsigned(node, problems)).unwrap_or(0);
    let target_label = mapping.get("target_label").and_then(|node| value::string(node, problems));
    let replacement = mapping.written("replacement").and_then(|node| value::string(node, problems));
    let action = match mapping.written("action") {
        None => Some(RelabelAction::Replace),
        Some(node) => action(node, problems),
    };
    mapping.finish(problems);
    // What follows from a value that could not be read is not worth a second message.
    if problems.len() > before {
        return None;
    }
    let place_of = |key: &str| node.get(key).map_or(&node.span, |node| &node.span).clone();
    let text = |value: Option<crate::diagnostic::Spanned<String>>, default: &str| {
        value.map_or(default.to_owned(), |value| value.value)
    };
    let written = Written { source_labels: sources.is_some(), regex: regex_node.is_some() };
    let config = RelabelConfig {
        place: node.span.clone(),
        source_labels,
        separator: text(separator, ";"),
        regex: regex.map(|regex| regex.value).or_else(anything)?,
        modulus,
        target_label: text(target_label, ""),
        replacement: text(replacement, "$1"),
        action: action?,
        names,
    };
    match refusal(&config, &written) {
        None => Some(config),
        Some((key, reason)) => {
            problems.push(refused(reason, &place_of(key)));
            None
        }
    }
}

/// What is written, be it with the value that it has anyway.
struct Written {
    source_labels: bool,
    regex: bool,
}

/// The key at fault, and the reason in the words of Prometheus.
fn refusal(config: &RelabelConfig, written: &Written) -> Option<(&'static str, String)> {
    use RelabelAction::*;
    let name = ACTIONS.iter().find(|(_, action)| *action == config.action).map_or("", |(name, _)| name);
    let target = &config.target_label;
    let has_variable = target.contains('$');
    if config.action == HashMod && config.modulus == 0 {
        return Some(("action", "relabel configuration for hashmod requires non-zero modulus".into()));
    }
    let needs_target =
        matches!(config.action, Replace | HashMod | Lowercase | Uppercase | KeepEqual | DropEqual);
    if needs_target && target.is_empty() {
        return Some((
            "action",
            format!("relabel configuration for {name} action requires 'target_label' value"),
        ));
    }
    let valid_target = match config.action {
        Replace if has_variable => template_allowed(config.names, target),
        // Prometheus 2 takes `$1` for a name here, and then never replaces it.
        Lowercase | Uppercase | KeepEqual | DropEqual => template_allowed(config.names, target),
        _ => !needs_target || config.names.allow(target),
    };
    if !valid_target {
        return Some((
            "target_label",
            format!("{} is invalid 'target_label' for {name} action", quote(target)),
        ));
    }
    let equal = matches!(config.action, KeepEqual | DropEqual);
    if (equal || matches!(config.action, Lowercase | Uppercase)) && config.replacement != "$1" {
        return Some(("replacement", format!("'replacement' can not be set for {name} action")));
    }
    if config.action == LabelMap && !template_allowed(config.names, &config.replacement) {
        return Some((
            "replacement",
            format!("{} is invalid 'replacement' for {name} action", quote(&config.replacement)),
        ));
    }
    let other_fields = config.modulus != 0 || config.separator != ";" || config.replacement != "$1";
    if equal && (other_fields || written.regex) {
        return Some((
            "action",
            format!("{name} action requires only 'source_labels' and `target_label`, and no other fields"),
        ));
    }
    if matches!(config.action, LabelDrop | LabelKeep)
        && (other_fields || written.source_labels || !target.is_empty())
    {
        return Some(("action", format!("{name} action requires only 'regex', and no other fields")));
    }
    None
}

fn refused(reason: String, place: &Span) -> Diagnostic {
    Diagnostic::error("bad-relabel-config", reason).at(place).label("refused by Prometheus")
}

/// A label name with `$1` or `${name}` in it.
fn template_allowed(names: Names, template: &str) -> bool {
    if names == Names::Utf8 {
        return !template.is_empty();
    }
    golang::regex::compile(r"^(?:(?:[a-zA-Z_]|\$(?:\{\w+\}|\w+))+\w*)+$")
        .is_ok_and(|regex| regex.is_match(template))
}

fn source_labels(node: &Node, names: Names, problems: &mut Vec<Diagnostic>) -> Vec<String> {
    value::list(node, problems, |node, problems| {
        value::label_name(node, names == Names::Utf8, problems).map(|name| name.value)
    })
}

fn action(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<RelabelAction> {
    let text = value::filled(node, "relabel action", problems)?.value;
    let lower = text.to_lowercase();
    let found = ACTIONS.iter().find(|(name, _)| *name == lower).map(|(_, action)| *action);
    if found.is_none() {
        let names = ACTIONS.map(|(name, _)| name);
        problems.push(
            Diagnostic::error("unknown-word", format!("unknown relabel action {}", quote(&text)))
                .at(&node.span)
                .label(format!("wanted one of {}", names.join(", ")))
                .suggest(&text, names),
        );
    }
    found
}

fn anything() -> Option<Regex> {
    golang::regex::compile_anchored("(.*)").ok()
}
