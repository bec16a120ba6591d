//! The timeline of a failing scenario, drawn: what the alerts, targets and watched values did, side by side.

mod notified;

use std::collections::BTreeMap;

use super::look::{Look, cut, cut_middle};
use crate::judge::{Verdict, clock};
use crate::labels::Labels;
use crate::scenario::{Claim, Scenario, What};
use crate::time::{Duration, Timestamp};
use crate::timeline::{AlertState, Observed, Timeline};

/// Rows of one kind at most; the rest is counted.
const ROWS: usize = 6;
/// Lengths of time that a column or the distance of two ticks may stand for, in seconds.
const SCALE: &[i64] = &[
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800,
    604_800,
];

/// The drawing, each line indented by two; empty when nothing drawable was seen.
pub(super) fn draw(scenario: &Scenario, verdicts: &[Verdict], timeline: &Timeline, look: &Look) -> String {
    let failed: Vec<&Verdict> = verdicts.iter().filter(|verdict| !verdict.held).collect();
    let mut rows = value_rows(scenario, &failed, timeline);
    rows.extend(alert_rows(scenario, &failed, timeline));
    rows.extend(notified::rows(scenario, &failed, timeline));
    rows.extend(target_rows(scenario, &failed, timeline));
    if failed.is_empty() || rows.is_empty() {
        return String::new();
    }
    let label_width = rows.iter().map(|row| row.label.chars().count()).max().unwrap_or(0).min(look.width / 3);
    let legend_width = rows.iter().map(|row| row.legend.chars().count()).max().unwrap_or(0).max(18);
    let columns = look.width.saturating_sub(2 + label_width + 2 + 2 + legend_width).clamp(16, 90);
    let scale = Columns::over(&failed, timeline, columns);
    let marks = Marks::of(look.ascii);

    let mut lines = vec![(String::new(), scale.axis(timeline.start), String::new())];
    lines.push((String::new(), scale.moments(&failed, timeline, &marks), marks.moments_legend(&failed)));
    for row in &rows {
        let end = if scale.end() < row.until { marks.goes_on } else { ' ' };
        let cells: String = match &row.course {
            RowCourse::States(changes) => scale.each(|from, to| {
                changes_in(changes, from, to).max().map_or(' ', |level| marks.level(*level))
            }),
            RowCourse::Values(changes) => sparkline(changes, &scale, &marks),
            RowCourse::Marks(instants) => scale.each(|from, to| {
                let within = |at: &Timestamp| *at >= from && *at < to;
                if instants.iter().any(within) { marks.notified } else { marks.calm }
            }),
        };
        let cut = if matches!(row.course, RowCourse::States(_)) { cut_middle } else { cut };
        lines.push((cut(&row.label, label_width, look.ascii), format!("{cells}{end}"), marks.legend(row)));
    }
    let columns = scale.count + 1;
    let mut text = String::new();
    for (label, cells, legend) in lines {
        let line = format!("  {label:label_width$}  {cells:columns$} {legend}");
        text += line.trim_end();
        text.push('\n');
    }
    text
}

struct Row {
    label: String,
    /// What it is when nothing is the matter.
    calm: &'static str,
    course: RowCourse,
    legend: String,
    /// How far the timeline knows of it.
    until: Timestamp,
}

enum RowCourse {
    States(Vec<(Timestamp, Level)>),
    Values(Vec<(Timestamp, f64)>),
    /// Instants at which a receiver was notified.
    Marks(Vec<Timestamp>),
}

/// What a cell shows; of what happened within a column, the most severe.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    /// Not there any more.
    Gone,
    Calm,
    Pending,
    Firing,
    Down,
}

fn end_of(timeline: &Timeline, failed: &[&Verdict]) -> Timestamp {
    let decided = failed.iter().map(|verdict| verdict.decided).max();
    timeline.observations.last().map(|seen| seen.at).max(decided).unwrap_or(timeline.start)
}

/// The alerts that failed verdicts are about, a row for each element.
fn alert_rows(scenario: &Scenario, failed: &[&Verdict], timeline: &Timeline) -> Vec<Row> {
    let mut names: Vec<&str> = Vec::new();
    let mut add = |alert| {
        if !names.contains(&alert) {
            names.push(alert);
        }
    };
    failed.iter().filter_map(|verdict| verdict.alert.as_deref()).for_each(&mut add);
    // A receiver that was told too much or too little: of whatever there was to tell.
    if claims(scenario, failed).any(notified::is_about) {
        let routed = timeline.observations.iter().filter_map(|seen| match &seen.what {
            Observed::Routed(routed) => Some(routed.labels.value("alertname")),
            _ => None,
        });
        routed.take(ROWS).for_each(&mut add);
    }
    let until = end_of(timeline, failed);
    let mut rows = Vec::new();
    for name in names {
        let mut elements: BTreeMap<&Labels, Vec<(Timestamp, Level)>> = BTreeMap::new();
        for seen in &timeline.observations {
            let Observed::Alert(change) = &seen.what else { continue };
            if change.alert.labels.value("alertname") == name {
                let level = match change.to {
                    AlertState::Inactive => Level::Calm,
                    AlertState::Pending => Level::Pending,
                    AlertState::Firing => Level::Firing,
                };
                let course = elements.entry(&change.alert.labels);
                course.or_insert_with(|| vec![(timeline.start, Level::Calm)]).push((seen.at, level));
            }
        }
        if elements.is_empty() {
            let course = RowCourse::States(vec![(timeline.start, Level::Calm)]);
            rows.push(Row { label: name.to_owned(), calm: "inactive", course, legend: String::new(), until });
            continue;
        }
        let one = elements.len() == 1;
        let shared = shared(elements.keys().copied());
        let others = elements.len().saturating_sub(ROWS);
        for (at, (labels, course)) in elements.into_iter().take(ROWS).enumerate() {
            let label = if one { name.to_owned() } else { format!("{name}{}", apart(labels, &shared)) };
            let legend =
                if at + 1 == ROWS && others > 0 { format!("and {others} more") } else { String::new() };
            rows.push(Row { label, calm: "inactive", course: RowCourse::States(course), legend, until });
        }
    }
    rows
}

/// The labels that all have alike, and so tell none apart.
fn shared<'l>(mut all: impl Iterator<Item = &'l Labels>) -> Vec<(String, String)> {
    let Some(first) = all.next() else { return Vec::new() };
    let mut shared: Vec<(String, String)> =
        first.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    for labels in all {
        shared.retain(|(name, value)| labels.get(name) == Some(value.as_str()));
    }
    shared
}

fn apart(labels: &Labels, shared: &[(String, String)]) -> Labels {
    shared.iter().fold(labels.clone(), |labels, (name, _)| labels.without(name))
}

/// The targets that failed verdicts are about.
fn target_rows(scenario: &Scenario, failed: &[&Verdict], timeline: &Timeline) -> Vec<Row> {
    let claimed: Vec<&Labels> = claims(scenario, failed)
        .filter_map(|claim| match claim {
            Claim::Target { labels, .. } => Some(labels),
            _ => None,
        })
        .collect();
    let mut targets: BTreeMap<&Labels, Vec<(Timestamp, Level)>> = BTreeMap::new();
    for seen in &timeline.observations {
        let (labels, level) = match &seen.what {
            Observed::Target { labels, up: true, .. } => (labels, Level::Calm),
            Observed::Target { labels, up: false, .. } => (labels, Level::Down),
            Observed::TargetGone { labels } => (labels, Level::Gone),
            _ => continue,
        };
        if claimed.iter().any(|wanted| labels.contains(wanted)) {
            targets.entry(labels).or_default().push((seen.at, level));
        }
    }
    let until = end_of(timeline, failed);
    let row = |(labels, course): (&Labels, Vec<(Timestamp, Level)>)| Row {
        label: labels.get("instance").map_or_else(|| labels.to_string(), str::to_owned),
        calm: "up",
        course: RowCourse::States(course),
        legend: String::new(),
        until,
    };
    targets.into_iter().take(ROWS).map(row).collect()
}

/// The values that were watched for failed verdicts; of a result with several elements, the greatest.
fn value_rows(scenario: &Scenario, failed: &[&Verdict], timeline: &Timeline) -> Vec<Row> {
    let claimed: Vec<&str> = claims(scenario, failed)
        .filter_map(|claim| match claim {
            Claim::Expr { expr, .. } | Claim::ExactSamples { expr, .. } => Some(expr.value.as_str()),
            Claim::Series { selector, .. } => Some(selector.value.as_str()),
            _ => None,
        })
        .collect();
    let all_claimed: Vec<&str> = scenario
        .steps
        .iter()
        .filter_map(|step| match &step.what {
            What::Then(then) => Some(&then.claim),
            _ => None,
        })
        .filter_map(|claim| match claim {
            Claim::Expr { expr, .. } | Claim::ExactSamples { expr, .. } => Some(expr.value.as_str()),
            Claim::Series { selector, .. } => Some(selector.value.as_str()),
            _ => None,
        })
        .collect();
    let mut courses: Vec<(&str, Vec<(Timestamp, f64)>)> = Vec::new();
    for seen in &timeline.observations {
        let Observed::Value { expr, result } = &seen.what else { continue };
        // What no claim watches was watched to explain a failure.
        if !claimed.contains(&expr.as_str()) && all_claimed.contains(&expr.as_str()) {
            continue;
        }
        let values = result.iter().flatten().map(|sample| sample.value);
        let greatest = values.fold(f64::NAN, f64::max);
        match courses.iter_mut().find(|(known, _)| known == expr) {
            Some((_, course)) => course.push((seen.at, greatest)),
            None => courses.push((expr, vec![(seen.at, greatest)])),
        }
    }
    courses.retain(|(_, course)| course.len() > 1 && course.iter().any(|(_, value)| value.is_finite()));
    let until = end_of(timeline, failed);
    let row = |(expr, course): (&str, Vec<(Timestamp, f64)>)| {
        let peak = course.iter().map(|(_, value)| *value).fold(f64::NAN, f64::max);
        Row {
            label: expr.split_whitespace().collect::<Vec<_>>().join(" "),
            calm: "",
            legend: format!("up to {}", short(peak)),
            course: RowCourse::Values(course),
            until,
        }
    };
    courses.into_iter().take(ROWS).map(row).collect()
}

fn claims<'a>(scenario: &'a Scenario, failed: &'a [&Verdict]) -> impl Iterator<Item = &'a Claim> {
    failed.iter().filter_map(|verdict| match &scenario.steps.get(verdict.step)?.what {
        What::Then(then) => Some(&then.claim),
        _ => None,
    })
}

fn short(value: f64) -> String {
    crate::golang::format_float(value, crate::golang::FloatFormat::General, Some(4))
}

/// The columns of a drawing: how many, and what each stands for.
struct Columns {
    from: Timestamp,
    step: Duration,
    count: usize,
}

impl Columns {
    /// The time from a little before the first failed claim began to when the last was decided.
    fn over(failed: &[&Verdict], timeline: &Timeline, columns: usize) -> Columns {
        let since = failed.iter().map(|verdict| verdict.since).min().unwrap_or(timeline.start);
        let until = failed.iter().map(|verdict| verdict.decided).max().unwrap_or(since);
        let lead = Duration(((until - since).0 / 8).max(60_000));
        let from = (since - lead).max(timeline.start);
        let span = (until - from).0.max(1000);
        let fits = |step: i64| span / (step * 1000) < columns as i64;
        let days = |from: i64| from * 86_400;
        let step = SCALE.iter().copied().find(|step| fits(*step));
        let step = step.unwrap_or_else(|| days(span / days(1000) / columns as i64 + 1));
        let step = Duration::from_secs(step);
        let from = timeline.start + Duration((from - timeline.start).0 / step.0 * step.0);
        let count = ((until - from).0 / step.0 + 1).clamp(1, columns as i64) as usize;
        Columns { from, step, count }
    }

    fn end(&self) -> Timestamp {
        self.from + Duration(self.step.0 * self.count as i64)
    }

    fn column(&self, at: Timestamp) -> Option<usize> {
        let column = (at - self.from).0.div_euclid(self.step.0);
        usize::try_from(column).ok().filter(|column| *column < self.count)
    }

    /// A cell for each column, given the first instant of it and the first after it.
    fn each(&self, cell: impl Fn(Timestamp, Timestamp) -> char) -> String {
        (0..self.count)
            .map(|column| {
                let from = self.from + Duration(self.step.0 * column as i64);
                cell(from, from + self.step)
            })
            .collect()
    }

    /// Times over the columns, as many as are readable.
    fn axis(&self, start: Timestamp) -> String {
        let mut cells = vec![' '; self.count + 8];
        let tick = SCALE
            .iter()
            .map(|step| step * 1000)
            .find(|tick| *tick >= self.step.0 * 9)
            .unwrap_or(self.step.0 * 10);
        let first = (self.from - start).0.div_euclid(tick) * tick;
        let mut at = start + Duration(first);
        let mut free = 0;
        while at < self.end() {
            if let Some(column) = self.column(at) {
                let text = clock(at, start);
                if column >= free && column + text.len() <= cells.len() {
                    cells[column..column + text.len()].copy_from_slice(&text.chars().collect::<Vec<_>>());
                    free = column + text.len() + 1;
                }
            }
            at = at + Duration(tick);
        }
        cells.into_iter().collect::<String>().trim_end().to_owned()
    }

    fn moments(&self, failed: &[&Verdict], timeline: &Timeline, marks: &Marks) -> String {
        let mut cells = vec![' '; self.count];
        for by in failed.iter().filter_map(|verdict| verdict.by).filter_map(|by| self.column(by)) {
            cells[by] = marks.deadline;
        }
        let moments =
            timeline.observations.iter().filter(|seen| matches!(seen.what, Observed::Moment { .. }));
        for column in moments.filter_map(|seen| self.column(seen.at)) {
            cells[column] = marks.moment;
        }
        cells.into_iter().collect::<String>().trim_end().to_owned()
    }
}

/// What a course was like within `from .. to`: what it came in with, and each change.
fn changes_in<T>(changes: &[(Timestamp, T)], from: Timestamp, to: Timestamp) -> impl Iterator<Item = &T> {
    let first = changes.partition_point(|(at, _)| *at <= from);
    let last = changes.partition_point(|(at, _)| *at < to).max(first);
    changes[first.saturating_sub(1)..last].iter().filter(move |(at, _)| *at < to).map(|(_, what)| what)
}

fn sparkline(changes: &[(Timestamp, f64)], scale: &Columns, marks: &Marks) -> String {
    let shown =
        changes.iter().filter(|(at, value)| *at <= scale.end() && value.is_finite()).map(|(_, value)| *value);
    let (low, high) =
        shown.fold((0.0f64, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    scale.each(|from, to| {
        let greatest = changes_in(changes, from, to).copied().fold(f64::NAN, f64::max);
        if !greatest.is_finite() {
            return ' ';
        }
        let share = if high > low { (greatest - low) / (high - low) } else { 0.0 };
        let top = marks.spark.len() - 1;
        marks.spark[((share * top as f64).round() as usize).min(top)]
    })
}

/// The characters of a drawing.
struct Marks {
    spark: &'static [char],
    calm: char,
    pending: char,
    firing: char,
    notified: char,
    goes_on: char,
    moment: char,
    deadline: char,
}

impl Marks {
    fn of(ascii: bool) -> Marks {
        match ascii {
            false => Marks {
                spark: &['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
                calm: '·',
                pending: '░',
                firing: '█',
                notified: '◆',
                goes_on: '▶',
                moment: '▼',
                deadline: '╎',
            },
            true => Marks {
                spark: &['_', '.', '-', '=', '+', '*', '%', '@'],
                calm: '.',
                pending: '-',
                firing: '#',
                notified: '*',
                goes_on: '>',
                moment: 'v',
                deadline: '|',
            },
        }
    }

    fn level(&self, level: Level) -> char {
        match level {
            Level::Gone => ' ',
            Level::Calm => self.calm,
            Level::Pending => self.pending,
            Level::Firing | Level::Down => self.firing,
        }
    }

    /// What the characters of a row mean, of those that occur in it.
    fn legend(&self, row: &Row) -> String {
        let mut words: Vec<String> = Vec::new();
        if let RowCourse::States(changes) = &row.course {
            let has = |level: Level| changes.iter().any(|(_, seen)| *seen == level);
            for (level, word) in
                [(Level::Pending, "pending"), (Level::Firing, "firing"), (Level::Down, "down")]
            {
                if has(level) {
                    words.push(format!("{} {word}", self.level(level)));
                }
            }
            if words.is_empty() {
                words.push(format!("{} {}", self.calm, row.calm));
            }
        }
        if let RowCourse::Marks(instants) = &row.course
            && !instants.is_empty()
        {
            words.push(format!("{} notified", self.notified));
        }
        words.extend((!row.legend.is_empty()).then(|| row.legend.clone()));
        words.join("  ")
    }

    fn moments_legend(&self, failed: &[&Verdict]) -> String {
        let deadline = failed.iter().any(|verdict| verdict.by.is_some());
        match deadline {
            true => format!("{} when  {} deadline", self.moment, self.deadline),
            false => format!("{} when", self.moment),
        }
    }
}
