//! Prometheus' own engine tests: every `promqltest/**/*.test` below `FIREDRILL_CORPORA`.
//!
//! A folder's name picks the semantics: `v2…` is Prometheus 2, anything else 3. Cases that are known to fail are
//! listed in `known_failures.txt`; the list only shrinks: a listed case that passes has to be removed.

mod case;
mod expected;
mod language;
mod run;

use std::collections::BTreeMap;

use firedrill::promql::Semantics;

use crate::corpora;

const KNOWN_FAILURES: &str = include_str!("known_failures.txt");

#[test]
fn prometheus_own_engine_tests_pass() {
    let Some(folder) = corpora::folder("promqltest") else { return };
    let mut known = corpora::known(KNOWN_FAILURES);
    let known_failures = known.len();
    let mut problems = Vec::new();
    let mut totals: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for path in corpora::files(&folder, ".test") {
        let name = corpora::name_of(&path, &folder);
        let semantics = match name.starts_with("v2") || name.contains("/v2") {
            true => Semantics::V2,
            false => Semantics::V3,
        };
        let text =
            String::from_utf8_lossy(&std::fs::read(&path).expect("a file that can be read")).into_owned();
        let outcomes = run::run(&text, semantics);
        let passed = outcomes.iter().filter(|outcome| outcome.failure.is_none()).count();
        println!("{name}: {passed}/{}", outcomes.len());
        let total = totals.entry(name.split('/').next().unwrap_or_default().to_owned()).or_default();
        *total = (total.0 + passed, total.1 + outcomes.len());
        for outcome in outcomes {
            let case = format!("{name}:{} {}", outcome.line, outcome.command);
            match (outcome.failure, known.take(case.as_str()).is_some()) {
                (None, true) => {
                    problems.push(format!("{case}\n    passes now: remove it from the known failures"))
                }
                (Some(failure), false) => problems.push(format!("{case}\n    {failure}")),
                _ => {}
            }
        }
    }
    for (version, (passed, total)) in &totals {
        println!("{version}: {passed} of {total} passed");
    }
    println!("known failures: {known_failures}");
    assert!(problems.is_empty(), "{} cases:\n{}", problems.len(), problems.join("\n"));
}
