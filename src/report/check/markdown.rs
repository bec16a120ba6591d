//! `--format markdown`: for the comment below a pull request, or a job's summary.

use super::{Checked, place, said};
use crate::checks::{Finding, Harm};

pub fn markdown(checked: &Checked<'_>) -> String {
    let mut text = format!("# firedrill check: {}\n", checked.by_harm());
    for harm in Harm::ALL {
        let findings: Vec<&Finding> =
            checked.findings.iter().filter(|finding| finding.harm == harm).collect();
        if findings.is_empty() {
            continue;
        }
        text.push_str(&format!("\n## {}: {}\n\n", harm.as_str(), harm.meaning()));
        for finding in findings {
            text.push_str(&item(finding));
        }
    }
    let unread: Vec<String> = checked
        .parts
        .iter()
        .filter_map(|part| Some(format!("- {}: {}\n", code(&part.place.to_string()), part.unread.as_ref()?)))
        .collect();
    if !unread.is_empty() {
        text.push_str(&format!("\n## Not read\n\n{}", unread.concat()));
    }
    if checked.known > 0 {
        text.push_str(&format!("\n{} more are known to the baseline.\n", checked.known));
    }
    text
}

fn item(finding: &Finding) -> String {
    let diagnostic = &finding.diagnostic;
    let place = place(finding).map(|(file, line, column)| code(&format!("{file}:{line}:{column}")));
    let place = place.map(|place| format!("{place} ")).unwrap_or_default();
    let mut text = format!("- {place}**{}**: {}\n", diagnostic.id, plain(&diagnostic.message));
    for line in said(finding) {
        text.push_str(&format!("  - {}\n", plain(&line.replace('\n', "; "))));
    }
    text
}

/// Between backticks, more of them than it holds.
fn code(text: &str) -> String {
    let mut fence = "`".to_owned();
    while text.contains(&fence) {
        fence.push('`');
    }
    format!("{fence}{text}{fence}")
}

/// Text that stays what it is: no tags, no emphasis by chance; what stands between backticks is code already.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for (at, piece) in text.split('`').enumerate() {
        if at > 0 {
            out.push('`');
        }
        match at % 2 {
            0 => {
                for c in piece.chars() {
                    if matches!(c, '*' | '_' | '<' | '>' | '[' | ']' | '|' | '\\' | '#') {
                        out.push('\\');
                    }
                    out.push(c);
                }
            }
            _ => out.push_str(piece),
        }
    }
    out
}
