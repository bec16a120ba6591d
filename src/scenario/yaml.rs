//! Scenarios in YAML: a file with `scenarios:`, or one scenario by itself.
//!
//! A step is a mapping whose keys come from the table of steps (`alert: X, fires: within 5m`), or a sentence as
//! Gherkin would say it. Promises: every unknown key is an error with the nearest known one, every value keeps
//! its place, all problems of a file are found at once.

mod examples;
mod json;

use super::check;
use super::phrases::{self, Arg, Args, Built, FAMILIES, Family, Key, Kind, Sentence, Takes};
use super::{Scenario, Step, values};
use crate::diagnostic::{Diagnostic, SourceFile, Span, Spanned};
use crate::documents::value;
use crate::documents::yaml::{Mapping, Node, unknown_key, wrong_type};
use crate::time::Timestamp;

/// The scenarios of a file, those that could be read.
pub fn read(file: &SourceFile, node: &Node, problems: &mut Vec<Diagnostic>) -> Vec<Scenario> {
    if node.get("scenarios").is_none() {
        let alone =
            FileWide { file, stack: None, seed: None, start: None, tags: Vec::new(), background: Vec::new() };
        return alone.scenario(node, problems);
    }
    let Some(mut map) = Mapping::of(node, "scenario file", problems) else { return Vec::new() };
    let whole = FileWide {
        file,
        stack: map.get("stack").and_then(|node| value::filled(node, "a stack", problems)),
        seed: map.get("seed").and_then(|node| value::unsigned(node, problems)),
        start: map.get("start").and_then(|node| start(node, problems)),
        tags: map.get("tags").map(|node| tags(node, problems)).unwrap_or_default(),
        background: map.get("background").into_iter().cloned().collect(),
    };
    let scenarios = map.get("scenarios");
    map.finish(problems);
    let items = match scenarios.map(|node| (node, node.items())) {
        Some((_, Some(items))) if !items.is_empty() => items,
        Some((node, None)) => {
            problems.push(wrong_type(node, "a list of scenarios"));
            return Vec::new();
        }
        _ => {
            problems.push(no_scenarios(&node.span));
            return Vec::new();
        }
    };
    items.iter().flat_map(|item| whole.scenario(item, problems)).collect()
}

pub fn no_scenarios(place: &Span) -> Diagnostic {
    Diagnostic::error("no-scenarios", "this file holds no scenario")
        .at(place)
        .label("nothing to run here")
        .help("a file that tests nothing would always pass")
}

/// What all scenarios of a file share.
struct FileWide<'f> {
    file: &'f SourceFile,
    stack: Option<Spanned<String>>,
    seed: Option<u64>,
    start: Option<Timestamp>,
    tags: Vec<String>,
    background: Vec<Node>,
}

impl FileWide<'_> {
    /// The scenario, or one for each of its examples.
    fn scenario(&self, node: &Node, problems: &mut Vec<Diagnostic>) -> Vec<Scenario> {
        match node.get("examples") {
            None => self.one(node, None, problems).into_iter().collect(),
            Some(rows) => {
                let rows = examples::rows(rows, problems);
                let mut out = Vec::new();
                for row in &rows {
                    // A problem that is in every example is one problem.
                    let mut found = Vec::new();
                    let filled = examples::fill(node, row, &mut found);
                    if found.is_empty() {
                        out.extend(self.one(&filled, Some((row, &node.span)), &mut found));
                    }
                    for problem in found {
                        if !problems.iter().any(|known| known.same_as(&problem)) {
                            problems.push(problem);
                        }
                    }
                }
                out
            }
        }
    }

    fn one(
        &self,
        node: &Node,
        example: Option<(&examples::Row, &Span)>,
        problems: &mut Vec<Diagnostic>,
    ) -> Option<Scenario> {
        let before = problems.len();
        let mut map = Mapping::of(node, "scenario", problems)?;
        let name =
            map.require("name", problems).and_then(|node| value::filled(node, "a scenario's name", problems));
        let mut scenario = Scenario {
            name: name.map(|name| name.value).unwrap_or_default(),
            tags: self.tags.clone(),
            place: node.span.clone(),
            outline: None,
            file: self.file.clone(),
            stack: self.stack.clone(),
            seed: self.seed,
            start: self.start,
            unit_test: None,
            steps: Vec::new(),
        };
        if let Some((row, outline)) = example {
            scenario.name = row.named(&scenario.name, node);
            scenario.place = row.place.clone();
            scenario.outline = Some(outline.clone());
        }
        scenario.tags.extend(map.get("tags").map(|node| tags(node, problems)).unwrap_or_default());
        if let Some(node) = map.get("stack") {
            scenario.stack = value::filled(node, "a stack", problems);
        }
        if let Some(node) = map.get("seed") {
            scenario.seed = value::unsigned(node, problems);
        }
        if let Some(node) = map.get("start") {
            scenario.start = start(node, problems);
        }
        for background in &self.background {
            steps(Kind::Given, background, &mut scenario, problems);
        }
        for (key, kind) in KINDS {
            if let Some(node) = map.get(key) {
                steps(kind, node, &mut scenario, problems);
            }
        }
        if let Some(node) = map.get("steps") {
            staged(node, &mut scenario, problems);
        }
        map.get("examples");
        map.finish(problems);
        // Whether something is missing can't be told where something could not be read.
        if problems.len() == before {
            check::whole(&scenario, problems);
        }
        Some(scenario).filter(|_| problems.len() == before)
    }
}

const KINDS: [(&str, Kind); 3] = [("given", Kind::Given), ("when", Kind::When), ("then", Kind::Then)];

/// `steps`: given, when and then in any order, as often as the story needs.
fn staged(node: &Node, scenario: &mut Scenario, problems: &mut Vec<Diagnostic>) {
    let Some(items) = node.items() else {
        problems.push(wrong_type(node, "a list of given, when and then"));
        return;
    };
    for item in items {
        let Some(mut map) = Mapping::of(item, "stage of a scenario", problems) else { continue };
        for (key, kind) in KINDS {
            if let Some(node) = map.get(key) {
                steps(kind, node, scenario, problems);
            }
        }
        map.finish(problems);
    }
}

/// A step, or a list of them.
fn steps(kind: Kind, node: &Node, scenario: &mut Scenario, problems: &mut Vec<Diagnostic>) {
    let items = node.items().unwrap_or(std::slice::from_ref(node));
    for item in items {
        let (built, place) = match (item.scalar(), item.entries()) {
            (Some(text), _) => {
                let locate = |range| item.span_within(range);
                let sentence = Sentence { text, locate: &locate };
                (phrases::understand(kind, &sentence, &[], problems), item.span.clone())
            }
            (_, Some(entries)) => (mapped(kind, item, entries, problems), place(kind, item, entries)),
            _ => {
                problems.push(wrong_type(item, "a step: a mapping or a sentence"));
                continue;
            }
        };
        match built {
            Some(Built::Step(what)) => scenario.push(Step { text: text(kind, item), place, what }),
            Some(Built::Stack(stack)) => scenario.stack = Some(stack),
            Some(Built::Seed(seed)) => scenario.seed = Some(seed),
            Some(Built::Start(start)) => scenario.start = Some(start),
            None => {}
        }
    }
}

fn mapped(
    kind: Kind,
    node: &Node,
    entries: &[(Node, Node)],
    problems: &mut Vec<Diagnostic>,
) -> Option<Built> {
    let before = problems.len();
    let family = family(kind, node, entries, problems)?;
    let mut args = Args::new(kind, place(kind, node, entries));
    for (name, value) in entries {
        let text = name.scalar().unwrap_or("?");
        // A given-step marks no moment.
        let known = |key: &&&Key| !(key.name == "moment" && kind != Kind::When);
        match family.keys.iter().find(|key| key.name == text).as_ref().filter(known) {
            Some(key) => argument(key, value, family, &mut args, problems),
            None => {
                let keys: Vec<&str> =
                    family.keys.iter().filter(|key| known(&key)).map(|key| key.name).collect();
                problems.push(unknown_key(name, &format!("a step about {}", family.named()), &keys));
            }
        }
    }
    if problems.len() > before {
        return None;
    }
    (family.build)(&mut args, problems)
}

/// The family whose subject stands among the keys; with two, the one that knows more of the keys.
fn family(
    kind: Kind,
    node: &Node,
    entries: &[(Node, Node)],
    problems: &mut Vec<Diagnostic>,
) -> Option<&'static Family> {
    let has = |key: &str| entries.iter().any(|(name, _)| name.scalar() == Some(key));
    let known = |family: &Family| family.keys.iter().filter(|key| has(key.name)).count();
    let subject = |family: &&&Family| {
        entries.iter().filter_map(|(name, _)| name.scalar()).any(|key| family.is_about(key))
    };
    let fitting = FAMILIES.iter().filter(|family| family.fits(kind));
    // Of equals the first stays.
    if let Some(family) = fitting.filter(subject).rev().max_by_key(|family| known(family)) {
        return Some(family);
    }
    if let Some(family) = FAMILIES.iter().find(subject) {
        problems.push(
            Diagnostic::error(
                "wrong-keyword",
                format!("a step about {} does not belong to `{}`", family.named(), lower(kind)),
            )
            .at(&place(kind, node, entries))
            .label(format!("stands under `{}`", lower(kind))),
        );
        return None;
    }
    let mut subjects: Vec<&str> = Vec::new();
    for family in FAMILIES.iter().filter(|family| family.fits(kind)) {
        if !subjects.contains(&family.subject) {
            subjects.push(family.subject);
        }
    }
    let first = entries.first().and_then(|(name, _)| name.scalar()).unwrap_or_default();
    let subject = entries.first().map_or(&node.span, |(name, _)| &name.span);
    let diagnostic = Diagnostic::error("unknown-step", "this step is about nothing that is known")
        .at(subject)
        .label(format!("wanted one of {}", subjects.join(", ")));
    problems.push(diagnostic.suggest(first, subjects));
    None
}

fn lower(kind: Kind) -> String {
    kind.as_str().to_lowercase()
}

fn argument(
    key: &'static Key,
    node: &Node,
    family: &'static Family,
    args: &mut Args,
    problems: &mut Vec<Diagnostic>,
) {
    if key.takes == Takes::Pairs {
        let pairs = value::label_pairs(node, true, problems);
        args.put(key.name, Arg { text: String::new(), span: node.span.clone(), pairs, node: None });
        return;
    }
    if key.takes == Takes::Json {
        let text = node.scalar().map_or_else(|| json::of(node).to_string(), str::to_owned);
        args.put(key.name, Arg { text, span: node.span.clone(), pairs: Vec::new(), node: None });
        return;
    }
    let items = match (key.takes, node.items()) {
        (Takes::Text | Takes::Names, Some(items)) => items,
        _ => std::slice::from_ref(node),
    };
    for item in items {
        let Some(text) = item.scalar().filter(|text| !text.is_empty()) else {
            problems.push(
                Diagnostic::error("wrong-type", format!("`{}` needs a value", key.name))
                    .at(if item.is_null() { &args.place } else { &item.span })
                    .label(format!("wanted {}", key.takes.wanted())),
            );
            continue;
        };
        let arg = Arg {
            text: text.to_owned(),
            span: item.span.clone(),
            pairs: Vec::new(),
            node: Some(item.clone()),
        };
        match key.takes {
            Takes::Timing => {
                phrases::expand_timing(&arg, None, family, args, problems);
                args.put(key.name, arg);
            }
            Takes::ComparisonAndTiming => {
                phrases::expand_timing(&arg, Some("compare"), family, args, problems);
            }
            Takes::TimesAndTiming => {
                phrases::expand_timing(&arg, Some("times"), family, args, problems);
                args.put(key.name, arg);
            }
            Takes::Flag | Takes::OneOf(_) if !key.takes.accepts(text) => {
                problems.push(phrases::refused(text, key.takes, &item.span));
            }
            _ => args.put(key.name, arg),
        }
    }
}

/// What a report underlines: the claim's timing, otherwise what the step is about.
fn place(kind: Kind, node: &Node, entries: &[(Node, Node)]) -> Span {
    let timed = |name: &str| {
        FAMILIES.iter().flat_map(|family| family.keys).any(|key| key.name == name && key.takes.is_timed())
    };
    let of_claim = entries
        .iter()
        .filter(|_| kind == Kind::Then)
        .find(|(name, value)| value.scalar().is_some() && name.scalar().is_some_and(timed));
    match (of_claim, entries.first()) {
        (Some((_, value)), _) => value.span.clone(),
        (None, Some((name, value))) if value.scalar().is_some() => {
            name.span.file.span(name.span.start..value.span.end.max(name.span.end))
        }
        (None, Some((name, _))) => name.span.clone(),
        (None, None) => node.span.clone(),
    }
}

/// The step on one line, for reports.
fn text(kind: Kind, node: &Node) -> String {
    fn flat(node: &Node) -> String {
        match (node.scalar(), node.items(), node.entries()) {
            (Some(text), ..) => text.split_whitespace().collect::<Vec<_>>().join(" "),
            (_, Some(items), _) => items.iter().map(flat).collect::<Vec<_>>().join(", "),
            (.., Some(entries)) => {
                let pairs = entries.iter().map(|(name, value)| format!("{}: {}", flat(name), flat(value)));
                format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
            }
            _ => String::new(),
        }
    }
    let text = match node.entries() {
        Some(entries) => {
            let pairs = entries.iter().map(|(name, value)| format!("{}: {}", flat(name), flat(value)));
            pairs.collect::<Vec<_>>().join(", ")
        }
        None => flat(node),
    };
    format!("{} {text}", kind.as_str())
}

fn tags(node: &Node, problems: &mut Vec<Diagnostic>) -> Vec<String> {
    let items = match node.items() {
        Some(_) => value::strings(node, problems),
        None => value::string(node, problems).into_iter().collect(),
    };
    items.into_iter().map(|tag| tag.value.trim_start_matches('@').to_owned()).collect()
}

fn start(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Timestamp> {
    let text = value::string(node, problems)?;
    match values::timestamp(&text.value) {
        Ok(at) => Some(at),
        Err(wanted) => {
            problems.push(values::bad_value(&text.value, wanted, &text.span));
            None
        }
    }
}

#[cfg(test)]
mod tests;
