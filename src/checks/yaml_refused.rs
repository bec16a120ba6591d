//! YAML and JSON that no program can parse.

use super::{Check, Harm};
use crate::diagnostic::{Diagnostic, Severity, Span};
use crate::stack::wiring::{Home, RuleFile, Wiring};

pub const CHECK: Check = Check {
    id: "yaml-refused",
    harm: Harm::Breaks,
    title: "no program can parse this YAML or JSON",
    explanation: "Whatever reads the file stops here. The rest of the documents is checked all the same.",
    example: "apiVersion: v1\nkind: Service\nmetadata:\n  name: api\n  name: web\n",
    mended: "apiVersion: v1\nkind: Service\nmetadata:\n  name: api\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut lines: Vec<(String, usize)> = Vec::new();
    for problem in wiring.broken.iter().filter(|problem| problem.severity == Severity::Error) {
        let place = problem.place.as_ref();
        let line = place.map(|place| (place.file.path().to_owned(), place.line())).unwrap_or_default();
        // What follows on the same line has the same cause.
        if lines.contains(&line) {
            continue;
        }
        lines.push(line);
        let told = match place.filter(|place| braces(place)) {
            Some(place) => {
                let told = Diagnostic::error("", "a value that begins with `{{` has no quotes")
                    .at(place)
                    .label("a mapping in YAML, not text")
                    .help("put the value in quotes");
                match unquoted(place) {
                    Some((span, quoted)) => told.mend(&span, quoted),
                    None => told,
                }
            }
            None => problem.clone(),
        };
        found.push(match place.and_then(|place| lost(wiring, place)) {
            Some(lost) => told.because(lost),
            None => told,
        });
    }
    found
}

/// What is lost with the text that a place is in.
fn lost(wiring: &Wiring, place: &Span) -> Option<String> {
    let own = place.in_own_file();
    let is_around = |file: &&RuleFile| {
        let whole = super::whole(&file.source.span(0..0)).in_own_file();
        whole.file.path() == own.file.path() && whole.start <= own.start && own.end <= whole.end
    };
    let file = wiring.rule_files.iter().find(is_around)?;
    let rules: usize = file.groups.iter().map(|group| group.rules.len()).sum();
    let what = match &file.home {
        Home::PrometheusRule { .. } => "kubectl refuses the whole object",
        Home::ConfigMap { .. } => "Prometheus does not load the file",
        _ => "nothing that reads it gets past this",
    };
    (rules > 1).then(|| format!("{what}: all of its {rules} rules are lost"))
}

/// Whether the line has a template's braces where a value begins.
fn braces(place: &Span) -> bool {
    let own = place.in_own_file();
    let text = own.file.text();
    let start = text[..own.start].rfind('\n').map_or(0, |newline| newline + 1);
    text[start..].lines().next().is_some_and(|line| line.contains(": {{"))
}

/// The value that begins with a template's braces, and the same in quotes; none where it goes on in the next line.
fn unquoted(place: &Span) -> Option<(Span, String)> {
    let own = place.in_own_file();
    let text = own.file.text();
    let start = text[..own.start].rfind('\n').map_or(0, |newline| newline + 1);
    let mut lines = text[start..].lines();
    let line = lines.next().unwrap_or_default();
    let indent = |line: &str| line.len() - line.trim_start().len();
    if lines.find(|line| !line.trim().is_empty()).is_some_and(|next| indent(next) > indent(line)) {
        return None;
    }
    let at = line.find(": {{")? + ": ".len();
    let value = line[at..].trim_end();
    // A comment behind it is none within quotes.
    let plain =
        !value.contains(['"', '\\', '#']) && value.matches("{{").count() == value.matches("}}").count();
    plain.then(|| (own.file.span(start + at..start + at + value.len()), format!("\"{value}\"")))
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn a_template_without_quotes_is_found_once() {
        check(
            "yaml-refused",
            "```yaml\ngroups:\n- name: a\n  rules:\n  - alert: A\n    expr: up == 0\n    annotations:\n      \
             summary: {{ $value }} are down\n```\n",
            &["8:17 a value that begins with `{{` has no quotes"],
        );
    }

    #[test]
    fn quotes_are_put_around_a_value_that_ends_with_its_line() {
        let mend = |value: &str| {
            let guide = format!(
                "```yaml\ngroups:\n- name: a\n  rules:\n  - alert: A\n    expr: up == 0\n    annotations:\n      summary: {value}\n```\n"
            );
            let found = super::find(&crate::documents::wiring::of_text("guide.md", &guide));
            found.into_iter().flat_map(|found| found.mends).map(|(_, text)| text).collect::<Vec<_>>()
        };
        assert_eq!(mend("{{ $value }} are down"), ["\"{{ $value }} are down\""]);
        assert!(mend("{{ $value }}\n        are down").is_empty());
        assert!(mend("{{ $labels.x }} is \"down\"").is_empty());
    }
}
