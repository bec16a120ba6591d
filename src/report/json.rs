//! `--report json=FILE`: everything that was seen and judged, for machines. Described in `docs/json-report.md`.
//!
//! The form is stable: fields are added, never renamed or removed, without a new [`JSON_VERSION`]. Times are
//! seconds since the scenario's beginning; sample values are texts, as in Prometheus' API, since JSON has no NaN.

mod notification;

use serde_json::{Map, Value, json};

use super::{Ran, ScenarioResult, Status, Totals};
use crate::golang::{FloatFormat, format_float};
use crate::judge::Verdict;
use crate::labels::Labels;
use crate::scenario::What;
use crate::time::Timestamp;
use crate::timeline::{ActiveAlert, Observation, Observed, SeenSample};
use crate::worlds::edit::Substitution;
use crate::worlds::real::Substituted;

/// The version of the report's form.
pub const JSON_VERSION: u32 = 1;

pub fn json(results: &[ScenarioResult]) -> String {
    let totals = Totals::of(results);
    let report = json!({
        "version": JSON_VERSION,
        "summary": {
            "scenarios": totals.scenarios(),
            "passed": totals.passed,
            "failed": totals.failed,
            "broken": totals.broken,
            "expectations": totals.expectations,
            "expectations_failed": totals.expectations_failed,
            "simulated_seconds": totals.simulated.seconds(),
        },
        "scenarios": results.iter().map(scenario).collect::<Vec<_>>(),
    });
    format!("{report:#}\n")
}

fn scenario(result: &ScenarioResult) -> Value {
    let scenario = &result.scenario;
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    put("name", json!(scenario.name));
    put("file", json!(scenario.place.file.path()));
    put("line", json!(scenario.place.line()));
    put("tags", json!(scenario.tags));
    put("stack", json!(result.stack));
    put("status", json!(status(result.status())));
    match &result.ran {
        Ran::Finished { timeline, simulated, seed, substituted, evidence, busy, .. } => {
            let start = timeline.start;
            put("seed", json!(seed));
            put("start_unix_seconds", json!(start.seconds()));
            put("simulated_seconds", json!(simulated.seconds()));
            put("steps", steps(result, start));
            put("timeline", timeline.observations.iter().map(|seen| observation(seen, start)).collect());
            if *substituted != Substituted::default() {
                put("substitutions", substituted.texts.iter().map(substitution).collect());
                let flags = substituted.flags.iter().map(|(flag, why)| json!({ "flag": flag, "why": why }));
                put("flags", flags.collect());
            }
            if let Some(evidence) = evidence {
                put("evidence", json!(evidence));
            }
            if let Some(busy) = busy {
                put("busy", json!(busy));
            }
        }
        Ran::WorldFailed { error } => {
            put("error", json!(error));
        }
        Ran::Panicked { message } => {
            put("error", json!(message));
        }
    }
    Value::Object(fields)
}

fn substitution(one: &Substitution) -> Value {
    let (line, column) = one.place.file.line_column(one.place.start);
    json!({
        "file": one.place.file.path(),
        "line": line,
        "column": column,
        "was": one.was,
        "becomes": one.becomes,
        "why": one.why,
    })
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Passed => "passed",
        Status::Failed => "failed",
        Status::WorldFailed => "world-failed",
        Status::Panicked => "panicked",
    }
}

fn steps(result: &ScenarioResult, start: Timestamp) -> Value {
    let times = result.step_times();
    let steps = result.scenario.steps.iter().zip(times).enumerate().map(|(index, (step, at))| {
        let mut value = json!({
            "kind": match step.what {
                What::Given(_) => "given",
                What::When(_) => "when",
                What::Then(_) => "then",
            },
            "text": step.text,
            "line": step.place.line(),
            "at_seconds": at.map(|at| (at - start).seconds()),
        });
        if let Some(verdict) = result.verdicts().iter().find(|verdict| verdict.step == index) {
            value["verdict"] = self::verdict(verdict, result.verdicts(), start);
        }
        value
    });
    steps.collect()
}

fn verdict(verdict: &Verdict, all: &[Verdict], start: Timestamp) -> Value {
    let seconds = |at: Timestamp| (at - start).seconds();
    let mut value = json!({
        "held": verdict.held,
        "claim": verdict.claim,
        "since_seconds": seconds(verdict.since),
        "by_seconds": verdict.by.map(seconds),
        "happened_seconds": verdict.happened.map(seconds),
        "decided_seconds": seconds(verdict.decided),
    });
    if let Some(failure) = &verdict.failure {
        let related = failure.related.iter().map(|(span, label)| {
            let (line, column) = span.file.line_column(span.start);
            json!({ "file": span.file.path(), "line": line, "column": column, "label": label })
        });
        value["failure"] = json!({
            "id": failure.id,
            "message": failure.message,
            "wanted": failure.wanted,
            "happened": failure.happened,
            "because": failure.because,
            "notes": failure.notes,
            "related": related.collect::<Vec<_>>(),
            "follows_from_step": failure.follows_from.and_then(|at| all.get(at)).map(|cause| cause.step),
        });
    }
    value
}

fn observation(seen: &Observation, start: Timestamp) -> Value {
    let mut value = match &seen.what {
        Observed::Moment { name, text, .. } => json!({ "kind": "moment", "name": name, "text": text }),
        Observed::Target { labels, up, reason } => {
            json!({ "kind": "target", "labels": labels, "up": up, "reason": reason })
        }
        Observed::TargetGone { labels } => json!({ "kind": "target-gone", "labels": labels }),
        Observed::Alert(change) => {
            let mut value = json!({
                "kind": "alert",
                "from": change.from.as_str(),
                "to": change.to.as_str(),
                "reason": change.reason,
                "rule": change.rule.as_ref().map(|rule| rule.to_string()),
            });
            merge(&mut value, active(&change.alert, start));
            value
        }
        Observed::AlertsSeen { alert, active: elements } => json!({
            "kind": "alerts-seen",
            "alert": alert,
            "active": elements.iter().map(|element| {
                let mut value = json!({ "state": element.state.as_str() });
                merge(&mut value, active(element, start));
                value
            }).collect::<Vec<_>>(),
        }),
        Observed::Rule { group, rule, healthy, error } => {
            json!({ "kind": "rule", "group": group, "rule": rule, "healthy": healthy, "error": error })
        }
        Observed::Value { expr, result: Ok(samples) } => {
            json!({ "kind": "value", "expr": expr, "samples": samples.iter().map(sample).collect::<Vec<_>>() })
        }
        Observed::Value { expr, result: Err(error) } => {
            json!({ "kind": "value", "expr": expr, "error": error })
        }
        Observed::Routed(routed) => notification::routed(routed),
        Observed::Waiting(waiting) => notification::waiting(waiting, start),
        Observed::Notification(seen) => notification::notification(seen, start),
        Observed::GivenUp(given_up) => notification::given_up(given_up),
        Observed::Withheld(withheld) => notification::withheld(withheld),
        Observed::Muted(muted) => notification::muted(muted),
    };
    let mut fields = json!({ "at_seconds": (seen.at - start).seconds() });
    merge(&mut fields, value.take());
    fields
}

fn active(alert: &ActiveAlert, start: Timestamp) -> Value {
    json!({
        "labels": labels(&alert.labels),
        "annotations": labels(&alert.annotations),
        "active_at_seconds": (alert.active_at - start).seconds(),
        "value": number(alert.value),
    })
}

fn sample(sample: &SeenSample) -> Value {
    match &sample.histogram {
        Some(histogram) => json!({ "labels": labels(&sample.labels), "histogram": histogram }),
        None => json!({ "labels": labels(&sample.labels), "value": number(sample.value) }),
    }
}

fn labels(labels: &Labels) -> Value {
    json!(labels)
}

fn number(value: f64) -> String {
    format_float(value, FloatFormat::General, None)
}

/// The fields of `more`, after those of `into`.
fn merge(into: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(more)) = (into, more) {
        into.extend(more);
    }
}
