//! The table of a whole stack in a terminal: alerts, then the routes that they take, then what is wrong.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::counted;
use crate::diagnostic::Severity;
use crate::drill::{RouteRow, Row, Table};
use crate::report::look::{Look, cut};

/// From this width on labels have a column of their own.
const WIDE: usize = 110;

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

fn alerts(table: &Table, look: &Look) -> String {
    let wide = look.width >= WIDE;
    let mut head = vec!["Alert", "for", "wait", "again", "Receiver", "Tells"];
    if wide {
        head.insert(1, "Labels");
    }
    let mutes = table.rows.iter().any(|row| !row.muted_by.is_empty());
    if mutes {
        head.push("Muted by");
    }
    let mut rows: Vec<Vec<String>> = Vec::with_capacity(table.rows.len());
    for row in &table.rows {
        let route = row.route.and_then(|route| table.routes.get(route));
        let mut cells = vec![
            row.alert.clone(),
            row.hold.to_string(),
            route.map_or(String::new(), |route| route.group_wait.to_string()),
            route.map_or(String::new(), |route| route.repeat_interval.to_string()),
            receiver(row, route),
            route.map_or(String::new(), channels),
        ];
        if wide {
            cells.insert(1, labels(row));
        }
        if mutes {
            let rules: Vec<String> = row.muted_by.iter().map(|rule| format!("#{}", rule + 1)).collect();
            cells.push(rules.join(" "));
        }
        rows.push(cells);
    }
    let widths = widths(&head, &rows, look.width);
    let line = |cells: &[String]| -> String {
        let parts = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{:width$}", cut(cell, *width, look.ascii)));
        parts.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let head: Vec<String> = head.into_iter().map(str::to_owned).collect();
    let mut text = format!("{}\n", look.faint(&line(&head)));
    for row in &rows {
        text += &line(row);
        text.push('\n');
    }
    text
}

fn receiver(row: &Row, route: Option<&RouteRow>) -> String {
    match (route, &row.when) {
        (None, _) => "dropped by alert_relabel_configs".to_owned(),
        (Some(route), None) => route.receiver.clone(),
        (Some(route), Some(when)) => format!("{} {when}", route.receiver),
    }
}

fn channels(route: &RouteRow) -> String {
    if route.channels.is_empty() {
        return "nobody".to_owned();
    }
    route.channels.iter().map(|channel| channel.address.as_str()).collect::<Vec<_>>().join("; ")
}

pub(super) fn labels(row: &Row) -> String {
    let labels: Vec<String> = row
        .labels
        .iter()
        .map(|(name, value)| format!("{name}={}", value.as_deref().unwrap_or("?")))
        .collect();
    labels.join(" ")
}

/// As wide as what stands in them; where that is too much the widest give way first.
fn widths(head: &[&str], rows: &[Vec<String>], total: usize) -> Vec<usize> {
    let mut widths: Vec<usize> = head.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let gaps = 2 * widths.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > total {
        let Some(widest) = widths.iter_mut().max_by_key(|width| **width) else { break };
        if *widest <= 8 {
            break;
        }
        *widest -= 1;
    }
    widths
}

fn routes(table: &Table, look: &Look) -> String {
    let mut text = format!("\n{}\n", look.strong("Routes"));
    for route in &table.routes {
        let place = look.faint(&format!("{}:{}", route.place.file.path(), route.place.line()));
        let arrow = if look.ascii { "->" } else { "→" };
        let taken = counted(route.alerts, "alert");
        let taken = if route.alerts == 0 { look.warm(&taken) } else { taken };
        text += &format!("  {} {arrow} {}  {taken}  {place}\n", route.way, look.strong(&route.receiver));
        for channel in &route.channels {
            let resolved = if channel.send_resolved { "and when resolved" } else { "not when resolved" };
            text += &format!("      tells {}, {resolved}\n", channel.address);
        }
        if route.channels.is_empty() {
            text += &format!("      {}\n", look.warm("tells nobody"));
        }
        text += &format!("      {}\n", look.faint(&timing(route)));
    }
    text
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
        let place = look.faint(&format!("{}:{}", rule.place.file.path(), rule.place.line()));
        let equal = match rule.equal.as_slice() {
            [] => String::new(),
            labels => format!(" with the same {}", labels.join(", ")),
        };
        text += &format!("  #{} {} mutes {}{equal}  {place}\n", at + 1, rule.source, rule.target);
        for (what, names) in [("while", &rule.sources), ("mutes", &rule.targets)] {
            let listed =
                if names.is_empty() { "no alert of this stack".to_owned() } else { names.join(", ") };
            let line = format!("{what} {listed}");
            text += &format!("      {}\n", look.faint(&cut(&line, look.width.saturating_sub(6), look.ascii)));
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
