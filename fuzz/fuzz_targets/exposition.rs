//! Whatever a target answers, it is read or refused at one of its lines.
#![no_main]

use firedrill::workload::exposition::{Format, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for format in [Format::Prometheus, Format::OpenMetrics] {
        if let Err(error) = read(text, format) {
            assert!(error.line >= 1 && error.line <= text.split('\n').count());
        }
    }
});
