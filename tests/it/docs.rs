//! The documentation held against the program, so that it can't go stale.

use std::fs;
use std::path::Path;

use firedrill::judge::FAILURES;

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
