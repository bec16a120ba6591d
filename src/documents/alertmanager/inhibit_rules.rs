//! The `inhibit_rules` section, in its old words and its new ones.

use crate::diagnostic::Spanned;
use crate::documents::yaml::{Kind, Node};
use crate::golang::quote;
use crate::stack::alertmanager::{InhibitRule, Matcher, Version};

use super::matchers::{self, label_name_is_valid};
use super::schema::{Reader, refused};

const KEYS: [&str; 8] = [
    "source_match",
    "source_match_re",
    "source_matchers",
    "target_match",
    "target_match_re",
    "target_matchers",
    "equal",
    "name",
];

pub fn read(node: Option<&Node>, reader: &mut Reader<'_>) -> Vec<InhibitRule> {
    let items = node.map_or(&[][..], |node| reader.items(node, "inhibit_rules"));
    items.iter().filter_map(|item| rule(item, reader)).collect()
}

fn rule(node: &Node, reader: &mut Reader<'_>) -> Option<InhibitRule> {
    let known = if reader.version >= Version(30) { &KEYS[..] } else { &KEYS[..7] };
    for (name, _) in reader.entries(node, "an inhibit rule")? {
        let text = name.scalar().unwrap_or_default();
        if !known.contains(&text) {
            let later = KEYS.contains(&text).then_some(Version(30));
            reader.unknown_key(name, "an inhibit rule", known, later);
        }
    }
    let mut side = |equal: &str, regexes: &str, list: &str| -> Vec<Matcher> {
        let values = |matchers: Vec<Spanned<Matcher>>| matchers.into_iter().map(|matcher| matcher.value);
        let mut all: Vec<Matcher> = values(matchers::equal(node.get(equal), reader)).collect();
        all.extend(values(matchers::regexes(node.get(regexes), reader)));
        all.extend(values(matchers::list(node.get(list), reader)));
        all
    };
    let source = side("source_match", "source_match_re", "source_matchers");
    let target = side("target_match", "target_match_re", "target_matchers");
    let mut equal = Vec::new();
    for item in node.get("equal").map_or(&[][..], |list| reader.items(list, "equal")) {
        let Some(label) = reader.text(item) else { continue };
        match label_name_is_valid(&label, reader.version) {
            true => equal.push(label),
            false => {
                let reason = match reader.version >= Version(28) {
                    true => format!("invalid label name {} in equal list", quote(&label)),
                    false => format!("{} is not a valid label name", quote(&label)),
                };
                reader.problem(refused("bad-value", reason, &item.span));
            }
        }
    }
    let name = node.get("name").filter(|name| name.kind != Kind::Null);
    let name = name.and_then(|name| reader.text(name)).filter(|name| !name.is_empty());
    Some(InhibitRule { place: node.span.clone(), name, source, target, equal })
}
