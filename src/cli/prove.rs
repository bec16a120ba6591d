//! `firedrill check --prove`: each finding about what never or always fires, shown in the twin.
//!
//! The proof is a rule file and a unit test, printed as they are run: promtool runs the same.

use std::fs;
use std::path::PathBuf;

use super::stages::{StackSource, Stages};
use crate::checks::Finding;
use crate::checks::prove::{self, Proof};
use crate::runner::RunOptions;
use crate::stack::wiring::Wiring;

/// Every proof with its result, as text.
pub fn text(findings: &[Finding], wiring: &Wiring) -> String {
    let (mut text, mut shown, mut unshown) = (String::new(), 0, 0);
    // What only follows from another can be shown as well.
    let all = findings.iter().flat_map(|finding| std::iter::once(finding).chain(&finding.folded));
    for (number, finding) in all.enumerate() {
        let Some(proof) = prove::of(finding, wiring) else { continue };
        let place = finding.diagnostic.place.as_ref().map(ToString::to_string).unwrap_or_default();
        let head = format!("proof of {} at {place}", finding.diagnostic.id);
        let (rules, test, shows) = match proof {
            Proof::None(reason) => {
                unshown += 1;
                text.push_str(&format!("{head}: none, because {reason}\n\n"));
                continue;
            }
            Proof::Test { rules, test, shows } => (rules, test, shows),
        };
        let result = match ran(number, &rules, &test) {
            Ok(true) => {
                shown += 1;
                "shown in the twin".to_owned()
            }
            Ok(false) => {
                unshown += 1;
                "not shown: in the twin it is otherwise".to_owned()
            }
            Err(reason) => {
                unshown += 1;
                format!("not shown: {reason}")
            }
        };
        text.push_str(&format!(
            "{head}: {shows}\n{result}, by this unit test\n\n{}\n",
            indented(&format!("# rules.yml\n{rules}# proof_test.yml\n{test}"))
        ));
    }
    text.push_str(&format!("{shown} findings shown in the twin, {unshown} not\n"));
    text
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}

/// Whether the unit test holds in the twin.
fn ran(number: usize, rules: &str, test: &str) -> Result<bool, String> {
    let folder: PathBuf =
        std::env::temp_dir().join(format!("firedrill-proof-{}-{number}", std::process::id()));
    let written = fs::create_dir_all(&folder)
        .and_then(|()| fs::write(folder.join("rules.yml"), rules))
        .and_then(|()| fs::write(folder.join("proof_test.yml"), test));
    let result = match written {
        Ok(()) => held(&folder.join("proof_test.yml").display().to_string()),
        Err(error) => Err(format!("the files can't be written: {error}")),
    };
    // What is left behind harms nobody.
    let _ = fs::remove_dir_all(&folder);
    result
}

fn held(path: &str) -> Result<bool, String> {
    let stages = &Stages::REAL;
    let (scenarios, problems) = (stages.read)(&[path.to_owned()]);
    let scenario = scenarios.first().ok_or_else(|| match problems.first() {
        Some(problem) => problem.message.clone(),
        None => "the unit test can't be read".to_owned(),
    })?;
    let files = scenario.unit_test.as_ref().map(|test| test.rule_files.iter());
    let files = files.into_iter().flatten().map(|file| file.path().to_owned()).collect();
    let (stack, _) = (stages.read_stack)(&StackSource::RuleFiles(files), None)
        .map_err(|problems| problems.first().map_or_else(String::new, |problem| problem.message.clone()))?;
    let outcome =
        (stages.run)(scenario, &stack, &RunOptions::default()).map_err(|error| error.to_string())?;
    Ok(outcome.held())
}
