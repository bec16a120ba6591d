//! The stages that a command runs through, named in one place.
//!
//! `firedrill test` is handed them as a value, so that what it does with panics, lost worlds and unusable files is tested
//! without any.

use crate::diagnostic::{Diagnostic, Severity};
use crate::documents;
use crate::runner::{self, Outcome, RunOptions};
use crate::scenario::{self, Scenario, check, select};
use crate::stack::{Stack, Version};
use crate::twin::alertmanager::check::templates as check_templates;
use crate::worlds::WorldError;

/// What `firedrill test` does, stage by stage.
pub struct Stages {
    pub read: Read,
    pub select: Select,
    pub read_stack: ReadStack,
    pub check: Check,
    pub run: Run,
}

/// The scenarios in files and folders (or at `file:line`), and everything that is wrong with them.
pub type Read = fn(&[String]) -> (Vec<Scenario>, Vec<Diagnostic>);
/// Those with the tags and the name asked for.
pub type Select = fn(Vec<Scenario>, Option<&str>, Option<&str>) -> Result<Vec<Scenario>, Diagnostic>;
/// The documents of a scenario, imitating the version asked for, with warnings.
pub type ReadStack = fn(&StackSource, Option<Version>) -> documents::Loaded;
/// What a scenario names that its stack does not have.
pub type Check = fn(&Scenario, &Stack) -> Vec<Diagnostic>;
pub type Run = fn(&Scenario, &Stack, &RunOptions) -> Result<Outcome, WorldError>;

/// Where a scenario's documents come from; scenarios with the same share one stack.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StackSource {
    /// A folder or a file.
    Path(String),
    /// A unit test's rule files, and nothing else.
    RuleFiles(Vec<String>),
}

impl Stages {
    /// The stages of the program itself.
    pub const REAL: Stages = Stages {
        read: select::read,
        select: select::narrow,
        read_stack,
        check: check::names,
        run: runner::run,
    };
}

fn read_stack(source: &StackSource, imitate: Option<Version>) -> documents::Loaded {
    let (stack, mut problems) = match source {
        StackSource::Path(path) => documents::load(&[path], imitate),
        StackSource::RuleFiles(paths) => documents::load_rules(paths, imitate),
    }?;
    if let Some(alertmanager) = &stack.alertmanager {
        problems.extend(check_templates(alertmanager));
    }
    match problems.iter().any(|problem| problem.severity == Severity::Error) {
        true => Err(problems),
        false => Ok((stack, problems)),
    }
}

/// The JSON schema of YAML scenarios.
pub fn schema() -> String {
    format!("{:#}\n", scenario::schema::schema())
}

/// Every phrase; as Markdown, the documentation page.
pub fn steps(markdown: bool) -> String {
    if markdown { scenario::manual::markdown() } else { scenario::manual::text() }
}
