//! `checks:` in `firedrill.yaml`: what holds for every `firedrill check`. Which ids there are, it does not know.

use std::path::Path;

use super::value;
use super::yaml::{self, Mapping, Node};
use crate::diagnostic::{Diagnostic, Severity, Spanned};

#[derive(Clone, Debug, Default)]
pub struct CheckSettings {
    pub only: Vec<Spanned<String>>,
    pub skip: Vec<Spanned<String>>,
    pub fail_on: Option<Spanned<String>>,
    /// From the folder that firedrill runs in.
    pub baseline: Option<Spanned<String>>,
    pub ignored: Vec<Ignored>,
}

/// Findings of a check in some files.
#[derive(Clone, Debug)]
pub struct Ignored {
    pub check: Spanned<String>,
    /// A path or glob, from the folder that firedrill runs in.
    pub file: String,
}

/// Those of a firedrill.yaml; its other keys are read by those who need them.
pub fn load(path: &Path) -> Result<CheckSettings, Vec<Diagnostic>> {
    let file = super::read_file(path).map_err(|problem| vec![problem])?;
    let (root, mut problems) = yaml::read_one(&file);
    let node = root.as_ref().and_then(|root| root.get("checks"));
    let mut settings = node.and_then(|node| read(node, &mut problems)).unwrap_or_default();
    if problems.iter().any(|problem| problem.severity == Severity::Error) {
        return Err(problems);
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let from_here = |path: &mut String| *path = folder.join(&*path).display().to_string();
    settings.baseline.iter_mut().for_each(|path| from_here(&mut path.value));
    settings.ignored.iter_mut().for_each(|ignored| from_here(&mut ignored.file));
    Ok(settings)
}

pub fn read(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<CheckSettings> {
    let mut mapping = Mapping::of(node, "checks", problems)?;
    let read = CheckSettings {
        only: mapping.get("only").map(|node| value::strings(node, problems)).unwrap_or_default(),
        skip: mapping.get("skip").map(|node| value::strings(node, problems)).unwrap_or_default(),
        fail_on: mapping.get("fail_on").and_then(|node| {
            let known = ["breaks", "silent", "risk", "style"];
            let word = value::one_of(node, "a severity", &known, problems)?;
            Some(Spanned::new(word.to_owned(), node.span.clone()))
        }),
        baseline: mapping.get("baseline").and_then(|node| value::filled(node, "a path", problems)),
        ignored: mapping.get("ignore").map(|node| value::list(node, problems, ignored)).unwrap_or_default(),
    };
    mapping.finish(problems);
    Some(read)
}

fn ignored(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Ignored> {
    let mut mapping = Mapping::of(node, "ignore", problems)?;
    let mut text = |key: &'static str, what: &str| {
        let node = mapping.require(key, problems)?;
        value::filled(node, what, problems)
    };
    let check = text("check", "a check's id");
    let file = text("file", "a path");
    let because = text("because", "a reason");
    mapping.finish(problems);
    because?;
    Some(Ignored { check: check?, file: file?.value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::SourceFile;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let (root, mut problems) = yaml::read_one(&SourceFile::new("firedrill.yaml", text));
        read(&root.expect("YAML"), &mut problems);
        let told: Vec<String> = problems
            .iter()
            .map(|problem| {
                let line = problem.place.as_ref().map_or(0, |place| place.line());
                format!("{line} {}", problem.message)
            })
            .collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn a_reason_is_asked_for_and_a_typo_is_told() {
        check("skip: [a]\nonly: [b]\nfail_on: silent\nbaseline: b.json\n", &[]);
        check("ignore: [{check: a, file: 'rules/*.yml', because: of that}]\n", &[]);
        check("ignore: [{check: a, file: 'rules/*.yml'}]\n", &["1 ignore needs `because`"]);
        check("fail_on: loud\n", &["1 \"loud\" is not a severity"]);
        check("ignored: []\n", &["1 unknown key `ignored` in checks"]);
    }
}
