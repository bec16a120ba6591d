//! `--format json`: what was found and what was read, for programs. docs/check.md describes it.

use serde_json::{Value, json};

use super::{Checked, at};
use crate::checks::{Finding, fingerprint};
use crate::diagnostic::Span;

/// Raised when a field changes its meaning or goes.
const VERSION: u32 = 1;

pub fn json(checked: &Checked<'_>) -> String {
    let diagnostics: Vec<Value> = checked.findings.iter().map(diagnostic).collect();
    let documents = checked.parts.iter().map(|part| {
        let mut value = place(&part.place);
        value["kind"] = json!(part.kind.as_str());
        value["name"] = json!(part.name);
        value["unread_because"] = json!(part.unread);
        let objects = part.objects.iter().map(|object| {
            let mut value = place(&object.span);
            value["object"] = json!(object.value);
            value
        });
        value["objects"] = objects.collect();
        value
    });
    let documents: Vec<Value> = documents.collect();
    let report = json!({
        "version": VERSION,
        "diagnostics": diagnostics,
        "known_to_baseline": checked.known,
        "documents": documents,
    });
    format!("{report:#}\n")
}

fn diagnostic(finding: &Finding) -> Value {
    let told = &finding.diagnostic;
    let mut value = json!({
        "id": told.id,
        "severity": finding.harm.as_str(),
        "message": told.message,
        "label": told.label,
    });
    let mut add = |more: Value| {
        if let (Value::Object(value), Value::Object(more)) = (&mut value, more) {
            value.extend(more);
        }
    };
    add(match &told.place {
        Some(span) => place_to_end(span),
        None => json!({ "file": null, "line": null, "column": null, "end_line": null, "end_column": null }),
    });
    let related = told.related.iter().map(|(span, label)| {
        let mut value = place(span);
        value["label"] = json!(label);
        value
    });
    let mends = told.mends.iter().map(|(span, text)| {
        let mut value = place_to_end(span);
        value["text"] = json!(text);
        value
    });
    add(json!({
        "because": told.because,
        "help": told.help,
        "related": related.collect::<Vec<_>>(),
        "mends": mends.collect::<Vec<_>>(),
        "folded": finding.folded.iter().map(diagnostic).collect::<Vec<_>>(),
        "fingerprint": fingerprint(told),
    }));
    value
}

fn place(span: &Span) -> Value {
    let (file, line, column) = at(span);
    json!({ "file": file, "line": line, "column": column })
}

fn place_to_end(span: &Span) -> Value {
    let (end_line, end_column) = span.end_line_column();
    let mut value = place(span);
    value["end_line"] = json!(end_line);
    value["end_column"] = json!(end_column);
    value
}
