//! Whatever the text, both grammars read it or refuse it; what is read prints as something that reads the same.
#![no_main]

use firedrill::labels::Labels;
use firedrill::stack::alertmanager::{Grammar, parse_matchers};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for grammar in [Grammar::Classic, Grammar::Fallback] {
        let Ok(matchers) = parse_matchers(text, grammar) else { continue };
        for matcher in matchers {
            matcher.matches(&Labels::from_pairs([(matcher.name.as_str(), "a")]));
            let printed = matcher.to_string();
            let again = parse_matchers(&printed, Grammar::Fallback);
            if grammar == Grammar::Fallback {
                let again = again.unwrap_or_else(|error| panic!("{printed}: {error}"));
                assert_eq!(again.iter().map(ToString::to_string).collect::<Vec<_>>(), [printed]);
            }
        }
    }
});
