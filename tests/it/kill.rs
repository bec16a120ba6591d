//! Whatever becomes of firedrill, nothing of its worlds stays: no process, no folder.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::real;

/// Stands long enough.
const SCENARIO: &str = "features/sei/api.feature:9";

/// With databases, which have children.
const DATABASES: &str = "fixtures/exporters/databases.feature:16";

/// A real world that begins to stand, all its folders below `temporary`.
fn start(temporary: &Path, scenario: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_firedrill"))
        .args(["test", scenario, "--world", "local", "--speed", "6"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("TMPDIR", temporary)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("firedrill starts")
}

/// Command lines of running processes that name the folder.
fn running(folder: &Path) -> Vec<String> {
    let folder = folder.display().to_string();
    let processes = std::fs::read_dir("/proc").expect("a list of processes").flatten();
    let lines = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    lines
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(&folder))
        .collect()
}

fn worlds(temporary: &Path) -> Vec<String> {
    let homes = std::fs::read_dir(temporary).expect("the temporary folder").flatten();
    let homes = homes.filter(|entry| entry.file_name().to_string_lossy().starts_with("firedrill-"));
    let worlds = homes.filter_map(|home| std::fs::read_dir(home.path()).ok()).flatten().flatten();
    worlds.map(|world| world.path().display().to_string()).collect()
}

/// Asks it to end, as Ctrl-C does, and waits.
fn interrupt(mut child: Child) {
    let pid = child.id().to_string();
    Command::new("kill").args(["-INT", &pid]).status().expect("a signal is sent");
    let asked = Instant::now();
    while child.try_wait().expect("it can be waited for").is_none() {
        assert!(asked.elapsed() < Duration::from_secs(60), "it does not end");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn kill_9_at_twenty_moments_leaves_nothing_after_the_next_start() {
    if real::available(&["prometheus", "prometheus-alertmanager"]) {
        check(SCENARIO, 20);
    }
}

#[test]
fn kill_9_leaves_no_database_and_none_of_its_children() {
    let databases = ["prometheus-postgres-exporter", "prometheus-redis-exporter", "redis-server"];
    if real::available(&["prometheus", "prometheus-alertmanager", "prometheus-node-exporter"])
        && real::available(&databases)
    {
        check(DATABASES, 5);
    }
}

fn check(scenario: &str, moments: usize) {
    let temporary = tempfile::tempdir().unwrap();
    // Whoever runs PostgreSQL in place of root has to get through.
    std::fs::set_permissions(temporary.path(), Permissions::from_mode(0o711)).unwrap();
    let mut random: u32 = 4711;
    for _ in 0..moments {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let mut child = start(temporary.path(), scenario);
        std::thread::sleep(Duration::from_millis(u64::from(random >> 16) % 6000));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    // The next start sweeps before it stands anything up; what it stood up itself goes with its end.
    let last = start(temporary.path(), scenario);
    std::thread::sleep(Duration::from_secs(4));
    interrupt(last);
    assert_eq!(running(temporary.path()), [] as [String; 0]);
    assert_eq!(worlds(temporary.path()), [] as [String; 0]);
}

#[test]
fn kill_by_ctrl_c_takes_the_world_down() {
    if !real::available(&["prometheus", "prometheus-alertmanager"]) {
        return;
    }
    let temporary = tempfile::tempdir().unwrap();
    let child = start(temporary.path(), SCENARIO);
    let begun = Instant::now();
    while running(temporary.path()).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing is stood up");
        std::thread::sleep(Duration::from_millis(50));
    }
    interrupt(child);
    assert_eq!(running(temporary.path()), [] as [String; 0]);
    assert_eq!(worlds(temporary.path()), [] as [String; 0]);
}
