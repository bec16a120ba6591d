//! Prometheus' own engine tests: every `promqltest/**/*.test` below `FIREDRILL_CORPORA`.
//!
//! A folder's name picks the semantics: `v2…` is Prometheus 2, anything else 3. Cases that are known to fail are
//! listed in `known_failures.txt`; the list only shrinks: a listed case that passes has to be removed.

mod case;
mod expected;
mod language;
mod run;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use firedrill::promql::Semantics;

const KNOWN_FAILURES: &str = include_str!("known_failures.txt");

/// The folder, where it is; else says that it is missing.
fn corpora() -> Option<PathBuf> {
    let root = match std::env::var_os("FIREDRILL_CORPORA") {
        Some(stated) => PathBuf::from(stated),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora"),
    };
    let folder = root.join("promqltest");
    if !folder.is_dir() {
        println!("skipped: no folder {}", folder.display());
        return None;
    }
    Some(folder)
}

fn test_files(folder: &Path, found: &mut BTreeSet<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            test_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "test") {
            found.insert(path);
        }
    }
}

/// `v3.14/functions.test`: as `known_failures.txt` names a file.
fn name_of(path: &Path, folder: &Path) -> String {
    path.strip_prefix(folder).unwrap_or(path).display().to_string()
}

#[test]
fn prometheus_own_engine_tests_pass() {
    let Some(folder) = corpora() else { return };
    let mut files = BTreeSet::new();
    test_files(&folder, &mut files);
    let mut known: BTreeSet<&str> = KNOWN_FAILURES
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let mut problems = Vec::new();
    let mut totals: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for path in &files {
        let name = name_of(path, &folder);
        let semantics = match name.starts_with("v2") || name.contains("/v2") {
            true => Semantics::V2,
            false => Semantics::V3,
        };
        let text = std::fs::read_to_string(path).expect("a test file that can be read");
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
    println!("known failures: {}", KNOWN_FAILURES.lines().filter(|line| line.contains(".test:")).count());
    assert!(problems.is_empty(), "{} cases:\n{}", problems.len(), problems.join("\n"));
}
