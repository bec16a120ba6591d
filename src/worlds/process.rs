//! A component as a child process: started, found ready, its output kept, and ended whatever happens.
//!
//! Dropping it kills it. For a harness that is itself killed, each process leaves a pid file with the instant at which
//! it began: [`sweep`] ends those that still run, and only those, since a number may by then be another's. On Linux the
//! process writes that file itself before it becomes the program, so that no instant is left at which nobody knows of it.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use super::log::Log;

/// How often a component that is not ready yet is asked again.
const PAUSE: Duration = Duration::from_millis(20);

/// How long a process that was asked to end is waited for.
const TO_END: Duration = Duration::from_secs(20);

/// How long one that a dead harness left may take to end by itself, with its children …
const TO_QUIT: Duration = Duration::from_secs(5);

/// … and how long the system takes to end it.
const TO_DIE: Duration = Duration::from_secs(5);

/// Below those that Linux, macOS and the BSDs give to connections, above those that services are known by.
const PORTS: Range<u16> = 11_000..32_000;

/// How many of them are tried.
const TRIED: usize = 64;

/// A prime: processes with numbers near each other take ports that are not.
const STRIDE: u32 = 613;

#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: Log,
    pid_file: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    #[error("`{0}` is not installed: it was not found on PATH")]
    Missing(String),
    #[error("`{name}` could not be started: {error}")]
    Start { name: String, error: io::Error },
    #[error("`{name}` ended with {status}; its last lines:\n{lines}")]
    Exited { name: String, status: ExitStatus, lines: String },
    #[error("`{name}` was not ready after {after:?}; its last lines:\n{lines}")]
    NotReady { name: String, after: Duration, lines: String },
    #[error("`{name}` did not end within {after:?} of being asked to; its last lines:\n{lines}")]
    Stays { name: String, after: Duration, lines: String },
    #[error("`{name}` could not be sent SIG{signal}: {error}")]
    Signal { name: String, signal: &'static str, error: io::Error },
}

impl Process {
    /// Starts `command` under `name`: `NAME.log` and `NAME.pid` in `folder` are its own.
    pub fn start(name: &str, folder: &Path, command: Command) -> Result<Process, ProcessError> {
        let failed = |error: io::Error| ProcessError::Start { name: name.to_owned(), error };
        let log = Log::at(folder.join(format!("{name}.log")));
        let pid_file = folder.join(format!("{name}.pid"));
        // One that is started again goes on where its output ended.
        let output = File::options().create(true).append(true).open(log.path()).map_err(failed)?;
        let errors = output.try_clone().map_err(failed)?;
        if !is_there(command.get_program()) {
            return Err(ProcessError::Missing(command.get_program().to_string_lossy().into_owned()));
        }
        let mut noted = noting_itself(&command, &pid_file);
        // A group of its own: a Ctrl-C at the terminal reaches firedrill alone, which then ends it.
        noted.stdin(Stdio::null()).stdout(output).stderr(errors).process_group(0);
        let child = noted.spawn().map_err(failed)?;
        // From here on dropping it ends the child.
        let process = Process { name: name.to_owned(), child, log, pid_file };
        let pid = process.child.id();
        if let Some(began) = began(pid) {
            std::fs::write(&process.pid_file, format!("{pid} {began}\n")).map_err(failed)?;
        }
        Ok(process)
    }

    /// Waits until `ready` says so; a process that ends before, or takes longer than `within`, is an error that
    /// shows its last lines.
    pub fn wait_until_ready(
        &mut self,
        within: Duration,
        mut ready: impl FnMut() -> bool,
    ) -> Result<(), ProcessError> {
        let asked = Instant::now();
        while !ready() {
            self.check()?;
            if asked.elapsed() >= within {
                let lines = self.last_lines();
                return Err(ProcessError::NotReady { name: self.name.clone(), after: within, lines });
            }
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// An error if it has ended.
    pub fn check(&mut self) -> Result<(), ProcessError> {
        match self.child.try_wait() {
            Ok(Some(status)) => {
                let lines = self.last_lines();
                Err(ProcessError::Exited { name: self.name.clone(), status, lines })
            }
            // Whether it runs is not known: whoever uses it will see.
            Ok(None) | Err(_) => Ok(()),
        }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Everything that it has said.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Asks it to end, and waits until it has.
    pub fn stop(&mut self) -> Result<(), ProcessError> {
        self.end_by("TERM")
    }

    /// The same with a signal by its name without `SIG`.
    pub fn end_by(&mut self, signal: &'static str) -> Result<(), ProcessError> {
        self.signal(signal)?;
        let asked = Instant::now();
        while self.check().is_ok() {
            if asked.elapsed() >= TO_END {
                let lines = self.last_lines();
                return Err(ProcessError::Stays { name: self.name.clone(), after: TO_END, lines });
            }
            std::thread::sleep(PAUSE);
        }
        drop(std::fs::remove_file(&self.pid_file));
        Ok(())
    }

    /// Ends it at once.
    pub fn kill(&mut self) -> Result<(), ProcessError> {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        drop(std::fs::remove_file(&self.pid_file));
        ended.map(drop).map_err(|error| ProcessError::Signal {
            name: self.name.clone(),
            signal: "KILL",
            error,
        })
    }

    /// Sends it a signal by its name without `SIG`.
    pub fn signal(&mut self, signal: &'static str) -> Result<(), ProcessError> {
        let failed = |error| ProcessError::Signal { name: self.name.clone(), signal, error };
        let sent = send(signal, self.child.id()).map_err(failed)?;
        match sent {
            true => Ok(()),
            false => Err(failed(io::Error::other("it does not run"))),
        }
    }

    pub fn last_lines(&self) -> String {
        self.log.last_lines()
    }
}

/// Ended at once, and waited for: nothing is left, not even a zombie.
impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
        drop(std::fs::remove_file(&self.pid_file));
    }
}

/// Ends the processes that a killed harness has left in `folder`; the names of those that still ran.
pub fn sweep(folder: &Path) -> io::Result<Vec<String>> {
    let mut ended = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "pid") {
            continue;
        }
        let text = std::fs::read_to_string(&path)?;
        let known = text.trim().split_once(' ').and_then(|(pid, began)| Some((pid.parse().ok()?, began)));
        if let Some((pid, then)) = known
            && began(pid).as_deref() == Some(then)
        {
            // One that stands still is to hear it; one with children takes them with it.
            send("QUIT", pid)?;
            send("CONT", pid)?;
            if !gone_within(TO_QUIT, pid, then) {
                send("KILL", pid)?;
                gone_within(TO_DIE, pid, then);
            }
            ended.push(path.file_stem().unwrap_or_default().to_string_lossy().into_owned());
        }
        std::fs::remove_file(&path)?;
    }
    ended.sort();
    Ok(ended)
}

/// Whether the process of that number that began then has ended by then.
fn gone_within(within: Duration, pid: u32, then: &str) -> bool {
    let begun = Instant::now();
    while began(pid).as_deref() == Some(then) {
        if begun.elapsed() >= within {
            return false;
        }
        std::thread::sleep(PAUSE);
    }
    true
}

/// Notes its number, the boot and when it began, as [`began`] says them, and becomes the program.
#[cfg(target_os = "linux")]
const NOTE: &str = r#"
file=$1
shift
read -r stat <"/proc/$$/stat"
read -r boot </proc/sys/kernel/random/boot_id
began() { shift 19; printf %s "$1"; }
printf '%s %s %s\n' "$$" "$boot" "$(began ${stat##*) })" >"$file" || exit
exec "$@"
"#;

/// The same command, that writes its pid file first.
#[cfg(target_os = "linux")]
fn noting_itself(command: &Command, pid_file: &Path) -> Command {
    let mut noted = Command::new("/bin/sh");
    noted.arg("-c").arg(NOTE).arg("sh").arg(pid_file);
    noted.arg(command.get_program()).args(command.get_args());
    in_the_same_place(command, &mut noted);
    noted
}

#[cfg(not(target_os = "linux"))]
fn noting_itself(command: &Command, _: &Path) -> Command {
    let mut same = Command::new(command.get_program());
    same.args(command.get_args());
    in_the_same_place(command, &mut same);
    same
}

fn in_the_same_place(command: &Command, other: &mut Command) {
    if let Some(folder) = command.get_current_dir() {
        other.current_dir(folder);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => other.env(name, value),
            None => other.env_remove(name),
        };
    }
}

fn is_there(program: &OsStr) -> bool {
    let path = Path::new(program);
    if path.components().count() > 1 {
        return path.exists();
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| folder.join(path).is_file())
}

/// Whether there was a process to send it to.
fn send(signal: &str, pid: u32) -> io::Result<bool> {
    let mut command = Command::new("kill");
    command.args([format!("-{signal}"), pid.to_string()]).stderr(Stdio::null());
    Ok(command.status()?.success())
}

/// An address on loopback that nobody listens at, for a program that must be told one. It will listen a little later: so
/// the port is none of those that connections are given meanwhile, and another one each time.
pub fn free_address() -> io::Result<SocketAddr> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    for _ in 0..TRIED {
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        // Processes that run at the same time begin far apart.
        let place = (std::process::id().wrapping_mul(STRIDE)).wrapping_add(next.into());
        let port = PORTS.start + (place % u32::from(PORTS.end - PORTS.start)) as u16;
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            return listener.local_addr();
        }
    }
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// The number of the user who runs us.
pub fn own_user() -> io::Result<u32> {
    Ok(std::fs::metadata("/proc/self").or_else(|_| std::fs::metadata("."))?.uid())
}

/// When a running process began, in words that no later process of the same number has.
#[cfg(target_os = "linux")]
pub fn began(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets may hold anything. Behind it: the state, and as the twentieth the start in ticks.
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    match fields.first() {
        Some(&"Z" | &"X") | None => None,
        Some(_) => Some(format!("{} {}", boot()?, fields.get(19)?)),
    }
}

/// Ticks count from the boot.
#[cfg(target_os = "linux")]
fn boot() -> Option<String> {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok().map(|id| id.trim().to_owned())
}

#[cfg(not(target_os = "linux"))]
pub fn began(pid: u32) -> Option<String> {
    let output = Command::new("ps").args(["-o", "lstart=", "-p", &pid.to_string()]).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_dropped_process_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let process = Process::start("sleeper", folder.path(), shell("exec sleep 600")).unwrap();
        let pid = process.id();
        assert!(began(pid).is_some() && folder.path().join("sleeper.pid").exists());
        drop(process);
        assert_eq!(began(pid), None);
        assert!(!folder.path().join("sleeper.pid").exists());
    }

    #[test]
    fn a_process_that_nobody_noted_has_noted_itself() {
        let folder = tempfile::tempdir().unwrap();
        let pid_file = folder.path().join("orphan.pid");
        let mut command = noting_itself(&shell("echo ready; exec sleep 600"), &pid_file);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        // It becomes the program only when it is noted.
        let mut said = [0; 6];
        child.stdout.take().unwrap().read_exact(&mut said).unwrap();
        if cfg!(target_os = "linux") {
            assert_eq!(sweep(folder.path()).unwrap(), ["orphan"]);
            assert!(!child.wait().unwrap().success());
        }
        drop(child.kill());
        drop(child.wait());
    }

    #[test]
    fn a_process_ends_when_asked_and_what_it_says_meanwhile_is_heard_once() {
        let folder = tempfile::tempdir().unwrap();
        let script = "trap 'echo bye; exit 0' TERM; echo hello; while :; do sleep 0.01; done";
        let mut process = Process::start("polite", folder.path(), shell(script)).unwrap();
        process.wait_until_ready(Duration::from_secs(20), || true).unwrap();
        let mut heard = (String::new(), 0);
        while heard.0 != "hello\n" {
            heard = process.log().after(0);
        }
        process.signal("STOP").unwrap();
        process.signal("CONT").unwrap();
        process.stop().unwrap();
        assert_eq!(process.log().after(heard.1).0, "bye\n");
        assert!(process.signal("CONT").is_err());
    }

    #[test]
    fn a_process_that_ends_too_early_shows_its_last_lines() {
        let folder = tempfile::tempdir().unwrap();
        let script = "for i in 1 2 3; do echo line $i; done; echo no such flag >&2; exit 3";
        let mut process = Process::start("failing", folder.path(), shell(script)).unwrap();
        let error = process.wait_until_ready(Duration::from_secs(20), || false).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`failing` ended with exit status: 3; its last lines:\nline 1\nline 2\nline 3\nno such flag"
        );
    }

    #[test]
    fn a_process_that_is_never_ready_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let mut process =
            Process::start("slow", folder.path(), shell("echo waiting; exec sleep 600")).unwrap();
        let error = process.wait_until_ready(Duration::from_millis(200), || false).unwrap_err();
        assert!(matches!(error, ProcessError::NotReady { .. }), "{error}");
        process.wait_until_ready(Duration::from_millis(200), || true).unwrap();
    }

    #[test]
    fn a_program_that_is_not_installed_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = Process::start("x", folder.path(), Command::new("no-such-program")).unwrap_err();
        assert_eq!(error.to_string(), "`no-such-program` is not installed: it was not found on PATH");
    }

    #[test]
    fn what_a_killed_harness_left_is_ended_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let mut left = shell("exec sleep 600").spawn().unwrap();
        let mut innocent = shell("exec sleep 600").spawn().unwrap();
        let note = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
        note("left.pid", format!("{} {}\n", left.id(), began(left.id()).unwrap()));
        // The number is in use again, by somebody else.
        note("old.pid", format!("{} long ago\n", innocent.id()));
        note("broken.pid", "?".to_owned());
        note("kept.log", "a log".to_owned());
        assert_eq!(sweep(folder.path()).unwrap(), ["left"]);
        assert!(!left.wait().unwrap().success());
        assert!(began(innocent.id()).is_some());
        innocent.kill().unwrap();
        innocent.wait().unwrap();
        let names: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["kept.log"]);
    }
}
