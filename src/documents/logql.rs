//! LogQL as far as streams go: which labels of log streams a query asks for, and the rules of Loki's ruler.
//!
//! Promises: what stands in strings and comments is no selector; everything else of the language is passed over.

use std::str::Chars;

use super::yaml::Node;
use crate::diagnostic::Spanned;
use crate::promql;
use crate::stack::wiring::LogRule;

/// `{app="todo", level=~"err|warn"}`
#[derive(Clone, Debug, PartialEq)]
pub struct StreamSelector {
    pub matchers: Vec<StreamMatcher>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct StreamMatcher {
    pub label: String,
    /// `=`, `!=`, `=~` or `!~`
    pub op: String,
    pub value: String,
}

impl StreamMatcher {
    /// Whether streams without the label pass.
    pub fn passes_without(&self) -> bool {
        let pattern = || regex::Regex::new(&format!("^(?:{})$", self.value));
        match self.op.as_str() {
            "=" => self.value.is_empty(),
            "!=" => !self.value.is_empty(),
            "=~" => pattern().is_ok_and(|pattern| pattern.is_match("")),
            _ => pattern().is_ok_and(|pattern| !pattern.is_match("")),
        }
    }
}

/// Every selector of a query; `Err` with what Loki would not read.
pub fn selectors(query: &str) -> Result<Vec<StreamSelector>, String> {
    let mut found = Vec::new();
    let mut rest = query.chars();
    while let Some(c) = rest.next() {
        match c {
            '"' | '`' => {
                string(&mut rest, c)?;
            }
            '#' => {
                rest.find(|&c| c == '\n');
            }
            '{' => found.push(selector(&mut rest)?),
            '}' => return Err("a `}` that nothing opens".to_owned()),
            _ => {}
        }
    }
    match found.is_empty() {
        true => Err("no stream selector, such as `{app=\"todo\"}`".to_owned()),
        false => Ok(found),
    }
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
    let mut rest = query.chars();
    while let Some(c) = rest.next() {
        match c {
            '"' | '`' => drop(string(&mut rest, c)),
            '|' => return true,
            _ => {}
        }
    }
    false
}

/// What follows a `{`, to its `}`.
fn selector(rest: &mut Chars) -> Result<StreamSelector, String> {
    let mut matchers = Vec::new();
    loop {
        skip_blanks(rest);
        // A comma may stand before the end.
        if rest.as_str().starts_with('}') {
            rest.next();
            return Ok(StreamSelector { matchers });
        }
        matchers.push(matcher(rest)?);
        skip_blanks(rest);
        match rest.next() {
            Some(',') => {}
            Some('}') => return Ok(StreamSelector { matchers }),
            Some(other) => return Err(format!("`{other}` where a selector has `,` or `}}`")),
            None => return Err("a selector without its `}`".to_owned()),
        }
    }
}

fn matcher(rest: &mut Chars) -> Result<StreamMatcher, String> {
    let label = taken_while(rest, |c| c.is_alphanumeric() || matches!(c, '_' | '.'));
    skip_blanks(rest);
    let op = taken_while(rest, |c| matches!(c, '=' | '!' | '~'));
    skip_blanks(rest);
    if label.is_empty() {
        return Err("a selector has labels, as in `{app=\"todo\"}`".to_owned());
    }
    if !matches!(op.as_str(), "=" | "!=" | "=~" | "!~") {
        return Err(format!("`{label}` needs `=`, `!=`, `=~` or `!~` behind it"));
    }
    match rest.next() {
        Some(quote @ ('"' | '`')) => Ok(StreamMatcher { label, op, value: string(rest, quote)? }),
        _ => Err(format!("the value of `{label}` stands in quotes, as in `{label}{op}\"…\"`")),
    }
}

/// What follows a quote, to the next one.
fn string(rest: &mut Chars, quote: char) -> Result<String, String> {
    let mut text = String::new();
    while let Some(c) = rest.next() {
        match c {
            '\\' if quote == '"' => text.extend(rest.next()),
            _ if c == quote => return Ok(text),
            _ => text.push(c),
        }
    }
    Err("a string without its end".to_owned())
}

fn skip_blanks(rest: &mut Chars) {
    taken_while(rest, char::is_whitespace);
}

fn taken_while(rest: &mut Chars, of: impl Fn(char) -> bool) -> String {
    let text = rest.as_str();
    let end = text.find(|c| !of(c)).unwrap_or(text.len());
    *rest = text[end..].chars();
    text[..end].to_owned()
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
            matchers.map(|it| format!("{}{}{}", it.label, it.op, it.value)).collect::<Vec<_>>()
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
        check("{ a != \"x\\\"y\" } # {not this}\n/ rate({b!~\"z\"}[1m])", Ok(&["a!=x\"y", "b!~z"]));
    }

    #[test]
    fn what_loki_would_not_read_is_told() {
        check("rate(http_requests_total[5m])", Err("no stream selector, such as `{app=\"todo\"}`"));
        check("{app=todo}", Err("the value of `app` stands in quotes, as in `app=\"…\"`"));
        check("{app=\"todo\"", Err("a selector without its `}`"));
        check("{app==\"todo\"}", Err("`app` needs `=`, `!=`, `=~` or `!~` behind it"));
        check("{app=\"todo\" level=\"x\"}", Err("`l` where a selector has `,` or `}`"));
        check("{=\"todo\"}", Err("a selector has labels, as in `{app=\"todo\"}`"));
        check("{app=\"todo} |= \"x", Err("`x` where a selector has `,` or `}`"));
        check("{app=\"todo}", Err("a string without its end"));
        check("}", Err("a `}` that nothing opens"));
    }

    #[test]
    fn a_matcher_may_pass_streams_without_its_label() {
        for (op, value, expected) in [
            ("=", "", true),
            ("=", "a", false),
            ("!=", "a", true),
            ("=~", ".*", true),
            ("=~", ".+", false),
            ("!~", "a", true),
            ("!~", ".*", false),
        ] {
            let matcher = StreamMatcher { label: "a".into(), op: op.into(), value: value.into() };
            assert_eq!(matcher.passes_without(), expected, "{op}{value}");
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
