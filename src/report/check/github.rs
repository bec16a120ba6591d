//! `--format github`: workflow commands, which GitHub Actions draws beside the lines of a pull request.

use super::{Checked, place, said};
use crate::checks::{Finding, Harm};

pub fn github(checked: &Checked<'_>) -> String {
    checked.findings.iter().map(command).collect()
}

fn command(finding: &Finding) -> String {
    let level = match finding.harm {
        Harm::Breaks | Harm::Silent => "error",
        Harm::Risk => "warning",
        Harm::Style => "notice",
    };
    let diagnostic = &finding.diagnostic;
    let mut properties = Vec::new();
    if let (Some((file, line, column)), Some(span)) = (place(finding), &diagnostic.place) {
        let (end_line, end_column) = span.end_line_column();
        properties.push(format!("file={}", property(file)));
        properties.push(format!("line={line}"));
        properties.push(format!("col={column}"));
        // GitHub refuses columns for more than one line.
        if end_line == line && end_column > column {
            properties.push(format!("endColumn={end_column}"));
        }
    }
    properties.push(format!("title={}", property(&format!("firedrill: {}", diagnostic.id))));
    let mut text = diagnostic.message.clone();
    for line in said(finding) {
        text.push('\n');
        text.push_str(&line);
    }
    format!("::{level} {}::{}\n", properties.join(","), data(&text))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
