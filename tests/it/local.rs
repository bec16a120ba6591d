//! Scenarios with the real programs as processes, started as a user starts them.
//!
//! All of `scenarios/` and `features/` take hours of the world's time: here is what is short of every file among them, and
//! each kind of step; `ci/parity.sh` runs more.

use std::path::Path;
use std::process::{Command, Output};

use crate::real;

/// Slow enough for a machine that has other things to do: on an idle one all of them hold at 60.
const SPEED: &str = "40";

const SCENARIOS: [&str; 24] = [
    "features/edu7p/notifications.feature:7",
    "features/edu7p/platform.feature:13",
    "features/edu7p/platform.feature:25",
    "features/funlynk/backend.feature:31",
    "features/funlynk/notifications.feature:7",
    "features/jac/learning.feature:13",
    "features/jac/learning.feature:34",
    "features/jac/notifications.feature:25",
    "features/sei/api.feature:14",
    "features/sei/api.feature:46",
    "features/sei/notifications.feature:31",
    "features/todo/notifications.feature:23",
    "features/todo/todo.feature:12",
    "scenarios/edu7p/cluster.yaml:51",
    "scenarios/edu7p/platform.yaml:44",
    "scenarios/funlynk/backend.yaml:29",
    "scenarios/jac/learning.yaml:43",
    "scenarios/jac/learning.yaml:82",
    "scenarios/sei/api.yaml:52",
    "scenarios/sei/database.yaml:32",
    "scenarios/sei/kafka.yaml:9",
    "scenarios/sei/resources.yaml:8",
    "scenarios/todo/todo.yaml:32",
    "scenarios/todo/todo.yaml:62",
];

/// Each kind of fault. Slower, since some pauses of the programs don't get shorter: retries, discovery.
const FAULTS: [&str; 8] = [
    "features/sei/faults.feature:8",
    "features/sei/faults.feature:16",
    "features/sei/faults.feature:63",
    "features/sei/faults.feature:99",
    "features/sei/faults.feature:108",
    "features/jac/faults.feature:8",
    "features/jac/faults.feature:18",
    "features/jac/faults.feature:39",
];
const SPEED_OF_FAULTS: &str = "30";

pub fn firedrill(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_firedrill"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("NO_COLOR", "1")
        .output()
        .expect("firedrill starts")
}

fn said(output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{out}{err}")
}

#[test]
fn local_scenarios_of_every_stack_hold_with_the_real_programs() {
    check(&SCENARIOS, SPEED, "6");
}

#[test]
fn local_fault_drills_hold_with_the_real_programs() {
    check(&FAULTS, SPEED_OF_FAULTS, "6");
}

fn check(scenarios: &[&str], speed: &str, jobs: &str) {
    if !real::available(&["prometheus", "prometheus-alertmanager"]) {
        return;
    }
    let mut left: Vec<&str> = scenarios.to_vec();
    let mut told = String::new();
    // Real time on a busy machine: what failed gets another chance, with less company.
    for jobs in [jobs, "1"] {
        let mut arguments = vec!["test"];
        arguments.extend(&left);
        arguments.extend(["--world", "local", "--speed", speed, "--jobs", jobs]);
        let output = firedrill(&arguments);
        if output.status.code() == Some(0) {
            return;
        }
        told = said(&output);
        let failed = |scenario: &&str| {
            told.lines()
                .any(|line| (line.starts_with("FAIL") || line.starts_with("LOST")) && line.contains(scenario))
        };
        left.retain(|scenario| failed(scenario));
        assert!(!left.is_empty(), "{told}");
    }
    panic!("{told}");
}

#[test]
fn local_a_program_that_refuses_its_config_is_shown_with_its_words() {
    if !real::available(&["prometheus", "prometheus-alertmanager"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    // Prometheus 3 knows this, Debian's does not.
    write(
        "prometheus.yml",
        "global: {metric_name_validation_scheme: utf8}\nscrape_configs: [{job_name: a}]\n",
    );
    write("s.yaml", "name: x\nthen: {expr: vector(1), is: 1 now}\n");
    let scenario = folder.path().join("s.yaml");
    let evidence = folder.path().join("evidence");
    let output = firedrill(&[
        "test",
        scenario.to_str().unwrap(),
        "--world",
        "local",
        "--evidence",
        evidence.to_str().unwrap(),
    ]);
    let told = said(&output);
    assert_eq!(output.status.code(), Some(3), "{told}");
    for words in
        ["`prometheus` ended with", "metric_name_validation_scheme", "its config: ", "its configs and logs: "]
    {
        assert!(told.contains(words), "no {words:?} in\n{told}");
    }
    assert!(Path::new(&evidence).join("x-1/prometheus/prometheus.yml").exists());
    assert!(Path::new(&evidence).join("x-1/prometheus.log").exists());
}

#[test]
fn local_a_group_that_waits_for_more_is_seen_to_wait() {
    if !real::available(&["prometheus", "prometheus-alertmanager"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.json");
    let kind = format!("json={}", report.display());
    let scenario = "features/jac/learning.feature:34";
    let output = firedrill(&["test", scenario, "--world", "local", "--speed", SPEED, "--report", &kind]);
    assert!(output.status.code() < Some(2), "{}", said(&output));
    let report = std::fs::read_to_string(report).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let seen = report["scenarios"][0]["timeline"].as_array().unwrap();
    let first = |kind: &str| seen.iter().find(|seen| seen["kind"] == kind).unwrap();
    let (waiting, routed) = (first("waiting"), first("routed"));
    assert_eq!(waiting["receiver"], "on-call", "{waiting}");
    assert_eq!(waiting["at_seconds"], routed["at_seconds"], "{waiting} {routed}");
    // What the stack's config states.
    let waits = waiting["until_seconds"].as_f64().unwrap() - waiting["at_seconds"].as_f64().unwrap();
    assert_eq!(waits, 30.0, "{waiting}");
}

#[test]
fn local_what_a_real_world_cannot_do_is_refused_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    let check = |scenario: &str, options: &[&str], expected: &str| {
        let path = folder.path().join("s.yaml");
        std::fs::write(&path, scenario).unwrap();
        let mut arguments = vec!["test", path.to_str().unwrap()];
        arguments.extend(options);
        let output = firedrill(&arguments);
        let told = said(&output);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(expected), "no {expected:?} in\n{told}");
    };
    let sei = |step: &str| {
        format!("stack: fixtures/stacks/sei\nname: x\n{step}\nthen: {{expr: vector(1), is: 1 now}}\n")
    };
    let local = |speed: &'static str| ["--world", "local", "--speed", speed];
    check(
        &sei("when: {instance: api-service-1, down: vanishes}"),
        &local("200"),
        "no instance can vanish from discovery 200 times as fast",
    );
    let down = "stack: fixtures/stacks/sei\nname: x\nsteps:\n- when: {prometheus: stops}\n- when: {wait: 10m}\n\
                - when: {prometheus: starts}\n  then: {expr: vector(1), is: 1 now}\n";
    check(down, &local("20"), "no Prometheus can start 20 times as fast");
    let restarts = sei("when: {prometheus: restarts}");
    check(&restarts, &local("60"), "the highest speed for this step is 30");
    check(&sei(""), &local("60000"), "60000 is not in 1..=1000");
    let stack = folder.path().join("stack");
    std::fs::create_dir(&stack).unwrap();
    std::fs::write(stack.join("prometheus.yml"), "global: {scrape_interval: 400ms, scrape_timeout: 400ms}\n")
        .unwrap();
    let short = format!("stack: {}\nname: x\nthen: {{expr: vector(1), is: 1 now}}\n", stack.display());
    check(&short, &local("1000"), "400ms cannot pass 1000 times as fast");
    check(&sei(""), &["--speed", "2"], "--speed is for real worlds");
    check(&sei(""), &["--world", "local", "--spread"], "--spread is for the twin");
}
