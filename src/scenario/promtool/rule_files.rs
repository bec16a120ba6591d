//! The files that `rule_files` means: paths and globs as Go's `filepath.Glob` takes them, from the test file's folder.

use std::path::Path;

use crate::diagnostic::{Diagnostic, SourceFile, Spanned};
use crate::documents::find;

/// The files in the order of the patterns. A pattern that matches nothing is an error: promtool only warns,
/// and then passes every test that expects no alert.
pub fn resolve(
    patterns: &[Spanned<String>],
    folder: &Path,
    problems: &mut Vec<Diagnostic>,
) -> Vec<SourceFile> {
    let mut files = Vec::new();
    for pattern in patterns {
        let paths = find::glob::matching(&folder.join(&pattern.value));
        if paths.is_empty() {
            problems.push(
                Diagnostic::error("no-rule-files", format!("no file matches `{}`", pattern.value))
                    .at(&pattern.span)
                    .label(format!("looked in {}", shown(folder)))
                    .because(
                        "without these rules a test that expects no alert would pass, whatever the rules say",
                    ),
            );
        }
        for path in paths {
            match find::read_file(&path) {
                Ok(file) => files.push(file),
                Err(problem) => problems.push(problem.related(&pattern.span, "named here")),
            }
        }
    }
    files
}

fn shown(folder: &Path) -> String {
    if folder.as_os_str().is_empty() { ".".to_owned() } else { folder.display().to_string() }
}
