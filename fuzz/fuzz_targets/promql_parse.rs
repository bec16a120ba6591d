//! Whatever the text, the parser answers; what it accepts prints as something that it reads the same.
#![no_main]

use firedrill::promql::{ParseOptions, Semantics, parse_selector, parse_with};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for semantics in [Semantics::V2, Semantics::V3] {
        for experimental in [false, true] {
            let options = ParseOptions { semantics, experimental };
            match parse_with(text, options) {
                Ok(expr) => {
                    let printed = expr.to_string();
                    // As in Prometheus, what prints differently: quoted names are not for Prometheus 2, ranges
                    // below a millisecond print as 0s, and bytes that are no text as U+FFFD.
                    let lossy = printed.contains(char::REPLACEMENT_CHARACTER) || printed.contains("[0s");
                    if semantics == Semantics::V3 && !lossy {
                        let again = parse_with(&printed, options).expect(&printed);
                        assert_eq!(again.to_string(), printed);
                    }
                }
                Err(error) => {
                    assert!(text.get(error.range.clone()).is_some(), "{error} at {:?}", error.range)
                }
            }
        }
    }
    if let Err(error) = parse_selector(text) {
        assert!(text.get(error.range.clone()).is_some(), "{error} at {:?}", error.range);
    }
});
