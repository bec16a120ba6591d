//! Whatever the words of a step, they are a phrase or refused with a place.
#![no_main]

use firedrill::scenario::gherkin;
use firedrill_fuzz::{file, shown};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let steps: String = text.lines().map(|line| format!("    * {}\n", line.trim())).collect();
    let mut problems = Vec::new();
    gherkin::read(&file("a.feature", &format!("Feature: f\n  Scenario: s\n{steps}")), &mut problems);
    shown(&problems);
});
