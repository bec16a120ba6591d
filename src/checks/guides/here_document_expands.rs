//! Here-documents whose dollars the shell takes for its own.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "here-document-expands",
    harm: Harm::Silent,
    title: "the shell replaces what a config needs as it is written",
    explanation: "In a here-document without quotes (`<< EOF`) the shell expands `$1`, `$labels` and whatever else begins with a dollar, and \
                  runs what stands between backquotes. Relabelling loses its groups, templates lose their labels, and the file that is \
                  written looks right in the guide alone. With `<< 'EOF'` nothing is expanded.",
    example: "a: 1\n```\n```sh\ncat > rules.yml << EOF\ngroups:\n- name: a\n  rules:\n  - alert: A\n    expr: up == 0\n    annotations: {summary: '{{ $labels.instance }} is down'}\nEOF\n",
    mended: "a: 1\n```\n```sh\ncat > rules.yml << 'EOF'\ngroups:\n- name: a\n  rules:\n  - alert: A\n    expr: up == 0\n    annotations: {summary: '{{ $labels.instance }} is down'}\nEOF\n",
    find,
};

/// Variables of Prometheus' templates.
const TEMPLATE: [&str; 5] = ["labels", "value", "externalLabels", "externalURL", "__"];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for document in wiring.here_documents.iter().filter(|document| !document.quoted) {
        let text = document.source.text();
        let mut lost =
            text.match_indices('$').filter(|(at, _)| !text[..*at].ends_with('\\')).filter_map(|(at, _)| {
                let name = text[at + 1..].trim_start_matches('{');
                let digit = name.starts_with(|c: char| c.is_ascii_digit());
                let template = TEMPLATE.iter().any(|word| name.starts_with(word));
                (digit || template).then(|| {
                    let behind = &text[at + 1..];
                    let end = behind
                        .find(|c: char| !c.is_alphanumeric() && !"_{}".contains(c))
                        .unwrap_or(behind.len());
                    document.source.span(at..at + 1 + end)
                })
            });
        let Some(first) = lost.next() else { continue };
        let diagnostic =
            Diagnostic::error("", format!("the shell expands `{}` before the file is written", first.text()))
                .at(&first)
                .label("gone from the file, or another text")
                .related(&document.place, "this here-document has no quotes")
                .because("between `<< EOF` and `EOF` a dollar is the shell's")
                .help("write `<< 'EOF'`");
        found.push(lost.take(8).fold(diagnostic, |found, place| found.related(&place, "and here")));
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn only_dollars_that_a_config_needs_are_told() {
        let guide = |marker: &str, line: &str| {
            format!("```bash\ncat > p.yml << {marker}\nscrape_configs:\n- {line}\nEOF\n```\n")
        };
        let id = "here-document-expands";
        let relabel = "job_name: a\n  relabel_configs: [{target_label: b, replacement: $1:80}]";
        check(id, &guide("EOF", relabel), &["5:52 the shell expands `$1` before the file is written"]);
        check(id, &guide("'EOF'", relabel), &[]);
        check(id, &guide("\"EOF\"", relabel), &[]);
        check(id, &guide("\\EOF", relabel), &[]);
        check(id, &guide("EOF", &relabel.replace('$', "\\$")), &[]);
        // Meant for the shell.
        check(id, &guide("EOF", "job_name: $NAME"), &[]);
    }
}
