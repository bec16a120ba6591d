//! Teams' own unit tests: every `promtool/**/*_test.yaml` below `FIREDRILL_CORPORA` (default `../shared/corpora`)
//! runs as promtool 2.42 runs it, and passes; where promtool is installed, it says the same.
//!
//! `known_failures.txt` names the files that may fail: it only shrinks. A file that promtool fails too must fail.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use firedrill::documents;
use firedrill::runner::{self, RunOptions};
use firedrill::scenario::{Scenario, check, select};
use firedrill::stack::Version;

use crate::real;

const KNOWN_FAILURES: &str = include_str!("corpora_promtool/known_failures.txt");

/// The promtool that Debian ships, and that the corpora pass.
const IMITATED: Version = Version::new(2, 42);

/// Room for walking deep expressions, as on the program's own threads.
const STACK_BYTES: usize = 8 << 20;

/// What came of a file: each failed test with the reason, of so many.
pub struct Outcome {
    pub tests: usize,
    pub failures: Vec<String>,
}

impl Outcome {
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}

/// Runs a unit test file through the whole pipeline. What can't be read fails as one.
pub fn run(path: &Path) -> Outcome {
    let (scenarios, problems) = select::read(&[path.display().to_string()]);
    if !problems.is_empty() || scenarios.is_empty() {
        let mut failures: Vec<String> = problems.iter().map(ToString::to_string).collect();
        if failures.is_empty() {
            failures.push("no tests".to_owned());
        }
        return Outcome { tests: scenarios.len().max(1), failures };
    }
    let failures = scenarios.iter().filter_map(|scenario| {
        let reason = failure(scenario)?;
        Some(format!("line {}, {}: {reason}", scenario.place.line(), scenario.name))
    });
    Outcome { tests: scenarios.len(), failures: failures.collect() }
}

fn failure(scenario: &Scenario) -> Option<String> {
    let files = scenario.unit_test.iter().flat_map(|test| &test.rule_files);
    let paths: Vec<&str> = files.map(|file| file.path()).collect();
    let printed = |problems: &[firedrill::diagnostic::Diagnostic]| {
        Some(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    };
    let stack = match documents::load_rules(&paths, Some(IMITATED)) {
        Ok((stack, _)) => stack,
        Err(problems) => return printed(&problems),
    };
    let unknown = check::names(scenario, &stack);
    if !unknown.is_empty() {
        return printed(&unknown);
    }
    match runner::run(scenario, &stack, &RunOptions::default()) {
        Err(error) => Some(error.to_string()),
        Ok(outcome) if outcome.held() => None,
        Ok(outcome) => {
            let broken = outcome.verdicts.iter().filter(|verdict| !verdict.held);
            Some(broken.map(|verdict| format!("{verdict:?}")).collect::<Vec<_>>().join("\n"))
        }
    }
}

/// Whether the real promtool passes the file.
pub fn promtool_passes(path: &Path) -> bool {
    let folder = path.parent().expect("a file has a folder");
    let name = path.file_name().expect("a file has a name");
    let status = Command::new("promtool")
        .args(["test", "rules"])
        .arg(name)
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.expect("promtool starts").success()
}

/// Does some work for every item on all cores; the results are in the items' order.
pub fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { return done };
            done.push((at, work(item)));
        }
    };
    let threads = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut done: Vec<(usize, R)> = thread::scope(|scope| {
        let spawn = |_| {
            let builder = thread::Builder::new().stack_size(STACK_BYTES);
            builder.spawn_scoped(scope, worker).expect("a thread starts")
        };
        let workers: Vec<_> = (0..threads).map(spawn).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("no panic")).collect()
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

/// The folder, where it is; else says that it is missing.
fn corpora() -> Option<PathBuf> {
    let stated = std::env::var_os("FIREDRILL_CORPORA").map(PathBuf::from);
    let is_stated = stated.is_some();
    let root = stated.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora"));
    let folder = root.join("promtool");
    if !folder.is_dir() {
        assert!(!is_stated || root.is_dir(), "FIREDRILL_CORPORA: no folder {}", root.display());
        println!("skipped: no folder {}", folder.display());
        return None;
    }
    Some(folder)
}

fn test_files(folder: &Path, found: &mut BTreeSet<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            test_files(&path, found);
        } else if path.to_string_lossy().ends_with("_test.yaml") {
            found.insert(path);
        }
    }
}

#[test]
fn corpora_unit_tests_end_as_promtool_ends_them() {
    let Some(folder) = corpora() else { return };
    let mut files = BTreeSet::new();
    test_files(&folder, &mut files);
    let files: Vec<PathBuf> = files.into_iter().collect();
    let has_promtool = real::available(&["promtool"]);
    let outcomes = in_parallel(&files, |path| (run(path), has_promtool.then(|| promtool_passes(path))));

    let mut known: BTreeSet<&str> = KNOWN_FAILURES
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let mut problems = Vec::new();
    let (mut passed, mut total) = (0, 0);
    for (path, (outcome, promtool)) in files.iter().zip(&outcomes) {
        let name = path.strip_prefix(&folder).unwrap_or(path).display().to_string();
        let failed = outcome.failures.len().min(outcome.tests);
        let aside = if *promtool == Some(false) { ", promtool fails it too" } else { "" };
        println!("{name}: {}/{}{aside}", outcome.tests - failed, outcome.tests);
        (passed, total) = (passed + outcome.tests - failed, total + outcome.tests);
        let wanted = promtool.unwrap_or(true);
        match (outcome.passed() == wanted, known.take(name.as_str()).is_some()) {
            // Without promtool nobody knows whether the file's own fault makes it fail.
            (true, true) if promtool.is_some() => {
                problems.push(format!("{name} ends as in promtool now: remove it from the known failures"));
            }
            (false, false) if wanted => problems.push(format!("{name}\n{}", outcome.failures.join("\n"))),
            (false, false) => problems.push(format!("{name} passes, and fails in promtool")),
            _ => {}
        }
    }
    println!("promtool: {passed} of {total} tests in {} files passed", files.len());
    assert!(problems.is_empty(), "{} files:\n{}", problems.len(), problems.join("\n"));
}
