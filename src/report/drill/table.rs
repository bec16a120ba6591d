//! The table of a whole stack in a terminal: alerts, then the routes that they take, then what is wrong.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::alerts::alerts;
use super::counted;
use crate::diagnostic::{Severity, Span};
use crate::drill::{RouteRow, Table};
use crate::report::look::{Look, wrapped};

pub fn table(table: &Table, look: &Look) -> String {
    let mut text = format!(
        "{}: {}, {}, {}\n\n",
        look.strong(&table.stack),
        counted(table.alerts, "alert"),
        counted(table.routes.len(), "route"),
        counted(table.inhibit_rules.len(), "inhibit rule")
    );
    text += &alerts(table, look);
    text += &routes(table, look);
    text += &inhibition(table, look);
    text += &findings(table, look);
    text
}

fn routes(table: &Table, look: &Look) -> String {
    let mut text = format!("\n{}\n", look.strong("Routes"));
    let arrow = if look.ascii { "->" } else { "→" };
    for route in &table.routes {
        let taken = counted(route.alerts, "alert");
        let length = format!("  {} {arrow} {}  {taken}  ", route.way, route.receiver).chars().count();
        let place = look.faint(&place(&route.place, look.width.saturating_sub(length)));
        let taken = if route.alerts == 0 { look.warm(&taken) } else { taken };
        text += &format!("  {} {arrow} {}  {taken}  {place}\n", route.way, look.strong(&route.receiver));
        for channel in &route.channels {
            let resolved = if channel.send_resolved { "and when resolved" } else { "not when resolved" };
            text +=
                &indented(&format!("tells {}, {resolved}", channel.address), look, |line| line.to_owned());
        }
        if route.channels.is_empty() {
            text += &format!("      {}\n", look.warm("tells nobody"));
        }
        text += &indented(&timing(route), look, |line| look.faint(line));
    }
    text
}

/// `path/to/alertmanager.yml:16`, or without the folders where that is too long.
pub(super) fn place(place: &Span, width: usize) -> String {
    let full = format!("{}:{}", place.file.path(), place.line());
    match full.rsplit_once('/') {
        Some((_, name)) if full.chars().count() > width => name.to_owned(),
        _ => full,
    }
}

/// What is said of a route or rule, below it.
fn indented(text: &str, look: &Look, paint: impl Fn(&str) -> String) -> String {
    let lines = wrapped(text, look.width.saturating_sub(8)).into_iter().enumerate();
    let indented =
        lines.map(|(at, line)| format!("{}{}\n", if at == 0 { "      " } else { "        " }, paint(&line)));
    indented.collect()
}

/// `waits 30s, looks again every 5m, repeats after 4h; one message for each alertname, cluster`.
pub(super) fn timing(route: &RouteRow) -> String {
    let by: Vec<&str> = route.group_by.iter().map(String::as_str).collect();
    let grouped = match by.as_slice() {
        [] => "all in one message".to_owned(),
        ["..."] => "a message for each alert".to_owned(),
        labels => format!("a message for each {}", labels.join(", ")),
    };
    let mut text = format!(
        "waits {}, looks again every {}, repeats after {}; {grouped}",
        route.group_wait, route.group_interval, route.repeat_interval
    );
    if !route.muted_during.is_empty() {
        text += &format!("; muted during {}", route.muted_during.join(", "));
    }
    if !route.active_during.is_empty() {
        text += &format!("; only during {}", route.active_during.join(", "));
    }
    text
}

fn inhibition(table: &Table, look: &Look) -> String {
    if table.inhibit_rules.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}\n", look.strong("Inhibition"));
    for (at, rule) in table.inhibit_rules.iter().enumerate() {
        let equal = match rule.equal.as_slice() {
            [] => String::new(),
            labels => format!(" with the same {}", labels.join(", ")),
        };
        let line = format!("  #{} {} mutes {}{equal}", at + 1, rule.source, rule.target);
        let place = place(&rule.place, look.width.saturating_sub(line.chars().count() + 2));
        let mut lines = wrapped(&line, look.width.saturating_sub(6)).into_iter();
        text += &lines.next().unwrap_or_default();
        lines.for_each(|line| text += &format!("\n     {line}"));
        text += &format!("  {}\n", look.faint(&place));
        for (what, names) in [("while", &rule.sources), ("mutes", &rule.targets)] {
            let listed =
                if names.is_empty() { "no alert of this stack".to_owned() } else { names.join(", ") };
            text += &indented(&format!("{what} {listed}"), look, |line| look.faint(line));
        }
    }
    text
}

fn findings(table: &Table, look: &Look) -> String {
    if table.findings.is_empty() {
        return format!("\n{}\n", look.good("Nothing is wrong with where alerts go"));
    }
    let mut text = "\n".to_owned();
    for finding in &table.findings {
        text += finding.render(look.colour).trim_end();
        text += "\n\n";
    }
    let errors = table.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    let warnings = table.findings.len() - errors;
    let mut parts = Vec::new();
    if errors > 0 {
        parts.push(look.bad(&counted(errors, "error")));
    }
    if warnings > 0 {
        parts.push(look.warm(&counted(warnings, "warning")));
    }
    text + &format!("{}\n", parts.join(", "))
}

/// Every finding as a failed test case; one that passes where there is none.
pub fn findings_junit(table: &Table) -> String {
    let mut report = Report::new("firedrill");
    let mut suite = TestSuite::new(format!("drill {}", table.stack));
    for finding in &table.findings {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(finding.message.as_str()).set_type(finding.id);
        status.set_description(finding.render(false));
        let place = finding.place.as_ref().map_or(String::new(), |place| format!(" ({place})"));
        suite.add_test_case(TestCase::new(format!("{}{place}", finding.id), status));
    }
    if table.findings.is_empty() {
        suite.add_test_case(TestCase::new("where alerts go", TestCaseStatus::success()));
    }
    report.add_test_suite(suite);
    crate::report::junit::print(&report)
}
