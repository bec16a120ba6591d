//! The documentation held against the program, so that it can't go stale.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use firedrill::judge::FAILURES;
use serde_json::Value;

/// Compares a page with what it has to be; with `FIREDRILL_REWRITE` set it is written anew instead.
#[track_caller]
fn check(page: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(page);
    if std::env::var_os("FIREDRILL_REWRITE").is_some() {
        fs::write(&path, expected).expect("the page can be written");
    }
    let got = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(got, expected, "docs/{page} is stale: run the tests with FIREDRILL_REWRITE=1");
}

#[test]
fn the_page_of_failures_lists_every_one() {
    let rows: String = FAILURES.iter().map(|(id, meaning)| format!("| `{id}` | {meaning} |\n")).collect();
    check(
        "failures.md",
        &format!(
            "# Why a then-step does not hold\n\n\
             Every failed then-step bears one of these ids, in the terminal, in JUnit (`type`) and in JSON \
             (`failure.id`).\n\n\
             | id | meaning |\n|---|---|\n{rows}"
        ),
    );
}

#[test]
fn the_page_of_checks_explains_every_one() {
    check("checks.md", &firedrill::checks::page());
}

/// The keys of everything in a document.
fn keys(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(entries) => entries.iter().for_each(|(key, value)| {
            into.insert(key.clone());
            // Labels, annotations and messages have keys of their own.
            if !["labels", "annotations", "group_labels", "message"].contains(&key.as_str()) {
                keys(value, into);
            }
        }),
        Value::Array(items) => items.iter().for_each(|item| keys(item, into)),
        _ => {}
    }
}

#[test]
fn the_page_of_drills_as_json_tells_of_every_field() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/drill-json.md")).expect("the page can be read");
    let mut all = BTreeSet::new();
    for arguments in [
        "drill fixtures/stacks/jac --format json",
        "drill fixtures/stacks/edu7p --alert HighResponseTime --format json",
        "drill fixtures/stacks/edu7p --expect fixtures/stacks/edu7p/routes.yaml --format json",
    ] {
        let ran = std::process::Command::new(env!("CARGO_BIN_EXE_firedrill"))
            .args(arguments.split_whitespace())
            .current_dir(root)
            .output()
            .expect("firedrill starts");
        assert_eq!(ran.status.code(), Some(0), "{arguments}: {}", String::from_utf8_lossy(&ran.stderr));
        keys(&serde_json::from_slice(&ran.stdout).expect("it is JSON"), &mut all);
    }
    let untold: Vec<&String> = all
        .iter()
        .filter(|key| !page.contains(&format!("`{key}`")) && !page.contains(&format!("`{key}[]`")))
        .collect();
    assert!(untold.is_empty(), "docs/drill-json.md does not tell of {untold:?}");
}

#[test]
fn the_page_of_drills_lists_every_finding() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/drill.md")).expect("the page can be read");
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
    let expected: Vec<String> = firedrill::checks::routing::found_by_drills()
        .map(|check| format!("| `{}` | {} |", check.id, check.title))
        .collect();
    assert_eq!(rows, expected, "docs/drill.md lists the checks of src/checks/routing");
}
