//! What is well kept: nothing in it breaks or fails silently, but for what is known to be so.

use std::path::Path;

use firedrill::checks::{self, Harm};
use firedrill::documents;

use crate::corpora;

/// What is found of the harms that people are woken for: path, line, id.
fn found(folder: &Path) -> Vec<String> {
    let wiring = documents::wiring::load(&[folder]).expect("the folder can be read");
    let findings = checks::run(&wiring);
    let bad = findings.iter().filter(|finding| finding.worst() >= Harm::Silent);
    let told = bad.map(|finding| {
        let place = finding.diagnostic.place.as_ref().map(ToString::to_string).unwrap_or_default();
        let place = place.trim_start_matches(&format!("{}/", folder.display())).to_owned();
        format!("{place} {}", finding.diagnostic.id)
    });
    told.collect()
}

#[test]
fn nothing_of_the_repaired_stacks_breaks_or_is_silent() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/stacks");
    for entry in std::fs::read_dir(folder).expect("the stacks") {
        let path = entry.expect("an entry").path();
        assert_eq!(found(&path), [""; 0], "{}", path.display());
    }
}

#[test]
fn in_wikimedia_s_rules_only_two_texts_say_another_duration_than_their_rule() {
    let Some(folder) = corpora::folder("promtool/wikimedia") else { return };
    // `for: 24h` and "for more than 2 hours", `for: 40h` and "for more than 24 hours".
    assert_eq!(
        found(&folder),
        ["team-o11y/global.yaml:109:50 number-in-text", "team-o11y/global.yaml:126:50 number-in-text"]
    );
}

/// What is found in one of our guides, in the order of its lines.
fn of_guide(name: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guides").join(name);
    let wiring = documents::wiring::load(&[path]).expect("the guide can be read");
    let line = |finding: &checks::Finding| {
        let place = finding.diagnostic.place.as_ref().map_or(0, |place| place.in_own_file().line());
        format!("{place} {}", finding.diagnostic.id)
    };
    checks::run(&wiring).iter().map(line).collect()
}

#[test]
fn nothing_is_found_in_a_guide_without_mistakes_and_each_mistake_in_one_that_is_full_of_them() {
    assert_eq!(of_guide("well-kept.md"), [""; 0]);
    insta::assert_snapshot!("careless_guide", of_guide("careless.md").join("\n"));
}
