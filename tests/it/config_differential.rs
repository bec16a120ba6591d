//! The same verdict as the real `promtool check config` and `check rules`, on many right and wrong files.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::checked;
use firedrill::diagnostic::{Diagnostic, Severity, SourceFile};
use firedrill::documents::{prometheus, rules};
use firedrill::stack::Version;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Generated files of each kind.
const MUTATIONS: u32 = 300;
const SEED: u64 = 20;

#[test]
fn configs_are_judged_as_promtool_judges_them() {
    let whole = include_str!("config_differential/prometheus.yml");
    let mut cases: Vec<String> =
        include_str!("config_differential/configs.txt").split("\n---\n").map(str::to_owned).collect();
    cases.extend(mutations(whole));
    compare(&["check", "config", "--syntax-only"], "prometheus.yml", &cases, |file, version| {
        prometheus::read(file, version).1
    });
}

#[test]
fn rule_files_are_judged_as_promtool_judges_them() {
    let whole = include_str!("config_differential/rules.yml");
    let mut cases: Vec<String> =
        include_str!("config_differential/rules.txt").split("\n---\n").map(str::to_owned).collect();
    cases.extend(mutations(whole));
    compare(&["check", "rules", "--lint=none"], "rules.yml", &cases, |file, version| {
        rules::read(file, version).1
    });
}

/// What the strict reader says, and `firedrill check` of the file under its usual name, and of a guide in which a ConfigMap
/// holds it.
fn compare(
    arguments: &[&str],
    usual: &str,
    cases: &[String],
    read: impl Fn(&SourceFile, Version) -> Vec<Diagnostic>,
) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (index, case) in cases.iter().enumerate() {
        std::fs::write(folder.path().join(name(index)), case).expect("a file to write");
    }
    let Some((version, accepted)) = promtool(arguments, folder.path(), cases.len()) else { return };
    let mut disagreements = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        let problems = read(&SourceFile::new(name(index), case.as_str()), version);
        let errors: Vec<String> = problems
            .iter()
            .filter(|problem| problem.severity == Severity::Error)
            .map(Diagnostic::to_string)
            .collect();
        let theirs = &accepted[&name(index)];
        if theirs.as_ref().is_err_and(|reason| left_out(reason)) {
            continue;
        }
        for (how, path, text) in [
            ("as a file", usual.to_owned(), case.clone()),
            ("in a guide", "guide.md".to_owned(), checked::guide(usual, case)),
        ] {
            let told = checked::refusals(&path, &text, (Some(version), None));
            if told.is_empty() != theirs.is_ok() {
                disagreements.push(match theirs {
                    Ok(()) => format!("{how}: promtool accepts what check refuses:\n{}", told.join("\n")),
                    Err(reason) => format!("{how}: check accepts what promtool refuses: {reason}\n{case}"),
                });
            }
        }
        if errors.is_empty() != theirs.is_ok() {
            disagreements.push(match theirs {
                Ok(()) => format!("promtool accepts what we refuse:\n{}", errors.join("\n")),
                Err(reason) => format!("we accept what promtool refuses: {reason}\n{case}"),
            });
        }
    }
    println!("{} files, {} disagreements", cases.len(), disagreements.len());
    assert!(disagreements.is_empty(), "{}", disagreements.join("\n\n"));
}

/// Debian builds Prometheus without some kinds of discovery.
fn left_out(reason: &str) -> bool {
    ["consul", "kubernetes", "kuma", "linode", "nomad"]
        .iter()
        .any(|kind| reason.contains(&format!("field {kind}_sd_configs not found")))
}

fn name(index: usize) -> String {
    format!("{index}.yml")
}

type Verdicts = BTreeMap<String, Result<(), String>>;

/// The version that judged, and its verdict on each file; `None` without promtool, unless CI runs this.
fn promtool(arguments: &[&str], folder: &Path, count: usize) -> Option<(Version, Verdicts)> {
    if !crate::real::available(&["promtool"]) {
        return None;
    }
    let version = Command::new("promtool").arg("--version").output().expect("promtool to run");
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let version = version.split_whitespace().find_map(Version::parse).expect("promtool's version");
    let output =
        Command::new("promtool").args(arguments).args((0..count).map(name)).current_dir(folder).output();
    let output = output.expect("promtool to run");
    let reasons = String::from_utf8_lossy(&output.stderr).into_owned();
    let reason = |name: &str| {
        let mentioned =
            |reason: &&str| reason.split_whitespace().any(|word| word.trim_end_matches(':') == name);
        reasons
            .split("FAILED:")
            .find(mentioned)
            .unwrap_or("a reason without the file's name")
            .trim()
            .to_owned()
    };
    let mut verdicts: Verdicts = (0..count).map(|index| (name(index), Err(reason(&name(index))))).collect();
    let mut checked = String::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        if let Some(name) = line.strip_prefix("Checking ") {
            checked = name.to_owned();
        } else if line.contains("SUCCESS") {
            verdicts.insert(checked.clone(), Ok(()));
        }
    }
    Some((version, verdicts))
}

/// Files with one thing changed: a key misspelt, a value replaced, a line lost, doubled or moved.
fn mutations(whole: &str) -> Vec<String> {
    const VALUES: [&str; 23] = [
        "5m",
        "5",
        "-1",
        "1.5",
        "1e3",
        "0x10",
        "abc",
        "'5'",
        "'true'",
        "true",
        "yes",
        "",
        "''",
        "[]",
        "{}",
        "[a]",
        "{a: b}",
        "'a-b'",
        "http://x:y/",
        "0",
        "0s",
        "'*'",
        "1h1h",
    ];
    let lines: Vec<&str> = whole.lines().collect();
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    let mut below = |bound: usize| random.next_u32() as usize % bound;
    let mut mutations = Vec::new();
    for _ in 0..MUTATIONS {
        let mut lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        let at = below(lines.len());
        let colon = lines[at].find(": ").or_else(|| lines[at].strip_suffix(':').map(str::len));
        match (below(8), colon) {
            (0, Some(colon)) => lines[at].insert(colon, 'x'),
            (1, _) => drop(lines.remove(at)),
            (2, _) => lines.insert(at, lines[at].clone()),
            (3, _) => lines[at].insert_str(0, "  "),
            (_, Some(colon)) => {
                lines[at].truncate(colon + 1);
                lines[at].push_str(&format!(" {}", VALUES[below(VALUES.len())]));
            }
            (_, None) => {
                let indentation = lines[at].len() - lines[at].trim_start().len();
                lines[at].truncate(indentation);
                lines[at].push_str(&format!("- {}", VALUES[below(VALUES.len())]));
            }
        }
        mutations.push(lines.join("\n") + "\n");
    }
    mutations
}
