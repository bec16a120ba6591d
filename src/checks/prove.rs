//! A finding shown to be true: promtool's unit test of the rule with the series that the documents have, in which the
//! alert that should fire never does, or the one that should not does.
//!
//! Promises: the test is written from the documents alone; what can't be shown in a unit test says why. Anybody can
//! run the same files with promtool.

use std::collections::BTreeMap;

use super::sources::{Known, Sources};
use super::{Finding, series, sources};
use crate::golang::quote;
use crate::promql::ast::VectorSelector;
use crate::stack::wiring::{MetricKind, Wiring};
use crate::stack::{Rule, RuleKind};

/// How a finding can be shown.
#[derive(Clone, Debug)]
pub enum Proof {
    /// A rule file, and the unit test that holds exactly if the finding is true.
    Test { rules: String, test: String, shows: String },
    /// Why there is nothing to run.
    None(String),
}

/// The checks about what can never or always fire.
const FAMILY: [&str; 11] = [
    "unknown-metric",
    "unknown-label",
    "unknown-label-value",
    "job-not-scraped",
    "division-by-itself",
    "sides-never-match",
    "comparison-never-true",
    "comparison-always-true",
    "quantile-beyond-buckets",
    "quantile-without-le",
    "division-by-nothing",
];

/// The proof of a finding; `None` where it is of another family.
pub fn of(finding: &Finding, wiring: &Wiring) -> Option<Proof> {
    let id = finding.diagnostic.id;
    if !FAMILY.contains(&id) {
        return None;
    }
    let Some(rule) = rule_of(finding, wiring) else {
        return Some(Proof::None("it is about no alert: there is nothing that could fire".to_owned()));
    };
    let RuleKind::Alerting { alert, .. } = &rule.kind else {
        return Some(Proof::None("it is about a recording rule: nothing fires by itself".to_owned()));
    };
    if id == "unknown-label" && finding.diagnostic.label != "selects nothing" {
        return Some(Proof::None("the alert fires; what is lost is what its labels would tell".to_owned()));
    }
    let sources = Sources::new(wiring);
    let fires = matches!(id, "division-by-itself" | "comparison-always-true" | "division-by-nothing");
    let series = match fires {
        true => quiet(rule, &sources),
        false => faulty(rule, &sources),
    };
    let name = &alert.value;
    let shows = match fires {
        true => format!("{name} fires although next to nothing is wrong"),
        false => format!("{name} never fires, whatever happens"),
    };
    let mut input = String::new();
    for (name, values) in &series {
        input.push_str(&format!("    - {{series: {}, values: {}}}\n", yaml(name), yaml(values)));
    }
    let input = match input.is_empty() {
        true => " []\n".to_owned(),
        false => format!("\n{input}"),
    };
    // `ALERTS` counts what fires, whatever its labels.
    let query = format!("count(ALERTS{{alertname={}, alertstate=\"firing\"}}) > 0", quote(name));
    let expected = match fires {
        true => "\n      - {labels: '{}', value: 1}\n".to_owned(),
        false => " []\n".to_owned(),
    };
    let query = if fires { format!("({query}) > bool 0") } else { query };
    let test = format!(
        "rule_files: [rules.yml]\nevaluation_interval: 1m\ntests:\n- interval: 1m\n  input_series:{input}  promql_expr_test:\n  \
         - expr: {}\n    eval_time: 2h\n    exp_samples:{expected}",
        yaml(&query)
    );
    Some(Proof::Test { rules: rules(rule), test, shows })
}

/// A rule file of one rule, without words.
fn rules(rule: &Rule) -> String {
    let RuleKind::Alerting { alert, hold, .. } = &rule.kind else { return String::new() };
    format!(
        "groups:\n- name: proof\n  rules:\n  - alert: {}\n    expr: {}\n    for: {hold}\n",
        yaml(&alert.value),
        yaml(rule.text.value.trim())
    )
}

/// The rule in which a finding stands.
fn rule_of<'w>(finding: &Finding, wiring: &'w Wiring) -> Option<&'w Rule> {
    let place = finding.diagnostic.place.as_ref()?.in_own_file();
    super::rules(wiring).find(|rule| {
        let own = rule.place.in_own_file();
        own.file.path() == place.file.path() && own.start <= place.start && place.end <= own.end
    })
}

/// Every series that the documents have of the metrics that the rule is about, at their worst.
fn faulty(rule: &Rule, sources: &Sources) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for (selector, _) in rule.expr.selectors() {
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

/// The rule's series on a quiet day: a failure among ten thousand, no limits set.
fn quiet(rule: &Rule, sources: &Sources) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    // What one side fixes the other has too, or they would never meet.
    let common: BTreeMap<String, String> =
        rule.expr.selectors().iter().flat_map(|(selector, _)| fixed(selector)).collect();
    for (selector, _) in rule.expr.selectors() {
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

fn listed(labels: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={}", quote(value))).collect();
    pairs.join(",")
}

/// As a scalar in single quotes, its lines joined.
fn yaml(text: &str) -> String {
    let text: Vec<&str> = text.lines().map(str::trim).collect();
    format!("'{}'", text.join(" ").replace('\'', "''"))
}
