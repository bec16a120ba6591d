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

#[test]
fn a_place_in_a_view_is_drawn_in_the_file_around_it() {
    let guide = SourceFile::new("guide.md", "Say:\n  a: 1\n  b: 2\n");
    // Two lines without their indentation.
    let view = guide.view([(7..12, "a: 1\n"), (14..19, "b: 2\n")]);
    assert_eq!(view.text(), "a: 1\nb: 2\n");
    let place = view.span(8..9);
    assert_eq!((place.text(), place.to_string().as_str()), ("2", "guide.md:3:6"));
    let drawn = Diagnostic::error("an-id", "a sentence").at(&place).label("wanted this").to_string();
    assert!(drawn.contains("3 |   b: 2\n  |      ^ wanted this"), "{drawn}");
}

#[test]
fn a_view_of_a_view_still_knows_the_person_s_file() {
    let guide = SourceFile::new("guide.md", "> > a\n> > b\n");
    let outer = guide.view([(2..6, "> a\n"), (8..12, "> b\n")]);
    let inner = outer.view([(2..4, "a\n"), (6..8, "b\n")]);
    assert_eq!(inner.text(), "a\nb\n");
    assert_eq!(inner.span(2..3).to_string(), "guide.md:2:5");
    assert_eq!(inner.span(0..4).in_own_file().text(), "a\n> > b\n");
    // Its end is the end of what it was read from.
    assert_eq!(inner.span(4..4).to_string(), "guide.md:3:1");
}

#[test]
fn what_was_written_differently_keeps_its_place() {
    let file = SourceFile::new("values.yaml", r#"a: "x\ty""#);
    let view = file.view([(4..5, "x"), (5..7, "\t"), (7..8, "y")]);
    assert_eq!(view.text(), "x\ty");
    assert_eq!(view.span(1..2).in_own_file().text(), r"\t");
    assert_eq!(view.span(2..3).in_own_file().text(), "y");
}

#[test]
fn a_secret_in_a_view_is_concealed_in_the_person_s_file() {
    let guide = SourceFile::new("guide.md", "  key: hush\n");
    let view = guide.view([(2..12, "key: hush\n")]);
    view.span(5..9).conceal();
    let drawn = Diagnostic::error("an-id", "a sentence").at(&guide.span(2..5)).to_string();
    assert!(drawn.contains("key: •••") && !drawn.contains("hush"), "{drawn}");
}
