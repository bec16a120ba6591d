//! The explanation of a check: `firedrill explain ID`, and the page of all of them.

use super::{Check, FAMILIES, all, named};
use crate::diagnostic::{Diagnostic, nearest};

/// Between the files of an example.
pub const FILE: &str = "---8<---\n";

/// What a check looks for, with an example and the mend.
pub fn explain(id: &str) -> Result<String, Diagnostic> {
    named(id).map(|check| section(check, "#")).ok_or_else(|| unknown(id))
}

/// There is no such check.
pub fn unknown(id: &str) -> Diagnostic {
    let diagnostic = Diagnostic::error("unknown-check", format!("there is no check `{id}`"));
    match nearest(id, all().map(|check| check.id)) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help("`firedrill explain` lists them"),
    }
}

/// One line a check, family by family.
pub fn list() -> String {
    let width = all().map(|check| check.id.len()).max().unwrap_or(0);
    let line =
        |check: &&Check| format!("  {:width$}  {:6}  {}\n", check.id, check.harm.as_str(), check.title);
    let families = FAMILIES.iter().map(|family| {
        let lines: String = family.checks.iter().map(line).collect();
        format!("{}\n{lines}", family.title)
    });
    families.collect::<Vec<_>>().join("\n")
}

/// All checks, as the documentation page.
pub fn page() -> String {
    let table: String = FAMILIES
        .iter()
        .map(|family| {
            let rows = family.checks.iter().map(|check| {
                format!("| [{id}](#{id}) | {} | {} |\n", check.harm.as_str(), check.title, id = check.id)
            });
            let rows: String = rows.collect();
            format!(
                "\n### {}\n\n{}\n\n| check | harm | finds |\n|---|---|---|\n{rows}",
                family.title, family.about
            )
        })
        .collect();
    let sections: String = all().map(|check| format!("\n{}", section(check, "##"))).collect();
    format!("{INTRODUCTION}{table}{sections}")
}

const INTRODUCTION: &str = "\
# What `firedrill check` finds

`firedrill check` reads the documents alone; nothing is run. [Checking documents](check.md) tells how to run it, how to
leave findings out, and what its reports hold. `firedrill explain ID` shows a section of this page.

Each finding does one of four harms:

- **breaks**: a program refuses it or can't work with it
- **silent**: nothing complains, and it does not do what it is there for
- **risk**: it works, until something that is likely happens
- **style**: it works, and could be clearer

A check is listed with the worst that it finds.

## All of them
";

/// A check's section of the page, below a heading of this level.
pub fn section(check: &Check, heading: &str) -> String {
    let Check { id, title, explanation, example, mended, .. } = check;
    let harm = check.harm.as_str();
    format!(
        "{heading} {id}\n\n**{harm}**: {title}.\n\n{explanation}\n\nFound:\n\n{}\nMended:\n\n{}",
        fenced(example),
        fenced(mended)
    )
}

/// An example as fenced blocks, one a file: YAML, or a config of sections.
pub fn fenced(example: &str) -> String {
    let fence =
        |file: &str| format!("```{}\n{file}```\n", if file.starts_with('[') { "conf" } else { "yaml" });
    example.split(FILE).map(fence).collect()
}
