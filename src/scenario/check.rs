//! What must be right about a scenario before anything runs.

mod notifications;
mod programs;

use std::collections::BTreeSet;

use super::{Action, AlertClaim, AlertmanagerChange, Change, Claim, Given, Scenario, Step, Then, What, When};
use crate::diagnostic::{Diagnostic, Span, Spanned, nearest};
use crate::labels::Labels;
use crate::stack::{Discovery, RuleKind, Stack};
use crate::time::Timestamp;
use crate::workload::Workload;

/// A scenario by itself: it claims something, and the moments it counts from have come by then.
pub fn whole(scenario: &Scenario, problems: &mut Vec<Diagnostic>) {
    if !scenario.steps.iter().any(|step| matches!(step.what, What::Then(_))) {
        problems.push(claims_nothing(scenario));
    }
    let mut moments: Vec<&str> = Vec::new();
    for step in &scenario.steps {
        match &step.what {
            What::When(When { moment: Some(moment), .. }) => moments.push(moment),
            What::Then(Then { timing, .. }) => {
                if let Some(since) = &timing.since
                    && !moments.contains(&since.value.as_str())
                {
                    let diagnostic = Diagnostic::error(
                        "unknown-moment",
                        format!("no when-step before this one is called `{}`", since.value),
                    )
                    .at(&since.span)
                    .label(match moments.as_slice() {
                        [] => "no moment has a name so far".to_owned(),
                        moments => format!("known so far: {}", moments.join(", ")),
                    });
                    problems.push(diagnostic.suggest(&since.value, moments.iter().copied()));
                }
            }
            _ => {}
        }
    }
}

pub fn claims_nothing(scenario: &Scenario) -> Diagnostic {
    let (lacks, what) = match scenario.unit_test {
        None => ("has no then-step", "scenario"),
        Some(_) => ("has neither `alert_rule_test` nor `promql_expr_test`", "test"),
    };
    Diagnostic::error("no-then", format!("scenario \"{}\" claims nothing", scenario.name))
        .at(&scenario.file.span(scenario.place.start..first_line_end(scenario)))
        .label(lacks)
        .help(format!("a {what} that claims nothing would always pass"))
}

/// Every name that the scenario uses is one that its stack has: a claim about nothing would always pass, or never.
pub fn names(scenario: &Scenario, stack: &Stack) -> Vec<Diagnostic> {
    let workload = Workload::new(&stack.services, 0, Timestamp::default());
    let mut problems = programs::order(scenario);
    for step in &scenario.steps {
        match &step.what {
            What::Given(Given::Changes(changes))
            | What::When(When { action: Action::Changes(changes), .. }) => {
                for change in changes {
                    match change {
                        Change::Alertmanager(change) => {
                            problems.extend(notifications::change(change, step, scenario, stack));
                        }
                        change => problems.extend(refused(change, &workload)),
                    }
                }
            }
            What::When(_) => {}
            What::Then(then) => {
                problems.extend(unknown_in(&then.claim, &step.place, scenario, stack));
                problems.extend(notifications::claim(&then.claim, step, scenario, stack));
            }
        }
    }
    problems
}

fn refused(change: &Change, workload: &Workload) -> Option<Diagnostic> {
    workload.validate(change).err()
}

fn unknown_in(claim: &Claim, place: &Span, scenario: &Scenario, stack: &Stack) -> Option<Diagnostic> {
    let rules = || stack.rule_groups.iter().flat_map(|group| &group.rules);
    match claim {
        Claim::Alert(AlertClaim { alert, .. }) | Claim::ExactAlerts { alert, .. } => {
            let problem = unknown_alert(alert, stack)?;
            Some(match is_pushed(alert, scenario) {
                true => problem.because("a step pushes it to Alertmanager; Prometheus knows nothing of it"),
                false => problem,
            })
        }
        Claim::RuleHealthy { rule: Some(rule) } => {
            unknown("unknown-rule", "rule", rule, rules().map(|rule| rule.name().value.as_str()).collect())
        }
        Claim::Target { labels, .. } if scenario.unit_test.is_none() => unknown_target(labels, place, stack),
        _ => None,
    }
}

/// A job's name is known; an instance's only where the job's targets are written down.
fn unknown_target(labels: &Labels, place: &Span, stack: &Stack) -> Option<Diagnostic> {
    let jobs = &stack.prometheus.scrape_configs;
    // Relabelling may make any job and any instance.
    if jobs.iter().any(|job| !job.relabel_configs.is_empty()) {
        return None;
    }
    if let Some(job) = labels.get("job") {
        let name = Spanned::new(job.to_owned(), within(place, job));
        let known = jobs.iter().map(|job| job.job_name.value.as_str()).collect();
        if let Some(problem) = unknown("unknown-job", "scrape job", &name, known) {
            return Some(problem);
        }
    }
    let instance = labels.get("instance")?;
    let mut known = BTreeSet::new();
    for job in jobs.iter().filter(|job| labels.get("job").is_none_or(|name| job.job_name.value == name)) {
        for discovery in &job.discovery {
            match discovery {
                Discovery::Static { targets, .. } => {
                    known.extend(targets.iter().map(|target| target.value.as_str()));
                }
                _ => return None,
            }
        }
    }
    let name = Spanned::new(instance.to_owned(), within(place, instance));
    let mut problem = unknown("unknown-target", "target", &name, known)?;
    let is_job = jobs.iter().any(|job| job.job_name.value == instance);
    if is_job {
        problem = problem.help(format!("`{instance}` is a job: say `job \"{instance}\"`"));
    }
    Some(problem)
}

/// The name within the step, where it stands there.
fn within(place: &Span, name: &str) -> Span {
    match place.text().find(name) {
        Some(at) => place.file.span(place.start + at..place.start + at + name.len()),
        None => place.clone(),
    }
}

/// An alert that no rule makes.
fn unknown_alert(name: &Spanned<String>, stack: &Stack) -> Option<Diagnostic> {
    let rules = stack.rule_groups.iter().flat_map(|group| &group.rules);
    let alerts = rules.filter(|rule| matches!(rule.kind, RuleKind::Alerting { .. }));
    unknown("unknown-alert", "alert", name, alerts.map(|rule| rule.name().value.as_str()).collect())
}

/// Whether a step sends an alert of this name past Prometheus.
fn is_pushed(name: &Spanned<String>, scenario: &Scenario) -> bool {
    scenario.steps.iter().flat_map(Step::changes).any(|change| match change {
        Change::Alertmanager(AlertmanagerChange::Push(alert)) => alert.name.value == name.value,
        _ => false,
    })
}

fn unknown(
    id: &'static str,
    what: &str,
    name: &Spanned<String>,
    known: BTreeSet<&str>,
) -> Option<Diagnostic> {
    if known.contains(name.value.as_str()) {
        return None;
    }
    let diagnostic = Diagnostic::error(id, format!("no {what} is called `{}`", name.value)).at(&name.span);
    Some(match nearest(&name.value, known.iter().copied()) {
        Some(meant) => diagnostic.label("not in the stack").help(format!("did you mean `{meant}`?")),
        None if known.is_empty() => diagnostic.label(format!("the stack has no {what} at all")),
        None => {
            let some: Vec<&str> = known.iter().copied().take(8).collect();
            let more = if known.len() > some.len() { ", …" } else { "" };
            diagnostic.label("not in the stack").help(format!("known: {}{more}", some.join(", ")))
        }
    })
}

fn first_line_end(scenario: &Scenario) -> usize {
    let place = &scenario.place;
    place.start + place.text().find('\n').unwrap_or(place.text().len())
}
