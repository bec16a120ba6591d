//! `--report KIND=FILE`: reports written to files, whole or not at all.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use super::{ScenarioResult, json, junit};

/// A report asked for on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportFile {
    pub format: Format,
    /// `-` is standard output.
    pub path: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Json,
    Junit,
}

#[derive(Debug, thiserror::Error)]
#[error("can't write the {format} report to {path}: {error}")]
pub struct WriteError {
    pub format: Format,
    pub path: String,
    pub error: io::Error,
}

impl ReportFile {
    /// `junit=FILE` or `json=FILE`.
    pub fn parse(text: &str) -> Result<ReportFile, String> {
        let (kind, path) = text
            .split_once('=')
            .ok_or_else(|| format!("expected KIND=FILE, as in junit={}", or(text, "FILE")))?;
        let format = match kind {
            "json" => Format::Json,
            "junit" => Format::Junit,
            _ => return Err(format!("there is no report of kind {kind:?}; there are json and junit")),
        };
        if path.is_empty() {
            return Err(format!("no file is named after {kind}= (- is standard output)"));
        }
        Ok(ReportFile { format, path: path.to_owned() })
    }

    pub fn is_stdout(&self) -> bool {
        self.path == "-"
    }

    /// The report is made beside its file and then moved into place: nobody ever reads half of one.
    pub fn write(&self, results: &[ScenarioResult]) -> Result<(), WriteError> {
        let text = match self.format {
            Format::Json => json(results),
            Format::Junit => junit(results),
        };
        self.write_text(&text)
    }

    /// Writes what has been laid out already.
    pub fn write_text(&self, text: &str) -> Result<(), WriteError> {
        let written = if self.is_stdout() {
            io::stdout().write_all(text.as_bytes())
        } else {
            write_text(&self.path, text)
        };
        written.map_err(|error| WriteError { format: self.format, path: self.path.clone(), error })
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Json => "json",
            Format::Junit => "junit",
        })
    }
}

/// Writes a whole file, or nothing.
pub fn write_text(path: &str, text: &str) -> io::Result<()> {
    write_whole(Path::new(path), text.as_bytes())
}

fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not the name of a file"))?;
    // A device or a pipe can't be replaced, only written to.
    if fs::metadata(path).is_ok_and(|known| !known.is_file()) {
        return fs::OpenOptions::new().write(true).open(path)?.write_all(content);
    }
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(format!(".{}", std::process::id()));
    let beside = path.with_file_name(beside);
    let done = fs::write(&beside, content).and_then(|()| fs::rename(&beside, path));
    if done.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_file(&beside);
    }
    done
}

fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_asked_for_by_kind_and_file() {
        let check = |text, expected: Result<(Format, &str), &str>| {
            let got = ReportFile::parse(text).map(|report| (report.format, report.path));
            assert_eq!(got, expected.map(|(f, p)| (f, p.to_owned())).map_err(str::to_owned));
        };
        check("json=out/a=b.json", Ok((Format::Json, "out/a=b.json")));
        check("junit=-", Ok((Format::Junit, "-")));
        check("report.xml", Err("expected KIND=FILE, as in junit=report.xml"));
        check("html=x", Err("there is no report of kind \"html\"; there are json and junit"));
        check("json=", Err("no file is named after json= (- is standard output)"));
    }

    #[test]
    fn a_report_replaces_the_one_before_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        fs::write(&path, "old").unwrap();
        let report = ReportFile { format: Format::Json, path: path.to_str().unwrap().to_owned() };
        report.write(&[]).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), json(&[]));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error_that_names_the_file() {
        let report = ReportFile { format: Format::Junit, path: "/nonexistent/folder/x.xml".to_owned() };
        let error = report.write(&[]).unwrap_err().to_string();
        assert!(error.starts_with("can't write the junit report to /nonexistent/folder/x.xml: "), "{error}");
    }
}
