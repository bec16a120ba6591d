//! Patterns, with what Go says to them.

use super::*;

#[track_caller]
fn check_error(pattern: &str, expected: &str) {
    match compile(pattern) {
        Ok(_) => panic!("{pattern} compiled; expected {expected}"),
        Err(error) => assert_eq!(error.0, expected),
    }
}

#[track_caller]
fn check_match(pattern: &str, yes: &[&str], no: &[&str]) {
    let regex = compile(&format!("^(?:{pattern})$")).unwrap_or_else(|error| panic!("{pattern}: {error}"));
    for text in yes {
        assert!(regex.is_match(text), "{pattern} should match {text:?}");
    }
    for text in no {
        assert!(!regex.is_match(text), "{pattern} should not match {text:?}");
    }
}

#[test]
fn what_go_refuses_is_refused_in_its_words() {
    check_error("(", "missing closing ): `(`");
    check_error("a)", "unexpected ): `a)`");
    check_error("[a", "missing closing ]: `[a`");
    check_error("x[a", "missing closing ]: `[a`");
    check_error("*", "missing argument to repetition operator: `*`");
    check_error("(*)", "missing argument to repetition operator: `*`");
    check_error("a|{2}", "missing argument to repetition operator: `{2}`");
    check_error("a**", "invalid nested repetition operator: `**`");
    check_error("a+*", "invalid nested repetition operator: `+*`");
    check_error("a??*", "invalid nested repetition operator: `??*`");
    check_error("a{2}{3}", "invalid nested repetition operator: `{2}{3}`");
    check_error("a{1001}", "invalid repeat count: `{1001}`");
    check_error("a{2,1}", "invalid repeat count: `{2,1}`");
    check_error("(a{100}){11}", "invalid repeat count: `{11}`");
    check_error("a{99999999999}", "invalid repeat count: `{99999999999}`");
    check_error(r"\8", r"invalid escape sequence: `\8`");
    check_error(r"\1", r"invalid escape sequence: `\1`");
    check_error(r"\Z", r"invalid escape sequence: `\Z`");
    check_error(r"a\", "trailing backslash at end of expression: ``");
    check_error("[z-a]", "invalid character class range: `z-a`");
    check_error("[[:foo:]]", "invalid character class range: `[:foo:]`");
    check_error(r"\p{Letter}", r"invalid character class range: `\p{Letter}`");
    check_error("[a--b]", "invalid character class range: `a--`");
    check_error("(?=a)", "invalid or unsupported Perl syntax: `(?=`");
    check_error("(?!a)", "invalid or unsupported Perl syntax: `(?!`");
    check_error("(?x)a", "invalid or unsupported Perl syntax: `(?x`");
    check_error("(?P<a b>c)", "invalid named capture: `(?P<a b>`");
    check_error("a(?i", "invalid or unsupported Perl syntax: `(?i`");
}

#[test]
fn what_go_takes_literally_is_literal() {
    check_match("a{,5}", &["a{,5}"], &["aaa"]);
    check_match("a{x}", &["a{x}"], &[]);
    check_match(r"\Qa.b*\E+", &["a.b*", "a.b***"], &["axb"]);
    check_match("[[]", &["["], &["]"]);
    check_match("[]a]", &["]", "a"], &[]);
    check_match("[a&&b]", &["a", "&", "b"], &["c"]);
    check_match("[+--x]", &["+", ",", "-", "x"], &["w"]);
    check_match("[~~x]", &["~", "x"], &[]);
    check_match("[a-]", &["a", "-"], &[]);
    check_match("(?P<n>a)(?P<n>b)", &["ab"], &[]);
    check_match("# x", &["# x"], &["x"]);
}

#[test]
fn classes_are_ascii() {
    check_match(r"\d", &["7"], &["٣"]);
    check_match(r"\w", &["_"], &["é"]);
    check_match(r"[[:alpha:]]", &["a"], &["é", "1"]);
    check_match(r"[[:^alpha:]]", &["é", "1"], &["a"]);
    check_match(r"\s", &["\t"], &["\u{b}", "\u{a0}"]);
    check_match(r".*\bé", &["aé"], &[]);
    check_match(r"\p{Greek}\PN\pL", &["αxé"], &["x1é"]);
    check_match(r"(?i)straße|\x{212a}", &["STRAßE", "k", "K"], &["STRASSE"]);
}

#[test]
fn flags_reach_as_far_as_in_go() {
    check_match("(?i)a(?-i)b", &["Ab", "ab"], &["AB"]);
    check_match("(?i:a)b", &["Ab"], &["AB"]);
    check_match("((?i)a)b", &["Ab"], &["AB"]);
    check_match("(?s).", &["\n"], &[]);
    check_match(".", &[], &["\n"]);
    check_match("a(?i)*", &["", "aaa"], &["A"]);
    check_match("(?:a*)+", &["aaa", ""], &["b"]);
    check_match("(?:|a)*", &["aaa", ""], &[]);
}

#[test]
fn groups_are_put_into_a_replacement_as_go_does() {
    let regex = compile("(?P<host>[a-z]+):(\\d+)(?P<1x> first)?").unwrap();
    for (replacement, expected) in [
        ("$host-$2", "api-80"),
        ("${host}x$2", "apix80"),
        ("$1x", " first"),
        ("$2x", ""),
        ("$$1", "$1"),
        ("${2}0", "800"),
        ("$9$", "$"),
        ("${", "${"),
        ("$02", ""),
        ("$-", "$-"),
    ] {
        assert_eq!(replace_all(&regex, "api:80 first", replacement), expected, "{replacement}");
    }
}

#[test]
fn no_pattern_makes_us_fall_over() {
    for pattern in ["(".repeat(100_000), "(?:".repeat(100_000), "[".repeat(100_000), "a?".repeat(50_000)] {
        let _ = compile(&pattern);
    }
    let nested = format!("{}a{}", "(".repeat(190), ")".repeat(190));
    assert!(compile(&nested).is_ok());
}
