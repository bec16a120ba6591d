//! Whatever `firedrill.yaml` says, its services are read, and what they expose can be scraped.
#![no_main]

use firedrill::documents::firedrill as documents;
use firedrill::time::Timestamp;
use firedrill::workload::Workload;
use firedrill_fuzz::{file, shown};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (read, problems) = documents::read(&file("firedrill.yaml", text));
    shown(&problems);
    if let Some(read) = read.filter(|_| problems.is_empty()) {
        Workload::new(&read.services, 1, Timestamp(0));
    }
});
