//! The findings that a repository has already: adopted once, and only what is new is told.
//!
//! Promises: an entry is found again wherever its line moves to, as long as the line, the message and the file's name stay;
//! an entry stands for as many findings, and for as many places of them, as it counts; nothing that is secret is in it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Finding;
use crate::diagnostic::{Diagnostic, SourceFile, Span};

const VERSION: u32 = 2;

/// What is known, from a file of `firedrill check --write-baseline`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    version: u32,
    findings: Vec<Entry>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub id: String,
    pub file: String,
    pub message: String,
    /// Of the check, the file, the message and the line's text.
    pub fingerprint: String,
    pub count: usize,
    /// Of all of them together: a name that does not resolve is one finding, wherever it is written.
    #[serde(default)] // Of an earlier version, which is told as such.
    pub places: usize,
}

/// How many places a finding points at: one more is something that nobody knew.
fn places(diagnostic: &Diagnostic) -> usize {
    1 + diagnostic.related.len()
}

/// Known for a finding wherever it moves in its file.
pub fn fingerprint(diagnostic: &Diagnostic) -> String {
    let (file, line) = match &diagnostic.place {
        Some(place) => (file(place), place.shown_line().trim().to_owned()),
        None => Default::default(),
    };
    let hash =
        Sha256::digest([diagnostic.id, file.as_str(), diagnostic.message.as_str(), line.as_str()].join("\0"));
    hash[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// As it is named from the folder that firedrill runs in.
fn file(place: &Span) -> String {
    place.file.path().trim_start_matches("./").to_owned()
}

impl Baseline {
    pub fn read(file: &SourceFile) -> Result<Baseline, Diagnostic> {
        let baseline: Baseline = serde_json::from_str(file.text()).map_err(|error| {
            let line = error.line().saturating_sub(1);
            let start = file.text().split_inclusive('\n').take(line).map(str::len).sum::<usize>();
            let at = start + error.column().saturating_sub(1);
            Diagnostic::error("bad-baseline", "this is no baseline")
                .at(&file.span(at..at + 1))
                .label(error.to_string().split(" at line ").next().unwrap_or_default())
                .help("write it anew with `firedrill check --write-baseline FILE`")
        })?;
        if baseline.version != VERSION {
            return Err(Diagnostic::error(
                "bad-baseline",
                format!("this baseline is of version {}, and {VERSION} is read", baseline.version),
            )
            .at(&file.span(0..1))
            .help("write it anew with `firedrill check --write-baseline FILE`"));
        }
        Ok(baseline)
    }

    /// Of all findings, folded ones too.
    pub fn of(findings: &[Finding]) -> Baseline {
        let mut entries: BTreeMap<(String, String), Entry> = BTreeMap::new();
        for finding in findings.iter().flat_map(|finding| std::iter::once(finding).chain(&finding.folded)) {
            let diagnostic = &finding.diagnostic;
            let file = diagnostic.place.as_ref().map(file).unwrap_or_default();
            let fingerprint = fingerprint(diagnostic);
            let entry = entries.entry((file.clone(), fingerprint.clone())).or_insert_with(|| Entry {
                id: diagnostic.id.to_owned(),
                file,
                message: diagnostic.message.clone(),
                fingerprint,
                count: 0,
                places: 0,
            });
            entry.count += 1;
            entry.places += places(diagnostic);
        }
        Baseline { version: VERSION, findings: entries.into_values().collect() }
    }

    pub fn print(&self) -> String {
        // Nothing in it can fail to be written as JSON.
        serde_json::to_string_pretty(self).map(|text| text + "\n").unwrap_or_default()
    }

    /// How many findings it stands for.
    pub fn count(&self) -> usize {
        self.findings.iter().map(|entry| entry.count).sum()
    }

    /// Without the findings that are known; how many those were, and the entries that found nothing.
    pub fn apply(&self, findings: Vec<Finding>) -> (Vec<Finding>, usize, Vec<&Entry>) {
        // Findings and places that an entry still stands for.
        let mut left: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for entry in &self.findings {
            let left = left.entry(&entry.fingerprint).or_default();
            *left = (left.0 + entry.count, left.1 + entry.places);
        }
        let mut known = 0;
        let mut is_known = |finding: &Finding| match left.get_mut(fingerprint(&finding.diagnostic).as_str()) {
            Some((left, room)) if *left > 0 => {
                *left -= 1;
                let here = places(&finding.diagnostic);
                let fits = here <= *room;
                *room = room.saturating_sub(here);
                known += usize::from(fits);
                fits
            }
            _ => false,
        };
        let mut new = Vec::new();
        for mut finding in findings {
            let folded = std::mem::take(&mut finding.folded);
            let folded = folded.into_iter().filter(|folded| !is_known(folded)).collect();
            match is_known(&finding) {
                false => new.push(Finding { folded, ..finding }),
                // What is new stands by itself.
                true => new.extend(folded),
            }
        }
        let stale = self
            .findings
            .iter()
            .filter(|entry| left.get(entry.fingerprint.as_str()).is_some_and(|(left, _)| *left > 0));
        (new, known, stale.collect())
    }
}
