//! `firedrill check --prove`: what it prints as a proof holds in the twin, and promtool says the same.

use std::fs;
use std::process::Command;

use firedrill::checks::prove::{self, Proof};
use firedrill::checks::{self, Selection};
use firedrill::documents;

use crate::real;

/// The guide of a check's own example.
fn example(id: &str) -> String {
    let check = checks::named(id).expect("a check");
    let page = checks::section(check, "#");
    let (_, behind) = page.split_once("Found:\n\n").expect("an example");
    behind.split("Mended:").next().unwrap_or_default().to_owned()
}

#[test]
fn every_check_of_what_never_or_always_fires_is_proved_by_its_example() {
    for id in prove::FAMILY {
        let wiring = documents::wiring::of_text("guide.md", &example(id));
        let findings =
            checks::run_selected(&wiring, &Selection { only: vec![id.to_owned()], ..Selection::default() });
        let finding = findings.first().unwrap_or_else(|| panic!("{id} finds its example"));
        let proof = prove::of(finding, &wiring).expect("it is of the family");
        let Proof::Test { rules, test, shows } = proof else { panic!("{id}: {proof:?}") };
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("rules.yml"), &rules).expect("the rules");
        fs::write(folder.path().join("proof_test.yml"), &test).expect("the test");
        for (program, arguments) in
            [(env!("CARGO_BIN_EXE_firedrill"), &["test"][..]), ("promtool", &["test", "rules"][..])]
        {
            if program == "promtool" && !real::available(&["promtool"]) {
                continue;
            }
            let output = Command::new(program)
                .args(arguments)
                .arg("proof_test.yml")
                .current_dir(folder.path())
                .output()
                .expect("it starts");
            let said = String::from_utf8_lossy(&output.stdout).into_owned()
                + &String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{program}, {id}: {shows}\n{said}\n{rules}{test}");
        }
    }
}
