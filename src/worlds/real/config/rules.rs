//! Rule files for the real Prometheus: as they are, but for `--speed` and for the objects that an operator would unwrap.

use super::Written;
use crate::diagnostic::{Diagnostic, SourceFile};
use crate::documents::rules::is_rule_object;
use crate::documents::yaml::{self, Node};
use crate::stack::Stack;
use crate::time::Duration;
use crate::worlds::edit::Edits;
use crate::worlds::speed;

/// A file of rules, and its groups with the intervals at which they are evaluated in the machine's time.
#[derive(Clone, Debug)]
pub struct RuleFile {
    /// A name that no other of them has.
    pub name: String,
    pub written: Written,
    pub groups: Vec<(String, Duration)>,
}

/// Every file that the stack's rules stand in.
pub fn rules(stack: &Stack, speed: u32) -> Result<Vec<RuleFile>, Vec<Diagnostic>> {
    let mut files: Vec<SourceFile> = Vec::new();
    for group in &stack.rule_groups {
        if !files.iter().any(|known| same(known, &group.file)) {
            files.push(group.file.clone());
        }
    }
    let (mut written, mut problems) = (Vec::new(), Vec::new());
    for file in &files {
        for plain in plain(file) {
            let edits = match speed {
                0 | 1 => Ok(Edits::new(&plain)),
                _ => speed::rules(&plain, stack.prometheus.imitated, speed),
            };
            match edits.and_then(Written::of) {
                Ok(text) => {
                    let name = format!("{}-{}", written.len(), base_name(file));
                    written.push(RuleFile { name, written: text, groups: groups(&plain, stack, speed) });
                }
                Err(wrong) => problems.extend(wrong),
            }
        }
    }
    match problems.is_empty() {
        true => Ok(written),
        false => Err(problems),
    }
}

fn same(one: &SourceFile, other: &SourceFile) -> bool {
    one.path() == other.path() && one.text() == other.text()
}

fn base_name(file: &SourceFile) -> String {
    let name = file.path().rsplit('/').next().unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    stem.chars().filter(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect()
}

/// The file itself, or what an operator would make of each object in it.
fn plain(file: &SourceFile) -> Vec<SourceFile> {
    let (documents, _) = yaml::read(file);
    if !documents.iter().any(is_rule_object) {
        return vec![file.clone()];
    }
    let mut found = Vec::new();
    documents.iter().for_each(|document| unwrapped(file, document, &mut found));
    found
}

fn unwrapped(file: &SourceFile, object: &Node, found: &mut Vec<SourceFile>) {
    if let Some(items) = object.get("items").and_then(Node::items) {
        items.iter().for_each(|item| unwrapped(file, item, found));
    }
    let groups = object.get("spec").and_then(|spec| spec.get("groups"));
    let Some(groups) = groups.filter(|_| is_rule_object(object)) else { return };
    let text = file.text();
    let line = text[..groups.span.start].rfind('\n').map_or(0, |newline| newline + 1);
    // A list on lines of its own keeps its indentation.
    let start = match text[line..groups.span.start].trim().is_empty() {
        true => line,
        false => groups.span.start,
    };
    let head = if start == line { "groups:\n" } else { "groups: " };
    let pieces = [
        (groups.span.start..groups.span.start, head),
        (start..groups.span.end, &text[start..groups.span.end]),
    ];
    found.push(file.view(pieces));
}

fn groups(plain: &SourceFile, stack: &Stack, speed: u32) -> Vec<(String, Duration)> {
    let Some(root) = yaml::read_one(plain).0 else { return Vec::new() };
    let speed = i64::from(speed.max(1));
    let divided = |interval: Duration| Duration((interval.0 + speed / 2) / speed);
    let groups = root.get("groups").and_then(Node::items).unwrap_or_default().iter();
    groups
        .filter_map(|group| {
            let name = group.get("name")?.scalar()?.to_owned();
            let interval = group.get("interval").and_then(Node::scalar);
            let interval = interval.and_then(|text| Duration::parse(text).ok());
            Some((name, divided(interval.unwrap_or(stack.prometheus.evaluation_interval))))
        })
        .collect()
}
