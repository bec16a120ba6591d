//! What is read, what is refused and with which words, and where the caret stands.

use super::{MAX_DEPTH, MAX_DURATION_OPERANDS, MAX_NESTING};
use crate::promql::{ParseOptions, Semantics, parse_with};

const V2: ParseOptions = ParseOptions { semantics: Semantics::V2, experimental: false };
const V3: ParseOptions = ParseOptions { semantics: Semantics::V3, experimental: false };
const EXPERIMENTAL: ParseOptions = ParseOptions { semantics: Semantics::V3, experimental: true };

#[track_caller]
fn accepts(options: ParseOptions, text: &str) {
    if let Err(error) = parse_with(text, options) {
        panic!("{text}: {error} at {:?}", error.range);
    }
}

/// `expected` is the message, and below the text the carets under its place.
#[track_caller]
fn refuses(options: ParseOptions, text: &str, carets: &str, message: &str) {
    let error = parse_with(text, options).expect_err(text);
    let marked = " ".repeat(error.range.start) + &"^".repeat(error.range.len().max(1));
    assert_eq!((error.message.as_str(), marked.as_str()), (message, carets), "{text}");
}

/// The tree's shape, with parentheses around every operator.
#[track_caller]
fn groups(text: &str, expected: &str) {
    use crate::promql::ast::{Expr, ExprKind};
    fn shape(expr: &Expr) -> String {
        match &expr.kind {
            ExprKind::Binary(binary) => {
                format!("({} {} {})", shape(&binary.lhs), binary.op.as_str(), shape(&binary.rhs))
            }
            ExprKind::Unary(unary) => {
                format!("({}{})", if unary.negative { "-" } else { "+" }, shape(&unary.expr))
            }
            _ => expr.to_string(),
        }
    }
    assert_eq!(shape(&parse_with(text, EXPERIMENTAL).unwrap()), expected);
}

#[test]
fn operators_bind_as_in_prometheus() {
    groups("a + b * c", "(a + (b * c))");
    groups("a - b - c", "((a - b) - c)");
    groups("a ^ b ^ c", "(a ^ (b ^ c))");
    groups("-a ^ b", "(-(a ^ b))");
    groups("-a * b", "((-a) * b)");
    groups("a ^ -b * c", "((a ^ (-b)) * c)");
    groups("a or b and c", "(a or (b and c))");
    groups("a == b + c", "(a == (b + c))");
    groups("a atan2 b / c", "((a atan2 b) / c)");
    groups("-a offset 5m", "(-a offset 5m)");
    groups("a offset -2 ^ 2", "(a offset -2s ^ 2)");
    groups("-1 + --2", "(-1 + 2)");
}

#[test]
fn keywords_are_names_where_nothing_else_can_stand() {
    for text in [
        "and and and",
        "offset offset 5m",
        "sum",
        "sum{}",
        "by",
        "start + end",
        "sum by (by, on, bool) (foo)",
    ] {
        accepts(V2, text);
        accepts(V3, text);
    }
    accepts(EXPERIMENTAL, "fill + fill(0) fill");
    accepts(V3, "range / step");
}

#[test]
fn each_version_has_its_own_grammar() {
    for (text, message) in [
        ("5m", "unexpected duration \"5m\""),
        ("foo[300]", "missing unit character in duration"),
        ("foo offset 300", "unexpected number \"300\" in offset, expected duration"),
        (r#"{"foo"}"#, r#"unexpected string "\"foo\"" in label matching, expected identifier or "}""#),
        (r#"sum by ("a") (foo)"#, r#"unexpected string "\"a\"" in grouping opts, expected label"#),
        ("limitk(1, foo)", "unknown function with name \"limitk\""),
        ("first_over_time(foo[5m])", "unknown function with name \"first_over_time\""),
    ] {
        assert_eq!(parse_with(text, V2).unwrap_err().message, message);
        accepts(EXPERIMENTAL, text);
    }
    accepts(V2, "holt_winters(foo[5m], 0.5, 0.5)");
    refuses(
        V3,
        "holt_winters(foo[5m], 0.5, 0.5)",
        "^^^^^^^^^^^^",
        "unknown function with name \"holt_winters\"",
    );
}

#[test]
fn experiments_must_be_asked_for() {
    let carets = |count| "^".repeat(count);
    for (text, place, message) in [
        (
            "limitk(1, foo)",
            carets(14),
            "limitk() is experimental and must be enabled with --enable-feature=promql-experimental-functions",
        ),
        ("info(foo)", carets(4), "function \"info\" is not enabled"),
        ("foo[5m*2]", format!("    {}", carets(2)), "experimental duration expression is not enabled"),
        ("foo[step()]", format!("    {}", carets(6)), "experimental duration expression is not enabled"),
        ("foo[5m] smoothed", carets(7), "smoothed modifier is experimental and not enabled"),
        ("foo + fill(0) bar", carets(17), "binop fill modifiers are experimental and not enabled"),
    ] {
        refuses(V3, text, &place, message);
        accepts(EXPERIMENTAL, text);
    }
}

#[test]
fn syntax_errors_have_prometheus_words_and_a_place() {
    refuses(V3, "", "^", "no expression found in input");
    refuses(V3, "foo bar", "    ^^^", "unexpected identifier \"bar\"");
    refuses(V3, "sum(foo bar)", "        ^^^", "unexpected identifier \"bar\" in aggregation");
    refuses(V3, "(foo", "    ^", "unclosed left parenthesis");
    refuses(V3, "foo)", "   ^", "unexpected right parenthesis ')'");
    refuses(V3, "foo{", "    ^", "unexpected end of input inside braces");
    refuses(V3, "foo{a}", "     ^", "unexpected \"}\" in label matching, expected label matching operator");
    refuses(V3, "foo{a=1}", "      ^", "unexpected character inside braces: '1'");
    refuses(
        V3,
        "foo{a='1' b='2'}",
        "          ^",
        "unexpected identifier \"b\" in label matching, expected \",\" or \"}\"",
    );
    refuses(V3, "sum by a (foo)", "       ^", "unexpected identifier \"a\" in grouping opts, expected \"(\"");
    refuses(V3, "rate(foo[5m],)", "            ^", "trailing commas not allowed in function call args");
    refuses(
        V3,
        "foo offset bar",
        "           ^^^",
        "unexpected identifier \"bar\" in offset, expected number, duration, step(), or range()",
    );
    refuses(V3, "foo @ bar", "      ^^^", "unexpected identifier \"bar\" in @, expected timestamp");
    refuses(V3, "foo[5m", "      ^", "unclosed left bracket");
    refuses(V3, "foo[0s]", "    ^^", "duration must be greater than 0");
    refuses(V3, "1 + 'a", "    ^^", "unterminated quoted string");
    refuses(V3, "a ! b", "  ^^", "unexpected character after '!': ' '");
    refuses(V3, "1h2", "^^^", "bad number or duration syntax: \"1h2\"");
    refuses(V3, "foo[2h1d]", "    ^^^^", "not a valid duration string: \"2h1d\"");
    refuses(V3, "foo[5m][1m]", "       ^^^^", "ranges only allowed for vector selectors");
    refuses(V3, "foo offset 1m [5m]", "              ^^^^", "no offset modifiers allowed before range");
    refuses(
        V3,
        "rate(foo[5m]) offset 1m",
        "^^^^^^^^^^^^^",
        "offset modifier must be preceded by an instant vector selector or range vector selector or a subquery",
    );
}

#[test]
fn types_are_checked_with_prometheus_words() {
    refuses(
        V3,
        "rate(foo)",
        "     ^^^",
        "expected type range vector in call to function \"rate\", got instant vector",
    );
    refuses(V3, "nope(foo)", "^^^^", "unknown function with name \"nope\"");
    refuses(V3, "rate()", "^^^^^^", "expected 1 argument(s) in call to \"rate\", got 0");
    refuses(V3, "round()", "^^^^^^^", "expected at least 1 argument(s) in call to \"round\", got 0");
    refuses(
        V3,
        "round(foo, 1, 2)",
        "^^^^^^^^^^^^^^^^",
        "expected at most 2 argument(s) in call to \"round\", got 3",
    );
    refuses(V3, "{a=~'.*'}", "^^^^^^^^^", "vector selector must contain at least one non-empty matcher");
    refuses(
        V3,
        "foo{__name__='bar'}",
        "^^^^^^^^^^^^^^^^^^^",
        "metric name must not be set twice: \"foo\" or \"bar\"",
    );
    refuses(V3, "sum()", "^^^^^", "no arguments for aggregate expression provided");
    refuses(
        V3,
        "topk(foo)",
        "^^^^^^^^^",
        "wrong number of arguments for aggregate expression provided, expected 2, got 1",
    );
    refuses(
        V3,
        "topk(foo, foo)",
        "     ^^^",
        "expected type scalar in aggregation parameter, got instant vector",
    );
    refuses(V3, "1 > 2", "  ^", "comparisons between scalars must use BOOL modifier");
    refuses(V3, "a + bool b", "  ^", "bool modifier can only be used on comparison operators");
    refuses(V3, "a and 1", "^^^^^^^", "set operator \"and\" not allowed in binary scalar expression");
    refuses(
        V3,
        "a and on (b) group_left c",
        "^^^^^^^^^^^^^^^^^^^^^^^^^",
        "no grouping allowed for \"and\" operation",
    );
    refuses(
        V3,
        "a + on (b) group_left (b) c",
        "  ^",
        "label \"b\" must not occur in ON and GROUP clause at once",
    );
    refuses(V3, "a + on (b) 1", "^^^^^^^^^^^^", "vector matching only allowed between instant vectors");
    refuses(V3, "a[5m] + 1", "^^^^^", "binary expression must contain only scalar and instant vector types");
    refuses(
        V3,
        "-'a'",
        "^^^^",
        "unary expression only allowed on expressions of type scalar or instant vector, got \"string\"",
    );
    refuses(
        V3,
        "time()[5m:]",
        "^^^^^^^^^^^",
        "subquery is only allowed on instant vector, got scalar instead",
    );
    refuses(
        EXPERIMENTAL,
        "info(a, b)",
        "        ^",
        "expected label selectors only, got vector selector instead",
    );
    accepts(EXPERIMENTAL, "info(a, {b=~'.*'})");
}

#[test]
fn depth_is_capped_whatever_grows() {
    let nested = |limit| format!("expression is nested too deeply, at most {limit} levels are allowed");
    let long = 1_000_000;
    for text in [
        "(".repeat(long),
        "-".repeat(long),
        "abs(".repeat(long),
        "sum by (a) (".repeat(long),
        "a + ".repeat(long) + "a",
        "a ^ ".repeat(long) + "a",
        "a".to_owned() + &"[5m:]".repeat(long),
        "a[".to_owned() + &"(".repeat(long),
        "a[".to_owned() + &"1m + ".repeat(long),
        "a offset ".to_owned() + &"- ".repeat(long),
        "a[".to_owned() + &"min_of(".repeat(long),
    ] {
        let error = parse_with(&text, EXPERIMENTAL).unwrap_err();
        let told = [MAX_NESTING, MAX_DEPTH, MAX_DURATION_OPERANDS].map(nested).contains(&error.message);
        assert!(told, "{}…: {error}", &text[..20]);
    }
    accepts(V3, &("sum(".repeat(MAX_NESTING - 1) + "a" + &")".repeat(MAX_NESTING - 1)));
    accepts(V3, &("a + ".repeat(MAX_DEPTH - 1) + "a"));
}

#[test]
fn strings_are_unescaped_as_in_go() {
    use crate::promql::ast::ExprKind;
    for (text, expected) in [
        (r#""a\n\t\\\"b""#, "a\n\t\\\"b"),
        (r"'it\'s'", "it's"),
        (r"`raw \n`", r"raw \n"),
        (r#""\x41\101\u00e9\U0001F600""#, "AAé😀"),
        (r#""\xc3\xa9""#, "é"),
        (r#""\xff""#, "\u{fffd}"),
        (r#""""#, ""),
    ] {
        let ExprKind::String(literal) = parse_with(text, V3).unwrap().kind else { panic!("no string") };
        assert_eq!(&*literal.text, expected);
    }
    // What is no UTF-8 still prints as it was.
    assert_eq!(parse_with(r#"'a\xffb'"#, V3).unwrap().to_string(), r#""a\xffb""#);
    refuses(V3, r#""\q""#, "^^^", "unknown escape sequence U+0071 'q'");
    refuses(V3, r#""\xg0""#, "^^^^", "illegal character U+0067 'g' in escape sequence");
    refuses(V3, r#""\400""#, "^^^^^", "escape sequence is an invalid Unicode code point");
}
