//! The local place: components are processes, of programs that are found on this machine.
//!
//! Loopback only, on ports that are free; each process in a group of its own, so that a Ctrl-C at the terminal reaches
//! firedrill alone, which then ends them.

mod postgres;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::process::{Process, ProcessError, free_address};
use super::real::place::{Component, Place, PlaceError, Program, Running};

#[derive(Clone, Copy, Debug, Default)]
pub struct Local;

impl Place for Local {
    fn start(&self, component: &Component) -> Result<Box<dyn Running>, PlaceError> {
        let program = find(component.program).ok_or_else(|| missing(component.program))?;
        let address = free_address()
            .map_err(|error| PlaceError(format!("no free port for `{}`: {error}", component.name)))?;
        let is_database = component.program == Program::Postgres;
        let mut command = match is_database {
            true => postgres::command(&program, component, address)?,
            false => {
                let mut command = Command::new(program);
                command.args(component.arguments(address));
                command
            }
        };
        command
            .envs(component.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(&component.folder);
        let folder = component.folder.parent().unwrap_or(&component.folder);
        let process = Process::start(&component.name, folder, command)?;
        let heard = process.log().length();
        let (ends_by, dies_by) = if is_database { ("INT", Some("QUIT")) } else { ("TERM", None) };
        Ok(Box::new(LocalProcess { process, address, heard, ends_by, dies_by }))
    }

    fn reach(&self, server: SocketAddr) -> String {
        server.to_string()
    }
}

struct LocalProcess {
    process: Process,
    address: SocketAddr,
    /// How much of its log was given out.
    heard: u64,
    /// The signal that asks it to end, whoever is connected to it.
    ends_by: &'static str,
    /// A signal at which it ends at once and takes its children with it, where it has some.
    dies_by: Option<&'static str>,
}

impl Drop for LocalProcess {
    fn drop(&mut self) {
        if let Some(signal) = self.dies_by {
            // Whatever comes of it, it is killed after.
            drop(self.process.end_by(signal));
        }
    }
}

impl Running for LocalProcess {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn check(&mut self) -> Result<(), PlaceError> {
        Ok(self.process.check()?)
    }

    fn said(&mut self) -> String {
        let (text, heard) = self.process.log().after(self.heard);
        self.heard = heard;
        text
    }

    fn last_lines(&self) -> String {
        self.process.last_lines()
    }

    fn stop(&mut self) -> Result<(), PlaceError> {
        Ok(self.process.end_by(self.ends_by)?)
    }

    fn kill(&mut self) -> Result<(), PlaceError> {
        Ok(self.process.kill()?)
    }

    fn pause(&mut self) -> Result<(), PlaceError> {
        Ok(self.process.signal("STOP")?)
    }

    fn resume(&mut self) -> Result<(), PlaceError> {
        Ok(self.process.signal("CONT")?)
    }
}

impl From<ProcessError> for PlaceError {
    fn from(error: ProcessError) -> PlaceError {
        PlaceError(error.to_string())
    }
}

/// The programs of these that are not installed, with what to do about it.
pub fn missing_programs(wanted: &[Program]) -> Vec<PlaceError> {
    wanted.iter().filter(|program| find(**program).is_none()).map(|program| missing(*program)).collect()
}

/// The release of a program that is installed, as it says itself: `2.42.0+ds`.
pub fn version(program: Program) -> Option<String> {
    let output = Command::new(find(program)?).arg("--version").output().ok()?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    let (_, rest) = said.split_once("version ")?;
    let version = rest.split(|c: char| !(c.is_ascii_digit() || c == '.')).next()?;
    (!version.is_empty()).then(|| version.to_owned())
}

fn missing(program: Program) -> PlaceError {
    let Known { names, package, .. } = known(program);
    PlaceError(format!(
        "`{}` is not installed: it was not found on PATH; on Debian: apt-get install {package}",
        names[0]
    ))
}

fn find(program: Program) -> Option<PathBuf> {
    let Known { names, folders, .. } = known(program);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path);
    // Where Debian keeps what it does not put on PATH, the newest release first.
    let mut elsewhere: Vec<PathBuf> =
        folders.iter().flat_map(|folder| crate::documents::find::glob::matching(Path::new(folder))).collect();
    elsewhere.sort();
    let all = on_path.chain(elsewhere.into_iter().rev()).collect::<Vec<_>>();
    let there = |name: &&str| all.iter().map(|folder| folder.join(name)).find(|path| path.is_file());
    names.iter().find_map(there)
}

/// Under which names a program goes, and the Debian package that brings it.
struct Known {
    names: &'static [&'static str],
    folders: &'static [&'static str],
    package: &'static str,
}

fn known(program: Program) -> Known {
    let (names, folders, package): (&[&str], &[&str], &str) = match program {
        Program::Prometheus => (&["prometheus"], &[], "prometheus"),
        Program::Alertmanager => {
            (&["alertmanager", "prometheus-alertmanager"], &[], "prometheus-alertmanager")
        }
        Program::NodeExporter => {
            (&["node_exporter", "prometheus-node-exporter"], &[], "prometheus-node-exporter")
        }
        Program::PostgresExporter => {
            (&["postgres_exporter", "prometheus-postgres-exporter"], &[], "prometheus-postgres-exporter")
        }
        Program::RedisExporter => {
            (&["redis_exporter", "prometheus-redis-exporter"], &[], "prometheus-redis-exporter")
        }
        Program::Postgres => (&["postgres"], &["/usr/lib/postgresql/*/bin"], "postgresql"),
        Program::Redis => (&["redis-server"], &[], "redis-server"),
    };
    Known { names, folders, package }
}
