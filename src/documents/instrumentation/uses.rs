//! What code does with a metric that it has made: which calls change it, and what its labels are given.
//!
//! Promises: a label's values are told only where each use gives it a literal, or a variable that is only ever
//! assigned literals; anything else leaves it open.

use std::collections::BTreeMap;

use super::text::{closing, in_quotes, split, word_at};
use crate::diagnostic::{SourceFile, Spanned};
use crate::stack::wiring::{Change, InstrumentedMetric, LabelSource, MetricUse};

/// Finds the uses of the metric that stands in `variable`.
pub fn find(file: &SourceFile, variable: &str, metric: &mut InstrumentedMetric) {
    let text = file.text();
    let mut closed: BTreeMap<String, Option<Vec<String>>> = BTreeMap::new();
    for (at, _) in text.match_indices(variable) {
        if !word_at(text, at, variable.len()) {
            continue;
        }
        let Some(chain) = chain(text, at + variable.len()) else { continue };
        let Some(changes) = chain.iter().find_map(|call| changes(call, text)) else { continue };
        let place = file.span(at..chain.last().map_or(at, |call| call.end));
        metric.uses.extend(changes.iter().map(|change| MetricUse { change: *change, place: place.clone() }));
        let given = chain.iter().find_map(|call| labels(file, call, &metric.labels)).unwrap_or_default();
        for (label, (value_at, value)) in given {
            let values = values(text, &value, 0);
            match (closed.entry(label.clone()).or_insert_with(|| Some(Vec::new())), &values) {
                (Some(known), Some(values)) => {
                    values.iter().for_each(|value| {
                        if !known.contains(value) {
                            known.push(value.clone());
                        }
                    });
                }
                (entry, None) => *entry = None,
                (None, _) => {}
            }
            let span = file.span(value_at..value_at + value.len());
            let assigned = assignments(text, &value).into_iter().map(str::to_owned).collect();
            metric.label_sources.push(LabelSource { label, given: Spanned::new(value, span), assigned });
        }
    }
    let given = closed.into_iter().filter_map(|(label, values)| Some((label, values?)));
    metric.values = given.filter(|(_, values)| !values.is_empty()).collect();
}

struct Call<'t> {
    name: &'t str,
    /// Where the arguments start and what they are.
    at: usize,
    arguments: &'t str,
    end: usize,
}

/// `.labels(…).inc(…)` behind a name.
fn chain(text: &str, mut at: usize) -> Option<Vec<Call<'_>>> {
    let mut calls = Vec::new();
    loop {
        let rest = text[at..].trim_start();
        let Some(method) = rest.strip_prefix('.') else { break };
        let start = text.len() - method.len();
        let length = method.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(method.len());
        let name = &method[..length];
        let Some(inside) = method[length..].strip_prefix('(') else { break };
        let arguments_at = text.len() - inside.len();
        let end = closing(text, arguments_at)?;
        debug_assert!(start <= end);
        calls.push(Call { name, at: arguments_at, arguments: &text[arguments_at..end], end: end + 1 });
        at = end + 1;
    }
    (!calls.is_empty()).then_some(calls)
}

fn changes(call: &Call, _text: &str) -> Option<Vec<Change>> {
    let falls = call.arguments.trim_start().starts_with('-') || call.arguments.contains(", -");
    Some(match call.name {
        "inc" if falls => vec![Change::Falls],
        "inc" | "count_exceptions" => vec![Change::Rises],
        "dec" => vec![Change::Falls],
        "track_inprogress" => vec![Change::Rises, Change::Falls],
        "set" | "setToCurrentTime" | "set_to_current_time" | "set_function" | "info" | "state" => {
            vec![Change::Set]
        }
        "observe" | "time" | "startTimer" => vec![Change::Observed],
        _ => return None,
    })
}

/// What each label is given, and where.
fn labels(file: &SourceFile, call: &Call, names: &[String]) -> Option<Vec<(String, (usize, String))>> {
    let object_first = matches!(call.name, "labels" | "inc" | "dec" | "set" | "observe" | "startTimer");
    if !object_first {
        return None;
    }
    let arguments = split(call.arguments);
    let (first_at, first) = arguments.first().copied()?;
    let object = first.trim().strip_prefix('{').and_then(|inside| inside.trim_end().strip_suffix('}'));
    let object = match object {
        Some(inside) => {
            let lead = first.find('{').map_or(0, |brace| brace + 1);
            Some((call.at + first_at + lead, inside))
        }
        // An object that has a name.
        None if is_name(first.trim()) => object_named(file.text(), first.trim()),
        None => None,
    };
    if let Some((at, inside)) = object {
        let pairs = split(inside).into_iter().filter_map(|(entry_at, entry)| {
            let (key, value, value_at) = match entry.split_once(':') {
                Some((key, value)) => (key.trim(), value, entry_at + key.len() + 1),
                None => (entry.trim(), entry, entry_at),
            };
            let lead = value.len() - value.trim_start().len();
            let key = key.trim_matches(['"', '\'']).to_owned();
            (!key.is_empty()).then(|| (key, (at + value_at + lead, value.trim().to_owned())))
        });
        return Some(pairs.collect());
    }
    if call.name != "labels" {
        return None;
    }
    let pairs = arguments.iter().enumerate().filter_map(|(index, (at, argument))| {
        let keyword =
            argument.split_once('=').filter(|(key, value)| is_name(key.trim()) && !value.starts_with('='));
        let (label, value, value_at) = match keyword {
            Some((key, value)) => (key.trim().to_owned(), value, at + key.len() + 1),
            None => (names.get(index)?.clone(), *argument, *at),
        };
        let lead = value.len() - value.trim_start().len();
        Some((label, (call.at + value_at + lead, value.trim().to_owned())))
    });
    Some(pairs.collect())
}

fn object_named<'t>(text: &'t str, name: &str) -> Option<(usize, &'t str)> {
    text.match_indices(name).find_map(|(at, _)| {
        if !word_at(text, at, name.len()) {
            return None;
        }
        let inside =
            text[at + name.len()..].trim_start().strip_prefix('=')?.trim_start().strip_prefix('{')?;
        let start = text.len() - inside.len();
        Some((start, &text[start..closing(text, start)?]))
    })
}

/// The values that an expression can have; `None` where it may have others.
fn values(text: &str, expression: &str, depth: usize) -> Option<Vec<String>> {
    let expression = expression.trim();
    if let Some(literal) = in_quotes(expression) {
        return Some(vec![literal.to_owned()]);
    }
    if expression.parse::<f64>().is_ok() {
        return Some(vec![expression.to_owned()]);
    }
    if let Some((condition, branches)) = expression.split_once('?')
        && let Some((yes, no)) = branches.split_once(':')
        && !condition.contains(['"', '\''])
    {
        let (yes, no) = (values(text, yes, depth + 1)?, values(text, no, depth + 1)?);
        return Some(yes.into_iter().chain(no).collect());
    }
    if !is_name(expression) || depth > 3 || is_parameter(text, expression) {
        return None;
    }
    let assigned = assignments(text, expression);
    if assigned.is_empty() {
        return None;
    }
    let mut all = Vec::new();
    for value in assigned {
        // A variable that is assigned itself, or another, is followed no further.
        all.extend(values(text, value, depth + 2)?);
    }
    all.dedup();
    Some(all)
}

/// What a variable is assigned, in statements of their own.
fn assignments<'t>(text: &'t str, name: &str) -> Vec<&'t str> {
    if !is_name(name) {
        return Vec::new();
    }
    let found = text.lines().filter_map(|line| {
        let mut statement = line.trim_start();
        for word in ["const ", "let ", "var "] {
            statement = statement.strip_prefix(word).unwrap_or(statement);
        }
        let value = statement.strip_prefix(name)?.trim_start().strip_prefix('=')?;
        // A keyword argument has no spaces around its sign, an equation has two.
        let spaced = !value.starts_with('=') && (value.starts_with(' ') || statement.len() > name.len() + 1);
        spaced.then(|| value.trim().trim_end_matches([';', ',']))
    });
    found.collect()
}

/// Whether a function takes a parameter of this name.
fn is_parameter(text: &str, name: &str) -> bool {
    text.lines().any(|line| {
        let is_function = line.contains("def ") || line.contains("function") || line.contains("=>");
        is_function
            && line.split_once('(').is_some_and(|(_, rest)| {
                let list = rest.split(')').next().unwrap_or_default();
                list.match_indices(name).any(|(at, _)| word_at(list, at, name.len()))
            })
    })
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
