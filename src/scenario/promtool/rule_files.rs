//! The files that `rule_files` means: paths and globs as Go's `filepath.Glob` takes them, from the test file's folder.

use std::path::{Path, PathBuf};

use super::glob::glob;
use crate::diagnostic::{Diagnostic, SourceFile, Spanned};

/// The files in the order of the patterns. A pattern that matches nothing is an error: promtool only warns,
/// and then passes every test that expects no alert.
pub fn resolve(
    patterns: &[Spanned<String>],
    folder: &Path,
    test: &SourceFile,
    problems: &mut Vec<Diagnostic>,
) -> Vec<SourceFile> {
    let mut files = Vec::new();
    for pattern in patterns {
        let paths = glob(&folder.join(&pattern.value));
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
            match std::fs::read(&path)
                .map_err(|error| error.to_string())
                .and_then(|bytes| String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned()))
            {
                Ok(text) => files.push(SourceFile::new(path.display().to_string(), text)),
                Err(error) => problems.push(
                    Diagnostic::error("unreadable-file", format!("can't read {}: {error}", path.display()))
                        .at(&pattern.span)
                        .label(format!("named in {}", test.path())),
                ),
            }
        }
    }
    files
}

fn shown(folder: &Path) -> String {
    if folder == PathBuf::new() { ".".to_owned() } else { folder.display().to_string() }
}
