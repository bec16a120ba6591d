//! The series that a proof is run with, in promtool's notation.

use std::collections::BTreeMap;

use crate::checks::series;
use crate::checks::sources::{self, Known, Sources};
use crate::golang::quote;
use crate::promql::ast::{Expr, ExprKind, VectorSelector};
use crate::stack::wiring::MetricKind;

/// Series by their notation, each with its values.
pub type Series = BTreeMap<String, String>;

/// Every series that the documents have of the metrics that an expression is about, at their worst.
pub fn faulty(expr: &Expr, sources: &Sources) -> Series {
    let mut all = Series::new();
    for (selector, _) in expr.selectors() {
        let Some(name) = selector.metric_name() else { continue };
        let mut known = sources.selected(selector);
        let mut name = name.to_owned();
        if matches!(known, Known::Nothing)
            && let Some(metric) = sources::meant(sources.wiring, &name)
        {
            known = Known::Instrumented(metric);
            name = match metric.kind {
                MetricKind::Histogram => format!("{}_bucket", metric.name.value),
                _ => metric.name.value.clone(),
            };
        } else if sources.missing(&name).is_some() {
            continue;
        }
        for labels in variants(&known, &name, selector, sources) {
            let values = match (&known, name.as_str()) {
                (_, "up") => "0x120".to_owned(),
                (Known::Instrumented(metric), _) if metric.kind != MetricKind::Gauge => {
                    bucket_growth(&labels)
                }
                (Known::Catalogued(metric), _) if metric.kind != MetricKind::Gauge => bucket_growth(&labels),
                (Known::Catalogued(metric), _) => match metric.range {
                    Some((low, _)) => format!("{low}x120"),
                    None => "1000000x120".to_owned(),
                },
                _ => "1000000x120".to_owned(),
            };
            all.insert(format!("{name}{{{}}}", listed(&labels)), values);
        }
    }
    all
}

/// All requests are slower than every bucket.
fn bucket_growth(labels: &BTreeMap<String, String>) -> String {
    match labels.get("le").map(String::as_str) {
        Some(bound) if bound != "+Inf" => "0x120".to_owned(),
        _ => "0+600x120".to_owned(),
    }
}

/// The expression's series on a quiet day: a failure among ten thousand, no limits set.
pub fn quiet(expr: &Expr, sources: &Sources) -> Series {
    let mut all = Series::new();
    // What one side fixes the other has too, or they would never meet.
    let common: BTreeMap<String, String> =
        expr.selectors().iter().flat_map(|(selector, _)| fixed(selector)).collect();
    for (selector, _) in expr.selectors() {
        let Some(name) = selector.metric_name() else { continue };
        let known = sources.selected(selector);
        let zero = matches!(&known, Known::Catalogued(metric) if metric.zero.is_some());
        let narrow = selector.matchers.iter().any(|matcher| {
            matcher.only_value().is_none() && !matcher.matches("") && &*matcher.name != "__name__"
        });
        let mut labels = common.clone();
        labels.extend(fixed(selector));
        labels.entry("job".to_owned()).or_insert_with(|| "app".to_owned());
        labels.entry("instance".to_owned()).or_insert_with(|| "app-0:80".to_owned());
        if name == "up" {
            all.insert(format!("up{{{}}}", listed(&labels)), "1x120".to_owned());
            continue;
        }
        let counts = series::is_counter(&known, name);
        let values = match (zero, counts, narrow) {
            (true, ..) => "0x120",
            (_, true, true) => "0+0.06x120",
            (_, true, false) => "0+600x120",
            (_, false, _) => "1x120",
        };
        for matcher in &selector.matchers {
            if matcher.only_value().is_none() && !matcher.matches("") {
                labels.insert(matcher.name.to_string(), example(&matcher.value));
            }
        }
        if counts && !narrow {
            labels.insert("status_of_all".to_owned(), "200".to_owned());
        }
        all.insert(format!("{name}{{{}}}", listed(&labels)), values.to_owned());
    }
    all
}

/// Label sets that the documents give a metric: each closed value, and an example of each open one.
fn variants(
    known: &Known,
    name: &str,
    selector: &VectorSelector,
    sources: &Sources,
) -> Vec<BTreeMap<String, String>> {
    let own = series::own_labels(known).unwrap_or_default();
    let mut base = BTreeMap::from([
        ("job".to_owned(), "app".to_owned()),
        ("instance".to_owned(), "app-0:80".to_owned()),
    ]);
    let real_job = sources::jobs(sources.wiring).next().map(|job| job.job_name.value.clone());
    if let Some(job) = real_job {
        base.insert("job".to_owned(), job);
    }
    // What the selector wants, where the documents leave it open.
    for (label, value) in fixed(selector) {
        if label != "job"
            && (own.contains(&label) || own.is_empty())
            && series::values(known, &label).is_none()
        {
            base.insert(label, value);
        }
    }
    let mut all = vec![base];
    for label in own {
        if label == "le" && !name.ends_with("_bucket") || all[0].contains_key(&label) {
            continue;
        }
        let values = match label.as_str() {
            "le" => bounds(known),
            _ => series::values(known, &label).unwrap_or_else(|| {
                let wanted =
                    selector.matchers.iter().find(|matcher| *matcher.name == *label && !matcher.matches(""));
                vec![wanted.map_or("x".to_owned(), |matcher| example(&matcher.value))]
            }),
        };
        let with = |labels: &BTreeMap<String, String>, value: &String| {
            let mut labels = labels.clone();
            labels.insert(label.clone(), value.clone());
            labels
        };
        all = all
            .iter()
            .flat_map(|labels| values.iter().map(|value| with(labels, value)).collect::<Vec<_>>())
            .collect();
        all.truncate(64);
    }
    all
}

fn bounds(known: &Known) -> Vec<String> {
    let buckets = match known {
        Known::Instrumented(metric) => metric.buckets.clone().unwrap_or(vec![0.1, 1.0, 10.0]),
        _ => vec![0.1, 1.0, 10.0],
    };
    buckets.iter().map(ToString::to_string).chain(["+Inf".to_owned()]).collect()
}

fn fixed(selector: &VectorSelector) -> BTreeMap<String, String> {
    let matchers = selector.matchers.iter().filter(|matcher| &*matcher.name != crate::labels::METRIC_NAME);
    let only =
        matchers.filter_map(|matcher| Some((matcher.name.to_string(), matcher.only_value()?.to_owned())));
    only.filter(|(_, value)| !value.is_empty()).collect()
}

/// A text that a simple pattern matches: `500` for `5..`.
fn example(pattern: &str) -> String {
    let first = pattern.split('|').next().unwrap_or(pattern);
    first
        .trim_matches(['(', ')', '^', '$'])
        .replace("\\d", "0")
        .replace(['.'], "0")
        .replace(['*', '+', '?'], "")
}

/// The same series, all with these values from the start of the proof.
fn valued(expr: &Expr, values: &str) -> Series {
    let mut all = Series::new();
    for (selector, _) in expr.selectors() {
        let Some(name) = selector.metric_name() else { continue };
        let mut labels = fixed(selector);
        labels.entry("job".to_owned()).or_insert_with(|| "app".to_owned());
        labels.entry("instance".to_owned()).or_insert_with(|| "app-0:80".to_owned());
        all.insert(format!("{name}{{{}}}", listed(&labels)), values.to_owned());
    }
    all
}

/// Targets that are up, and then no longer discovered.
pub fn gone(expr: &Expr) -> Series {
    valued(expr, "1x30 stale")
}

/// A counter that rises once, after an hour.
pub fn one_event(expr: &Expr) -> Series {
    valued(expr, "0x59 1x120")
}

/// Counters that have risen for an hour, and rest since.
pub fn rested(expr: &Expr) -> Series {
    valued(expr, "0+1000x60 60000x120")
}

/// Observations that all lie just above the lower bound of the bucket that the threshold is in.
pub fn just_above(expr: &Expr, threshold: f64, sources: &Sources) -> Series {
    let mut all = Series::new();
    for (selector, _) in expr.selectors() {
        let Some(name) = selector.metric_name() else { continue };
        let known = sources.selected(selector);
        for mut labels in variants(&known, name, selector, sources) {
            labels.extend(fixed(selector));
            let bound = labels.get("le").and_then(|bound| bound.parse::<f64>().ok());
            let counted = bound.is_none_or(|bound| bound > threshold);
            let values = if counted { "0+600x120" } else { "0x120" };
            all.insert(format!("{name}{{{}}}", listed(&labels)), values.to_owned());
        }
    }
    all
}

/// What the expression compares with a number.
pub fn threshold(expr: &Expr) -> Option<f64> {
    match &expr.unwrap_parens().kind {
        ExprKind::Binary(binary) if binary.op.is_comparison() => match &binary.rhs.unwrap_parens().kind {
            ExprKind::Number(number) => Some(number.value),
            _ => None,
        },
        _ => None,
    }
}

fn listed(labels: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={}", quote(value))).collect();
    pairs.join(",")
}
