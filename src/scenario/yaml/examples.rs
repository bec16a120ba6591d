//! Examples of an outline: `<errors>` in a scenario stands for the value that each example gives.

use crate::diagnostic::{Diagnostic, Span};
use crate::documents::yaml::{Kind, Node, Scalar, wrong_type};

pub struct Row {
    pub place: Span,
    values: Vec<(String, String)>,
}

pub fn rows(node: &Node, problems: &mut Vec<Diagnostic>) -> Vec<Row> {
    let Some(items) = node.items().filter(|items| !items.is_empty()) else {
        problems.push(wrong_type(node, "a list of examples, each a mapping"));
        return Vec::new();
    };
    items
        .iter()
        .filter_map(|item| {
            let Some(entries) = item.entries() else {
                problems.push(wrong_type(item, "an example: a mapping of names to values"));
                return None;
            };
            let values = entries
                .iter()
                .filter_map(|(name, value)| Some((name.scalar()?.to_owned(), value.scalar()?.to_owned())));
            Some(Row { place: item.span.clone(), values: values.collect() })
        })
        .collect()
}

/// The scenario with the example's values in place. A `<name>` that no example gives is a mistake.
pub fn fill(node: &Node, row: &Row, problems: &mut Vec<Diagnostic>) -> Node {
    let kind = match &node.kind {
        Kind::Scalar(scalar) => {
            let text = row.fill(&scalar.text, |name| {
                let known: Vec<&str> = row.values.iter().map(|(name, _)| name.as_str()).collect();
                problems.push(
                    Diagnostic::error("unknown-placeholder", format!("no example gives `<{name}>`"))
                        .at(&node.span)
                        .label(format!("the examples give {}", known.join(", ")))
                        .suggest(name, known),
                );
            });
            Kind::Scalar(Scalar { text, ..scalar.clone() })
        }
        Kind::Sequence(items) => Kind::Sequence(items.iter().map(|item| fill(item, row, problems)).collect()),
        Kind::Mapping(entries) => Kind::Mapping(
            entries
                .iter()
                .map(|(name, value)| match name.scalar() {
                    Some("examples") => (name.clone(), value.clone()),
                    _ => (name.clone(), fill(value, row, problems)),
                })
                .collect(),
        ),
        Kind::Null => Kind::Null,
    };
    Node { kind, span: node.span.clone() }
}

impl Row {
    fn fill(&self, text: &str, mut unknown: impl FnMut(&str)) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(open) = rest.find('<') {
            out.push_str(&rest[..open]);
            let after = &rest[open + 1..];
            // `a < b` and `<= 3` are comparisons, not placeholders.
            let name = after.split_once('>').map(|(name, _)| name).filter(|name| is_name(name));
            match name {
                Some(name) => {
                    match self.values.iter().find(|(known, _)| known == name) {
                        Some((_, value)) => out.push_str(value),
                        None => unknown(name),
                    }
                    rest = &after[name.len() + 1..];
                }
                None => {
                    out.push('<');
                    rest = after;
                }
            }
        }
        out + rest
    }

    /// The scenario's name, told apart from its other examples.
    pub fn named(&self, name: &str, filled: &Node) -> String {
        let written = filled.get("name").map(|node| node.span.text()).unwrap_or_default();
        if written.contains('<') {
            return name.to_owned();
        }
        let values: Vec<String> =
            self.values.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        format!("{name} ({})", values.join(", "))
    }
}

fn is_name(text: &str) -> bool {
    let inner = |c: char| c.is_alphanumeric() || "_- ".contains(c);
    !text.is_empty()
        && text.trim() == text
        && text.chars().all(inner)
        && text.starts_with(char::is_alphabetic)
}
