//! What every target asks of what it reads.

use firedrill::diagnostic::{Diagnostic, SourceFile};

/// The file that a text would be.
pub fn file(name: &str, text: &str) -> SourceFile {
    SourceFile::new(name, text)
}

/// Every problem stands at a place in the text and can be shown.
pub fn shown(problems: &[Diagnostic]) {
    for problem in problems {
        if let Some(place) = &problem.place {
            assert!(place.file.text().get(place.start..place.end).is_some(), "{} at {place:?}", problem.id);
        }
        assert!(!problem.to_string().is_empty());
    }
}
