//! `--speed N`: every duration of a configuration divided by N, so that a drill of minutes takes seconds.
//!
//! Rates per second stay what they are, since ranges and counters shrink alike. What cannot be divided is
//! refused: a duration that would fall below a millisecond (no program counts finer), a computed range, and time
//! intervals, which follow the clock on the wall.

use super::edit::{Conflict, Edits};
use crate::diagnostic::{Diagnostic, SourceFile, Span};
use crate::documents::yaml::{self, Node};
use crate::promql::{self, ParseOptions, WrittenLength};
use crate::stack::Version;
use crate::time::Duration;

const WHY: &str = "--speed";

const WHY_PATIENT: &str =
    "--speed; a scrape has a second, or most of its interval, since the machine is not faster";

/// So long a scrape has at least, if its interval allows: what answers it does not answer faster.
const PATIENCE: Duration = Duration::from_secs(1);

/// The finest that Prometheus and Alertmanager count.
const FINEST: Duration = Duration(1);

/// Divides the durations of one file.
struct Divider {
    speed: u32,
    edits: Edits,
    problems: Vec<Diagnostic>,
}

/// Divides what a `prometheus.yml` sets, and sets what it leaves to defaults that are durations.
pub fn prometheus(file: &SourceFile, speed: u32) -> Result<Edits, Vec<Diagnostic>> {
    let mut divider = Divider::new(file, speed);
    let Some(root) = yaml::read_one(file).0 else { return Ok(divider.edits) };
    // An interval that is not set anywhere is one minute, a timeout ten seconds.
    let minute = Duration::from_secs(60);
    let interval = root.get("global").map_or(minute, |global| duration(global, "scrape_interval", minute));
    let mut defaults = vec![("scrape_interval", minute, WHY), ("evaluation_interval", minute, WHY)];
    let timeout = Duration::from_secs(10);
    if interval >= timeout {
        let (timeout, why) = divider.patient(timeout, interval);
        defaults.push(("scrape_timeout", timeout, why));
    }
    divider.section(&root, "global", &defaults);
    if let Some(global) = root.get("global") {
        divider.keys(global, &["scrape_interval", "evaluation_interval", "rule_query_offset"]);
        divider.timeout(global, interval);
    }
    for job in items(&root, "scrape_configs") {
        divider.keys(job, &["scrape_interval"]);
        divider.timeout(job, duration(job, "scrape_interval", interval));
        divider.refresh(job);
    }
    if let Some(alerting) = root.get("alerting") {
        for alertmanager in items(alerting, "alertmanagers") {
            divider.keys(alertmanager, &["timeout"]);
            divider.refresh(alertmanager);
        }
    }
    divider.finish()
}

/// Divides the intervals, `for` and `keep_firing_for` of a rule file, and the ranges, steps and offsets in its
/// expressions.
pub fn rules(file: &SourceFile, version: Version, speed: u32) -> Result<Edits, Vec<Diagnostic>> {
    let mut divider = Divider::new(file, speed);
    let options = ParseOptions { semantics: version.semantics(), experimental: true };
    let (documents, _) = yaml::read(file);
    for group in documents.iter().flat_map(|document| items(document, "groups")) {
        divider.keys(group, &["interval", "query_offset"]);
        for rule in items(group, "rules") {
            divider.keys(rule, &["for", "keep_firing_for"]);
            if let Some(expr) = rule.get("expr") {
                divider.expr(expr, options);
            }
        }
    }
    divider.finish()
}

/// An expression with its ranges, steps and offsets divided.
pub fn expression(text: &str, options: ParseOptions, speed: u32) -> Result<String, String> {
    let lengths = promql::written_lengths(text, options).map_err(|error| error.message)?;
    let speed = i64::from(speed.max(1));
    let mut divided = String::with_capacity(text.len());
    let mut done = 0;
    for WrittenLength { span, duration } in lengths {
        let duration = duration.ok_or("a computed duration cannot be divided")?;
        let shorter = Duration((duration.0 + duration.0.signum() * speed / 2) / speed);
        if duration.0 != 0 && shorter.0.abs() < FINEST.0 {
            return Err(format!("{duration} cannot pass {speed} times as fast"));
        }
        divided.push_str(&text[done..span.range().start]);
        divided.push_str(&shorter.to_string());
        done = span.range().end;
    }
    divided.push_str(&text[done..]);
    Ok(divided)
}

/// Divides what an `alertmanager.yml` sets, and sets what its root route leaves to defaults.
pub fn alertmanager(file: &SourceFile, speed: u32) -> Result<Edits, Vec<Diagnostic>> {
    let mut divider = Divider::new(file, speed);
    let Some(root) = yaml::read_one(file).0 else { return Ok(divider.edits) };
    divider.section(&root, "global", &[("resolve_timeout", Duration::from_secs(300), WHY)]);
    if let Some(global) = root.get("global") {
        divider.keys(global, &["resolve_timeout"]);
    }
    let defaults = [("group_wait", 30), ("group_interval", 300), ("repeat_interval", 4 * 3600)];
    let defaults = defaults.map(|(key, seconds)| (key, Duration::from_secs(seconds), WHY));
    divider.section(&root, "route", &defaults);
    if let Some(route) = root.get("route") {
        divider.route(route);
    }
    for key in ["time_intervals", "mute_time_intervals"] {
        if let Some(first) = items(&root, key).first() {
            divider.problems.push(
                refused(&first.span, "a time interval cannot pass faster")
                    .label("follows the clock on the wall")
                    .help("run this scenario in the twin, or without --speed"),
            );
        }
    }
    divider.finish()
}

impl Divider {
    fn new(file: &SourceFile, speed: u32) -> Self {
        Divider { speed: speed.max(1), edits: Edits::new(file), problems: Vec::new() }
    }

    fn finish(self) -> Result<Edits, Vec<Diagnostic>> {
        match self.problems.is_empty() {
            true => Ok(self.edits),
            false => Err(self.problems),
        }
    }

    /// Routes inherit what they do not set, so only the root's defaults matter.
    fn route(&mut self, route: &Node) {
        self.keys(route, &["group_wait", "group_interval", "repeat_interval"]);
        items(route, "routes").iter().for_each(|route| self.route(route));
    }

    /// `refresh_interval` of every kind of discovery.
    fn refresh(&mut self, node: &Node) {
        for (name, value) in node.entries().unwrap_or_default() {
            if name.scalar().is_some_and(|name| name.ends_with("_sd_configs")) {
                value
                    .items()
                    .unwrap_or_default()
                    .iter()
                    .for_each(|item| self.keys(item, &["refresh_interval"]));
            }
        }
    }

    fn keys(&mut self, node: &Node, keys: &[&str]) {
        for value in keys.iter().filter_map(|key| node.get(key)) {
            // What is no duration has been told where the file was read.
            if let Some(duration) = value.scalar().and_then(|text| Duration::parse(text).ok())
                && let Some(divided) = self.divided(duration, &value.span)
            {
                self.edits.replace(&value.span, divided.to_string(), WHY);
            }
        }
    }

    /// A scrape's timeout, that of a target scraped so often.
    fn timeout(&mut self, node: &Node, interval: Duration) {
        let Some(value) = node.get("scrape_timeout") else { return };
        let Some(timeout) = value.scalar().and_then(|text| Duration::parse(text).ok()) else { return };
        let (timeout, why) = self.patient(timeout, interval);
        if let Some(divided) = self.divided(timeout, &value.span) {
            self.edits.replace(&value.span, divided.to_string(), why);
        }
    }

    /// A timeout that leaves enough time when it is divided, and why it is what it is.
    fn patient(&self, timeout: Duration, interval: Duration) -> (Duration, &'static str) {
        // What times out must be known before the next evaluation.
        let most = Duration(interval.0 / 5 * 4);
        let enough = Duration(PATIENCE.0 * i64::from(self.speed)).min(most);
        match timeout >= enough {
            true => (timeout, WHY),
            false => (enough, WHY_PATIENT),
        }
    }

    /// Sets what a section of the file leaves to defaults.
    fn section(&mut self, root: &Node, section: &str, defaults: &[(&str, Duration, &'static str)]) {
        let node = root.get(section).filter(|node| node.entries().is_some());
        let missing = defaults.iter().filter(|(key, ..)| node.is_none_or(|node| node.get(key).is_none()));
        let place = node.unwrap_or(root).span.clone();
        let mut entries = Vec::new();
        for (key, default, why) in missing {
            if let Some(divided) = self.divided(*default, &place) {
                entries.push((*key, divided.to_string(), *why));
            }
        }
        match node {
            Some(node) => {
                entries.iter().for_each(|(key, value, why)| self.edits.insert(node, key, value, why));
            }
            // Written as null or not at all.
            None if !entries.is_empty() => {
                let pairs: Vec<String> =
                    entries.iter().map(|(key, value, _)| format!("{key}: {value}")).collect();
                let value = format!("{{ {} }}", pairs.join(", "));
                match root.get(section) {
                    Some(null) => self.edits.replace(&null.span, format!(" {value}"), WHY),
                    None => self.edits.insert(root, section, &value, WHY),
                }
            }
            None => {}
        }
    }

    fn expr(&mut self, expr: &Node, options: ParseOptions) {
        let Some(text) = expr.scalar() else { return };
        // What does not parse has been told where the file was read.
        let Ok(lengths) = promql::written_lengths(text, options) else { return };
        for WrittenLength { span, duration } in lengths {
            let place = expr.span_within(span.range());
            match duration {
                None => self.problems.push(
                    refused(&place, "a computed duration cannot be divided")
                        .label("computed when it is evaluated")
                        .help("write the duration itself, or run without --speed"),
                ),
                Some(Duration::ZERO) => {}
                Some(duration) => {
                    if let Some(divided) = self.divided(duration, &place) {
                        self.edits.replace(&place, divided.to_string(), WHY);
                    }
                }
            }
        }
    }

    fn divided(&mut self, duration: Duration, place: &Span) -> Option<Duration> {
        let speed = i64::from(self.speed);
        let divided = Duration((duration.0 + duration.0.signum() * speed / 2) / speed);
        if duration.0 != 0 && divided.0.abs() < FINEST.0 {
            let most = (duration.0.abs() / FINEST.0).max(1);
            self.problems.push(
                refused(place, format!("{duration} cannot pass {speed} times as fast"))
                    .label("would be less than 1ms")
                    .help(format!("the highest speed for this is {most}")),
            );
            return None;
        }
        Some(divided)
    }
}

fn duration(node: &Node, key: &str, otherwise: Duration) -> Duration {
    let text = node.get(key).and_then(Node::scalar);
    text.and_then(|text| Duration::parse(text).ok()).unwrap_or(otherwise)
}

fn items<'n>(node: &'n Node, key: &str) -> &'n [Node] {
    node.get(key).and_then(Node::items).unwrap_or_default()
}

fn refused(place: &Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error("speed", message).at(place)
}

impl From<Conflict> for Diagnostic {
    fn from(conflict: Conflict) -> Diagnostic {
        Diagnostic::error("substitution", conflict.to_string())
            .at(&conflict.place)
            .because("an anchor and its aliases share one text")
    }
}

#[cfg(test)]
mod tests;
