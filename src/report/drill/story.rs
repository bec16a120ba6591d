//! The story of one alert in a terminal: its path, its groups, what is sent when, and each message once.

use std::collections::BTreeMap;

use super::message;
use super::table::place;
use super::{counted, instant};
use crate::drill::Story;
use crate::report::look::{Look, unpainted, wrapped};
use crate::routing::{matchers_text, public_url};
use crate::timeline::{MutedBy, Notification, Observed, Outcome};

/// Lines of the timeline shown; a night of repeats has many.
const LINES: usize = 40;

pub fn story(story: &Story, look: &Look) -> String {
    let mut text = format!("{}  {}\n", look.strong(&story.alert), look.faint(&story.place.to_string()));
    for part in wrapped(&story.labels.to_string(), look.width.saturating_sub(3)) {
        // What goes on stands behind the brace.
        text += &format!("{}{part}\n", if part.starts_with('{') { "  " } else { "   " });
    }
    if !story.not_given.is_empty() {
        text += &format!(
            "  {}\n",
            look.warm(&format!("taken as missing: {} (give them with --label)", story.not_given.join(", ")))
        );
    }
    text += &format!(
        "  fires at {} UTC for {}, after {} of `for`\n",
        instant(story.fires),
        story.resolves - story.fires,
        story.hold
    );
    text += &format!("\n{}\n{}", look.strong("Path"), path(story, look));
    text += &format!("\n{}\n{}", look.strong("Groups"), groups(story));
    text += &format!("\n{}\n{}", look.strong("Timeline"), timeline(story, look));
    text + &messages(story, look)
}

fn path(story: &Story, look: &Look) -> String {
    let (yes, over, no) = if look.ascii { ("*", "+", "x") } else { ("●", "○", "✗") };
    let mut text = String::new();
    for (at, node) in story.tree.nodes().iter().enumerate() {
        let depth = story.tree.path(at).len();
        let route = &node.route;
        let what = if at == 0 { "default route".to_owned() } else { matchers_text(route) };
        let indent = "   ".repeat(depth);
        let place = look.faint(&place(&route.place, look.width / 3));
        let receiver = &route.receiver.value;
        let taken = story.ways.taken.iter().any(|taken| taken.node == at);
        let on_the_way = story.ways.taken.iter().any(|taken| taken.path.contains(&at));
        let refused = story.ways.refused.iter().find(|refused| refused.node == at);
        let shadowed = story.ways.shadowed.iter().find(|shadowed| shadowed.node == at);
        // Below a route that refused, nothing was tried.
        let line = if taken {
            format!("{} {what} → {}  {place}", look.good(yes), look.strong(receiver))
        } else if on_the_way {
            format!("{over} {what}  {place}")
        } else if let Some(refused) = refused {
            let got = match refused.got.as_str() {
                "" => format!("no {}", refused.matcher.name),
                got => format!("{} is \"{got}\"", refused.matcher.name),
            };
            let near = match (refused.held, refused.matchers) {
                (held, matchers) if matchers > 1 => format!(" ({held} of {matchers} matchers hold)"),
                _ => String::new(),
            };
            format!("{} {what} → {receiver}  {}  {place}", look.bad(no), look.warm(&format!("{got}{near}")))
        } else if let Some(shadowed) = shadowed {
            let by = matchers_text(&story.tree.node(shadowed.by).route);
            let why = format!("not tried: {by} took it and does not continue");
            format!("{} {what} → {receiver}  {}  {place}", look.bad(no), look.warm(&why))
        } else {
            continue;
        };
        let indent = &indent[1..];
        let whole = format!("{indent}{line}");
        // Where it doesn't fit, the place gets a line of its own.
        text += &match line.strip_suffix(&place) {
            Some(rest) if unpainted(&whole).chars().count() > look.width => {
                format!("{indent}{}\n{indent}  {place}\n", rest.trim_end())
            }
            _ => format!("{whole}\n"),
        };
    }
    if look.ascii { text.replace('→', "->") } else { text }
}

fn groups(story: &Story) -> String {
    let mut text = String::new();
    for taken in &story.ways.taken {
        let route = &story.tree.node(taken.node).route;
        text += &format!(
            "  {} {}\n    waits {}, looks again every {}, repeats after {}\n",
            route.receiver.value,
            taken.group_labels,
            route.group_wait,
            route.group_interval,
            route.repeat_interval
        );
    }
    text
}

fn timeline(story: &Story, look: &Look) -> String {
    let mut lines = vec![(story.fires, "begins to fire".to_owned())];
    for seen in &story.seen {
        let line = match &seen.what {
            Observed::Notification(sent) => {
                let outcome = match &sent.outcome {
                    Outcome::Delivered => String::new(),
                    Outcome::WillRetry(error) => {
                        format!("  {}", look.bad(&format!("failed, tried again: {error}")))
                    }
                    Outcome::Failed(error) => format!("  {}", look.bad(&format!("failed: {error}"))),
                };
                let why = look.faint(sent.reason.as_str());
                let told_or_not = if sent.outcome == Outcome::Delivered { "is told" } else { "is not told" };
                format!("{} {told_or_not}: {}  {why}{outcome}", sent.receiver, told(sent))
            }
            Observed::Muted(muted) => format!("{} is not told: {}", muted.receiver, muted_by(&muted.by)),
            Observed::Withheld(withheld) => {
                format!("{} is not told by {}: {}", withheld.receiver, withheld.integration, withheld.reason)
            }
            Observed::GivenUp(given_up) => {
                let error = format!(
                    "given up after {}: {}",
                    counted(given_up.attempts as usize, "attempt"),
                    given_up.error
                );
                format!("{} is not told by {}: {}", given_up.receiver, given_up.integration, look.bad(&error))
            }
            _ => continue,
        };
        lines.push((seen.at, line));
    }
    let after = lines.iter().position(|(at, _)| *at >= story.resolves).unwrap_or(lines.len());
    lines.insert(after, (story.resolves, "is resolved".to_owned()));
    let skipped = lines.len().saturating_sub(LINES);
    let mut text = String::new();
    for (at, (time, line)) in lines.iter().enumerate() {
        if skipped > 0 && at == LINES / 2 {
            text += &format!("  … {} more\n", skipped);
        }
        if skipped > 0 && (LINES / 2..LINES / 2 + skipped).contains(&at) {
            continue;
        }
        let day = instant(*time);
        let shown = if day[..10] == instant(story.fires)[..10] { &day[11..] } else { day.as_str() };
        let indent = " ".repeat(shown.len() + 4);
        let width = look.width.saturating_sub(indent.len());
        // What is broken over lines is not coloured.
        let parts = match unpainted(line) {
            plain if plain.chars().count() > width => wrapped(&plain, width),
            _ => vec![line.clone()],
        };
        for (at, part) in parts.iter().enumerate() {
            text += &if at == 0 { format!("  {shown}  {part}\n") } else { format!("{indent}{part}\n") };
        }
    }
    text
}

/// Where it went; never a URL that may hold a secret.
pub(super) fn told(sent: &Notification) -> String {
    match sent.integration {
        _ if sent.address.is_empty() => sent.integration.to_owned(),
        "slack" | "mattermost" | "rocketchat" if sent.address.contains("://") => sent.integration.to_owned(),
        "pagerduty" | "opsgenie" | "discord" | "msteams" | "msteamsv2" | "incidentio" | "pushover" => {
            sent.integration.to_owned()
        }
        "webhook" => format!("webhook {}", public_url(&sent.address)),
        kind => format!("{kind} {}", sent.address),
    }
}

fn muted_by(by: &MutedBy) -> String {
    match by {
        MutedBy::Inhibition { source, rule } => format!("inhibited by {source} ({rule})"),
        MutedBy::Silence { ids } => format!("silenced by {}", ids.join(", ")),
        MutedBy::MuteTimeInterval { names } => format!("muted during {}", names.join(", ")),
        MutedBy::ActiveTimeInterval { names } => format!("only active during {}", names.join(", ")),
    }
}

/// Each message when it first looks like this.
fn messages(story: &Story, look: &Look) -> String {
    let mut text = String::new();
    let mut shown: BTreeMap<(String, &str, usize), Vec<Vec<String>>> = BTreeMap::new();
    for seen in &story.seen {
        let Observed::Notification(sent) = &seen.what else { continue };
        let lines = message::lines(sent);
        let known = shown.entry((sent.receiver.clone(), sent.integration, sent.index)).or_default();
        if known.contains(&lines) {
            continue;
        }
        known.push(lines.clone());
        let title = format!("{} · {} · {}", told(sent), sent.status.as_str(), &instant(seen.at)[11..]);
        let title = if look.ascii { title.replace('·', "-") } else { title };
        text.push('\n');
        text += &message::framed(&title, &lines, look);
    }
    text
}
