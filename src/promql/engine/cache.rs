//! Results that several expressions share, so that no window is looked at twice.

use std::collections::HashMap;
use std::fmt::{self, Write};
use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;

use super::evaluator::Query;
use super::grid::{Grid, Steps};
use crate::promql::annotations::Annotations;
use crate::promql::ast::{Expr, ExprKind};

/// Knows which parts occur more than once in some expressions, and keeps their results until the last use.
///
/// Made for one state of the storage and one row of steps: a cache must not outlive either.
#[derive(Debug, Default)]
pub struct EvalCache {
    /// How often each repeated part is still to be asked for.
    uses: HashMap<u128, usize>,
    results: HashMap<Key, (Arc<Grid>, Annotations)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    text: u128,
    steps: Steps,
    query: Query,
}

impl EvalCache {
    /// For expressions that will be evaluated over the same steps of the same storage, each once.
    pub fn for_exprs<'e>(exprs: impl IntoIterator<Item = &'e Expr>) -> Self {
        let mut uses = HashMap::new();
        exprs.into_iter().for_each(|expr| count(expr, &mut uses));
        uses.retain(|_, count| *count > 1);
        EvalCache { uses, results: HashMap::new() }
    }

    /// The key of a part that others repeat.
    pub(super) fn key(&self, expr: &Expr, steps: Steps, query: Query) -> Option<Key> {
        if self.uses.is_empty() || !is_worth_keeping(expr) {
            return None;
        }
        let text = digest(expr);
        self.uses.contains_key(&text).then_some(Key { text, steps, query })
    }

    pub(super) fn get(&mut self, key: Key) -> Option<(Arc<Grid>, Annotations)> {
        let found = self.results.get(&key).cloned()?;
        let left = self.uses.get_mut(&key.text)?;
        *left = left.saturating_sub(1);
        if *left == 0 {
            self.results.remove(&key);
        }
        Some(found)
    }

    pub(super) fn put(&mut self, key: Key, grid: Arc<Grid>, annotations: Annotations) {
        let Some(left) = self.uses.get_mut(&key.text) else { return };
        *left = left.saturating_sub(1);
        if *left > 0 {
            self.results.insert(key, (grid, annotations));
        }
    }
}

/// Counts how often each part will be asked for: what lies below a part already known is not asked for again.
fn count(expr: &Expr, uses: &mut HashMap<u128, usize>) {
    if is_worth_keeping(expr) {
        let asked = uses.entry(digest(expr)).or_insert(0);
        *asked += 1;
        if *asked > 1 {
            return;
        }
    }
    expr.children().into_iter().for_each(|child| count(child, uses));
}

/// Whether looking a result up is cheaper than computing it.
fn is_worth_keeping(expr: &Expr) -> bool {
    matches!(
        expr.kind,
        ExprKind::Vector(_) | ExprKind::Call(_) | ExprKind::Aggregate(_) | ExprKind::Binary(_)
    )
}

/// A fingerprint of the canonical text, wide enough to stand for it.
fn digest(expr: &Expr) -> u128 {
    let mut hash = Fingerprint(DefaultHasher::new(), DefaultHasher::new());
    hash.1.write_u8(1);
    let _ = write!(hash, "{expr}");
    u128::from(hash.0.finish()) << 64 | u128::from(hash.1.finish())
}

struct Fingerprint(DefaultHasher, DefaultHasher);

impl Write for Fingerprint {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        self.1.write(text.as_bytes());
        Ok(())
    }
}
