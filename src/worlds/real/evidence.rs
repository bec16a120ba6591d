//! What is kept of a world in which something went wrong: its configs and logs, without the data and without secrets.

use std::io;
use std::path::{Path, PathBuf};

use crate::stack::Stack;

/// Texts shorter than this are no secrets that could be told from other words.
const SHORTEST: usize = 4;

/// Copies what a person wants to look at afterwards into a new folder below `into`, and says which.
pub fn keep(world: &Path, into: &Path, name: &str, stack: &Stack) -> io::Result<PathBuf> {
    let word: String = name.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).take(60).collect();
    let word = word.trim_matches('-').to_lowercase();
    std::fs::create_dir_all(into)?;
    let free = (1..).map(|number| into.join(format!("{word}-{number}")));
    for folder in free {
        match std::fs::create_dir(&folder) {
            Ok(()) => {
                copy(world, &folder, &secrets(stack))?;
                return Ok(folder);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn secrets(stack: &Stack) -> Vec<String> {
    let mut secrets: Vec<String> = stack.files.iter().flat_map(|file| file.secret_texts()).collect();
    secrets.retain(|secret| secret.len() >= SHORTEST);
    // The longest first: one may stand inside another.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets
}

fn copy(from: &Path, to: &Path, secrets: &[String]) -> io::Result<()> {
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            if entry.file_name() != "data" {
                std::fs::create_dir_all(&target)?;
                copy(&path, &target, secrets)?;
            }
            continue;
        }
        if path.extension().is_some_and(|extension| extension == "pid") {
            continue;
        }
        let mut text = String::from_utf8_lossy(&std::fs::read(&path)?).into_owned();
        for secret in secrets {
            text = text.replace(secret, "•••");
        }
        std::fs::write(target, text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::SourceFile;

    #[test]
    fn configs_and_logs_are_kept_without_data_and_secrets() {
        let (world, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let write = |name: &str, text: &str| {
            let path = world.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("alertmanager/alertmanager.yml", "password: hunter22\n");
        write("alertmanager/data/nflog", "x");
        write("alertmanager.log", "started\n");
        write("alertmanager.pid", "1 2\n");
        let file = SourceFile::new("alertmanager.yml", "smtp: hunter22\n");
        file.span(6..14).conceal();
        let stack = Stack { files: vec![file], ..Stack::default() };
        let kept = keep(world.path(), into.path(), "On-call hears: all", &stack).unwrap();
        assert_eq!(kept, into.path().join("on-call-hears--all-1"));
        assert_eq!(
            std::fs::read_to_string(kept.join("alertmanager/alertmanager.yml")).unwrap(),
            "password: •••\n"
        );
        assert_eq!(std::fs::read_to_string(kept.join("alertmanager.log")).unwrap(), "started\n");
        assert!(!kept.join("alertmanager/data").exists() && !kept.join("alertmanager.pid").exists());
        let again = keep(world.path(), into.path(), "On-call hears: all", &stack).unwrap();
        assert_eq!(again, into.path().join("on-call-hears--all-2"));
    }
}
