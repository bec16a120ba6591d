//! Functions that a guide's Python calls and nothing defines.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Span};
use crate::stack::wiring::{DocumentPart, Wiring};

pub const CHECK: Check = Check {
    id: "undefined-function",
    harm: Harm::Breaks,
    title: "this code calls a function that nothing defines",
    explanation: "Python looks a name up when the line runs: the program starts, and the first request ends in a `NameError`. In a readiness \
                  check that means that the pod is never ready. Only what can hardly be an excerpt is told: a function whose siblings \
                  are defined beside it, and a name that another block imports from a package of which this one imports others.",
    example: "# values.yaml\na: 1\n```\n```python\ndef ready():\n    return check_database() and check_redis()\n\ndef check_database():\n    return True\n",
    mended: "# values.yaml\na: 1\n```\n```python\ndef ready():\n    return check_database() and check_redis()\n\ndef check_database():\n    return True\n\ndef check_redis():\n    return True\n",
    find,
};

/// `def name(`, `class Name`, `name = `, `as name`, `for name in`, and parameters are left to [`names_in`].
static DEFINED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?m)\b(?:def|class|as|for|global|nonlocal)\s+(\w+)|^\s*(\w+)\s*(?::[^=\n]+)?=[^=]").ok()
});
static IMPORTED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?m)^\s*from\s+([\w.]+)\s+import\s+(\([^)]*\)|[^\n#]+)").ok());
static CALLED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"([a-z]\w*)\s*\(").ok());

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let parts: Vec<&DocumentPart> =
        wiring.code().filter(|part| matches!(part.language.as_str(), "python" | "py")).collect();
    let everywhere: BTreeSet<&str> = parts.iter().flat_map(|part| names_in(part.source.text())).collect();
    let mut found = Vec::new();
    for part in &parts {
        let text = part.source.text();
        let own: BTreeSet<&str> = names_in(text).collect();
        // What a star brings nobody knows.
        if imports(text).any(|(_, names)| names.contains(&"*")) {
            continue;
        }
        let calls = calls(part);
        let mut told: BTreeSet<&str> = BTreeSet::new();
        for (name, place) in &calls {
            if own.contains(name) || !told.insert(name) {
                continue;
            }
            if let Some(package) = imported_elsewhere(name, part, &parts) {
                found.push(
                    Diagnostic::error("", format!("this code calls `{name}` and does not import it"))
                        .at(place)
                        .label("NameError")
                        .because(format!(
                            "it imports other names from `{package}`, and another block imports this one"
                        ))
                        .help(format!("add `{name}` to the import from `{package}`")),
                );
            } else if !everywhere.contains(name)
                && let Some(sibling) = sibling(name, &calls, text)
            {
                found.push(
                    Diagnostic::error("", format!("nothing defines `{name}`"))
                        .at(place)
                        .label("NameError as soon as it runs")
                        .because(format!("`{sibling}`, called beside it, is defined here; assuming that the guide shows all of them"))
                        .help("define it, or leave it out")
                        .shared(format!("functions that are called beside `{sibling}`")),
                );
            }
        }
    }
    found
}

/// Names that a text defines, assigns, imports or takes as parameters.
fn names_in(text: &str) -> impl Iterator<Item = &str> {
    let defined = captures(&DEFINED, text).flat_map(|found| [found.get(1), found.get(2)]).flatten();
    let defined = defined.map(|found| found.as_str());
    let plain = text.lines().filter_map(|line| line.trim().strip_prefix("import "));
    let plain =
        plain.flat_map(|names| names.split(',')).filter_map(|name| name.trim().split(['.', ' ']).next());
    let parameters =
        text.lines().filter(|line| line.trim_start().starts_with("def ") || line.contains("lambda"));
    let parameters = parameters.flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_'));
    defined.chain(plain).chain(parameters).chain(imports(text).flat_map(|(_, names)| names))
}

/// `from package import name, other as alias`: the package and the names.
fn imports(text: &str) -> impl Iterator<Item = (&str, Vec<&str>)> {
    captures(&IMPORTED, text).filter_map(|found| {
        let names = found.get(2)?.as_str().trim_matches(['(', ')', ' ', '\r']);
        let names = names.split(',').filter_map(|name| name.split_whitespace().last());
        Some((found.get(1)?.as_str(), names.collect()))
    })
}

fn captures<'t>(regex: &'static Option<Regex>, text: &'t str) -> impl Iterator<Item = regex::Captures<'t>> {
    regex.iter().flat_map(move |regex| regex.captures_iter(text))
}

/// Plain calls, methods and keywords left aside, each with its place.
fn calls(part: &DocumentPart) -> Vec<(&str, Span)> {
    const KNOWN: [&str; 60] = [
        "if",
        "elif",
        "while",
        "for",
        "in",
        "and",
        "or",
        "not",
        "is",
        "return",
        "yield",
        "await",
        "lambda",
        "print",
        "assert",
        "del",
        "raise",
        "except",
        "with",
        "len",
        "range",
        "int",
        "str",
        "float",
        "bool",
        "list",
        "dict",
        "set",
        "tuple",
        "open",
        "sum",
        "min",
        "max",
        "abs",
        "all",
        "any",
        "sorted",
        "reversed",
        "enumerate",
        "zip",
        "map",
        "filter",
        "isinstance",
        "issubclass",
        "getattr",
        "setattr",
        "hasattr",
        "type",
        "super",
        "round",
        "iter",
        "next",
        "repr",
        "format",
        "vars",
        "input",
        "id",
        "hash",
        "callable",
        "property",
    ];
    let text = part.source.text();
    let found = captures(&CALLED, text).filter_map(|found| {
        let name = found.get(1)?;
        let before = &text[..name.start()];
        let whole = !before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '@'));
        let line = &before[before.rfind('\n').map_or(0, |newline| newline + 1)..];
        // In a comment, a text or a definition it is no call.
        let quotes = line.matches(['"', '\'']).count();
        let plain = !line.contains('#') && quotes.is_multiple_of(2) && !line.trim_end().ends_with("def");
        (whole && plain && !KNOWN.contains(&name.as_str()))
            .then(|| (name.as_str(), part.source.span(name.start()..name.end())))
    });
    found.collect()
}

/// The package from which another block imports the name, and this one others.
fn imported_elsewhere<'w>(name: &str, part: &'w DocumentPart, parts: &[&DocumentPart]) -> Option<&'w str> {
    let mut own = imports(part.source.text()).map(|(package, _)| package);
    own.find(|package| {
        parts.iter().any(|other| {
            imports(other.source.text()).any(|(from, names)| from == *package && names.contains(&name))
        })
    })
}

/// A function of the same first word that is called here, and defined here.
fn sibling<'c>(name: &str, calls: &[(&'c str, Span)], text: &str) -> Option<&'c str> {
    let (first, _) = name.split_once('_')?;
    let mut names = calls.iter().map(|(call, _)| *call);
    names.find(|call| {
        *call != name
            && call.split_once('_').is_some_and(|(own, _)| own == first)
            && text.contains(&format!("def {call}("))
    })
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn excerpts_are_not_taken_for_whole_programs() {
        for fine in [
            "def f():\n    return check_b()\n",
            "from checks import *\ndef f():\n    return check_a() and check_b()\ndef check_a():\n    pass\n",
            "from checks import check_b\ndef f():\n    return check_a() and check_b()\ndef check_a():\n    pass\n",
            "def f(check_b):\n    return check_a() and check_b()\ndef check_a():\n    pass\n",
            "def f():\n    return check_a()  # and check_b()\ndef check_a():\n    pass\n",
            "def f(x):\n    return check_a() and x.check_b()\ndef check_a():\n    pass\n",
        ] {
            check("undefined-function", &format!("```python\n{fine}```\n"), &[]);
        }
        let elsewhere = "```python\ndef f():\n    return check_a() and check_b()\ndef check_a():\n    pass\n```\n```python\ndef check_b():\n    pass\n```\n";
        check("undefined-function", elsewhere, &[]);
    }

    #[test]
    fn a_name_that_another_block_imports_is_missing_where_its_package_is_imported() {
        let guide = |names: &str| {
            format!(
                "```python\nfrom flask import Flask, jsonify\napp = Flask(__name__)\n```\n```python\nfrom flask import {names}\ndef data():\n    return jsonify({{'a': 1}})\n```\n"
            )
        };
        check("undefined-function", &guide("Response, jsonify"), &[]);
        check(
            "undefined-function",
            &guide("Response"),
            &["8:12 this code calls `jsonify` and does not import it"],
        );
    }
}
