//! `match`, `match_re` and `matchers`, wherever they stand.

use crate::diagnostic::Spanned;
use crate::documents::yaml::Node;
use crate::stack::alertmanager::{Grammar, MatchType, Matcher, MatcherError, Version, parse_matchers};

use super::schema::{Reader, refused};

/// `match: {label: value}`.
pub fn equal(node: Option<&Node>, reader: &mut Reader<'_>) -> Vec<Spanned<Matcher>> {
    by_name(node, MatchType::Equal, reader)
}

/// `match_re: {label: regex}`.
pub fn regexes(node: Option<&Node>, reader: &mut Reader<'_>) -> Vec<Spanned<Matcher>> {
    by_name(node, MatchType::Regexp, reader)
}

fn by_name(node: Option<&Node>, op: MatchType, reader: &mut Reader<'_>) -> Vec<Spanned<Matcher>> {
    let mut matchers = Vec::new();
    let Some(node) = node.filter(|node| node.kind != crate::documents::yaml::Kind::Null) else {
        return matchers;
    };
    for (name, value) in reader.entries(node, "values by label").unwrap_or_default() {
        let label = name.scalar().unwrap_or_default();
        if !legacy_label_name_is_valid(label) {
            let reason = format!("invalid label name {}", crate::golang::quote(label));
            reader.problem(refused("bad-matcher", reason, &name.span));
            continue;
        }
        if op == MatchType::Regexp && value.kind == crate::documents::yaml::Kind::Null {
            let reason = format!("invalid regexp value for {}", crate::golang::quote(label));
            reader.problem(refused("bad-matcher", reason, &value.span));
            continue;
        }
        let Some(mut text) = reader.text(value) else { continue };
        if op == MatchType::Regexp {
            // Alertmanager keeps and shows these with their anchors.
            text = format!("^(?:{text})$");
        }
        match Matcher::new(label, op, text) {
            Ok(matcher) => matchers.push(Spanned::new(matcher, value.span.clone())),
            Err(MatcherError(reason)) => reader.problem(refused("bad-matcher", reason, &value.span)),
        }
    }
    matchers
}

/// `matchers: [label="value", …]`.
pub fn list(node: Option<&Node>, reader: &mut Reader<'_>) -> Vec<Spanned<Matcher>> {
    let mut matchers = Vec::new();
    let items = node.map_or(&[][..], |node| reader.items(node, "matchers"));
    for item in items {
        let Some(text) = reader.text(item) else { continue };
        match parse_matchers(&text, Grammar::of(reader.version)) {
            Ok(parsed) => {
                matchers.extend(parsed.into_iter().map(|matcher| Spanned::new(matcher, item.span.clone())));
            }
            Err(MatcherError(reason)) => {
                let mut diagnostic = refused("bad-matcher", reason, &item.span);
                diagnostic.help = Some(
                    "a matcher looks like `severity=\"critical\"`, `team=~\"a|b\"` or `env!=\"dev\"`".into(),
                );
                reader.problem(diagnostic);
            }
        }
    }
    matchers
}

/// Any text from 0.27 on, except for `match` and `match_re`, which never learnt UTF-8.
pub fn label_name_is_valid(name: &str, version: Version) -> bool {
    match version >= Version(27) {
        true => !name.is_empty(),
        false => legacy_label_name_is_valid(name),
    }
}

fn legacy_label_name_is_valid(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
