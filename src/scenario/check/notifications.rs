//! Receivers, addresses, silences and time intervals that a scenario names must be those of its Alertmanager.

use std::collections::BTreeSet;

use super::super::phrases::unreadable_matchers;
use super::super::{Addressee, AlertmanagerChange, Change, Claim, DirectAlert, MuteCause, Scenario, Step};
use super::{is_pushed, unknown, unknown_alert};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::documents::value::is_label_name;
use crate::stack::Stack;
use crate::stack::alertmanager::{Alertmanager, Grammar};

/// What is wrong with a claim about Alertmanager; nothing for other claims.
pub(super) fn claim(claim: &Claim, step: &Step, scenario: &Scenario, stack: &Stack) -> Vec<Diagnostic> {
    let alertmanager = || alertmanager(step, scenario, stack);
    let mut problems = Vec::new();
    match claim {
        Claim::Notified(claim) => match alertmanager() {
            Ok(config) => {
                problems.extend(unknown_addressee(&claim.to, config));
                problems.extend(
                    claim.content.alerts.iter().filter_map(|alert| sent_by_nobody(alert, scenario, stack)),
                );
            }
            Err(problem) => problems.push(*problem),
        },
        Claim::NobodyNotified { .. } => problems.extend(alertmanager().err().map(|problem| *problem)),
        Claim::Muted(claim) => match alertmanager() {
            Ok(config) => {
                problems.extend(sent_by_nobody(&claim.alert, scenario, stack));
                problems.extend(claim.receiver.as_ref().and_then(|name| unknown_receiver(name, config)));
                match &claim.by {
                    Some(MuteCause::Inhibition { source: Some(source) }) => {
                        problems.extend(sent_by_nobody(source, scenario, stack));
                    }
                    Some(MuteCause::TimeInterval { name: Some(name) }) => {
                        let known = config.time_intervals.iter().map(|one| one.name.value.as_str()).collect();
                        problems.extend(unknown("unknown-time-interval", "time interval", name, known));
                    }
                    _ => {}
                }
            }
            Err(problem) => problems.push(*problem),
        },
        Claim::Routed(claim) => match alertmanager() {
            Ok(config) => {
                problems.extend(sent_by_nobody(&claim.alert, scenario, stack));
                problems.extend(claim.to.iter().filter_map(|name| unknown_receiver(name, config)));
            }
            Err(problem) => problems.push(*problem),
        },
        _ => {}
    }
    problems
}

pub(super) fn change(
    change: &AlertmanagerChange,
    step: &Step,
    scenario: &Scenario,
    stack: &Stack,
) -> Option<Diagnostic> {
    let config = match alertmanager(step, scenario, stack) {
        Ok(config) => config,
        Err(problem) => return Some(*problem),
    };
    match change {
        AlertmanagerChange::Push(alert) => unsendable(alert, config),
        AlertmanagerChange::Silence { matchers, .. } => {
            unreadable_matchers(matchers, Grammar::of(config.version))
        }
        AlertmanagerChange::Expire { silence: Some(silence) } => unknown_silence(silence, scenario),
        AlertmanagerChange::Receiver { who, .. } => unknown_addressee(who, config),
        AlertmanagerChange::Replica { number, .. } => unknown_replica(number, step, scenario),
        AlertmanagerChange::Expire { silence: None }
        | AlertmanagerChange::Restart { .. }
        | AlertmanagerChange::Operate(_)
        | AlertmanagerChange::Reachable(_)
        | AlertmanagerChange::Replicas { .. } => None,
    }
}

fn alertmanager<'s>(
    step: &Step,
    scenario: &Scenario,
    stack: &'s Stack,
) -> Result<&'s Alertmanager, Box<Diagnostic>> {
    if let Some(config) = stack.alertmanager.as_ref().filter(|_| scenario.unit_test.is_none()) {
        return Ok(config);
    }
    Err(Box::new(
        Diagnostic::error("no-alertmanager", "this stack has no Alertmanager that could notify anybody")
            .at(&step.place)
            .label("speaks of Alertmanager")
            .help("put its configuration, `alertmanager.yml`, beside prometheus.yml"),
    ))
}

/// An alert that no rule makes and no step pushes.
fn sent_by_nobody(name: &Spanned<String>, scenario: &Scenario, stack: &Stack) -> Option<Diagnostic> {
    if is_pushed(name, scenario) {
        return None;
    }
    unknown_alert(name, stack)
}

fn unknown_receiver(name: &Spanned<String>, config: &Alertmanager) -> Option<Diagnostic> {
    let known = config.receivers.iter().map(|receiver| receiver.name.value.as_str()).collect();
    unknown("unknown-receiver", "receiver", name, known)
}

fn unknown_addressee(to: &Addressee, config: &Alertmanager) -> Option<Diagnostic> {
    if let Some(problem) = to.receiver.as_ref().and_then(|name| unknown_receiver(name, config)) {
        return Some(problem);
    }
    let integrations = || {
        let of = |name: &Spanned<String>| config.receiver(&name.value).into_iter().collect::<Vec<_>>();
        let receivers = to.receiver.as_ref().map_or_else(|| config.receivers.iter().collect(), of);
        receivers
            .into_iter()
            .flat_map(|receiver| receiver.integrations.iter().map(move |one| (receiver, one)))
    };
    if integrations().any(|(receiver, one)| to.may_be(receiver, one)) {
        return None;
    }
    let whose = to.receiver.as_ref().map_or("the stack", |_| "this receiver");
    let kinds: BTreeSet<&str> = integrations().map(|(_, one)| one.kind.as_str()).collect();
    match (&to.kind, &to.address) {
        (Some(kind), _) if !kinds.contains(kind.value.as_str()) => {
            let kinds: Vec<&str> = kinds.into_iter().collect();
            let message = format!("{whose} notifies nobody by {}", kind.value.as_str());
            Some(
                Diagnostic::error("unknown-receiver", message)
                    .at(&kind.span)
                    .label(format!("known: {}", kinds.join(", "))),
            )
        }
        (kind, Some(address)) => {
            let of_kind = |one: &str| kind.as_ref().is_none_or(|kind| kind.value.as_str() == one);
            let addresses: Vec<String> = integrations()
                .filter(|(_, one)| of_kind(one.kind.as_str()))
                .flat_map(|(_, one)| {
                    let address = one.written_address();
                    let parts: Vec<String> = match address.contains("://") {
                        true => vec![address],
                        false => address.split(',').map(|part| part.trim().to_owned()).collect(),
                    };
                    parts
                })
                // A URL may hold a secret, and somebody who writes one has copied it.
                .filter(|address| !address.is_empty() && !address.contains("://"))
                .collect();
            unknown("unknown-address", "address", address, addresses.iter().map(String::as_str).collect())
        }
        // The receiver is there, but has no integration: nobody would ever hear of it.
        (None, None) => {
            let name = to.receiver.as_ref()?;
            let place = config.receiver(&name.value).map(|receiver| receiver.name.span.clone());
            let problem = Diagnostic::error(
                "unknown-receiver",
                format!("receiver `{}` notifies nobody: it has no integration", name.value),
            )
            .at(&name.span)
            .label("can't be notified");
            Some(match place {
                Some(place) => problem.related(&place, "the receiver"),
                None => problem,
            })
        }
        (Some(_), None) => None,
    }
}

/// A label that Alertmanager does not take.
fn unsendable(alert: &DirectAlert, config: &Alertmanager) -> Option<Diagnostic> {
    if Grammar::of(config.version) == Grammar::Fallback {
        return None;
    }
    let wrong = alert.label_names.iter().find(|name| !is_label_name(&name.value))?;
    Some(
        Diagnostic::error("bad-value", format!("`{}` is no name for a label", wrong.value))
            .at(&wrong.span)
            .label("wanted letters, digits and `_`")
            .because("Alertmanager takes others from version 0.27 on"),
    )
}

/// A silence that no step makes can't expire.
fn unknown_silence(name: &Spanned<String>, scenario: &Scenario) -> Option<Diagnostic> {
    let known = scenario.steps.iter().flat_map(Step::changes).flat_map(|change| match change {
        Change::Alertmanager(AlertmanagerChange::Silence { matchers, comment, .. }) => {
            vec![matchers.value.as_str(), comment.as_str()]
        }
        _ => Vec::new(),
    });
    unknown("unknown-silence", "silence", name, known.filter(|name| !name.is_empty()).collect())
}

/// Before a step says otherwise, one Prometheus runs.
fn unknown_replica(number: &Spanned<usize>, step: &Step, scenario: &Scenario) -> Option<Diagnostic> {
    let before = scenario.steps.iter().take_while(|one| one.place.start < step.place.start);
    let running = before.flat_map(Step::changes).filter_map(|change| match change {
        Change::Alertmanager(AlertmanagerChange::Replicas { count, .. }) => Some(*count),
        _ => None,
    });
    let count = running.last().unwrap_or(1);
    if (1..=count).contains(&number.value) {
        return None;
    }
    let running = match count {
        1 => "one Prometheus runs, replica 1".to_owned(),
        count => format!("replicas 1 to {count} run"),
    };
    Some(
        Diagnostic::error("unknown-replica", format!("there is no replica {} of Prometheus", number.value))
            .at(&number.span)
            .label(running)
            .help("a step before this one says how many run: `Given Prometheus runs as 2 replicas`"),
    )
}
