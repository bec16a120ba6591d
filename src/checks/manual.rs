//! The explanation of a check: `firedrill explain ID`, and the page of all of them.

use super::{CHECKS, Check};
use crate::diagnostic::{Diagnostic, nearest};

/// Between the files of an example.
pub const FILE: &str = "---8<---\n";

/// What a check looks for, with an example and the mend.
pub fn explain(id: &str) -> Result<String, Diagnostic> {
    match CHECKS.iter().find(|check| check.id == id) {
        Some(check) => Ok(section(check)),
        None => {
            let known = CHECKS.iter().map(|check| check.id);
            let diagnostic = Diagnostic::error("unknown-check", format!("there is no check `{id}`"));
            Err(match nearest(id, known) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None => diagnostic.help("`firedrill explain` lists them"),
            })
        }
    }
}

/// One line a check.
pub fn list() -> String {
    let width = CHECKS.iter().map(|check| check.id.len()).max().unwrap_or(0);
    let lines = CHECKS
        .iter()
        .map(|check| format!("{:width$}  {:6}  {}\n", check.id, check.harm.as_str(), check.title));
    lines.collect()
}

/// All checks, as the documentation page.
pub fn page() -> String {
    let sections: String = CHECKS.iter().map(|check| format!("\n{}", section(check))).collect();
    format!(
        "# What `firedrill check` finds\n\nA finding is ignored by a comment on its line or above it: \
         `# firedrill: ignore ID because REASON`.\n\n- **breaks**: a program refuses it or can't work with it\n- \
         **silent**: nothing complains, and it does not do what it is there for\n- **risk**: it works, until \
         something that is likely happens\n- **style**: it works, and could be clearer\n{sections}"
    )
}

fn section(check: &Check) -> String {
    let Check { id, title, explanation, example, mended, .. } = check;
    let harm = check.harm.as_str();
    format!(
        "## {id}\n\n**{harm}**: {title}.\n\n{explanation}\n\nFound:\n\n{}\nMended:\n\n{}",
        fenced(example),
        fenced(mended)
    )
}

/// An example as fenced blocks, one a file.
pub fn fenced(example: &str) -> String {
    example.split(FILE).map(|file| format!("```yaml\n{file}```\n")).collect()
}
