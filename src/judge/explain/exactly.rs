//! Claims about a whole result that failed: what of it was missing, and what was too much.

use super::{Case, TOLD, nothing_seen, query_failed};
use crate::diagnostic::Span;
use crate::golang::quote;
use crate::judge::exact::{self, Difference};
use crate::judge::verdict::Failure;
use crate::judge::words::{counted, number_text, one_line};
use crate::labels::Labels;
use crate::scenario::Claim;
use crate::timeline::{ActiveAlert, AlertState, SeenSample};

pub(super) fn failure(case: &Case) -> Failure {
    let seen = case.seen(case.lost_at());
    let at = case.clock(case.lost_at());
    let mut lines: Vec<String> = Vec::new();
    let mut related: Vec<(Span, String)> = Vec::new();
    let (id, subject, wanted, happened);
    match &case.then.claim {
        Claim::ExactAlerts { alert, expected } => {
            let active = seen.exact.as_ref().map_or(&[][..], |(_, active)| active);
            let firing: Vec<&ActiveAlert> = active.iter().filter(|a| a.state == AlertState::Firing).collect();
            for difference in exact::alerts(&alert.value, expected, active) {
                match difference {
                    Difference::Missing(_, wanted) => {
                        let labels = wanted.labels.with("alertname", alert.value.as_str());
                        lines.push(format!("expected {labels}, annotations {}", wanted.annotations));
                        let near = exact::nearest(&labels, firing.iter().copied(), |a| &a.labels);
                        let label = match near {
                            Some(near) => {
                                differing(&labels, &near.labels, &wanted.annotations, &near.annotations)
                            }
                            None => match active.iter().any(|a| a.state == AlertState::Pending) {
                                true => format!("not firing at {at}: still pending"),
                                false => format!("not firing at {at}"),
                            },
                        };
                        related.push((wanted.place.clone(), label));
                    }
                    Difference::Unexpected(got) => {
                        lines.push(format!("got {}, annotations {}", got.labels, got.annotations));
                    }
                }
            }
            id = "alerts-differ";
            subject = format!("the firing alerts {}", alert.value);
            wanted = format!("{} at {at}", counted(expected.len(), "expected alert"));
            happened = format!("{} firing", counted(firing.len(), "alert"));
        }
        Claim::ExactSamples { expr, expected, fuzzy } => {
            let expr = one_line(&expr.value);
            let wanted_text = format!("{} at {at}", counted(expected.len(), "expected sample"));
            let samples = match &seen.value {
                None => return nothing_seen(case, &format!("`{expr}`"), wanted_text),
                Some(Err(error)) => return query_failed(case, &expr, error, wanted_text),
                Some(Ok(samples)) => samples,
            };
            for difference in exact::samples(expected, samples, *fuzzy) {
                match difference {
                    Difference::Missing(_, wanted) => {
                        let value = wanted.histogram.clone().unwrap_or_else(|| number_text(wanted.value));
                        lines.push(format!("expected {} {value}", wanted.labels));
                        let label = match samples.iter().find(|s| s.labels == wanted.labels) {
                            Some(got) if got.value.is_nan() && wanted.value.is_nan() => {
                                "NaN, which equals nothing, not even NaN, in promtool too".to_owned()
                            }
                            Some(got) => format!("was {}", exact_value_text(got)),
                            None => match exact::nearest(&wanted.labels, samples.iter(), |s| &s.labels) {
                                Some(near) => differing(
                                    &wanted.labels,
                                    &near.labels,
                                    &Labels::empty(),
                                    &Labels::empty(),
                                ),
                                None => "not in the result, which is empty".to_owned(),
                            },
                        };
                        related.push((wanted.place.clone(), label));
                    }
                    Difference::Unexpected(got) => {
                        lines.push(format!("got {} {}", got.labels, exact_value_text(got)));
                    }
                }
            }
            id = "samples-differ";
            subject = format!("the result of `{expr}`");
            wanted = wanted_text;
            happened = counted(samples.len(), "sample");
        }
        _ => return nothing_seen(case, "it", String::new()),
    }
    if case.then.timing.negated {
        let message = format!("{subject} is exactly what it should not be");
        return case.failure("unexpectedly-equal", message, format!("not {wanted}"), happened);
    }
    let rest = lines.len().saturating_sub(2 * TOLD);
    lines.truncate(2 * TOLD);
    if rest > 0 {
        lines.push(format!("and {rest} more"));
    }
    let mut failure = case.failure(id, format!("{subject} differs from what is expected"), wanted, happened);
    if id == "alerts-differ" {
        failure.message = format!("{subject} differ from the expected ones");
    }
    failure.because = lines;
    failure.related = related;
    failure.related.truncate(TOLD);
    failure
}

/// In which labels and annotations the nearest candidate differs.
fn differing(wanted: &Labels, got: &Labels, wanted_notes: &Labels, got_notes: &Labels) -> String {
    let labels = exact::label_differences(wanted, got).into_iter().map(|d| ("label", d));
    let notes = exact::label_differences(wanted_notes, got_notes).into_iter().map(|d| ("annotation", d));
    let text: Vec<String> = labels
        .chain(notes)
        .map(|(kind, (name, wanted, got))| match (wanted, got) {
            (Some(wanted), Some(got)) => format!("{kind} {name} was {}, not {}", quote(got), quote(wanted)),
            (Some(wanted), None) => format!("{kind} {name} was missing, not {}", quote(wanted)),
            (None, Some(got)) => format!("{kind} {name} was there too: {}", quote(got)),
            (None, None) => String::new(),
        })
        .collect();
    if text.is_empty() { "one more than there was".to_owned() } else { text.join("; ") }
}

fn exact_value_text(sample: &SeenSample) -> String {
    sample.histogram.clone().unwrap_or_else(|| number_text(sample.value))
}
