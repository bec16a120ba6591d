//! A world's folder: its configs, data, logs and pid files, gone with it.
//!
//! All of them stand in one folder of this user below the system's temporary one. Each name says which firedrill made
//! it and when that began, so that what a killed one left is found by the next, and nobody else's is touched.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::worlds::process;

/// How long it may take until nobody writes into a world's folder any more.
const TO_BE_LEFT: Duration = Duration::from_secs(5);

/// Removed when it is dropped.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    pub fn new() -> io::Result<Folder> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let pid = std::process::id();
        let began =
            process::began(pid).ok_or_else(|| io::Error::other("this process is not known to run"))?;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = home()?.join(format!("{pid}-{number}-{}", word(&began)));
        private(&path)?;
        Ok(Folder { path })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A folder in it, for nobody else to read: the world's own may have to let somebody through.
    pub fn add(&self, name: &str) -> io::Result<PathBuf> {
        let path = self.path.join(name);
        DirBuilder::new().mode(0o700).recursive(true).create(&path)?;
        Ok(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // The next sweep tries again.
        drop(remove(&self.path));
    }
}

/// What a killed firedrill had left.
#[derive(Clone, Debug, PartialEq)]
pub struct Left {
    pub folder: PathBuf,
    /// Names of the processes that still ran.
    pub ended: Vec<String>,
}

/// Ends what killed firedrills have left running, and removes their folders.
pub fn sweep() -> io::Result<Vec<Left>> {
    sweep_in(&home()?)
}

fn sweep_in(home: &Path) -> io::Result<Vec<Left>> {
    let mut left = Vec::new();
    for entry in std::fs::read_dir(home)? {
        let folder = entry?.path();
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut parts = name.splitn(3, '-');
        let (Some(pid), Some(_), Some(began)) = (parts.next(), parts.next(), parts.next()) else { continue };
        let Ok(pid) = pid.parse::<u32>() else { continue };
        if process::began(pid).is_some_and(|now| word(&now) == began) {
            continue;
        }
        // Another firedrill may be sweeping the same at this moment.
        let ended = match process::sweep(&folder) {
            Ok(ended) => ended,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        match remove(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => left.push(Left { folder, ended }),
        }
    }
    left.sort_by(|a, b| a.folder.cmp(&b.folder));
    Ok(left)
}

/// Children of a program that was killed may still write for a moment.
fn remove(folder: &Path) -> io::Result<()> {
    let begun = Instant::now();
    loop {
        match std::fs::remove_dir_all(folder) {
            Err(error)
                if error.kind() == io::ErrorKind::DirectoryNotEmpty && begun.elapsed() < TO_BE_LEFT =>
            {
                std::thread::sleep(TO_BE_LEFT / 100);
            }
            removed => return removed,
        }
    }
}

/// This user's folder of worlds.
fn home() -> io::Result<PathBuf> {
    let own = process::own_user()?;
    let path = std::env::temp_dir().join(format!("firedrill-{own}"));
    match private(&path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => made?,
    }
    let there = std::fs::symlink_metadata(&path)?;
    match there.is_dir() && there.uid() == own {
        true => Ok(path),
        false => Err(io::Error::other(format!("{} is somebody else's", path.display()))),
    }
}

/// A folder that nobody else can read: configs have credentials in them.
fn private(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)
}

/// As a part of a file's name.
pub(super) fn word(text: &str) -> String {
    text.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_gone_with_its_world() {
        let folder = Folder::new().unwrap();
        let path = folder.path().to_owned();
        std::fs::write(folder.add("prometheus").unwrap().join("prometheus.yml"), "x").unwrap();
        assert!(path.join("prometheus/prometheus.yml").exists());
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn only_what_a_dead_firedrill_left_is_swept() {
        let home = tempfile::tempdir().unwrap();
        let own = process::began(std::process::id()).unwrap();
        let alive = home.path().join(format!("{}-0-{}", std::process::id(), word(&own)));
        // The same number, of a process that began at another time.
        let dead = home.path().join(format!("{}-1-long_ago", std::process::id()));
        let foreign = home.path().join("notes");
        for folder in [&alive, &dead, &foreign] {
            std::fs::create_dir(folder).unwrap();
        }
        let left = sweep_in(home.path()).unwrap();
        assert_eq!(left, [Left { folder: dead.clone(), ended: Vec::new() }]);
        assert!(alive.exists() && foreign.exists() && !dead.exists());
    }
}
