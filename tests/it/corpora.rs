//! Cases that others wrote, in a folder that `FIREDRILL_CORPORA` names (default `../shared/corpora`).
//!
//! Whoever has no such folder misses these tests; they say so.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The folder with one kind of cases, where it is.
pub fn folder(kind: &str) -> Option<PathBuf> {
    let root = match std::env::var_os("FIREDRILL_CORPORA") {
        Some(stated) => {
            let root = PathBuf::from(stated);
            assert!(root.is_dir(), "FIREDRILL_CORPORA: no folder {}", root.display());
            root
        }
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora"),
    };
    let folder = root.join(kind);
    if !folder.is_dir() {
        println!("skipped: no folder {}", folder.display());
        return None;
    }
    Some(folder)
}

/// Every file below the folder whose name ends so, in the order of the paths.
pub fn files(folder: &Path, ending: &str) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the folder can be read") {
            let entry = entry.expect("an entry");
            let path = entry.path();
            // A link to a folder may lead back up.
            match entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                true => folders.push(path),
                false if path.is_file() && path.to_string_lossy().ends_with(ending) => {
                    found.insert(path);
                }
                false => {}
            }
        }
    }
    found
}

/// `v3.14/functions.test`: the path below the folder.
pub fn name_of(path: &Path, folder: &Path) -> String {
    path.strip_prefix(folder).unwrap_or(path).display().to_string()
}

/// The lines of a list of known failures; it only shrinks.
pub fn known(list: &str) -> BTreeSet<&str> {
    list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}
