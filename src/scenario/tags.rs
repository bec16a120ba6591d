//! Tag expressions as cucumber has them: `@smoke and not @slow`, `(@a or @b) and @c`.

use crate::diagnostic::{Diagnostic, SourceFile};

/// `not` binds closest, then `and`, then `or`.
#[derive(Debug)]
pub enum TagExpression {
    Tag(String),
    Not(Box<TagExpression>),
    All(Vec<TagExpression>),
    Any(Vec<TagExpression>),
}

/// Deeper than anybody nests, and shallow enough for the stack.
const MAX_NESTING: usize = 50;

impl TagExpression {
    pub fn parse(text: &str) -> Result<Self, Diagnostic> {
        let file = SourceFile::new("--tags", text);
        let wrong = |at: usize| {
            Diagnostic::error("bad-tags", "this is no tag expression")
                .at(&file.span(at..text.len().max(at + 1)))
                .label(if at >= text.len() {
                    "something is missing here"
                } else {
                    "not understood from here"
                })
                .help("for example: `@smoke and not @slow`, `(@a or @b) and @c`")
        };
        let mut parser = Parser { text, at: 0, depth: 0 };
        let expression = parser.any().map_err(wrong)?;
        parser.skip_blanks();
        if parser.at < text.len() { Err(wrong(parser.at)) } else { Ok(expression) }
    }

    pub fn allows(&self, tags: &[String]) -> bool {
        match self {
            TagExpression::Tag(wanted) => tags.iter().any(|tag| tag.trim_start_matches('@') == wanted),
            TagExpression::Not(inner) => !inner.allows(tags),
            TagExpression::All(parts) => parts.iter().all(|part| part.allows(tags)),
            TagExpression::Any(parts) => parts.iter().any(|part| part.allows(tags)),
        }
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

/// Or where it could not go on.
type Parsed = Result<TagExpression, usize>;

impl Parser<'_> {
    fn any(&mut self) -> Parsed {
        let mut parts = vec![self.all()?];
        while self.word("or") {
            parts.push(self.all()?);
        }
        Ok(TagExpression::Any(parts))
    }

    fn all(&mut self) -> Parsed {
        let mut parts = vec![self.one()?];
        while self.word("and") {
            parts.push(self.one()?);
        }
        Ok(TagExpression::All(parts))
    }

    fn one(&mut self) -> Parsed {
        self.skip_blanks();
        self.depth += 1;
        if self.depth > MAX_NESTING {
            return Err(self.at);
        }
        let expression = if self.word("not") {
            TagExpression::Not(Box::new(self.one()?))
        } else if self.symbol('(') {
            let inner = self.any()?;
            self.skip_blanks();
            if !self.symbol(')') {
                return Err(self.at);
            }
            inner
        } else {
            self.tag()?
        };
        self.depth -= 1;
        Ok(expression)
    }

    /// Up to a blank or a parenthesis that no backslash stands before.
    fn tag(&mut self) -> Parsed {
        let start = self.at;
        if !self.symbol('@') {
            return Err(start);
        }
        let mut name = String::new();
        while let Some(c) = self.rest().chars().next() {
            let escaped = self.rest().strip_prefix('\\').and_then(|rest| rest.chars().next());
            if escaped.is_none() && (c.is_whitespace() || matches!(c, '(' | ')')) {
                break;
            }
            self.at += c.len_utf8() + escaped.map_or(0, char::len_utf8);
            name.push(escaped.unwrap_or(c));
        }
        if name.is_empty() { Err(start) } else { Ok(TagExpression::Tag(name)) }
    }

    /// Takes the word, where it stands there alone.
    fn word(&mut self, word: &str) -> bool {
        self.skip_blanks();
        let Some(rest) = self.rest().strip_prefix(word) else { return false };
        let ends = rest.starts_with(|c: char| c.is_whitespace() || c == '(') || rest.is_empty();
        if ends {
            self.at += word.len();
        }
        ends
    }

    fn symbol(&mut self, symbol: char) -> bool {
        let there = self.rest().starts_with(symbol);
        self.at += if there { symbol.len_utf8() } else { 0 };
        there
    }

    fn skip_blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(expression: &str, tags: &[&str], expected: bool) {
        let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        match TagExpression::parse(expression) {
            Ok(expression) => assert_eq!(expression.allows(&tags), expected),
            Err(problem) => panic!("{problem}"),
        }
    }

    #[test]
    fn tags_are_combined_with_and_or_and_not() {
        check("@smoke", &["smoke"], true);
        check("@smoke and not @slow", &["smoke"], true);
        check("@smoke and not @slow", &["smoke", "slow"], false);
        check("(@a or @b) and @c", &["b", "c"], true);
        check("@a or @b and @c", &["a"], true);
        check("not @a and not(@b)", &["c"], true);
        check("not (@a or @b)", &["b"], false);
        check(&format!("{}@b", "@a or ".repeat(100_000)), &["b"], true);
        check("  @a\\(1\\) ", &["a(1)"], true);
    }

    #[test]
    fn a_wrong_expression_is_shown_where_it_goes_wrong() {
        let message = |text: &str| TagExpression::parse(text).err().map(|problem| problem.to_string());
        insta::assert_snapshot!(message("@smoke and").unwrap());
        insta::assert_snapshot!(message("@smoke xor @slow").unwrap());
        assert!(message(&"(".repeat(10_000)).is_some());
        assert!(message(&"not ".repeat(10_000)).is_some());
        assert!(message("").is_some());
        assert!(message("smoke").is_some());
        assert!(message("(@a").is_some());
        // No longer to read than any other.
        assert!(message(&"@a and not (@b or ".repeat(40)).is_some());
    }
}
