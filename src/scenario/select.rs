//! Which scenarios run: any mix of files and folders, `path:line`, a part of the name, tags.
//!
//! A folder gives its features, its scenario files and its unit tests, in the order of their paths; other YAML in
//! it is somebody else's. A file that is named must be one of the three.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use regex::RegexBuilder;

use super::tags::TagExpression;
use super::{Scenario, gherkin, promtool, yaml};
use crate::diagnostic::{Diagnostic, Severity, SourceFile};
use crate::documents::find::read_file;
use crate::documents::yaml as documents;

/// Deeper than any team's tree, and an end to links that go round.
const MAX_DEPTH: usize = 32;

/// The scenarios in files and folders, or at `file:line`, and everything that is wrong with those files.
pub fn read(paths: &[String]) -> (Vec<Scenario>, Vec<Diagnostic>) {
    let mut problems = Vec::new();
    let mut scenarios = Vec::new();
    let mut seen = BTreeSet::new();
    for (path, lines) in gathered(paths) {
        let read = if path.is_dir() {
            folder(&path, &mut seen, &mut problems)
        } else {
            file(&path, true, &mut seen, &mut problems)
        };
        scenarios.extend(on_lines(read, &path, &lines, &mut problems));
    }
    (scenarios, problems)
}

/// Those with the tags asked for (`@smoke and not @slow`), and with a name that holds the filter: a part of it, or a
/// regular expression between slashes.
pub fn narrow(
    mut scenarios: Vec<Scenario>,
    tags: Option<&str>,
    filter: Option<&str>,
) -> Result<Vec<Scenario>, Diagnostic> {
    if let Some(tags) = tags {
        let tags = TagExpression::parse(tags)?;
        scenarios.retain(|scenario| tags.allows(&scenario.tags));
    }
    if let Some(filter) = filter {
        let filter = Filter::parse(filter)?;
        scenarios.retain(|scenario| filter.allows(&scenario.name));
    }
    Ok(scenarios)
}

/// Each path once, with all lines that are asked for of it; none where it is asked for as a whole, or a folder that it is in.
fn gathered(paths: &[String]) -> Vec<(PathBuf, Vec<usize>)> {
    let mut gathered: Vec<(PathBuf, Vec<usize>)> = Vec::new();
    let place = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    for argument in paths {
        let (path, lines) = split_lines(argument);
        match gathered.iter_mut().find(|(known, _)| place(known) == place(&path)) {
            Some((_, known)) if known.is_empty() || lines.is_empty() => known.clear(),
            Some((_, known)) => known.extend(lines),
            None => gathered.push((path, lines)),
        }
    }
    let whole = gathered.iter().filter(|(path, lines)| lines.is_empty() && path.is_dir());
    let folders: Vec<PathBuf> = whole.map(|(path, _)| place(path)).collect();
    for (path, lines) in &mut gathered {
        let path = place(path);
        if folders.iter().any(|folder| path.starts_with(folder)) {
            lines.clear();
        }
    }
    gathered
}

/// `path:3:10` chooses two lines; a file whose name ends so is taken as it is.
fn split_lines(argument: &str) -> (PathBuf, Vec<usize>) {
    let mut path = argument;
    let mut lines = Vec::new();
    while !Path::new(path).exists() {
        match path.rsplit_once(':').map(|(rest, line)| (rest, line.parse())) {
            Some((rest, Ok(line))) => {
                path = rest;
                lines.push(line);
            }
            _ => return (PathBuf::from(argument), Vec::new()),
        }
    }
    (PathBuf::from(path), lines)
}

/// The scenarios on these lines: one that begins there, otherwise the one that the line belongs to.
fn on_lines(
    scenarios: Vec<Scenario>,
    path: &Path,
    lines: &[usize],
    problems: &mut Vec<Diagnostic>,
) -> Vec<Scenario> {
    if lines.is_empty() || scenarios.is_empty() {
        return scenarios;
    }
    let begins = |scenario: &Scenario| scenario.place.line();
    let title =
        |scenario: &Scenario| scenario.outline.as_ref().map_or(begins(scenario), |outline| outline.line());
    let mut chosen = BTreeSet::new();
    for line in lines {
        let exact = scenarios.iter().any(|scenario| begins(scenario) == *line);
        let nearest = scenarios.iter().map(title).filter(|title| title <= line).max();
        let before = chosen.len();
        chosen.extend(scenarios.iter().enumerate().filter_map(|(at, scenario)| {
            let fits = if exact { begins(scenario) == *line } else { Some(title(scenario)) == nearest };
            fits.then_some(at)
        }));
        if chosen.len() == before && nearest.is_none() {
            problems.push(Diagnostic::error(
                "nothing-selected",
                format!("no scenario stands at line {line} of {}", path.display()),
            ));
        }
    }
    scenarios
        .into_iter()
        .enumerate()
        .filter(|(at, _)| chosen.contains(at))
        .map(|(_, scenario)| scenario)
        .collect()
}

fn folder(path: &Path, seen: &mut BTreeSet<PathBuf>, problems: &mut Vec<Diagnostic>) -> Vec<Scenario> {
    let mut files = Vec::new();
    if let Err(error) = std::fs::read_dir(path) {
        problems.push(
            Diagnostic::error("unreadable-file", format!("{} can't be read", path.display()))
                .because(error.to_string()),
        );
    }
    walk(path, 0, &mut files);
    files.iter().flat_map(|path| file(path, false, seen, problems)).collect()
}

fn walk(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths {
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if hidden {
            continue;
        }
        if path.is_dir() {
            if depth < MAX_DEPTH {
                walk(&path, depth + 1, files);
            }
        } else if kind_by_name(&path).is_some() {
            files.push(path);
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum ByName {
    Feature,
    Yaml,
}

fn kind_by_name(path: &Path) -> Option<ByName> {
    match path.extension()?.to_str()? {
        "feature" => Some(ByName::Feature),
        "yaml" | "yml" => Some(ByName::Yaml),
        _ => None,
    }
}

/// `named`: the person asked for this very file.
fn file(
    path: &Path,
    named: bool,
    seen: &mut BTreeSet<PathBuf>,
    problems: &mut Vec<Diagnostic>,
) -> Vec<Scenario> {
    if !seen.insert(path.canonicalize().unwrap_or_else(|_| path.to_owned())) {
        return Vec::new();
    }
    let file = match read_file(path) {
        Ok(file) => file,
        Err(problem) => {
            // What merely lies in the folder may be anything.
            if named || kind_by_name(path) == Some(ByName::Feature) {
                problems.push(problem);
            }
            return Vec::new();
        }
    };
    match kind_by_name(path) {
        Some(ByName::Feature) => gherkin::read(&file, problems),
        Some(ByName::Yaml) => yaml_file(&file, path, named, problems),
        None => {
            problems.push(
                Diagnostic::error(
                    "not-a-scenario",
                    format!("{} is neither a feature nor YAML", path.display()),
                )
                .help("scenarios are in .feature, .yaml and .yml files"),
            );
            Vec::new()
        }
    }
}

fn yaml_file(file: &SourceFile, path: &Path, named: bool, problems: &mut Vec<Diagnostic>) -> Vec<Scenario> {
    let (node, mut found) = documents::read_one(file);
    let is_test_by_name = path.file_stem().and_then(|stem| stem.to_str()).is_some_and(|stem| {
        stem.ends_with("_test")
            || stem.ends_with(".test")
            || stem.ends_with("_tests")
            || stem.ends_with("-test")
    });
    let has = |key: &str| node.as_ref().is_some_and(|node| node.get(key).is_some());
    let is_config = ["global", "scrape_configs", "alerting", "groups", "apiVersion"].into_iter().any(has);
    let is_test = has("tests") || (!is_config && (is_test_by_name || (named && has("rule_files"))));
    let is_scenario =
        has("scenarios") || (has("name") && ["given", "when", "then", "steps"].into_iter().any(has));
    // What can't be read can't be told apart by its keys, but by its text.
    let broken =
        node.is_none() && file.text().lines().any(|line| ["scenarios:", "tests:"].contains(&line.trim_end()));
    if !(named || is_test || is_scenario || broken) || (is_config && !named && !is_scenario && !has("tests"))
    {
        return Vec::new();
    }
    let Some(node) = node else {
        if found.is_empty() {
            found.push(yaml::no_scenarios(&file.span(0..0)));
        }
        problems.append(&mut found);
        return Vec::new();
    };
    let before = problems.len();
    problems.append(&mut found);
    let scenarios = if is_test {
        promtool::read(file, &node, path.parent().unwrap_or(Path::new("")), problems)
    } else if is_scenario || !is_config {
        yaml::read(file, &node, problems)
    } else {
        problems.push(
            Diagnostic::error("not-a-scenario", "this file holds neither scenarios nor unit tests")
                .at(&file.span(node.span.start..node.span.start))
                .label("wanted `scenarios:` or `tests:`"),
        );
        Vec::new()
    };
    let is_broken = problems[before..].iter().any(|problem| problem.severity == Severity::Error);
    if is_broken { Vec::new() } else { scenarios }
}

/// What a scenario's name must hold.
enum Filter {
    Part(String),
    Expression(regex::Regex),
}

impl Filter {
    fn parse(text: &str) -> Result<Filter, Diagnostic> {
        let Some(pattern) = text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) else {
            return Ok(Filter::Part(text.to_lowercase()));
        };
        RegexBuilder::new(pattern).case_insensitive(true).build().map(Filter::Expression).map_err(|error| {
            let file = SourceFile::new("--filter", text);
            let reason = error.to_string();
            Diagnostic::error("bad-filter", "this is no regular expression")
                .at(&file.span(0..text.len()))
                .label(
                    reason.lines().last().unwrap_or_default().trim().trim_start_matches("error: ").to_owned(),
                )
        })
    }

    fn allows(&self, name: &str) -> bool {
        match self {
            Filter::Part(part) => name.to_lowercase().contains(part),
            Filter::Expression(expression) => expression.is_match(name),
        }
    }
}

#[cfg(test)]
mod tests;
