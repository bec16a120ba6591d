//! `firedrill parity`: the same scenarios in the twin and with the real programs, their timelines held against each other.

use std::io;
use std::num::NonZeroUsize;
use std::path::Path;

use serde_json::{Value, json};

use super::color::When;
use super::images::ImageArguments;
use super::stages::Stages;
use super::test::{self, Job, TestArguments};
use super::{Exit, output, real_world};
use crate::caught::caught;
use crate::documents;
use crate::parity::{self, Compared, Told, Tolerance};
use crate::report;
use crate::runner::{self, RunOptions, WorldKind};
use crate::stack::{Version, alertmanager};
use crate::time::Duration;
use crate::worlds::docker::Containers;
use crate::worlds::local;
use crate::worlds::real::place::Program;

/// Run scenarios in the twin and with the real programs, and compare what was seen
///
/// Compared are the states of alerts, notifications and their texts. Whether the scenarios' own claims hold is not asked.
#[derive(clap::Args)]
#[command(after_help = Exit::help())]
pub struct ParityArguments {
    /// Files or folders; FILE:LINE takes the scenario at that line
    #[arg(required = true, value_name = "SCENARIO")]
    pub paths: Vec<String>,

    /// The real world to compare with
    #[arg(long, value_name = "WORLD", value_enum, default_value_t = WorldKind::Local)]
    pub world: WorldKind,

    /// How many times as fast as the clock on the wall the real world runs
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub speed: u32,

    /// How far instants may lie apart, as in 30s [default: one evaluation, or one scrape where that is longer]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub tolerance: Option<Duration>,

    #[command(flatten)]
    pub images: ImageArguments,

    /// The documents for scenarios that name none [default: the scenario's own folder]
    #[arg(long, value_name = "PATH")]
    pub stack: Option<String>,

    /// Only scenarios with these tags
    #[arg(long, value_name = "EXPRESSION")]
    pub tags: Option<String>,

    /// Only scenarios whose name contains this text
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,

    /// How many scenarios run at once [default: 4]
    #[arg(long, short, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,

    /// Also write what was found as JSON; - is standard output
    #[arg(long, value_name = "FILE")]
    pub json: Option<String>,
}

/// How often a scenario is run for real while the machine is too busy for what differs to say anything.
const ATTEMPTS: u32 = 3;

const DEFAULT_SEED: u64 = 1;
const DEFAULT_JOBS: NonZeroUsize = NonZeroUsize::new(4).unwrap();

fn duration(text: &str) -> Result<Duration, String> {
    Duration::parse(text).map_err(|error| error.to_string())
}

/// A scenario's comparison, or why there is none.
struct Held {
    address: String,
    name: String,
    compared: Result<Compared, String>,
}

pub fn run(arguments: &ParityArguments, color: When) -> Exit {
    if arguments.world == WorldKind::Twin {
        output::complain("error: the twin is compared with a real world; name one, as in --world local");
        return Exit::Unusable;
    }
    let complaints_colour = color.on(&io::stderr());
    let containers = match real_world::ready(arguments.world, &arguments.images, complaints_colour) {
        Ok(containers) => containers,
        Err(exit) => return exit,
    };
    let real = Real { world: arguments.world, containers };
    let stages = Stages::REAL;
    let asked = selection(arguments, &real);
    let scenarios = match test::selected(&asked, &stages) {
        Ok((scenarios, warnings)) => {
            output::problems(&warnings, complaints_colour);
            scenarios
        }
        Err(problems) => {
            output::problems(&problems, complaints_colour);
            return Exit::Unusable;
        }
    };
    let (jobs, problems) = test::prepared(scenarios, &asked, &stages);
    if output::problems(&problems, complaints_colour) {
        return Exit::Unusable;
    }
    if let Err(exit) = real_world::installed(arguments.world, jobs.iter().map(|job| &*job.stack)) {
        return exit;
    }
    let on_stderr = arguments.json.as_deref() == Some("-");
    let tell = |text: &str| if on_stderr { output::tell_aside(text) } else { output::say(text) };
    let mut all = Vec::new();
    super::pool::in_order(
        &jobs,
        arguments.jobs.unwrap_or(DEFAULT_JOBS),
        |job| held(job, arguments, &real),
        |_| {},
        |held: Held| {
            tell(&told(&held));
            all.push(held);
        },
    );
    tell(&summary(&all));
    if let Some(path) = &arguments.json
        && let Err(error) = write(path, &json_of(&all))
    {
        output::complain(&format!("error: {path}: {error}"));
        return Exit::WorldFailed;
    }
    let exit = |held: &Held| match &held.compared {
        Err(_) => Exit::WorldFailed,
        Ok(compared) if compared.differences.is_empty() => Exit::Held,
        Ok(_) => Exit::Broken,
    };
    all.iter().map(exit).max().unwrap_or(Exit::Unusable)
}

/// What `firedrill test` would be asked: the twin imitates the releases that run.
fn selection(arguments: &ParityArguments, real: &Real) -> TestArguments {
    TestArguments {
        paths: arguments.paths.clone(),
        stack: arguments.stack.clone(),
        tags: arguments.tags.clone(),
        filter: arguments.filter.clone(),
        seed: None,
        reports: Vec::new(),
        list: false,
        quiet: false,
        verbose: false,
        world: arguments.world,
        speed: Some(arguments.speed),
        evidence: None,
        images: arguments.images.clone(),
        jobs: arguments.jobs,
        spread: false,
        imitate: real.version(Program::Prometheus).and_then(|text| Version::parse(&text)),
        ascii: false,
    }
}

/// The world that the twin is compared with.
struct Real {
    world: WorldKind,
    containers: Option<Containers>,
}

impl Real {
    /// The release that runs, where it is known beforehand.
    fn version(&self, program: Program) -> Option<String> {
        match &self.containers {
            Some(containers) => containers.version(program),
            None => local::version(program),
        }
    }
}

fn held(job: &Job, arguments: &ParityArguments, real: &Real) -> Held {
    let compared = caught(|| compared(job, arguments, real)).unwrap_or_else(Err);
    Held { address: report::address(&job.scenario), name: job.scenario.name.clone(), compared }
}

fn compared(job: &Job, arguments: &ParityArguments, real: &Real) -> Result<Compared, String> {
    let mut stack = (*job.stack).clone();
    let version = real.version(Program::Alertmanager);
    if let (Some(config), Some(version)) = (&mut stack.alertmanager, version)
        && let Some(version) = alertmanager::Version::parse(&version)
        // Defaults are those of the release.
        && let (Some(read), _) = documents::alertmanager::read(&config.place.file, version)
    {
        let (template_files, external_url) = (config.template_files.clone(), config.external_url.clone());
        *config = alertmanager::Alertmanager { template_files, external_url, ..read };
    }
    let options = RunOptions {
        seed: job.scenario.seed.unwrap_or(DEFAULT_SEED),
        spread: false,
        world: WorldKind::Twin,
        speed: arguments.speed,
        evidence: real_world::evidence(),
        containers: real.containers.clone(),
    };
    let run = |world: WorldKind| {
        let options = RunOptions { world, ..options.clone() };
        runner::run(&job.scenario, &stack, &options).map_err(|error| error.to_string())
    };
    let told = |outcome: &'_ runner::Outcome| outcome.timeline.start + outcome.simulated;
    let tolerance = Tolerance::of(&stack, &job.scenario, arguments.speed, arguments.tolerance);
    let twin = run(WorldKind::Twin)?;
    let mut attempt = 1;
    loop {
        let seen = run(real.world)?;
        let compared = parity::compare(
            Told { timeline: &twin.timeline, end: told(&twin) },
            Told { timeline: &seen.timeline, end: told(&seen) },
            tolerance,
        );
        match seen.busy.filter(|_| !compared.differences.is_empty()) {
            None => return Ok(compared),
            Some(_) if attempt < ATTEMPTS => attempt += 1,
            Some(busy) => {
                return Err(format!(
                    "this machine is too busy to compare: {busy}\nrun fewer at once (--jobs) or slower (--speed)"
                ));
            }
        }
    }
}

fn told(held: &Held) -> String {
    match &held.compared {
        Err(error) => format!("LOST  {}  {}\n\nerror[world-failed]: {error}\n\n", held.address, held.name),
        Ok(compared) => match compared.differences.first() {
            None => format!("SAME  {}  {} ({})\n", held.address, held.name, counted(compared)),
            Some(first) => format!(
                "DIFF  {}  {} ({})\n\n  {}\n    twin: {}\n    real: {}\n{}\n",
                held.address,
                held.name,
                counted(compared),
                first.what,
                first.twin,
                first.real,
                match compared.differences.len() {
                    1 => String::new(),
                    more => format!("  and {} more\n", more - 1),
                }
            ),
        },
    }
}

fn counted(compared: &Compared) -> String {
    let apart = match &compared.largest {
        Some((apart, of)) => format!("; at most {apart} apart, the {of}"),
        None => String::new(),
    };
    format!(
        "{} transitions, {} notifications, {} texts{apart}",
        compared.transitions, compared.notifications, compared.payloads
    )
}

fn summary(all: &[Held]) -> String {
    let lost = all.iter().filter(|held| held.compared.is_err()).count();
    let compared = || all.iter().filter_map(|held| held.compared.as_ref().ok());
    let differ = compared().filter(|compared| !compared.differences.is_empty()).count();
    let sum = |count: fn(&Compared) -> usize| compared().map(count).sum::<usize>();
    let largest = compared().filter_map(|compared| compared.largest.as_ref()).max_by_key(|(apart, _)| *apart);
    let largest = largest.map_or(String::new(), |(apart, of)| format!("; at most {apart} apart: the {of}"));
    let mut parts = vec![format!("{} the same", all.len() - differ - lost)];
    if differ > 0 {
        parts.push(format!("{differ} differ"));
    }
    if lost > 0 {
        parts.push(format!("{lost} could not be run"));
    }
    let scenarios = if all.len() == 1 { "1 scenario".to_owned() } else { format!("{} scenarios", all.len()) };
    format!(
        "\n{scenarios}: {}; {} transitions, {} notifications, {} texts{largest}\n",
        parts.join(", "),
        sum(|one| one.transitions),
        sum(|one| one.notifications),
        sum(|one| one.payloads),
    )
}

fn json_of(all: &[Held]) -> Value {
    let one = |held: &Held| {
        let mut value = json!({ "scenario": held.address, "name": held.name });
        match &held.compared {
            Err(error) => value["error"] = json!(error),
            Ok(compared) => {
                value["transitions"] = json!(compared.transitions);
                value["notifications"] = json!(compared.notifications);
                value["texts"] = json!(compared.payloads);
                value["largest_seconds"] = json!(compared.largest.as_ref().map(|(apart, _)| apart.seconds()));
                value["largest_of"] = json!(compared.largest.as_ref().map(|(_, of)| of));
                value["differences"] = compared
                    .differences
                    .iter()
                    .map(|one| json!({ "what": one.what, "twin": one.twin, "real": one.real }))
                    .collect();
            }
        }
        value
    };
    json!({ "version": 1, "scenarios": all.iter().map(one).collect::<Vec<_>>() })
}

fn write(path: &str, value: &Value) -> io::Result<()> {
    let text = format!("{value:#}\n");
    match path {
        "-" => {
            output::say(&text);
            Ok(())
        }
        path => std::fs::write(Path::new(path), text),
    }
}
