use super::*;

fn draw(text: &str, range: Range<usize>) -> String {
    let file = SourceFile::new("prometheus.yml", text);
    Diagnostic::error("an-id", "a sentence").at(&file.span(range)).label("wanted this").to_string()
}

/// The lines of the excerpt alone.
#[track_caller]
fn check(text: &str, range: Range<usize>, expected: &[&str]) {
    let drawn = draw(text, range);
    let lines: Vec<&str> = drawn.lines().skip(1).filter(|line| line.trim() != "|").collect();
    assert_eq!(lines, expected, "{drawn}");
}

#[test]
fn a_place_is_drawn_with_its_line_and_caret() {
    check("a: 1\nb: 2\n", 8..9, &[" --> prometheus.yml:2:4", "2 | b: 2", "  |    ^ wanted this"]);
}

#[test]
fn a_place_over_several_lines_is_drawn_on_its_first() {
    check(
        "a:\n  b: 1\n  c: 2\n",
        5..16,
        &[" --> prometheus.yml:2:3", "2 |   b: 1", "  |   ^^^^ wanted this"],
    );
    check("a: 1\r\nb: 2\r\n", 6..12, &[" --> prometheus.yml:2:1", "2 | b: 2", "  | ^^^^ wanted this"]);
}

#[test]
fn an_empty_place_still_has_a_caret() {
    check("", 0..0, &[" --> prometheus.yml:1:1", "1 |", "  | ^ wanted this"]);
    check("a: 1", 4..4, &[" --> prometheus.yml:1:5", "1 | a: 1", "  |     ^ wanted this"]);
    check("a: 1\n", 5..5, &[" --> prometheus.yml:2:1", "2 |", "  | ^ wanted this"]);
}

#[test]
fn wide_characters_and_tabs_keep_the_caret_in_place() {
    check(
        "a: 日本語 x\n",
        13..14,
        &[" --> prometheus.yml:1:8", "1 | a: 日本語 x", "  |           ^ wanted this"],
    );
    check("a:\tx\n", 3..4, &[" --> prometheus.yml:1:4", "1 | a:    x", "  |       ^ wanted this"]);
}

#[test]
fn a_long_line_is_cut_around_its_place() {
    let text = format!("a: {}x{}\n", "(".repeat(1_000_000), ")".repeat(1_000_000));
    let side = |bracket: &str| bracket.repeat(60);
    check(
        &text,
        1_000_003..1_000_004,
        &[
            " --> prometheus.yml:1:1000004",
            &format!("1 | …{}x{}…", side("("), side(")")),
            &format!("  | {}^ wanted this", " ".repeat(61)),
        ],
    );
}

#[test]
fn a_secret_is_never_drawn() {
    let file = SourceFile::new("prometheus.yml", "user: me\npassword: hunter2 # x\nurl: http://a:b@c\n");
    file.span(19..26).conceal();
    file.span(43..46).conceal();
    let diagnostic = Diagnostic::error("an-id", "a sentence")
        .at(&file.span(29..30))
        .label("wanted this")
        .related(&file.span(19..26), "the secret")
        .related(&file.span(47..48), "the host");
    insta::assert_snapshot!(diagnostic, @r#"
error[an-id]: a sentence
 --> prometheus.yml:2:21
  |
2 | password: ••• # x
  |           ---   ^ wanted this
  |           |
  |           the secret
3 | url: http://•••@c
  |                 - the host
"#);
    assert!(!diagnostic.to_string().contains("hunter2"));
    assert!(!diagnostic.render(true).contains("hunter2"));
}

#[test]
fn other_files_are_drawn_below() {
    let (here, there) = (SourceFile::new("a.yml", "a: 1\n"), SourceFile::new("b.yml", "x: 1\nb: 2\n"));
    let diagnostic = Diagnostic::warning("an-id", "a sentence")
        .at(&here.span(3..4))
        .label("again here")
        .related(&there.span(8..9), "first here")
        .because("it must be so")
        .help("do it otherwise");
    insta::assert_snapshot!(diagnostic, @r#"
warning[an-id]: a sentence
 --> a.yml:1:4
  |
1 | a: 1
  |    ^ again here
  |
 ::: b.yml:2:4
  |
2 | b: 2
  |    - first here
  |
  = because: it must be so
  = help: do it otherwise
"#);
}
