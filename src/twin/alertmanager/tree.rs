//! The routing tree: which routes an alert takes, by which path, and which matcher refused it elsewhere.

use crate::labels::Labels;
use crate::stack::alertmanager::{GroupBy, Matcher, Route, go_label_set};

/// The tree's nodes in depth-first order; the first is the root.
#[derive(Clone, Debug)]
pub struct RouteTree {
    nodes: Vec<RouteNode>,
}

#[derive(Clone, Debug)]
pub struct RouteNode {
    /// The route without its children.
    pub route: Route,
    pub parent: Option<usize>,
    children: Vec<usize>,
    /// `{}/{team="db"}`: the matchers from the root down.
    pub key: String,
}

/// A route that an alert takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    pub node: usize,
    /// Its ancestors from the root on, and itself.
    pub path: Vec<usize>,
    pub group_labels: Labels,
    pub group_key: String,
}

/// A route that was tried and refused: the first of its matchers that does not hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    pub node: usize,
    pub matcher: Matcher,
    /// What the alert has there; a missing label is empty.
    pub got: String,
    /// How many of the route's matchers do hold.
    pub held: usize,
    pub matchers: usize,
}

/// A route that would take the alert, were it not for an earlier sibling without `continue`.
#[derive(Clone, Debug, PartialEq)]
pub struct Shadowed {
    pub node: usize,
    pub by: usize,
}

/// Everything that can be said about an alert's way through the tree.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Routing {
    pub taken: Vec<Taken>,
    pub refused: Vec<Refused>,
    pub shadowed: Vec<Shadowed>,
}

impl RouteNode {
    /// Places of the routes directly below, in order.
    pub fn children(&self) -> &[usize] {
        &self.children
    }
}

impl RouteTree {
    pub fn new(root: &Route) -> RouteTree {
        let mut tree = RouteTree { nodes: Vec::new() };
        tree.add(root, None);
        tree
    }

    fn add(&mut self, route: &Route, parent: Option<usize>) -> usize {
        let at = self.nodes.len();
        let matchers = route.matchers_text();
        let key = match parent {
            Some(parent) => format!("{}/{matchers}", self.nodes[parent].key),
            None => matchers,
        };
        let own = Route { routes: Vec::new(), ..route.clone() };
        self.nodes.push(RouteNode { route: own, parent, children: Vec::new(), key });
        for child in &route.routes {
            let child = self.add(child, Some(at));
            self.nodes[at].children.push(child);
        }
        at
    }

    pub fn nodes(&self) -> &[RouteNode] {
        &self.nodes
    }

    pub fn node(&self, at: usize) -> &RouteNode {
        &self.nodes[at]
    }

    /// The nodes that take an alert, in order.
    pub fn matching(&self, labels: &Labels) -> Vec<usize> {
        let mut taken = Vec::new();
        self.collect(0, labels, &mut taken);
        taken
    }

    fn collect(&self, at: usize, labels: &Labels, taken: &mut Vec<usize>) -> bool {
        let node = &self.nodes[at];
        if !node.route.matchers.iter().all(|matcher| matcher.value.matches(labels)) {
            return false;
        }
        let before = taken.len();
        for child in &node.children {
            if self.collect(*child, labels, taken) && !self.nodes[*child].route.continues {
                break;
            }
        }
        if taken.len() == before {
            taken.push(at);
        }
        true
    }

    /// The labels by which a node groups this alert.
    pub fn group_labels(&self, at: usize, labels: &Labels) -> Labels {
        match &self.nodes[at].route.group_by {
            GroupBy::All => labels.clone(),
            GroupBy::Labels(names) => {
                let pairs = names.iter().filter_map(|name| Some((name.as_str(), labels.get(name)?)));
                Labels::from_pairs(pairs)
            }
        }
    }

    pub fn group_key(&self, at: usize, group_labels: &Labels) -> String {
        format!("{}:{}", self.nodes[at].key, go_label_set(group_labels))
    }

    /// From the root down to a node.
    pub fn path(&self, at: usize) -> Vec<usize> {
        let mut path = vec![at];
        let mut node = at;
        while let Some(parent) = self.nodes[node].parent {
            path.push(parent);
            node = parent;
        }
        path.reverse();
        path
    }

    /// Where an alert goes, and where it does not go and why. Below a route that refuses nothing is tried.
    pub fn route(&self, labels: &Labels) -> Routing {
        let mut routing = Routing::default();
        for node in self.matching(labels) {
            let group_labels = self.group_labels(node, labels);
            let group_key = self.group_key(node, &group_labels);
            routing.taken.push(Taken { node, path: self.path(node), group_labels, group_key });
        }
        self.explain(0, labels, None, &mut routing);
        routing
    }

    /// `shadowed_by` is the sibling (of this node or of an ancestor) that has taken the alert already.
    fn explain(&self, at: usize, labels: &Labels, shadowed_by: Option<usize>, routing: &mut Routing) -> bool {
        let node = &self.nodes[at];
        let matchers = &node.route.matchers;
        if let Some(refusing) = matchers.iter().find(|matcher| !matcher.value.matches(labels)) {
            routing.refused.push(Refused {
                node: at,
                matcher: refusing.value.clone(),
                got: labels.value(&refusing.value.name).to_owned(),
                held: matchers.iter().filter(|matcher| matcher.value.matches(labels)).count(),
                matchers: matchers.len(),
            });
            return false;
        }
        let mut child_took = false;
        let mut stopped_by = shadowed_by;
        for child in &node.children {
            if self.explain(*child, labels, stopped_by, routing) {
                child_took = true;
                if stopped_by.is_none() && !self.nodes[*child].route.continues {
                    stopped_by = Some(*child);
                }
            }
        }
        if let (Some(by), false) = (shadowed_by, child_took) {
            routing.shadowed.push(Shadowed { node: at, by });
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::SourceFile;
    use crate::documents::alertmanager;
    use crate::stack::alertmanager::Version;

    fn tree(text: &str) -> RouteTree {
        let file = SourceFile::new("alertmanager.yml", text);
        let (config, problems) = alertmanager::read(&file, Version::OLDEST);
        RouteTree::new(&config.unwrap_or_else(|| panic!("{problems:?}")).route)
    }

    const CONFIG: &str = r#"
route:
  receiver: default
  group_by: [alertname]
  routes:
  - matchers: [team="db"]
    receiver: db
    routes:
    - matchers: [severity="critical"]
      receiver: db-pager
      group_by: ['...']
  - matchers: [severity="critical", env="prod"]
    receiver: pager
    continue: true
  - matchers: [severity="critical"]
    receiver: chat
  - matchers: [env="prod"]
    receiver: late
receivers: [{name: default}, {name: db}, {name: db-pager}, {name: pager}, {name: chat}, {name: late}]
"#;

    #[track_caller]
    fn check(labels: &[(&'static str, &'static str)], expected: &[&str]) {
        let tree = tree(CONFIG);
        let labels = Labels::from_pairs(labels.iter().copied());
        let routing = tree.route(&labels);
        let name = |node: usize| tree.node(node).route.receiver.value.clone();
        let mut got: Vec<String> =
            routing.taken.iter().map(|taken| format!("{} {}", name(taken.node), taken.group_key)).collect();
        got.extend(routing.refused.iter().map(|refused| {
            format!("{} refused by {} (got \"{}\")", name(refused.node), refused.matcher, refused.got)
        }));
        got.extend(
            routing
                .shadowed
                .iter()
                .map(|shadowed| format!("{} shadowed by {}", name(shadowed.node), name(shadowed.by))),
        );
        assert_eq!(got, expected);
    }

    #[test]
    fn a_route_takes_what_no_child_takes() {
        check(
            &[("alertname", "A"), ("team", "db")],
            &[
                r#"db {}/{team="db"}:{alertname="A"}"#,
                r#"db-pager refused by severity="critical" (got "")"#,
                r#"pager refused by env="prod" (got "")"#,
                r#"chat refused by severity="critical" (got "")"#,
                r#"late refused by env="prod" (got "")"#,
            ],
        );
    }

    #[test]
    fn continue_lets_the_next_sibling_try_and_the_rest_is_shadowed() {
        check(
            &[("alertname", "A"), ("severity", "critical"), ("env", "prod")],
            &[
                r#"pager {}/{env="prod",severity="critical"}:{alertname="A"}"#,
                r#"chat {}/{severity="critical"}:{alertname="A"}"#,
                r#"db refused by team="db" (got "")"#,
                "late shadowed by chat",
            ],
        );
    }

    #[test]
    fn what_nothing_takes_stays_at_the_root() {
        check(
            &[("alertname", "A")],
            &[
                r#"default {}:{alertname="A"}"#,
                r#"db refused by team="db" (got "")"#,
                r#"pager refused by env="prod" (got "")"#,
                r#"chat refused by severity="critical" (got "")"#,
                r#"late refused by env="prod" (got "")"#,
            ],
        );
    }
}
