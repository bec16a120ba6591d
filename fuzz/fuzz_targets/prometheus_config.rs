//! Whatever the text, it is a Prometheus configuration or refused with a place; what is accepted can be divided by a speed.
#![no_main]

use firedrill::documents::prometheus;
use firedrill::stack::Version;
use firedrill::worlds::speed;
use firedrill_fuzz::{file, shown};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let file = file("prometheus.yml", text);
    for version in [Version::new(2, 42), Version::NEWEST] {
        let (config, problems) = prometheus::read(&file, version);
        shown(&problems);
        if config.is_some()
            && problems.is_empty()
            && let Ok(edits) = speed::prometheus(&file, 60)
        {
            edits.apply().map(drop).unwrap_or_else(|problem| shown(&[problem.into()]));
        }
    }
});
