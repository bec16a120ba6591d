//! `firedrill check` on guides as teams really write them; read where they are present.

use std::path::Path;

use firedrill::checks::{self, Harm};
use firedrill::documents;
use firedrill::stack::wiring::PartKind;

#[test]
fn every_guide_has_defects_and_every_part_of_it_a_kind_or_a_reason() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/seeds");
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let wiring = documents::wiring::load(&[&path]).expect("the guide can be read");
        let findings = checks::run(&wiring);
        let worst = findings.iter().map(|finding| finding.harm).max();
        assert_eq!(worst, Some(Harm::Breaks), "{}", path.display());
        for part in &wiring.parts {
            assert_eq!(part.kind == PartKind::Unread, part.unread.is_some(), "{}", part.place);
        }
        let text = std::fs::read_to_string(&path).expect("the guide is text");
        let places: Vec<usize> = wiring.parts.iter().map(|part| part.place.in_own_file().line()).collect();
        for line in fences(&text) {
            assert!(places.contains(&line), "{}:{line} is no part", path.display());
        }
    }
}

/// The lines that open a fenced block.
fn fences(text: &str) -> Vec<usize> {
    let marks = text.lines().zip(1..).filter(|(line, _)| line.trim_start().starts_with("```"));
    marks.map(|(_, line)| line).step_by(2).collect()
}
