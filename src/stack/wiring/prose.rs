//! What guides say: their lists, and the lines between their fenced blocks.

use std::collections::BTreeSet;

use super::Wiring;
use crate::diagnostic::{SourceFile, Spanned};

/// An item of a list, or a row of a table.
#[derive(Clone, Debug)]
pub struct Listed {
    /// From the outermost to the nearest.
    pub headings: Vec<Spanned<String>>,
    pub text: Spanned<String>,
}

impl Listed {
    /// The nearest heading; empty where there is none.
    pub fn heading(&self) -> &str {
        self.headings.last().map_or("", |heading| &heading.value)
    }

    /// Whether a heading above it has one of these words, whatever their case.
    pub fn is_under(&self, words: &[&str]) -> bool {
        self.headings.iter().any(|heading| {
            let heading = heading.value.to_lowercase();
            words.iter().any(|word| heading.contains(word))
        })
    }
}

impl Wiring {
    /// The person's own files, each once.
    pub fn files(&self) -> impl Iterator<Item = SourceFile> {
        let mut known = BTreeSet::new();
        let files = self.parts.iter().map(|part| part.place.in_own_file().file);
        files.filter(move |file| known.insert(file.path().to_owned()))
    }

    pub fn guides(&self) -> impl Iterator<Item = SourceFile> {
        self.files().filter(|file| file.path().ends_with(".md") || file.path().ends_with(".markdown"))
    }

    /// The lines of guides that are in no fenced block.
    pub fn sentences(&self) -> impl Iterator<Item = String> {
        self.guides().flat_map(|guide| {
            let mut fenced = false;
            let lines = guide.text().lines().filter(|line| {
                let fence = line.trim_start().starts_with("```");
                fenced ^= fence;
                !fenced && !fence
            });
            lines.map(str::to_owned).collect::<Vec<_>>()
        })
    }
}
