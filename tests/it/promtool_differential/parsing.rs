//! What is refused, and with which words.

use std::collections::BTreeMap;

use firedrill::promql::{ParseOptions, Semantics, parse_with};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use super::{cases, generate, grammar, runner, shrink};

#[test]
fn the_parser_refuses_what_promtool_refuses_with_its_words() {
    if !crate::real::available(&["promtool"]) {
        return;
    }
    let strategy = prop_oneof![1 => grammar::vector(), 1 => grammar::scalar(), 4 => grammar::damaged(), 1 => "[ -~é\n]{1,12}"]
        .prop_filter("an empty expression is no expression to promtool", |text| !text.is_empty());
    let trees = generate(&strategy, cases(), &mut runner());
    let texts: Vec<String> = trees.iter().map(ValueTree::current).collect();
    let theirs = promtool(&texts);
    let differs = |ours: &Option<String>, theirs: &Option<String>| !agree(ours.as_deref(), theirs.as_deref());

    let mut failures = Vec::new();
    let (mut accepted, mut count) = (0, 0);
    for (tree, (text, theirs)) in trees.into_iter().zip(texts.iter().zip(&theirs)) {
        accepted += usize::from(theirs.is_none());
        if !differs(&ours(text), theirs) {
            continue;
        }
        count += 1;
        if failures.len() < 10 {
            let simplest =
                shrink(tree, |text| differs(&ours(text), &promtool(std::slice::from_ref(text))[0]));
            let theirs = promtool(std::slice::from_ref(&simplest)).remove(0);
            failures
                .push(format!("{simplest}\n    promtool: {theirs:?}\n    ours:     {:?}", ours(&simplest)));
        }
    }
    println!("{} expressions, {accepted} of them accepted", texts.len());
    assert!(failures.is_empty(), "{count} of {} differ, such as\n{}", texts.len(), failures.join("\n"));
    assert!(
        accepted > texts.len() / 10 && accepted < texts.len(),
        "a test that tries one side only: {accepted}"
    );
}

fn ours(text: &str) -> Option<String> {
    let options = ParseOptions { semantics: Semantics::V2, experimental: false };
    parse_with(text, options).err().map(|error| error.message)
}

/// The same verdict, and the same words where ours are meant to be the same.
fn agree(ours: Option<&str>, theirs: Option<&str>) -> bool {
    let (Some(ours), Some(theirs)) = (ours, theirs) else { return ours.is_none() == theirs.is_none() };
    // Prometheus 2 lacks a name for the token `@` and prints its number.
    let theirs = match theirs.split_once("\"<Item ") {
        Some((before, after)) => format!("{before}{}", after.split_once(' ').map_or("", |(_, rest)| rest)),
        None => theirs.to_owned(),
    };
    // What is wrong with a regular expression is said by its own engine.
    ours == theirs || (ours.contains("error parsing regexp") && theirs.contains("error parsing regexp"))
}

/// promtool's message for each text, `None` where it accepts.
fn promtool(texts: &[String]) -> Vec<Option<String>> {
    let file = tempfile::NamedTempFile::new().unwrap();
    // A group for each, since the same rule must not stand twice in one.
    let group =
        |(at, text)| serde_json::json!({"name": format!("g{at}"), "rules": [{"record": "r", "expr": text}]});
    let groups: Vec<_> = texts.iter().enumerate().map(group).collect();
    // JSON is YAML, but for the one control character that JSON does not escape.
    let json = serde_json::json!({ "groups": groups }).to_string().replace('\u{7f}', "\\u007f");
    std::fs::write(file.path(), json).unwrap();
    let mut command = std::process::Command::new("promtool");
    let output = command.args(["check", "rules", "--lint=none"]).arg(file.path()).output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let line = regex::Regex::new(r#"group "g(\d+)", rule 1, "r": (.*)$"#).unwrap();
    let position =
        regex::Regex::new(r"^could not parse expression: (?:\d+:\d+|invalid position):? ?parse error: ")
            .unwrap();
    let messages: BTreeMap<usize, String> = stderr
        .lines()
        .filter_map(|text| line.captures(text))
        .map(|found| (found[1].parse().unwrap(), position.replace(&found[2], "").into_owned()))
        .collect();
    assert_eq!(messages.is_empty(), output.status.success(), "promtool says {stdout} {stderr}");
    (0..texts.len()).map(|at| messages.get(&at).cloned()).collect()
}
