use super::*;

fn parsed(text: &str) -> (Vec<Node>, Vec<Diagnostic>) {
    read(&SourceFile::new("file.yaml", text))
}

fn one(text: &str) -> Node {
    let (documents, problems) = parsed(text);
    assert!(problems.is_empty(), "{problems:?}");
    documents.into_iter().next().expect("a document")
}

/// The source text under the node at a path such as `groups.0.expr`.
#[track_caller]
fn check_span(text: &str, path: &str, expected: &str) {
    let root = one(text);
    let mut node = &root;
    for step in path.split('.').filter(|step| !step.is_empty()) {
        node = match step.parse::<usize>() {
            Ok(at) => &node.items().expect("a list")[at],
            Err(_) => node.get(step).expect("a key"),
        };
    }
    assert_eq!(node.span.text(), expected);
}

#[track_caller]
fn check_within(text: &str, word: &str) {
    let root = one(text);
    let node = root.get("a").expect("key a");
    let value = node.scalar().expect("a scalar");
    let at = value.find(word).expect("the word");
    let span = node.span_within(at..at + word.len());
    let before = &text[..span.start];
    assert_eq!(span.text(), word, "in {value:?}");
    assert_eq!(before.matches(word).count(), value[..at].matches(word).count());
}

/// The problems' messages with their lines and columns.
#[track_caller]
fn check_problems(text: &str, expected: &[&str]) {
    let got: Vec<String> = parsed(text)
        .1
        .iter()
        .map(|problem| {
            let place = problem.place.as_ref().expect("a place");
            let (line, column) = place.file.line_column(place.start);
            format!("{line}:{column} {}", problem.message)
        })
        .collect();
    assert_eq!(got, expected);
}

#[test]
fn a_last_line_need_not_end() {
    let value = |text: &str| one(text).get("a").and_then(Node::scalar).map(str::to_owned);
    for (text, expected) in [
        ("a: one", "one"),
        ("a: 'one'", "one"),
        ("a: |\n  one", "one"),
        ("a: |\n  one\n  two", "one\ntwo"),
        ("a: |+\n  one", "one"),
        ("a: |-\n  one", "one"),
        ("a: >\n  one\n  two", "one two"),
        ("a: |\n  one\n  ", "one\n"),
        ("a: |+\n  one\n  ", "one\n"),
        ("a: |\n  one\n    ", "one\n  "),
        ("a: |\n  one\n# more", "one\n"),
        ("a: |", ""),
        ("a: |\n", ""),
        ("a: # more", ""),
    ] {
        assert_eq!(value(text).as_deref().unwrap_or(""), expected, "{text:?}");
    }
    check_span("a: |\n  one", "a", "one");
}

#[test]
fn what_the_parser_gives_up_at_is_told_and_not_passed_on() {
    check_problems("a: 1\nb: [!x, {name: a}]\n", &["2:5 this YAML can't be read"]);
    check_problems("a: {b!: c, d: !x, e: 2}\n", &["1:15 this YAML can't be read"]);
}

#[test]
fn spans_hold_the_value_alone() {
    check_span("a: one # comment\n", "a", "one");
    check_span("a: \"one # two\"   # comment\n", "a", "\"one # two\"");
    check_span("a: 'it''s' # comment\n", "a", "'it''s'");
    check_span("a: \"x \\\" y\" # \"\n", "a", "\"x \\\" y\"");
    check_span("a: &x !!str 5\n", "a", "5");
    check_span("a: é\nb: 日本 x\n", "b", "日本 x");
    check_span("\u{feff}a: b\n", "a", "b");
    check_span("a: 1\r\nb: 2\r\n", "b", "2");
}

#[test]
fn spans_of_collections_end_with_their_last_value() {
    check_span("a:\n  - 1\n  - 2\n# about b\nb: 1\n", "a", "- 1\n  - 2");
    check_span("a:\n  x: 1\n  y: 2 # about y\n\n# about b\nb: 1\n", "a", "x: 1\n  y: 2");
    check_span("a: {x: 1, y: [1, 2]} # comment\n", "a", "{x: 1, y: [1, 2]}");
    check_span("a: []\n", "a", "[]");
    check_span("x: &x {k: v}\na:\n  - 1\n  - *x\nb: 1\n", "a", "- 1\n  - *x");
}

#[test]
fn spans_of_blocks_hold_their_text() {
    check_span("a: |  # comment\n  one\n   two\n\n# about b\nb: 1\n", "a", "one\n   two");
    check_span("a: >-\n\n  one\n  two\n", "a", "one\n  two");
}

#[test]
fn places_within_a_scalar_are_found_in_the_file() {
    check_within("a: sum(rate(x[5m]))\n", "rate");
    check_within("a: 'sum(x{a=''b''}) + y'\n", "y");
    check_within("a: \"sum(x{a=\\\"b\\\"}) + y\"\n", "y");
    check_within("a: \"\\u00e9\\x41\\n + y\"\n", "y");
    check_within("a: \"one \\\n  two\"\n", "two");
    check_within("a: |\n  sum(x)\n    + é\n\n  + y\n", "y");
    check_within("a: |2\n    sum(x)\n  + y\n", "y");
    check_within("a: >\n  sum(x)\n  + é\n\n  + z\n    + y\n", "y");
    check_within("a: >-\n  sum(x)   \n  + y\nb: 1\n", "y");
    check_within("a: sum(x)\n  + é\n\n  + y\n", "y");
    check_within("a: |\r\n  sum(x)\r\n  + y\r\n", "y");
    check_within("x:\n  - b\na: |\n\n\n  one\n  two\n", "two");
}

#[test]
fn a_place_behind_the_value_is_its_end() {
    let root = one("a: 'sum('\nb: 1\n");
    let span = root.get("a").expect("key a").span_within(4..4);
    assert_eq!((span.start, span.end), (8, 8));
    let root = one("a: |\n  sum(\n\nb: 1\n");
    let span = root.get("a").expect("key a").span_within(4..4);
    assert_eq!(span.file.line_column(span.start), (2, 7));
}

#[test]
fn anchors_and_merges_are_expanded() {
    let root = one("x: &x {p: 1, q: 2}\na:\n  <<: *x\n  q: 3\nb:\n  <<: [*x, {r: 4}]\n");
    let keys = |name: &str| -> Vec<(String, String)> {
        let entries = root.get(name).and_then(Node::entries).expect("a mapping");
        let text = |node: &Node| node.scalar().unwrap_or_default().to_owned();
        entries.iter().map(|(key, value)| (text(key), text(value))).collect()
    };
    let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    assert_eq!(keys("a"), pairs(&[("q", "3"), ("p", "1")]));
    assert_eq!(keys("b"), pairs(&[("p", "1"), ("q", "2"), ("r", "4")]));
}

/// As in Prometheus: inside quotes and brackets the indentation is nobody's business.
#[test]
fn quotes_and_brackets_may_go_on_at_any_column() {
    for text in ["a:\n  b: 'x\ny'\n", "a:\n  b: \"x\n y\"\n", "a:\n  b: \"x \\\ny\"\n"] {
        let root = one(text);
        assert_eq!(root.get("a").and_then(|a| a.get("b")).and_then(Node::scalar), Some("x y"), "{text:?}");
    }
    let root = one("a:\n  b: {\nx: 1,\ny: [\n2\n]}\n");
    assert_eq!(root.get("a").and_then(|a| a.get("b")).map(|b| b.entries().map(<[_]>::len)), Some(Some(2)));
}

#[test]
fn mistakes_in_the_yaml_are_told_with_their_place() {
    check_problems("a: 1\nb: 2\na: 3\n", &["3:1 the key `a` stands here twice"]);
    check_problems("a: 1\n\tb: 2\n", &["2:1 this is not YAML"]);
    check_problems("a: [1, 2\n", &["2:1 this is not YAML"]);
    check_problems("a: *nowhere\n", &["1:4 no anchor `&nowhere` ends before this alias"]);
    check_problems("a: &a [*a]\n", &["1:8 no anchor `&a` ends before this alias"]);
    check_problems("a: 1\u{0}\n", &["1:5 control characters are not allowed"]);
    check_problems("[a]: 1\n", &["1:1 expected a plain key"]);
    check_problems("a:\n  <<: 5\n", &["2:7 expected a mapping to merge"]);
}

#[test]
fn nulls_and_tags_are_told_apart_from_text() {
    for (text, expected) in [
        ("a:", Kind::Null),
        ("a: ~", Kind::Null),
        ("a: !!null x", Kind::Null),
        ("a: ''", Kind::Scalar(Scalar { text: "".into(), plain: false, style: Style::SingleQuoted })),
        ("a: !!str 5", Kind::Scalar(Scalar { text: "5".into(), plain: false, style: Style::Plain })),
        ("a: !!int '5'", Kind::Scalar(Scalar { text: "5".into(), plain: true, style: Style::SingleQuoted })),
    ] {
        assert_eq!(one(text).get("a").expect("key a").kind, expected, "{text}");
    }
}

#[test]
fn a_bomb_is_refused_before_it_goes_off() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let before = format!("*a{}, ", level - 1).repeat(10);
        text.push_str(&format!("a{level}: &a{level} [{}]\n", before.trim_end_matches(", ")));
    }
    check_problems(&text, &["7:10 this YAML grows too large when its aliases are expanded"]);
}

#[test]
fn depth_is_capped() {
    for text in ["[".repeat(1_000_000), "- ".repeat(1_000_000), "{a: ".repeat(1_000_000)] {
        let (_, problems) = parsed(&text);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].message, "this YAML is nested too deep", "{}", problems[0]);
    }
}

#[test]
fn a_second_document_is_refused_where_one_is_wanted() {
    let (_, problems) = read_one(&SourceFile::new("file.yaml", "a: 1\n---\nb: 1\n"));
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].place.as_ref().map(Span::line), Some(3));
    let (nothing, problems) = read_one(&SourceFile::new("file.yaml", "# nothing\n"));
    assert!(nothing.is_none() && problems.is_empty());
}

/// Every word of the view's text, and what the file has at its place.
#[track_caller]
fn check_view(text: &str, expected: &[(&str, &str)]) {
    let file = SourceFile::new("config.yaml", text);
    let (documents, problems) = read(&file);
    assert!(problems.is_empty(), "{problems:?}");
    let view = documents[0].get("key").and_then(Node::view).expect("a scalar");
    let mut got = Vec::new();
    for word in view.text().split_whitespace() {
        let at = word.as_ptr() as usize - view.text().as_ptr() as usize;
        got.push((word.to_owned(), view.span(at..at + word.len()).to_string()));
    }
    let got: Vec<(&str, &str)> = got.iter().map(|(word, place)| (word.as_str(), place.as_str())).collect();
    assert_eq!(got, expected);
}

#[test]
fn a_scalar_is_a_file_of_its_own_with_its_places_here() {
    check_view(
        "key: |\n  a: 1\n\n    b: ü 2\n",
        &[
            ("a:", "config.yaml:2:3"),
            ("1", "config.yaml:2:6"),
            ("b:", "config.yaml:4:5"),
            ("ü", "config.yaml:4:8"),
            ("2", "config.yaml:4:10"),
        ],
    );
    check_view("key: \"one\\ntwo\"\n", &[("one", "config.yaml:1:7"), ("two", "config.yaml:1:12")]);
    check_view("key: >\n  one\n  two\n", &[("one", "config.yaml:2:3"), ("two", "config.yaml:3:3")]);
    check_view("key: one\n", &[("one", "config.yaml:1:6")]);
}
