//! Grafana dashboards: panels, also those within rows, their queries, and the variables that are defined.
//!
//! Promises: what Grafana would not mind is absent, never a problem. A variable in a query is filled in with
//! something that is true for any value of it, so that the query can be judged.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::yaml::Node;
use crate::diagnostic::Spanned;
use crate::promql;
use crate::stack::wiring::{Dashboard, Grafana, Home, Panel, Query, QueryKind, Target};

/// Rows within rows: deeper than Grafana draws.
const DEEPEST: usize = 4;

/// The dashboard in a document, with its own keys or in an envelope as the HTTP API takes it.
pub fn read(document: &Node, home: Home) -> Option<Dashboard> {
    let envelope = document.entries()?.iter().find(|(key, _)| key.scalar() == Some("dashboard"));
    let (root, wrapped) = match envelope {
        Some((key, inner)) if document.get("panels").is_none() => (inner, Some(key.span.clone())),
        _ => (document, None),
    };
    let title = text(root, "title").unwrap_or_else(|| Spanned::new(String::new(), start(root)));
    let mut panels = Vec::new();
    collect(root, &title, 0, &mut panels);
    let variables = root.get("templating").and_then(|node| node.get("list")).and_then(Node::items);
    let variables =
        variables.unwrap_or_default().iter().filter_map(|variable| Some(text(variable, "name")?.value));
    Some(Dashboard { home, title, wrapped, panels, variables: variables.collect() })
}

/// The queries of PromQL; those that can't be parsed are left out.
pub fn queries(grafana: &Grafana) -> Vec<Query> {
    let promql = grafana.queries().filter(|(_, asked)| asked.is_none_or(speaks_promql));
    let parsed = promql.filter_map(|(target, _)| {
        let value = filled_in(&target.text.value);
        let expr = promql::parse(&value).ok()?;
        Some(Query { kind: QueryKind::Panel, expr, text: Spanned::new(value, target.text.span.clone()) })
    });
    parsed.collect()
}

/// Datasources of these types are asked in PromQL, or in what a variable chooses.
pub fn speaks_promql(datasource: &str) -> bool {
    datasource.contains("prometheus") || datasource.contains('$') || datasource == "datasource"
}

/// A query without Grafana's variables: durations are five minutes, matchers match anything.
pub fn filled_in(query: &str) -> String {
    static MATCHERS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let variable = r"(?:\$\{?[A-Za-z_]|\[\[)";
        Regex::new(&format!(r#"(=~|!~|!=|=)(\s*)("[^"]*{variable}[^"]*"|'[^']*{variable}[^']*')"#)).ok()
    });
    static DURATIONS: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"\[\s*(?:\$\{?[A-Za-z_]\w*(?::\w+)?\}?|\[\[\w+\]\])").ok());
    let replaced = |text: &str, regex: &Option<Regex>, with: &dyn Fn(&Captures) -> String| match regex {
        Some(regex) => regex.replace_all(text, with).into_owned(),
        None => text.to_owned(),
    };
    let text = replaced(query, &MATCHERS, &|found| format!("=~{}\".*\"", &found[2]));
    replaced(&text, &DURATIONS, &|_| "[5m".to_owned())
}

/// `$name`, `${name}` or `[[name]]`.
pub fn has_variables(query: &str) -> bool {
    let of_name = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '{');
    query.contains("[[") || query.split('$').skip(1).any(|rest| rest.starts_with(of_name))
}

fn collect(parent: &Node, dashboard: &Spanned<String>, depth: usize, panels: &mut Vec<Panel>) {
    if depth > DEEPEST {
        return;
    }
    let list = |key| parent.get(key).and_then(Node::items).unwrap_or_default();
    for node in list("panels") {
        let title = text(node, "title").filter(|title| !title.value.is_empty());
        let defaults = node.get("fieldConfig").and_then(|node| node.get("defaults"));
        let unit = defaults.and_then(|node| text(node, "unit"));
        let targets = node.get("targets").and_then(Node::items).unwrap_or_default();
        panels.push(Panel {
            title: title.unwrap_or_else(|| Spanned::new(dashboard.value.clone(), start(node))),
            kind: text(node, "type"),
            datasource: datasource(node),
            asks: asks(node),
            unit,
            targets: targets.iter().filter_map(target).collect(),
        });
        collect(node, dashboard, depth + 1, panels);
    }
    // Before version 5 rows held the panels.
    list("rows").iter().for_each(|row| collect(row, dashboard, depth + 1, panels));
}

fn target(node: &Node) -> Option<Target> {
    Some(Target {
        datasource: datasource(node),
        asks: asks(node),
        text: text(node, "expr")?,
        legend: text(node, "legendFormat"),
    })
}

/// A name, or an object with a uid.
fn datasource(node: &Node) -> Option<Spanned<String>> {
    let node = node.get("datasource")?;
    spanned(node).or_else(|| text(node, "uid"))
}

/// The type beside a datasource's uid.
fn asks(node: &Node) -> Option<String> {
    Some(node.get("datasource")?.get("type")?.scalar()?.to_owned())
}

fn start(node: &Node) -> crate::diagnostic::Span {
    node.span.file.span(node.span.start..node.span.start + 1)
}

fn text(node: &Node, key: &str) -> Option<Spanned<String>> {
    spanned(node.get(key)?)
}

fn spanned(node: &Node) -> Option<Spanned<String>> {
    Some(Spanned::new(node.scalar()?.to_owned(), node.span.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::SourceFile;
    use crate::documents::yaml;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let (documents, _) = yaml::read(&SourceFile::new("d.json", text));
        let dashboard = read(&documents[0], Home::File(None)).expect("a dashboard");
        let got: Vec<String> = dashboard
            .panels
            .iter()
            .map(|panel| {
                let kind = panel.kind.as_ref().map_or("-", |kind| kind.value.as_str());
                let queries: Vec<&str> =
                    panel.targets.iter().map(|target| target.text.value.as_str()).collect();
                format!("{kind} {:?} {}", panel.title.value, queries.join(" | "))
            })
            .collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn panels_are_found_in_rows_and_in_envelopes() {
        let panel = r#"{"type": "stat", "title": "A", "targets": [{"expr": "up"}]}"#;
        check(&format!(r#"{{"panels": [{panel}]}}"#), &[r#"stat "A" up"#]);
        check(&format!(r#"{{"dashboard": {{"panels": [{panel}]}}}}"#), &[r#"stat "A" up"#]);
        check(
            &format!(r#"{{"title": "D", "panels": [{{"type": "row", "panels": [{panel}]}}]}}"#),
            &[r#"row "D" "#, r#"stat "A" up"#],
        );
        check(&format!(r#"{{"rows": [{{"panels": [{panel}]}}], "panels": []}}"#), &[r#"stat "A" up"#]);
    }

    #[test]
    fn variables_are_filled_in() {
        for (query, expected) in [
            (r#"up{job="$job"}"#, r#"up{job=~".*"}"#),
            (r#"up{job!~"a|${job:regex}", x="y$"}"#, r#"up{job=~".*", x="y$"}"#),
            ("rate(a[$__rate_interval])", "rate(a[5m])"),
            ("rate(a[${range}:1m])", "rate(a[5m:1m])"),
            ("rate(a[[[range]]])", "rate(a[5m])"),
        ] {
            assert_eq!(filled_in(query), expected);
        }
    }
}
