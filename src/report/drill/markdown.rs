//! Drills as Markdown, for a wiki or a pull request.

use super::alerts::labels;
use super::message;
use super::story::told;
use super::table::timing;
use super::{instant, story};
use crate::drill::{Story, Table};
use crate::report::look::Look;
use crate::timeline::Observed;

pub fn table_markdown(table: &Table) -> String {
    let mut text = format!(
        "# Who is told: {}\n\n| Alert | Labels | for | wait | repeat | Route | Receiver | Tells | Muted while |\n|---|---|---|---|---|---|---|---|---|\n",
        table.stack
    );
    for row in &table.rows {
        let route = row.route.and_then(|route| table.routes.get(route));
        let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
        let (wait, repeat, way, receiver, channels) = match route {
            None => Default::default(),
            Some(route) => (
                route.group_wait.to_string(),
                route.repeat_interval.to_string(),
                match &row.when {
                    None => route.way.clone(),
                    Some(when) => format!("{} ({when})", route.way),
                },
                route.receiver.clone(),
                route.channels.iter().map(|channel| channel.address.as_str()).collect::<Vec<_>>().join("; "),
            ),
        };
        text += &format!(
            "| {} | {} | {} | {wait} | {repeat} | {} | {} | {} | {} |\n",
            cell(&row.alert),
            cell(&labels(row)),
            row.hold,
            cell(&way),
            cell(&receiver),
            cell(&channels),
            cell(&row.muted_while.join(", "))
        );
    }
    text += "\n## Routes\n\n";
    for route in &table.routes {
        text += &format!("- `{}` → **{}**: {}\n", route.way, route.receiver, timing(route));
    }
    if !table.findings.is_empty() {
        text += "\n## Findings\n\n";
        for finding in &table.findings {
            let place = finding.place.as_ref().map_or(String::new(), |place| format!(" ({place})"));
            text += &format!("- **{}**: {}{place}\n", finding.id, finding.message);
        }
    }
    text
}

pub fn story_markdown(told_story: &Story) -> String {
    let mut text =
        format!("# {}\n\n```text\n{}```\n", told_story.alert, story::story(told_story, &Look::PLAIN));
    let mut first = true;
    for seen in &told_story.seen {
        let Observed::Notification(sent) = &seen.what else { continue };
        if std::mem::take(&mut first) {
            text += "\n| Time (UTC) | Receiver | Told | Why |\n|---|---|---|---|\n";
        }
        let made = if message::lines(sent).is_empty() { "nothing" } else { sent.reason.as_str() };
        text += &format!("| {} | {} | {} | {made} |\n", instant(seen.at), sent.receiver, told(sent));
    }
    text
}
