//! `firedrill check`: documents in, defects out; nothing is run.

use std::io;

use serde_json::{Value, json};

use super::color::When;
use super::{Exit, output};
use crate::checks::{self, Finding, Harm};
use crate::diagnostic::Span;
use crate::documents;
use crate::stack::wiring::Wiring;

/// Find what can't work, from the documents alone
///
/// Takes Kubernetes manifests, Compose files, Helm values, configs and rules, in files, folders, and in the
/// fenced blocks of Markdown guides.
#[derive(clap::Args)]
#[command(after_help = Exit::help())]
pub struct CheckArguments {
    /// Files or folders, read together as one stack
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<String>,

    /// How findings are told
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,

    /// End with exit code 1 only if something is at least as bad
    #[arg(long, value_name = "SEVERITY", default_value = "risk", value_parser = harm)]
    fail_on: Harm,

    /// Also list what each part of the documents is taken for, and why a part is not read
    #[arg(long, short)]
    verbose: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

fn harm(text: &str) -> Result<Harm, String> {
    Harm::parse(text).ok_or_else(|| "wanted breaks, silent, risk or style".to_owned())
}

pub fn run(arguments: &CheckArguments, color: When) -> Exit {
    let wiring = match documents::wiring::load(&arguments.paths) {
        Ok(wiring) => wiring,
        Err(problems) => {
            output::problems(&problems, color.on(&io::stderr()));
            return Exit::Unusable;
        }
    };
    let findings = checks::run(&wiring);
    match arguments.format {
        Format::Text => output::say(&text(&wiring, &findings, arguments.verbose, color.on(&io::stdout()))),
        Format::Json => output::say(&format!("{:#}\n", as_json(&wiring, &findings))),
    }
    match findings.iter().any(|finding| finding.harm >= arguments.fail_on) {
        true => Exit::Broken,
        false => Exit::Held,
    }
}

fn text(wiring: &Wiring, findings: &[Finding], verbose: bool, colour: bool) -> String {
    let mut text = String::new();
    for finding in findings {
        text.push_str(finding.diagnostic.render(colour).trim_end());
        text.push_str("\n\n");
    }
    if verbose {
        for part in &wiring.parts {
            let name = part.name.as_deref().map(|name| format!(" {name}")).unwrap_or_default();
            let what = match &part.unread {
                Some(reason) => format!("not read: {reason}"),
                None => part.kind.as_str().to_owned(),
            };
            text.push_str(&format!("{}:{name} {what}\n", part.place));
        }
        text.push('\n');
    }
    text.push_str(&summary(wiring, findings));
    text
}

fn summary(wiring: &Wiring, findings: &[Finding]) -> String {
    let unread = wiring.parts.iter().filter(|part| part.unread.is_some()).count();
    let read = wiring.parts.len() - unread;
    let counts = Harm::ALL.into_iter().filter_map(|harm| {
        let count = findings.iter().filter(|finding| finding.harm == harm).count();
        (count > 0).then(|| format!("{count} {}", harm.as_str()))
    });
    let counts: Vec<String> = counts.collect();
    let found = if counts.is_empty() { "nothing found".to_owned() } else { counts.join(", ") };
    let unread =
        if unread > 0 { format!(", {unread} not read (--verbose lists them)") } else { String::new() };
    format!("{found}; {read} parts of the documents read{unread}\n")
}

fn as_json(wiring: &Wiring, findings: &[Finding]) -> Value {
    let diagnostics: Vec<Value> = findings.iter().map(diagnostic).collect();
    let parts = wiring.parts.iter().map(|part| {
        let mut value = place(&part.place);
        value["kind"] = json!(part.kind.as_str());
        value["name"] = json!(part.name);
        value["unread_because"] = json!(part.unread);
        value
    });
    json!({ "version": 1, "diagnostics": diagnostics, "documents": parts.collect::<Vec<_>>() })
}

fn diagnostic(finding: &Finding) -> Value {
    let diagnostic = &finding.diagnostic;
    let mut value = json!({
        "id": diagnostic.id,
        "severity": finding.harm.as_str(),
        "message": diagnostic.message,
        "label": diagnostic.label,
    });
    let mut add = |more: Value| {
        if let (Value::Object(value), Value::Object(more)) = (&mut value, more) {
            value.extend(more);
        }
    };
    add(match &diagnostic.place {
        Some(span) => place(span),
        None => json!({ "file": null, "line": null, "column": null }),
    });
    let related = diagnostic.related.iter().map(|(span, label)| {
        let mut value = place(span);
        value["label"] = json!(label);
        value
    });
    add(json!({
        "because": diagnostic.because,
        "help": diagnostic.help,
        "related": related.collect::<Vec<_>>(),
    }));
    value
}

fn place(span: &Span) -> Value {
    let (line, column) = span.file.line_column(span.start);
    json!({ "file": span.file.path(), "line": line, "column": column })
}
