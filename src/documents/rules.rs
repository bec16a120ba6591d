//! Rule files and `PrometheusRule` objects, read as strictly as `promtool check rules` reads them.
//!
//! Everything that is wrong in a file is told at once; a rule with a mistake is left out of what is read.

mod duplicates;
#[cfg(test)]
mod tests;

use super::value;
use super::yaml::{self, Mapping, Node, wrong_type};
use crate::diagnostic::{Diagnostic, SourceFile, Spanned};
use crate::promql::{self, ParseOptions, Semantics};
use crate::stack::{Names, Rule, RuleGroup, RuleKind, Version, alert_template};
use crate::time::Duration;

/// The groups of a rule file, or of all `PrometheusRule` objects in it.
pub fn read(file: &SourceFile, version: Version) -> (Vec<RuleGroup>, Vec<Diagnostic>) {
    let (documents, problems) = yaml::read(file);
    let mut reader = Reader::new(file, version, problems);
    if documents.iter().any(is_object) {
        documents.iter().for_each(|document| reader.object(document));
    } else {
        reader.plain(&documents);
    }
    duplicates::report(&reader.groups, &mut reader.problems);
    (reader.groups, reader.problems)
}

/// Whether a document is a Kubernetes object and not a rule file.
pub fn is_object(document: &Node) -> bool {
    document.get("kind").is_some() && document.get("apiVersion").is_some()
}

/// Whether a document is or holds a `PrometheusRule`.
pub fn is_rule_object(document: &Node) -> bool {
    is_object(document)
        && match document.get("kind").and_then(Node::scalar) {
            Some("PrometheusRule") => true,
            Some(kind) if kind.ends_with("List") => document
                .get("items")
                .and_then(Node::items)
                .is_some_and(|items| items.iter().any(is_rule_object)),
            _ => false,
        }
}

struct Reader<'f> {
    file: &'f SourceFile,
    version: Version,
    names: Names,
    groups: Vec<RuleGroup>,
    problems: Vec<Diagnostic>,
}

impl<'f> Reader<'f> {
    fn new(file: &'f SourceFile, version: Version, problems: Vec<Diagnostic>) -> Self {
        let names = if version.utf8_names() { Names::Utf8 } else { Names::Legacy };
        Reader { file, version, names, groups: Vec::new(), problems }
    }

    fn plain(&mut self, documents: &[Node]) {
        let Some(first) = documents.first() else { return };
        if let Some(second) = documents.get(1) {
            self.problems.push(
                Diagnostic::warning("yaml-documents", "only the first YAML document of a rule file is read")
                    .at(&second.span)
                    .label("this one is ignored by Prometheus"),
            );
        }
        if first.is_null() {
            return;
        }
        let Some(mut mapping) = Mapping::of(first, "rule file", &mut self.problems) else { return };
        if let Some(groups) = mapping.get("groups") {
            self.groups(groups, &[]);
        }
        mapping.finish(&mut self.problems);
    }

    fn object(&mut self, object: &Node) {
        if !is_rule_object(object) {
            return;
        }
        if let Some(items) = object.get("items").and_then(Node::items) {
            items.iter().for_each(|item| self.object(item));
            return;
        }
        let Some(spec) = object.get("spec") else {
            self.problems.push(
                Diagnostic::error("missing-key", "PrometheusRule needs `spec`")
                    .at(&object.span)
                    .label("`spec` is missing here"),
            );
            return;
        };
        let Some(mut mapping) = Mapping::of(spec, "PrometheusRule's spec", &mut self.problems) else {
            return;
        };
        if let Some(groups) = mapping.get("groups") {
            self.groups(groups, &["partial_response_strategy"]);
        }
        mapping.finish(&mut self.problems);
    }

    /// `more` are keys that a group may have beside those of Prometheus.
    fn groups(&mut self, node: &Node, more: &[&'static str]) {
        let Some(items) = node.items() else {
            self.problems.push(wrong_type(node, "a list of groups"));
            return;
        };
        let first = self.groups.len();
        for item in items {
            if item.is_null() {
                self.problems.push(ignored(item));
            } else if let Some(group) = self.group(item, more) {
                let earlier = self.groups[first..].iter().find(|known| known.name.value == group.name.value);
                if let Some(earlier) = earlier {
                    self.problems.push(
                        Diagnostic::error(
                            "duplicate-group",
                            format!("groupname: \"{}\" is repeated in the same file", group.name.value),
                        )
                        .at(&group.name.span)
                        .label("again here")
                        .related(&earlier.name.span, "first here"),
                    );
                }
                self.groups.push(group);
            }
        }
    }

    fn group(&mut self, node: &Node, more: &[&'static str]) -> Option<RuleGroup> {
        let problems = &mut self.problems;
        let mut mapping = Mapping::of(node, "rule group", problems)?;
        let name = match mapping.get("name") {
            Some(name) => value::filled(name, "a group's name", problems),
            None => {
                problems.push(mapping.missing("name").because("Groupname must not be empty"));
                None
            }
        };
        let interval = mapping.get("interval").and_then(|node| value::duration(node, problems));
        let limit = mapping.get("limit").and_then(|node| value::integer(node, i64::MIN..=i64::MAX, problems));
        let query_offset = match self.version >= Version::new(2, 53) {
            true => mapping.get("query_offset").and_then(|node| value::duration(node, problems)),
            false => None,
        };
        let labels = match self.version >= Version::new(3, 0) {
            true => mapping.get("labels").map(|node| labels(node, self.names, problems)).unwrap_or_default(),
            false => Vec::new(),
        };
        let rules = mapping.get("rules");
        for key in more {
            mapping.get(key);
        }
        mapping.finish(problems);
        let rules = rules.map(|node| self.rules(node, &labels)).unwrap_or_default();
        Some(RuleGroup {
            file: self.file.clone(),
            name: name?,
            interval: interval.filter(|interval| *interval != Duration::ZERO),
            query_offset,
            limit: limit.and_then(|limit| u64::try_from(limit).ok()).unwrap_or(0),
            rules,
        })
    }

    fn rules(&mut self, node: &Node, group_labels: &[Pair]) -> Vec<Rule> {
        let Some(items) = node.items() else {
            self.problems.push(wrong_type(node, "a list of rules"));
            return Vec::new();
        };
        let mut rules = Vec::new();
        for item in items {
            match item.is_null() {
                true => self.problems.push(ignored(item)),
                false => rules.extend(self.rule(item, group_labels)),
            }
        }
        rules
    }

    fn rule(&mut self, node: &Node, group_labels: &[Pair]) -> Option<Rule> {
        let names = self.names;
        let problems = &mut self.problems;
        let before = problems.len();
        let mut mapping = Mapping::of(node, "rule", problems)?;
        let record = mapping.get("record").and_then(|node| value::string(node, problems));
        let alert = mapping.get("alert").and_then(|node| value::string(node, problems));
        let record = record.filter(|name| !name.value.is_empty());
        let alert = alert.filter(|name| !name.value.is_empty());
        let expr = mapping.get("expr");
        let hold = mapping.get("for");
        let keep = match self.version >= Version::new(2, 42) {
            true => mapping.get("keep_firing_for"),
            false => None,
        };
        let hold_for = hold.and_then(|node| value::duration(node, problems)).unwrap_or_default();
        let keep_firing_for = keep.and_then(|node| value::duration(node, problems)).unwrap_or_default();
        let label_node = mapping.get("labels");
        let annotation_node = mapping.get("annotations");
        let own_labels = label_node.map(|node| labels(node, names, problems)).unwrap_or_default();
        let annotations = annotation_node.map(|node| annotations(node, names, problems)).unwrap_or_default();
        if let Some(alert) = &alert {
            for (what, node) in [("label", label_node), ("annotation", annotation_node)] {
                templates(what, node, &alert.value, self.version, problems);
            }
        }
        let expr = match expr.filter(|node| node.scalar() != Some("")) {
            Some(node) => expression(node, self.version, problems),
            None => {
                let missing = mapping.missing("expr").because("field 'expr' must be set in rule");
                problems.push(missing);
                None
            }
        };
        let labels = merged(group_labels, own_labels);
        let kind = match (record, alert) {
            (Some(record), Some(alert)) => {
                problems.push(
                    Diagnostic::error("record-and-alert", "only one of 'record' and 'alert' must be set")
                        .at(&alert.span)
                        .label("an alert here")
                        .related(&record.span, "a record here"),
                );
                None
            }
            (None, None) => {
                problems.push(
                    Diagnostic::error("missing-key", "one of 'record' or 'alert' must be set")
                        .at(&node.span)
                        .label("neither is set in this rule"),
                );
                None
            }
            (Some(record), None) => {
                check_record_name(&record, names, problems);
                let filled = |key, set: bool| set.then(|| mapping.key_span(key)).flatten();
                for (key, place) in [
                    ("for", filled("for", hold_for != Duration::ZERO)),
                    ("keep_firing_for", filled("keep_firing_for", keep_firing_for != Duration::ZERO)),
                    ("annotations", filled("annotations", !annotations.is_empty())),
                ] {
                    if let Some(place) = place {
                        problems.push(
                            Diagnostic::error(
                                "recording-rule-field",
                                format!("invalid field '{key}' in recording rule"),
                            )
                            .at(place)
                            .label("only alerting rules have this")
                            .related(&record.span, "recorded here"),
                        );
                    }
                }
                Some(RuleKind::Recording { record })
            }
            (None, Some(alert)) => {
                Some(RuleKind::Alerting { alert, hold: hold_for, keep_firing_for, annotations })
            }
        };
        mapping.finish(problems);
        if problems.len() > before {
            return None;
        }
        let (expr, text) = expr?;
        Some(Rule { place: node.span.clone(), kind: kind?, expr, text, labels })
    }
}

/// Go's decoder drops an empty item of a list.
fn ignored(item: &Node) -> Diagnostic {
    Diagnostic::warning("empty-value", "this item is empty").at(&item.span).label("Prometheus ignores it")
}

type Pair = (Spanned<String>, Spanned<String>);

fn expression(
    node: &Node,
    version: Version,
    problems: &mut Vec<Diagnostic>,
) -> Option<(promql::Expr, Spanned<String>)> {
    let text = value::string(node, problems)?;
    match parse(&text.value, version) {
        Ok(mut expr) => {
            // A rule is evaluated from what its expression prints as; the order decides which labels `absent` gives.
            expr.sort_matchers();
            Some((expr, text))
        }
        Err(error) => {
            problems.push(bad_promql(node, &error));
            None
        }
    }
}

/// As that version parses it: between 2.54 and 3 a duration was a number of seconds already.
fn parse(text: &str, version: Version) -> Result<promql::Expr, promql::ParseError> {
    match version < Version::new(2, 54) {
        true => promql::parse_with(text, ParseOptions { semantics: Semantics::V2, experimental: false }),
        false => promql::parse_as(text, version.semantics()),
    }
}

/// A mistake in an expression, with the caret inside of it.
pub fn bad_promql(node: &Node, error: &promql::ParseError) -> Diagnostic {
    let message = error.message.strip_prefix("parse error: ").unwrap_or(&error.message);
    Diagnostic::error("bad-promql", format!("could not parse expression: {message}"))
        .at(&node.span_within(error.range.clone()))
        .label("in this expression")
}

fn check_record_name(record: &Spanned<String>, names: Names, problems: &mut Vec<Diagnostic>) {
    let valid = match names {
        Names::Legacy => value::is_metric_name(&record.value),
        Names::Utf8 => true,
    };
    let problem = if !valid {
        Diagnostic::error("bad-metric-name", format!("invalid recording rule name: {}", record.value))
            .label("wanted letters, digits, `_` and `:`, not starting with a digit")
    } else if record.value.contains(['{', '}']) {
        Diagnostic::error("bad-metric-name", "braces present in the recording rule name")
            .label("wanted a name alone")
            .help("should it be in expr? Labels to add go under `labels`")
    } else {
        return;
    };
    problems.push(problem.at(&record.span));
}

fn labels(node: &Node, names: Names, problems: &mut Vec<Diagnostic>) -> Vec<Pair> {
    pairs(node, problems, |name| {
        (!names.allow(name) || name == "__name__").then(|| format!("invalid label name: {name}"))
    })
}

fn annotations(node: &Node, names: Names, problems: &mut Vec<Diagnostic>) -> Vec<Pair> {
    pairs(node, problems, |name| (!names.allow(name)).then(|| format!("invalid annotation name: {name}")))
}

/// A template that Prometheus could not parse keeps it from loading the rules, with the caret inside the text.
fn templates(what: &str, node: Option<&Node>, alert: &str, version: Version, problems: &mut Vec<Diagnostic>) {
    for (name, node) in node.and_then(Node::entries).unwrap_or_default() {
        let (Some(name), Some(text)) = (name.scalar(), node.scalar()) else { continue };
        if !text.contains("{{") {
            continue;
        }
        if let Err(error) = alert_template::parse(alert, text, version) {
            let message = format!("{what} \"{name}\": {}", error.message);
            problems.push(
                Diagnostic::error("bad-template", message)
                    .at(&node.span_within(error.at..error.at))
                    .label("in this template"),
            );
        }
    }
}

fn pairs(node: &Node, problems: &mut Vec<Diagnostic>, refused: impl Fn(&str) -> Option<String>) -> Vec<Pair> {
    let Some(entries) = node.entries() else {
        problems.push(wrong_type(node, "a mapping of names to text"));
        return Vec::new();
    };
    let mut pairs = Vec::new();
    for (name, text) in entries {
        let (Some(name), Some(text)) = (value::string(name, problems), value::string(text, problems)) else {
            continue;
        };
        match refused(&name.value) {
            None => pairs.push((name, text)),
            Some(reason) => problems.push(
                Diagnostic::error("bad-label-name", reason)
                    .at(&name.span)
                    .label("not allowed as a name here"),
            ),
        }
    }
    pairs
}

/// The group's labels under the rule's own.
fn merged(group: &[Pair], own: Vec<Pair>) -> Vec<Pair> {
    let inherited = group.iter().filter(|(name, _)| own.iter().all(|(known, _)| known.value != name.value));
    inherited.cloned().chain(own.iter().cloned()).collect()
}
