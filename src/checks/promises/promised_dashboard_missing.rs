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
        if words.is_empty() || known || titles.iter().any(|title| subject::is_about(title, &words)) {
            continue;
        }
        missing.push(heading);
    }
    let Some(first) = missing.first() else { return Vec::new() };
    let names: Vec<String> = missing.iter().map(|heading| format!("\"{}\"", heading.value)).collect();
    let diagnostic = Diagnostic::error("", format!("no dashboard is documented for {}", names.join(", ")))
        .at(&first.span)
        .label("no dashboard has this title")
        .because(match titles.is_empty() {
            true => "no dashboard is documented at all".to_owned(),
            false => format!("the documented dashboards are: {}", titles.join(", ")),
        });
    vec![missing.iter().skip(1).fold(diagnostic, |found, heading| found.related(&heading.span, "nor this"))]
}
