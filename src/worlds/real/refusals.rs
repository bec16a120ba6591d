//! What a real world can't do, said before anything runs, each with its reason.

use super::config;
use super::place::Place;
use crate::diagnostic::{Diagnostic, Spanned};
use crate::judge;
use crate::promql::ParseOptions;
use crate::scenario::{
    Action, AlertmanagerChange, Change, Given, MetricName, Operation, Outage, Scenario, What, When,
};
use crate::stack::Stack;
use crate::time::{Duration, Timestamp};
use crate::workload::{ExporterKind, Ingestion, ServiceSpec, Workload};
use crate::worlds::clock::Clock;
use crate::worlds::inbox::Inbox;
use crate::worlds::targets::Targets;
use crate::worlds::{Watch, speed as division};

/// So long it takes, in the machine's milliseconds, until Prometheus knows of a target that left discovery …
const TO_NOTICE: u32 = 400;

/// … and no longer, in the world's, may it take.
const LATEST: u32 = 30_000;

/// How long after it was started Prometheus has scraped its targets, in the machine's milliseconds, if that is busy.
const TO_SCRAPE: i64 = 8_000;

/// How long the exporter of PostgreSQL takes to say that nobody answers, in the machine's milliseconds.
const TO_GIVE_UP: i64 = 1_500;

/// For so long after the last scrape expressions see enough of what was scraped: look-back and usual ranges are five
/// minutes, and a rate needs two samples.
const BRIDGED: Duration = Duration::from_secs(4 * 60);

/// Why this scenario can't be run with the real programs at this speed.
pub fn scenario(scenario: &Scenario, stack: &Stack, speed: u32) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    if scenario.unit_test.is_some() {
        problems.push(
            refused("a promtool unit test runs only in the twin")
                .at(&scenario.place)
                .label("its samples are given, and nothing is scraped"),
        );
        return problems;
    }
    problems.extend(started_too_late(scenario, stack, speed));
    let options = ParseOptions { semantics: stack.prometheus.semantics(), experimental: true };
    for step in &scenario.steps {
        let changes = match &step.what {
            What::Given(Given::Changes(changes)) => changes.as_slice(),
            What::When(when) => match &when.action {
                Action::Changes(changes) => changes.as_slice(),
                Action::Wait(_) => &[],
            },
            What::Then(then) => {
                for watch in judge::watches(then) {
                    let (Watch::Expr(text) | Watch::ExprAt(text, _)) = watch else { continue };
                    if let Err(reason) = division::expression(&text, options, speed) {
                        problems.push(
                            refused("this expression can't be asked for at this speed")
                                .at(&step.place)
                                .label(reason),
                        );
                    }
                }
                &[]
            }
        };
        for change in changes {
            if let Change::Alertmanager(
                AlertmanagerChange::Replicas { .. } | AlertmanagerChange::Replica { .. },
            ) = change
            {
                problems.push(
                    refused("replicas of Prometheus are there in the twin only")
                        .at(&step.place)
                        .label("a real world has one Prometheus"),
                );
            }
            if let Change::Metric { metric, .. } | Change::MetricGone { metric } = change
                && let Some(exporter) = real_exporter_of(metric, stack)
            {
                problems.push(
                    refused(format!("no step can set what the real exporter `{}` says", exporter.value))
                        .at(&metric.name.span)
                        .label("comes from the program itself")
                        .related(&exporter.span, "said to be real here")
                        .help("stop its database, or run this scenario in the twin"),
                );
            }
            if let Change::Database { service, runs: false, .. } = change
                && looks_at_a_real_postgres(service, stack)
                && let Some(highest) = highest_for_a_dead_postgres(stack).filter(|highest| speed > *highest)
            {
                problems.push(
                    refused(format!("no exporter can tell of a dead PostgreSQL {speed} times as fast"))
                        .at(&step.place)
                        .label("tries again after a second, and only then says so")
                        .because("by then its scrape has run into its timeout")
                        .help(format!("the highest speed for this step is {highest}")),
                );
            }
            if let Change::Down { how: Outage::Vanishes, .. } = change
                && TO_NOTICE * speed > LATEST
            {
                problems.push(
                    refused(format!("no instance can vanish from discovery {speed} times as fast"))
                        .at(&step.place)
                        .label("Prometheus takes its time to hear of it, whatever its config says")
                        .help(format!("the highest speed for this step is {}", LATEST / TO_NOTICE)),
                );
            }
        }
    }
    problems
}

/// The service whose real exporter that metric comes from.
fn real_exporter_of<'s>(metric: &MetricName, stack: &'s Stack) -> Option<&'s Spanned<String>> {
    let asked = |service: &&ServiceSpec| {
        metric.service.as_ref().is_none_or(|asked| asked.value == service.name.value)
            && service.metrics.iter().any(|known| known.name.value == metric.name.value)
    };
    let mut real = stack.services.iter().filter(|service| service.real_exporter().is_some());
    real.find(asked).map(|service| &service.name)
}

fn looks_at_a_real_postgres(service: &Spanned<String>, stack: &Stack) -> bool {
    // One that only an instance is named of may be any.
    let mut meant = stack
        .services
        .iter()
        .filter(|known| service.value.is_empty() || known.name.value == service.value)
        .filter_map(ServiceSpec::real_exporter);
    meant.any(|exporter| exporter.kind == ExporterKind::Postgres)
}

/// At which the shortest timeout is still long enough; nothing where nobody scrapes.
fn highest_for_a_dead_postgres(stack: &Stack) -> Option<u32> {
    let shortest = stack.prometheus.scrape_configs.iter().map(|config| config.scrape_timeout).min()?;
    Some(u32::try_from(shortest.0 / TO_GIVE_UP).unwrap_or(u32::MAX).max(1))
}

/// Alerts are taken up after the second evaluation: either targets are scraped by then, or what was scraped before is still
/// seen.
fn started_too_late(scenario: &Scenario, stack: &Stack, speed: u32) -> Option<Diagnostic> {
    let own = stack.prometheus.evaluation_interval;
    let groups = stack.rule_groups.iter().map(|group| group.interval.unwrap_or(own));
    let always = (groups.min().unwrap_or(own).0 / TO_SCRAPE).max(1);
    let mut down: Option<Duration> = None;
    for step in &scenario.steps {
        if let What::When(When { action: Action::Wait(waited), .. }) = &step.what {
            down = down.map(|so_far| so_far + *waited);
        }
        for change in step.changes() {
            let Change::Prometheus(operation) = change else { continue };
            let was_down = std::mem::take(&mut down);
            if matches!(operation, Operation::Stop | Operation::Kill) {
                down = Some(Duration::ZERO);
            }
            let Some(was_down) = was_down.filter(|_| *operation == Operation::Start) else { continue };
            let highest = always.max((BRIDGED.0 - was_down.0) / TO_SCRAPE);
            if i64::from(speed) > highest {
                return Some(
                    refused(format!("no Prometheus can start {speed} times as fast"))
                        .at(&step.place)
                        .label("takes 5 s to know its targets, whatever its config says")
                        .because("by then no expression sees what was scraped before")
                        .help(format!("the highest speed for this step is {highest}")),
                );
            }
        }
    }
    None
}

/// Why this stack can't be run with the real programs at this speed.
pub fn stack(stack: &Stack, place: &dyn Place, speed: u32) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for service in stack.services.iter().filter(|service| service.ingestion == Ingestion::Direct) {
        problems.push(
            refused("series that no job scrapes can't be there in a real world")
                .at(&service.name.span)
                .label("stands in the twin's storage without a scrape")
                .help("add a `prometheus.yml` with a job that scrapes it"),
        );
    }
    // Written for nobody: what can't be written is told.
    let clock = Clock::starting(Timestamp(0), 1);
    let servers = Targets::start(Workload::new(&stack.services, 1, Timestamp(0)), clock)
        .and_then(|targets| Ok((targets, Inbox::start(clock)?)));
    let (targets, mut inbox) = match servers {
        Ok(servers) => servers,
        Err(error) => {
            problems.push(refused(format!("nothing can be served on this machine: {error}")));
            return problems;
        }
    };
    let nowhere = std::path::Path::new("/");
    let reached = config::Reached { targets: "127.0.0.1:1", alertmanager: Some("127.0.0.1:1") };
    problems.extend(config::rules(stack, speed).err().into_iter().flatten());
    problems
        .extend(config::prometheus(stack, nowhere, &targets, &reached, speed).err().into_iter().flatten());
    if let Some(alertmanager) = &stack.alertmanager {
        let written = config::alertmanager(alertmanager, nowhere, &mut inbox, place, speed);
        problems.extend(written.err().into_iter().flatten());
    }
    problems
}

fn refused(message: impl Into<String>) -> Diagnostic {
    Diagnostic::error("real-world", message)
}
