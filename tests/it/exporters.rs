//! The real exporters with their PostgreSQL and Redis, scraped by the real Prometheus: the same feature in every world.

use std::process::Command;

use crate::local::firedrill;
use crate::real;

const FEATURE: &str = "fixtures/exporters/databases.feature";

/// Exporters take their time however fast the clock is.
const SPEED: &str = "6";

#[test]
fn exporters_imitated_tell_what_the_real_ones_do() {
    check(&["--world", "twin"]);
}

#[test]
fn local_exporters_tell_of_their_databases() {
    let programs = ["prometheus", "prometheus-alertmanager", "prometheus-node-exporter", "redis-server"];
    if real::available(&programs)
        && real::available(&["prometheus-postgres-exporter", "prometheus-redis-exporter"])
    {
        check(&["--world", "local", "--speed", SPEED, "--jobs", "5"]);
    }
}

#[cfg(feature = "docker")]
#[test]
fn docker_exporters_tell_of_their_databases() {
    if crate::docker::image_map().is_some() {
        check(&["--world", "docker", "--speed", SPEED, "--jobs", "5"]);
    }
}

fn check(options: &[&str]) {
    let mut arguments = vec!["test", FEATURE];
    arguments.extend(options);
    let output = firedrill(&arguments);
    let told = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("5 scenarios: 5 passed"), "{told}");
}

#[test]
fn what_a_real_exporter_says_is_set_by_no_step_but_in_the_twin() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = folder.path().join("s.yaml");
    let text = "stack: fixtures/exporters\nname: x\nwhen: {metric: pg_up, value: 0}\n\
                then: {alert: PostgresDown, fires: within 2m}\n";
    std::fs::write(&scenario, text).unwrap();
    let scenario = scenario.to_str().unwrap();
    assert_eq!(firedrill(&["test", scenario]).status.code(), Some(0));
    let refused = firedrill(&["test", scenario, "--world", "local"]);
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{told}");
    assert!(told.contains("no step can set what the real exporter `postgres-exporter` says"), "{told}");
    let fast = firedrill(&["test", FEATURE, "--world", "local", "--speed", "7"]);
    let told = String::from_utf8_lossy(&fast.stderr).into_owned();
    assert_eq!(fast.status.code(), Some(2), "{told}");
    assert!(told.contains("the highest speed for this step is 6"), "{told}");
}

#[test]
fn programs_that_exporters_need_are_missed_before_anything_runs() {
    let path = tempfile::tempdir().unwrap();
    for program in ["prometheus", "prometheus-alertmanager", "prometheus-redis-exporter", "redis-server"] {
        std::fs::write(path.path().join(program), "").unwrap();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_firedrill"))
        .args(["test", FEATURE, "--world", "local", "--speed", SPEED])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("PATH", path.path())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{told}");
    for package in ["prometheus-node-exporter", "prometheus-postgres-exporter"] {
        assert!(told.contains(&format!("on Debian: apt-get install {package}")), "{told}");
    }
    assert!(!told.contains("redis") && output.stdout.is_empty(), "{told}");
}
