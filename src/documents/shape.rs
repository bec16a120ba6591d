//! What a mapping may hold, as a table: for the many options that are checked and then not needed.

use super::value;
use super::yaml::{Mapping, Node, wrong_type};
use crate::diagnostic::Diagnostic;
use crate::stack::Version;

/// A key that a mapping may have, and from which version to which.
#[derive(Clone, Copy)]
pub struct Key {
    pub name: &'static str,
    pub want: Want,
    since: Version,
    until: Version,
}

/// What a value must look like.
#[derive(Clone, Copy)]
pub enum Want {
    Text,
    /// Never shown in a message.
    Secret,
    Bool,
    Unsigned,
    Integer,
    Float,
    Duration,
    Url,
    /// `10MB`
    Bytes,
    Texts,
    /// Text by text.
    Pairs,
    /// Text by text, never shown in a message.
    SecretPairs,
    /// A list of text by text, never shown in a message.
    SecretLists,
    /// One of these words.
    Word(&'static [&'static str]),
    Mapping(&'static str, &'static [Key]),
    List(&'static str, &'static [Key]),
    /// Read elsewhere: here the key is merely known.
    Anything,
}

pub const fn key(name: &'static str, want: Want) -> Key {
    Key { name, want, since: Version::new(0, 0), until: Version::NEWEST }
}

impl Key {
    pub const fn since(self, major: u32, minor: u32) -> Key {
        Key { since: Version::new(major, minor), ..self }
    }

    /// The last version that knows the key.
    pub const fn until(self, major: u32, minor: u32) -> Key {
        Key { until: Version::new(major, minor), ..self }
    }

    pub fn known_to(&self, version: Version) -> bool {
        self.since <= version && version <= self.until
    }
}

/// Checks the values of all `keys` that `version` knows; others stay unknown to the mapping.
pub fn check(mapping: &mut Mapping<'_>, keys: &[Key], version: Version, problems: &mut Vec<Diagnostic>) {
    for key in keys {
        if !key.known_to(version) {
            continue;
        }
        if let Some(node) = mapping.get(key.name) {
            check_value(node, key.want, version, problems);
        }
    }
}

/// Checks a whole mapping: nothing but `keys` may stand in it.
pub fn check_mapping(
    node: &Node,
    what: &'static str,
    keys: &[Key],
    version: Version,
    problems: &mut Vec<Diagnostic>,
) {
    if let Some(mut mapping) = Mapping::of(node, what, problems) {
        check(&mut mapping, keys, version, problems);
        mapping.finish(problems);
    }
}

pub fn check_value(node: &Node, want: Want, version: Version, problems: &mut Vec<Diagnostic>) {
    match want {
        Want::Text => drop(value::string(node, problems)),
        Want::Secret => drop(value::secret(node, problems)),
        Want::Bool => drop(value::boolean(node, problems)),
        Want::Unsigned => drop(value::unsigned(node, problems)),
        Want::Integer => drop(value::integer(node, i64::MIN..=i64::MAX, problems)),
        Want::Float => drop(value::float(node, problems)),
        Want::Duration => drop(value::duration(node, problems)),
        Want::Url => drop(value::url(node, problems)),
        Want::Bytes => drop(value::bytes(node, problems)),
        Want::Texts => drop(value::strings(node, problems)),
        Want::Pairs => pairs(node, problems, |node, problems| drop(value::string(node, problems))),
        Want::SecretPairs => pairs(node, problems, |node, problems| drop(value::secret(node, problems))),
        Want::SecretLists => {
            pairs(node, problems, |node, problems| drop(value::list(node, problems, value::secret)));
        }
        Want::Word(words) => drop(value::one_of(node, "known here", words, problems)),
        Want::Mapping(what, keys) => check_mapping(node, what, keys, version, problems),
        Want::List(what, keys) => {
            value::list(node, problems, |node, problems| {
                check_mapping(node, what, keys, version, problems);
                Some(())
            });
        }
        Want::Anything => {}
    }
}

fn pairs(node: &Node, problems: &mut Vec<Diagnostic>, check: impl Fn(&Node, &mut Vec<Diagnostic>)) {
    match node.entries() {
        Some(entries) => entries.iter().for_each(|(_, value)| check(value, problems)),
        None => problems.push(wrong_type(node, "a mapping of names to values")),
    }
}
