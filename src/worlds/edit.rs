//! Changing a team's file where it must be changed and nowhere else: comments, order and spelling stay.

use std::ops::Range;

use crate::diagnostic::{SourceFile, Span};
use crate::documents::yaml::Node;

/// Something that a real world runs with otherwise than the team wrote it.
#[derive(Clone, Debug, PartialEq)]
pub struct Substitution {
    pub place: Span,
    /// What stands in the team's file, without its secrets; empty where something was added.
    pub was: String,
    /// What the program reads instead.
    pub becomes: String,
    pub why: String,
}

/// The changes to one file.
#[derive(Clone, Debug)]
pub struct Edits {
    file: SourceFile,
    edits: Vec<Edit>,
}

#[derive(Clone, Debug, PartialEq)]
struct Edit {
    range: Range<usize>,
    text: String,
    substitution: Substitution,
}

/// Two changes to one place.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{place}: cannot be both `{one}` and `{other}`")]
pub struct Conflict {
    pub place: Span,
    pub one: String,
    pub other: String,
}

impl Edits {
    pub fn new(file: &SourceFile) -> Self {
        Edits { file: file.clone(), edits: Vec::new() }
    }

    /// The text at `place`, which is in this file, becomes `text`. Changes inside of it go with what stood there.
    pub fn replace(&mut self, place: &Span, text: impl Into<String>, why: &str) {
        let (text, was) = (text.into(), place.shown());
        let range = place.start..place.end;
        self.edits.retain(|edit| !inside(edit, &range) || edit.range == range);
        self.add(place.start..place.end, text.clone(), place.clone(), was, text, why);
    }

    /// Takes an entry out of a mapping, if it is there. The others stay as they are.
    pub fn remove(&mut self, mapping: &Node, key: &str, why: &str) {
        let entries = mapping.entries().unwrap_or_default();
        let Some(at) = entries.iter().position(|(name, _)| name.scalar() == Some(key)) else { return };
        let (name, value) = &entries[at];
        let end = value.span.end.max(name.span.end);
        let next = entries.get(at + 1).map(|(next, _)| next.span.start).filter(|next| *next > end);
        let (range, text) = match next {
            Some(next) => (name.span.start..next, ""),
            None if entries.len() > 1 || mapping.span.text().starts_with('{') => (name.span.start..end, ""),
            // It was the only one.
            None => (name.span.start..end, "{}"),
        };
        self.edits.retain(|edit| !inside(edit, &range));
        let was = self.file.span(name.span.start..end).shown();
        self.add(range, text.to_owned(), name.span.clone(), was, String::new(), why);
    }

    /// Adds an item at the end of a list, written as the list is. An empty list stays as it is.
    pub fn append(&mut self, list: &Node, item: &str, why: &str) {
        let Some(last) = list.items().and_then(<[Node]>::last) else { return };
        let text = match list.span.text().starts_with('[') {
            true => format!(", {item}"),
            false => {
                let before = &self.file.text()[..last.span.start];
                let line = before.rfind('\n').map_or(0, |newline| newline + 1);
                let dash = before[line..].find('-').unwrap_or(0);
                format!("\n{}- {item}", " ".repeat(dash))
            }
        };
        let at = line_trimmed(&self.file, last.span.end);
        self.add(at..at, text, self.file.span(at..at), String::new(), item.to_owned(), why);
    }

    /// Adds `key: value` as the first entry of a mapping, written as the mapping is.
    pub fn insert(&mut self, mapping: &Node, key: &str, value: &str, why: &str) {
        let within = |span: &Span| span.start >= mapping.span.start && span.end <= mapping.span.end;
        let first = mapping.entries().unwrap_or_default().iter().find(|(name, _)| within(&name.span));
        let entry = format!("{key}: {value}");
        let (at, text) = match first {
            _ if mapping.span.text().starts_with('{') => {
                let comma = if first.is_some() { ", " } else { "" };
                (mapping.span.start + 1, format!("{entry}{comma}"))
            }
            Some((name, _)) => {
                let before = &self.file.text()[..name.span.start];
                let line = before.rfind('\n').map_or(0, |newline| newline + 1);
                let indent = " ".repeat(before[line..].chars().count());
                (name.span.start, format!("{entry}\n{indent}"))
            }
            // Every entry stands elsewhere, behind an alias: there is no mapping here to write into.
            None => return,
        };
        self.add(at..at, text, self.file.span(at..at), String::new(), entry, why);
    }

    fn add(
        &mut self,
        range: Range<usize>,
        text: String,
        place: Span,
        was: String,
        becomes: String,
        why: &str,
    ) {
        let edit =
            Edit { range, text, substitution: Substitution { place, was, becomes, why: why.to_owned() } };
        // What an anchor and its aliases share is changed once.
        if !self.edits.contains(&edit) {
            self.edits.push(edit);
        }
    }

    /// The changed text, and what was changed in the order of the file.
    pub fn apply(mut self) -> Result<(String, Vec<Substitution>), Conflict> {
        // Stable: what is inserted at one place keeps its order, and goes before what is replaced there.
        self.edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
        let source = self.file.text();
        let mut text = String::with_capacity(source.len());
        let mut done = 0;
        for (index, edit) in self.edits.iter().enumerate() {
            if edit.range.start < done {
                let one = index.checked_sub(1).map_or("", |before| &self.edits[before].text).to_owned();
                let place = edit.substitution.place.clone();
                return Err(Conflict { place, one, other: edit.text.clone() });
            }
            text.push_str(&source[done..edit.range.start]);
            text.push_str(&edit.text);
            done = edit.range.end;
        }
        text.push_str(&source[done..]);
        Ok((text, self.edits.into_iter().map(|edit| edit.substitution).collect()))
    }
}

/// Whether a change goes when all of `range` does: not what is added before it.
fn inside(edit: &Edit, range: &Range<usize>) -> bool {
    let added_before = edit.range.is_empty() && edit.range.start == range.start;
    edit.range.start >= range.start && edit.range.end <= range.end && !added_before
}

/// The end of a value, without the blank lines that a block may end with.
fn line_trimmed(file: &SourceFile, end: usize) -> usize {
    file.text()[..end].trim_end().len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::yaml;

    fn check(source: &str, change: impl Fn(&Node, &mut Edits), expected: Result<&str, &str>) {
        let file = SourceFile::new("a.yml", source);
        let node = yaml::read_one(&file).0.unwrap();
        let mut edits = Edits::new(&file);
        change(&node, &mut edits);
        let got = edits.apply().map(|(text, _)| text).map_err(|conflict| conflict.to_string());
        assert_eq!(got, expected.map(str::to_owned).map_err(str::to_owned));
    }

    #[test]
    fn only_what_is_replaced_changes() {
        check(
            "# ours\nb: 'x' # why\na: [1,  2]\n",
            |node, edits| edits.replace(&node.get("b").unwrap().span, "\"y\"", "test"),
            Ok("# ours\nb: \"y\" # why\na: [1,  2]\n"),
        );
    }

    #[test]
    fn an_entry_is_added_as_its_mapping_is_written() {
        let add = |node: &Node, edits: &mut Edits| edits.insert(node.get("a").unwrap(), "new", "1", "test");
        check("a:\n  # first\n  b: 2\n", add, Ok("a:\n  # first\n  new: 1\n  b: 2\n"));
        check("a: { b: 2 }\n", add, Ok("a: {new: 1,  b: 2 }\n"));
        check("a: {}\n", add, Ok("a: {new: 1}\n"));
        let add = |node: &Node, edits: &mut Edits| {
            edits.insert(&node.get("a").unwrap().items().unwrap()[0], "new", "1", "test");
        };
        check("a:\n  - b: 2\n    c: 3\n", add, Ok("a:\n  - new: 1\n    b: 2\n    c: 3\n"));
    }

    #[test]
    fn an_entry_that_is_taken_out_leaves_the_others_as_they_were() {
        let remove = |node: &Node, edits: &mut Edits| edits.remove(node.get("a").unwrap(), "b", "test");
        check("a:\n  b: 2\n  c: 3\n", remove, Ok("a:\n  c: 3\n"));
        check("a:\n  c: 3 # three\n  b:\n    d: 2\ne: 1\n", remove, Ok("a:\n  c: 3 # three\n  \ne: 1\n"));
        check("a:\n  b: 2\ne: 1\n", remove, Ok("a:\n  {}\ne: 1\n"));
        check("a: {b: 2, c: 3}\n", remove, Ok("a: {c: 3}\n"));
        check("a: {c: 3, b: 2}\n", remove, Ok("a: {c: 3, }\n"));
        check("a: {b: 2}\n", remove, Ok("a: {}\n"));
        check("a: {c: 3}\n", remove, Ok("a: {c: 3}\n"));
    }

    #[test]
    fn an_item_is_added_as_its_list_is_written() {
        let append = |node: &Node, edits: &mut Edits| edits.append(node.get("a").unwrap(), "{x: 1}", "test");
        check("a:\n  - b: 2\n    c: 3\nd: 4\n", append, Ok("a:\n  - b: 2\n    c: 3\n  - {x: 1}\nd: 4\n"));
        check("a:\n- {b: 2}\n", append, Ok("a:\n- {b: 2}\n- {x: 1}\n"));
        check("a: [{b: 2}]\n", append, Ok("a: [{b: 2}, {x: 1}]\n"));
    }

    #[test]
    fn what_was_changed_inside_goes_with_what_stood_there() {
        let change = |node: &Node, edits: &mut Edits| {
            let a = node.get("a").unwrap();
            edits.replace(&a.get("b").unwrap().span, "3", "test");
            edits.replace(&a.span, "{}", "test");
        };
        check("a: {b: 2}\n", change, Ok("a: {}\n"));
    }

    #[test]
    fn what_an_alias_shares_is_changed_once() {
        let both = |one: &'static str, other: &'static str| {
            move |node: &Node, edits: &mut Edits| {
                edits.replace(&node.get("a").unwrap().span, one, "test");
                edits.replace(&node.get("b").unwrap().span, other, "test");
            }
        };
        check("a: &x 5m\nb: *x\n", both("5s", "5s"), Ok("a: &x 5s\nb: *x\n"));
        check("a: &x 5m\nb: *x\n", both("5s", "6s"), Err("a.yml:1:7: cannot be both `5s` and `6s`"));
    }
}
