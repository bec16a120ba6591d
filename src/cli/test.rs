//! `firedrill test`: scenarios read, run on all cores, and reported in the order in which they stand.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use indicatif::{ProgressBar, ProgressStyle};

use super::color::{self, When};
use super::images::ImageArguments;
use super::stages::{StackSource, Stages};
use super::{Exit, fault, output, real_world};
use crate::caught::caught;
use crate::diagnostic::{Diagnostic, Severity};
use crate::report::{self, Detail, Look, Ran, ReportFile, ScenarioResult, Status};
use crate::runner::{RunOptions, WorldKind};
use crate::scenario::Scenario;
use crate::stack::{Stack, Version};
use crate::worlds::docker::Containers;
use crate::worlds::local::Local;
use crate::worlds::real::refusals;
use crate::worlds::{WorldError, interrupt};

/// From so many scenarios on a progress line is worth its place.
const MANY: usize = 20;
const DEFAULT_SEED: u64 = 1;
const REAL_WORLDS_A_CORE: NonZeroUsize = NonZeroUsize::new(4).unwrap();

/// Run scenarios in the embedded twin, on a virtual clock, or with the real programs
///
/// Takes YAML scenarios, Gherkin features and promtool unit tests, in any mix.
#[derive(clap::Args)]
#[command(after_help = Exit::help())]
pub struct TestArguments {
    /// Files or folders; FILE:LINE takes the scenario at that line
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<String>,

    /// The documents for scenarios that name none [default: the scenario's own folder]
    #[arg(long, value_name = "PATH")]
    pub stack: Option<String>,

    /// Only scenarios with these tags, as in '@smoke and not @slow'
    #[arg(long, value_name = "EXPRESSION")]
    pub tags: Option<String>,

    /// Only scenarios whose name contains this text
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,

    /// The seed of all that is random [default: the scenario's own, or 1]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Also write a report: junit=FILE or json=FILE; may be given several times, - is standard output
    #[arg(long = "report", value_name = "KIND=FILE", value_parser = ReportFile::parse)]
    pub reports: Vec<ReportFile>,

    /// List the scenarios instead of running them
    #[arg(long)]
    pub list: bool,

    /// Tell only failures and the summary
    #[arg(long, short, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Tell each step, and when it was decided
    #[arg(long, short)]
    pub verbose: bool,

    /// Where scenarios run: the embedded twin, the real programs found on this machine, or their images
    #[arg(long, value_name = "WORLD", value_enum, default_value_t = WorldKind::Twin)]
    pub world: WorldKind,

    /// How many times as fast as the clock on the wall a real world runs: every duration in its configs is divided by it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub speed: Option<u32>,

    /// Where configs and logs are kept of a real world in which something went wrong [default: in the temporary folder]
    #[arg(long, value_name = "FOLDER")]
    pub evidence: Option<PathBuf>,

    #[command(flatten)]
    pub images: ImageArguments,

    /// How many scenarios run at once [default: one for each core; of real worlds, four]
    #[arg(long, short, value_name = "N", value_parser = at_least_one)]
    pub jobs: Option<NonZeroUsize>,

    /// Spread scrapes and evaluations over their intervals, as the real Prometheus does
    #[arg(long)]
    pub spread: bool,

    /// The Prometheus version to imitate, as in 2.45 [default: as the stack says, or the newest]
    #[arg(long, value_name = "VERSION", value_parser = version)]
    pub imitate: Option<Version>,

    /// Draw timelines with ASCII characters only
    #[arg(long)]
    pub ascii: bool,
}

fn version(text: &str) -> Result<Version, String> {
    Version::parse(text).ok_or_else(|| "this is not a version; wanted one such as 2.45 or 3.1".to_owned())
}

/// A scenario and the documents that it runs with.
pub(super) struct Job {
    pub scenario: Scenario,
    pub stack: Arc<Stack>,
}

pub fn run(arguments: &TestArguments, color: When, stages: &Stages) -> Exit {
    if let Some(report) = second_to_stdout(&arguments.reports) {
        output::complain(&format!("error: only one report can go to standard output, not {report} too"));
        return Exit::Unusable;
    }
    if let Some(mistake) = misplaced(arguments) {
        output::complain(&format!("error: {mistake}"));
        return Exit::Unusable;
    }
    let complaints_colour = color.on(&io::stderr());
    let scenarios = match selected(arguments, stages) {
        Ok((scenarios, warnings)) => {
            output::problems(&warnings, complaints_colour);
            scenarios
        }
        Err(problems) => {
            output::problems(&problems, complaints_colour);
            return Exit::Unusable;
        }
    };
    // What goes to standard output is the report that was asked for, if one was.
    let on_stderr = arguments.reports.iter().any(ReportFile::is_stdout);
    let look = look(arguments, color, on_stderr);
    let tell = |text: &str| if on_stderr { output::tell_aside(text) } else { output::say(text) };
    if arguments.list {
        tell(&report::list(&scenarios, &look));
        return Exit::Held;
    }
    let (jobs, problems) = prepared(scenarios, arguments, stages);
    if output::problems(&problems, complaints_colour) {
        return Exit::Unusable;
    }
    if let Err(exit) = real_world::installed(arguments.world, jobs.iter().map(|job| &*job.stack)) {
        return exit;
    }
    let containers = match real_world::ready(arguments.world, &arguments.images, complaints_colour) {
        Ok(containers) => containers,
        Err(exit) => return exit,
    };

    let options = options(arguments, containers);
    let results =
        run_all(&jobs, arguments, &options, stages, |result| tell(&report::scenario(result, &look)));
    if look.detail != Detail::Quiet && results.len() > 1 {
        tell("\n");
    }
    if !results.is_empty() {
        tell(&report::summary(&results, &look));
    }
    let mut exit = results.iter().map(exit_of).max().unwrap_or(Exit::Unusable);
    if interrupt::interrupted() {
        output::complain(&format!("interrupted: {} of {} scenarios were run", results.len(), jobs.len()));
        exit = exit.max(Exit::WorldFailed);
    }
    for report in &arguments.reports {
        if let Err(error) = report.write(&results) {
            output::complain(&format!("error: {error}"));
            exit = exit.max(Exit::WorldFailed);
        }
    }
    if exit == Exit::OurFault {
        output::complain(&fault::how_to_report());
    }
    exit
}

/// Options that mean nothing in the world asked for.
fn misplaced(arguments: &TestArguments) -> Option<&'static str> {
    match arguments.world {
        WorldKind::Twin if arguments.speed.is_some() => {
            Some("--speed is for real worlds; the twin's clock does not run, it jumps")
        }
        WorldKind::Twin if arguments.evidence.is_some() => {
            Some("--evidence is for real worlds; the twin has no logs")
        }
        WorldKind::Twin | WorldKind::Local if arguments.images.are_given() => {
            Some("--image and --images are for the docker world; nothing else runs images")
        }
        WorldKind::Local | WorldKind::Docker if arguments.spread => {
            Some("--spread is for the twin; the real Prometheus has offsets of its own")
        }
        _ => None,
    }
}

/// The scenarios to run, and the warnings on the way; else why there is nothing to run.
pub(super) fn selected(
    arguments: &TestArguments,
    stages: &Stages,
) -> Result<(Vec<Scenario>, Vec<Diagnostic>), Vec<Diagnostic>> {
    let (scenarios, mut problems) = (stages.read)(&arguments.paths);
    let is_error = |problem: &Diagnostic| problem.severity == Severity::Error;
    if problems.iter().any(is_error) {
        return Err(problems);
    }
    let read = scenarios.len();
    let scenarios = (stages.select)(scenarios, arguments.tags.as_deref(), arguments.filter.as_deref())
        .map_err(|problem| vec![problem])?;
    if scenarios.is_empty() {
        problems.push(nothing_selected(arguments, read));
        return Err(problems);
    }
    Ok((scenarios, problems))
}

fn nothing_selected(arguments: &TestArguments, read: usize) -> Diagnostic {
    let paths = arguments.paths.join(", ");
    if read == 0 {
        return Diagnostic::error("no-scenario", format!("there is no scenario in {paths}"))
            .help("scenarios are YAML files, Gherkin .feature files or promtool unit tests");
    }
    let mut asked = Vec::new();
    asked.extend(arguments.tags.as_ref().map(|tags| format!("tags {tags}")));
    asked.extend(arguments.filter.as_ref().map(|filter| format!("a name containing {filter:?}")));
    let read = if read == 1 { "1 scenario".to_owned() } else { format!("{read} scenarios") };
    let message = format!("no scenario is selected: of {read} in {paths} none has {}", asked.join(" and "));
    Diagnostic::error("no-scenario", message).help("firedrill test --list PATH shows names and tags")
}

/// Every scenario with its stack, each stack read once; and everything that is wrong with any of them.
pub(super) fn prepared(
    scenarios: Vec<Scenario>,
    arguments: &TestArguments,
    stages: &Stages,
) -> (Vec<Job>, Vec<Diagnostic>) {
    let mut problems = Vec::new();
    let mut stacks: BTreeMap<StackSource, Option<Arc<Stack>>> = BTreeMap::new();
    let mut jobs = Vec::new();
    for scenario in scenarios {
        let source = stack_source(&scenario, arguments);
        let stack = stacks.entry(source).or_insert_with_key(|source| {
            let read = (stages.read_stack)(source, arguments.imitate);
            match read {
                Ok((stack, warnings)) => {
                    problems.extend(warnings);
                    if arguments.world != WorldKind::Twin {
                        problems.extend(refusals::stack(&stack, &Local, arguments.speed.unwrap_or(1)));
                    }
                    Some(Arc::new(stack))
                }
                Err(wrong) => {
                    problems.extend(wrong.into_iter().map(|problem| match &scenario.stack {
                        // What can't be read at all is pointed at where it is named.
                        Some(stack) if problem.place.is_none() => problem.at(&stack.span).label("named here"),
                        _ => problem,
                    }));
                    None
                }
            }
        });
        if let Some(stack) = stack {
            problems.extend((stages.check)(&scenario, stack));
            if arguments.world != WorldKind::Twin {
                problems.extend(refusals::scenario(&scenario, stack, arguments.speed.unwrap_or(1)));
            }
            jobs.push(Job { scenario, stack: Arc::clone(stack) });
        }
    }
    (jobs, problems)
}

fn stack_source(scenario: &Scenario, arguments: &TestArguments) -> StackSource {
    if let Some(test) = &scenario.unit_test {
        return StackSource::RuleFiles(test.rule_files.iter().map(|file| file.path().to_owned()).collect());
    }
    let named = scenario.stack.as_ref().map(|stack| stack.value.clone()).or_else(|| arguments.stack.clone());
    StackSource::Path(named.unwrap_or_else(|| {
        let folder = Path::new(scenario.file.path()).parent().filter(|folder| !folder.as_os_str().is_empty());
        folder.map_or_else(|| ".".to_owned(), |folder| folder.display().to_string())
    }))
}

/// Runs every job; `told` hears of each in the jobs' order.
fn run_all(
    jobs: &[Job],
    arguments: &TestArguments,
    options: &RunOptions,
    stages: &Stages,
    told: impl Fn(&ScenarioResult),
) -> Vec<ScenarioResult> {
    let cores = || {
        let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        // Real worlds wait most of the time.
        let each = if arguments.world == WorldKind::Twin { NonZeroUsize::MIN } else { REAL_WORLDS_A_CORE };
        cores.saturating_mul(each)
    };
    let threads = arguments.jobs.unwrap_or_else(cores);
    let bar = progress_line(jobs.len());
    let mut results = Vec::with_capacity(jobs.len());
    super::pool::in_order(
        jobs,
        threads,
        |job| run_one(job, arguments, options, stages),
        |done| bar.iter().for_each(|bar| bar.set_position(done as u64)),
        |result| {
            // What was not begun is nobody's failure.
            if matches!(&result.ran, Ran::WorldFailed { error } if *error == WorldError::Interrupted.to_string())
            {
                return;
            }
            match &bar {
                Some(bar) => bar.suspend(|| told(&result)),
                None => told(&result),
            }
            results.push(result);
        },
    );
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    results
}

/// What all scenarios have in common; each has its own seed.
fn options(arguments: &TestArguments, containers: Option<Containers>) -> RunOptions {
    RunOptions {
        seed: DEFAULT_SEED,
        spread: arguments.spread,
        world: arguments.world,
        speed: arguments.speed.unwrap_or(1),
        evidence: arguments.evidence.clone().unwrap_or_else(real_world::evidence),
        containers,
    }
}

fn run_one(job: &Job, arguments: &TestArguments, options: &RunOptions, stages: &Stages) -> ScenarioResult {
    let scenario = &job.scenario;
    let seed = arguments.seed.or(scenario.seed).unwrap_or(DEFAULT_SEED);
    let options = RunOptions { seed, ..options.clone() };
    let ran = match caught(|| (stages.run)(scenario, &job.stack, &options)) {
        Ok(Ok(outcome)) => Ran::Finished {
            verdicts: outcome.verdicts,
            timeline: outcome.timeline,
            simulated: outcome.simulated,
            seed: outcome.seed,
            substituted: outcome.substituted,
            evidence: outcome.evidence,
            busy: outcome.busy,
        },
        Ok(Err(error)) => Ran::WorldFailed { error: error.to_string() },
        Err(message) => Ran::Panicked { message },
    };
    let world = match arguments.world {
        WorldKind::Twin => String::new(),
        WorldKind::Local => format!(" --world local --speed {}", options.speed),
        WorldKind::Docker => {
            format!(" --world docker --speed {}{}", options.speed, arguments.images.again())
        }
    };
    ScenarioResult { scenario: scenario.clone(), stack: job.stack.path.clone(), world, ran }
}

fn exit_of(result: &ScenarioResult) -> Exit {
    match result.status() {
        Status::Passed => Exit::Held,
        Status::Failed => Exit::Broken,
        Status::WorldFailed => Exit::WorldFailed,
        Status::Panicked => Exit::OurFault,
    }
}

fn look(arguments: &TestArguments, color: When, on_stderr: bool) -> Look {
    let (colour, width) = match on_stderr {
        true => (color.on(&io::stderr()), color::width(&io::stderr())),
        false => (color.on(&io::stdout()), color::width(&io::stdout())),
    };
    let detail = match (arguments.quiet, arguments.verbose) {
        (true, _) => Detail::Quiet,
        (_, true) => Detail::Verbose,
        _ => Detail::Normal,
    };
    Look { colour, width, ascii: arguments.ascii, detail }
}

/// Only where somebody watches, and there is something to watch.
fn progress_line(scenarios: usize) -> Option<ProgressBar> {
    if scenarios < MANY || !io::stderr().is_terminal() {
        return None;
    }
    let style = ProgressStyle::with_template("{bar:30} {pos} of {len} scenarios").ok()?;
    Some(ProgressBar::new(scenarios as u64).with_style(style))
}

fn at_least_one(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "expected a whole number from 1 on".to_owned())
}

fn second_to_stdout(reports: &[ReportFile]) -> Option<&crate::report::Format> {
    reports.iter().filter(|report| report.is_stdout()).nth(1).map(|report| &report.format)
}

#[cfg(test)]
mod tests;
