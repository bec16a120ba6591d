//! An alert's ways through the tree where not all of its labels are known.

use super::known::{Known, KnownLabels, matches};
use crate::stack::alertmanager::{MatchType, Matcher};
use crate::twin::alertmanager::RouteTree;

/// A route that takes an alert, or may.
#[derive(Clone, Debug, PartialEq)]
pub struct Destination {
    pub node: usize,
    /// The matchers whose labels are only known when the alert fires; none if it always comes here.
    pub when: Vec<Matcher>,
    /// It comes here only if an earlier route, or one below, does not take it.
    pub otherwise: bool,
}

impl Destination {
    /// Every alert of the rule comes here.
    pub fn is_certain(&self) -> bool {
        self.when.is_empty() && !self.otherwise
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Takes {
    No,
    Perhaps,
    Yes,
}

pub fn destinations(tree: &RouteTree, labels: &KnownLabels) -> Vec<Destination> {
    let mut walk = Walk { tree, found: Vec::new() };
    walk.visit(0, labels, &[], false);
    walk.found
}

struct Walk<'t> {
    tree: &'t RouteTree,
    found: Vec<Destination>,
}

impl Walk<'_> {
    fn visit(&mut self, at: usize, labels: &KnownLabels, when: &[Matcher], otherwise: bool) -> Takes {
        let node = self.tree.node(at);
        let mut refined = None;
        let mut conditions = when.to_vec();
        for matcher in node.route.matchers.iter().map(|matcher| &matcher.value) {
            match matches(matcher, refined.as_ref().unwrap_or(labels)) {
                Some(true) => {}
                Some(false) => return Takes::No,
                None => {
                    conditions.push(matcher.clone());
                    // Below, the label is what it had to be to come here.
                    if matcher.op == MatchType::Equal {
                        let known = match matcher.value.as_str() {
                            "" => Known::Absent,
                            value => Known::Value(value.into()),
                        };
                        let labels = refined.take().unwrap_or_else(|| labels.clone());
                        refined = Some(labels.with(&matcher.name, known));
                    }
                }
            }
        }
        let takes = if conditions.len() == when.len() { Takes::Yes } else { Takes::Perhaps };
        let labels = refined.as_ref().unwrap_or(labels);
        let mut by_child = Takes::No;
        let mut after_perhaps = otherwise;
        for child in node.children() {
            let by = self.visit(*child, labels, &conditions, after_perhaps);
            by_child = by_child.max(by);
            if !self.tree.node(*child).route.continues {
                match by {
                    Takes::Yes => break,
                    Takes::Perhaps => after_perhaps = true,
                    Takes::No => {}
                }
            }
        }
        if by_child != Takes::Yes {
            let otherwise = otherwise || by_child == Takes::Perhaps;
            self.found.push(Destination { node: at, when: conditions, otherwise });
        }
        takes
    }
}
