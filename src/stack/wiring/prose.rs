//! What a guide promises in its lists.

use crate::diagnostic::Spanned;

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
