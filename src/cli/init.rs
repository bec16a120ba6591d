//! `firedrill init`: a `firedrill.yaml` and a first scenario, from what the documents tell.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::color::When;
use super::stages::Stages;
use super::{Exit, output};
use crate::diagnostic::{Diagnostic, Severity, SourceFile};
use crate::documents::{self, guessed};
use crate::runner::RunOptions;
use crate::scenario::first::{self, Candidate};
use crate::scenario::yaml;
use crate::stack::Stack;
use crate::workload::ServiceSpec;

const SETTINGS: &str = "firedrill.yaml";
const SCENARIO: &str = "firedrill-scenarios.yaml";
/// Runs in the twin until one of the candidates holds.
const TRIES: usize = 60;

/// Write a firedrill.yaml and a first scenario, from what the documents tell
///
/// Reads what is there, describes the services that are found in it, and tries one alert from both sides. The scenario
/// is run before it is written. Nothing that exists is overwritten.
#[derive(clap::Args)]
#[command(after_help = Exit::help())]
pub struct InitArguments {
    /// The documents: a folder, or a guide
    #[arg(value_name = "PATH", default_value = ".")]
    path: String,
}

pub fn run(arguments: &InitArguments, color: When) -> Exit {
    match written(&arguments.path) {
        Ok(()) => Exit::Held,
        Err(Failed::Documents(problems)) => {
            output::problems(&problems, color.on(&io::stderr()));
            Exit::Unusable
        }
        Err(Failed::Writing(path, error)) => {
            output::complain(&format!("error: can't write {}: {error}", path.display()));
            Exit::WorldFailed
        }
    }
}

enum Failed {
    Documents(Vec<Diagnostic>),
    Writing(PathBuf, io::Error),
}

fn written(path: &str) -> Result<(), Failed> {
    let folder = match Path::new(path) {
        path if path.is_dir() => path.to_path_buf(),
        path => path.parent().map(Path::to_path_buf).unwrap_or_default(),
    };
    let wiring = documents::wiring::load(&[path]).map_err(Failed::Documents)?;
    let known = folder.join(SETTINGS);
    let services = guessed::text(&wiring);
    let (mut stack, _) = match documents::load(&[path], None) {
        Ok(loaded) => loaded,
        // What a program refuses runs in no scenario; what services there are can be said all the same.
        Err(problems) => {
            settle(&known, &settings(&services, ""))?;
            output::say(&format!(
                "a first scenario waits until these are mended; `firedrill check {path}` tells all that is wrong\n"
            ));
            return Err(Failed::Documents(problems));
        }
    };
    if !known.exists() {
        stack.services = described(&settings(&services, ""));
    }
    // A folder's scenarios are about what lies beside them; a guide has to be named.
    let named = (!Path::new(path).is_dir()).then_some(path);
    let candidates = first::candidates(&stack, named).into_iter().take(TRIES);
    // A firedrill.yaml that is there already is not changed.
    let mut candidates = candidates.filter(|candidate| candidate.metrics.is_empty() || !known.exists());
    let candidate = candidates.find(|candidate| {
        let mut stack = stack.clone();
        stack.services.extend(described(&settings("", &candidate.metrics)));
        holds(candidate, &stack)
    });
    let metrics = candidate.as_ref().map(|candidate| candidate.metrics.as_str()).unwrap_or_default();
    settle(&known, &settings(&services, metrics))?;
    match candidate {
        Some(candidate) => {
            let file = folder.join(SCENARIO);
            settle(&file, &candidate.text)?;
            output::say(&format!("next: firedrill test {}\n", file.display()));
        }
        None => output::say(
            "no alert could be tried without knowing more: `firedrill steps` shows what scenarios can say\n",
        ),
    }
    Ok(())
}

/// The services of a firedrill.yaml's text.
fn described(text: &str) -> Vec<ServiceSpec> {
    let (read, _) = documents::firedrill::read(&SourceFile::new(SETTINGS, text));
    read.map(|read| read.services).unwrap_or_default()
}

/// Writes a file that is not there yet.
fn settle(path: &Path, text: &str) -> Result<(), Failed> {
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    match written {
        Ok(()) => output::say(&format!("wrote {}\n", path.display())),
        Err(error)
            if error.kind() == io::ErrorKind::AlreadyExists
                && fs::metadata(path).is_ok_and(|it| it.is_file()) =>
        {
            output::say(&format!("{} is there already, and stays as it is\n", path.display()));
        }
        Err(error) => return Err(Failed::Writing(path.to_path_buf(), error)),
    }
    Ok(())
}

/// The text of a firedrill.yaml.
fn settings(services: &str, metrics: &str) -> String {
    let mut text = "# What the other files can't say: docs/workload.md has all of it.\n".to_owned();
    match services {
        "" => text.push_str(
            "# services:\n#   api:\n#     address: api:8080\n#     instrumentation: {requests: http_requests_total}\n",
        ),
        services => {
            text.push_str(
                "# The services are those that the documents tell of; traffic and values are a first guess.\n",
            );
            text.push_str(services);
        }
    }
    if !metrics.is_empty() {
        text.push_str("# Nothing that the documents tell of exports these; they stand in Prometheus as they are.\nmetrics:\n");
        text.push_str(metrics);
    }
    text
}

/// Whether the scenarios can be run and every claim in them holds.
fn holds(candidate: &Candidate, stack: &Stack) -> bool {
    let file = SourceFile::new(SCENARIO, candidate.text.as_str());
    let (root, mut problems) = documents::yaml::read_one(&file);
    let scenarios = root.map(|root| yaml::read(&file, &root, &mut problems)).unwrap_or_default();
    let is_error = |problem: &Diagnostic| problem.severity == Severity::Error;
    !problems.iter().any(is_error)
        && !scenarios.is_empty()
        && scenarios.iter().all(|scenario| {
            let known = !(Stages::REAL.check)(scenario, stack).iter().any(is_error);
            let options = RunOptions { seed: 1, ..RunOptions::default() };
            known
                && (Stages::REAL.run)(scenario, stack, &options)
                    .is_ok_and(|outcome| outcome.verdicts.iter().all(|verdict| verdict.held))
        })
}
