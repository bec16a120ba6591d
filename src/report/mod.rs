//! What a run came to, for a person or for a machine. Reports compute nothing: they lay out verdicts and timelines.
//!
//! Every time in a report is the world's own, counted from its scenario's beginning; no report reads a clock or names
//! the machine. So the same input gives the same bytes.

pub mod check;
mod drawing;
pub mod drill;
mod failure;
mod file;
mod json;
mod junit;
mod look;
mod terminal;

use std::path::PathBuf;

use crate::judge::Verdict;
use crate::scenario::{Scenario, What};
use crate::time::{Duration, Timestamp};
use crate::timeline::{Observed, Timeline};
use crate::worlds::real::Substituted;

pub use file::{Format, ReportFile, WriteError, write_text};
pub use json::{JSON_VERSION, json};
pub use junit::junit;
pub use look::{Detail, Look};
pub use terminal::{list, scenario, summary};

/// A scenario and what came of it.
#[derive(Clone, Debug)]
pub struct ScenarioResult {
    pub scenario: Scenario,
    /// The documents that it ran with, as the person named them.
    pub stack: String,
    /// The options that name the world, to run it again: ` --world local --speed 60`; nothing for the twin.
    pub world: String,
    pub ran: Ran,
}

#[derive(Clone, Debug)]
pub enum Ran {
    /// Every step was run.
    Finished {
        verdicts: Vec<Verdict>,
        timeline: Timeline,
        simulated: Duration,
        seed: u64,
        /// What a real world ran with otherwise than the team wrote it.
        substituted: Substituted,
        /// Where its configs and logs were kept, because something went wrong.
        evidence: Option<PathBuf>,
        /// What shows that the machine was too busy for a real world: what broke may be its doing.
        busy: Option<String>,
    },
    /// The world could not be started, or was lost on the way.
    WorldFailed { error: String },
    /// Our own fault.
    Panicked { message: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    Passed,
    Failed,
    WorldFailed,
    Panicked,
}

impl ScenarioResult {
    pub fn status(&self) -> Status {
        match &self.ran {
            Ran::Finished { verdicts, .. } if verdicts.iter().all(|verdict| verdict.held) => Status::Passed,
            Ran::Finished { .. } => Status::Failed,
            Ran::WorldFailed { .. } => Status::WorldFailed,
            Ran::Panicked { .. } => Status::Panicked,
        }
    }

    pub fn verdicts(&self) -> &[Verdict] {
        match &self.ran {
            Ran::Finished { verdicts, .. } => verdicts,
            _ => &[],
        }
    }

    /// `path:line`, which selects the scenario on the command line.
    pub fn address(&self) -> String {
        address(&self.scenario)
    }

    /// The time at which each step was done: a when-step's moment, a then-step's decision.
    fn step_times(&self) -> Vec<Option<Timestamp>> {
        let Ran::Finished { verdicts, timeline, .. } = &self.ran else {
            return vec![None; self.scenario.steps.len()];
        };
        let mut moments = timeline.observations.iter().filter_map(|seen| match seen.what {
            Observed::Moment { .. } => Some(seen.at),
            _ => None,
        });
        let steps = self.scenario.steps.iter().enumerate();
        steps
            .map(|(index, step)| match &step.what {
                What::Given(_) => None,
                What::When(_) => moments.next(),
                What::Then(_) => verdicts.iter().find(|verdict| verdict.step == index).map(|v| v.decided),
            })
            .collect()
    }
}

/// `path:line`, which selects the scenario on the command line.
pub fn address(scenario: &Scenario) -> String {
    format!("{}:{}", scenario.place.file.path(), scenario.place.line())
}

/// What a whole run came to, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub passed: usize,
    pub failed: usize,
    /// Worlds that failed, and our own faults.
    pub broken: usize,
    pub expectations: usize,
    pub expectations_failed: usize,
    pub simulated: Duration,
}

impl Totals {
    pub fn of<'a>(results: impl IntoIterator<Item = &'a ScenarioResult>) -> Totals {
        let mut totals = Totals::default();
        for result in results {
            match result.status() {
                Status::Passed => totals.passed += 1,
                Status::Failed => totals.failed += 1,
                Status::WorldFailed | Status::Panicked => totals.broken += 1,
            }
            totals.expectations += result.verdicts().len();
            totals.expectations_failed += result.verdicts().iter().filter(|verdict| !verdict.held).count();
            if let Ran::Finished { simulated, .. } = &result.ran {
                totals.simulated = Duration(totals.simulated.0.saturating_add(simulated.0));
            }
        }
        totals
    }

    pub fn scenarios(&self) -> usize {
        self.passed + self.failed + self.broken
    }
}

#[cfg(test)]
mod tests;
