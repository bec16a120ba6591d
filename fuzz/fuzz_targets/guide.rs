//! Whatever a guide holds, it is taken apart, wired and checked.
#![no_main]

use firedrill::{checks, documents};
use firedrill_fuzz::shown;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for finding in checks::run(&documents::wiring::of_text("GUIDE.md", text)) {
        shown(&[finding.diagnostic]);
    }
});
