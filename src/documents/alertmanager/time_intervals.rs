//! `time_intervals` and the older `mute_time_intervals`.

use jiff::tz::TimeZone;

use crate::diagnostic::Spanned;
use crate::documents::yaml::{Kind, Node};
use crate::stack::alertmanager::{
    InclusiveRange, NamedTimeInterval, TimeInterval, TimeRange, day_range, minutes, month_range,
    weekday_range, year_range,
};

use super::schema::{Reader, refused};

/// Both sections together: their names share one space.
pub fn read(mute: Option<&Node>, named: Option<&Node>, reader: &mut Reader<'_>) -> Vec<NamedTimeInterval> {
    let mut all: Vec<NamedTimeInterval> = Vec::new();
    for (node, what) in [(mute, "mute time interval"), (named, "time interval")] {
        for item in node.map_or(&[][..], |node| reader.items(node, "time intervals")) {
            let Some(interval) = one(item, what, reader) else { continue };
            let name = &interval.name;
            match all.iter().find(|known| known.name.value == name.value) {
                Some(first) => {
                    let reason = format!("{what} \"{}\" is not unique", name.value);
                    let diagnostic = refused("duplicate-time-interval", reason, &name.span)
                        .related(&first.name.span, "first here");
                    reader.problem(diagnostic);
                }
                None => all.push(interval),
            }
        }
    }
    all
}

fn one(node: &Node, what: &'static str, reader: &mut Reader<'_>) -> Option<NamedTimeInterval> {
    const KEYS: [&str; 2] = ["name", "time_intervals"];
    for (name, _) in reader.entries(node, what)? {
        if !KEYS.contains(&name.scalar().unwrap_or_default()) {
            reader.unknown_key(name, what, &KEYS, None);
        }
    }
    let Some(name) = node.get("name").filter(|name| name.scalar().is_some_and(|name| !name.is_empty()))
    else {
        reader.problem(refused("missing-key", format!("missing name in {what}"), &node.span));
        return None;
    };
    let name = Spanned::new(reader.text(name)?, name.span.clone());
    let items = node.get("time_intervals").map_or(&[][..], |list| reader.items(list, "time_intervals"));
    let intervals = items.iter().filter_map(|item| interval(item, reader)).collect();
    Some(NamedTimeInterval { name, intervals })
}

fn interval(node: &Node, reader: &mut Reader<'_>) -> Option<TimeInterval> {
    const KEYS: [&str; 6] = ["times", "weekdays", "days_of_month", "months", "years", "location"];
    for (name, _) in reader.entries(node, "a time interval")? {
        if !KEYS.contains(&name.scalar().unwrap_or_default()) {
            reader.unknown_key(name, "a time interval", &KEYS, None);
        }
    }
    let mut ranges = |key: &str, read: fn(&str) -> Result<InclusiveRange, String>| {
        let list = node.get(key).filter(|list| list.kind != Kind::Null)?;
        let mut ranges = Vec::new();
        for item in reader.items(list, "ranges") {
            let Some(text) = reader.text(item) else { continue };
            match read(&text) {
                Ok(range) => ranges.push(range),
                Err(reason) => reader.problem(refused("bad-time-interval", reason, &item.span)),
            }
        }
        Some(ranges)
    };
    let weekdays = ranges("weekdays", weekday_range);
    let days_of_month = ranges("days_of_month", day_range);
    let months = ranges("months", month_range);
    let years = ranges("years", year_range);
    let times = node
        .get("times")
        .filter(|list| list.kind != Kind::Null)
        .map(|list| reader.items(list, "times").iter().filter_map(|item| time_range(item, reader)).collect());
    let location = node.get("location").filter(|zone| zone.kind != Kind::Null).and_then(|zone| {
        let name = reader.text(zone)?;
        let known = match name.as_str() {
            "" | "UTC" => Ok(TimeZone::UTC),
            // The machine's own zone: a container's is UTC.
            "Local" => Ok(TimeZone::UTC),
            name => TimeZone::get(name),
        };
        if known.is_err() {
            let diagnostic = refused("bad-time-interval", format!("unknown time zone {name}"), &zone.span)
                .help("zones have names such as `Europe/Berlin` or `America/New_York`");
            reader.problem(diagnostic);
        }
        known.ok()
    });
    Some(TimeInterval { times, weekdays, days_of_month, months, years, location })
}

fn time_range(node: &Node, reader: &mut Reader<'_>) -> Option<TimeRange> {
    const KEYS: [&str; 2] = ["start_time", "end_time"];
    for (name, _) in reader.entries(node, "times")? {
        if !KEYS.contains(&name.scalar().unwrap_or_default()) {
            reader.unknown_key(name, "times", &KEYS, None);
        }
    }
    let mut text = |key: &str| node.get(key).and_then(|value| reader.text(value)).unwrap_or_default();
    let (start, end) = (text("start_time"), text("end_time"));
    let range = match (start.as_str(), end.as_str()) {
        ("", _) | (_, "") => Err("both start and end times must be provided".to_owned()),
        (start, end) => minutes(start).and_then(|start| Ok((start, minutes(end)?))),
    };
    let refusal = match range {
        Ok((start, end)) if start < end => return Some(TimeRange { start, end }),
        Ok(_) => {
            refused("bad-time-interval", "start time cannot be equal or greater than end time", &node.span)
                .help("an interval past midnight is two: one up to 24:00 and one from 00:00")
        }
        Err(reason) => refused("bad-time-interval", reason, &node.span).help("times are `HH:MM`, in quotes"),
    };
    reader.problem(refusal);
    None
}
