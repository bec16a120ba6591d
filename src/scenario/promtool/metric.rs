//! A series by its name and labels, as `exp_samples` writes it: `up{job="api"}`.

use crate::diagnostic::Diagnostic;
use crate::documents::yaml::Node;
use crate::labels::{Labels, LabelsBuilder, METRIC_NAME};

pub fn metric(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Labels> {
    let text = node.scalar().unwrap_or_default();
    let labels = parse(text);
    if labels.is_none() {
        problems.push(
            Diagnostic::error("bad-labels", format!("`{text}` names no series"))
                .at(&node.span)
                .label("wanted a series such as `up{job=\"api\"}` or `{}`"),
        );
    }
    labels
}

fn parse(text: &str) -> Option<Labels> {
    let mut builder = LabelsBuilder::default();
    let text = text.trim();
    let name_ends = text.find('{').unwrap_or(text.len());
    builder.set(METRIC_NAME, text[..name_ends].trim());
    let mut rest = match &text[name_ends..] {
        "" => return Some(builder.build()),
        braces => braces.strip_prefix('{')?.strip_suffix('}')?.trim_start(),
    };
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let quote = after.chars().next().filter(|c| "\"'`".contains(*c))?;
        let (value, after) = quoted(&after[1..], quote)?;
        builder.set(name.trim(), value);
        let after = after.trim_start();
        rest = match after.strip_prefix(',') {
            Some(next) => next.trim_start(),
            None if after.is_empty() => after,
            None => return None,
        };
    }
    Some(builder.build())
}

/// The text up to the closing quote, and what follows it.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut chars = text.char_indices();
    while let Some((at, next)) = chars.next() {
        match next {
            next if next == quote => return Some((out, &text[at + 1..])),
            '\\' if quote != '`' => out.push(match chars.next()?.1 {
                'n' => '\n',
                't' => '\t',
                other => other,
            }),
            other => out.push(other),
        }
    }
    None
}
