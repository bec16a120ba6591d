//! Templates with what Go makes of them.

use super::value::{ANY_MAP, Element, STRING_MAP, Type};
use super::*;

struct NoFunctions;

impl Library for NoFunctions {
    fn signature(&self, _: &str) -> Option<Signature> {
        None
    }

    fn call(&self, name: &str, _: &[Value]) -> Result<Value, String> {
        Err(format!("{name} is unknown"))
    }
}

static ALERT: Type = Type {
    name: "template.Alert",
    fields: &["Status", "Labels", "Count", "Rate"],
    json_fields: &[],
    element: Element::Any,
    methods: &[],
    text: None,
};

fn data() -> Value {
    Value::object(
        &ALERT,
        vec![
            "firing".into(),
            Value::string_map(&STRING_MAP, [("job", "api"), ("severity", "page")]),
            Value::int(3),
            Value::Float(0.25),
        ],
    )
}

fn run(text: &str) -> Result<String, String> {
    let mut templates = Templates::new();
    templates.parse("t", text, &NoFunctions).map_err(|error| error.message)?;
    templates.execute("t", &data(), &NoFunctions, Mode::Text).map_err(|error| error.0)
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(run(text), Ok(expected.to_owned()), "{text}");
}

#[track_caller]
fn check_error(text: &str, expected: &str) {
    assert_eq!(run(text), Err(expected.to_owned()), "{text}");
}

#[test]
fn actions_print_values() {
    check(
        "{{.Status}} {{.Labels.job}} {{.Labels.none}}| {{.Rate}} {{.Labels}}",
        "firing api | 0.25 map[job:api severity:page]",
    );
    check("a {{- 1 -}} b {{/* c */}}d{{- /* e */ -}} f", "a1b df");
    check("{{$x := 1}}{{$x = 2}}{{$x}}{{with $x}}{{.}}{{end}}", "22");
    check("{{.Labels.job | printf \"%q-%s\" .Status}}", "\"firing\"-api");
    check("{{(index .Labels \"job\") | len}} {{(print 1 2 \"a\" \"b\" 3)}}", "3 1 2ab3");
    check("{{true}} {{1e6}} {{0x10}} {{'a'}} {{`raw\\n`}}", "true 1e+06 16 97 raw\\n");
}

#[test]
fn control_structures_choose_and_repeat() {
    check("{{if eq .Status \"x\"}}a{{else if .Count}}b{{else}}c{{end}}", "b");
    check("{{range $k, $v := .Labels}}{{$k}}={{$v}};{{end}}", "job=api;severity=page;");
    check("{{range $i := 3}}{{if eq $i 1}}{{continue}}{{end}}{{$i}}{{end}}", "02");
    check("{{range .Labels}}{{.}}{{break}}{{else}}none{{end}}", "api");
    check("{{with .Labels.none}}a{{else with .Status}}{{.}}{{end}}", "firing");
    check(
        "{{define \"x\"}}[{{.}}]{{end}}{{template \"x\" .Count}}{{block \"y\" .Status}}<{{.}}>{{end}}",
        "[3]<firing>",
    );
    check("{{and 1 0 .Nope}} {{or 0 \"x\" .Nope}} {{not 0}} {{and .Status}}", "0 x true firing");
}

#[test]
fn printf_knows_gos_verbs() {
    check(
        r#"{{printf "%5d|%-5d|%05d|%+d|%x|%X|%o|%b|%c|%U" 42 42 42 42 42 42 42 42 42 42}}"#,
        "   42|42   |00042|+42|2a|2A|52|101010|*|U+002A",
    );
    check(
        r#"{{printf "%.2f|%8.3f|%-8.1f|%e|%g|%G|%06.1f" 3.14159 3.14159 3.14159 1234.5 1e21 1e-7 -2.5}}"#,
        "3.14|   3.142|3.1     |1.234500e+03|1e+21|1E-07|-002.5",
    );
    check(
        r#"{{printf "%s|%10s|%-6s|%.2s|%q|%x|% X|%v|%t" "ab" "ab" "ab" "abc" "a\"b" "ab" "ab" "ab" true}}"#,
        "ab|        ab|ab    |ab|\"a\\\"b\"|6162|61 62|ab|true",
    );
    check(r#"{{printf "%d %s %v %!" "x" 1 nil}}"#, "%!d(string=x) %!s(int=1) <nil> %!!(MISSING)");
    check(r#"{{printf "%d %d" 1}} {{printf "%d" 1 2 "x"}}"#, "1 %!d(MISSING) 1%!(EXTRA int=2, string=x)");
    check(r#"{{printf "%*d|%-*d|%.*f|%[2]d %[1]d" 4 1 4 2 1 2.55}}"#, "   1|2   |2.5|1 4");
    check(
        r#"{{printf "%v %+v %T %#v" . . . .Labels}}"#,
        "{firing map[job:api severity:page] 3 0.25} {Status:firing Labels:map[job:api severity:page] Count:3 Rate:0.25} \
template.Alert map[string]string{\"job\":\"api\", \"severity\":\"page\"}",
    );
    check(r#"{{printf "%d%%"  50}} {{println 1 "a"}}"#, "50% 1 a\n");
}

#[test]
fn errors_are_gos() {
    check_error(
        "{{.Nope}}",
        "template: t:1:2: executing \"t\" at <.Nope>: can't evaluate field Nope in type template.Alert",
    );
    check_error(
        "a\n {{.Labels.job.x}}",
        "template: t:2:10: executing \"t\" at <.Labels.job.x>: can't evaluate field x in type string",
    );
    check_error("{{nope}}", "template: t:1: function \"nope\" not defined");
    check_error("{{$x}}", "template: t:1: undefined variable \"$x\"");
    check_error("{{if}}{{end}}", "template: t:1: missing value for if");
    check_error("{{if 1}}", "template: t:1: unexpected EOF");
    check_error("{{end}}", "template: t:1: unexpected {{end}}");
    check_error("{{.a | 1}}", "template: t:1: non executable command in pipeline stage 2");
    check_error("{{\n\"a", "template: t:2: unterminated quoted string in action started at t:1");
    check_error(
        "{{ lt 1 \"a\" }}",
        "template: t:1:3: executing \"t\" at <lt 1 \"a\">: error calling lt: incompatible types for comparison",
    );
    check_error(
        "{{index 1 2}}",
        "template: t:1:2: executing \"t\" at <index 1 2>: error calling index: can't index item of type int",
    );
    check_error(
        "{{template \"x\"}}",
        "template: t:1:11: executing \"t\" at <{{template \"x\"}}>: template \"x\" not defined",
    );
    check_error("{{break}}", "template: t:1: {{break}} outside {{range}}");
    check_error(
        "{{len 1 2}}",
        "template: t:1:2: executing \"t\" at <len>: wrong number of args for len: want 1 got 2",
    );
}

#[test]
fn nothing_runs_away() {
    assert!(
        run("{{define \"a\"}}{{template \"a\" .}}{{end}}{{template \"a\" .}}")
            .unwrap_err()
            .contains("maximum template depth")
    );
    assert!(run("{{range 1000000000000}}{{end}}").unwrap_err().contains("too long"));
    assert!(run("{{range 100000}}{{printf \"%100000d\" 1}}{{end}}").unwrap_err().contains("too long"));
    assert!(run(&"{{if 1}}".repeat(100_000)).is_err());
    assert!(run(&format!("{{{{{}", "(".repeat(100_000))).is_err());
    let nested = format!("{}x{}", "{{if 1}}".repeat(90), "{{end}}".repeat(90));
    check(&nested, "x");
    let deep = format!(
        "{{{{define \"a\"}}}}{}{{{{template \"a\" .}}}}{}{{{{end}}}}{{{{template \"a\" .}}}}",
        "{{if 1}}".repeat(90),
        "{{end}}".repeat(90)
    );
    assert!(run(&deep).is_err());
}

#[test]
fn html_is_escaped_for_its_place() {
    let data = Value::map(
        &ANY_MAP,
        [
            ("a", "<b>&\"'+"),
            ("url", "http://x/?q=a b&c=\"d"),
            ("bad", "javascript:alert(1)"),
            ("word", "red"),
        ]
        .map(|(name, text)| (name.into(), Value::from(text))),
    );
    for (text, expected) in [
        ("<p>{{.a}}</p>", "<p>&lt;b&gt;&amp;&#34;&#39;&#43;</p>"),
        ("<!-- c {{.a}} --><b title=\"{{.a}}\">", "<b title=\"&lt;b&gt;&amp;&#34;&#39;&#43;\">"),
        ("<a href=\"{{.url}}\">", "<a href=\"http://x/?q=a%20b&amp;c=%22d\">"),
        ("<a href='{{.bad}}'>", "<a href='#ZgotmplZ'>"),
        ("<a href=\"/?q={{.url}}\">", "<a href=\"/?q=http%3a%2f%2fx%2f%3fq%3da%20b%26c%3d%22d\">"),
        ("<i style=\"color: {{.word}}\">{{.missing}}", "<i style=\"color: red\">"),
        (
            "<script>var x = {{.word}}, y = \"{{.a}}\";</script>{{.word}}",
            "<script>var x = \"red\", y = \"\\u003cb\\u003e\\u0026\\u0022\\u0027\\u002b\";</script>red",
        ),
        ("<b class={{.a}}>", "<b class=&lt;b&gt;&amp;&#34;&#39;&#43;>"),
        ("1 < 2 {{.a | html}}", "1 &lt; 2 &lt;b&gt;&amp;&#34;&#39;+"),
    ] {
        let mut templates = Templates::new();
        templates.parse("t", text, &NoFunctions).unwrap();
        assert_eq!(
            templates.execute("t", &data, &NoFunctions, Mode::Html).as_deref(),
            Ok(expected),
            "{text}"
        );
    }
}
