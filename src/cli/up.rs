//! `firedrill up`: a stack stood up with its synthetic traffic and kept, for people to look at and to try things in.

use std::io::{self, BufRead};
use std::sync::mpsc;
use std::thread;

use super::color::When;
use super::images::ImageArguments;
use super::stages::{StackSource, Stages};
use super::{Exit, output, real_world};
use crate::diagnostic::{Diagnostic, SourceFile};
use crate::labels::Labels;
use crate::runner::WorldKind;
use crate::scenario::phrases::{self, Built, Kind, Sentence};
use crate::scenario::{Action, Change, Given, Scenario, Step, What, When as WhenStep};
use crate::stack::Stack;
use crate::time::{Duration, Timestamp};
use crate::timeline::{Observation, Observed};
use crate::twin;
use crate::worlds::local::Local;
use crate::worlds::real::{RealWorld, refusals};
use crate::worlds::{World, WorldError};

/// Stand a stack up with synthetic traffic, and keep it until Ctrl-C
///
/// Takes when-steps from the keyboard, in the words of features: "api" errors rise to 8%. Without the keyword.
#[derive(clap::Args)]
#[command(after_help = Exit::help())]
pub struct UpArguments {
    /// The stack: a folder or a file
    #[arg(value_name = "STACK")]
    pub stack: String,

    /// Where it runs
    #[arg(long, value_name = "WORLD", value_enum, default_value_t = WorldKind::Local)]
    pub world: WorldKind,

    #[command(flatten)]
    pub images: ImageArguments,

    /// How many times as fast as the clock on the wall: every duration in its configs is divided by it
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub speed: u32,

    /// The seed of all that is random
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
}

/// How long programs take to start and to be scraped once, in seconds.
const TO_STAND: i64 = 10;

/// How far time goes on before the keyboard is looked at again, in the machine's time.
const LOOK_MS: i64 = 250;

pub fn run(arguments: &UpArguments, color: When) -> Exit {
    if arguments.world == WorldKind::Twin {
        output::complain(
            "error: the twin has nothing to look at while it stands; name a real world, as in --world local",
        );
        return Exit::Unusable;
    }
    let colour = color.on(&io::stderr());
    let source = StackSource::Path(arguments.stack.clone());
    let stack = match (Stages::REAL.read_stack)(&source, None) {
        Ok((stack, mut problems)) => {
            problems.extend(refusals::stack(&stack, &Local, arguments.speed));
            if output::problems(&problems, colour) {
                return Exit::Unusable;
            }
            stack
        }
        Err(problems) => {
            output::problems(&problems, colour);
            return Exit::Unusable;
        }
    };
    if let Err(exit) = real_world::installed(arguments.world, std::iter::once(&stack)) {
        return exit;
    }
    let containers = match real_world::ready(arguments.world, &arguments.images, colour) {
        Ok(containers) => containers,
        Err(exit) => return exit,
    };
    let containers = containers.as_ref().map(|containers| containers.of(&stack));
    let place = containers.as_deref().unwrap_or(&Local);
    let scenario = nothing(&stack);
    let start = twin::start_of(&scenario, &stack);
    let mut world = RealWorld::new(&stack, place, start, arguments.speed, arguments.seed);
    let normal = twin::warm_up_of(&stack);
    let takes = Duration::from_secs(normal.0 / 1000 / i64::from(arguments.speed) + TO_STAND);
    output::say(&format!(
        "standing up {} (what is normal goes on for {normal} first: about {takes} from now) …\n",
        stack.path
    ));
    match keep(&mut world, &stack, scenario, arguments.speed, colour) {
        Ok(()) | Err(WorldError::Interrupted) => {
            output::say("torn down\n");
            Exit::Held
        }
        Err(WorldError::Refused(problem)) => {
            output::problems(&[*problem], colour);
            Exit::Unusable
        }
        Err(error) => {
            output::complain(&format!("error: the world failed: {error}"));
            Exit::WorldFailed
        }
    }
}

fn keep(
    world: &mut RealWorld<'_>,
    stack: &Stack,
    mut scenario: Scenario,
    speed: u32,
    colour: bool,
) -> Result<(), WorldError> {
    world.begin()?;
    output::say(&urls(world, stack));
    let lines = keyboard();
    let step = Duration(LOOK_MS * i64::from(speed));
    let mut told = 0;
    loop {
        let seen = &world.timeline().observations;
        let start = world.timeline().start;
        let text: String = seen[told..].iter().filter_map(|seen| line(seen, start)).collect();
        told = seen.len();
        output::say(&text);
        while let Ok(words) = lines.try_recv() {
            match words.trim() {
                "help" | "?" => {
                    output::say(&help());
                    continue;
                }
                "quit" | "exit" => return Ok(()),
                _ => {}
            }
            match read(&words, stack, &scenario, speed) {
                Ok((changes, so_far)) => {
                    scenario = so_far;
                    take(world, &changes, &words, colour)?;
                }
                Err(problems) => {
                    output::shown(&problems, colour);
                }
            }
        }
        let limit = world.now() + step;
        world.step(limit)?;
    }
}

/// A step's changes. What can't be done is said, and everything goes on.
fn take(world: &mut RealWorld<'_>, changes: &[Change], words: &str, colour: bool) -> Result<(), WorldError> {
    for change in changes {
        match world.apply(change) {
            Err(WorldError::Refused(problem)) => {
                output::shown(&[*problem], colour);
                return Ok(());
            }
            applied => applied?,
        }
    }
    world.mark(None, words);
    Ok(())
}

/// A scenario of no steps, to hold those from the keyboard.
fn nothing(stack: &Stack) -> Scenario {
    let file = SourceFile::new("keyboard", "");
    Scenario {
        name: stack.path.clone(),
        tags: Vec::new(),
        place: file.span(0..0),
        outline: None,
        file,
        stack: None,
        seed: None,
        start: None,
        unit_test: None,
        steps: Vec::new(),
    }
}

/// The changes of a step, and the scenario that goes on with it: what is possible depends on the steps before.
fn read(
    words: &str,
    stack: &Stack,
    scenario: &Scenario,
    speed: u32,
) -> Result<(Vec<Change>, Scenario), Vec<Diagnostic>> {
    let file = SourceFile::new("keyboard", words);
    let locate = |range: std::ops::Range<usize>| file.span(range);
    let bare = words.trim();
    let bare = bare.strip_prefix("When ").or_else(|| bare.strip_prefix("when ")).unwrap_or(bare);
    let offset = words.find(bare).unwrap_or(0);
    let locate = |range: std::ops::Range<usize>| locate(range.start + offset..range.end + offset);
    let mut problems = Vec::new();
    let built =
        phrases::understand(Kind::When, &Sentence { text: bare, locate: &locate }, &[], &mut problems);
    let Some(Built::Step(what)) = built.filter(|_| problems.is_empty()) else { return Err(problems) };
    let changes = match &what {
        What::When(WhenStep { action: Action::Changes(changes), .. }) => changes.clone(),
        What::Given(Given::Changes(changes)) => changes.clone(),
        // Time passes by itself.
        _ => Vec::new(),
    };
    let mut scenario = scenario.clone();
    scenario.push(Step { text: words.to_owned(), place: file.span(0..words.len()), what });
    let mut problems = (Stages::REAL.check)(&scenario, stack);
    problems.extend(refusals::scenario(&scenario, stack, speed));
    match problems.is_empty() {
        true => Ok((changes, scenario)),
        false => Err(problems),
    }
}

/// Lines that people type. When there are no more, everything goes on until Ctrl-C.
fn keyboard() -> mpsc::Receiver<String> {
    let (send, receive) = mpsc::channel();
    // It may wait for a line for ever, and ends with the program.
    drop(thread::Builder::new().name("keyboard".to_owned()).spawn(move || {
        for line in io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if !line.trim().is_empty() && send.send(line).is_err() {
                return;
            }
        }
    }));
    receive
}

fn urls(world: &RealWorld<'_>, stack: &Stack) -> String {
    let Some(standing) = world.standing() else { return String::new() };
    let mut text = format!("Prometheus    http://{}\n", standing.prometheus.address());
    if let Some(alertmanager) = &standing.alertmanager {
        text += &format!("Alertmanager  http://{}\n", alertmanager.address());
    }
    let names: Vec<&str> = stack.services.iter().map(|service| service.name.value.as_str()).collect();
    text += &format!(
        "services      {} (through the proxy http://{})\n",
        names.join(", "),
        standing.targets.address()
    );
    text += "type a when-step, such as: \"";
    text += names.first().copied().unwrap_or("api");
    text += "\" goes down\n`help` shows all of them; `quit` or Ctrl-C takes everything down\n\n";
    text
}

/// An example of each step that can be typed, below what it does.
fn help() -> String {
    // A real world has one Prometheus.
    let families = phrases::FAMILIES.iter().filter(|family| !family.subject.starts_with("replica"));
    let phrases = families.flat_map(|family| family.phrases);
    let mut text = String::new();
    for phrase in phrases.filter(|phrase| phrase.kinds.contains(&Kind::When)) {
        let example = phrase.example.split_once(' ').map_or(phrase.example, |(_, words)| words);
        text += &format!("  {}\n      {example}\n", phrase.about);
    }
    text + "\n"
}

/// Since the beginning, as a person who watches wants to know it.
fn whole_seconds(at: Timestamp, start: Timestamp) -> Duration {
    Duration::from_secs((at - start).0.div_euclid(1000))
}

/// What is worth a line.
fn line(seen: &Observation, start: Timestamp) -> Option<String> {
    let at = whole_seconds(seen.at, start);
    let name = |labels: &Labels| {
        let name = labels.value("alertname").to_owned();
        let others = labels.without("alertname");
        if others.is_empty() { name } else { format!("{name}{others}") }
    };
    let text = match &seen.what {
        Observed::Moment { text, .. } => format!("» {text}"),
        Observed::Alert(change) => {
            format!("{} is {}: {}", name(&change.alert.labels), change.to.as_str(), change.reason)
        }
        Observed::Target { labels, up: false, reason } => format!("target {labels} is down: {reason}"),
        Observed::Target { labels, up: true, .. } => format!("target {labels} is up"),
        Observed::TargetGone { labels } => format!("target {labels} is gone"),
        Observed::Rule { rule, healthy: false, error, .. } => format!("rule {rule} fails: {error}"),
        Observed::Notification(sent) => {
            let alerts: Vec<&str> = sent.alerts.iter().map(|alert| alert.labels.value("alertname")).collect();
            let outcome = match &sent.outcome {
                crate::timeline::Outcome::Delivered => String::new(),
                crate::timeline::Outcome::WillRetry(error) => format!(", not delivered yet: {error}"),
                crate::timeline::Outcome::Failed(error) => format!(", not delivered: {error}"),
            };
            format!(
                "{} ({} {}) is told: {} {} ({}){outcome}",
                sent.receiver,
                sent.integration,
                sent.address,
                sent.status.as_str(),
                alerts.join(", "),
                sent.reason.as_str()
            )
        }
        Observed::Waiting(waiting) => format!(
            "{} is to be told of {} at {}: the group waits for more",
            waiting.receiver,
            waiting.group_labels,
            whole_seconds(waiting.until, start)
        ),
        Observed::Muted(muted) => {
            format!("{} is muted for {}: {}", name(&muted.labels), muted.receiver, muted.by.as_str())
        }
        _ => return None,
    };
    Some(format!("{:>8}  {text}\n", at.to_string()))
}
