//! Whatever the pattern, it is translated or refused, and what is translated compiles and replaces.
#![no_main]

use firedrill::golang::regex::{compile, compile_anchored, compile_whole, quote_meta, replace_all};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (pattern, subject) = text.split_once('\n').unwrap_or((text, "api-1:80 é"));
    for compile in [compile, compile_anchored, compile_whole] {
        if let Ok(regex) = compile(pattern) {
            replace_all(&regex, subject, "${1}-$0-$x");
        }
    }
    let quoted = compile_whole(&quote_meta(pattern)).expect("a literal");
    assert!(quoted.is_match(pattern));
});
