//! Rules whose severity or threshold differs from what the guide around them lists.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, SourceFile, Span};
use crate::stack::wiring::Wiring;
use crate::stack::{Rule, RuleKind};

pub const CHECK: Check = Check {
    id: "severity-in-prose",
    harm: Harm::Risk,
    title: "the guide lists this alert under another severity",
    explanation: "A guide that lists alerts under \"Critical\" and \"Warning\" is what people rely on: an alert that it calls \
                  critical and its rule calls a warning wakes nobody.",
    example: "# values.yaml\na: 1\n```\n#### Critical Alerts\n- High error rates (>10%)\n\n```yaml\ngroups:\n- name: api\n  rules:\n  - alert: HighErrorRate\n    expr: error_ratio > 0.1\n    labels: {severity: warning}\n",
    mended: "# values.yaml\na: 1\n```\n#### Critical Alerts\n- High error rates (>10%)\n\n```yaml\ngroups:\n- name: api\n  rules:\n  - alert: HighErrorRate\n    expr: error_ratio > 0.1\n    labels: {severity: critical}\n",
    find,
};

const SEVERITIES: [&str; 3] = ["critical", "warning", "info"];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let listed: Vec<Listed> = wiring.guides().flat_map(|guide| lists(&guide)).collect();
    let rules = crate::checks::rules(wiring).filter(|rule| crate::checks::alerts(rule));
    rules.filter_map(|rule| judge(rule, &listed)).collect()
}

/// An item of a list under a severity's heading.
struct Listed {
    severity: &'static str,
    words: Vec<String>,
    place: Span,
}

fn judge(rule: &Rule, listed: &[Listed]) -> Option<Diagnostic> {
    let RuleKind::Alerting { alert, .. } = &rule.kind else { return None };
    let (_, severity) = rule.labels.iter().find(|(name, _)| name.value == "severity")?;
    let own = SEVERITIES.iter().find(|known| severity.value.eq_ignore_ascii_case(known))?;
    let words = camel(&alert.value);
    // Every word of the alert's name stands in the item: "High error rates" is `HighErrorRate`.
    let mut same =
        listed.iter().filter(|item| words.len() > 1 && words.iter().all(|word| item.words.contains(word)));
    let item = same.next()?;
    (item.severity != *own).then(|| {
        Diagnostic::error("", format!("the guide lists `{}` as {}", alert.value, item.severity))
            .at(&severity.span)
            .label(format!("the rule says {own}"))
            .related(&item.place, format!("listed as {}", item.severity))
            .help("make the two agree: who is notified follows the rule")
    })
}

fn lists(file: &SourceFile) -> Vec<Listed> {
    let mut found = Vec::new();
    let (mut severity, mut fenced, mut at) = (None, false, 0);
    for line in file.text().split_inclusive('\n') {
        let start = at;
        at += line.len();
        let trimmed = line.trim();
        if trimmed.starts_with("```") {
            fenced = !fenced;
        }
        if fenced || trimmed.is_empty() {
            continue;
        }
        let item = trimmed.strip_prefix("- ").or_else(|| trimmed.strip_prefix("* "));
        match item {
            Some(item) => {
                let Some(severity) = severity else { continue };
                let lead = line.find(item).unwrap_or(0);
                let place = file.span(start + lead..start + lead + item.len());
                found.push(Listed { severity, words: words(item), place });
            }
            None => {
                let lower = trimmed.to_lowercase();
                let heading = trimmed.starts_with('#') || trimmed.ends_with(':') || trimmed.starts_with("**");
                let named =
                    SEVERITIES.iter().copied().find(|known| lower.contains(known) && lower.contains("alert"));
                severity = named.filter(|_| heading);
            }
        }
    }
    found
}

/// Words in lower case, without a plural's s.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(|word| stem(&word.to_lowercase())).collect()
}

fn stem(word: &str) -> String {
    match word.strip_suffix('s') {
        Some(stem) if stem.len() > 2 && !stem.ends_with('s') => stem.to_owned(),
        _ => word.to_owned(),
    }
}

/// The words of `HighErrorRate`, without a plural's s.
pub fn camel(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut last_lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() {
            last_lower = false;
            words.push(String::new());
            continue;
        }
        if c.is_uppercase() && last_lower || words.is_empty() {
            words.push(String::new());
        }
        last_lower = c.is_lowercase();
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
    }
    words.iter().filter(|word| !word.is_empty()).map(|word| stem(word)).collect()
}

#[cfg(test)]
mod tests {
    use super::camel;

    #[test]
    fn names_are_taken_apart() {
        assert_eq!(camel("HighErrorRate"), ["high", "error", "rate"]);
        assert_eq!(camel("api_down"), ["api", "down"]);
    }
}
