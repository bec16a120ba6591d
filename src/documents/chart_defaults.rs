//! What charts set where values do not: kube-prometheus-stack's own `alertmanager.config`.

use crate::diagnostic::{SourceFile, Span};
use crate::documents::yaml::{self, Kind, Node};

/// Where messages about a default say that it stands.
const PATH: &str = "kube-prometheus-stack/values.yaml";

const ALERTMANAGER_CONFIG: &str = "\
global:
  resolve_timeout: 5m
inhibit_rules:
  - source_matchers:
      - 'severity = critical'
    target_matchers:
      - 'severity =~ warning|info'
    equal:
      - 'namespace'
      - 'alertname'
  - source_matchers:
      - 'severity = warning'
    target_matchers:
      - 'severity = info'
    equal:
      - 'namespace'
      - 'alertname'
  - source_matchers:
      - 'alertname = InfoInhibitor'
    target_matchers:
      - 'severity = info'
    equal:
      - 'namespace'
  - target_matchers:
      - 'alertname = InfoInhibitor'
route:
  group_by: ['namespace']
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 12h
  receiver: 'null'
  routes:
  - receiver: 'null'
    matchers:
      - alertname = \"Watchdog\"
receivers:
- name: 'null'
templates:
- '/etc/alertmanager/config/*.tmpl'
";

/// What the chart makes of a team's `alertmanager.config`.
pub fn alertmanager_config(given: &Node) -> Node {
    let file = SourceFile::new(PATH, ALERTMANAGER_CONFIG);
    match yaml::read_one(&file) {
        (Some(defaults), _) => merged(&defaults, given),
        (None, _) => given.clone(),
    }
}

/// Whether a place is one of a chart's defaults, and not of the team's documents.
pub fn is_default(place: &Span) -> bool {
    place.file.path() == PATH
}

/// As Helm merges: mappings key by key, everything else is replaced; `null` takes a default away.
fn merged(defaults: &Node, given: &Node) -> Node {
    let (Kind::Mapping(old), Kind::Mapping(new)) = (&defaults.kind, &given.kind) else {
        return given.clone();
    };
    let said = |key: &Node| new.iter().find(|(name, _)| name.scalar() == key.scalar());
    let mut entries: Vec<(Node, Node)> = Vec::new();
    for (key, default) in old {
        match said(key) {
            None => entries.push((key.clone(), default.clone())),
            Some((_, value)) if value.kind == Kind::Null => {}
            Some((name, value)) => entries.push((name.clone(), merged(default, value))),
        }
    }
    let known = |key: &Node| old.iter().any(|(name, _)| name.scalar() == key.scalar());
    entries.extend(new.iter().filter(|(key, _)| !known(key)).cloned());
    Node { kind: Kind::Mapping(entries), span: given.span.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::alertmanager;
    use crate::stack::alertmanager::Version;

    /// The receivers in the order of the tree, or the first problem.
    #[track_caller]
    fn check(values: &str, expected: &str) {
        let file = SourceFile::new("values.yaml", values);
        let given = yaml::read_one(&file).0.unwrap();
        let (config, problems) = alertmanager::read_node(&alertmanager_config(&given), Version::NEWEST);
        let got = match (config, problems.first()) {
            (Some(config), None) => {
                let mut receivers = Vec::new();
                config.route.walk(&mut |route| receivers.push(route.receiver.value.clone()));
                format!("{} {}", receivers.join(" "), config.route.group_interval)
            }
            (_, problem) => problem.map(|problem| problem.message.clone()).unwrap_or_default(),
        };
        assert_eq!(got, expected);
    }

    #[test]
    fn values_are_merged_into_the_chart_s_defaults_and_lists_replace_lists() {
        check("route: {group_interval: 1m}", "null null 1m");
        check("{route: {receiver: a}, receivers: [{name: a}, {name: 'null'}]}", "a null 5m");
        check("{route: {receiver: a, routes: []}, receivers: [{name: a}]}", "a 5m");
        check("{route: {receiver: a, routes: null}, receivers: [{name: a}]}", "a 5m");
        check("{route: {receiver: a}, receivers: [{name: a}]}", "undefined receiver \"null\" used in route");
    }
}
