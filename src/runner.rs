//! Runs one scenario in one world: the steps in order, the clock no further than it must.

use std::path::PathBuf;

use crate::judge::{self, Claimed, Judgement, Verdict};
use crate::scenario::{Action, Given, Scenario, Then, What, When};
use crate::stack::Stack;
use crate::time::{Duration, Timestamp};
use crate::timeline::Timeline;
use crate::twin::{Twin, start_of};
use crate::worlds::docker::Containers;
use crate::worlds::local::Local;
use crate::worlds::real::place::Place;
use crate::worlds::real::{RealWorld, Substituted, evidence};
use crate::worlds::{World, WorldError, interrupt};

/// How scenarios are run.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    pub seed: u64,
    /// Scrapes and evaluations at offsets of their own, as in the real thing.
    pub spread: bool,
    pub world: WorldKind,
    /// How many times as fast as the machine's the clock of a real world runs.
    pub speed: u32,
    /// Where configs and logs are kept of a real world in which something went wrong.
    pub evidence: PathBuf,
    /// Where the docker world's components run.
    pub containers: Option<Containers>,
}

/// Which world scenarios run in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum WorldKind {
    /// Embedded, on a virtual clock; nothing needs to be installed
    #[default]
    Twin,
    /// The real programs, as processes of this machine
    Local,
    /// The real images, in containers
    Docker,
}

/// What came of a scenario.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub verdicts: Vec<Verdict>,
    pub timeline: Timeline,
    /// How much of the world's time passed from the first step to the last.
    pub simulated: Duration,
    pub seed: u64,
    /// What a real world ran with otherwise than the team wrote it; the twin needs nothing of the kind.
    pub substituted: Substituted,
    /// Where a real world's configs and logs were kept, because something went wrong.
    pub evidence: Option<PathBuf>,
    /// What shows that the machine was too busy for a real world: what broke may be its doing.
    pub busy: Option<String>,
}

impl Outcome {
    pub fn held(&self) -> bool {
        self.verdicts.iter().all(|verdict| verdict.held)
    }
}

/// Runs a scenario against its stack in the world asked for.
pub fn run(scenario: &Scenario, stack: &Stack, options: &RunOptions) -> Result<Outcome, WorldError> {
    match options.world {
        WorldKind::Twin => run_in_twin(scenario, stack, options),
        WorldKind::Local => run_for_real(&Local, scenario, stack, options),
        WorldKind::Docker => match &options.containers {
            Some(containers) => run_for_real(&*containers.of(stack), scenario, stack, options),
            None => Err(WorldError::Failed("no containers can be started".to_owned())),
        },
    }
}

/// Runs a scenario with the real programs. Where something goes wrong, what may tell why is kept.
fn run_for_real(
    place: &dyn Place,
    scenario: &Scenario,
    stack: &Stack,
    options: &RunOptions,
) -> Result<Outcome, WorldError> {
    if interrupt::interrupted() {
        return Err(WorldError::Interrupted);
    }
    let start = start_of(scenario, stack);
    let mut world = RealWorld::new(stack, place, start, options.speed, options.seed);
    // A claim about now waits for the next scrape, and the evaluation after it.
    let patience = stack.prometheus.evaluation_interval + stack.prometheus.scrape_interval;
    let ran = run_in(&mut world, scenario, stack, patience, options.seed);
    let keep = |world: &RealWorld<'_>| {
        evidence::keep(world.folder()?, &options.evidence, &scenario.name, stack).ok()
    };
    match ran {
        Ok(mut outcome) => {
            outcome.substituted = world.substituted();
            outcome.busy = world.busy().map(str::to_owned);
            if !outcome.held() {
                outcome.evidence = keep(&world);
            }
            Ok(outcome)
        }
        Err(WorldError::Failed(message)) => Err(WorldError::Failed(match keep(&world) {
            Some(kept) => format!("{message}\nits configs and logs: {}", kept.display()),
            None => message,
        })),
        Err(error) => Err(error),
    }
}

fn run_in_twin(scenario: &Scenario, stack: &Stack, options: &RunOptions) -> Result<Outcome, WorldError> {
    let mut twin = Twin::of(scenario, stack, options.seed, options.spread)?;
    // A claim about now waits for the next evaluation at the most.
    let patience = match &scenario.unit_test {
        Some(test) => test.evaluation_interval,
        None => stack.prometheus.evaluation_interval.max(stack.prometheus.scrape_interval),
    };
    let outcome = run_in(&mut twin, scenario, stack, patience, options.seed)?;
    let curious = judge::curiosity(&outcome.verdicts, stack);
    if curious.is_empty() {
        return Ok(outcome);
    }
    // The same again, watching what explains the failure: nothing else can differ.
    let mut twin = Twin::of(scenario, stack, options.seed, options.spread)?;
    curious.iter().for_each(|watch| twin.watch(watch));
    run_in(&mut twin, scenario, stack, patience, options.seed)
}

/// Runs a scenario's steps in a world; `patience` is how long a claim about now waits for the first thing to be seen.
pub fn run_in(
    world: &mut dyn World,
    scenario: &Scenario,
    stack: &Stack,
    patience: Duration,
    seed: u64,
) -> Result<Outcome, WorldError> {
    prepare(scenario, world)?;
    world.begin()?;
    let begun = world.now();
    let mut verdicts = Vec::new();
    let mut acted = false;
    for (index, step) in scenario.steps.iter().enumerate() {
        match &step.what {
            // Those before the first when-step were in force from the beginning.
            What::Given(Given::Changes(changes)) if acted => {
                changes.iter().try_for_each(|change| world.apply(change))?;
            }
            What::Given(_) => {}
            What::When(when) => {
                acted = true;
                act(when, &step.text, world)?;
            }
            What::Then(then) => verdicts.push(judge_step(index, then, stack, world, patience)?),
        }
    }
    judge::fold(&mut verdicts);
    let timeline = world.timeline().clone();
    let simulated = world.now() - begun;
    Ok(Outcome {
        verdicts,
        simulated,
        timeline,
        seed,
        substituted: Substituted::default(),
        evidence: None,
        busy: None,
    })
}

/// What a world is told before it begins: what claims will want to see, and the given-steps.
fn prepare(scenario: &Scenario, world: &mut dyn World) -> Result<(), WorldError> {
    for step in &scenario.steps {
        if let What::Then(then) = &step.what {
            judge::watches(then).iter().for_each(|watch| world.watch(watch));
        }
    }
    for step in &scenario.steps {
        match &step.what {
            What::Given(Given::Changes(changes)) => {
                changes.iter().try_for_each(|change| world.given(change))?
            }
            What::When(_) => break,
            What::Then(_) => {}
        }
    }
    Ok(())
}

fn act(when: &When, text: &str, world: &mut dyn World) -> Result<(), WorldError> {
    match &when.action {
        Action::Changes(changes) => {
            changes.iter().try_for_each(|change| world.apply(change))?;
            world.mark(when.moment.as_deref(), text);
            Ok(())
        }
        Action::Wait(duration) => {
            let until = world.now() + *duration;
            run_until(world, until)?;
            world.mark(when.moment.as_deref(), text);
            Ok(())
        }
    }
}

fn run_until(world: &mut dyn World, until: Timestamp) -> Result<(), WorldError> {
    while world.now() < until {
        world.step(until)?;
    }
    Ok(())
}

fn judge_step(
    index: usize,
    then: &Then,
    stack: &Stack,
    world: &mut dyn World,
    patience: Duration,
) -> Result<Verdict, WorldError> {
    let mut judgement = Judgement::new(then, Claimed::of(then, world.timeline(), world.now(), patience));
    let decision = loop {
        judgement.see_all(world.timeline());
        if let Some(decision) = judgement.decide(world.now()) {
            break decision;
        }
        world.step(judgement.deadline())?;
    };
    Ok(Verdict::of(index, then, &decision, world.timeline(), stack))
}
