//! Teams' own unit tests: every `promtool/**/*_test.yaml` below `FIREDRILL_CORPORA` is read without a complaint.

use std::path::{Path, PathBuf};

use firedrill::scenario::select;

/// The folder, where it is; else says that it is missing.
fn corpora() -> Option<PathBuf> {
    let root = match std::env::var_os("FIREDRILL_CORPORA") {
        Some(stated) => PathBuf::from(stated),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora"),
    };
    let folder = root.join("promtool");
    if !folder.is_dir() {
        println!("skipped: no folder {}", folder.display());
        return None;
    }
    Some(folder)
}

fn test_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            test_files(&path, found);
        } else if path.to_string_lossy().ends_with("_test.yaml") {
            found.push(path);
        }
    }
}

#[test]
fn corpora_unit_tests_are_read() {
    let Some(folder) = corpora() else { return };
    let mut files = Vec::new();
    test_files(&folder, &mut files);
    let mut complaints = Vec::new();
    for file in &files {
        let (scenarios, problems) = select::read(&[file.display().to_string()]);
        println!("{}: {} tests read", file.strip_prefix(&folder).unwrap().display(), scenarios.len());
        complaints.extend(problems.iter().map(ToString::to_string));
        if scenarios.is_empty() && problems.is_empty() {
            complaints.push(format!("{}: no tests", file.display()));
        }
    }
    assert!(
        complaints.is_empty(),
        "{} of {} files\n{}",
        complaints.len(),
        files.len(),
        complaints.join("\n")
    );
}
