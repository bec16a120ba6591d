//! Whatever the text, it is a feature or refused with a place.
#![no_main]

use firedrill::scenario::gherkin;
use firedrill_fuzz::{file, shown};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut problems = Vec::new();
    gherkin::read(&file("a.feature", text), &mut problems);
    shown(&problems);
});
