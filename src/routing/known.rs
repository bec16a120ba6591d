//! What is known of an alert's labels before it fires.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::stack::alertmanager::{MatchType, Matcher};

/// What is known of one label.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Known {
    Value(Arc<str>),
    /// The alert never has it.
    Absent,
    /// Only known when the alert fires; it may be missing too.
    Open,
}

impl Known {
    /// The value, or the empty one that a missing label equals; `None` while it is open.
    pub fn text(&self) -> Option<&str> {
        match self {
            Known::Value(value) => Some(value),
            Known::Absent => Some(""),
            Known::Open => None,
        }
    }

    /// What is known if it is one of two.
    pub fn or(self, other: &Known) -> Known {
        if self == *other { self } else { Known::Open }
    }
}

/// A label set of which some is known.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownLabels {
    named: BTreeMap<Arc<str>, Known>,
    /// What is known of every label that is not named.
    rest: Known,
}

impl KnownLabels {
    /// There may be any label.
    pub fn open() -> Self {
        KnownLabels { named: BTreeMap::new(), rest: Known::Open }
    }

    /// There is no label.
    pub fn none() -> Self {
        KnownLabels { named: BTreeMap::new(), rest: Known::Absent }
    }

    pub fn get(&self, name: &str) -> &Known {
        self.named.get(name).unwrap_or(&self.rest)
    }

    pub fn set(&mut self, name: impl Into<Arc<str>>, known: Known) {
        self.named.insert(name.into(), known);
    }

    /// An empty value is no label.
    pub fn set_value(&mut self, name: impl Into<Arc<str>>, value: &str) {
        self.set(name, if value.is_empty() { Known::Absent } else { Known::Value(value.into()) });
    }

    pub fn with(mut self, name: &str, known: Known) -> Self {
        self.set(name, known);
        self
    }

    /// Only these labels remain.
    pub fn keep<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Self {
        let mut kept = KnownLabels::none();
        for name in names {
            kept.set(name, self.get(name).clone());
        }
        kept
    }

    /// Whether labels may be there that are not named.
    pub fn may_have_more(&self) -> bool {
        self.rest == Known::Open
    }

    /// Every label that is named, with what is known of it; never those that are known to be missing.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Known)> {
        self.named.iter().filter(|(_, known)| **known != Known::Absent).map(|(name, known)| (&**name, known))
    }

    /// The labels whose value is known.
    pub fn values(&self) -> impl Iterator<Item = (&str, &str)> {
        self.named.iter().filter_map(|(name, known)| match known {
            Known::Value(value) => Some((&**name, &**value)),
            _ => None,
        })
    }

    /// What is known if it is one of two sets.
    pub fn or(&self, other: &KnownLabels) -> KnownLabels {
        let mut either = KnownLabels { named: BTreeMap::new(), rest: self.rest.clone().or(&other.rest) };
        for name in self.named.keys().chain(other.named.keys()) {
            either.set(Arc::clone(name), self.get(name).clone().or(other.get(name)));
        }
        either
    }

    /// Changes what is known of every label, named or not; `None` for the latter.
    pub fn map(&mut self, change: impl Fn(Option<&str>, &Known) -> Known) {
        for (name, known) in &mut self.named {
            *known = change(Some(name), known);
        }
        self.rest = change(None, &self.rest);
    }
}

/// Whether a matcher holds; `None` where that depends on a label that is still open.
pub fn matches(matcher: &Matcher, labels: &KnownLabels) -> Option<bool> {
    match labels.get(&matcher.name).text() {
        Some(value) => Some(matcher.matches_value(value)),
        None if matcher.value == ".*" && matcher.op == MatchType::Regexp => Some(true),
        None if matcher.value == ".*" && matcher.op == MatchType::NotRegexp => Some(false),
        None => None,
    }
}

/// The only values that satisfy a matcher, where they can be listed: `a` for `="a"`, `a` and `b` for `=~"a|b"`.
pub fn only_values(matcher: &Matcher) -> Option<Vec<&str>> {
    match matcher.op {
        MatchType::Equal => Some(vec![&matcher.value]),
        MatchType::Regexp => {
            let inner = matcher.value.strip_prefix("(?:").or(matcher.value.strip_prefix('('));
            let inner = inner.and_then(|inner| inner.strip_suffix(')')).unwrap_or(&matcher.value);
            let plain = |part: &str| !part.contains(|c: char| r"\.+*?()[]{}^$".contains(c));
            inner.split('|').map(|part| plain(part).then_some(part)).collect()
        }
        MatchType::NotEqual | MatchType::NotRegexp => None,
    }
}
