//! The grid of all alerts: a row for each way of each alert.
//!
//! Every row stays on one line. Where the terminal is narrow, channels are told shorter (the routes below tell them in
//! full) and labels are left out, rather than cut.

use std::collections::BTreeSet;

use crate::drill::{RouteRow, Row, Table};
use crate::report::look::{Look, cut};

const GAP: usize = 2;
/// Of a name, where nothing else fits.
const LEAST: usize = 12;

/// How much of a channel is told.
#[derive(Clone, Copy)]
enum Channels {
    /// `email ops@example.com, boss@example.com; slack #alerts`
    Full,
    /// `email ops, boss; slack #alerts`
    WithoutDomains,
    /// `email, #alerts`
    Names,
    /// `email, slack`
    Kinds,
}

/// Which labels of an alert are told.
#[derive(Clone, Copy)]
enum Labels {
    All,
    /// Those that routes and inhibit rules look at.
    Looked,
    None,
}

pub fn alerts(table: &Table, look: &Look) -> String {
    let mut grid = Grid::of(table, Channels::Kinds, Labels::None);
    let ways = [Channels::Full, Channels::WithoutDomains, Channels::Names, Channels::Kinds];
    let labels = [Labels::All, Labels::Looked, Labels::None];
    let mut choices = ways.into_iter().flat_map(|channels| labels.map(|labels| (channels, labels)));
    if let Some(fitting) = choices.find_map(|(channels, labels)| {
        Some(Grid::of(table, channels, labels)).filter(|grid| grid.width() <= look.width)
    }) {
        grid = fitting;
    }
    grid.narrow(look.width);
    let mut text = format!("{}\n", look.faint(&grid.line(&grid.head, look)));
    let mut before: Option<&Row> = None;
    for (row, cells) in table.rows.iter().zip(&grid.rows) {
        let same = |before: &Row| before.place.start == row.place.start && before.alert == row.alert;
        let line = grid.line(cells, look);
        let end = line.char_indices().nth(grid.widths[0]).map_or(line.len(), |(at, _)| at);
        let (name, rest) = line.split_at(end);
        // The other ways of an alert belong to its first row.
        let name = if before.is_some_and(same) { look.faint(name) } else { look.strong(name) };
        let route = row.route.and_then(|route| table.routes.get(route));
        let unheard = route.is_none_or(|route| route.channels.is_empty());
        text += &format!("{name}{}\n", if unheard { look.warm(rest) } else { rest.to_owned() });
        before = Some(row);
    }
    text
}

struct Grid {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
    widths: Vec<usize>,
}

impl Grid {
    fn of(table: &Table, channels: Channels, labels: Labels) -> Grid {
        let mutes = table.rows.iter().any(|row| !row.muted_by.is_empty());
        // Where no alert has one to tell of, there is no column of them.
        let with_labels = table.rows.iter().any(|row| !told_labels(row, table, labels).is_empty());
        let mut head = vec!["Alert"];
        head.extend(with_labels.then_some("Labels"));
        head.extend(["for", "wait", "again", "Receiver", "Tells"]);
        head.extend(mutes.then_some("Muted by"));
        let head: Vec<String> = head.into_iter().map(str::to_owned).collect();
        let rows: Vec<Vec<String>> = table
            .rows
            .iter()
            .map(|row| {
                let route = row.route.and_then(|route| table.routes.get(route));
                let mut cells = vec![row.alert.clone()];
                cells.extend(with_labels.then(|| told_labels(row, table, labels)));
                cells.extend([
                    row.hold.to_string(),
                    route.map_or(String::new(), |route| route.group_wait.to_string()),
                    route.map_or(String::new(), |route| route.repeat_interval.to_string()),
                    receiver(row, route),
                    route.map_or(String::new(), |route| told_channels(route, channels)),
                ]);
                let rules: Vec<String> = row.muted_by.iter().map(|rule| format!("#{}", rule + 1)).collect();
                cells.extend(mutes.then(|| rules.join(" ")));
                cells
            })
            .collect();
        let mut widths: Vec<usize> = head.iter().map(|cell| cell.chars().count()).collect();
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        Grid { head, rows, widths }
    }

    fn width(&self) -> usize {
        self.widths.iter().sum::<usize>() + GAP * self.widths.len().saturating_sub(1)
    }

    /// The widest columns give way, down to what tells names apart.
    fn narrow(&mut self, to: usize) {
        while self.width() > to {
            let Some(widest) = self.widths.iter_mut().max().filter(|width| **width > LEAST) else { return };
            *widest -= 1;
        }
    }

    fn line(&self, cells: &[String], look: &Look) -> String {
        let parts = cells.iter().zip(&self.widths);
        let parts = parts.map(|(cell, width)| format!("{:width$}", cut(cell, *width, look.ascii)));
        parts.collect::<Vec<_>>().join(&" ".repeat(GAP)).trim_end().to_owned()
    }
}

fn receiver(row: &Row, route: Option<&RouteRow>) -> String {
    match (route, &row.when) {
        (None, _) => "dropped by alert_relabel_configs".to_owned(),
        (Some(route), None) => route.receiver.clone(),
        (Some(route), Some(when)) => format!("{} {when}", route.receiver),
    }
}

fn told_channels(route: &RouteRow, how: Channels) -> String {
    let addresses = route.channels.iter().map(|channel| channel.address.as_str());
    match how {
        _ if route.channels.is_empty() => "nobody".to_owned(),
        Channels::Full => addresses.collect::<Vec<_>>().join("; "),
        Channels::WithoutDomains => addresses.map(without_domains).collect::<Vec<_>>().join("; "),
        Channels::Names => each_once(addresses.map(|address| match address.split_once(' ') {
            Some((_, name)) if name.starts_with('#') => name,
            Some((kind, _)) => kind,
            None => address,
        })),
        Channels::Kinds => each_once(addresses.map(|address| address.split(' ').next().unwrap_or_default())),
    }
}

fn each_once<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut told: Vec<&str> = Vec::new();
    for name in names {
        if !told.contains(&name) {
            told.push(name);
        }
    }
    told.join(", ")
}

/// Mail addresses without what stands behind the `@`.
fn without_domains(address: &str) -> String {
    let Some(to) = address.strip_prefix("email ") else { return address.to_owned() };
    let names = to.split(", ").map(|one| one.split('@').next().unwrap_or(one));
    format!("email {}", names.collect::<Vec<_>>().join(", "))
}

fn told_labels(row: &Row, table: &Table, which: Labels) -> String {
    let looked: BTreeSet<&str> = table.looked_at.iter().map(String::as_str).collect();
    labels_where(row, |name| match which {
        Labels::All => true,
        Labels::Looked => looked.contains(name),
        Labels::None => false,
    })
}

/// All labels of an alert: `severity=critical team=?`, where only a series says the team.
pub(super) fn labels(row: &Row) -> String {
    labels_where(row, |_| true)
}

fn labels_where(row: &Row, wanted: impl Fn(&str) -> bool) -> String {
    let labels = row.labels.iter().filter(|(name, _)| wanted(name));
    let labels = labels.map(|(name, value)| format!("{name}={}", value.as_deref().unwrap_or("?")));
    labels.collect::<Vec<_>>().join(" ")
}
