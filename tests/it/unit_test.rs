//! A promtool unit test file through the whole pipeline, and through the real promtool.

use std::path::Path;
use std::process::Command;

use firedrill::diagnostic::{Diagnostic, Severity};
use firedrill::documents;
use firedrill::runner::{self, RunOptions};
use firedrill::scenario::{Scenario, check, select};
use firedrill::stack::Version;

/// The promtool that Debian ships.
const IMITATED: Version = Version::new(2, 42);

/// What promtool lets pass and firedrill refuses on purpose: a test must never pass because of a typo.
const REFUSED_ON_PURPOSE: &[&str] =
    &["unknown-alert", "no-then", "no-tests", "no-scenarios", "no-rule-files"];

/// What came of a file: each failed test with the reason, of so many.
pub struct Outcome {
    pub tests: usize,
    pub failures: Vec<String>,
    /// What could not even be run, and for nothing but reasons of ours.
    pub refused_on_purpose: Option<&'static str>,
}

impl Outcome {
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }

    fn unreadable(tests: usize, problems: &[Diagnostic]) -> Self {
        Outcome {
            tests: tests.max(1),
            failures: problems.iter().map(ToString::to_string).collect(),
            refused_on_purpose: on_purpose(problems),
        }
    }
}

fn is_error(problem: &Diagnostic) -> bool {
    problem.severity == Severity::Error
}

fn on_purpose(problems: &[Diagnostic]) -> Option<&'static str> {
    let ids = problems.iter().map(|problem| problem.id);
    ids.clone().all(|id| REFUSED_ON_PURPOSE.contains(&id)).then(|| ids.clone().next()).flatten()
}

/// Runs a unit test file. What can't be read fails as one.
pub fn run(path: &Path) -> Outcome {
    let (scenarios, problems) = select::read(&[path.display().to_string()]);
    if problems.iter().any(is_error) || scenarios.is_empty() {
        return Outcome::unreadable(scenarios.len(), &problems);
    }
    let mut outcome = Outcome { tests: scenarios.len(), failures: Vec::new(), refused_on_purpose: None };
    for scenario in &scenarios {
        match problems_of(scenario) {
            Err(problems) => {
                outcome.failures.extend(problems.iter().map(ToString::to_string));
                outcome.refused_on_purpose = outcome.refused_on_purpose.or(on_purpose(&problems));
            }
            Ok(None) => {}
            Ok(Some(reason)) => {
                let place = scenario.place.line();
                outcome.failures.push(format!("line {place}, {}: {reason}", scenario.name));
            }
        }
    }
    outcome
}

/// Why the test fails, if it does, or what keeps it from running.
fn problems_of(scenario: &Scenario) -> Result<Option<String>, Vec<Diagnostic>> {
    let files = scenario.unit_test.iter().flat_map(|test| &test.rule_files);
    let paths: Vec<&str> = files.map(|file| file.path()).collect();
    let (stack, _) = documents::load_rules(&paths, Some(IMITATED))?;
    let unknown = check::names(scenario, &stack);
    if !unknown.is_empty() {
        return Err(unknown);
    }
    Ok(match runner::run(scenario, &stack, &RunOptions::default()) {
        Err(error) => Some(error.to_string()),
        Ok(outcome) if outcome.held() => None,
        Ok(outcome) => {
            let broken = outcome.verdicts.iter().filter(|verdict| !verdict.held);
            Some(broken.map(|verdict| format!("{verdict:?}")).collect::<Vec<_>>().join("\n"))
        }
    })
}

/// How the real promtool ends a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promtool {
    Passes,
    Fails,
    /// The file has a key of a later promtool.
    TooOld,
}

pub fn promtool(path: &Path) -> Promtool {
    let folder = path.parent().expect("a file has a folder");
    let name = path.file_name().expect("a file has a name");
    let command = Command::new("promtool").args(["test", "rules"]).arg(name).current_dir(folder).output();
    let output = command.expect("promtool starts");
    let is_unknown_key = |text: &[u8]| {
        let text = String::from_utf8_lossy(text);
        text.contains("not found in type main.")
    };
    match output.status.success() {
        true => Promtool::Passes,
        false if is_unknown_key(&output.stderr) || is_unknown_key(&output.stdout) => Promtool::TooOld,
        false => Promtool::Fails,
    }
}
