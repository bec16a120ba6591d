//! What steps can say, for a person: the terminal's list and the documentation page, from the one table.

use std::fmt::Write as _;

use super::phrases::{FAMILIES, Family, TIMING_CLAUSES};

/// `firedrill steps`.
pub fn text() -> String {
    let mut out = String::new();
    for family in FAMILIES {
        let _ = writeln!(out, "{}\n  {}\n", family.subject.to_uppercase(), family.about);
        for phrase in family.phrases {
            let _ = writeln!(out, "  {}", phrase.example);
            let _ = writeln!(out, "      {}", phrase.about);
            for says in phrase.says {
                let _ = writeln!(out, "      says   {says}");
            }
            let _ = writeln!(out, "      YAML   {}\n", phrase.yaml);
        }
        let clauses = clauses(family);
        if !clauses.is_empty() {
            let _ = writeln!(out, "  may be followed by");
            for clause in clauses {
                let _ = writeln!(out, "      {clause}");
            }
            out.push('\n');
        }
    }
    out.push_str("In a phrase, a/b is either word, (x) may be left out, {x} is a value.\n");
    out
}

/// The documentation page, `docs/steps.md`.
pub fn markdown() -> String {
    let mut out = String::from(INTRODUCTION);
    for family in FAMILIES {
        let _ = writeln!(out, "\n## {}\n\n{}\n", heading(family), family.about);
        for phrase in family.phrases {
            let _ = writeln!(out, "### {}\n", phrase.about.trim_end_matches('.'));
            let _ = writeln!(out, "```gherkin\n{}\n```\n", phrase.example);
            let _ = writeln!(out, "```yaml\n- {}\n```\n", phrase.yaml);
            for says in phrase.says {
                let _ = writeln!(out, "- `{says}`");
            }
            out.push('\n');
        }
        let clauses: Vec<&str> = family.clauses.to_vec();
        if !clauses.is_empty() {
            let _ = writeln!(out, "May be followed by {}.\n", listed(&clauses));
        }
        if family.is_timed() {
            let _ = writeln!(out, "May be followed by a [timing](#timings).\n");
        }
        let _ = writeln!(out, "| YAML key | takes | |\n|---|---|---|");
        for key in family.keys {
            let _ = writeln!(
                out,
                "| `{}` | {} | {} |",
                key.name,
                key.takes.wanted().replace('|', "\\|"),
                key.about
            );
        }
    }
    out
}

const INTRODUCTION: &str = "# Steps

What scenarios can say, in Gherkin features and in YAML. `firedrill steps` prints this list; the page is generated with
`firedrill steps --markdown`.

In a phrase, `a/b` is either word, `(x)` may be left out, `{x}` is a value. Names and texts stand in quotes, PromQL
in backticks, quotes, or a doc string below the step. Labels and annotations may also stand in a table below it,
headed `label | value` or `annotation | text`. In YAML, a step is a mapping with the keys below, or one of the
phrases as a text.

## Timings

A claim without a timing must hold now. Otherwise its times count from the last when-step, or from a moment that a
when-step names: `When \"api\" errors rise to 8% (call this \"errors-rise\")` in Gherkin, `moment: errors-rise` in YAML.

| timing | means |
|---|---|
| `now` | it holds at this instant |
| `within 5m` | it holds at the latest after 5 minutes |
| `for 10m` | it holds now, and all the next 10 minutes |
| `within 5m for 10m` | it holds within 5 minutes, and then goes on holding for 10 |
| `not before 3m`, `after 3m` | it does not hold earlier than that |
| `between 3m and 5m` | both |
| `never within 10m` | YAML: it does not hold at any time in these 10 minutes; in Gherkin the phrase says so (`does not fire for 10 minutes`) |
| `within 5m of errors-rise`, `for 10m of errors-rise` | counted from that moment |

Lengths of time are written `90s`, `1h30m`, `1.5s`, `11 minutes` or `1 hour and 30 minutes`.
";

/// `alert`; of several families about one thing, with the keys that tell them apart.
fn heading(family: &'static Family) -> String {
    let alike = FAMILIES.iter().filter(|other| other.subject == family.subject);
    let first = alike.clone().next().is_some_and(|first| std::ptr::eq(*first, family));
    let keys: Vec<&str> = match first {
        true => Vec::new(),
        false => {
            let known =
                |name: &str| alike.clone().any(|o| !std::ptr::eq(*o, family) && o.key(name).is_some());
            family.keys.iter().map(|key| key.name).filter(|name| !known(name) && *name != "moment").collect()
        }
    };
    let names = std::iter::once(&family.subject).chain(&keys).map(|name| format!("`{name}`"));
    names.collect::<Vec<_>>().join(", ")
}

fn clauses(family: &Family) -> Vec<&'static str> {
    let timings = if family.is_timed() { TIMING_CLAUSES } else { &[] };
    family.clauses.iter().chain(timings).copied().collect()
}

fn listed(clauses: &[&str]) -> String {
    clauses.iter().map(|clause| format!("`{clause}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `firedrill steps --markdown > docs/steps.md` makes it current.
    #[test]
    fn the_documentation_page_is_current() {
        let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/steps.md")).unwrap();
        assert!(page == markdown(), "docs/steps.md is stale: firedrill steps --markdown > docs/steps.md");
    }

    #[test]
    fn the_list_holds_every_phrase_in_both_forms() {
        let text = text();
        for phrase in FAMILIES.iter().flat_map(|family| family.phrases) {
            assert!(text.contains(phrase.example), "{}", phrase.example);
            assert!(text.contains(phrase.yaml), "{}", phrase.yaml);
        }
    }
}
