//! What a component has said, in a file that grows while it runs.

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

const LAST_LINES: usize = 15;

#[derive(Clone, Debug)]
pub struct Log {
    path: PathBuf,
}

impl Log {
    pub fn at(path: PathBuf) -> Log {
        Log { path }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Everything.
    pub fn text(&self) -> String {
        std::fs::read(&self.path).map_or_else(
            |error| format!("{} could not be read: {error}", self.path.display()),
            |bytes| String::from_utf8_lossy(&bytes).into_owned(),
        )
    }

    /// What stands behind the first so many bytes, and how many there are now.
    pub fn after(&self, heard: u64) -> (String, u64) {
        let mut bytes = Vec::new();
        // A log that can't be read now may be readable later.
        let read = File::open(&self.path).and_then(|mut log| {
            log.seek(SeekFrom::Start(heard))?;
            log.read_to_end(&mut bytes)
        });
        let read = read.unwrap_or(0) as u64;
        (String::from_utf8_lossy(&bytes).into_owned(), heard + read)
    }

    pub fn length(&self) -> u64 {
        std::fs::metadata(&self.path).map_or(0, |log| log.len())
    }

    /// As many as a message shows.
    pub fn last_lines(&self) -> String {
        let text = self.text();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
    }
}

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}
