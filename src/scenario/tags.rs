//! Tag expressions as cucumber has them: `@smoke and not @slow`, `(@a or @b) and @c`.

use cucumber::gherkin::tagexpr::TagOperation;
use cucumber::tag::Ext as _;

use crate::diagnostic::{Diagnostic, SourceFile};

pub struct TagExpression(TagOperation);

/// Deeper than anybody nests, and shallow enough for the parser's stack.
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
        if text.matches('(').count() > MAX_NESTING || text.matches("not ").count() > MAX_NESTING {
            return Err(wrong(0));
        }
        text.trim_end()
            .parse()
            .map(TagExpression)
            .map_err(|error: peg_error::ParseError| wrong(error.location.offset))
    }

    pub fn allows(&self, tags: &[String]) -> bool {
        self.0.eval(tags.iter().map(|tag| tag.trim_start_matches('@')))
    }
}

mod peg_error {
    pub type ParseError = <super::TagOperation as std::str::FromStr>::Err;
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
    }

    #[test]
    fn a_wrong_expression_is_shown_where_it_goes_wrong() {
        let message = |text: &str| TagExpression::parse(text).err().map(|problem| problem.to_string());
        insta::assert_snapshot!(message("@smoke and").unwrap());
        insta::assert_snapshot!(message("@smoke xor @slow").unwrap());
        assert!(message(&"(".repeat(10_000)).is_some());
        assert!(message(&"not ".repeat(10_000)).is_some());
        assert!(message("").is_some());
    }
}
