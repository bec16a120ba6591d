//! Features in Gherkin, read by the cucumber crate: its grammar, its languages, its outlines.
//!
//! What that grammar lets pass is refused here: scenarios that claim nothing, tables whose rows differ in length,
//! steps that no phrase knows, outlines without examples, a misspelt keyword taken for a description.

mod lint;

use std::borrow::Cow;

use cucumber::feature::Ext as _;
use cucumber::gherkin::{self, GherkinEnv, StepType};

use super::check;
use super::phrases::{self, Arg, Built, Kind, Sentence};
use super::yaml::no_scenarios;
use super::{Scenario, Step};
use crate::diagnostic::{Diagnostic, SourceFile, Span, Spanned};

/// The scenarios of a feature file, outlines expanded.
pub fn read(file: &SourceFile, problems: &mut Vec<Diagnostic>) -> Vec<Scenario> {
    let before = problems.len();
    lint::text(file, problems);
    if problems.len() > before {
        return Vec::new();
    }
    let feature = match gherkin::Feature::parse(without_mark(file.text()), GherkinEnv::default()) {
        Ok(feature) => feature,
        Err(error) => {
            problems.push(lint::syntax(file, &error.to_string()));
            return Vec::new();
        }
    };
    lint::feature(file, &feature, problems);
    if problems.len() > before {
        return Vec::new();
    }
    if feature.count_scenarios() == 0 {
        problems.push(no_scenarios(&line_at(file, feature.span.start)));
        return Vec::new();
    }
    let feature = match feature.expand_examples() {
        Ok(feature) => feature,
        Err(error) => {
            let place = line(file, error.pos.line);
            problems.push(
                Diagnostic::error("unknown-placeholder", format!("no example gives `<{}>`", error.name))
                    .at(&place)
                    .label("used in this step"),
            );
            return Vec::new();
        }
    };
    let mut out = Vec::new();
    let own = feature.background.iter().flat_map(|background| &background.steps).collect::<Vec<_>>();
    for scenario in &feature.scenarios {
        out.extend(read_scenario(file, scenario, &feature.tags, &own, problems));
    }
    for rule in &feature.rules {
        let mut background = own.clone();
        background.extend(rule.background.iter().flat_map(|background| &background.steps));
        let tags: Vec<String> = feature.tags.iter().chain(&rule.tags).cloned().collect();
        for scenario in &rule.scenarios {
            out.extend(read_scenario(file, scenario, &tags, &background, problems));
        }
    }
    out
}

/// Some editors begin a file with a byte order mark; blanks in its place keep every place where it is.
fn without_mark(text: &str) -> Cow<'_, str> {
    match text.strip_prefix('\u{feff}') {
        Some(rest) => Cow::Owned(format!("{:1$}{rest}", "", '\u{feff}'.len_utf8())),
        None => Cow::Borrowed(text),
    }
}

fn read_scenario(
    file: &SourceFile,
    source: &gherkin::Scenario,
    tags: &[String],
    background: &[&gherkin::Step],
    problems: &mut Vec<Diagnostic>,
) -> Option<Scenario> {
    let mut found = Vec::new();
    let title = line_at(file, source.span.start);
    let example = source.examples.first();
    let mut scenario = Scenario {
        name: source.name.trim().to_owned(),
        tags: tags.iter().chain(&source.tags).cloned().collect(),
        place: title.clone(),
        outline: None,
        file: file.clone(),
        stack: None,
        seed: None,
        start: None,
        unit_test: None,
        steps: Vec::new(),
    };
    if let Some(example) = example {
        // The crate numbers an example's line as if its table followed the keyword at once.
        let row = source.position.line.saturating_sub(example.position.line + 2);
        scenario.place = lint::row(file, example, row).unwrap_or_else(|| title.clone());
        if !title.text().contains('<') {
            scenario.name = named(&scenario.name, example);
        }
        scenario.outline = Some(title);
    }
    let mut kinds = Kinds::default();
    for step in background {
        read_step(file, step, &mut kinds, &mut scenario, &mut found);
    }
    kinds = Kinds::default();
    for step in &source.steps {
        read_step(file, step, &mut kinds, &mut scenario, &mut found);
    }
    if found.is_empty() {
        check::whole(&scenario, &mut found);
    }
    let whole = found.is_empty();
    // A background's problem, or an outline's, is one problem however many scenarios share it.
    for problem in found {
        if !problems.iter().any(|known| known.same_as(&problem)) {
            problems.push(problem);
        }
    }
    whole.then_some(scenario)
}

fn named(name: &str, example: &gherkin::Examples) -> String {
    let rows = example.table.as_ref().map(|table| table.rows.as_slice()).unwrap_or_default();
    let [names, values, ..] = rows else { return name.to_owned() };
    let pairs: Vec<String> =
        names.iter().zip(values).map(|(name, value)| format!("{name}: {value}")).collect();
    format!("{name} ({})", pairs.join(", "))
}

/// What `*`, `And` and `But` go on with. The crate takes `*` for `Given`, and an `And` after it too.
#[derive(Default)]
struct Kinds {
    last: Option<Kind>,
    after_star: bool,
}

impl Kinds {
    /// The kinds that a step may be, the likeliest first.
    fn of(&mut self, step: &gherkin::Step) -> Vec<Kind> {
        let said = match step.ty {
            StepType::Given => Kind::Given,
            StepType::When => Kind::When,
            StepType::Then => Kind::Then,
        };
        if step.keyword.trim() == "*" {
            self.after_star = true;
            return vec![self.last.unwrap_or(Kind::Given)];
        }
        match self.last {
            Some(last) if self.after_star && said == Kind::Given && last != Kind::Given => vec![said, last],
            _ => vec![said],
        }
    }

    fn took(&mut self, kind: Kind, step: &gherkin::Step) {
        self.last = Some(kind);
        self.after_star = self.after_star && step.ty == StepType::Given;
    }
}

fn read_step(
    file: &SourceFile,
    step: &gherkin::Step,
    kinds: &mut Kinds,
    scenario: &mut Scenario,
    problems: &mut Vec<Diagnostic>,
) {
    let place = trimmed(file, step.span.start, step.span.end);
    let value = step.value.trim();
    // In an outline the value is filled in, and only the whole step has a place.
    let exact = place.text().ends_with(value);
    let start = place.end - if exact { value.len() } else { 0 };
    let locate = |range: std::ops::Range<usize>| match exact {
        true => file.span(start + range.start..start + range.end),
        false => place.clone(),
    };
    let sentence = Sentence { text: value, locate: &locate };
    let more = beside(file, step, &place, problems);
    let mut first_problems = None;
    for kind in kinds.of(step) {
        let mut found = Vec::new();
        let built = phrases::understand(kind, &sentence, &more, &mut found);
        let Some(built) = built.filter(|_| found.is_empty()) else {
            first_problems.get_or_insert(found);
            continue;
        };
        kinds.took(kind, step);
        match built {
            Built::Step(what) => {
                let text = format!("{} {value}", step.keyword.trim());
                scenario.push(Step { text, place: place.clone(), what });
            }
            Built::Stack(stack) => scenario.stack = Some(stack),
            Built::Seed(seed) => scenario.seed = Some(seed),
            Built::Start(start) => scenario.start = Some(start),
        }
        return;
    }
    problems.extend(first_problems.unwrap_or_default());
}

/// A step's doc string and table as arguments.
fn beside(
    file: &SourceFile,
    step: &gherkin::Step,
    place: &Span,
    problems: &mut Vec<Diagnostic>,
) -> Vec<(&'static str, Arg)> {
    let mut more = Vec::new();
    if let Some(text) = &step.docstring {
        let text = text.trim().to_owned();
        // Where the text stands in the file as it is, carets can point into it.
        let below = file.text().get(step.span.end..).unwrap_or_default();
        let span = below.find(&text).map(|at| file.span(step.span.end + at..step.span.end + at + text.len()));
        let span = span.unwrap_or_else(|| place.clone());
        more.push((phrases::DOC_STRING, Arg { text, span, pairs: Vec::new(), node: None }));
    }
    if let Some(table) = &step.table {
        let span = trimmed(file, table.span.start, table.span.end);
        let key = table.rows.first().and_then(|row| match row.as_slice() {
            [first, _] => ["labels", "annotations"]
                .into_iter()
                .find(|key| key.trim_end_matches('s') == first.trim_end_matches('s')),
            _ => None,
        });
        let Some(key) = key else {
            problems.push(
                Diagnostic::error("bad-table", "this table says neither labels nor annotations")
                    .at(&span)
                    .label("wanted two columns headed `label | value` or `annotation | text`"),
            );
            return more;
        };
        let pairs = table.rows[1..].iter().filter_map(|row| match row.as_slice() {
            [name, value] => {
                Some((Spanned::new(name.clone(), span.clone()), Spanned::new(value.clone(), span.clone())))
            }
            _ => None,
        });
        more.push((key, Arg { text: String::new(), span: span.clone(), pairs: pairs.collect(), node: None }));
    }
    more
}

/// A stretch of the file without the blanks around it.
fn trimmed(file: &SourceFile, start: usize, end: usize) -> Span {
    let span = file.span(start..end);
    let (left, right) = (span.text().trim_start().len(), span.text().trim_end().len());
    let start = span.end - left;
    file.span(start..(span.start + right).max(start))
}

fn line_at(file: &SourceFile, at: usize) -> Span {
    let end =
        file.text()[at.min(file.text().len())..].find('\n').map_or(file.text().len(), |length| at + length);
    trimmed(file, at, end)
}

/// One-based.
fn line(file: &SourceFile, number: usize) -> Span {
    let starts = file.text().split_inclusive('\n').take(number.saturating_sub(1)).map(str::len).sum();
    line_at(file, starts)
}

#[cfg(test)]
mod tests;
