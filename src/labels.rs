//! Label sets, as Prometheus and Alertmanager have them: sorted by name, an empty value is no label.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::golang::quote;

pub const METRIC_NAME: &str = "__name__";

/// A sorted label set. Cheap to clone; holds an empty value only where it was made `verbatim`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Labels(Arc<[(Arc<str>, Arc<str>)]>);

/// As Prometheus writes names of Kubernetes into labels: what is no letter or digit becomes `_`.
pub fn plain_name(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

impl Labels {
    pub fn empty() -> Self {
        Labels::default()
    }

    /// Later pairs replace earlier ones of the same name; pairs with an empty value are dropped.
    pub fn from_pairs<N: Into<Arc<str>>, V: Into<Arc<str>>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut builder = LabelsBuilder::default();
        for (name, value) in pairs {
            builder.set(name, value);
        }
        builder.build()
    }

    /// The pairs as they are: an annotation may be empty, which a label can't be. Later pairs replace earlier ones.
    pub fn verbatim<N: Into<Arc<str>>, V: Into<Arc<str>>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let pairs: BTreeMap<_, _> =
            pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Labels(pairs.into_iter().collect())
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.binary_search_by(|(known, _)| known.as_ref().cmp(name)).ok().map(|at| &*self.0[at].1)
    }

    /// The value, or the empty string that a missing label equals.
    pub fn value(&self, name: &str) -> &str {
        self.get(name).unwrap_or("")
    }

    pub fn name(&self) -> &str {
        self.value(METRIC_NAME)
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn builder(&self) -> LabelsBuilder {
        LabelsBuilder { pairs: self.0.to_vec() }
    }

    pub fn with(&self, name: impl Into<Arc<str>>, value: impl Into<Arc<str>>) -> Self {
        let mut builder = self.builder();
        builder.set(name, value);
        builder.build()
    }

    pub fn without(&self, name: &str) -> Self {
        let mut builder = self.builder();
        builder.remove(name);
        builder.build()
    }

    /// Whether every pair of `other` stands in this set too.
    pub fn contains(&self, other: &Labels) -> bool {
        other.iter().all(|(name, value)| self.value(name) == value)
    }
}

/// As Prometheus prints a series: `name{a="b", c="d"}`, or `{}` for none.
impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name();
        f.write_str(name)?;
        if !name.is_empty() && self.len() == 1 {
            return Ok(());
        }
        f.write_str("{")?;
        let rest = self.iter().filter(|(label, _)| *label != METRIC_NAME);
        for (at, (label, value)) in rest.enumerate() {
            if at > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{label}={}", quote(value))?;
        }
        f.write_str("}")
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl serde::Serialize for Labels {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

#[derive(Clone, Default, Debug)]
pub struct LabelsBuilder {
    pairs: Vec<(Arc<str>, Arc<str>)>,
}

impl LabelsBuilder {
    pub fn get(&self, name: &str) -> &str {
        self.position(name).map_or("", |at| &*self.pairs[at].1)
    }

    /// An empty value removes the label.
    pub fn set(&mut self, name: impl Into<Arc<str>>, value: impl Into<Arc<str>>) {
        let (name, value) = (name.into(), value.into());
        match (self.position(&name), value.is_empty()) {
            (Ok(at), false) => self.pairs[at].1 = value,
            (Ok(at), true) => drop(self.pairs.remove(at)),
            (Err(at), false) => self.pairs.insert(at, (name, value)),
            (Err(_), true) => {}
        }
    }

    pub fn remove(&mut self, name: &str) {
        if let Ok(at) = self.position(name) {
            self.pairs.remove(at);
        }
    }

    pub fn retain(&mut self, mut keep: impl FnMut(&str, &str) -> bool) {
        self.pairs.retain(|(name, value)| keep(name, value));
    }

    pub fn build(self) -> Labels {
        Labels(self.pairs.into())
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        self.pairs.binary_search_by(|(known, _)| known.as_ref().cmp(name))
    }
}
