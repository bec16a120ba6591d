//! Drills as JSON.

use serde_json::{Value, json};

use super::story::told;
use super::{instant, message};
use crate::diagnostic::{Diagnostic, Severity, Span};
use crate::drill::{Story, Table};
use crate::timeline::{Observed, Outcome};

pub fn table_json(table: &Table) -> String {
    let rows: Vec<Value> = table
        .rows
        .iter()
        .map(|row| {
            let labels: serde_json::Map<String, Value> = row
                .labels
                .iter()
                .map(|(name, value)| (name.clone(), value.clone().map_or(Value::Null, Value::from)))
                .collect();
            json!({
                "alert": row.alert, "place": row.place.to_string(), "labels": labels,
                "for_seconds": row.hold.seconds(), "route": row.route, "when": row.when,
                "muted_by": row.muted_by, "muted_while": row.muted_while,
            })
        })
        .collect();
    let routes: Vec<Value> = table
        .routes
        .iter()
        .map(|route| {
            let channels: Vec<Value> = route
                .channels
                .iter()
                .map(|channel| json!({"address": channel.address, "send_resolved": channel.send_resolved}))
                .collect();
            json!({
                "route": route.way, "place": route.place.to_string(), "receiver": route.receiver,
                "channels": channels, "group_wait_seconds": route.group_wait.seconds(),
                "group_interval_seconds": route.group_interval.seconds(),
                "repeat_interval_seconds": route.repeat_interval.seconds(), "group_by": route.group_by,
                "mute_time_intervals": route.muted_during, "active_time_intervals": route.active_during,
                "alerts": route.alerts,
            })
        })
        .collect();
    let inhibit_rules: Vec<Value> = table
        .inhibit_rules
        .iter()
        .map(|rule| {
            json!({
                "place": rule.place.to_string(), "source": rule.source, "target": rule.target,
                "equal": rule.equal, "sources": rule.sources, "targets": rule.targets,
            })
        })
        .collect();
    let findings: Vec<Value> = table.findings.iter().map(finding).collect();
    let all = json!({
        "version": 1, "stack": table.stack, "alerts": rows, "routes": routes, "inhibit_rules": inhibit_rules,
        "findings": findings,
    });
    format!("{all:#}\n")
}

pub(super) fn finding(finding: &Diagnostic) -> Value {
    json!({
        "id": finding.id,
        "severity": if finding.severity == Severity::Error { "error" } else { "warning" },
        "message": finding.message,
        "place": finding.place.as_ref().map(Span::to_string),
        "because": finding.because,
        "help": finding.help,
    })
}

pub fn story_json(story: &Story) -> String {
    let route = |node: usize| &story.tree.node(node).route;
    let taken: Vec<Value> = story
        .ways
        .taken
        .iter()
        .map(|taken| {
            json!({
                "receiver": route(taken.node).receiver.value, "place": route(taken.node).place.to_string(),
                "group_labels": taken.group_labels, "group_key": taken.group_key,
            })
        })
        .collect();
    let refused: Vec<Value> = story
        .ways
        .refused
        .iter()
        .map(|refused| {
            json!({
                "receiver": route(refused.node).receiver.value, "place": route(refused.node).place.to_string(),
                "matcher": refused.matcher.to_string(), "got": refused.got,
            })
        })
        .collect();
    let timeline: Vec<Value> = story
        .seen
        .iter()
        .filter_map(|seen| {
            let at = instant(seen.at);
            Some(match &seen.what {
                Observed::Notification(sent) => json!({
                    "at": at, "what": "notification", "receiver": sent.receiver, "integration": sent.integration,
                    "to": told(sent), "reason": sent.reason.as_str(), "status": sent.status.as_str(),
                    "error": match &sent.outcome {
                        Outcome::Delivered => Value::Null,
                        Outcome::WillRetry(error) | Outcome::Failed(error) => Value::from(error.as_str()),
                    },
                    "message": message::json(sent),
                }),
                Observed::Muted(muted) => json!({
                    "at": at, "what": "muted", "receiver": muted.receiver, "by": muted.by.as_str(),
                }),
                Observed::Withheld(withheld) => json!({
                    "at": at, "what": "withheld", "receiver": withheld.receiver,
                    "integration": withheld.integration, "reason": withheld.reason,
                }),
                _ => return None,
            })
        })
        .collect();
    let all = json!({
        "version": 1, "alert": story.alert, "place": story.place.to_string(), "labels": story.labels,
        "annotations": story.annotations, "not_given": story.not_given, "fires": instant(story.fires),
        "resolves": instant(story.resolves), "taken": taken, "refused": refused, "timeline": timeline,
    });
    format!("{all:#}\n")
}
