//! Whatever a file of a stack holds, by whatever name, it is read, wired and checked. The first line says its name.
#![no_main]

use firedrill::{checks, documents};
use firedrill_fuzz::shown;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (name, text) = text.split_once('\n').unwrap_or(("stack.yaml", text));
    for finding in checks::run(&documents::wiring::of_text(name, text)) {
        shown(&[finding.diagnostic]);
    }
});
