//! Dashboards that a guide names and nothing draws.

use super::subject;
use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "promised-dashboard-missing",
    harm: Harm::Silent,
    title: "the guide names dashboards that are not there",
    explanation: "A dashboard that exists only as a heading is missed in the first incident. One counts as there if a \
                  documented dashboard's title has its words.",
    example: "# dash.json\n{\"title\": \"System Overview\", \"panels\": [{\"title\": \"a\", \"type\": \"stat\"}]}\n```\n\n### System Overview Dashboard\n- Health\n\n### Infrastructure Dashboard\n- Network\n\n```sh\necho\n",
    mended: "# dash.json\n{\"title\": \"System Overview\", \"panels\": [{\"title\": \"a\", \"type\": \"stat\"}]}\n```\n\n### System Overview Dashboard\n- Health\n\n```sh\necho\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let titles: Vec<String> =
        wiring.grafana.dashboards.iter().map(|dashboard| dashboard.title.value.clone()).collect();
    let mut missing: Vec<&Spanned<String>> = Vec::new();
    for heading in wiring.prose.iter().filter_map(|item| item.headings.last()) {
        let text = heading.value.to_lowercase();
        let Some(name) = text.strip_suffix("dashboard") else { continue };
        let words = subject::words(name);
        let known =
            missing.iter().any(|known| known.span.in_own_file().start == heading.span.in_own_file().start);
        let drawn = titles.iter().map(String::as_str).chain(files(wiring));
        if words.is_empty() || known || drawn.into_iter().any(|title| subject::is_about(title, &words)) {
            continue;
        }
        missing.push(heading);
    }
    let Some(first) = missing.first() else { return Vec::new() };
    let names: Vec<String> =
        missing.iter().map(|heading| format!("\"{}\"", unnumbered(&heading.value))).collect();
    let named = files(wiring);
    let diagnostic = Diagnostic::error("", format!("no dashboard is documented for {}", names.join(", ")))
        .at(&first.span)
        .label("no dashboard has this title")
        .because(match (titles.is_empty(), named.is_empty()) {
            (true, true) => "no dashboard is documented at all".to_owned(),
            (true, false) => format!("no document has a dashboard; commands name {}", named.join(", ")),
            (false, _) => format!("the documented dashboards are: {}", titles.join(", ")),
        });
    // What is good practice is no promise yet.
    let advised = wiring.prose.iter().any(|item| {
        item.is_under(&["practice", "recommend"])
            && item
                .headings
                .last()
                .is_some_and(|heading| heading.span.in_own_file().start == first.span.in_own_file().start)
    });
    let diagnostic = if advised { diagnostic.mild() } else { diagnostic };
    vec![missing.iter().skip(1).fold(diagnostic, |found, heading| found.related(&heading.span, "nor this"))]
}

/// Dashboards' files that commands name, without their folders.
fn files(wiring: &Wiring) -> Vec<&str> {
    let words = wiring.commands.iter().flatten().map(|word| word.value.as_str());
    let files = words.filter(|word| word.contains("dashboard") && word.ends_with(".json"));
    let mut files: Vec<&str> = files.filter_map(|path| path.rsplit('/').next()).collect();
    files.dedup();
    files
}

/// `2. Application Dashboard` without its number.
fn unnumbered(heading: &str) -> &str {
    let rest = heading.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    if rest.len() < heading.len() { rest.trim_start() } else { heading }
}
