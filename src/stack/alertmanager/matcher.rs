//! Matchers, and the two grammars in which Alertmanager reads them.
//!
//! Up to 0.26 there is the classic grammar only. From 0.27 the UTF-8 grammar is tried too; where the two
//! disagree, or only the classic one understands, the classic reading holds.

mod classic;
mod utf8;

use std::fmt;

use regex::Regex;

use crate::golang::{quote, regex as go_regex};
use crate::labels::Labels;

use super::Version;

/// One condition on one label.
#[derive(Clone, Debug)]
pub struct Matcher {
    pub name: String,
    pub op: MatchType,
    pub value: String,
    regex: Option<Regex>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MatchType {
    Equal,
    NotEqual,
    Regexp,
    NotRegexp,
}

impl MatchType {
    pub fn as_str(self) -> &'static str {
        match self {
            MatchType::Equal => "=",
            MatchType::NotEqual => "!=",
            MatchType::Regexp => "=~",
            MatchType::NotRegexp => "!~",
        }
    }
}

/// Why a matcher can't be read, in Alertmanager's own words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MatcherError(pub String);

impl Matcher {
    pub fn new(
        name: impl Into<String>,
        op: MatchType,
        value: impl Into<String>,
    ) -> Result<Matcher, MatcherError> {
        let value = value.into();
        let regex = match op {
            MatchType::Equal | MatchType::NotEqual => None,
            // Without `(?s)`, unlike Prometheus: a dot stops at a newline here.
            MatchType::Regexp | MatchType::NotRegexp => Some(
                go_regex::compile(&value)
                    .and_then(|_| go_regex::compile(&format!("^(?:{value})$")))
                    .map_err(|error| MatcherError(error.to_string()))?,
            ),
        };
        Ok(Matcher { name: name.into(), op, value, regex })
    }

    /// A label that is missing counts as empty.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.matches_value(labels.value(&self.name))
    }

    /// Whether the label may have this value; empty stands for a missing one.
    pub fn matches_value(&self, got: &str) -> bool {
        let by_regex = || self.regex.as_ref().is_some_and(|regex| regex.is_match(got));
        match self.op {
            MatchType::Equal => got == self.value,
            MatchType::NotEqual => got != self.value,
            MatchType::Regexp => by_regex(),
            MatchType::NotRegexp => !by_regex(),
        }
    }

    /// Alertmanager's order: by name, then value, then operator.
    pub fn sort_key(&self) -> (&str, &str, MatchType) {
        (&self.name, &self.value, self.op)
    }
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Matcher) -> bool {
        self.sort_key() == other.sort_key()
    }
}

/// `name="value"`, as in group keys and `amtool`'s answers.
impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.contains(utf8::is_reserved) {
            return write!(f, "{}{}{}", quote(&self.name), self.op.as_str(), quote(&self.value));
        }
        let escaped = self.value.replace('\\', "\\\\").replace('\n', "\\n").replace('"', "\\\"");
        write!(f, "{}{}\"{escaped}\"", self.name, self.op.as_str())
    }
}

/// Which grammar reads matchers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grammar {
    Classic,
    /// The UTF-8 grammar, with the classic one where they disagree.
    Fallback,
}

impl Grammar {
    pub fn of(version: Version) -> Grammar {
        if version >= Version(27) { Grammar::Fallback } else { Grammar::Classic }
    }
}

/// Reads one or more matchers: `severity="critical", team=~"a|b"`, with or without braces.
pub fn parse_matchers(text: &str, grammar: Grammar) -> Result<Vec<Matcher>, MatcherError> {
    let classic = classic::parse(text);
    if grammar == Grammar::Classic {
        return classic;
    }
    match (utf8::parse(text), classic) {
        (Err(_), classic) => classic,
        (Ok(_), Ok(classic)) => Ok(classic),
        (Ok(newer), Err(_)) => Ok(newer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, grammar: Grammar, expected: Result<&str, &str>) {
        let got = parse_matchers(text, grammar)
            .map(|matchers| matchers.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
            .map_err(|error| error.0);
        assert_eq!(got, expected.map(str::to_owned).map_err(str::to_owned), "{text}");
    }

    #[test]
    fn the_classic_grammar_is_tolerant() {
        let classic = |text, expected| check(text, Grammar::Classic, expected);
        classic("foo=bar", Ok(r#"foo="bar""#));
        classic(r#"{foo = "bar", dings != "bums", }"#, Ok(r#"foo="bar",dings!="bums""#));
        classic("foo=bar, dings!=bums", Ok(r#"foo="bar",dings!="bums""#));
        classic(r#"quote="She said: \"Hi, ladies!\"""#, Ok(r#"quote="She said: \"Hi, ladies!\"""#));
        classic(r#"statuscode=~"5..""#, Ok(r#"statuscode=~"5..""#));
        classic("job=", Ok(r#"job="""#));
        classic("job=value with spaces", Ok(r#"job="value with spaces""#));
        classic(r"job=a\b", Ok(r#"job="a\\b""#));
        classic("", Ok(""));
        classic("{}", Ok(""));
        classic("foo", Err("bad matcher format: foo"));
        classic("foo=bar,,x=y", Err("bad matcher format: "));
        classic("foo-bar=x", Err("bad matcher format: foo-bar=x"));
        classic(r#"foo="bar"#, Err(r#"matcher value contains unescaped double quote: "bar"#));
        classic("foo=~[a", Err("error parsing regexp: missing closing ]: `[a`"));
        classic(r#"foo=b"ar"#, Err(r#"matcher value contains unescaped double quote: b"ar"#));
    }

    #[test]
    fn the_utf8_grammar_adds_names_and_falls_back() {
        let newer = |text, expected| check(text, Grammar::Fallback, expected);
        newer("foo-bar=x", Ok(r#"foo-bar="x""#));
        newer(r#"{"foo bar"="🙂"}"#, Ok(r#""foo bar"="🙂""#));
        // Only the classic grammar reads these.
        newer("job=", Ok(r#"job="""#));
        newer("job=value with spaces", Ok(r#"job="value with spaces""#));
        newer("foo", Err("bad matcher format: foo"));
        newer("{foo=bar", Ok(r#"foo="bar""#));
        newer(r#"{foo="\t"}"#, Ok(r#"foo="\\t""#));
    }

    #[test]
    fn a_missing_label_is_an_empty_one() {
        let labels = Labels::from_pairs([("severity", "critical")]);
        for (text, expected) in [
            ("severity=critical", true),
            ("severity=~crit.*", true),
            ("severity=~crit", false),
            ("team=", true),
            ("team!=db", true),
            ("team=~.*", true),
            ("team=~.+", false),
            ("team!~.+", true),
        ] {
            let matchers = parse_matchers(text, Grammar::Classic).unwrap();
            assert_eq!(matchers[0].matches(&labels), expected, "{text}");
        }
    }
}
