//! `promtool` beside the twin's alert templates: what is expanded, what is refused, and how Go reads patterns.

use std::path::Path;
use std::process::Command;

use firedrill::golang::quote;
use firedrill::labels::Labels;
use firedrill::stack::Version;
use firedrill::time::Timestamp;
use firedrill::twin::prometheus_template::{AlertTemplate, AlertTemplateData};
use serde_json::json;

use super::lines;
use crate::real;

const CASES: &str = include_str!("prometheus.txt");
const REFUSED: &str = include_str!("refused.txt");
const PATTERNS: &str = include_str!("patterns.txt");
const INSTALLED: Version = Version::new(2, 42);
const EXTERNAL_URL: &str = "http://prom:9090/p";

/// The series that exist besides the alert's own.
const QUERIED: [(&str, f64); 3] = [("b", 2.0), ("c", 1.5), ("a", 1234567.0)];

fn labels() -> Labels {
    Labels::from_pairs([("instance", "web-1.example.org:9090"), ("job", "api"), ("quoted", "a\"b\\c\n")])
}

fn expand(alert: &str, text: &str) -> String {
    let template = match AlertTemplate::parse(alert, text, INSTALLED) {
        Ok(template) => template,
        Err(error) => return format!("refused: {}", error.message),
    };
    let external = Labels::from_pairs([("region", "eu")]);
    let data = AlertTemplateData::new(
        &labels().with("__name__", "m"),
        &external,
        EXTERNAL_URL,
        0.0512,
        Timestamp(60_000),
    );
    template.expand(&data, &|expression: &str| match expression {
        "q" => Ok(QUERIED
            .iter()
            .map(|(name, value)| (Labels::from_pairs([("__name__", "q"), ("name", *name)]), *value))
            .collect()),
        "sum(q) by (x)" => Ok(vec![(Labels::empty(), 1234570.5)]),
        "nothing" => Ok(Vec::new()),
        _ => Err("unexpected query".to_owned()),
    })
}

/// Every text as an annotation of an alert of its own, which promtool must find just as the twin expands it.
fn check_expanded(texts: &[String]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut rules = Vec::new();
    let mut tests = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        let alert = format!("A{at}");
        let labels: serde_json::Map<String, serde_json::Value> =
            labels().iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        let annotations = json!({ "t": expand(&alert, text) });
        rules.push(json!({ "alert": alert, "expr": "m", "annotations": { "t": text } }));
        tests.push(json!({
            "eval_time": "1m",
            "alertname": alert,
            "exp_alerts": [{ "exp_labels": labels, "exp_annotations": annotations }],
        }));
    }
    let mut series = vec![json!({
        "series": format!("m{{instance=\"web-1.example.org:9090\",job=\"api\",quoted={}}}", quote("a\"b\\c\n")),
        "values": "0.0512x5",
    })];
    for (name, value) in QUERIED {
        series.push(json!({ "series": format!("q{{name=\"{name}\"}}"), "values": format!("{value}x5") }));
    }
    write(folder.path(), "rules.yml", &json!({ "groups": [{ "name": "g", "rules": rules }] }));
    let test = json!({
        "rule_files": ["rules.yml"],
        "tests": [{
            "external_labels": { "region": "eu" },
            "external_url": EXTERNAL_URL,
            "interval": "1m",
            "input_series": series,
            "alert_rule_test": tests,
        }],
    });
    write(folder.path(), "test.yml", &test);
    let output = Command::new("promtool")
        .args(["test", "rules", "test.yml"])
        .current_dir(folder.path())
        .output()
        .expect("promtool runs");
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let shown: String = said.chars().take(12_000).collect();
    assert!(output.status.success(), "promtool found other annotations:\n{shown}");
}

fn write(folder: &Path, name: &str, content: &serde_json::Value) {
    std::fs::write(folder.join(name), content.to_string()).expect("writable");
}

#[test]
fn annotations_are_expanded_as_promtool_expands_them() {
    if !real::available(&["promtool"]) {
        return;
    }
    let texts = lines(CASES);
    assert!(texts.len() >= 100, "only {} cases", texts.len());
    check_expanded(&texts);
}

#[test]
fn templates_are_refused_as_promtool_refuses_them() {
    if !real::available(&["promtool"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let texts = lines(REFUSED);
    let rules: Vec<_> = texts
        .iter()
        .enumerate()
        .map(|(at, text)| json!({ "alert": format!("A{at}"), "expr": "m", "annotations": { "t": text } }))
        .collect();
    write(folder.path(), "rules.yml", &json!({ "groups": [{ "name": "g", "rules": rules }] }));
    let output = Command::new("promtool")
        .args(["check", "rules", "rules.yml"])
        .current_dir(folder.path())
        .output()
        .expect("promtool runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    for (at, text) in texts.iter().enumerate() {
        let alert = format!("A{at}");
        let wanted = format!("annotation \"t\": template: __alert_{alert}:");
        let real = said.lines().find(|line| line.contains(&wanted)).map(|line| {
            let (_, message) = line.split_once("annotation \"t\": ").unwrap_or(("", line));
            message.to_owned()
        });
        let ours = AlertTemplate::parse(&alert, text, INSTALLED).err().map(|error| error.message);
        assert_eq!(ours, real, "{text:?}");
    }
}

/// What patterns are put together from.
const PIECES: [&str; 64] = [
    "a",
    "b",
    "ab",
    "c",
    "1",
    "_",
    " ",
    ".",
    "\\.",
    "\\d",
    "\\D",
    "\\w",
    "\\W",
    "\\s",
    "\\S",
    "\\b",
    "\\B",
    "^",
    "$",
    "\\A",
    "\\z",
    "[a-c]",
    "[^a]",
    "[]a]",
    "[^]a]",
    "[[]",
    "[a&&b]",
    "[a-]",
    "[-a]",
    "[[:alpha:]]",
    "[[:^digit:]]",
    "[\\d_]",
    "[^\\W]",
    "[a\\-c]",
    "\\pL",
    "\\PN",
    "\\p{Greek}",
    "[\\p{Lu}x]",
    "(a)",
    "(?:ab)",
    "(a|b)",
    "(?i)",
    "(?i:A)",
    "(?s:.)",
    "(?m)",
    "(?U)",
    "(?-i)",
    "(?P<n>a)",
    "*",
    "+",
    "?",
    "*?",
    "{2}",
    "{1,2}",
    "{0,}",
    "{,2}",
    "{a",
    "}",
    "|",
    "(",
    ")",
    "\\Qa.\\E",
    "\\x61",
    "é",
];

const TEXTS: [&str; 5] = ["abab cab1_é\nAB", "", "a", "]-[&&{,2}. Aα", "1b2\ta."];

#[test]
fn patterns_mean_what_they_mean_in_go() {
    if !real::available(&["promtool"]) {
        return;
    }
    let mut patterns = lines(PATTERNS);
    let mut random = 7u64;
    let mut next = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % below
    };
    while patterns.len() < 600 {
        let length = 1 + next(6);
        patterns.push((0..length).map(|_| PIECES[next(PIECES.len())]).collect());
    }
    let texts: Vec<String> = patterns
        .iter()
        .map(|pattern| {
            let pattern = quote(pattern);
            TEXTS
                .iter()
                .map(|text| format!("{{{{ reReplaceAll {pattern} \"<$0>${{n}}\" {} }}}}|", quote(text)))
                .collect()
        })
        .collect();
    check_expanded(&texts);
}
