//! Whatever is written for a number, a duration, a time or a URL, it is one or refused.
#![no_main]

use firedrill::golang::{self, quote, unquote};
use firedrill::scenario::tags::TagExpression;
use firedrill::scenario::values;
use firedrill::time::Duration;
use firedrill_fuzz::shown;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(duration) = Duration::parse(text) {
        assert_eq!(Duration::parse(&duration.to_string()).as_ref(), Ok(&duration));
    }
    let _ = values::duration(text);
    let _ = values::number(text);
    let _ = values::ratio(text);
    let _ = values::rate(text);
    let _ = values::latency(text);
    let _ = values::comparison(text);
    let _ = values::times(text);
    let _ = values::timestamp(text);
    let _ = golang::parse_float(text);
    let _ = golang::url::check(text);
    golang::url::credentials(text);
    assert_eq!(unquote(&quote(text)).as_deref(), Some(text));
    if let Err(problem) = TagExpression::parse(text) {
        shown(&[problem]);
    }
});
