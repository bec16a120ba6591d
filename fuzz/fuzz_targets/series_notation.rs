//! Whatever the text, it is a series or an error with a place in the text.
#![no_main]

use firedrill::promql::series::{is_start_timestamps, parse_start_timestamps};
use firedrill::promql::{parse_metric, parse_series};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let series = parse_series(text).map(drop);
    let metric = parse_metric(text).map(drop);
    for error in [series, metric].into_iter().filter_map(Result::err) {
        assert!(text.get(error.range.clone()).is_some(), "{error} at {:?}", error.range);
    }
    if is_start_timestamps(text)
        && let Err(error) = parse_start_timestamps(text)
    {
        assert!(text.get(error.range.clone()).is_some(), "{error} at {:?}", error.range);
    }
});
