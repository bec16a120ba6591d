//! A verdict that did not hold, as a message about the step that claimed it.

use crate::diagnostic::Diagnostic;
use crate::judge::{Failure, Verdict};
use crate::scenario::Scenario;

/// The message for a failed verdict; consequences are told by their cause's.
pub(super) fn diagnostic(scenario: &Scenario, verdict: &Verdict, failure: &Failure) -> Diagnostic {
    let mut message = Diagnostic::error(failure.id, failure.message.as_str())
        .label(format!("wanted {}; {}", failure.wanted, failure.happened));
    message = match scenario.steps.get(verdict.step) {
        Some(step) => message.at(&step.place),
        None => message.at(&scenario.place),
    };
    for (span, label) in &failure.related {
        message = message.related(span, label.as_str());
    }
    if !failure.because.is_empty() {
        message = message.because(failure.because.join("\n"));
    }
    if !failure.notes.is_empty() {
        message = message.help(failure.notes.join("\n"));
    }
    message
}

/// The failures that stand for themselves, each with its message and the verdicts that follow from it.
pub(super) fn causes<'a>(
    scenario: &Scenario,
    verdicts: &'a [Verdict],
) -> Vec<(&'a Failure, Diagnostic, Vec<&'a Verdict>)> {
    let failed = verdicts.iter().enumerate().filter_map(|(at, verdict)| {
        let failure = verdict.failure.as_ref().filter(|failure| failure.follows_from.is_none())?;
        let consequences = verdicts
            .iter()
            .filter(|v| v.failure.as_ref().is_some_and(|failure| failure.follows_from == Some(at)))
            .collect();
        Some((failure, diagnostic(scenario, verdict, failure), consequences))
    });
    failed.collect()
}
