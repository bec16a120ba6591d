//! `--format sarif`: SARIF 2.1.0, which code-scanning services read (GitHub, GitLab, Azure DevOps).
//!
//! Fingerprints hold when lines move, so that a service knows an old finding again. Files are named as the person named
//! them; a service takes relative names from the repository's root.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Checked, said};
use crate::checks::{self, Check, Finding, Harm, fingerprint};
use crate::diagnostic::Span;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json";

pub fn sarif(checked: &Checked<'_>) -> String {
    let rules: Vec<&Check> = checks::all().collect();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let results: Vec<Value> = checked
        .findings
        .iter()
        .map(|finding| {
            let print = fingerprint(&finding.diagnostic);
            let count = seen.entry(print.clone()).or_default();
            *count += 1;
            result(finding, &rules, &format!("{print}:{count}"))
        })
        .collect();
    let report = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "firedrill",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|check| rule(check)).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{report:#}\n")
}

fn rule(check: &Check) -> Value {
    json!({
        "id": check.id,
        "shortDescription": { "text": sentence(check.title) },
        "fullDescription": { "text": check.explanation },
        "help": {
            "text": format!("{} `firedrill explain {}` shows an example and the mend.", check.explanation, check.id),
            "markdown": checks::section(check, "#"),
        },
        "defaultConfiguration": { "level": level(check.harm) },
        "properties": { "harm": check.harm.as_str(), "tags": ["monitoring", check.harm.as_str()] },
    })
}

fn result(finding: &Finding, rules: &[&Check], print: &str) -> Value {
    let diagnostic = &finding.diagnostic;
    let mut text = sentence(&diagnostic.message);
    for line in said(finding) {
        text.push('\n');
        text.push_str(&line);
    }
    let mut value = json!({
        "ruleId": diagnostic.id,
        "level": level(finding.harm),
        "message": { "text": text },
        "locations": diagnostic.place.iter().map(|span| json!({ "physicalLocation": location(span) })).collect::<Vec<_>>(),
        "partialFingerprints": { "firedrillFinding/v1": print },
    });
    if let Some(index) = rules.iter().position(|check| check.id == diagnostic.id) {
        value["ruleIndex"] = json!(index);
    }
    let folded = finding
        .folded
        .iter()
        .filter_map(|folded| Some((folded.diagnostic.place.as_ref()?, folded.diagnostic.message.as_str())));
    let related = diagnostic.related.iter().map(|(span, label)| (span, label.as_str())).chain(folded);
    let related: Vec<Value> = related
        .enumerate()
        .map(|(at, (span, label))| {
            json!({ "id": at, "physicalLocation": location(span), "message": { "text": label } })
        })
        .collect();
    if !related.is_empty() {
        value["relatedLocations"] = json!(related);
    }
    if !diagnostic.mends.is_empty() {
        value["fixes"] = json!([{
            "description": { "text": diagnostic.help.as_deref().unwrap_or("the mend that --fix makes") },
            "artifactChanges": diagnostic.mends.iter().map(|(span, text)| json!({
                "artifactLocation": { "uri": uri(span.file.path()) },
                "replacements": [{ "deletedRegion": region(span), "insertedContent": { "text": text } }],
            })).collect::<Vec<_>>(),
        }]);
    }
    value
}

fn location(span: &Span) -> Value {
    json!({ "artifactLocation": { "uri": uri(span.file.path()) }, "region": region(span) })
}

fn region(span: &Span) -> Value {
    let (line, column) = span.file.line_column(span.start);
    let (end_line, end_column) = span.end_line_column();
    json!({ "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column })
}

fn level(harm: Harm) -> &'static str {
    match harm {
        Harm::Breaks | Harm::Silent => "error",
        Harm::Risk => "warning",
        Harm::Style => "note",
    }
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str().trim_end_matches('.'))
}

/// A path as a URI: relative where it is, a `file:` URI where it is absolute.
fn uri(path: &str) -> String {
    let mut uri = String::new();
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.trim_start_matches("./").bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                uri.push(char::from(byte))
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}
