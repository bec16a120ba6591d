//! What the grammar lets pass and nobody means.

use cucumber::gherkin;

use super::{line, line_at, trimmed};
use crate::diagnostic::{Diagnostic, SourceFile, Span, nearest};

/// The grammar's own bookkeeping grows with the square of the lines.
const MAX_LINES: usize = 20_000;
const MAX_BYTES: usize = 4 << 20;

const KEYWORDS: [&str; 13] = [
    "Feature:",
    "Rule:",
    "Background:",
    "Scenario:",
    "Scenario Outline:",
    "Example:",
    "Examples:",
    "Scenarios:",
    "Given",
    "When",
    "Then",
    "And",
    "But",
];

/// Before parsing: size, language, tables.
pub fn text(file: &SourceFile, problems: &mut Vec<Diagnostic>) {
    if file.text().len() > MAX_BYTES || file.text().lines().count() > MAX_LINES {
        problems.push(
            Diagnostic::error("too-large", "this feature file is too large to be one")
                .at(&file.span(0..0))
                .label(format!("more than {MAX_LINES} lines or {} MiB", MAX_BYTES >> 20)),
        );
        return;
    }
    let mut quote: Option<&str> = None;
    let mut header: Option<(usize, Span)> = None;
    let mut at = 0;
    for (number, raw) in file.text().split_inclusive('\n').enumerate() {
        let (start, text) = (at, raw.trim());
        at += raw.len();
        let fence = ["\"\"\"", "```"].into_iter().find(|fence| text.starts_with(fence));
        match (quote, fence) {
            (Some(open), Some(fence)) if open == fence => quote = None,
            (None, Some(fence)) => quote = (!text[3..].contains(fence)).then_some(fence),
            _ => {}
        }
        if quote.is_some() || fence.is_some() {
            header = None;
            continue;
        }
        if number < 10 && text.starts_with('#') {
            language(file, text, start, raw, problems);
        }
        if !text.starts_with('|') {
            // A comment does not end a table.
            if !text.starts_with('#') {
                header = None;
            }
            continue;
        }
        let place = line_at(file, start);
        if !text.ends_with('|') || text.len() == 1 {
            problems.push(
                Diagnostic::error("ragged-table", "this table row is not closed")
                    .at(&place)
                    .label("wanted a `|` at its end"),
            );
            continue;
        }
        match &header {
            None => header = Some((cells(text), place)),
            Some((width, first)) if *width != cells(text) => problems.push(
                Diagnostic::error("ragged-table", "the rows of this table differ in length")
                    .at(&place)
                    .label(format!("{} here", counted(cells(text))))
                    .related(first, format!("{} here", counted(*width))),
            ),
            Some(_) => {}
        }
    }
}

fn counted(cells: usize) -> String {
    if cells == 1 { "1 cell".to_owned() } else { format!("{cells} cells") }
}

fn cells(row: &str) -> usize {
    let mut escaped = false;
    let mut bars = 0usize;
    for next in row.chars() {
        bars += usize::from(next == '|' && !escaped);
        escaped = next == '\\' && !escaped;
    }
    bars.saturating_sub(1)
}

fn language(file: &SourceFile, text: &str, start: usize, raw: &str, problems: &mut Vec<Diagnostic>) {
    let Some(rest) = text.trim_start_matches('#').trim().strip_prefix("language") else { return };
    let Some(name) = rest.trim_start().strip_prefix(':').map(str::trim) else { return };
    if !gherkin::is_language_supported(name) {
        problems.push(
            Diagnostic::error("unknown-language", format!("Gherkin has no language `{name}`"))
                .at(&trimmed(file, start, start + raw.len()))
                .label("wanted a code such as `en`, `de` or `fr`"),
        );
    }
}

/// Where the grammar gave up. Its own message lists its inner rules, which helps nobody.
pub fn syntax(file: &SourceFile, message: &str) -> Diagnostic {
    let mut numbers = message.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    let number = numbers.next().and_then(|number| number.parse().ok()).unwrap_or(1);
    let mut place = line(file, number);
    if file.text().trim().is_empty() {
        return Diagnostic::error("no-scenarios", "this file is empty")
            .at(&file.span(0..0))
            .label("wanted a feature")
            .help("a file that tests nothing would always pass");
    }
    // At the end of a line means: the next thing is wrong.
    if place.text().is_empty() {
        place = line(file, number.saturating_sub(1));
    }
    let diagnostic = Diagnostic::error("gherkin-syntax", "this is not Gherkin").at(&place);
    match misspelt(place.text()) {
        Some(keyword) => diagnostic
            .label("no keyword starts this line")
            .help(format!("did you mean `{}`?", keyword.trim_end_matches(':'))),
        None => diagnostic.label("not understood from here"),
    }
}

/// The keyword that this line probably meant to begin with, when it begins with none.
fn misspelt(line: &str) -> Option<&'static str> {
    let first = line.split_whitespace().next()?;
    let known = |word: &str| KEYWORDS.contains(&word) || word == "*";
    if known(first)
        || known(line.split(':').next().map(|title| format!("{title}:")).unwrap_or_default().as_str())
    {
        return None;
    }
    if let Some((title, _)) = line.split_once(':')
        && let Some(keyword) =
            nearest(&format!("{title}:"), KEYWORDS.into_iter().filter(|word| word.ends_with(':')))
    {
        return Some(keyword);
    }
    nearest(first, KEYWORDS.into_iter().filter(|word| !word.ends_with(':')))
}

/// After parsing: misspelt keywords that were taken for descriptions, outlines without examples.
pub fn feature(file: &SourceFile, feature: &gherkin::Feature, problems: &mut Vec<Diagnostic>) {
    let rules = feature.rules.iter().flat_map(|rule| &rule.scenarios);
    let backgrounds =
        feature.background.iter().chain(feature.rules.iter().filter_map(|rule| rule.background.as_ref()));
    for background in backgrounds {
        description(file, background.span.start, background.description.as_deref(), problems);
    }
    for scenario in feature.scenarios.iter().chain(rules) {
        description(file, scenario.span.start, scenario.description.as_deref(), problems);
        outline(file, scenario, problems);
    }
}

fn description(file: &SourceFile, after: usize, text: Option<&str>, problems: &mut Vec<Diagnostic>) {
    for line in text.unwrap_or_default().lines() {
        let word = line.split_whitespace().next().unwrap_or_default();
        let steps = ["Given", "When", "Then"];
        // Prose may well begin with "The" or "An".
        let near = steps
            .into_iter()
            .find(|step| word.len() > 3 && *step != word && strsim::damerau_levenshtein(step, word) == 1);
        let near = near.or_else(|| steps.into_iter().find(|step| *step == word));
        if let Some(step) = near
            && let Some(at) = file.text().get(after..).and_then(|rest| rest.find(line.trim()))
        {
            let start = after + at;
            problems.push(
                Diagnostic::error(
                    "unknown-keyword",
                    format!("`{word}` is no keyword, so this line is a description"),
                )
                .at(&file.span(start..start + word.len()))
                .label("does nothing here")
                .help(format!("did you mean `{step}`?")),
            );
        }
    }
}

fn outline(file: &SourceFile, scenario: &gherkin::Scenario, problems: &mut Vec<Diagnostic>) {
    let title = line_at(file, scenario.span.start);
    if scenario.examples.is_empty() {
        let placeholder = scenario.steps.iter().find(|step| placeholder(&step.value));
        if let Some(step) = placeholder {
            problems.push(
                Diagnostic::error("no-examples", "this scenario has placeholders and no examples")
                    .at(&trimmed(file, step.span.start, step.span.end))
                    .label("nothing fills this placeholder")
                    .related(&title, "wanted `Examples:` in this scenario"),
            );
        } else if scenario.keyword.to_lowercase().contains("outline") {
            problems.push(
                Diagnostic::error("no-examples", "this outline has no examples, so it never runs")
                    .at(&title)
                    .label("wanted `Examples:` with a table"),
            );
        }
    }
    for examples in &scenario.examples {
        if examples.table.as_ref().is_none_or(|table| table.rows.len() < 2) {
            problems.push(
                Diagnostic::error("no-examples", "these examples have no rows, so they never run")
                    .at(&line_at(file, examples.span.start))
                    .label("wanted a table: a header and at least one row"),
            );
        }
    }
}

/// `<errors>`, and neither `a < b` nor `<=`.
fn placeholder(text: &str) -> bool {
    let Some((_, after)) = text.split_once('<') else { return false };
    let Some((name, _)) = after.split_once('>') else { return false };
    name.starts_with(char::is_alphabetic) && name.chars().all(|c| c.is_alphanumeric() || "_- ".contains(c))
}

/// Where the example with this number (from 0) stands.
pub fn row(file: &SourceFile, examples: &gherkin::Examples, number: usize) -> Option<Span> {
    let mut at = examples.span.start;
    let mut rows = Vec::new();
    for raw in file.text().get(examples.span.start..)?.split_inclusive('\n') {
        if raw.trim_start().starts_with('|') {
            rows.push(line_at(file, at));
        }
        at += raw.len();
        if rows.len() > number + 1 {
            break;
        }
    }
    rows.into_iter().nth(number + 1)
}
