//! Whatever the text, it is a rule file or refused with a place.
#![no_main]

use firedrill::documents::rules;
use firedrill::stack::Version;
use firedrill_fuzz::{file, shown};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for version in [Version::new(2, 42), Version::NEWEST] {
        let (groups, problems) = rules::read(&file("rules.yml", text), version);
        shown(&problems);
        for rule in groups.iter().flat_map(|group| &group.rules) {
            assert!(!rule.expr.to_string().is_empty());
        }
    }
});
