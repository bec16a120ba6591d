//! Teams' own unit tests: every `promtool/**/*_test.yaml` in the corpora runs as promtool 2.42 runs it, and passes;
//! where promtool is installed, it says the same.
//!
//! `known_failures.txt` names the files that may fail: it only shrinks. A file that promtool fails too must fail.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::unit_test::{self, Promtool};
use crate::{corpora, real};

const KNOWN_FAILURES: &str = include_str!("corpora_promtool/known_failures.txt");

/// Room for walking deep expressions, as on the program's own threads.
const STACK_BYTES: usize = 8 << 20;

#[test]
fn corpora_unit_tests_end_as_promtool_ends_them() {
    let Some(folder) = corpora::folder("promtool") else { return };
    let files: Vec<PathBuf> = corpora::files(&folder, "_test.yaml").into_iter().collect();
    let has_promtool = real::available(&["promtool"]);
    let outcomes =
        in_parallel(&files, |path| (unit_test::run(path), has_promtool.then(|| unit_test::promtool(path))));

    let mut known = corpora::known(KNOWN_FAILURES);
    let mut problems = Vec::new();
    let (mut passed, mut total) = (0, 0);
    for (path, (outcome, promtool)) in files.iter().zip(&outcomes) {
        let name = corpora::name_of(path, &folder);
        let failed = outcome.failures.len().min(outcome.tests);
        let mut aside = String::new();
        if let Some(id) = outcome.refused_on_purpose {
            aside.push_str(&format!(", refused on purpose: {id}"));
        }
        match promtool {
            Some(Promtool::Fails) => aside.push_str(", promtool fails it too"),
            Some(Promtool::TooOld) => aside.push_str(", with keys that this promtool does not know"),
            Some(Promtool::Passes) | None => {}
        }
        println!("{name}: {}/{}{aside}", outcome.tests - failed, outcome.tests);
        (passed, total) = (passed + outcome.tests - failed, total + outcome.tests);
        let is_known = known.take(name.as_str()).is_some();
        match (outcome.passed(), promtool) {
            // Without promtool nobody knows whether the file's own fault makes it fail.
            (true, Some(Promtool::Passes)) if is_known => {
                problems.push(format!("{name} ends as in promtool now: remove it from the known failures"));
            }
            (true, Some(Promtool::Fails)) => problems.push(format!("{name} passes, and fails in promtool")),
            (false, None | Some(Promtool::Passes)) if !is_known && outcome.refused_on_purpose.is_none() => {
                problems.push(format!("{name}\n{}", outcome.failures.join("\n")));
            }
            _ => {}
        }
    }
    println!("promtool: {passed} of {total} tests in {} files passed", files.len());
    assert!(problems.is_empty(), "{} files:\n{}", problems.len(), problems.join("\n"));
}

/// Does some work for every item on all cores; the results are in the items' order.
fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
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
