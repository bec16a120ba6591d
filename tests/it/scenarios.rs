//! The scenarios and features of the documented stacks: they pass, they cover every alert, and they can fail.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const STACKS: [&str; 5] = ["edu7p", "jac", "sei", "todo", "funlynk"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The exit code of `firedrill test ARGUMENTS` in a folder, and what it says.
fn firedrill_test(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_firedrill"))
        .arg("test")
        .args(arguments)
        .arg("--quiet")
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .output()
        .expect("firedrill starts");
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).expect("firedrill prints UTF-8"))
}

fn files_under(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => files.extend(files_under(&path)),
            false => files.push(path),
        }
    }
    files.sort();
    files
}

#[test]
fn every_scenario_and_feature_holds() {
    let (exit, said) = firedrill_test(root(), &["scenarios", "features"]);
    assert_eq!(exit, Some(0), "{said}");
}

#[test]
fn every_alert_of_every_stack_is_seen_to_fire_and_not_to() {
    for stack in STACKS {
        let told: String = ["scenarios", "features"]
            .iter()
            .flat_map(|door| files_under(&root().join(door).join(stack)))
            .map(|path| fs::read_to_string(path).expect("a scenario can be read"))
            .collect();
        for rules in files_under(&root().join("fixtures/stacks").join(stack).join("rules")) {
            let rules = fs::read_to_string(rules).expect("rules can be read");
            for alert in rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
                let about = |words: &[&str]| {
                    told.lines()
                        .any(|line| line.contains(alert) && words.iter().any(|word| line.contains(word)))
                };
                let fires = ["fires: ", " fires ", "is firing", "- alert: "];
                let quiet =
                    ["never within", "inactive", "does not fire", "does not become pending", "<claim>"];
                assert!(about(&fires), "no scenario of {stack} sees {alert} fire");
                // What always fires has no other side.
                assert!(
                    alert == "DeadMansSwitch" || about(&quiet),
                    "no scenario of {stack} sees {alert} quiet"
                );
            }
        }
    }
}

/// A copy of one stack with its scenarios, in which one text of its rules is another.
fn changed(stack: &str, from: &str, to: &str) -> tempfile::TempDir {
    let copy = tempfile::tempdir().expect("a folder");
    let mut changed = 0;
    for part in
        [format!("fixtures/stacks/{stack}"), format!("scenarios/{stack}"), format!("features/{stack}")]
    {
        for file in files_under(&root().join(&part)) {
            let mut text = fs::read_to_string(&file).expect("a file can be read");
            if file.parent().is_some_and(|folder| folder.ends_with("rules")) {
                changed += text.matches(from).count();
                text = text.replacen(from, to, 1);
            }
            let target = copy.path().join(file.strip_prefix(root()).expect("below the root"));
            fs::create_dir_all(target.parent().expect("a folder")).expect("the folder can be made");
            fs::write(target, text).expect("the file can be written");
        }
    }
    assert!(changed > 0, "the rules of {stack} hold no {from:?}");
    copy
}

/// With this change to the rules, a scenario and a feature fail with each of these.
#[track_caller]
fn check(stack: &str, from: &str, to: &str, failures: &[&str]) {
    let copy = changed(stack, from, to);
    for door in ["scenarios", "features"] {
        let (exit, said) = firedrill_test(copy.path(), &[door, "--tags", "@smoke"]);
        assert_eq!(exit, Some(1), "{door} of {stack} with {to:?} for {from:?}: {said}");
        for failure in failures {
            assert!(
                said.contains(&format!("error[{failure}]")),
                "{door} of {stack}: no {failure} in\n{said}"
            );
        }
    }
}

#[test]
fn a_threshold_that_moves_up_is_noticed() {
    check("edu7p", "> 0.05", "> 0.06", &["never-pending"]);
    check("jac", "> 0.1", "> 0.12", &["never-pending"]);
    check("sei", "> 0.05", "> 0.06", &["never-pending"]);
    check("todo", "> 0.1", "> 0.12", &["never-pending"]);
    check("funlynk", "> 0.1", "> 0.12", &["never-pending"]);
}

#[test]
fn a_threshold_that_moves_down_is_noticed() {
    check("edu7p", "> 0.05", "> 0.045", &["pending-but-should-not"]);
    check("jac", "> 0.1", "> 0.08", &["pending-but-should-not"]);
    check("sei", "> 0.05", "> 0.045", &["pending-but-should-not"]);
    check("todo", "> 0.1", "> 0.08", &["pending-but-should-not"]);
    check("funlynk", "> 0.1", "> 0.08", &["pending-but-should-not"]);
}

#[test]
fn another_for_is_noticed() {
    check("edu7p", "> 0.05\n        for: 2m", "> 0.05\n        for: 4m", &["fired-late"]);
    check("jac", "> 0.1\n        for: 2m", "> 0.1\n        for: 4m", &["fired-late"]);
    check("sei", "for: 5m", "for: 2m", &["fired-early"]);
    check("todo", "for: 5m", "for: 8m", &["fired-late"]);
    check("funlynk", "for: 5m", "for: 3m", &["fired-early"]);
}
