//! LogQL as far as streams go: which labels of log streams a query asks for, and the rules of Loki's ruler.
//!
//! Promises: what stands in strings and comments is no selector; everything else of the language is passed over.

use super::yaml::Node;
use crate::diagnostic::Spanned;
use crate::promql::ast::ExprKind;
use crate::promql::{self, VectorSelector};
use crate::stack::wiring::LogRule;

/// Every selector of a query, which are written as those of PromQL are; `Err` with what Loki would not read.
pub fn selectors(query: &str) -> Result<Vec<VectorSelector>, String> {
    let code = code(query)?;
    let mut found = Vec::new();
    let mut open = None;
    for (at, c) in code {
        match (c, open) {
            ('{', None) => open = Some(at),
            ('}', Some(start)) => {
                found.push(selector(&query[start..=at])?);
                open = None;
            }
            ('\'', Some(_)) => return Err("values stand in double quotes or backticks".to_owned()),
            ('{' | '}', _) => return Err(format!("a `{c}` too many")),
            _ => {}
        }
    }
    match (open, found.is_empty()) {
        (Some(_), _) => Err("a selector without its `}`".to_owned()),
        (None, true) => Err("no stream selector, such as `{app=\"todo\"}`".to_owned()),
        (None, false) => Ok(found),
    }
}

fn selector(text: &str) -> Result<VectorSelector, String> {
    match promql::parse(text).map(|expr| expr.kind) {
        Ok(ExprKind::Vector(selector)) => Ok(*selector),
        Ok(_) => Err(format!("`{text}` selects no streams")),
        Err(error) => Err(error.message),
    }
}

/// What is neither in a string nor in a comment, with where it stands.
fn code(query: &str) -> Result<Vec<(usize, char)>, String> {
    let mut code = Vec::new();
    let mut rest = query.char_indices();
    while let Some((at, c)) = rest.next() {
        match c {
            '"' | '`' => loop {
                match rest.next() {
                    Some((_, '\\')) if c == '"' => drop(rest.next()),
                    Some((_, end)) if end == c => break,
                    Some(_) => {}
                    None => return Err("a string without its end".to_owned()),
                }
            },
            '#' => drop(rest.find(|(_, c)| *c == '\n')),
            _ => code.push((at, c)),
        }
    }
    Ok(code)
}

/// Whether a file of rules is for Loki: no query in it is without a stream selector, and one of them has what PromQL
/// has not, a pipeline.
pub fn are_rules(document: &Node) -> bool {
    let rules = rules(document);
    rules.iter().all(|rule| selectors(&rule.query.value).is_ok())
        && rules
            .iter()
            .any(|rule| has_pipeline(&rule.query.value) && promql::parse(&rule.query.value).is_err())
}

/// The rules of a file for Loki's ruler.
pub fn rules(document: &Node) -> Vec<LogRule> {
    let list = |node: &'_ Node, key| node.get(key).and_then(Node::items).unwrap_or_default().to_vec();
    let groups = list(document, "groups");
    let rules = groups.iter().flat_map(|group| list(group, "rules"));
    let read = rules.filter_map(|rule| {
        let spanned = |node: &Node| Some(Spanned::new(node.scalar()?.to_owned(), node.span.clone()));
        let annotations = rule.get("annotations").and_then(Node::entries).unwrap_or_default();
        Some(LogRule {
            name: spanned(rule.get("alert").or(rule.get("record"))?)?,
            query: spanned(rule.get("expr")?)?,
            texts: annotations.iter().filter_map(|(_, text)| spanned(text)).collect(),
        })
    });
    read.collect()
}

fn has_pipeline(query: &str) -> bool {
    code(query).is_ok_and(|code| code.iter().any(|(_, c)| *c == '|'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::SourceFile;
    use crate::documents::yaml;

    #[track_caller]
    fn check(query: &str, expected: Result<&[&str], &str>) {
        let got = selectors(query).map(|selectors| {
            let matchers = selectors.iter().flat_map(|selector| &selector.matchers);
            matchers.map(|it| format!("{}{}{}", it.name, it.op.as_str(), it.value)).collect::<Vec<_>>()
        });
        let expected = expected.map(|all| all.iter().map(|one| (*one).to_owned()).collect());
        assert_eq!(got, expected.map_err(str::to_owned), "{query}");
    }

    #[test]
    fn selectors_are_found_among_filters_and_functions() {
        check(r#"{app="todo"}"#, Ok(&["app=todo"]));
        check(
            r#"sum by (level) (rate({app="todo", level=~`err|warn`,} |= "a {b}" | json | line_format "{{.x}}" [5m]))"#,
            Ok(&["app=todo", "level=~err|warn"]),
        );
        check(
            "{ a != \"x\\\"y\", c=\"d\" } # {not this}\n/ rate({b!~\"z\", c=\"d\"}[1m])",
            Ok(&["a!=x\"y", "c=d", "b!~z", "c=d"]),
        );
    }

    #[test]
    fn what_loki_would_not_read_is_told() {
        check("rate(http_requests_total[5m])", Err("no stream selector, such as `{app=\"todo\"}`"));
        check("{app=todo}", Err("unexpected identifier \"todo\" in label matching, expected string"));
        check("{app=\"todo\"", Err("a selector without its `}`"));
        check("{app==\"todo\"}", Err("unexpected \"=\" in label matching, expected string"));
        check(
            "{app=\"todo\" level=\"x\"}",
            Err("unexpected identifier \"level\" in label matching, expected \",\" or \"}\""),
        );
        check("{=\"todo\"}", Err("unexpected \"=\" in label matching, expected identifier or \"}\""));
        check("{app=\"todo} |= \"x", Err("a selector without its `}`"));
        check("{app='todo'}", Err("values stand in double quotes or backticks"));
        check("{app=\"todo}", Err("a string without its end"));
        check("}", Err("a `}` too many"));
    }

    #[test]
    fn one_matcher_does_not_pass_streams_without_its_label() {
        for (op, value, expected) in [
            ("=", "", true),
            ("=", "a", false),
            ("!=", "a", true),
            ("=~", ".*", true),
            ("=~", ".+", false),
            ("!~", "a", true),
            ("!~", ".*", false),
        ] {
            let refused = selectors(&format!("{{a{op}\"{value}\"}}")).is_err();
            assert_eq!(refused, expected, "{op}{value}");
        }
    }

    #[test]
    fn rules_with_a_pipeline_are_loki_s() {
        let check = |exprs: &[&str], expected: bool| {
            let rules: String =
                exprs.iter().map(|expr| format!("  - alert: A\n    expr: '{expr}'\n")).collect();
            let file = SourceFile::new("r.yml", format!("groups:\n- name: g\n  rules:\n{rules}"));
            let (documents, _) = yaml::read(&file);
            assert_eq!(are_rules(&documents[0]), expected, "{exprs:?}");
        };
        check(&[r#"sum(rate({app="todo"} |= "error" [5m])) > 1"#, r#"rate({app="todo"}[1m]) > 2"#], true);
        check(&[r#"rate({app="todo"}[1m]) > 2"#], false);
        check(&[r#"sum(rate(a{b="c|d"}[5m]) > 1"#], false);
        check(&[r#"sum(rate({app="todo"} |= "error" [5m])) > 1"#, "up == 0"], false);
    }
}
