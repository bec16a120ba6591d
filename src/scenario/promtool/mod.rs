//! promtool's unit test files, exactly as teams have them.
//!
//! Promises: a file is read as strictly as promtool reads it (an unknown key stops it), each test becomes a
//! [`Scenario`] whose claims promtool would make. Refused where promtool only warns or says nothing:
//! `rule_files` that match no file, a file that expects nothing. A test that expects nothing is left out.

mod rule_files;

use std::path::Path;

use super::{
    Claim, ExpectedAlert, ExpectedSample, InputSeries, Scenario, Step, Then, Timing, UnitTest, What,
};
use super::{check, values};
use crate::diagnostic::{Diagnostic, Severity, SourceFile, Span, Spanned};
use crate::documents::value;
use crate::documents::yaml::{Kind, Mapping, Node};
use crate::labels::Labels;
use crate::promql::series;
use crate::time::{Duration, Timestamp};

/// Whether this document is promtool's kind of file rather than ours.
pub fn is_unit_test(node: &Node) -> bool {
    ["tests", "rule_files"].iter().any(|key| node.get(key).is_some())
}

/// The tests of a file, each a scenario; `folder` is where the file stands, its globs count from there.
pub fn read(file: &SourceFile, node: &Node, folder: &Path, problems: &mut Vec<Diagnostic>) -> Vec<Scenario> {
    let Some(mut map) = Mapping::of(node, "unit test file", problems) else { return Vec::new() };
    let patterns = map.get("rule_files").map(|node| value::strings(node, problems)).unwrap_or_default();
    let evaluation_interval = interval(map.get("evaluation_interval"), problems);
    let group_eval_order =
        map.get("group_eval_order").map(|node| value::strings(node, problems)).unwrap_or_default();
    let fuzzy = map.get("fuzzy_compare").and_then(|node| value::boolean(node, problems)).unwrap_or_default();
    let tests = map.get("tests");
    map.finish(problems);
    refuse_repeated(&group_eval_order, problems);
    let whole = FileWide {
        file,
        rule_files: rule_files::resolve(&patterns, folder, problems),
        evaluation_interval: evaluation_interval.unwrap_or(Duration::from_secs(60)),
        group_eval_order,
        fuzzy,
    };
    let Some(tests) = tests else {
        problems.push(
            Diagnostic::error("no-tests", "this unit test file holds no tests")
                .at(&node.span)
                .label("`tests` is missing or empty"),
        );
        return Vec::new();
    };
    let mut number = 0;
    let before = problems.len();
    let scenarios = value::list(tests, problems, |test, problems| {
        number += 1;
        whole.test(test, number, problems)
    });
    // What can't be read claims nothing either.
    match problems.len() == before {
        true => without_idle(scenarios, problems),
        false => scenarios,
    }
}

/// Those that claim something. Teams have tests without a case among others, so it is no error unless all are so.
fn without_idle(scenarios: Vec<Scenario>, problems: &mut Vec<Diagnostic>) -> Vec<Scenario> {
    let (whole, idle): (Vec<Scenario>, Vec<Scenario>) =
        scenarios.into_iter().partition(|scenario| !scenario.steps.is_empty());
    problems.extend(idle.iter().map(|scenario| {
        let mut problem = check::claims_nothing(scenario);
        if !whole.is_empty() {
            problem.severity = Severity::Warning;
        }
        problem
    }));
    whole
}

/// What all tests of a file share.
struct FileWide<'f> {
    file: &'f SourceFile,
    rule_files: Vec<SourceFile>,
    evaluation_interval: Duration,
    group_eval_order: Vec<Spanned<String>>,
    fuzzy: bool,
}

impl FileWide<'_> {
    fn test(&self, node: &Node, number: usize, problems: &mut Vec<Diagnostic>) -> Option<Scenario> {
        let mut map = Mapping::of(node, "test", problems)?;
        let name = map.get("name").and_then(|node| value::string(node, problems));
        let interval = interval(map.get("interval"), problems);
        let input_series =
            map.get("input_series").map(|node| value::list(node, problems, input_series)).unwrap_or_default();
        let external_labels = map.get("external_labels").map(|node| labels(node, problems));
        let external_url = map.get("external_url").and_then(|node| value::string(node, problems));
        let start = map.get("start_timestamp").and_then(|node| timestamp(node, problems));
        let mut steps = map
            .get("alert_rule_test")
            .map(|node| value::list(node, problems, alert_case))
            .unwrap_or_default();
        let samples = map.get("promql_expr_test").map(|node| {
            value::list(node, problems, |case, problems| expression_case(case, self.fuzzy, problems))
        });
        map.finish(problems);
        steps.extend(samples.unwrap_or_default());
        // Without a rule, which needs an expression, there is no health to see.
        if self.rule_files.iter().any(|file| file.text().contains("expr")) {
            steps.extend(every_rule_healthy(&steps, &node.span));
        }
        Some(Scenario {
            name: name.map_or_else(|| format!("test {number}"), |name| name.value),
            tags: Vec::new(),
            place: node.span.clone(),
            outline: None,
            file: self.file.clone(),
            stack: None,
            seed: None,
            start: Some(start.unwrap_or_default()),
            unit_test: Some(UnitTest {
                rule_files: self.rule_files.clone(),
                evaluation_interval: self.evaluation_interval,
                group_eval_order: self.group_eval_order.clone(),
                interval,
                input_series,
                external_labels: external_labels.unwrap_or_default(),
                external_url: external_url.map_or_else(String::new, |url| url.value),
            }),
            steps,
        })
    }
}

/// promtool fails a test when any rule fails to evaluate before its last case.
fn every_rule_healthy(cases: &[Step], place: &Span) -> Option<Step> {
    let last = cases
        .iter()
        .filter_map(|step| match &step.what {
            What::Then(then) => then.timing.at,
            _ => None,
        })
        .max()?;
    Some(Step {
        text: format!("every rule is healthy until {last}"),
        place: place.clone(),
        what: What::Then(Then {
            claim: Claim::RuleHealthy { rule: None },
            timing: Timing { throughout: Some(last), ..Timing::default() },
        }),
    })
}

fn input_series(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<InputSeries> {
    let mut map = Mapping::of(node, "input series", problems)?;
    let name = map.require("series", problems);
    let values = map.get("values");
    map.finish(problems);
    let name = name?;
    let series = value::string(name, problems)?;
    // A series without values is one that never has a sample.
    let written = match values {
        Some(values) => value::string(values, problems)?,
        None => Spanned::new(String::new(), series.span.clone()),
    };
    // promtool reads them as one line; where that is wrong is in one of the two.
    let line = format!("{} {}", series.value, written.value);
    if let Err(error) = series::parse_series(&line) {
        let offset = series.value.len() + 1;
        let place = match (error.range.start.checked_sub(offset), values) {
            (Some(start), Some(values)) => {
                values.span_within(start..error.range.end.saturating_sub(offset).max(start))
            }
            _ => name.span_within(error.range.start..error.range.end.min(series.value.len())),
        };
        problems.push(
            Diagnostic::error("bad-series", "this input series can't be read")
                .at(&place)
                .label(error.message),
        );
        return None;
    }
    Some(InputSeries { series, values: written })
}

fn alert_case(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Step> {
    let mut map = Mapping::of(node, "alert rule test", problems)?;
    let at = eval_time(map.get("eval_time"), problems);
    let alert =
        map.require("alertname", problems).and_then(|node| value::filled(node, "an alert's name", problems));
    let expected = map.get("exp_alerts").map(|node| {
        value::list(node, problems, |node, problems| expected_alert(node, alert.as_ref(), problems))
    });
    map.finish(problems);
    let (at, alert, expected) = (at?, alert?, expected.unwrap_or_default());
    let count = match expected.len() {
        0 => "does not fire".to_owned(),
        1 => "fires once".to_owned(),
        count => format!("fires for {count} label sets"),
    };
    Some(Step {
        text: format!("alert \"{}\" {count} at {at}", alert.value),
        place: alert.span.clone(),
        what: What::Then(Then {
            claim: Claim::ExactAlerts { alert, expected },
            timing: Timing { at: Some(at), ..Timing::default() },
        }),
    })
}

fn expected_alert(
    node: &Node,
    alert: Option<&Spanned<String>>,
    problems: &mut Vec<Diagnostic>,
) -> Option<ExpectedAlert> {
    if node.kind == Kind::Null {
        // An item with nothing in it: the alert without labels of its own.
        let labels = Labels::from_pairs(alert.map(|alert| ("alertname", alert.value.as_str())));
        return Some(ExpectedAlert { labels, annotations: Labels::empty(), place: node.span.clone() });
    }
    let mut map = Mapping::of(node, "expected alert", problems)?;
    let expected_labels = map.get("exp_labels").map(|node| labels(node, problems)).unwrap_or_default();
    let annotations = map.get("exp_annotations").map(|node| annotations(node, problems)).unwrap_or_default();
    map.finish(problems);
    let labels = match alert {
        // Nobody writes this label: promtool adds it, whatever stands there.
        Some(alert) => expected_labels.with("alertname", alert.value.as_str()),
        None => expected_labels,
    };
    Some(ExpectedAlert { labels, annotations, place: node.span.clone() })
}

fn expression_case(node: &Node, fuzzy: bool, problems: &mut Vec<Diagnostic>) -> Option<Step> {
    let mut map = Mapping::of(node, "PromQL expression test", problems)?;
    let at = eval_time(map.get("eval_time"), problems);
    let text = map.require("expr", problems);
    let expected =
        map.get("exp_samples").map(|node| value::list(node, problems, expected_sample)).unwrap_or_default();
    map.finish(problems);
    let text = text.filter(|node| values::check_expression(node, problems))?;
    let (at, expr) = (at?, value::string(text, problems)?);
    Some(Step {
        text: format!("the expression `{}` gives {} at {at}", expr.value.trim(), samples(expected.len())),
        place: expr.span.clone(),
        what: What::Then(Then {
            claim: Claim::ExactSamples { expr, expected, fuzzy },
            timing: Timing { at: Some(at), ..Timing::default() },
        }),
    })
}

fn samples(count: usize) -> String {
    match count {
        0 => "nothing".to_owned(),
        1 => "1 sample".to_owned(),
        count => format!("{count} samples"),
    }
}

fn expected_sample(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<ExpectedSample> {
    let mut map = Mapping::of(node, "expected sample", problems)?;
    let labels = match map.get("labels") {
        Some(node) => metric(node, problems),
        None => Some(Labels::empty()),
    };
    let number = map.get("value").and_then(|node| value::float(node, problems));
    let histogram = map.get("histogram").and_then(|node| value::string(node, problems));
    map.finish(problems);
    Some(ExpectedSample {
        labels: labels?,
        value: number.unwrap_or_default(),
        histogram: histogram.map(|text| text.value).filter(|text| !text.is_empty()),
        place: node.span.clone(),
    })
}

fn metric(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Labels> {
    let text = value::string(node, problems)?.value;
    if text.is_empty() {
        return Some(Labels::empty());
    }
    match series::parse_metric(&text) {
        Ok(labels) => Some(labels),
        Err(error) => {
            problems.push(
                Diagnostic::error("bad-labels", format!("`{text}` names no series"))
                    .at(&node.span_within(error.range.clone()))
                    .label(error.message),
            );
            None
        }
    }
}

fn labels(node: &Node, problems: &mut Vec<Diagnostic>) -> Labels {
    let pairs = value::label_pairs(node, true, problems);
    Labels::from_pairs(pairs.iter().map(|(name, value)| (name.value.as_str(), value.value.as_str())))
}

fn annotations(node: &Node, problems: &mut Vec<Diagnostic>) -> Labels {
    let pairs = value::label_pairs(node, true, problems);
    Labels::verbatim(pairs.iter().map(|(name, value)| (name.value.as_str(), value.value.as_str())))
}

/// One of zero is none.
fn interval(node: Option<&Node>, problems: &mut Vec<Diagnostic>) -> Option<Duration> {
    node.and_then(|node| value::duration(node, problems)).filter(|interval| *interval != Duration::ZERO)
}

fn eval_time(node: Option<&Node>, problems: &mut Vec<Diagnostic>) -> Option<Duration> {
    match node {
        Some(node) => value::duration(node, problems),
        None => Some(Duration::ZERO),
    }
}

fn timestamp(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Timestamp> {
    let text = value::string(node, problems)?;
    match values::timestamp(&text.value) {
        Ok(at) => Some(at),
        Err(wanted) => {
            problems.push(values::bad_value(&text.value, wanted, &text.span));
            None
        }
    }
}

fn refuse_repeated(order: &[Spanned<String>], problems: &mut Vec<Diagnostic>) {
    for (at, group) in order.iter().enumerate() {
        if let Some(first) = order[..at].iter().find(|first| first.value == group.value) {
            problems.push(
                Diagnostic::error(
                    "repeated-group",
                    format!("group name repeated in evaluation order: {}", group.value),
                )
                .at(&group.span)
                .label("again here")
                .related(&first.span, "first here"),
            );
        }
    }
}

#[cfg(test)]
mod tests;
