//! What `firedrill check` found, for a person or for a machine. One file a format.
//!
//! Nothing here looks for defects or decides how a run ends: findings are laid out, each with its place, and without
//! anything that is secret.

mod github;
mod json;
mod junit;
mod markdown;
mod sarif;
mod text;

use std::fmt;

use crate::checks::{Finding, Harm};
use crate::diagnostic::Span;
use crate::stack::wiring::DocumentPart;

/// What a run of checks came to.
#[derive(Clone, Copy, Debug)]
pub struct Checked<'a> {
    pub findings: &'a [Finding],
    /// What the documents consist of.
    pub parts: &'a [DocumentPart],
    /// Findings that the baseline knows.
    pub known: usize,
}

/// How findings are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Text,
    Json,
    Sarif,
    Github,
    Markdown,
    Junit,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Text => "text",
            Format::Json => "json",
            Format::Sarif => "sarif",
            Format::Github => "github",
            Format::Markdown => "markdown",
            Format::Junit => "junit",
        })
    }
}

/// How a person sees it; other formats look the same everywhere.
#[derive(Clone, Copy, Debug, Default)]
pub struct CheckLook {
    pub colour: bool,
    /// Also list what each part of the documents is taken for.
    pub parts: bool,
}

pub fn render(checked: &Checked<'_>, format: Format, look: CheckLook) -> String {
    match format {
        Format::Text => text::text(checked, look),
        Format::Json => json::json(checked),
        Format::Sarif => sarif::sarif(checked),
        Format::Github => github::github(checked),
        Format::Markdown => markdown::markdown(checked),
        Format::Junit => junit::junit(checked),
    }
}

impl Checked<'_> {
    /// `2 breaks, 1 risk`, or that there is nothing.
    fn by_harm(&self) -> String {
        let counts = Harm::ALL.into_iter().filter_map(|harm| {
            let count = self.findings.iter().filter(|finding| finding.harm == harm).count();
            (count > 0).then(|| format!("{count} {}", harm.as_str()))
        });
        let counts: Vec<String> = counts.collect();
        if counts.is_empty() { "nothing found".to_owned() } else { counts.join(", ") }
    }

    /// The files that were read, each once, in their order.
    fn files(&self) -> Vec<&str> {
        let mut files: Vec<&str> = Vec::new();
        for part in self.parts {
            let path = part.place.file.path();
            if files.last() != Some(&path) {
                files.push(path);
            }
        }
        files
    }
}

/// The file, line and column of a finding.
fn place(finding: &Finding) -> Option<(&str, usize, usize)> {
    finding.diagnostic.place.as_ref().map(at)
}

fn at(span: &Span) -> (&str, usize, usize) {
    let (line, column) = span.file.line_column(span.start);
    (span.file.path(), line, column)
}

/// All that is said beside the message, as sentences: what stands at the caret, why, what next, what is folded.
fn said(finding: &Finding) -> Vec<String> {
    let diagnostic = &finding.diagnostic;
    let mut said = Vec::new();
    if !diagnostic.label.is_empty() {
        said.push(diagnostic.label.clone());
    }
    for (span, label) in &diagnostic.related {
        said.push(format!("{span}: {label}"));
    }
    said.extend(diagnostic.because.iter().map(|because| format!("because: {because}")));
    said.extend(diagnostic.help.iter().map(|help| format!("help: {help}")));
    said.extend(finding.notes().into_iter().map(|(name, text)| format!("{name}: {text}")));
    said
}
