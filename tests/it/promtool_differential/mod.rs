//! The same random input to us and to the real `promtool` (2.42, so with Prometheus 2's semantics).
//!
//! The seed is fixed. `FIREDRILL_CASES` says how many cases are tried, `FIREDRILL_SEED` gives another seed.

mod evaluation;
mod grammar;
mod parsing;
mod unit_tests;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// How many cases a test tries, unless the environment says otherwise.
fn cases() -> usize {
    env_number("FIREDRILL_CASES").unwrap_or(500) as usize
}

fn env_number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

fn runner() -> TestRunner {
    let mut seed = [7; 32];
    if let Some(number) = env_number("FIREDRILL_SEED") {
        seed[..8].copy_from_slice(&number.to_le_bytes());
    }
    let config = Config { failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
}

/// Random values that can still be shrunk.
fn generate<S: Strategy>(strategy: &S, count: usize, runner: &mut TestRunner) -> Vec<S::Tree> {
    (0..count).map(|_| strategy.new_tree(runner).expect("a value")).collect()
}

/// The simplest value near this one that still fails. Each try is a run of the real program, so there are few.
fn shrink<T: ValueTree>(mut tree: T, fails: impl Fn(&T::Value) -> bool) -> T::Value {
    let mut simplest = tree.current();
    for _ in 0..30 {
        if !tree.simplify() {
            break;
        }
        let mut candidate = tree.current();
        while !fails(&candidate) {
            if !tree.complicate() {
                return simplest;
            }
            candidate = tree.current();
        }
        simplest = candidate;
    }
    simplest
}
