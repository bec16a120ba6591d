//! Whatever the text, it is a file of scenarios or refused with a place.
#![no_main]

use firedrill::documents::yaml;
use firedrill::scenario;
use firedrill_fuzz::{file, shown};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let file = file("a.yaml", text);
    let (node, mut problems) = yaml::read_one(&file);
    if let Some(node) = node {
        scenario::yaml::read(&file, &node, &mut problems);
    }
    shown(&problems);
});
